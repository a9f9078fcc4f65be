#include "source/source_topic.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "base/log.h"
#include "base/text.h"
#include "source/commit_note.h"
#include "source/consumer_properties.h"
#include "source/insist.h"
#include "source/kafka_source.h"

namespace turntable {
namespace {

constexpr Millis kQuestionWait{2'000};  // For one answer of a broker; then it is asked again.
// A broker may for a moment not know a topic that is there, as one that has just been made or one
// that it has not heard of yet: taken for a topic that is still to come, it would be read from its
// beginning whatever `start` says.
constexpr Millis kNoTopicWait{3'000};
constexpr size_t kMembersShown = 5;
constexpr size_t kTopicsShown = 3;  // Of a member.

// Asks about a topic as the member that it is going to be, with the same login, and joins nothing.
class Asker final : private kafka::RebalanceHandler {
 public:
  Asker(const KafkaSourceOptions& options, const StopToken& stop, const Clock& clock)
      : options_(options), stop_(stop), clock_(clock) {}

  Result<SourceTopic> ask() {
    ASSIGN_OR_RETURN(const kafka::Properties properties, consumer_properties(options_));
    ASSIGN_OR_RETURN(consumer_, kafka::Consumer::open({options_.topic, properties}, *this, clock_));
    RETURN_IF_ERROR(await_partitions());
    RETURN_IF_ERROR(find_id());
    ASSIGN_OR_RETURN(const auto commits, insist_on([&] {
                       return consumer_->committed(all_partitions(), kQuestionWait);
                     }));
    topic_.committed = static_cast<int>(std::count_if(
        commits.begin(), commits.end(), [](const auto& commit) { return commit.offset >= 0; }));
    if (topic_.was_awaited) take_beginning();
    // Only said: a user who may not ask, or a broker that cannot tell, keeps nobody from reading.
    if (auto members = consumer_->group_members(group(), kQuestionWait))
      topic_.members = std::move(*members);
    return topic_;
  }

 private:
  std::optional<std::vector<kafka::Position>> on_assign(std::span<const PartitionId>) override {
    return std::nullopt;
  }
  void on_revoke(std::span<const PartitionId>, bool) override {}

  [[nodiscard]] std::string name() const {
    return fmt::format("topic {} at {}", options_.topic, consumer_->bootstrap());
  }
  [[nodiscard]] const std::string& group() const { return options_.properties.at("group.id"); }
  [[nodiscard]] std::vector<PartitionId> all_partitions() const {
    std::vector<PartitionId> all(static_cast<size_t>(topic_.partitions));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  // Where bootstrap servers were never reached, the client's own health says so meanwhile.
  template <class Question>
  auto insist_on(Question question) -> decltype(question()) {
    return insist(name(), stop_, clock_, question, [this](const Error&) -> Status {
      consumer_->serve();
      if (consumer_->failure()) return tl::unexpected<Error>(*consumer_->failure());
      return {};
    });
  }

  Status await_partitions() {
    std::optional<SteadyTime> missing_since;
    bool missing = false;  // For so long that it is not there.
    ASSIGN_OR_RETURN(topic_.partitions, insist_on([&]() -> Result<int> {
                       ASSIGN_OR_RETURN(const int partitions,
                                        consumer_->partition_count(options_.topic, kQuestionWait));
                       const SteadyTime now = clock_.now();
                       if (partitions > 0) {
                         // It may have come long after the last question that it was missing in.
                         missing |= missing_since && now - *missing_since >= kNoTopicWait;
                         return partitions;
                       }
                       if (!missing_since) missing_since = now;
                       if (missing || now - *missing_since < kNoTopicWait)
                         return fail(ErrorKind::transient, "no topic");
                       if (options_.until_end)
                         return fail(ErrorKind::failed,
                                     fmt::format("Topic {} does not exist at {}; with --until-end "
                                                 "there is nothing to wait for",
                                                 options_.topic, consumer_->bootstrap()));
                       log::warn("Topic {} does not exist at {}; waiting for it", options_.topic,
                                 consumer_->bootstrap());
                       missing = true;
                       return fail(ErrorKind::transient, "no topic");
                     }));
    topic_.was_awaited = missing;
    return {};
  }

  Status find_id() {
    auto identity = insist_on([&]() -> Result<kafka::TopicIdentity> {
      ASSIGN_OR_RETURN(auto found, consumer_->identity(options_.topic, kQuestionWait));
      if (!found.exists) return fail(ErrorKind::transient, "no topic");
      return found;
    });
    if (identity) {
      topic_.id = identity->id;
      return {};
    }
    // One that cannot be asked for the id can be read all the same.
    if (identity.error().kind == ErrorKind::interrupted || consumer_->failure())
      return tl::unexpected<Error>(identity.error());
    log::warn("{}; that the topic is deleted and made anew will not be noticed",
              identity.error().message);
    return {};
  }

  // Commits of the group, or a time to begin at, count before the topic's beginning does.
  void take_beginning() {
    const bool from_beginning = topic_.committed == 0 && options_.start.at != Start::At::time;
    log::info("Topic {} was created{}", options_.topic,
              from_beginning ? "; reading it from its beginning" : "");
    if (from_beginning && options_.start.at == Start::At::latest) commit_beginning();
  }

  // Only a group without members takes it. Where there are some, each decides for its partitions.
  void commit_beginning() {
    std::vector<kafka::Position> beginnings;
    for (const PartitionId partition : all_partitions()) {
      const auto marks = consumer_->watermarks(options_.topic, partition, kQuestionWait);
      if (!marks) return;
      beginnings.push_back(
          {partition, marks->low, note_text({.partitions = 0, .topic_id = topic_.id})});
    }
    [[maybe_unused]] const Status taken = consumer_->commit(beginnings, kQuestionWait);
  }

  const KafkaSourceOptions& options_;
  const StopToken& stop_;
  const Clock& clock_;
  std::unique_ptr<kafka::Consumer> consumer_;
  SourceTopic topic_;
};

std::string member_text(const kafka::GroupMember& member) {
  std::string text =
      fmt::format("{} at {}", printable(member.client_id, 60), printable(member.host, 60));
  if (!member.topics) return text + " (joining)";
  std::vector<std::string> shown;
  for (const std::string& topic : *member.topics)
    if (shown.size() < kTopicsShown) shown.push_back(printable(topic, 100));
  text += fmt::format(" subscribes to {}", fmt::join(shown, ", "));
  if (member.topics->size() > shown.size())
    text += fmt::format(" and {} more", member.topics->size() - shown.size());
  return text;
}

}  // namespace

Result<SourceTopic> await_source_topic(const KafkaSourceOptions& options, const StopToken& stop,
                                       const Clock& clock) {
  return Asker(options, stop, clock).ask();
}

std::string group_sentence(const KafkaSourceOptions& options, const SourceTopic& topic) {
  std::string text = fmt::format("Reading topic {} at {} as the group {}", options.topic,
                                 kafka::bootstrap_of(options.properties),
                                 printable(options.properties.at("group.id")));
  if (!topic.members) return text;
  if (topic.members->empty()) return text + ", which has no other members";
  text += fmt::format(", with {} other member{}: ", topic.members->size(),
                      topic.members->size() == 1 ? "" : "s");
  std::vector<std::string> shown;
  for (const kafka::GroupMember& member : *topic.members)
    if (shown.size() < kMembersShown) shown.push_back(member_text(member));
  text += fmt::format("{}", fmt::join(shown, "; "));
  if (topic.members->size() > shown.size())
    text += fmt::format("; and {} more", topic.members->size() - shown.size());
  return text;
}

bool reads_other_topics(const KafkaSourceOptions& options, const SourceTopic& topic) {
  return topic.members &&
         std::any_of(topic.members->begin(), topic.members->end(), [&](const auto& member) {
           return member.topics &&
                  std::any_of(member.topics->begin(), member.topics->end(),
                              [&](const std::string& other) { return other != options.topic; });
         });
}

Error made_anew(const std::string& name, const std::string& was, const std::string& is) {
  return {
      ErrorKind::failed,
      fmt::format("{}: the group has read another topic of this name (id {}, and now {}): it "
                  "was deleted and made anew, or this is a copy of its cluster. Nothing is "
                  "committed in the new one. Use another group.id, or reset the group's offsets "
                  "(kafka-consumer-groups.sh --reset-offsets)",
                  name, was, is)};
}

}  // namespace turntable
