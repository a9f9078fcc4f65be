#include "enrich/enricher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "enrich/testing.h"
#include "row/cell.h"

namespace turntable {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE plays (id int NOT NULL, song text NOT NULL, time text NOT NULL) WITH (connector = 'x');
CREATE TABLE songs () WITH (connector = 'csv');
CREATE TABLE history (id int, hour int, artist text, year int, tempo real, kafka_offset bigint) WITH (connector = 'x');
)";

constexpr const char* kInsert = R"(
INSERT INTO history
SELECT p.id, cast(extract(hour FROM to_timestamp(p.time, 'YYYY-MM-DD HH24:MI')) AS int) AS hour,
       s.artist, cast(s.year AS int) AS year, s.tempo, p.kafka_offset
FROM plays p JOIN songs s ON s.name = p.song;
)";

// A pipeline over a catalogue that is given as CSV, with events that are given as values.
class EnricherTest : public testing::Test {
 protected:
  void open(const std::string& csv, const std::vector<std::string>& key_columns = {},
            RowForm form = {}) {
    const TestLookup songs = {.csv = csv, .options = {.path = {}, .key = "name"}};
    auto made = TestPipeline::make(std::string(kTables) + kInsert, {{"songs", songs}},
                                   {{.key_columns = key_columns, .rows = form}});
    ASSERT_TRUE(made) << made.error().message;
    shared_ = std::move(*made);
    enricher_ = std::make_unique<Enricher>(shared_);
  }
  void open_sql(const std::string& text) {
    auto made = TestPipeline::make(text, {}, {});
    ASSERT_TRUE(made) << made.error().message;
    shared_ = std::move(*made);
    enricher_ = std::make_unique<Enricher>(shared_);
  }

  struct Event {
    int32_t id;
    std::string_view song;
    std::string_view time;
    int64_t write_time_us = kNoWriteTime;
  };

  void enrich(const std::vector<Event>& events) {
    RecordBatch batch;
    std::vector<Origin> origins;
    const std::span<Column> columns = enricher_->declared();
    for (Column& column : columns) column.reset(events.size());
    for (size_t i = 0; i < events.size(); ++i) {
      batch.records.push_back(
          {.offset = static_cast<Offset>(100 + i), .write_time_us = events[i].write_time_us});
      origins.push_back({0, 1, i});
      columns[0].set<int32_t>(i, events[i].id);
      columns[1].set<std::string_view>(i, events[i].song);
      columns[2].set<std::string_view>(i, events[i].time);
    }
    Selection alive(events.size());
    std::iota(alive.begin(), alive.end(), 0U);
    enrich(batch, origins, alive);
  }
  void enrich(const RecordBatch& batch, const std::vector<Origin>& origins,
              const Selection& alive) {
    rejects_.clear();
    rows_.clear();
    RowBatch* const rows[] = {&rows_};
    CHECK(enricher_->enrich(batch, origins, alive, rejects_, rows));
  }

  [[nodiscard]] std::string row(size_t i) const {
    std::string out;
    CellReader reader(rows_.row(i));
    for (const sql::Output& output : shared_->program.inserts[0].outputs) {
      if (!out.empty()) out += "|";
      out += cell_text(reader.next(), output.type);
    }
    EXPECT_TRUE(reader.done());
    return out;
  }

  std::shared_ptr<const EnrichPlan> shared_;
  std::unique_ptr<Enricher> enricher_;
  Rejects rejects_;
  RowBatch rows_;
};

TEST_F(EnricherTest, JoinsDerivesAndWritesRowsInTheSinksOrder) {
  open("name,artist,year,tempo\nOne,A,1999,120.5\nTwo,B,,99\n");
  enrich({{1, "One", "2024-03-03 10:15"}, {2, "Two", "2024-03-03 23:59"}});
  ASSERT_EQ(rows_.size(), 2U);
  EXPECT_TRUE(rejects_.empty());
  EXPECT_EQ(row(0), "1|10|A|1999|120.5|100");
  EXPECT_EQ(row(1), "2|23|B|null|99|101");
  EXPECT_EQ(rows_.origins[1].ticket, 1U);
}

TEST_F(EnricherTest, ACatalogueOfManyBlocksHasItsRowsInPlace) {
  std::string csv = "name,artist,year,tempo\n";
  for (int i = 0; i < 200'000; ++i)
    csv += fmt::format("s{},{},{},{}.5\n", i, i % 7 == 0 ? "" : fmt::format("a{}", i), i, i);
  // One that does not fit, in the last block.
  csv += "late,x,99999999999,1\n";
  open(csv, {"year"});
  enrich({{1, "s0", "2024-03-03 10:15"},
          {2, "s65535", "2024-03-03 10:15"},
          {3, "s65536", "2024-03-03 10:15"},
          {4, "s199999", "2024-03-03 10:15"},
          {5, "late", "2024-03-03 10:15"}});
  ASSERT_EQ(rows_.size(), 4U);
  EXPECT_EQ(row(0), "1|10|null|0|0.5|100");
  EXPECT_EQ(row(1), "2|10|a65535|65535|65535.5|101");
  EXPECT_EQ(row(2), "3|10|a65536|65536|65536.5|102");
  EXPECT_EQ(row(3), "4|10|a199999|199999|199999.5|103");
  ASSERT_EQ(rejects_.size(), 1U);
  EXPECT_EQ(rejects_[0].row, 4U);
}

TEST_F(EnricherTest, OfTheCatalogueOnlyWhatEventsNeedIsKept) {
  open("name,artist,year,tempo\nOne,A,1999,120.5\n");
  const Catalogue& catalogue = *shared_->catalogues.at("songs").catalogue;
  const Schema& schema = catalogue.schema();
  for (size_t i = 0; i < schema.size(); ++i)
    EXPECT_EQ(catalogue.columns()[i].rows(), schema[i].name == "name" ? 2U : 0U)
        << "one row, and the null row";
}

TEST_F(EnricherTest, NeighbouringLookupColumnsAreOneRun) {
  open("name,artist,year,tempo\nOne,A,1999,120.5\n");
  ASSERT_EQ(shared_->ready[0][0]->runs().size(), 1U);
  EXPECT_EQ(shared_->ready[0][0]->runs()[0].first, 2U);
  EXPECT_EQ(shared_->ready[0][0]->runs()[0].last, 5U);
}

TEST_F(EnricherTest, SetsUnmatchedAndImpossibleRecordsAside) {
  open("name,artist,year,tempo\nOne,A,1999,120.5\n");
  enrich({{1, "Nobody's", "2024-03-03 10:15"},
          {2, "One", "2024-03-03 25:15"},
          {3, "One", "2024-03-03 00:00"}});
  ASSERT_EQ(rows_.size(), 1U);
  EXPECT_EQ(row(0), "3|0|A|1999|120.5|102");
  ASSERT_EQ(rejects_.size(), 2U);
  EXPECT_EQ(rejects_[0].code, RejectCode::unmatched);
  EXPECT_EQ(rejects_[0].row, 0U);
  EXPECT_EQ(rejects_[0].reason, "no row of songs has name = 'Nobody's'");
  EXPECT_EQ(rejects_[1].code, RejectCode::bad_value);
  EXPECT_EQ(rejects_[1].row, 1U);
}

TEST_F(EnricherTest, RejectsOnlyRecordsThatMatchALookupRowWithAnImpossibleValue) {
  open("name,artist,year,tempo\nOne,A,1999,1\nBig,B,5000000000,2\n");
  enrich({{1, "Big", "2024-03-03 10:15"}, {2, "One", "2024-03-03 10:15"}});
  ASSERT_EQ(rows_.size(), 1U);
  EXPECT_EQ(row(0), "2|10|A|1999|1|101");
  ASSERT_EQ(rejects_.size(), 1U);
  EXPECT_EQ(rejects_[0].code, RejectCode::out_of_range);
  EXPECT_EQ(rejects_[0].row, 0U);
}

TEST_F(EnricherTest, RejectsRecordsWhoseKeyWouldBeNull) {
  open("name,artist,year,tempo\nOne,A,1999,1\nTwo,B,,2\n", {"id", "year"});
  enrich({{1, "One", "2024-03-03 10:15"}, {2, "Two", "2024-03-03 10:15"}});
  EXPECT_EQ(rows_.size(), 1U);
  ASSERT_EQ(rejects_.size(), 1U);
  EXPECT_EQ(rejects_[0].code, RejectCode::null_key);
}

TEST_F(EnricherTest, WritesRowsInTheFormThatTheSinkWants) {
  open("name,artist,year,tempo\nOne,A,,1\n", {"id"}, {.absent = kUnsetCell, .write_time = true});
  enrich({{1, "One", "2024-03-03 10:15", 1'709'460'900'123'456}});
  ASSERT_EQ(rows_.size(), 1U);
  std::string expected;
  append_int32_cell(expected, 1);
  append_int32_cell(expected, 10);
  append_view_cell(expected, "A");
  append_null_cell(expected, kUnsetCell);
  append_float32_cell(expected, 1);
  append_int64_cell(expected, 100);
  append_int64_cell(expected, 1'709'460'900'123'456);
  EXPECT_EQ(rows_.row(0), expected);
}

TEST_F(EnricherTest, StartsAfreshWithEveryBatch) {
  open("name,artist,year,tempo\nOne,A,1999,1\n");
  for (int round = 0; round < 3; ++round) {
    enrich({{1, "None", "2024-03-03 10:15"}, {2, "One", "2024-03-03 10:15"}});
    ASSERT_EQ(rows_.size(), 1U);
    EXPECT_EQ(row(0), "2|10|A|1999|1|101");
  }
  enrich({});
  EXPECT_TRUE(rows_.empty());
}

// Producers stamp what they like.
TEST_F(EnricherTest, ATimeThatNoColumnCanHoldIsNull) {
  open_sql(
      "CREATE TABLE s (x text); CREATE TABLE o (); INSERT INTO o SELECT kafka_timestamp FROM s;");
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 1000;
  RecordBatch batch;
  for (const int64_t time : {int64_t{-1}, kMost, kMost + 1, -kMost - 1, kNoTimestamp})
    batch.records.push_back({.timestamp_ms = time});
  enricher_->declared()[0].reset(batch.size());
  Selection alive(batch.size());
  std::iota(alive.begin(), alive.end(), 0U);
  enrich(batch, std::vector<Origin>(batch.size()), alive);
  ASSERT_EQ(rows_.size(), batch.size());
  std::vector<std::string> times;
  for (size_t i = 0; i < rows_.size(); ++i) {
    CellReader cells(rows_.row(i));
    const CellView column = cells.next();
    times.push_back(column.is_null() ? "NULL" : std::to_string(column.int64()));
  }
  EXPECT_EQ(times, (std::vector<std::string>{"-1000", std::to_string(kMost * 1000), "NULL", "NULL",
                                             "NULL"}));
}

TEST_F(EnricherTest, BoundsARowsSize) {
  open_sql(
      "CREATE TABLE s (x text); CREATE TABLE o (); INSERT INTO o SELECT x AS a, x AS b FROM s;");
  constexpr size_t kLengths = 2 * sizeof(int32_t);  // Of two cells.
  const std::string half((kRowBytesLimit - kLengths) / 2, 'x');
  const std::string more = half + "x";
  RecordBatch batch;
  batch.records.resize(3);
  Column& x = enricher_->declared()[0];
  x.reset(3);
  x.set<std::string_view>(0, more);
  x.set<std::string_view>(1, half);
  x.set<std::string_view>(2, "y");
  enrich(batch, std::vector<Origin>(3), {0, 1, 2});
  ASSERT_EQ(rows_.size(), 2U);
  EXPECT_EQ(rows_.row(0).size(), kRowBytesLimit);
  EXPECT_EQ(row(1), "y|y");
  ASSERT_EQ(rejects_.size(), 1U);
  EXPECT_EQ(rejects_[0].row, 0U);
  EXPECT_EQ(rejects_[0].code, RejectCode::too_large);
  EXPECT_EQ(rejects_[0].insert, 0U) << "another INSERT's row may fit";
  EXPECT_EQ(rejects_[0].reason, "The row has more than 67,108,864 bytes.");
}

TEST_F(EnricherTest, RejectsRecordsWhoseHeadersAreTooLargeWhereTheyAreWanted) {
  open_sql(
      "CREATE TABLE s (x int); CREATE TABLE o (); INSERT INTO o SELECT s.kafka_headers FROM s;");
  RecordBatch batch;
  batch.records = {{.headers = "{\"a\": \"b\"}"}, {.headers_too_large = true}};
  for (Column& column : enricher_->declared()) column.reset(2);
  enrich(batch, std::vector<Origin>(2), {0, 1});
  ASSERT_EQ(rows_.size(), 1U);
  EXPECT_EQ(row(0), "{\"a\": \"b\"}");
  ASSERT_EQ(rejects_.size(), 1U);
  EXPECT_EQ(rejects_[0].code, RejectCode::too_large);
  EXPECT_EQ(rejects_[0].insert, kEveryInsert);
}

// Computed for each record, or lying ready for the lookup's row: the same is refused.
TEST(Enricher, ATimeToLiveIsJudgedForEachRow) {
  InsertForm form;
  form.rows.absent = kUnsetCell;
  form.rows.ttl = 1;
  TestPipeline computed(
      "CREATE TABLE plays (id int, ttl int); CREATE TABLE t ();"
      "INSERT INTO t SELECT id, ttl FROM plays;",
      {}, {form});
  computed.run({{"1", "60"},
                {"2", {}},
                {"3", "0"},
                {"4", "-1"},
                {"5", "630720000"},
                {"6", "630720001"},
                {{}, "60"}});
  EXPECT_THAT(
      computed.outcomes(),
      testing::ElementsAre(
          "1|60", "2|null", "3|0",
          "out_of_range: ttl is -1: a time to live is from 0 to 630,720,000 seconds", "5|630720000",
          "out_of_range: ttl is 630720001: a time to live is from 0 to "
          "630,720,000 seconds",
          "null|60"));

  TestPipeline ready(
      "CREATE TABLE plays (id int, song text); CREATE TABLE songs () WITH (connector = 'csv');"
      "CREATE TABLE t ();"
      "INSERT INTO t SELECT p.id, s.ttl FROM plays p LEFT JOIN songs s ON s.name = p.song;",
      {{"songs", {.csv = "name,ttl\na,60\nb,\nc,-5\n"}}}, {form});
  ready.run({{"1", "a"}, {"2", "b"}, {"3", "c"}, {"4", "d"}});
  EXPECT_THAT(
      ready.outcomes(),
      testing::ElementsAre("1|60", "2|null",
                           "out_of_range: the row of songs that matches: ttl is -5: a time to live "
                           "is from 0 to 630,720,000 seconds",
                           "4|null"));
}

}  // namespace
}  // namespace turntable
