// What is found out about a topic before it is read. On the in-process cluster, which tells nothing
// of groups' members; those are on the broker that TURNTABLE_KAFKA names.
#include "source/source_topic.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/log.h"
#include "kafka/mock_cluster.h"
#include "source/commit_note.h"
#include "source/kafka_source.h"

namespace turntable {
namespace {

using testing::HasSubstr;
using testing::Not;

class SourceTopicTest : public testing::Test {
 protected:
  SourceTopicTest() : cluster_(std::move(kafka::MockCluster::open({}).value())) {
    options_.topic = "t";
    options_.properties = {{"bootstrap.servers", cluster_->bootstrap()}, {"group.id", "g"}};
  }

  std::unique_ptr<kafka::MockCluster> cluster_;
  KafkaSourceOptions options_;
  StopToken stop_;
  SystemClock clock_;
};

TEST_F(SourceTopicTest, FindsATopicThatIsThere) {
  ASSERT_TRUE(cluster_->create_topic("t", 3));
  const auto topic = await_source_topic(options_, stop_, clock_);
  ASSERT_TRUE(topic) << topic.error().message;
  EXPECT_EQ(topic->partitions, 3);
  EXPECT_EQ(topic->id.size(), 22U) << "sixteen bytes in base64: " << topic->id;
  EXPECT_FALSE(topic->was_awaited);
  EXPECT_EQ(topic->committed, 0);
}

TEST_F(SourceTopicTest, ARunToTheEndDoesNotWaitForATopicThatIsNotThere) {
  options_.until_end = true;
  const auto begun = clock_.now();
  const auto topic = await_source_topic(options_, stop_, clock_);
  ASSERT_FALSE(topic);
  EXPECT_EQ(topic.error().kind, ErrorKind::failed);
  EXPECT_EQ(topic.error().message, fmt::format("Topic t does not exist at {}; with --until-end "
                                               "there is nothing to wait for",
                                               cluster_->bootstrap()));
  EXPECT_LT(clock_.now() - begun, std::chrono::seconds(15));
}

TEST_F(SourceTopicTest, WaitsForATopicAndBeginsAtItsFirstRecord) {
  std::thread maker([this] {
    std::this_thread::sleep_for(Millis(5'500));
    EXPECT_TRUE(cluster_->create_topic("t", 2));
  });
  const auto topic = await_source_topic(options_, stop_, clock_);
  maker.join();
  ASSERT_TRUE(topic) << topic.error().message;
  EXPECT_TRUE(topic->was_awaited);
  EXPECT_EQ(topic->partitions, 2);
  // A run that is killed now has decided where its group begins.
  const auto next = await_source_topic(options_, stop_, clock_);
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->was_awaited);
  EXPECT_EQ(next->committed, 2);
}

// Ten seconds pass in one.
class FastClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override {
    return SteadyTime(SystemClock().now().time_since_epoch() * 10);
  }
  [[nodiscard]] WallTime wall() const override { return SystemClock().wall(); }
  void sleep(Millis time) const override { SystemClock().sleep(time / 10); }
};

TEST_F(SourceTopicTest, SaysThatItReadsANewTopicFromItsBeginningOnlyWhereItDoes) {
  static constexpr int kMetadata = 3, kUnknownTopic = 3;
  ASSERT_TRUE(cluster_->create_topic("t", 2));
  const FastClock clock;
  const auto said = [&](const std::string& group, Start start) {
    options_.properties["group.id"] = group;
    options_.start = start;
    cluster_->set_topic_error("t", kUnknownTopic);
    static_cast<void>(cluster_->requests(kMetadata));
    std::thread maker([this] {
      while (cluster_->requests(kMetadata) == 0) std::this_thread::sleep_for(Millis(10));
      std::this_thread::sleep_for(Millis(600));
      cluster_->set_topic_error("t", 0);
    });
    log::open(log::Level::info);
    testing::internal::CaptureStderr();
    const auto topic = await_source_topic(options_, stop_, clock);
    const std::string text = testing::internal::GetCapturedStderr();
    log::open(log::Level::warn);
    maker.join();
    EXPECT_TRUE(topic && topic->was_awaited);
    return text;
  };
  const auto beginning = HasSubstr("Topic t was created; reading it from its beginning");
  const auto elsewhere = HasSubstr("Topic t was created\n");
  EXPECT_THAT(said("g", {Start::At::earliest, 0}), beginning);
  EXPECT_THAT(said("g", {Start::At::latest, 0}), beginning) << "this commits the beginning";
  EXPECT_THAT(said("g", {Start::At::latest, 0}), elsewhere);
  EXPECT_THAT(said("h", {Start::At::time, 1}), elsewhere);
}

// One broker has not heard of it yet: with start = 'latest' all that is in it would be read.
TEST_F(SourceTopicTest, ATopicThatIsMissingForAMomentWasNotAwaited) {
  std::thread maker([this] {
    std::this_thread::sleep_for(Millis(300));
    EXPECT_TRUE(cluster_->create_topic("t", 2));
  });
  options_.start.at = Start::At::latest;
  const auto topic = await_source_topic(options_, stop_, clock_);
  maker.join();
  ASSERT_TRUE(topic) << topic.error().message;
  EXPECT_FALSE(topic->was_awaited);
  const auto next = await_source_topic(options_, stop_, clock_);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->committed, 0) << "its beginning was committed";
}

TEST_F(SourceTopicTest, TellsWhoElseIsInTheGroup) {
  const auto said = [&](std::optional<std::vector<kafka::GroupMember>> members) {
    const SourceTopic topic{.partitions = 1, .id = "", .members = std::move(members)};
    return std::pair(group_sentence(options_, topic), reads_other_topics(options_, topic));
  };
  const std::string begin =
      fmt::format("Reading topic t at {} as the group g", cluster_->bootstrap());
  EXPECT_EQ(said(std::nullopt), std::pair(begin, false));
  EXPECT_EQ(said(std::vector<kafka::GroupMember>{}),
            std::pair(begin + ", which has no other members", false));
  const kafka::GroupMember same{"turntable", "10.0.0.1", {{"t"}}};
  const kafka::GroupMember other{"spark", "10.0.0.2", {{"t", "u", "v", "w"}}};
  const kafka::GroupMember joining{"turntable", "10.0.0.3", std::nullopt};
  EXPECT_EQ(
      said({{same}}),
      std::pair(begin + ", with 1 other member: turntable at 10.0.0.1 subscribes to t", false));
  EXPECT_EQ(said({{joining, other}}),
            std::pair(begin + ", with 2 other members: turntable at 10.0.0.3 (joining); spark at "
                              "10.0.0.2 subscribes to t, u, v and 1 more",
                      true));
  const auto [many, wrong] = said(std::vector<kafka::GroupMember>(1'000, same));
  EXPECT_THAT(many, HasSubstr("with 1000 other members: "));
  EXPECT_THAT(many, HasSubstr("; and 995 more"));
  EXPECT_LT(many.size(), 1'000U);
  EXPECT_FALSE(wrong);
}

}  // namespace
}  // namespace turntable
