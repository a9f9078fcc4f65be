#include "kafka/group_members.h"

#include <fmt/format.h>

#include "kafka/client.h"
#include "kafka/librdkafka.h"

namespace turntable::kafka {
namespace {

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

Result<std::vector<GroupMember>> members_in(int code, const rd_kafka_group_list* answer,
                                            const std::string& group, const std::string& what) {
  const auto answered = static_cast<rd_kafka_resp_err_t>(code);
  if (answered != RD_KAFKA_RESP_ERR_NO_ERROR && answered != RD_KAFKA_RESP_ERR__PARTIAL)
    return fail_with(answered, what);
  for (int i = 0; answer != nullptr && i < answer->group_cnt; ++i) {
    const rd_kafka_group_info& info = answer->groups[i];
    if (group != text_of(info.group)) continue;
    if (info.err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(info.err, what);
    std::vector<GroupMember> members;
    for (int j = 0; j < info.member_cnt; ++j) members.push_back(member_of(info.members[j]));
    return members;
  }
  // It may be at the broker that has not answered.
  if (answered == RD_KAFKA_RESP_ERR__PARTIAL)
    return fail(ErrorKind::transient, what + ": not all brokers have answered");
  return std::vector<GroupMember>();
}

Result<std::vector<GroupMember>> Client::group_members(const std::string& group, Millis wait) {
  const rd_kafka_group_list* answer = nullptr;
  const auto code =
      rd_kafka_list_groups(handle(), group.c_str(), &answer, static_cast<int>(wait.count()));
  const std::unique_ptr<const rd_kafka_group_list, GroupsDeleter> groups(answer);
  return members_in(code, groups.get(), group,
                    fmt::format("Asking {} for the members of the group {}", bootstrap_, group));
}

}  // namespace turntable::kafka
