#include "kafka/group_members.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "base/text.h"
#include "kafka/client.h"
#include "kafka/librdkafka.h"

namespace turntable::kafka {
namespace {

constexpr size_t kMembersShown = 3;
constexpr size_t kShown = 60;  // Characters of a name.

// Takes a whole number of `bytes` bytes, the highest one first, off the front; nothing where there
// are fewer.
std::optional<int64_t> take_number(std::string_view& text, size_t bytes) {
  if (text.size() < bytes) return std::nullopt;
  uint64_t number = 0;
  for (const char byte : text.substr(0, bytes))
    number = number << 8 | static_cast<unsigned char>(byte);
  text.remove_prefix(bytes);
  return static_cast<int64_t>(number);
}

struct GroupsDeleter {
  void operator()(const rd_kafka_group_list* groups) const { rd_kafka_group_list_destroy(groups); }
};

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

GroupMember member_of(const rd_kafka_group_member_info& info) {
  GroupMember member{.client_id = text_of(info.client_id), .host = text_of(info.client_host)};
  if (member.host.starts_with('/')) member.host.erase(0, 1);  // As Java writes addresses.
  if (info.member_metadata != nullptr && info.member_metadata_size > 0)
    member.topics = subscribed_topics({static_cast<const char*>(info.member_metadata),
                                       static_cast<size_t>(info.member_metadata_size)});
  return member;
}

}  // namespace

std::optional<std::vector<std::string>> subscribed_topics(std::string_view metadata) {
  if (!take_number(metadata, 2)) return std::nullopt;  // The version: this part is in all of them.
  const auto count = take_number(metadata, 4);
  // Each has two bytes at least.
  if (!count || *count > static_cast<int64_t>(metadata.size() / 2)) return std::nullopt;
  std::vector<std::string> topics;
  for (int64_t i = 0; i < *count; ++i) {
    const auto length = take_number(metadata, 2);
    if (!length || *length > static_cast<int64_t>(metadata.size())) return std::nullopt;
    topics.emplace_back(metadata.substr(0, static_cast<size_t>(*length)));
    metadata.remove_prefix(static_cast<size_t>(*length));
  }
  return topics;
}

std::string other_strategy_sentence(const GroupState& state, const std::string& group,
                                    const std::string& own_strategy) {
  const std::string name = printable(group);
  if (!state.kind.empty() && state.kind != "consumer")
    return fmt::format(
        "the group {} is one of members of the kind '{}', which are no consumers; "
        "write another name into \"group.id\"",
        name, printable(state.kind, kShown));
  std::vector<std::string> members;
  for (const GroupMember& member : state.members)
    if (members.size() < kMembersShown)
      members.push_back(fmt::format("{} at {}", printable(member.client_id, kShown),
                                    printable(member.host, kShown)));
  std::string who = members.empty() ? "" : fmt::format(" ({}", fmt::join(members, ", "));
  if (state.members.size() > members.size())
    who += fmt::format(" and {} more", state.members.size() - members.size());
  if (!who.empty()) who += ")";
  if (state.strategy.empty())
    return fmt::format(
        "the members of the group {}{} assign partitions by another strategy than "
        "'{}'; write theirs into \"partition.assignment.strategy\", or another name "
        "into \"group.id\"",
        name, who, own_strategy);
  const bool known = state.strategy == "range" || state.strategy == "roundrobin" ||
                     state.strategy == "cooperative-sticky";
  return fmt::format(
      "the members of the group {}{} assign partitions by '{}', and this one by "
      "'{}'; {}",
      name, who, printable(state.strategy, kShown), own_strategy,
      known ? fmt::format("set \"partition.assignment.strategy\" = '{}', or write "
                          "another name into \"group.id\"",
                          state.strategy)
            : "that strategy is none of this client's: write another name into "
              "\"group.id\"");
}

Result<GroupState> state_in(int code, const rd_kafka_group_list* answer, const std::string& group,
                            const std::string& what) {
  const auto answered = static_cast<rd_kafka_resp_err_t>(code);
  if (answered != RD_KAFKA_RESP_ERR_NO_ERROR && answered != RD_KAFKA_RESP_ERR__PARTIAL)
    return fail_with(answered, what);
  for (int i = 0; answer != nullptr && i < answer->group_cnt; ++i) {
    const rd_kafka_group_info& info = answer->groups[i];
    if (group != text_of(info.group)) continue;
    if (info.err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(info.err, what);
    GroupState state{
        .kind = text_of(info.protocol_type), .strategy = text_of(info.protocol), .members = {}};
    for (int j = 0; j < info.member_cnt; ++j) state.members.push_back(member_of(info.members[j]));
    return state;
  }
  // It may be at the broker that has not answered.
  if (answered == RD_KAFKA_RESP_ERR__PARTIAL)
    return fail(ErrorKind::transient, what + ": not all brokers have answered");
  return GroupState();
}

Result<std::vector<GroupMember>> Client::group_members(const std::string& group, Millis wait) {
  ASSIGN_OR_RETURN(GroupState state, group_state(group, wait));
  if (state.members.empty()) return described_members(group, wait);
  return std::move(state.members);
}

// Members that have joined by the protocol of KIP-848 are told by a request of their own only. Of
// what they subscribe to one sees what they were assigned.
std::vector<GroupMember> Client::described_members(const std::string& group, Millis wait) {
  std::vector<GroupMember> members;
  const Queue answers(rd_kafka_queue_new(handle()));
  const char* name = group.c_str();
  rd_kafka_DescribeConsumerGroups(handle(), &name, 1, nullptr, answers.get());
  const Event event(rd_kafka_queue_poll(answers.get(), static_cast<int>(wait.count())));
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return members;
  size_t count = 0;
  const auto** groups = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
  if (count == 0 || rd_kafka_ConsumerGroupDescription_error(groups[0]) != nullptr) return members;
  for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(groups[0]); ++i) {
    const auto* described = rd_kafka_ConsumerGroupDescription_member(groups[0], i);
    GroupMember& member = members.emplace_back(
        GroupMember{.client_id = text_of(rd_kafka_MemberDescription_client_id(described)),
                    .host = text_of(rd_kafka_MemberDescription_host(described))});
    if (member.host.starts_with('/')) member.host.erase(0, 1);
    const auto* assigned =
        rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(described));
    std::set<std::string> topics;
    for (int j = 0; assigned != nullptr && j < assigned->cnt; ++j)
      topics.insert(assigned->elems[j].topic);
    if (!topics.empty()) member.topics = std::vector<std::string>(topics.begin(), topics.end());
  }
  return members;
}

Result<GroupState> Client::group_state(const std::string& group, Millis wait) {
  const rd_kafka_group_list* answer = nullptr;
  const auto code =
      rd_kafka_list_groups(handle(), group.c_str(), &answer, static_cast<int>(wait.count()));
  const std::unique_ptr<const rd_kafka_group_list, GroupsDeleter> groups(answer);
  return state_in(code, groups.get(), group,
                  fmt::format("Asking {} for the members of the group {}", bootstrap_, group));
}

}  // namespace turntable::kafka
