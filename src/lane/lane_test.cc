#include "lane/lane.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "decode/json_decoder.h"
#include "delivery/fake_dead_letters.h"
#include "row/cell.h"
#include "sink/fake_sink.h"
#include "source/fake_source.h"
#include "sql/binder.h"

namespace turntable {
namespace {

constexpr const char* kPipeline = R"(
CREATE TABLE plays (id int NOT NULL) WITH (connector = 'x');
CREATE TABLE history (id int, kafka_partition int, kafka_offset bigint) WITH (connector = 'x');
INSERT INTO history SELECT p.id, p.kafka_partition, p.kafka_offset FROM plays p;
)";

class LaneTest : public testing::Test {
 protected:
  void SetUp() override {
    sql::Faults faults{.file = "test.sql", .list = {}};
    const sql::Script script = sql::parse_script(kPipeline, {}, faults);
    ASSERT_TRUE(faults.empty()) << faults.text();
    auto program = sql::bind(script, {}, faults);
    ASSERT_TRUE(program) << faults.text();
    shared_ = EnrichPlan::make(std::move(*program), {{}}, {}).value();
    auto decoder = make_json_decoder({{"id", Type::int32, true}});
    ASSERT_TRUE(decoder);
    auto sink = std::make_unique<FakeSink>();
    sink_ = sink.get();
    options_.flush[0].interval = Millis(0);
    options_.drain_bound = Millis(50);
    parts_ = LaneParts{.decoder = std::move(*decoder),
                       .enricher = std::make_unique<Enricher>(shared_),
                       .dead_letters = std::make_unique<FakeDeadLetters>(letters_)};
    parts_.stores.push_back(std::move(sink));
  }

  void open() { open(clock_); }
  void open(const Clock& clock) {
    lane_ = std::make_unique<Lane>(options_, std::move(parts_), stop_, clock);
    auto source = std::make_unique<FakeSource>(topic_, *lane_);
    source_ = source.get();
    owned_source_ = std::move(source);
  }

  Status run() { return lane_->run(std::move(owned_source_)); }

  // "id@partition/offset" of every row that the sink took.
  [[nodiscard]] std::vector<std::string> rows() const {
    std::vector<std::string> out;
    for (const std::string& row : sink_->rows()) {
      CellReader reader(row);
      const int32_t id = reader.next().int32();
      const int32_t partition = reader.next().int32();
      out.push_back(fmt::format("{}@{}/{}", id, partition, reader.next().int64()));
    }
    return out;
  }

  static Schema shared_columns() {
    return {{"id", Type::int32}, {"kafka_partition", Type::int32}, {"kafka_offset", Type::int64}};
  }

  // Waits, while the lane runs on another thread, until nothing more is read for a while.
  [[nodiscard]] uint64_t consumed_at_rest() const {
    uint64_t consumed = 0;
    for (uint64_t before = ~0ULL; consumed != before || consumed == 0;) {
      before = consumed;
      std::this_thread::sleep_for(Millis(500));
      consumed = lane_->counts().consumed;
    }
    return consumed;
  }

  void expect_books_balance() {
    const Counts counts = lane_->counts();
    EXPECT_EQ(counts.consumed, counts.ended() + lane_->in_flight());
    const Counts of_insert = lane_->counts(0);
    EXPECT_EQ(of_insert.consumed, of_insert.ended() + lane_->in_flight(0));
  }

  StopToken stop_;
  SystemClock clock_;
  FakeTopic topic_;
  FakeDeadLetters::Log letters_;
  LaneOptions options_;
  LaneParts parts_;
  std::shared_ptr<const EnrichPlan> shared_;
  FakeSink* sink_ = nullptr;
  std::unique_ptr<FakeSource> owned_source_;
  FakeSource* source_ = nullptr;
  std::unique_ptr<Lane> lane_;
};

TEST_F(LaneTest, ShowsItselfAsOfOneMoment) {
  for (int i = 0; i < 20'000; ++i)
    topic_.add(i % 3, i % 10 == 0 ? "nonsense" : fmt::format("{{\"id\":{}}}", i));
  options_.shown = {{.columns = shared_columns(), .times = TimeUnit::micros}};
  open();
  EXPECT_EQ(lane_->figures().state, LaneState::starting);
  std::atomic<bool> ended{false};
  std::atomic<int> faults{0};
  std::thread reader([&] {
    for (uint64_t before = 0; !ended;) {
      const LaneFigures figures = lane_->figures();
      const bool adds_up = figures.counts.consumed == figures.counts.ended() + figures.in_flight;
      const InsertFigures& insert = figures.inserts.at(0);
      const bool insert_adds_up =
          insert.counts.consumed == insert.counts.ended() + insert.in_flight;
      faults += adds_up && insert_adds_up && figures.counts.consumed >= before ? 0 : 1;
      before = figures.counts.consumed;
    }
  });
  const Status status = run();
  ended = true;
  reader.join();
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(faults, 0);

  const LaneFigures figures = lane_->figures();
  EXPECT_EQ(figures.state, LaneState::ended);
  EXPECT_EQ(figures.counts.written, 18'000U);
  EXPECT_EQ(figures.counts.rejected, 2'000U);
  EXPECT_EQ(figures.in_flight, 0U);
  EXPECT_EQ(figures.batches.sum(), 20'000U);
  EXPECT_EQ(figures.flushes.sum(), 18'000U);
  EXPECT_EQ(figures.letters_by_reason[static_cast<size_t>(RejectCode::json_syntax)], 2'000U);
  EXPECT_EQ(figures.details->letters.size(), LetterQueue::kShownLimit);
  EXPECT_EQ(figures.details->letters.front().text, "nonsense");
  EXPECT_FALSE(figures.details->rows.empty());
  EXPECT_EQ(figures.details->positions.size(), 3U);
  EXPECT_GT(figures.last_record_us, 0);
  EXPECT_GT(figures.last_write_us, 0);
  EXPECT_GT(figures.turns, 0U);
}

// The envelope in which Debezium and Kafka Connect put their rows, where rows were expected.
TEST_F(LaneTest, AnEventWithNoneOfTheDeclaredFieldsIsADeadLetter) {
  parts_.decoder = make_json_decoder({{"id", Type::int32, false}}).value();
  topic_.add(0, R"({"before":null,"after":{"id":1},"op":"c"})");
  topic_.add(0, R"({"id":2})");
  topic_.add(0, "{}");
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(rows(), (std::vector<std::string>{"2@0/1"}));
  EXPECT_EQ(letters_.durable.size(), 2U);
  EXPECT_EQ(lane_->counts().rejected, 2U);
  EXPECT_EQ(topic_.committed[0], 3);
  expect_books_balance();
}

TEST_F(LaneTest, TakesEveryRecordToTheSinkAndCommitsBehindIt) {
  for (int i = 0; i < 5000; ++i) topic_.add(i % 2, fmt::format("{{\"id\":{}}}", i));
  open();
  const Status status = run();
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(rows().size(), 5000U);
  EXPECT_EQ(topic_.committed[0], 2500);
  EXPECT_EQ(topic_.committed[1], 2500);
  EXPECT_EQ(lane_->counts().written, 5000U);
  EXPECT_EQ(lane_->in_flight(), 0U);
  expect_books_balance();
}

TEST_F(LaneTest, KeepsMalformedRecordsAsDeadLettersAndGoesOn) {
  topic_.add(0, "{\"id\":1}");
  topic_.add(0, "nonsense");
  topic_.add(0, "{\"id\":3}");
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(rows(), (std::vector<std::string>{"1@0/0", "3@0/2"}));
  EXPECT_EQ(letters_.durable, (std::vector<std::string>{"fake/0/1 json_syntax nonsense"}));
  EXPECT_EQ(lane_->counts().rejected, 1U);
  EXPECT_EQ(lane_->counts().dead_lettered, 1U);
  EXPECT_EQ(topic_.committed[0], 3);
  expect_books_balance();
}

TEST_F(LaneTest, CommitsABatchOfWhichNothingBecomesARow) {
  topic_.add(0, "x");
  topic_.add(0, "y");
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(topic_.committed[0], 2);
  EXPECT_EQ(sink_->submits(), 0U);
}

TEST_F(LaneTest, StoresNothingPastADeadLetterThatIsNotDurable) {
  topic_.add(0, "{\"id\":1}");
  topic_.add(0, "nonsense");
  topic_.add(0, "{\"id\":3}");
  letters_.failures = 1;
  letters_.error = {ErrorKind::failed, "the folder is gone"};
  open();
  const Status status = run();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "the folder is gone");
  EXPECT_LE(topic_.committed[0], 1);
  expect_books_balance();
}

TEST_F(LaneTest, StoresNothingPastADeadLetterThatWasTakenAway) {
  topic_.add(0, "{\"id\":1}");
  topic_.add(0, "nonsense");
  letters_.gone = true;
  open();
  const Status status = run();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "the letters are gone");
  EXPECT_LE(topic_.committed[0], 1);
  EXPECT_EQ(letters_.let_go, 0);
  expect_books_balance();
}

TEST_F(LaneTest, HoldsPositionsPastDeadLettersUntilTheyAreKnownToBeThere) {
  topic_.add(0, "nonsense");
  letters_.doubts = 2;
  letters_.on_doubt = [this] { EXPECT_TRUE(source_->stored().empty()); };
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(letters_.asked, 3U);
  EXPECT_EQ(topic_.committed[0], 1);
  EXPECT_EQ(letters_.let_go, 1);
}

// The letter is durable long before its row, which holds the position.
TEST_F(LaneTest, NoPositionGoesWithRowsPastDeadLettersThatMayBeGone) {
  topic_.add(0, "{\"id\":1}");
  topic_.add(0, "nonsense");
  options_.flush[0].interval = Millis(500);
  sink_->keep_positions_too();
  letters_.doubts = 1;
  letters_.on_doubt = [this] { EXPECT_EQ(letters_.durable.size(), 1U); };
  open();
  source_->set_bounded(false);
  sink_->refuse_if([this](std::string_view) {
    stop_.request();
    return false;
  });
  ASSERT_TRUE(run());
  EXPECT_EQ(letters_.doubts, 0);
  EXPECT_TRUE(sink_->accompanied().empty());
  EXPECT_EQ(sink_->kept_position(0)->next, 2) << "it came when they were known to be there";
  EXPECT_EQ(topic_.committed[0], 2);
}

TEST_F(LaneTest, AsksTenTimesASecondAtMostWhetherDeadLettersAreThere) {
  for (int i = 0; i < 20'000; ++i) topic_.add(0, i % 2 == 0 ? "nonsense" : "{\"id\":1}");
  options_.poll_records = 4;
  open();
  const SteadyTime begun = clock_.now();
  ASSERT_TRUE(run());
  const auto took = std::chrono::duration_cast<Millis>(clock_.now() - begun);
  EXPECT_EQ(topic_.committed[0], 20'000);
  EXPECT_GE(letters_.asked, 1U);
  EXPECT_LE(letters_.asked, static_cast<uint64_t>(took.count() / 100) + 1);
}

TEST_F(LaneTest, LetsGoOfDeadLettersOncePositionsBehindThemAreStored) {
  topic_.add(0, "{\"id\":1}");
  topic_.add(0, "nonsense");
  topic_.add(1, "nonsense");
  topic_.add(1, "{\"id\":3}");
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(letters_.let_go, 1);
}

TEST_F(LaneTest, TriesDeadLettersAgainWhereTheFaultPasses) {
  topic_.add(0, "nonsense");
  letters_.failures = 2;
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(letters_.durable.size(), 1U);
  EXPECT_EQ(topic_.committed[0], 1);
}

// Time passes only by sleeping, and is not asked for again and again.
class SleepingClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override {
    EXPECT_NE(++asked_, 10'000) << "somebody waits without sleeping";
    if (asked_ >= 10'000) clock_.advance(Millis(1'000));
    return clock_.now();
  }
  [[nodiscard]] WallTime wall() const override { return clock_.wall(); }
  void sleep(Millis time) const override { clock_.sleep(time); }

 private:
  mutable ManualClock clock_;
  mutable int asked_ = 0;
};

TEST_F(LaneTest, SleepsWhileOnlyDeadLettersWaitForTheirDisk) {
  topic_.add(0, "nonsense");
  letters_.failures = 5;
  const SleepingClock clock;
  lane_ = std::make_unique<Lane>(options_, std::move(parts_), stop_, clock);
  ASSERT_TRUE(lane_->run(std::make_unique<FakeSource>(topic_, *lane_)));
  EXPECT_EQ(letters_.durable.size(), 1U);
  EXPECT_EQ(topic_.committed[0], 1);
}

// Nothing is in flight any more as the file cannot be written: without its positions the next run
// would write the letters again.
TEST_F(LaneTest, EndsOnlyWhenTheSinkHasKeptThePositionsBehindTheLastLetters) {
  for (int i = 0; i < 10; ++i) topic_.add(0, "nonsense");
  sink_->keep_positions_too();
  sink_->fail_next_keep(5, {ErrorKind::transient, "the disk is full"});
  const SleepingClock clock;
  lane_ = std::make_unique<Lane>(options_, std::move(parts_), stop_, clock);
  auto source = std::make_unique<FakeSource>(topic_, *lane_);
  ASSERT_TRUE(lane_->run(std::move(source)));
  EXPECT_EQ(letters_.durable.size(), 10U);
  EXPECT_EQ(topic_.committed[0], 10);
}

TEST_F(LaneTest, GivesAPartitionBackWithItsPositionsKept) {
  topic_.add(0, "nonsense");
  options_.drain_bound = Millis(5'000);
  sink_->keep_positions_too();
  int failures = 0;
  sink_->fail_next_keep(3, {ErrorKind::transient, "the disk is full"}, [&] {
    if (++failures == 1) source_->revoke({0});
    if (failures == 2) stop_.request();  // Inside the revoke.
  });
  open();
  source_->set_bounded(false);
  ASSERT_TRUE(run());
  EXPECT_EQ(failures, 3);
  EXPECT_EQ(topic_.committed[0], 1);
  EXPECT_EQ(lane_->counts().returned, 0U);
}

// As SQLite is with a file of events: each transaction is full until its outcome is reported.
TEST_F(LaneTest, StoresPositionsBesideAFullSinkThatKeepsNone) {
  topic_.add(0, "nonsense");
  topic_.add(0, "{\"id\":1}");
  sink_->set_capacity(1);
  sink_->cork();
  open();
  Status outcome;
  std::thread thread([&] { outcome = run(); });
  while (lane_->counts().rejected == 0) std::this_thread::sleep_for(Millis(1));
  std::this_thread::sleep_for(Millis(50));
  sink_->uncork();
  thread.join();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(rows(), std::vector<std::string>{"1@0/1"});
  EXPECT_EQ(topic_.committed[0], 2);
}

// Or the loss would be counted by every run, where no record follows it.
TEST_F(LaneTest, KeepsThePositionBehindWhatWillNotCome) {
  for (int i = 0; i < 10; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  topic_.committed[0] = 4;
  sink_->keep_positions_too();
  open();
  source_->pass(0, 10);
  ASSERT_TRUE(run());
  EXPECT_TRUE(rows().empty());
  EXPECT_EQ(topic_.committed[0], 10);
  EXPECT_EQ(lane_->kept_position(0), (Position{0, 10}));
}

// An earlier run's clock was ahead, and the source has no commits that would say so.
TEST_F(LaneTest, GivesWriteTimesAboveThoseOfTheRowsThatAreThere) {
  constexpr int64_t kAhead = 4'000'000'000'000'000;
  for (const WriteTimeRule rule : {WriteTimeRule::delivery, WriteTimeRule::record}) {
    SetUp();
    topic_ = {};
    topic_.add(0, R"({"id":1})");
    options_.write_times = rule;
    sink_->keep_positions_too();
    sink_->set_highest_write_time(kAhead);
    open();
    ASSERT_TRUE(run());
    const auto& positions = sink_->accompanied().at(0).if_all_written;
    ASSERT_EQ(positions.size(), 1U);
    // The record has no time of its own, which would count under the other rule.
    EXPECT_EQ(positions[0].write_time_us, kAhead + 1);
  }
}

TEST_F(LaneTest, FinishesWhatABrokenSourceGaveHoweverSlowTheSinkIs) {
  for (int i = 0; i < 10; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  sink_->cork();
  options_.on_flush = [this](const Sink&, size_t) {
    source_->fail_for_good({ErrorKind::failed, "a batch cannot be read"});
  };
  open();
  std::thread driver([this] {
    while (sink_->in_flight() < 10) std::this_thread::yield();
    // Longer than the lane waits before it says that it is alive.
    std::this_thread::sleep_for(Millis(1500));
    sink_->uncork();
  });
  const Status status = run();
  driver.join();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "a batch cannot be read");
  EXPECT_GT(source_->keep_alives(), 0);
  EXPECT_EQ(lane_->in_flight(), 0U);
  EXPECT_EQ(topic_.committed[0], 10);
}

TEST_F(LaneTest, StopsOnAFailureOfTheSinkWithOffsetsHeld) {
  for (int i = 0; i < 100; ++i) topic_.add(0, "{\"id\":1}");
  sink_->fail_next(1, {ErrorKind::schema, "the table is gone"});
  open();
  const Status status = run();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::schema);
  EXPECT_EQ(topic_.committed[0], 0);
  EXPECT_EQ(lane_->in_flight(), 100U);
  expect_books_balance();
}

TEST_F(LaneTest, ARowThatTheSinkRefusesBecomesADeadLetterWithItsBytes) {
  for (int i = 0; i < 10; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  sink_->refuse_if([](std::string_view row) { return CellReader(row).next().int32() == 4; });
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(rows().size(), 9U);
  EXPECT_EQ(letters_.durable, (std::vector<std::string>{"fake/0/4 0:row_refused {\"id\":4}"}));
  EXPECT_EQ(topic_.committed[0], 10);
  expect_books_balance();
}

// ---- Tombstones ----

TEST_F(LaneTest, TombstonesInARowDoNotStopTheRun) {
  for (int i = 0; i < 1'200; ++i) topic_.partitions[0].push_back({"", false, std::to_string(i)});
  topic_.add(0, R"({"id":1})");
  options_.max_reject_ratio = 0.5;
  open();
  const Status status = run();
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(rows(), (std::vector<std::string>{"1@0/1200"}));
  EXPECT_EQ(letters_.durable.size(), 1'200U);
  EXPECT_EQ(letters_.durable.front(), "fake/0/0 empty_value ");
  EXPECT_EQ(lane_->counts().rejected, 1'200U);
  EXPECT_EQ(lane_->counts().tombstones, 0U);
  EXPECT_EQ(topic_.committed[0], 1'201);
  expect_books_balance();
}

// They are no part of the ratio: neither do they stop the run, nor hide that most of the rest is
// malformed. A value that is there and empty is malformed.
TEST_F(LaneTest, TombstonesDoNotHideThatMostRecordsAreMalformed) {
  for (const Tombstones rule : {Tombstones::dead_letter, Tombstones::skip}) {
    SetUp();
    topic_ = {};
    letters_ = {};
    for (int i = 0; i < 3'000; ++i) {
      for (int tombstones = 0; tombstones < 3; ++tombstones)
        topic_.partitions[0].push_back({"", false, {}});
      topic_.add(0, i % 3 == 0 ? R"({"id":1})" : "");
    }
    options_.max_reject_ratio = 0.5;
    options_.tombstones = rule;
    open();
    const Status status = run();
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("of the last"), std::string::npos)
        << status.error().message;
    EXPECT_LT(lane_->counts().consumed, 12'000U);
    expect_books_balance();
  }
}

TEST_F(LaneTest, TombstonesThatAreSkippedAreCountedAndPassed) {
  topic_.add(0, R"({"id":1})");
  for (int i = 0; i < 1'200; ++i) topic_.partitions[0].push_back({"", false, "k"});
  topic_.add(0, "");
  options_.max_reject_ratio = 0.5;
  options_.tombstones = Tombstones::skip;
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(letters_.durable, (std::vector<std::string>{"fake/0/1201 empty_value "}));
  EXPECT_EQ(lane_->counts().written, 1U);
  EXPECT_EQ(lane_->counts().tombstones, 1'200U);
  EXPECT_EQ(lane_->counts(0).tombstones, 1'200U);
  EXPECT_EQ(lane_->counts().rejected, 1U);
  EXPECT_EQ(topic_.committed[0], 1'202);
  expect_books_balance();
}

// Into a table without a key, of which no column is made of the records' key.
TEST_F(LaneTest, TombstonesThatDeleteAreCountedWhenTheStoreHasDeleted) {
  topic_.add(0, R"({"id":1})");
  for (int i = 0; i < 1'200; ++i) topic_.partitions[0].push_back({"", false, "k"});
  topic_.add(0, "");
  options_.max_reject_ratio = 0.5;
  options_.tombstones = Tombstones::delete_row;
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(letters_.durable, (std::vector<std::string>{"fake/0/1201 empty_value "}));
  EXPECT_EQ(rows(), (std::vector<std::string>{"1@0/0"}));
  EXPECT_EQ(sink_->deletions().size(), 1'200U);
  EXPECT_EQ(lane_->counts().written, 1U);
  EXPECT_EQ(lane_->counts().deleted, 1'200U);
  EXPECT_EQ(lane_->counts(0).deleted, 1'200U);
  EXPECT_EQ(lane_->counts().tombstones, 0U);
  EXPECT_EQ(lane_->counts().rejected, 1U);
  EXPECT_EQ(topic_.committed[0], 1'202);
  expect_books_balance();
}

TEST_F(LaneTest, DeletionsThatTheStoreRefusesDoNotStopTheRun) {
  for (int i = 0; i < 1'200; ++i) topic_.partitions[0].push_back({"", false, "k"});
  topic_.add(0, R"({"id":1})");
  options_.max_reject_ratio = 0.5;
  options_.tombstones = Tombstones::delete_row;
  sink_->refuse_if([](std::string_view row) { return CellReader(row).next().is_null(); });
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(rows(), (std::vector<std::string>{"1@0/1200"}));
  EXPECT_EQ(letters_.durable.size(), 1'200U);
  EXPECT_EQ(letters_.durable.front(), "fake/0/0 0:row_refused ");
  EXPECT_EQ(lane_->counts().rejected, 1'200U);
  expect_books_balance();
}

TEST_F(LaneTest, ADeletionThatIsNotAcknowledgedHoldsThePosition) {
  topic_.partitions[0].push_back({"", false, "k"});
  topic_.add(0, R"({"id":1})");
  options_.tombstones = Tombstones::delete_row;
  sink_->fail_next_reap(1, {ErrorKind::failed, "the store is gone"});
  open();
  ASSERT_FALSE(run());
  EXPECT_EQ(topic_.committed[0], 0);
  EXPECT_EQ(lane_->counts().deleted, 0U);
  expect_books_balance();
}

TEST_F(LaneTest, StopsWhereTheSinkRefusesMostRows) {
  for (int i = 0; i < 5000; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  options_.max_reject_ratio = 0.5;
  options_.poll_records = 100;
  sink_->refuse_if([](std::string_view) { return true; });
  open();
  const Status status = run();
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("rows were refused by"), std::string::npos);
  EXPECT_LT(lane_->counts().consumed, 5000U);
  EXPECT_EQ(letters_.durable.size(), lane_->counts().consumed);
  EXPECT_EQ(topic_.committed[0], static_cast<Offset>(lane_->counts().consumed));
}

// Refusals of a whole flush come at once, and are some of many rows all the same.
TEST_F(LaneTest, GoesOnWhereTheSinkRefusesSomeRowsOfALargeFlush) {
  for (int i = 0; i < 40'000; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  options_.max_reject_ratio = 0.5;
  options_.flush[0].rows = 10'000;
  options_.flush[0].interval = Millis(3'600'000);
  int rows = 0;
  sink_->refuse_if([&rows](std::string_view) { return ++rows % 3 == 0; });
  open();
  const Status status = run();
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(lane_->counts().consumed, 40'000U);
  EXPECT_EQ(letters_.durable.size(), 13'333U);
}

// Rows of a partition that was given back still go to the sink, and are no sign that all else is
// finished.
TEST_F(LaneTest, LetsNoPositionPassADeadLetterThatWaitsWhateverRowsAreSent) {
  topic_.add(0, "{\"id\":1}");
  topic_.add(1, "nonsense");
  options_.flush[0].interval = Millis(3'600'000);
  sink_->keep_positions_too();
  letters_.failures = 3;
  letters_.on_failure = [this] {
    if (letters_.failures == 2) source_->revoke({0}, true);
    if (letters_.failures == 1) stop_.request();
  };
  open();
  source_->set_bounded(false);
  ASSERT_TRUE(run());
  EXPECT_EQ(lane_->counts().returned, 1U);
  EXPECT_EQ(sink_->rows().size(), 1U);
  EXPECT_EQ(letters_.durable.size(), 1U);
  EXPECT_TRUE(sink_->accompanied().empty()) << "the letter was not durable yet";
  EXPECT_EQ(topic_.committed[1], 1);
}

TEST_F(LaneTest, AStopDrainsAndCommits) {
  for (int i = 0; i < 100; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  options_.poll_records = 10;
  sink_->refuse_if([this](std::string_view row) {
    if (CellReader(row).next().int32() == 25) stop_.request();
    return false;
  });
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(rows().size(), 30U);
  EXPECT_EQ(topic_.committed[0], 30);
  expect_books_balance();
}

TEST_F(LaneTest, GivesBackWhatIsNotAcknowledgedInTimeAndDropsTheLateAcknowledgement) {
  for (int i = 0; i < 20; ++i) topic_.add(i % 2, fmt::format("{{\"id\":{}}}", i));
  sink_->cork();
  // Called on the lane's thread, just before its 20 rows go to the sink: the next poll finds
  // partition 0 taken away.
  options_.on_flush = [this](const Sink&, size_t) { source_->revoke({0}); };
  open();
  std::thread driver([this] {
    while (lane_->counts().returned == 0) std::this_thread::yield();
    sink_->uncork();
  });
  ASSERT_TRUE(run());
  driver.join();
  EXPECT_EQ(sink_->acknowledged(), 20U);
  EXPECT_EQ(lane_->counts().written, 10U);
  EXPECT_EQ(lane_->counts().returned, 10U);
  EXPECT_EQ(topic_.committed[0], 0);
  EXPECT_EQ(topic_.committed[1], 10);
  expect_books_balance();
}

TEST_F(LaneTest, StoresWhatIsAcknowledgedWhileItGivesAPartitionBack) {
  for (int i = 0; i < 20; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  options_.on_flush = [this](const Sink&, size_t) { source_->revoke({0}); };
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(lane_->counts().written, 20U);
  EXPECT_EQ(lane_->counts().returned, 0U);
  EXPECT_EQ(topic_.committed[0], 20);
}

TEST_F(LaneTest, StoresNothingForAPartitionThatIsLost) {
  for (int i = 0; i < 20; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  sink_->cork();
  options_.on_flush = [this](const Sink&, size_t) { source_->revoke({0}, true); };
  open();
  std::thread driver([this] {
    while (lane_->counts().returned == 0) std::this_thread::yield();
    sink_->uncork();
  });
  ASSERT_TRUE(run());
  driver.join();
  EXPECT_EQ(topic_.committed[0], 0);
  EXPECT_EQ(lane_->counts().returned, 20U);
  expect_books_balance();
}

TEST_F(LaneTest, StaysAliveInTheGroupWhileTheSinkIsFull) {
  for (int i = 0; i < 100; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  options_.poll_records = 10;
  options_.flush[0].rows = 10;
  sink_->set_capacity(10);
  sink_->cork();
  open();
  std::thread driver([this] {
    while (sink_->in_flight() < 10) std::this_thread::yield();
    // Longer than the lane waits before it says that it is alive.
    std::this_thread::sleep_for(Millis(1500));
    sink_->uncork();
  });
  ASSERT_TRUE(run());
  driver.join();
  EXPECT_GT(source_->keep_alives(), 0);
  EXPECT_EQ(rows().size(), 100U);
  EXPECT_EQ(topic_.committed[0], 100);
}

TEST_F(LaneTest, FlushesExactlyWhenRowsAreFull) {
  for (int i = 0; i < 25; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  options_.flush[0].interval = Millis(60'000);
  options_.flush[0].rows = 10;
  std::vector<size_t> flushes;
  options_.on_flush = [&flushes](const Sink&, size_t rows) { flushes.push_back(rows); };
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(flushes, (std::vector<size_t>{10, 10, 5}));
}

// A clock on which each look takes a millisecond.
class SlowClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override { return SteadyTime(Millis(++looks_)); }
  [[nodiscard]] WallTime wall() const override { return WallTime(Millis(++looks_)); }
  void sleep(Millis time) const override { looks_ += time.count(); }

 private:
  mutable int64_t looks_ = 0;
};

TEST_F(LaneTest, GathersRowsForAMomentWhileTheSinkIsBusy) {
  for (int i = 0; i < 1'000; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  options_.poll_records = 1;
  sink_->set_busy(true);
  std::vector<size_t> flushes;
  options_.on_flush = [&flushes](const Sink&, size_t rows) { flushes.push_back(rows); };
  const SlowClock clock;
  open(clock);
  ASSERT_TRUE(run());
  EXPECT_EQ(rows().size(), 1'000U);
  EXPECT_LT(flushes.size(), 400U) << "rows go together";
  EXPECT_GT(flushes.size(), 40U) << "and not only when the sink has nothing else to do";
}

// As SQLite is where it is the bottleneck: full, but for the moment between two transactions.
TEST_F(LaneTest, StoresPositionsAndLetsGoOfDeadLettersWhileTheSinkIsTheBottleneck) {
  constexpr int kRecords = 2'000;
  for (int i = 0; i < kRecords; ++i) {
    topic_.add(0, i == 15 ? "nonsense" : fmt::format("{{\"id\":{}}}", i));
  }
  options_.poll_records = 10;
  options_.flush[0].rows = 10;
  sink_->keep_positions_too();
  sink_->set_capacity(1);
  sink_->take_a_moment();
  std::map<PartitionId, Offset> stored;
  int let_go = 0;
  options_.on_flush = [&](const Sink&, size_t) {
    if (source_->lag() == 0) return;  // The end stores everything.
    stored = source_->stored();
    let_go = letters_.let_go;
  };
  const SlowClock clock;
  open(clock);
  ASSERT_TRUE(run());
  EXPECT_EQ(topic_.committed[0], kRecords);
  EXPECT_GT(stored[0], kRecords - 100);
  EXPECT_EQ(let_go, 1);
}

// They are not kept, so there is nothing to ask and nothing to hold positions for.
TEST_F(LaneTest, AsksNothingAboutDeadLettersThatAreDropped) {
  for (int i = 0; i < 10; ++i) topic_.add(0, "nonsense");
  letters_.keeps = false;
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(lane_->counts().rejected, 10U);
  EXPECT_EQ(lane_->counts().dead_lettered, 0U);
  EXPECT_EQ(letters_.asked, 0U);
  EXPECT_EQ(letters_.let_go, 0);
  EXPECT_EQ(topic_.committed[0], 10);
}

TEST_F(LaneTest, SendsEachRowAtOnceWhereTheSinkIsNotBusy) {
  for (int i = 0; i < 25; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  options_.poll_records = 1;
  const ManualClock clock;
  open(clock);
  ASSERT_TRUE(run());
  EXPECT_EQ(sink_->submits(), 25U);
}

// However short flush_interval is: what is read meanwhile goes together once the sink takes more.
TEST_F(LaneTest, ReadsOnWhileTheSinkIsFullUntilTheRowsAre) {
  for (int i = 0; i < 100; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}", i));
  options_.poll_records = 10;
  options_.flush[0].rows = 50;
  sink_->set_capacity(1);
  open();
  sink_->cork();
  std::thread other([this] {
    EXPECT_EQ(consumed_at_rest(), 60U) << "ten rows are in the sink";
    sink_->uncork();
  });
  ASSERT_TRUE(run());
  other.join();
  EXPECT_EQ(rows().size(), 100U);
}

// Records are much larger than their rows: what counts is what is held.
TEST_F(LaneTest, BoundsTheBytesOfRecordsThatAreNotSettled) {
  constexpr size_t kRecordBytes = size_t{4} << 20;
  constexpr int kRecords = 60;
  const std::string pad(kRecordBytes, ' ');
  for (int i = 0; i < kRecords; ++i) topic_.add(0, fmt::format("{{\"id\":{}}}{}", i, pad));
  options_.flush[0].interval = Millis(3'600'000);
  options_.poll_records = 1;
  open();
  sink_->cork();
  std::thread other([this] {
    EXPECT_EQ(consumed_at_rest(), (kHeldBytesLimit + options_.flush[0].bytes) / kRecordBytes);
    sink_->uncork();
  });
  ASSERT_TRUE(run());
  other.join();
  EXPECT_EQ(rows().size(), static_cast<size_t>(kRecords));
  EXPECT_EQ(topic_.committed[0], kRecords);
  expect_books_balance();
}

}  // namespace
}  // namespace turntable
