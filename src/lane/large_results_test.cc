// What the expressions of a batch make has a limit: its records are enriched in parts then, and
// none of them is lost.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "decode/json_decoder.h"
#include "delivery/fake_dead_letters.h"
#include "lane/lane.h"
#include "row/cell.h"
#include "sink/fake_sink.h"
#include "source/fake_source.h"
#include "sql/binder.h"

namespace turntable {
namespace {

// A 64th of the product's.
constexpr size_t kResultsLimit = size_t{4} << 20;
static_assert(kResultsLimit == kBatchResultsLimit / 64);
constexpr int64_t kUnit = int64_t{1} << 14;

class LargeResultsTest : public testing::Test {
 protected:
  void open(const std::string& outputs, const std::string& more = "") {
    sql::Faults faults{.file = "test.sql", .list = {}};
    const sql::Script script = sql::parse_script(
        "CREATE TABLE s (id int NOT NULL, n int) WITH (connector = 'x');"
        "CREATE TABLE o () WITH (connector = 'x');"
        "CREATE TABLE few () WITH (connector = 'x');"
        "INSERT INTO o SELECT p.id, " +
            outputs + " FROM s p;" + more,
        {}, faults);
    auto program = sql::bind(script, {}, faults);
    ASSERT_TRUE(program) << faults.text();
    const size_t inserts = program->inserts.size();
    auto plan = EnrichPlan::make(std::move(*program), std::vector<InsertForm>(inserts), {}).value();
    auto sink = std::make_unique<FakeSink>();
    sink_ = sink.get();
    options_.flush[0].interval = Millis(0);
    options_.flush[0].bytes = size_t{128} << 10;
    options_.drain_bound = Millis(50);
    LaneParts parts{
        .decoder =
            make_json_decoder({{"id", Type::int32, true}, {"n", Type::int32, false}}).value(),
        .enricher = std::make_unique<Enricher>(plan, kResultsLimit),
        .dead_letters = std::make_unique<FakeDeadLetters>(letters_)};
    parts.stores.push_back(std::move(sink));
    for (uint32_t table = 1; table < inserts; ++table) parts.targets.push_back({0, table});
    lane_ = std::make_unique<Lane>(options_, std::move(parts), stop_, clock_);
    auto source = std::make_unique<FakeSource>(topic_, *lane_);
    source_ = source.get();
    owned_source_ = std::move(source);
  }
  void add(PartitionId partition, int id, int64_t length) {
    topic_.add(partition, fmt::format("{{\"id\":{},\"n\":{}}}", id, length));
  }
  Status run() { return lane_->run(std::move(owned_source_)); }

  [[nodiscard]] std::vector<int32_t> ids() const {
    std::vector<int32_t> ids;
    for (const std::string& row : sink_->rows()) ids.push_back(CellReader(row).next().int32());
    return ids;
  }
  void expect_books_balance() const {
    const Counts counts = lane_->counts();
    EXPECT_EQ(counts.consumed, counts.ended() + lane_->in_flight());
  }

  StopToken stop_;
  SystemClock clock_;
  FakeTopic topic_;
  FakeDeadLetters::Log letters_;
  LaneOptions options_;
  FakeSink* sink_ = nullptr;
  std::unique_ptr<FakeSource> owned_source_;
  FakeSource* source_ = nullptr;
  std::unique_ptr<Lane> lane_;
};

TEST_F(LargeResultsTest, ABatchGoesInPartsAndNothingIsLost) {
  std::vector<int32_t> expected;
  for (int i = 0; i < 40; ++i) {
    add(0, i, i % 4 == 0 ? 5 : 30 * kUnit);
    expected.push_back(i);
  }
  open("length(repeat('x', p.n)) AS size");
  ASSERT_TRUE(run());
  EXPECT_EQ(ids(), expected) << "in their order, each once";
  EXPECT_GT(sink_->submits(), 1U);
  EXPECT_EQ(lane_->counts().written, 40U);
  EXPECT_EQ(topic_.committed[0], 40);
  expect_books_balance();
}

TEST_F(LargeResultsTest, TheRowsOfAPartAreFlushedBeforeTheNext) {
  for (int i = 0; i < 12; ++i) add(0, i, 40 * kUnit);
  size_t most = 0;
  options_.on_flush = [&most](const Sink&, size_t rows) { most = std::max(most, rows); };
  open("repeat('x', p.n) AS text");
  ASSERT_TRUE(run());
  EXPECT_EQ(ids().size(), 12U);
  EXPECT_LE(most, kResultsLimit / (40 * kUnit));
  expect_books_balance();
}

TEST_F(LargeResultsTest, ARecordThatIsTooLargeByItselfIsADeadLetter) {
  add(0, 1, 1);
  add(0, 2, 60 * kUnit);
  topic_.add(0, "no event");
  add(0, 3, 2);
  // Each of them has room; the five together have not.
  open(
      "length(repeat('a', p.n)) + length(repeat('b', p.n)) + length(repeat('c', p.n)) + "
      "length(repeat('d', p.n)) + length(repeat('e', p.n)) AS size");
  ASSERT_TRUE(run());
  EXPECT_EQ(ids(), (std::vector<int32_t>{1, 3}));
  ASSERT_EQ(letters_.durable.size(), 2U);
  EXPECT_EQ(lane_->counts().rejected, 2U);
  EXPECT_EQ(topic_.committed[0], 4);
  expect_books_balance();
}

TEST_F(LargeResultsTest, WhatIsTooLargeInOneInsertIsCountedOnceInTheOthers) {
  add(0, 1, 1);
  add(0, 2, 60 * kUnit);
  open(
      "length(repeat('a', p.n)) + length(repeat('b', p.n)) + length(repeat('c', p.n)) + "
      "length(repeat('d', p.n)) + length(repeat('e', p.n)) AS size",
      "INSERT INTO few SELECT p.id FROM s p WHERE p.id = 1;");
  ASSERT_TRUE(run());
  EXPECT_EQ(ids(), (std::vector<int32_t>{1}));
  EXPECT_EQ(lane_->counts().rejected, 1U);
  EXPECT_EQ(letters_.durable.size(), 1U);
  EXPECT_EQ(topic_.committed[0], 2);
  expect_books_balance();
  for (const size_t insert : {0U, 1U}) {
    const Counts counts = lane_->counts(insert);
    EXPECT_EQ(counts.consumed, counts.ended() + lane_->in_flight(insert));
  }
  EXPECT_EQ(lane_->counts(0).rejected, 1U);
  EXPECT_EQ(lane_->counts(1).filtered, 1U) << "what its WHERE has left out stays so";
}

TEST_F(LargeResultsTest, APartitionThatIsTakenAwayInBetweenIsGivenBack) {
  // The sink takes the rows of the first four, four more wait for it, and then eight records are
  // left of the batch.
  for (int i = 0; i < 16; ++i) add(i % 2, i, 40 * kUnit);
  options_.on_flush = [this](const Sink&, size_t) {
    if (lane_->counts().returned == 0) source_->revoke({1});
  };
  open("repeat('x', p.n) AS text");
  sink_->set_capacity(1);
  sink_->cork();
  std::thread other([this] {
    while (lane_->counts().returned == 0) std::this_thread::sleep_for(Millis(10));
    sink_->uncork();
  });
  ASSERT_TRUE(run());
  other.join();
  std::vector<int32_t> kept;
  for (const int32_t id : ids())
    if (id % 2 == 0) kept.push_back(id);
  EXPECT_EQ(kept, (std::vector<int32_t>{0, 2, 4, 6, 8, 10, 12, 14}));
  EXPECT_EQ(topic_.committed[0], 8);
  EXPECT_LT(topic_.committed[1], 8);
  EXPECT_EQ(lane_->counts().consumed, 16U);
  EXPECT_GE(lane_->counts().returned, 4U);
  expect_books_balance();
}

}  // namespace
}  // namespace turntable
