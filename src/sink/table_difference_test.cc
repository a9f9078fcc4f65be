#include "sink/table_difference.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SinkTable history() {
  return {.keyspace = "spotify",
          .name = "listening_history",
          .columns = {{"id", Type::int32},
                      {"name", Type::text},
                      {"hour", Type::int32},
                      {"time", Type::text},
                      {"Tempo", Type::float32},
                      {"token", Type::timestamptz},
                      {"kafka_offset", Type::int64, true}},
          .key = {.partition = {"name", "hour"},
                  .clustering = {{"time", true}, {"kafka_offset", false}}}};
}

// The table as Cassandra would describe it, were it created from the pipeline.
std::vector<LiveColumn> live_history() {
  using Kind = LiveColumn::Kind;
  return {{"Tempo", "float", Kind::regular, -1},    {"hour", "int", Kind::partition, 1},
          {"id", "int", Kind::regular, -1},         {"kafka_offset", "bigint", Kind::clustering, 1},
          {"name", "text", Kind::partition, 0},     {"time", "text", Kind::clustering, 0, true},
          {"token", "timestamp", Kind::regular, -1}};
}

TEST(TableDifference, ComparesEqualWithTheTableThatItCreated) {
  const Difference difference = compare(history(), live_history(), Dialect::cql);
  EXPECT_THAT(difference.faults, IsEmpty());
  EXPECT_THAT(difference.notes, IsEmpty());
}

TEST(TableDifference, NamesEachColumnThatDiffers) {
  std::vector<LiveColumn> live = live_history();
  live.erase(live.begin());  // Tempo
  live[0].type = "text";     // hour
  live[4].descending = false;
  live.push_back({"extra", "text"});
  live.push_back({"needed", "text", LiveColumn::Kind::regular, 0, false, true});
  live[5].kind = LiveColumn::Kind::fixed;
  const Difference difference = compare(history(), live, Dialect::cql);
  EXPECT_THAT(
      difference.faults,
      ElementsAre("column hour is text, expected int", "column Tempo is missing, expected float",
                  "column token is static, expected one value for each row",
                  "column needed (text) must not be NULL, and the pipeline has no value for it",
                  "column time is ordered ASC, expected DESC"));
  EXPECT_THAT(difference.notes,
              ElementsAre("column extra (text) is not in the pipeline and stays NULL"));
  EXPECT_FALSE(difference.ok());
}

TEST(TableDifference, NamesAnotherKey) {
  // The table of old: without the offset a minute's plays overwrite each other.
  std::vector<LiveColumn> live = live_history();
  live[3].kind = LiveColumn::Kind::regular;
  live[1].position = 0;
  live[4].position = 1;
  EXPECT_THAT(compare(history(), live, Dialect::cql).faults,
              ElementsAre("the partition key is (hour, name), expected (name, hour)",
                          "the clustering key is (time), expected (time, kafka_offset)"));
}

TEST(TableDifference, ComparesSqliteByItsOwnRules) {
  using Kind = LiveColumn::Kind;
  std::vector<LiveColumn> live = {{"ID", "INTEGER"},
                                  {"name", "TEXT", Kind::partition, 0},
                                  {"hour", "int", Kind::partition, 1},
                                  {"time", "text", Kind::partition, 2, true},
                                  {"tempo", "REAL"},
                                  {"token", "timestamp"},
                                  {"kafka_offset", "integer", Kind::partition, 3}};
  EXPECT_THAT(compare(history(), live, Dialect::sqlite).faults, IsEmpty());
  live[4].type = "";
  live.pop_back();
  EXPECT_THAT(
      compare(history(), live, Dialect::sqlite).faults,
      ElementsAre(
          "column Tempo is of no type, expected real",
          "column kafka_offset is missing, expected bigint",
          "the primary key is (name, hour, time), expected (name, hour, time, kafka_offset)"));
}

TEST(TableDifference, WarnsOfKeysThatTheStoreNarrows) {
  SinkTable table{.keyspace = "ks",
                  .name = "heard",
                  .columns = {{"id", Type::int32}, {"at", Type::timestamptz}},
                  .key = {.partition = {"id"}, .clustering = {{"at", false}}}};
  EXPECT_THAT(narrowed_keys(table, {}, Dialect::cql), IsEmpty());
  table.microsecond_keys = {"at"};
  EXPECT_THAT(narrowed_keys(table, {}, Dialect::cql),
              ElementsAre("column at is part of the key of ks.heard and Cassandra keeps "
                          "milliseconds: events less than a millisecond apart fall together"));
  const std::vector<LiveColumn> fine = {{.name = "At", .type = "timestamp(6)"}};
  EXPECT_THAT(narrowed_keys(table, fine, Dialect::sqlite), IsEmpty());
  const std::vector<LiveColumn> coarse = {{.name = "at", .type = "datetime"}};
  EXPECT_THAT(narrowed_keys(table, coarse, Dialect::sqlite),
              ElementsAre(HasSubstr("keeps milliseconds, since it was made as datetime")));
}

// ---- What can be done about it ----

SinkTable plays() {
  return {.keyspace = "ks",
          .name = "plays",
          .columns = {{"id", Type::int32}, {"song", Type::text}, {"n", Type::int32}},
          .key = {.partition = {"id"}}};
}

std::vector<LiveColumn> live_plays(const std::string& song_type) {
  return {{"id", "int", LiveColumn::Kind::partition, 0}, {"song", song_type}};
}

TEST(TableDifference, SaysHowAMissingColumnIsAdded) {
  const Difference cql = compare(plays(), live_plays("text"), Dialect::cql);
  EXPECT_THAT(cql.faults, ElementsAre("column n is missing, expected int"));
  EXPECT_THAT(cql.advice, ElementsAre("`turntable schema apply --add-columns` adds it, or:",
                                      "  ALTER TABLE ks.plays ADD n int;"));
  EXPECT_TRUE(cql.lacks_columns_only());
  EXPECT_EQ(cql.advice_text(),
            "\n`turntable schema apply --add-columns` adds it, or:\n  ALTER TABLE ks.plays ADD n "
            "int;");
  SinkTable more = plays();
  more.columns.push_back({"token", Type::timestamptz});
  EXPECT_THAT(compare(more, live_plays("text"), Dialect::sqlite).advice,
              ElementsAre("`turntable schema apply --add-columns` adds them, or:",
                          R"(  ALTER TABLE "plays" ADD COLUMN "n" int;)",
                          R"(  ALTER TABLE "plays" ADD COLUMN "token" timestamp(6);)"));
}

TEST(TableDifference, OffersTheCommandOnlyWhereItWouldBeEnough) {
  const Difference difference = compare(plays(), live_plays("bigint"), Dialect::cql);
  EXPECT_THAT(difference.faults, ElementsAre("column song is bigint, expected text",
                                             "column n is missing, expected int"));
  EXPECT_THAT(difference.advice,
              ElementsAre("the type of a column that is there cannot be changed: declare song as "
                          "bigint in the pipeline, or write to another table",
                          "to add it:", "  ALTER TABLE ks.plays ADD n int;"));
  EXPECT_FALSE(difference.lacks_columns_only());
}

TEST(TableDifference, AddsNothingToAKey) {
  SinkTable table = plays();
  table.key.clustering = {{"n", false}};
  const Difference difference = compare(table, live_plays("text"), Dialect::cql);
  EXPECT_THAT(difference.faults, ElementsAre("column n is missing, expected int",
                                             "the clustering key is (), expected (n)"));
  EXPECT_THAT(difference.advice,
              ElementsAre("no column can be added to the key of a table that is there, as n would "
                          "be: write to another table"));
  EXPECT_THAT(difference.additions, IsEmpty());
  EXPECT_FALSE(difference.lacks_columns_only());
}

// Added, the column would be NULL in the rows that are there, whose values are under the old name.
TEST(TableDifference, AsksWhetherAMissingColumnIsOneThatWasRenamed) {
  std::vector<LiveColumn> live = live_plays("text");
  live.push_back({"count", "int"});
  EXPECT_THAT(compare(plays(), live, Dialect::cql).advice,
              testing::Contains("if count is what n was called before: Cassandra cannot rename it, "
                                "so go on calling it count in the pipeline, or its values stay in "
                                "count"));
  EXPECT_THAT(compare(plays(), live, Dialect::sqlite).advice,
              testing::Contains("if count is what n was called before: ALTER TABLE \"plays\" "
                                "RENAME COLUMN \"count\" TO \"n\";"));
  live[2].type = "text";
  EXPECT_THAT(compare(plays(), live, Dialect::cql).advice, testing::SizeIs(2)) << "another type";
}

TEST(TableDifference, SaysOfATypeThatNoPipelineWritesThatItIsOne) {
  std::vector<LiveColumn> live = live_plays("text");
  live.push_back({"n", "int"});
  for (const char* type : {"vector<float, 3>", "frozen<address>", "map<int, text>",
                           "tuple<int, int>", "list<counter>"}) {
    live[1].type = type;
    const Difference difference = compare(plays(), live, Dialect::cql);
    EXPECT_THAT(difference.faults, ElementsAre(fmt::format("column song is {}, a type that no "
                                                           "pipeline can write",
                                                           type)));
    EXPECT_THAT(difference.advice,
                ElementsAre("pipelines write columns of the types boolean, tinyint, smallint, int, "
                            "bigint, varint, decimal, float, double, text, ascii, inet, blob, "
                            "date, time, timestamp, duration, uuid, timeuuid, lists and sets of "
                            "these and maps from text",
                            "leave song out of the pipeline's table: it stays NULL; or write to a "
                            "column of another name"));
  }
  live[1].type = "counter";
  EXPECT_THAT(compare(plays(), live, Dialect::cql).advice,
              ElementsAre("a table of counters takes no INSERT: write to another table"));
  live[1].type = "decimal(10,2)";
  EXPECT_THAT(compare(plays(), live, Dialect::sqlite).faults,
              ElementsAre("column song is decimal(10,2), a type that no pipeline can write"));
}

TEST(TableDifference, TheKeyCannotDoWithoutAColumnThatIsNotWritten) {
  std::vector<LiveColumn> live = live_plays("text");
  live[0].type = "tuple<int, int>";
  live.push_back({"n", "int"});
  EXPECT_THAT(compare(plays(), live, Dialect::cql).advice,
              testing::Contains("the key cannot do without id: write to another table"));
}

TEST(TableDifference, TakesColumnsOfTypesThatTheValuesGoInto) {
  std::vector<LiveColumn> live = live_plays("ascii");
  live.push_back({"n", "varint"});
  EXPECT_TRUE(compare(plays(), live, Dialect::cql).ok());
  live[2].type = "date";
  const Difference difference = compare(plays(), live, Dialect::cql);
  EXPECT_THAT(difference.faults, ElementsAre("column n is date, expected int"));
  EXPECT_THAT(difference.advice,
              ElementsAre("the type of a column that is there cannot be changed: declare n as "
                          "date in the pipeline, or write to another table"));
  live[2].type = "set<varchar>";
  EXPECT_THAT(compare(plays(), live, Dialect::cql).advice,
              testing::Contains(testing::HasSubstr("declare n as text[] in the pipeline")));
  live[2].type = "map<text, int>";
  EXPECT_THAT(compare(plays(), live, Dialect::cql).advice,
              testing::Contains(testing::HasSubstr("declare n as jsonb in the pipeline")));
}

TEST(TableDifference, WantsTheTypesThatTheOptionSays) {
  SinkTable table = plays();
  table.cql_types = {{"n", "varint"}};
  std::vector<LiveColumn> live = live_plays("text");
  live.push_back({"n", "varint"});
  EXPECT_TRUE(compare(table, live, Dialect::cql).ok());
  live[2].type = "int";
  const Difference difference = compare(table, live, Dialect::cql);
  EXPECT_THAT(difference.faults, ElementsAre("column n is int, expected varint"));
  EXPECT_THAT(difference.advice,
              ElementsAre("take n out of cql_types: the values go into the column that is there"));
  live.pop_back();
  EXPECT_THAT(compare(table, live, Dialect::cql).advice,
              testing::Contains("  ALTER TABLE ks.plays ADD n varint;"));
}

}  // namespace
}  // namespace turntable
