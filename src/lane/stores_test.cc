#include "lane/stores.h"

#include <gtest/gtest.h>

#include "sink/fake_sink.h"

namespace turntable {
namespace {

class StoresTest : public testing::Test {
 protected:
  // INSERT 0 and 2 go to the first store, INSERT 1 to the second.
  StoresTest() {
    std::vector<std::unique_ptr<Sink>> sinks;
    for (FakeSink*& sink : sinks_) {
      auto owned = std::make_unique<FakeSink>();
      sink = owned.get();
      sinks.push_back(std::move(owned));
    }
    stores_.emplace(std::move(sinks), std::vector<RowTarget>{{0, 0}, {1, 0}, {0, 1}},
                    Stores::Options{.flush = {{.interval = Millis(1'000), .rows = 10}}}, clock_);
  }

  void add_rows(size_t insert, size_t rows) {
    RowBatch& batch = *stores_->rows_by_insert(rows)[insert];
    for (size_t i = 0; i < rows; ++i) {
      batch.cells += "cell";
      batch.ends.push_back(batch.cells.size());
      batch.origins.push_back({0, 1, ticket_++});
    }
  }
  // How many rows were written, by store and table.
  std::vector<std::vector<size_t>> collect() {
    std::vector<std::vector<size_t>> written;
    EXPECT_TRUE(stores_->collect(Millis(0), [&](Store&, const Acks& acks) {
      auto& of_store = written.emplace_back();
      for (const auto& table : acks.written) of_store.push_back(table.size());
    }));
    return written;
  }
  Store& first() { return stores_->all()[0]; }
  Store& second() { return stores_->all()[1]; }

  ManualClock clock_;
  std::array<FakeSink*, 2> sinks_{};
  std::optional<Stores> stores_;
  uint64_t ticket_ = 0;
};

TEST_F(StoresTest, TakeEachInsertsRowsToItsTable) {
  add_rows(0, 1);
  add_rows(1, 2);
  add_rows(2, 3);
  EXPECT_EQ(first().inserts, (std::vector<size_t>{0, 2}));
  EXPECT_EQ(second().inserts, (std::vector<size_t>{1}));
  ASSERT_TRUE(stores_->submit(first()));
  ASSERT_TRUE(stores_->submit(second()));
  EXPECT_EQ(stores_->in_flight(), 6U);
  EXPECT_EQ(sinks_[0]->rows(0).size(), 1U);
  EXPECT_EQ(sinks_[0]->rows(1).size(), 3U);
  EXPECT_EQ(sinks_[1]->rows(0).size(), 2U);
  EXPECT_EQ(collect(), (std::vector<std::vector<size_t>>{{1, 3}, {2}}));
  EXPECT_EQ(stores_->in_flight(), 0U);
}

TEST_F(StoresTest, AreFlushedEachByItself) {
  add_rows(0, 1);
  clock_.advance(Millis(600));
  add_rows(1, 1);
  EXPECT_FALSE(stores_->flush_due(first(), false));
  EXPECT_TRUE(stores_->flush_due(first(), true));
  clock_.advance(Millis(400));
  EXPECT_TRUE(stores_->flush_due(first(), false)) << "its first row has waited for a second";
  EXPECT_FALSE(stores_->flush_due(second(), false));
  EXPECT_EQ(stores_->next_flush(), clock_.now());
  add_rows(1, 9);
  EXPECT_TRUE(stores_->flush_due(second(), false)) << "it is full";
  ASSERT_TRUE(stores_->submit(first()));
  EXPECT_FALSE(stores_->flush_due(first(), true)) << "it has no rows";
}

TEST_F(StoresTest, LeaveRoomForAFullBatchHoweverManyRowsWaitForOneThatIsAway) {
  EXPECT_EQ(stores_->room(), 5U) << "a record may make two rows in the first store";
  add_rows(0, 3);
  EXPECT_EQ(stores_->room(), 3U) << "four could make eight rows";
  add_rows(0, 100);
  EXPECT_EQ(stores_->room(), 5U);
  add_rows(1, 100);
  EXPECT_EQ(stores_->room(), 5U);
}

TEST_F(StoresTest, BlockTheLaneWhenNoneTakesItsRows) {
  sinks_[0]->set_capacity(1);
  sinks_[0]->cork();
  add_rows(0, 1);
  ASSERT_TRUE(stores_->submit(first()));
  add_rows(0, 10);
  EXPECT_FALSE(stores_->all_full(false)) << "the second goes on";
  EXPECT_FALSE(stores_->next_flush());
  sinks_[1]->set_capacity(1);
  sinks_[1]->cork();
  add_rows(1, 1);
  ASSERT_TRUE(stores_->submit(second()));
  EXPECT_FALSE(stores_->all_full(false)) << "it has room for more rows here";
  EXPECT_TRUE(stores_->all_full(true));
  add_rows(1, 10);
  EXPECT_TRUE(stores_->all_full(false));
}

// The first is away. What its batch lacks makes the others' reads small once, until it is set
// aside.
TEST_F(StoresTest, HaveNoBatchThatIsMoreThanFull) {
  sinks_[0]->set_capacity(1);
  sinks_[0]->cork();
  add_rows(0, 1);
  ASSERT_TRUE(stores_->submit(first()));
  int small = 0;
  for (int i = 0; i < 20; ++i) {
    const size_t room = stores_->room();
    if (room < 5U) ++small;
    const std::span<RowBatch* const> rows = stores_->rows_by_insert(room);
    for (const size_t insert : {size_t{0}, size_t{2}}) {
      for (size_t row = 0; row < (insert == 0 ? room : room * 3 / 5); ++row) {
        rows[insert]->cells += "cell";
        rows[insert]->ends.push_back(rows[insert]->cells.size());
        rows[insert]->origins.push_back({0, 1, ticket_++});
      }
    }
  }
  EXPECT_EQ(small, 1);
  ASSERT_EQ(first().full_batches.size(), 18U);
  EXPECT_EQ(first().full_batches[0].size(), 9U);
  EXPECT_EQ(first().full_batches[1].size(), 8U);
  for (const RowBatches& batch : first().full_batches) EXPECT_LE(batch.size(), 10U);
  EXPECT_EQ(first().rows.size(), 8U);
}

// INSERT 0 and 2 go to the first store, INSERT 1 to the second, which is to be flushed more often.
TEST_F(StoresTest, AreFlushedEachByItsOwnOptions) {
  std::vector<std::unique_ptr<Sink>> sinks;
  for (int i = 0; i < 2; ++i) sinks.push_back(std::make_unique<FakeSink>());
  stores_.emplace(std::move(sinks), std::vector<RowTarget>{{0, 0}, {1, 0}, {0, 1}},
                  Stores::Options{.flush = {{.interval = Millis(1'000), .rows = 100},
                                            {.interval = Millis(200), .rows = 4, .bytes = 24}}},
                  clock_);
  EXPECT_EQ(stores_->room(), 4U);
  add_rows(0, 4);
  add_rows(1, 3);
  EXPECT_EQ(stores_->room(), 1U);
  EXPECT_EQ(stores_->next_flush(), clock_.now() + Millis(200));
  EXPECT_FALSE(stores_->flush_due(second(), false));
  clock_.advance(Millis(200));
  EXPECT_TRUE(stores_->flush_due(second(), false));
  EXPECT_FALSE(stores_->flush_due(first(), false));
  ASSERT_TRUE(stores_->submit(second()));
  EXPECT_EQ(stores_->next_flush(), clock_.now() + Millis(800));
  add_rows(1, 4);
  EXPECT_TRUE(stores_->flush_due(second(), false)) << "it is full";
  EXPECT_FALSE(stores_->rows_full(first()));
  EXPECT_EQ(stores_->most_flush_bytes(), size_t{8} << 20);
}

// Positions that go with a flush are behind all rows that wait.
TEST(OneStore, HandsOverAllRowsAtOnce) {
  auto owned = std::make_unique<FakeSink>();
  FakeSink& sink = *owned;
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(std::move(owned));
  ManualClock clock;
  Stores stores(std::move(sinks), {{0, 0}}, {.flush = {{.rows = 10}}}, clock);
  for (uint64_t ticket = 0; ticket < 25; ++ticket) {
    RowBatch& batch = *stores.rows_by_insert(1)[0];
    batch.cells += "cell";
    batch.ends.push_back(batch.cells.size());
    batch.origins.push_back({0, 1, ticket});
  }
  ASSERT_TRUE(stores.submit(stores.all()[0]));
  EXPECT_EQ(sink.rows(0).size(), 25U);
  EXPECT_FALSE(stores.all()[0].has_rows());
}

TEST_F(StoresTest, FlushOneThatWasAwayInBatchesOfTheUsualSize) {
  sinks_[0]->set_capacity(1);
  sinks_[0]->cork();
  add_rows(0, 1);
  ASSERT_TRUE(stores_->submit(first()));
  for (int i = 0; i < 5; ++i) add_rows(0, 10);
  add_rows(2, 3);
  EXPECT_EQ(stores_->most_bytes(), 53 * std::string_view("cell").size());
  EXPECT_FALSE(stores_->next_flush()) << "it takes none";
  sinks_[0]->uncork();
  collect();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(stores_->next_flush(), clock_.now());
    ASSERT_TRUE(stores_->flush_due(first(), false));
    ASSERT_TRUE(stores_->submit(first()));
    EXPECT_EQ(stores_->in_flight(), 10U);
    EXPECT_EQ(collect()[0], (std::vector<size_t>{10, 0}));
  }
  EXPECT_FALSE(stores_->flush_due(first(), false)) << "no full batch is left";
  EXPECT_EQ(stores_->unfinished_names(), "the fake");
  clock_.advance(Millis(1'000));
  ASSERT_TRUE(stores_->flush_due(first(), false));
  ASSERT_TRUE(stores_->submit(first()));
  EXPECT_EQ(collect()[0], (std::vector<size_t>{0, 3}));
  EXPECT_EQ(stores_->most_bytes(), 0U);
  EXPECT_EQ(stores_->unfinished_names(), "");
}

TEST_F(StoresTest, NameTheOneThatReportsNothing) {
  sinks_[1]->cork();
  add_rows(1, 1);
  ASSERT_TRUE(stores_->submit(second()));
  collect();
  EXPECT_EQ(stores_->stalled(), std::nullopt);
  EXPECT_EQ(stores_->unfinished_names(), "the fake");
  clock_.advance(Millis(5'000));
  collect();
  EXPECT_EQ(stores_->stalled(), size_t{1});
  sinks_[1]->uncork();
  collect();
  EXPECT_EQ(stores_->stalled(), std::nullopt);
  EXPECT_EQ(stores_->unfinished_names(), "");
}

TEST_F(StoresTest, KeepPositionsOnlyWhereThereIsOne) {
  for (FakeSink* sink : sinks_) sink->keep_positions_too();
  EXPECT_EQ(stores_->position_store(), nullptr);
  for (const bool keeps : {false, true}) {
    auto owned = std::make_unique<FakeSink>();
    FakeSink* const sink = owned.get();
    if (keeps) sink->keep_positions_too();
    std::vector<std::unique_ptr<Sink>> one;
    one.push_back(std::move(owned));
    Stores alone(std::move(one), {{0, 0}}, {}, clock_);
    EXPECT_EQ(alone.position_store(), keeps ? sink : nullptr);
  }
}

TEST_F(StoresTest, KnowTheHighestWriteTimeOfAll) {
  EXPECT_EQ(stores_->highest_write_time(), kNoWriteTime);
  sinks_[1]->set_highest_write_time(7);
  EXPECT_EQ(stores_->highest_write_time(), 7);
}

}  // namespace
}  // namespace turntable
