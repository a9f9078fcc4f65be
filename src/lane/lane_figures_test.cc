// What a lane shows of itself is of one moment, and is true.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "lane/phase_times.h"
#include "lane/recent_rows.h"
#include "row/cell.h"

namespace turntable {
namespace {

using std::chrono::nanoseconds;

TEST(PhaseTimes, WhatIsInsideCountsAlone) {
  const auto begun = std::chrono::steady_clock::now();
  PhaseTimes times;
  {
    const PhaseTimes::Scope writing(times, Phase::write);
    {
      const PhaseTimes::Scope waiting(times, Phase::wait);
      std::this_thread::sleep_for(Millis(20));
    }
  }
  const nanoseconds passed = std::chrono::steady_clock::now() - begun;
  const auto spent = [&times](Phase phase) { return times.spent()[static_cast<size_t>(phase)]; };
  EXPECT_GE(spent(Phase::wait), Millis(20));
  EXPECT_LE(spent(Phase::write) + spent(Phase::wait), passed);
  const nanoseconds before = spent(Phase::wait);
  times.move(Phase::wait, Phase::encode, Millis(5));
  EXPECT_EQ(spent(Phase::encode), Millis(5));
  EXPECT_EQ(spent(Phase::wait), before - Millis(5));
}

class RecentRowsTest : public testing::Test {
 protected:
  // Rows of (id int, name text, at timestamp), one for each number.
  void submit(std::initializer_list<int> ids) {
    RowBatches rows;
    rows.tables.resize(1);
    for (const int id : ids) {
      RowBatch& batch = rows.tables[0];
      append_int32_cell(batch.cells, id);
      append_be32(batch.cells, static_cast<uint32_t>(kUnsetCell));
      append_int64_cell(batch.cells, 1'709'460'000'123);
      batch.ends.push_back(batch.cells.size());
      batch.origins.push_back(origin(id));
    }
    const std::array<size_t, 1> inserts{0};
    recent_.submitted(inserts, rows);
  }
  static Origin origin(int id) { return {0, 1, static_cast<uint64_t>(id)}; }
  void write(std::initializer_list<int> ids) {
    std::vector<Origin> origins;
    for (const int id : ids) origins.push_back(origin(id));
    recent_.written(0, origins);
  }
  [[nodiscard]] std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    for (const ShownRow& row : recent_.shown()) ids.push_back(row.values[0].value());
    return ids;
  }

  ManualClock clock_;
  const std::vector<ShownForm> forms_{
      {.columns = {{"id", Type::int32}, {"name", Type::text}, {"at", Type::timestamp}},
       .times = TimeUnit::millis}};
  RecentRows recent_{forms_, clock_};
};

TEST_F(RecentRowsTest, ShowsARowOnceItIsDurable) {
  submit({1, 2});
  EXPECT_TRUE(recent_.shown().empty());
  write({7, 1});
  ASSERT_EQ(ids(), (std::vector<std::string>{"1"}));
  EXPECT_EQ(recent_.shown()[0].values[1], std::nullopt);
  EXPECT_EQ(recent_.shown()[0].values[2], "2024-03-03T10:00:00.123");
  write({2});
  EXPECT_EQ(ids(), (std::vector<std::string>{"2", "1"}));
}

TEST_F(RecentRowsTest, TakesAFewOfThemNowAndThen) {
  submit({1, 2, 3, 4, 5, 6, 7, 8, 9});
  submit({10});  // Too soon.
  write({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  EXPECT_EQ(ids(), (std::vector<std::string>{"9", "8", "7", "6", "5"}));
  for (int i = 0; i < 10; ++i) {
    clock_.advance(Millis(1'000));
    submit({100 + i, 200 + i, 300 + i});
    write({100 + i, 200 + i, 300 + i});
  }
  EXPECT_EQ(recent_.shown().size(), kShownRowsLimit);
  EXPECT_EQ(ids().front(), "309");
}

}  // namespace
}  // namespace turntable
