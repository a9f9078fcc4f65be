#include "lane/position_keeper.h"

#include <gtest/gtest.h>

#include "delivery/fake_dead_letters.h"
#include "sink/fake_sink.h"

namespace turntable {
namespace {

// Takes positions, and says what it was told.
class Taker final : public Source {
 public:
  [[nodiscard]] Result<RecordBatch> poll(size_t, Millis) override { return RecordBatch{}; }
  [[nodiscard]] Status keep_alive() override { return {}; }
  void store(PartitionId partition, Offset next) override { stored[partition] = next; }
  void note_write_time(PartitionId partition, int64_t last_us) override {
    noted[partition] = last_us;
  }
  [[nodiscard]] Status commit() override { return {}; }
  [[nodiscard]] bool at_end() const override { return true; }
  [[nodiscard]] int64_t lag() const override { return 0; }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return "a source"; }
  [[nodiscard]] Status close() override { return {}; }

  std::map<PartitionId, Offset> stored;
  std::map<PartitionId, int64_t> noted;
};

class PositionKeeperTest : public testing::Test {
 protected:
  void open(bool beside_rows, WriteTimeRule rule = WriteTimeRule::none) {
    store_.keep_positions_too();
    write_times_.emplace(rule);
    keeper_.emplace(PositionKeeper::Parts{.ledger = ledger_,
                                          .write_times = *write_times_,
                                          .letters = letters_,
                                          .store = beside_rows ? &store_ : nullptr,
                                          .clock = clock_,
                                          .retry = {}});
    keeper_->set_source(source_);
    ledger_.assign(0);
  }
  Origin deliver() {
    Record& record = batch_.records.emplace_back();
    record.offset = next_++;
    write_times_->give(record, 1'000);
    return ledger_.deliver(0, record.offset);
  }
  void write(const Origin& origin) {
    (void)ledger_.settle(origin, InsertSet::all(), Outcome::written);
  }
  // A record whose letter is durable.
  void reject() {
    const Origin origin = deliver();
    letters_.add(batch_, origin,
                 {.row = static_cast<uint32_t>(batch_.size() - 1), .code = RejectCode::null_key});
    EXPECT_TRUE(letters_.flush().value());
  }

  ManualClock clock_;
  FakeDeadLetters::Log log_;
  RecordBatch batch_;
  Offset next_ = 0;
  Ledger ledger_{1};
  Accounting accounting_{1};
  LetterQueue letters_{std::make_unique<FakeDeadLetters>(log_), ledger_, accounting_, clock_, {}};
  std::optional<WriteTimes> write_times_;
  FakeSink store_;
  Taker source_;
  std::optional<PositionKeeper> keeper_;
};

TEST_F(PositionKeeperTest, GivesTheSourceThePositionBehindWhatIsFinished) {
  open(false);
  const Origin first = deliver();
  const Origin second = deliver();
  write(second);
  ASSERT_TRUE(keeper_->store());
  EXPECT_TRUE(source_.stored.empty());
  write(first);
  ASSERT_TRUE(keeper_->store());
  EXPECT_EQ(source_.stored[0], 2);
  EXPECT_EQ(keeper_->stored().at(0).next, 2);
  EXPECT_EQ(keeper_->waiting(), 0U);
  EXPECT_FALSE(store_.kept_position(0)) << "it is not asked";
}

TEST_F(PositionKeeperTest, GivesThemToTheStoreFirst) {
  open(true);
  write(deliver());
  store_.fail_next_keep(1, {ErrorKind::transient, "the disk is full"});
  ASSERT_TRUE(keeper_->store());
  EXPECT_TRUE(source_.stored.empty()) << "the store has not kept it";
  EXPECT_EQ(keeper_->waiting(), 1U);
  ASSERT_TRUE(keeper_->store());
  EXPECT_TRUE(source_.stored.empty()) << "the next try is not due";
  keeper_->hurry();
  ASSERT_TRUE(keeper_->store());
  EXPECT_EQ(store_.kept_position(0)->next, 1);
  EXPECT_EQ(source_.stored[0], 1);
  store_.fail_next_keep(1, {ErrorKind::schema, "the table is gone"});
  write(deliver());
  EXPECT_FALSE(keeper_->store());
}

TEST_F(PositionKeeperTest, WaitsUntilTheStoreHasNoRowsAtHand) {
  open(true);
  write(deliver());
  store_.set_capacity(0);
  ASSERT_TRUE(keeper_->store());
  EXPECT_TRUE(source_.stored.empty());
  store_.set_capacity(1);
  ASSERT_TRUE(keeper_->store());
  EXPECT_EQ(source_.stored[0], 1);
}

TEST_F(PositionKeeperTest, StoresNothingPastLettersThatMayBeGone) {
  open(false);
  reject();
  log_.doubts = 1;
  ASSERT_TRUE(keeper_->store());
  EXPECT_TRUE(source_.stored.empty());
  clock_.advance(Millis(100));
  ASSERT_TRUE(keeper_->store());
  EXPECT_EQ(source_.stored[0], 1);
  EXPECT_EQ(log_.let_go, 1);
  reject();
  log_.gone = true;
  clock_.advance(Millis(100));
  EXPECT_FALSE(keeper_->store());
  EXPECT_EQ(source_.stored[0], 1);
}

TEST_F(PositionKeeperTest, SendsPositionsWithRowsWhereTheRowsAreAllThatIsUnfinished) {
  open(true);
  deliver();
  ASSERT_EQ(keeper_->with_rows().if_all_written.size(), 1U);
  EXPECT_EQ(keeper_->with_rows().if_all_written[0].next, 1);
  EXPECT_TRUE(keeper_->with_rows().in_any_case.empty());
  // Other rows are on their way.
  RowBatches rows;
  rows.tables.resize(1);
  rows.tables[0].ends = {0};
  rows.tables[0].origins.resize(1);
  store_.cork();
  ASSERT_TRUE(store_.submit(rows));
  EXPECT_TRUE(keeper_->with_rows().empty());
}

TEST_F(PositionKeeperTest, SendsNoPositionWithRowsPastAFaultThatWaits) {
  open(true);
  const Origin origin = deliver();
  letters_.add(batch_, origin, {.row = 0, .code = RejectCode::null_key});
  EXPECT_TRUE(keeper_->with_rows().empty());
}

TEST_F(PositionKeeperTest, SendsWriteTimesWithRowsInAnyCase) {
  open(true, WriteTimeRule::delivery);
  write(deliver());
  const Accompaniment positions = keeper_->with_rows();
  ASSERT_EQ(positions.in_any_case.size(), 1U);
  EXPECT_EQ(positions.in_any_case[0],
            (Position{.partition = 0, .next = 1, .write_time_us = 1'000}));
  ASSERT_TRUE(keeper_->store());
  EXPECT_EQ(source_.noted[0], 1'000) << "before the position";
  deliver();
  const std::vector<PartitionId> partitions{0};
  keeper_->note_write_times(partitions);
  EXPECT_EQ(source_.noted[0], 1'001);
}

TEST_F(PositionKeeperTest, ForgetsPositionsOfPartitionsThatAreGivenBack) {
  open(true);
  write(deliver());
  store_.fail_next_keep(1, {ErrorKind::transient, "the disk is full"});
  ASSERT_TRUE(keeper_->store());
  const std::vector<PartitionId> partitions{0};
  keeper_->forget(partitions);
  EXPECT_EQ(keeper_->waiting(), 0U);
}

}  // namespace
}  // namespace turntable
