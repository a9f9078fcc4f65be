// A lane that runs several INSERTs, into the tables of one store or of two.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "decode/json_decoder.h"
#include "delivery/fake_dead_letters.h"
#include "enrich/testing.h"
#include "lane/lane.h"
#include "row/cell.h"
#include "sink/fake_sink.h"
#include "source/fake_source.h"

namespace turntable {
namespace {

// All plays, those that are long, and those whose song is known.
constexpr const char* kPipeline = R"(
CREATE TABLE plays (id int NOT NULL, ms int) WITH (connector = 'x');
CREATE TABLE songs () WITH (connector = 'x');
CREATE TABLE history (id int) WITH (connector = 'x');
CREATE TABLE long_plays (id int) WITH (connector = 'x');
CREATE TABLE known_plays (id int) WITH (connector = 'x');
INSERT INTO history SELECT p.id FROM plays p;
INSERT INTO long_plays SELECT p.id FROM plays p WHERE p.ms > 100;
INSERT INTO known_plays SELECT p.id FROM plays p JOIN songs s ON s.id = p.id;
)";
constexpr size_t kHistory = 0;
constexpr size_t kLong = 1;
constexpr size_t kKnown = 2;

class SeveralInserts : public testing::Test {
 protected:
  // So many stores: one with all three tables, or one for each table.
  void open(size_t stores = 1, bool drop_missing = false) {
    const TestLookup songs{.csv = "id\n1\n2\n3\n", .options = {}, .drop_missing = drop_missing};
    auto plan = TestPipeline::make(kPipeline, {{"songs", songs}}, {});
    ASSERT_TRUE(plan) << plan.error().message;
    auto decoder = make_json_decoder({{"id", Type::int32, true}, {"ms", Type::int32, false}});
    ASSERT_TRUE(decoder);
    LaneParts parts{.decoder = std::move(*decoder),
                    .enricher = std::make_unique<Enricher>(*plan),
                    .dead_letters = std::make_unique<FakeDeadLetters>(letters_),
                    .targets = {{0, 0}, {0, 1}, {0, 2}}};
    if (stores > 1) parts.targets = {{0, 0}, {1, 0}, {2, 0}};
    for (size_t i = 0; i < stores; ++i) {
      auto sink = std::make_unique<FakeSink>();
      if (keep_positions_) sink->keep_positions_too();
      sinks_.push_back(sink.get());
      parts.stores.push_back(std::move(sink));
    }
    parts.positions_before = positions_before_;
    parts.forget_positions_before = [this]() -> Status {
      ++forgotten_;
      return {};
    };
    options_.flush[0].interval = Millis(0);
    options_.drain_bound = Millis(50);
    lane_ = std::make_unique<Lane>(options_, std::move(parts), stop_, clock_);
    auto source = std::make_unique<FakeSource>(topic_, *lane_);
    source_ = source.get();
    owned_source_ = std::move(source);
  }

  Status run() { return lane_->run(std::move(owned_source_)); }

  [[nodiscard]] std::vector<int32_t> ids(size_t insert) const {
    const FakeSink& sink = sinks_.size() == 1 ? *sinks_[0] : *sinks_[insert];
    std::vector<int32_t> ids;
    for (const std::string& row : sink.rows(sinks_.size() == 1 ? static_cast<uint32_t>(insert) : 0))
      ids.push_back(CellReader(row).next().int32());
    return ids;
  }

  void expect_books_balance() const {
    EXPECT_EQ(lane_->counts().consumed, lane_->counts().ended() + lane_->in_flight());
    for (const size_t insert : {kHistory, kLong, kKnown})
      EXPECT_EQ(lane_->counts(insert).consumed,
                lane_->counts(insert).ended() + lane_->in_flight(insert))
          << insert;
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

  StopToken stop_;
  SystemClock clock_;
  FakeTopic topic_;
  FakeDeadLetters::Log letters_;
  LaneOptions options_;
  bool keep_positions_ = false;  // Each store does.
  std::map<PartitionId, Position> positions_before_;
  int forgotten_ = 0;  // How often they were.
  std::vector<FakeSink*> sinks_;
  std::unique_ptr<FakeSource> owned_source_;
  FakeSource* source_ = nullptr;
  std::unique_ptr<Lane> lane_;
};

TEST_F(SeveralInserts, GiveEachRecordAnOutcomeOfItsOwn) {
  topic_.add(0, R"({"id":1,"ms":50})");
  topic_.add(0, R"({"id":2,"ms":500})");
  topic_.add(0, R"({"id":9,"ms":500})");
  topic_.add(0, "nonsense");
  open();
  ASSERT_TRUE(run());
  EXPECT_EQ(ids(kHistory), (std::vector<int32_t>{1, 2, 9}));
  EXPECT_EQ(ids(kLong), (std::vector<int32_t>{2, 9}));
  EXPECT_EQ(ids(kKnown), (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(letters_.durable,
            (std::vector<std::string>{"fake/0/3 json_syntax nonsense",
                                      "fake/0/2 2:unmatched {\"id\":9,\"ms\":500}"}));
  EXPECT_EQ(topic_.committed[0], 4);
  expect_books_balance();
  // Of the records, each as the worst that became of it.
  EXPECT_EQ(lane_->counts().written, 2U);
  EXPECT_EQ(lane_->counts().unmatched, 1U);
  EXPECT_EQ(lane_->counts().rejected, 1U);
  EXPECT_EQ(lane_->counts().dead_lettered, 2U);
  EXPECT_EQ(lane_->counts(kHistory).written, 3U);
  EXPECT_EQ(lane_->counts(kLong).written, 2U);
  EXPECT_EQ(lane_->counts(kLong).filtered, 1U);
  EXPECT_EQ(lane_->counts(kKnown).unmatched, 1U);
  EXPECT_EQ(lane_->counts(kKnown).dead_lettered, 2U);
  EXPECT_EQ(lane_->counts(kHistory).dead_lettered, 1U);
}

TEST_F(SeveralInserts, CommitNothingPastARowThatOneStoreHasNotAcknowledged) {
  for (int i = 1; i <= 3; ++i) topic_.add(0, fmt::format(R"({{"id":{},"ms":500}})", i));
  open(3);
  sinks_[kLong]->cork();
  std::thread other([this] {
    while (lane_->counts(kHistory).written < 3 || lane_->counts(kKnown).written < 3)
      std::this_thread::sleep_for(Millis(1));
    std::this_thread::sleep_for(Millis(50));
    EXPECT_TRUE(source_->stored().empty());
    EXPECT_EQ(lane_->counts().written, 0U);
    sinks_[kLong]->uncork();
  });
  ASSERT_TRUE(run());
  other.join();
  EXPECT_EQ(topic_.committed[0], 3);
  EXPECT_EQ(lane_->counts().written, 3U);
  expect_books_balance();
}

// As a cluster that is away beside one that is there.
TEST_F(SeveralInserts, GoOnIntoTheOtherStoresWhileOneIsAwayUntilTooMuchIsHeld) {
  constexpr size_t kRecordBytes = size_t{4} << 20;
  const std::string pad(kRecordBytes, ' ');
  for (int i = 1; i <= 60; ++i) topic_.add(0, fmt::format(R"({{"id":{},"ms":500}}{})", i, pad));
  options_.poll_records = 1;
  open(3);
  sinks_[kLong]->set_capacity(1);
  sinks_[kLong]->cork();
  std::thread other([this] {
    const uint64_t consumed = consumed_at_rest();
    EXPECT_EQ(consumed, (kHeldBytesLimit + options_.flush[0].bytes) / kRecordBytes);
    EXPECT_EQ(lane_->counts(kHistory).written, consumed);
    EXPECT_EQ(lane_->counts(kLong).written, 0U);
    EXPECT_TRUE(source_->stored().empty());
    sinks_[kLong]->uncork();
  });
  ASSERT_TRUE(run());
  other.join();
  EXPECT_EQ(ids(kLong).size(), 60U);
  EXPECT_EQ(topic_.committed[0], 60);
  expect_books_balance();
}

TEST_F(SeveralInserts, FinishARecordWithItsLetterOnlyWhenTheOtherRowsAreWritten) {
  topic_.add(0, R"({"id":9,"ms":500})");
  open();
  sinks_[0]->refuse_if([](std::string_view) { return true; }, "refused", kLong);
  ASSERT_TRUE(run());
  EXPECT_EQ(letters_.durable,
            (std::vector<std::string>{"fake/0/0 1:row_refused 2:unmatched {\"id\":9,\"ms\":500}"}))
      << "one letter with all faults";
  EXPECT_EQ(ids(kHistory), std::vector<int32_t>{9});
  EXPECT_EQ(lane_->counts().rejected, 1U);
  EXPECT_EQ(lane_->counts(kKnown).unmatched, 1U);
  EXPECT_EQ(lane_->counts(kLong).rejected, 1U);
  EXPECT_EQ(topic_.committed[0], 1);
  expect_books_balance();
}

TEST_F(SeveralInserts, FinishAtOnceWhatIsLeftOutOrDropped) {
  topic_.add(0, R"({"id":9,"ms":5})");
  open(1, true);
  ASSERT_TRUE(run());
  EXPECT_TRUE(letters_.durable.empty());
  EXPECT_EQ(lane_->counts().unmatched, 1U);
  EXPECT_EQ(lane_->counts(kKnown).unmatched, 1U);
  EXPECT_EQ(lane_->counts(kLong).filtered, 1U);
  EXPECT_EQ(lane_->counts(kHistory).written, 1U);
  EXPECT_EQ(topic_.committed[0], 1);
  expect_books_balance();
}

// Where several stores have rows, none can keep positions that are true in the others.
TEST_F(SeveralInserts, KeepPositionsBesideRowsInOneStoreOnly) {
  topic_.add(0, R"({"id":1,"ms":500})");
  keep_positions_ = true;
  open(3);
  EXPECT_FALSE(lane_->keeps_positions());
  ASSERT_TRUE(run());
  for (const FakeSink* sink : sinks_) {
    EXPECT_TRUE(sink->accompanied().empty());
    EXPECT_FALSE(sink->kept_position(0));
  }
  EXPECT_EQ(topic_.committed[0], 1);
}

// The source commits where it begins before it gives the first record.
TEST_F(SeveralInserts, ReadFromWhatAStoreHadWhenItWasAloneUntilThatIsCommitted) {
  positions_before_ = {{0, {0, 5}}};
  open(3);
  EXPECT_EQ(lane_->kept_position(0), (Position{0, 5}));
  EXPECT_FALSE(lane_->keeps_positions()) << "it does not go before the source's";
  ASSERT_TRUE(run());
  EXPECT_EQ(forgotten_, 0) << "no record came";
  EXPECT_TRUE(lane_->kept_position(0));

  sinks_.clear();
  topic_.add(0, R"({"id":1,"ms":500})");
  open(3);
  ASSERT_TRUE(run());
  EXPECT_EQ(forgotten_, 1);
  EXPECT_FALSE(lane_->kept_position(0));
}

TEST_F(SeveralInserts, GiveBackARecordThatOneStoreHasNotAcknowledged) {
  for (int i = 1; i <= 3; ++i) topic_.add(0, fmt::format(R"({{"id":{},"ms":500}})", i));
  options_.on_flush = [this](const Sink& store, size_t) {
    if (&store == sinks_[kKnown]) source_->revoke({0});
  };
  open(3);
  sinks_[kLong]->cork();
  std::thread driver([this] {
    while (lane_->counts().returned == 0) std::this_thread::yield();
    sinks_[kLong]->uncork();
  });
  ASSERT_TRUE(run());
  driver.join();
  EXPECT_EQ(lane_->counts().returned, 3U);
  EXPECT_EQ(lane_->counts().written, 0U);
  EXPECT_EQ(lane_->counts(kLong).returned, 3U);
  EXPECT_EQ(lane_->counts(kHistory).written, 3U);
  EXPECT_EQ(lane_->counts(kHistory).returned, 0U);
  EXPECT_EQ(topic_.committed[0], 0);
  expect_books_balance();
}

}  // namespace
}  // namespace turntable
