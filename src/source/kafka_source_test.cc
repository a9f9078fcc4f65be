// What KafkaSource promises beyond the contract of sources: where it begins, what it refuses,
// rebalances, outages. On the in-process cluster; what that cannot do (more partitions, deleted
// records) on the broker that TURNTABLE_KAFKA names.
#include "source/kafka_source.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "kafka/mock_cluster.h"
#include "kafka/producer.h"
#include "row/headers.h"
#include "source/consumer_properties.h"

namespace turntable {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kNoBroker =
    "SKIPPED: no real Kafka. Set TURNTABLE_KAFKA=host:port (./dev servers up) to run this.";

// A lane that does nothing but acknowledge: what it has been given is stored when partitions are
// given back.
class Member final : public AssignmentListener {
 public:
  void on_assigned(std::span<const PartitionId> partitions) override {
    owned.insert(partitions.begin(), partitions.end());
  }
  void on_revoked(std::span<const PartitionId> partitions, bool lost) override {
    for (const PartitionId partition : partitions) {
      if (!lost && next.contains(partition)) source->store(partition, next[partition]);
      if (!lost && gives_back_at != kNoWriteTime) source->note_write_time(partition, gives_back_at);
      owned.erase(partition);
      next.erase(partition);
    }
  }
  void on_passed(PartitionId partition, Offset position) override { passed[partition] = position; }
  void on_write_time(PartitionId partition, int64_t last_us) override {
    write_times[partition] = last_us;
  }
  [[nodiscard]] bool keeps_positions() const override {
    return (!kept.empty() || keeps_none_yet) && keeps;
  }
  [[nodiscard]] std::string store_ids() const override { return stores; }
  [[nodiscard]] std::optional<Position> kept_position(PartitionId partition) const override {
    const auto found = kept.find(partition);
    if (found == kept.end()) return std::nullopt;
    return Position{partition, found->second};
  }
  // One poll; what came is added to `seen` as "partition:offset".
  void step(std::multiset<std::string>& seen, Millis wait = Millis(20)) {
    const auto batch = source->poll(50, wait);
    ASSERT_TRUE(batch) << batch.error().message;
    for (const Record& record : batch->records) {
      ASSERT_TRUE(owned.contains(record.partition));
      ASSERT_GE(record.offset, next[record.partition]);
      next[record.partition] = record.offset + 1;
      seen.insert(fmt::format("{}:{}", record.partition, record.offset));
    }
  }
  void store_all() {
    for (const auto& [partition, position] : next) source->store(partition, position);
  }

  std::unique_ptr<Source> source;
  std::set<PartitionId> owned;
  std::map<PartitionId, Offset> next;
  std::map<PartitionId, Offset> kept;    // As by a sink that keeps positions.
  bool keeps = true;                     // It keeps them still.
  bool keeps_none_yet = false;           // It is empty.
  std::string stores;                    // Their ids.
  std::map<PartitionId, Offset> passed;  // The last of each.
  std::map<PartitionId, int64_t> write_times;
  int64_t gives_back_at = kNoWriteTime;  // What has been given as partitions are given back.
};

class JoinsNothing final : public kafka::RebalanceHandler {
 public:
  std::optional<std::vector<kafka::Position>> on_assign(std::span<const PartitionId>) override {
    return std::nullopt;
  }
  void on_revoke(std::span<const PartitionId>, bool) override {}
};

class KafkaSourceTest : public testing::Test {
 protected:
  KafkaSourceTest() : cluster_(std::move(kafka::MockCluster::open({}).value())) {
    EXPECT_TRUE(cluster_->create_topic("test", 4));
    options_.topic = "test";
    options_.start.at = Start::At::earliest;
    options_.properties = {{"bootstrap.servers", cluster_->bootstrap()},
                           {"group.id", "group"},
                           {"session.timeout.ms", "1000"},
                           {"heartbeat.interval.ms", "200"},
                           {"topic.metadata.refresh.interval.ms", "300"}};
  }

  // From here on the test runs on the broker that TURNTABLE_KAFKA names. False where there is none.
  bool use_real_broker() {
    const char* broker = std::getenv("TURNTABLE_KAFKA");
    if (broker == nullptr) return false;
    options_.topic =
        fmt::format("kafka-source-{}-{}", getpid(), clock_.wall().time_since_epoch().count());
    options_.properties = {{"bootstrap.servers", broker},
                           {"group.id", options_.topic},
                           {"topic.metadata.refresh.interval.ms", "300"}};
    EXPECT_TRUE(producer()->create_topic(options_.topic, 4, Millis(20'000)));
    return true;
  }

  // Batches of two records, so that fetches and retention can cut between records.
  std::unique_ptr<kafka::Producer> producer() {
    const kafka::Properties properties{
        {"bootstrap.servers", options_.properties["bootstrap.servers"]},
        {"batch.num.messages", "2"}};
    return std::move(kafka::Producer::open({options_.topic, properties}, clock_).value());
  }

  void produce(int count, size_t bytes = 10) {
    auto producer = this->producer();
    const std::string value(bytes, 'v');
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(producer->send({.value = value, .partition = i % 4}).value());
      producer->poll(Millis(0));
    }
    ASSERT_TRUE(producer->flush(Millis(20'000)));
  }

  void open(Member& member) {
    auto source = KafkaSource::open(options_, member, stop_, clock_);
    ASSERT_TRUE(source) << source.error().message;
    member.source = std::move(*source);
  }

  // Polls until `done` or for 20 s.
  template <class Done>
  void run(Member& member, std::multiset<std::string>& seen, Done done) {
    const auto deadline = clock_.now() + std::chrono::seconds(20);
    while (!done() && clock_.now() < deadline) ASSERT_NO_FATAL_FAILURE(member.step(seen));
    ASSERT_TRUE(done()) << "not after 20 s; seen " << seen.size();
  }

  // The group's in the four partitions; negative: none.
  std::vector<Offset> commits() {
    JoinsNothing handler;
    const auto properties = consumer_properties(options_);
    const auto consumer =
        kafka::Consumer::open({options_.topic, properties.value()}, handler, clock_);
    const std::vector<PartitionId> partitions{0, 1, 2, 3};
    const auto committed = (*consumer)->committed(partitions, Millis(10'000));
    EXPECT_TRUE(committed) << committed.error().message;
    std::vector<Offset> offsets;
    for (const kafka::Committed& commit : committed.value()) offsets.push_back(commit.offset);
    return offsets;
  }

  // Polls until it fails, or for 20 s.
  Status failure_of(Member& member) {
    for (const auto deadline = clock_.now() + std::chrono::seconds(20); clock_.now() < deadline;) {
      auto batch = member.source->poll(10, Millis(50));
      if (!batch) return tl::unexpected<Error>(batch.error());
    }
    return {};
  }

  void share_partitions(const std::string& strategy, bool repeats_allowed);

  Error refusal() {
    Member member;
    auto source = KafkaSource::open(options_, member, stop_, clock_);
    EXPECT_FALSE(source);
    return source ? Error{} : source.error();
  }

  std::unique_ptr<kafka::MockCluster> cluster_;
  KafkaSourceOptions options_;
  StopToken stop_;
  SystemClock clock_;
};

TEST_F(KafkaSourceTest, RefusesOptionsThatWouldBreakTheGuarantee) {
  for (const char* name : {"enable.auto.offset.store", "enable.auto.commit", "auto.offset.reset",
                           "enable.partition.eof"}) {
    auto properties = options_.properties;
    options_.properties[name] = "true";
    const Error error = refusal();
    EXPECT_EQ(error.kind, ErrorKind::usage);
    EXPECT_THAT(error.message, HasSubstr(name));
    options_.properties = properties;
  }
}

TEST_F(KafkaSourceTest, RefusesNeverToCommit) {
  options_.properties["auto.commit.interval.ms"] = "0";
  const Error error = refusal();
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_THAT(error.message, HasSubstr("auto.commit.interval.ms"));
}

TEST_F(KafkaSourceTest, RefusesOptionsThatAreNone) {
  options_.properties["bootstrap.server"] = "x";
  EXPECT_THAT(refusal().message, HasSubstr("Did you mean 'bootstrap.servers'?"));
  options_.properties.clear();
  EXPECT_THAT(refusal().message, HasSubstr("needs the option \"bootstrap.servers\""));
  options_.properties["bootstrap.servers"] = cluster_->bootstrap();
  EXPECT_THAT(refusal().message, HasSubstr("needs the option \"group.id\""));
}

// The next owner's clock may be behind.
TEST_F(KafkaSourceTest, TellsTheNextOwnerHowHighWriteTimesHaveCome) {
  produce(40);
  const auto told = [this](std::function<void(Source&)> work) {
    Member member;
    open(member);
    std::multiset<std::string> seen;
    run(member, seen, [&] { return member.owned.size() == 4; });
    work(*member.source);
    EXPECT_TRUE(member.source->close());
    return member.write_times;
  };
  EXPECT_TRUE(told([](Source& source) {
                source.note_write_time(0, 5'000);
                source.store(0, 3);
                source.store(1, 2);
              }).empty());
  EXPECT_EQ(told([](Source& source) {
              // Records behind the position have been given times, too.
              source.note_write_time(0, 9'000);
              source.note_write_time(2, 4'000);
            }),
            (std::map<PartitionId, int64_t>{{0, 5'000}}));
  EXPECT_EQ(told([](Source& source) { source.store(0, 5); }),
            (std::map<PartitionId, int64_t>{{0, 9'000}, {2, 4'000}}));
  // A position that is stored without another time keeps the one that was found.
  EXPECT_EQ(told([](Source&) {}), (std::map<PartitionId, int64_t>{{0, 9'000}, {2, 4'000}}));
}

// The cluster in this process refuses commits where one of two members is slow to learn of the
// other.
TEST_F(KafkaSourceTest, GivesPartitionsBackWithTheWriteTimesOfWhatIsStillOnItsWayOnARealBroker) {
  if (!use_real_broker()) GTEST_SKIP() << kNoBroker;
  produce(8);
  Member first;
  first.gives_back_at = 7'000;
  open(first);
  std::multiset<std::string> seen;
  run(first, seen, [&] { return seen.size() == 8; });
  first.store_all();
  EXPECT_TRUE(first.source->commit());
  Member second;
  open(second);
  run(first, seen, [&] {
    EXPECT_NO_FATAL_FAILURE(second.step(seen));
    return !second.owned.empty() && first.owned.size() + second.owned.size() == 4;
  });
  for (const PartitionId partition : second.owned)
    EXPECT_EQ(second.write_times[partition], 7'000) << "partition " << partition;
  EXPECT_TRUE(first.source->close());
  EXPECT_TRUE(second.source->close());
}

TEST_F(KafkaSourceTest, LatestSeesOnlyWhatComesAfterTheGroupBegan) {
  produce(40);
  options_.start.at = Start::At::latest;
  Member member;
  open(member);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return member.owned.size() == 4; });
  produce(8);
  run(member, seen, [&] { return seen.size() >= 8; });
  EXPECT_TRUE(member.source->close());
  EXPECT_EQ(seen, (std::multiset<std::string>{"0:10", "0:11", "1:10", "1:11", "2:10", "2:11",
                                              "3:10", "3:11"}));
}

// 'latest' is where the topic ended when the run came, and there was none.
TEST_F(KafkaSourceTest, ReadsATopicThatItWaitedForFromItsBeginningOnARealBroker) {
  if (!use_real_broker()) GTEST_SKIP() << kNoBroker;
  options_.topic += "-new";
  options_.start.at = Start::At::latest;
  std::thread maker([this] {
    std::this_thread::sleep_for(Millis(6'000));  // Missing for a moment it would not count as new.
    EXPECT_TRUE(producer()->create_topic(options_.topic, 4, Millis(20'000)));
    produce(8);
  });
  options_.topic_found = await_source_topic(options_, stop_, clock_).value();
  maker.join();
  // Two members of one process, which waited once.
  Member first;
  Member second;
  open(first);
  std::multiset<std::string> seen;
  run(first, seen, [&] { return first.owned.size() == 4; });
  open(second);
  run(first, seen, [&] {
    EXPECT_NO_FATAL_FAILURE(second.step(seen));
    return !second.owned.empty() && std::set<std::string>(seen.begin(), seen.end()).size() == 8;
  });
  EXPECT_TRUE(first.source->close());
  EXPECT_TRUE(second.source->close());
}

// The commit that decides it for the group may be refused, where members are there already.
TEST_F(KafkaSourceTest, ReadsATopicThatItWaitedForFromItsBeginningWithoutThatCommitToo) {
  options_.start.at = Start::At::latest;
  produce(8);
  options_.topic_found = await_source_topic(options_, stop_, clock_).value();
  options_.topic_found->was_awaited = true;
  std::multiset<std::string> seen;
  {
    Member member;
    open(member);
    run(member, seen, [&] { return seen.size() == 8; });
  }
  // A partition that another process has not begun with is younger than the group for it, too.
  options_.topic_found->was_awaited = false;
  Member member;
  seen.clear();
  open(member);
  run(member, seen, [&] { return seen.size() == 8; });
  EXPECT_TRUE(member.source->close());
}

TEST_F(KafkaSourceTest, StopsWhereTheGroupHasReadAnotherTopicOfTheName) {
  produce(8);
  options_.topic_found = await_source_topic(options_, stop_, clock_).value();
  const std::string id = options_.topic_found->id;
  options_.topic_found->id = "";  // As of brokers without ids: commits have none.
  std::multiset<std::string> seen;
  {
    Member member;
    open(member);
    run(member, seen, [&] { return seen.size() == 8; });
    member.store_all();
    EXPECT_TRUE(member.source->close());
  }
  // Commits without an id, such as those of earlier versions, go on, and have it from now on.
  options_.topic_found->id = id;
  seen.clear();
  {
    Member member;
    open(member);
    produce(8);
    run(member, seen, [&] { return seen.size() == 8; });
    member.store_all();
    EXPECT_TRUE(member.source->close());
  }
  options_.topic_found->id = "another";
  Member member;
  open(member);
  const Status status = failure_of(member);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::failed);
  EXPECT_THAT(status.error().message, HasSubstr(fmt::format("(id {}, and now another)", id)));
  EXPECT_THAT(status.error().message,
              HasSubstr("Use another group.id, or reset the group's offsets"));
}

// The client goes on in the new topic at the old offset, without an error.
TEST_F(KafkaSourceTest, CommitsNothingInATopicThatWasMadeAnewOnARealBroker) {
  if (!use_real_broker()) GTEST_SKIP() << kNoBroker;
  produce(40);
  Member member;
  open(member);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return seen.size() == 40; });
  member.store_all();
  ASSERT_TRUE(member.source->commit());
  const std::vector<Offset> committed = commits();
  EXPECT_THAT(committed, ElementsAre(10, 10, 10, 10));
  auto producer = this->producer();
  ASSERT_TRUE(producer->delete_topic(options_.topic, Millis(20'000)));
  for (const auto deadline = clock_.now() + std::chrono::seconds(20);
       !producer->create_topic(options_.topic, 4, Millis(5'000)) && clock_.now() < deadline;) {
  }
  produce(80);
  Status status;
  for (const auto deadline = clock_.now() + std::chrono::seconds(60);
       status && clock_.now() < deadline;) {
    auto batch = member.source->poll(50, Millis(50));
    if (!batch) {
      status = tl::unexpected<Error>(batch.error());
      break;
    }
    // What comes is acknowledged at once.
    for (const Record& record : batch->records)
      member.source->store(record.partition, record.offset + 1);
  }
  ASSERT_FALSE(status) << "it is not noticed";
  EXPECT_EQ(status.error().kind, ErrorKind::failed);
  EXPECT_THAT(status.error().message, HasSubstr("it was deleted and made anew"));
  EXPECT_THAT(status.error().message,
              HasSubstr("Use another group.id, or reset the group's offsets"));
  [[maybe_unused]] const Status closed = member.source->close();
  member.source.reset();
  // The group stands where it stood in the old topic, and the next run says the same.
  open(member);
  EXPECT_EQ(failure_of(member).error().message, status.error().message);
  [[maybe_unused]] const Status closed_too = member.source->close();
  member.source.reset();
  EXPECT_EQ(commits(), committed);
}

// Records that nobody takes any more have come meanwhile: a wait for the client would end at once.
TEST_F(KafkaSourceTest, AsksAFewTimesASecondWhetherATopicThatIsGoneIsBack) {
  constexpr int kMetadata = 3;
  constexpr int kUnknownTopic = 3;
  produce(8);
  Member member;
  open(member);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return seen.size() == 8; });
  produce(8);
  std::this_thread::sleep_for(Millis(500));
  cluster_->set_topic_error("test", kUnknownTopic);
  member.store_all();
  EXPECT_EQ(cluster_->requests(kMetadata), 0U);
  EXPECT_FALSE(member.source->close());  // In two seconds.
  EXPECT_LT(cluster_->requests(kMetadata), 100U);
  cluster_->set_topic_error("test", 0);
  EXPECT_THAT(commits(), Each(0)) << "where the group began";
}

TEST_F(KafkaSourceTest, ACrashBeforeTheFirstRecordDoesNotMoveTheBeginning) {
  options_.start.at = Start::At::latest;
  std::multiset<std::string> seen;
  {
    Member member;
    open(member);
    run(member, seen, [&] { return member.owned.size() == 4; });
    // Destroyed without close(): nothing is committed on the way out.
  }
  produce(8);
  Member member;
  open(member);
  run(member, seen, [&] { return seen.size() >= 8; });
  EXPECT_TRUE(member.source->close());
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 8U);
}

TEST_F(KafkaSourceTest, StopsAtTheEndsOfTheTimeWhenItWasOpened) {
  produce(40);
  options_.until_end = true;
  Member member;
  open(member);
  produce(40);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return member.source->at_end(); });
  EXPECT_EQ(seen.size(), 40U);
  EXPECT_EQ(member.source->lag(), 0);
  member.store_all();
  EXPECT_TRUE(member.source->close());

  // What came later is still there for the next run.
  options_.until_end = false;
  Member next;
  open(next);
  run(next, seen, [&] { return seen.size() == 80; });
  EXPECT_TRUE(next.source->close());
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 80U);
}

// A second member comes while the first reads, the first leaves, and the second reads the rest.
void KafkaSourceTest::share_partitions(const std::string& strategy, bool repeats_allowed) {
  options_.properties["partition.assignment.strategy"] = strategy;
  produce(4'000);
  std::multiset<std::string> seen;
  Member first;
  Member second;
  open(first);
  run(first, seen, [&] { return seen.size() > 200; });
  open(second);
  const auto both_steady = [&] {
    return !first.owned.empty() && !second.owned.empty() &&
           first.owned.size() + second.owned.size() == 4;
  };
  for (const auto deadline = clock_.now() + std::chrono::seconds(30);
       !both_steady() && clock_.now() < deadline;) {
    ASSERT_NO_FATAL_FAILURE(first.step(seen));
    ASSERT_NO_FATAL_FAILURE(second.step(seen));
  }
  ASSERT_TRUE(both_steady());
  for (int i = 0; i < 5; ++i) {
    ASSERT_NO_FATAL_FAILURE(first.step(seen));
    ASSERT_NO_FATAL_FAILURE(second.step(seen));
  }
  first.store_all();
  ASSERT_TRUE(first.source->close());
  const auto distinct = [&] { return std::set<std::string>(seen.begin(), seen.end()).size(); };
  for (const auto deadline = clock_.now() + std::chrono::seconds(30);
       distinct() < 4'000 && clock_.now() < deadline;) {
    ASSERT_NO_FATAL_FAILURE(second.step(seen));
  }
  EXPECT_EQ(distinct(), 4'000U);
  if (!repeats_allowed) {
    EXPECT_EQ(seen.size(), 4'000U) << "what was stored in time is not read again";
  }
  EXPECT_TRUE(second.source->close());
}

// The in-process cluster takes no commits while a group rebalances, so that some records come
// twice; a real broker takes them.
TEST_F(KafkaSourceTest, GivesPartitionsToANewMemberOneByOne) {
  share_partitions("cooperative-sticky", true);
}

TEST_F(KafkaSourceTest, GivesPartitionsToANewMemberAllAtOnce) {
  share_partitions("range", true);
}

TEST_F(KafkaSourceTest, GivesPartitionsToANewMemberOneByOneOnARealBroker) {
  if (!use_real_broker()) GTEST_SKIP() << kNoBroker;
  share_partitions("cooperative-sticky", false);
}

TEST_F(KafkaSourceTest, GivesPartitionsToANewMemberAllAtOnceOnARealBroker) {
  if (!use_real_broker()) GTEST_SKIP() << kNoBroker;
  share_partitions("range", false);
}

TEST_F(KafkaSourceTest, ReadsANewPartitionFromItsBeginningOnARealBroker) {
  if (!use_real_broker()) GTEST_SKIP() << kNoBroker;
  options_.start.at = Start::At::latest;
  produce(40);
  Member member;
  open(member);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return member.owned.size() == 4; });
  // Records that come before the member has noticed the partition must not be missed.
  auto producer = this->producer();
  ASSERT_TRUE(producer->add_partitions(options_.topic, 5, Millis(20'000)));
  const auto deadline = clock_.now() + std::chrono::seconds(20);
  while (producer->partition_count(options_.topic, Millis(1'000)).value_or(0) < 5)
    ASSERT_LT(clock_.now(), deadline);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(producer->send({.value = "v", .partition = 4}).value());
  ASSERT_TRUE(producer->flush(Millis(20'000)));
  run(member, seen, [&] { return seen.size() >= 3; });
  EXPECT_EQ(seen, (std::multiset<std::string>{"4:0", "4:1", "4:2"}));
  EXPECT_TRUE(member.source->close());
}

TEST_F(KafkaSourceTest, CountsRecordsThatWereDeletedWhileItReadOnARealBroker) {
  for (const char* strategy : {"cooperative-sticky", "range"}) {
    SCOPED_TRACE(strategy);
    if (!use_real_broker()) GTEST_SKIP() << kNoBroker;
    options_.properties["partition.assignment.strategy"] = strategy;
    // Small fetches, so that most is still with the broker when it is deleted there.
    options_.properties["fetch.message.max.bytes"] = "10000";
    options_.properties["queued.min.messages"] = "1";
    options_.properties["fetch.queue.backoff.ms"] = "20";
    produce(400, 5'000);
    Member member;
    open(member);
    std::multiset<std::string> seen;
    run(member, seen, [&] { return !seen.empty(); });
    ASSERT_TRUE(producer()->delete_records(options_.topic, 0, 90, Millis(20'000)));
    const auto* source = dynamic_cast<KafkaSource*>(member.source.get());
    run(member, seen, [&] { return static_cast<int64_t>(seen.size()) + source->lost() >= 400; });
    EXPECT_GT(source->lost(), 0);
    EXPECT_EQ(static_cast<int64_t>(seen.size()) + source->lost(), 400);
    EXPECT_TRUE(seen.contains("0:90"));
    EXPECT_TRUE(member.source->close());
  }
}

TEST_F(KafkaSourceTest, BeginsAtATimeOnARealBroker) {
  if (!use_real_broker()) GTEST_SKIP() << kNoBroker;
  produce(8);
  std::this_thread::sleep_for(Millis(20));
  options_.start = {Start::At::time,
                    std::chrono::duration_cast<Millis>(clock_.wall().time_since_epoch()).count()};
  std::this_thread::sleep_for(Millis(20));
  produce(4);
  options_.until_end = true;
  Member member;
  open(member);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return member.source->at_end(); });
  EXPECT_EQ(seen, (std::multiset<std::string>{"0:2", "1:2", "2:2", "3:2"}));
  EXPECT_TRUE(member.source->close());
}

TEST_F(KafkaSourceTest, WaitsForATopicThatIsMadeLaterOnARealBroker) {
  if (!use_real_broker()) GTEST_SKIP() << kNoBroker;
  options_.topic += "-later";
  std::thread maker([this] {
    std::this_thread::sleep_for(Millis(500));
    EXPECT_TRUE(producer()->create_topic(options_.topic, 4, Millis(20'000)));
  });
  Member member;
  open(member);
  maker.join();
  produce(4);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return seen.size() == 4; });
  EXPECT_TRUE(member.source->close());
}

TEST_F(KafkaSourceTest, AMemberWithoutPartitionsIsAtTheEndWhenTheOthersHaveReadEverything) {
  produce(400);
  options_.until_end = true;
  std::vector<std::unique_ptr<Member>> members;
  std::multiset<std::string> seen;
  for (int i = 0; i < 6; ++i) {
    members.push_back(std::make_unique<Member>());
    open(*members.back());
  }
  const auto deadline = clock_.now() + std::chrono::seconds(60);
  size_t left = members.size();
  while (left > 0 && clock_.now() < deadline) {
    for (auto& member : members) {
      if (!member->source) continue;
      ASSERT_NO_FATAL_FAILURE(member->step(seen, Millis(5)));
      member->store_all();
      if (!member->source->at_end()) continue;
      EXPECT_TRUE(member->source->close());
      member->source.reset();
      --left;
    }
  }
  EXPECT_EQ(left, 0U);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 400U);
}

TEST_F(KafkaSourceTest, CountsRecordsThatRetentionDeletedAndReadsOn) {
  options_.until_end = true;
  produce(40);
  std::multiset<std::string> seen;
  {
    Member member;
    open(member);
    run(member, seen, [&] { return member.source->at_end(); });
    for (PartitionId partition = 0; partition < 4; ++partition) member.source->store(partition, 5);
    ASSERT_TRUE(member.source->close());
  }
  // The in-process cluster keeps 5 MiB per partition.
  produce(4 * 30, 400'000);
  seen.clear();
  Member member;
  open(member);
  run(member, seen, [&] { return member.source->at_end(); });
  const auto* source = dynamic_cast<KafkaSource*>(member.source.get());
  EXPECT_GT(source->lost(), 0);
  // Of each partition, 5 were read before and 40 have been written.
  EXPECT_EQ(static_cast<int64_t>(seen.size()) + source->lost(), 4 * (10 + 30 - 5));
  EXPECT_TRUE(member.source->close());
}

TEST_F(KafkaSourceTest, TellsASinkThatKeepsPositionsWhereItBeginsBehindALoss) {
  options_.until_end = true;
  // The in-process cluster keeps 5 MiB per partition.
  produce(4 * 30, 400'000);
  Member member;
  member.kept = {{0, 5}, {1, 30}};
  open(member);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return member.source->at_end(); });
  const Offset first = 30 - static_cast<Offset>(seen.size()) / 3;
  EXPECT_GT(first, 5);
  EXPECT_EQ(member.source->lost(), first - 5) << "of partition 0; the others begin there";
  EXPECT_EQ(member.passed, (std::map<PartitionId, Offset>{{0, first}, {2, first}, {3, first}}));
  EXPECT_TRUE(member.source->close());
}

TEST_F(KafkaSourceTest, WarnsWhereTheGroupHasCommitsAndTheSinkNoPositions) {
  produce(40);
  std::multiset<std::string> seen;
  {
    Member member;
    open(member);
    run(member, seen, [&] { return seen.size() == 40; });
    member.store_all();
    ASSERT_TRUE(member.source->close());
  }
  testing::internal::CaptureStderr();
  Member member;
  member.kept = {{0, 5}};
  open(member);
  run(member, seen, [&] { return seen.size() == 45; });
  EXPECT_TRUE(member.source->close());
  EXPECT_THAT(
      testing::internal::GetCapturedStderr(),
      HasSubstr("the group has commits in 3 partitions for which the sink keeps no position"));
}

// Its positions were with the group while another store was written beside it, for which no record
// came: the commits are at the places where they were before.
TEST_F(KafkaSourceTest, WarnsNotOfAStoreThatTheGroupHadWithOthers) {
  const auto said_with = [this](const std::string& stores, bool keeps) {
    testing::internal::CaptureStderr();
    Member member;
    member.stores = stores;
    member.keeps_none_yet = keeps;
    open(member);
    std::multiset<std::string> seen;
    run(member, seen, [&] { return member.source->at_end(); });
    member.store_all();
    EXPECT_TRUE(member.source->close());
    return testing::internal::GetCapturedStderr();
  };
  constexpr const char* kWarning = "for which the sink keeps no position";
  options_.until_end = true;
  produce(40);
  EXPECT_THAT(said_with("", false), Not(HasSubstr(kWarning)));
  EXPECT_THAT(said_with("8c1f", true), HasSubstr("commits in 4 partitions for which the sink"));
  EXPECT_THAT(said_with("8c1f,0a", false), Not(HasSubstr(kWarning)));
  EXPECT_THAT(said_with("8c1f", true), Not(HasSubstr(kWarning)));
  EXPECT_THAT(said_with("11", true), HasSubstr(kWarning)) << "it is another file";
  // Another store goes on alone: behind its commits there is nothing in the first.
  produce(40);
  EXPECT_THAT(said_with("", false), Not(HasSubstr(kWarning)));
  EXPECT_THAT(said_with("8c1f", true), HasSubstr("commits in 4 partitions for which the sink"));
}

// A store that was the only one had positions of its own: what it lacks is read again, and the
// commit follows before the first record.
TEST_F(KafkaSourceTest, BeginsAtTheLowerOfTheCommitAndOfPositionsThatWereKept) {
  produce(40);
  std::multiset<std::string> seen;
  {
    Member member;
    open(member);
    run(member, seen, [&] { return seen.size() == 40; });
    member.store_all();
    ASSERT_TRUE(member.source->close());
  }
  for (const bool positions_are_there : {true, false}) {
    seen.clear();
    Member member;
    member.keeps = false;
    if (positions_are_there) member.kept = {{0, 5}, {1, 30}};
    open(member);
    run(member, seen, [&] { return seen.size() == 5; });
    EXPECT_THAT(seen, ElementsAre("0:5", "0:6", "0:7", "0:8", "0:9"));
    ASSERT_TRUE(member.source->close());
  }
}

// As after the election of a replica that lagged. The in-process cluster tells of the epochs of the
// batches that it still has: when it has forgotten those of the first leader and nothing more, its
// log begins where the group stands.
TEST_F(KafkaSourceTest, SaysWhereTheLogWasCutBackAndHasGrownAgain) {
  constexpr int kOffsetForLeaderEpoch = 23;
  constexpr int kStorageError = 56;
  cluster_ = std::move(kafka::MockCluster::open({.brokers = 2}).value());
  ASSERT_TRUE(cluster_->create_topic("test", 1));
  ASSERT_TRUE(cluster_->set_leader("test", 0, 1));
  options_.properties["bootstrap.servers"] = cluster_->bootstrap();
  const std::string value(400'000, 'v');
  auto producer = this->producer();
  const auto send = [&](int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(producer->send({.value = value, .partition = 0}).value());
      ASSERT_TRUE(producer->flush(Millis(20'000)));
    }
  };
  send(1);
  Member member;
  open(member);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return seen.size() == 1; });
  // Until the log has grown, the member is not told.
  cluster_->fail_requests(kOffsetForLeaderEpoch, kStorageError, 1'000);
  ASSERT_TRUE(cluster_->set_leader("test", 0, 2));
  testing::internal::CaptureStderr();
  send(13);
  cluster_->heal_requests(kOffsetForLeaderEpoch);
  run(member, seen, [&] { return seen.size() == 14; });
  EXPECT_TRUE(member.source->close());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("partition 0: the broker had no record at offset 1 for a while"));
  EXPECT_THAT(said, HasSubstr("truncation"));
}

TEST_F(KafkaSourceTest, StopsWhereTheGroupIsBehindTheEndOfThePartition) {
  produce(40);
  std::multiset<std::string> seen;
  {
    Member member;
    open(member);
    run(member, seen, [&] { return seen.size() == 40; });
    member.source->store(0, 1'000);
    ASSERT_TRUE(member.source->close());
  }
  Member member;
  open(member);
  const Status status = failure_of(member);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::failed);
  EXPECT_THAT(status.error().message,
              HasSubstr("partition 0: the group is at offset 1000, but the partition ends at 10"));
}

TEST_F(KafkaSourceTest, ReadsOnAfterAnOutageWithoutLossOrRepetition) {
  produce(400);
  Member member;
  open(member);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return seen.size() >= 100; });
  member.store_all();
  ASSERT_TRUE(cluster_->set_down(1, true));
  for (int i = 0; i < 20; ++i) ASSERT_NO_FATAL_FAILURE(member.step(seen, Millis(50)));
  ASSERT_TRUE(cluster_->set_down(1, false));
  produce(400);
  run(member, seen, [&] { return std::set<std::string>(seen.begin(), seen.end()).size() == 800; });
  EXPECT_TRUE(member.source->close());
}

TEST_F(KafkaSourceTest, CommitsAgainWhereARebalanceWasInTheWay) {
  constexpr int kOffsetCommit = 8;
  constexpr int kRebalanceInProgress = 27;
  produce(40);
  std::multiset<std::string> seen;
  {
    Member member;
    open(member);
    run(member, seen, [&] { return seen.size() == 40; });
    cluster_->fail_requests(kOffsetCommit, kRebalanceInProgress, 3);
    member.store_all();
    const Status committed = member.source->commit();
    EXPECT_TRUE(committed) << committed.error().message;
    // Destroyed without close(), which would commit too.
  }
  seen.clear();
  options_.until_end = true;
  Member member;
  open(member);
  run(member, seen, [&] { return member.source->at_end(); });
  EXPECT_TRUE(seen.empty());
  EXPECT_TRUE(member.source->close());
}

// After trouble with the network a static member may be taken for another one of its name. Whatever
// fails then says so: "Local: Fatal error" would tell nobody what to look for.
TEST_F(KafkaSourceTest, SaysThatAStaticMemberWasFenced) {
  constexpr int kOffsetCommit = 8;
  constexpr int kFencedInstanceId = 82;
  options_.properties["group.instance.id"] = "one";
  produce(40);
  std::multiset<std::string> seen;
  Member member;
  open(member);
  run(member, seen, [&] { return seen.size() == 40; });
  cluster_->fail_requests(kOffsetCommit, kFencedInstanceId, 1'000);
  member.store_all();
  for (int i = 0; i < 2; ++i) {
    const Status committed = member.source->commit();
    ASSERT_FALSE(committed);
    EXPECT_THAT(committed.error().message, HasSubstr("fenced"));
    EXPECT_EQ(committed.error().kind, ErrorKind::failed);
  }
}

// librdkafka's batch call takes the event of a failed fetch for the record at its offset, and would
// go on behind it after a rebalance.
TEST_F(KafkaSourceTest, PassesNoRecordOverWhereARebalanceFollowsAFailedFetch) {
  constexpr int kFetch = 1;
  constexpr int kUnknownServerError = -1;
  produce(8);
  std::multiset<std::string> seen;
  Member first;
  Member second;
  open(first);
  run(first, seen, [&] { return seen.size() == 8; });
  first.store_all();
  testing::internal::CaptureStderr();
  cluster_->fail_requests(kFetch, kUnknownServerError, 1'000);
  for (const auto until = clock_.now() + std::chrono::seconds(2); clock_.now() < until;)
    ASSERT_NO_FATAL_FAILURE(first.step(seen));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("partition"))
      << "the failure is seen as an event of the partition";
  // Two records more in each, so that there is one behind the one that could be passed over.
  produce(8);
  open(second);
  const auto both = [&] { return !first.owned.empty() && !second.owned.empty(); };
  const auto distinct = [&] { return std::set<std::string>(seen.begin(), seen.end()).size(); };
  const auto step_until = [&](const auto& done) {
    for (const auto deadline = clock_.now() + std::chrono::seconds(20);
         !done() && clock_.now() < deadline;) {
      ASSERT_NO_FATAL_FAILURE(first.step(seen));
      ASSERT_NO_FATAL_FAILURE(second.step(seen));
    }
    ASSERT_TRUE(done());
  };
  ASSERT_NO_FATAL_FAILURE(step_until(both));
  cluster_->heal_requests(kFetch);
  ASSERT_NO_FATAL_FAILURE(step_until([&] { return distinct() == 16; }));
  EXPECT_TRUE(first.source->close());
  EXPECT_TRUE(second.source->close());
}

TEST_F(KafkaSourceTest, LeavesWithinABoundWhileBrokersAreAway) {
  produce(8);
  Member member;
  open(member);
  std::multiset<std::string> seen;
  run(member, seen, [&] { return seen.size() == 8; });
  ASSERT_TRUE(cluster_->set_down(1, true));
  member.store_all();
  const auto begun = clock_.now();
  const Status committed = member.source->commit();
  ASSERT_FALSE(committed) << "positions that are not durable have to be told";
  EXPECT_EQ(committed.error().kind, ErrorKind::transient);
  [[maybe_unused]] const Status closed = member.source->close();
  member.source.reset();
  EXPECT_LT(clock_.now() - begun, std::chrono::seconds(15));
}

TEST_F(KafkaSourceTest, WaitsForBrokersThatAreAwayUntilAStop) {
  ASSERT_TRUE(cluster_->set_down(1, true));
  std::thread stopper([this] {
    std::this_thread::sleep_for(Millis(300));
    stop_.request();
  });
  EXPECT_EQ(refusal().kind, ErrorKind::interrupted);
  stopper.join();
}

TEST_F(KafkaSourceTest, WaitsForBrokersThatComeLate) {
  produce(8);
  ASSERT_TRUE(cluster_->set_down(1, true));
  std::thread healer([this] {
    std::this_thread::sleep_for(Millis(500));
    EXPECT_TRUE(cluster_->set_down(1, false));
  });
  Member member;
  open(member);
  healer.join();
  std::multiset<std::string> seen;
  run(member, seen, [&] { return seen.size() == 8; });
  EXPECT_TRUE(member.source->close());
}

TEST_F(KafkaSourceTest, StopsOnRefusedAuthorisation) {
  constexpr int kJoinGroup = 11;
  constexpr int kGroupAuthorizationFailed = 30;
  cluster_->fail_requests(kJoinGroup, kGroupAuthorizationFailed, 3);
  Member member;
  open(member);
  Status status;
  for (const auto deadline = clock_.now() + std::chrono::seconds(10);
       status && clock_.now() < deadline;) {
    auto batch = member.source->poll(10, Millis(50));
    if (!batch) status = tl::unexpected<Error>(batch.error());
  }
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::auth);
}

TEST_F(KafkaSourceTest, GivesHeadersAsJsonWhereTheyAreAskedFor) {
  auto producer = this->producer();
  const std::vector<Header> headers{{"trace", "a\"b"}, {"raw", "\xff"}, {"none", std::nullopt}};
  ASSERT_TRUE(producer->send({.value = "v", .partition = 0, .headers = headers}).value());
  ASSERT_TRUE(producer->flush(Millis(10'000)));
  options_.want_headers = true;
  options_.until_end = true;
  Member member;
  open(member);
  std::string json;
  for (const auto deadline = clock_.now() + std::chrono::seconds(10);
       json.empty() && clock_.now() < deadline;) {
    const auto batch = member.source->poll(10, Millis(50));
    ASSERT_TRUE(batch);
    for (const Record& record : batch->records) json = record.headers;
  }
  EXPECT_EQ(json, R"({"trace": "a\"b", "raw": {"base64": "/w=="}, "none": null})");
  EXPECT_TRUE(member.source->close());
}

// librdkafka reads 100,000 at most.
TEST_F(KafkaSourceTest, DoesNotTakeMoreHeadersThanCanBeReadForNone) {
  auto producer = this->producer();
  const std::vector<Header> headers(100'001, Header{"h", std::nullopt});
  ASSERT_TRUE(producer->send({.value = "v", .partition = 0, .headers = headers}).value());
  ASSERT_TRUE(producer->flush(Millis(10'000)));
  options_.want_headers = true;
  options_.until_end = true;
  Member member;
  open(member);
  RecordBatch batch;
  for (const auto deadline = clock_.now() + std::chrono::seconds(10);
       batch.empty() && clock_.now() < deadline;) {
    auto got = member.source->poll(10, Millis(50));
    ASSERT_TRUE(got);
    batch = std::move(*got);
  }
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_TRUE(batch.records[0].headers_too_large);
  EXPECT_EQ(batch.records[0].headers, "");
  EXPECT_FALSE(headers_of(batch, batch.records[0]));
  batch = {};
  EXPECT_TRUE(member.source->close());
}

}  // namespace
}  // namespace turntable
