#include "sink/ddl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sql/script.h"

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
                      {"token", Type::timestamp},
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

TEST(Ddl, WritesCql) {
  EXPECT_EQ(table_ddl(history(), Dialect::cql),
            R"(CREATE TABLE IF NOT EXISTS spotify.listening_history (
    id int,
    name text,
    hour int,
    time text,
    "Tempo" float,
    "token" timestamp,
    kafka_offset bigint,
    PRIMARY KEY ((name, hour), time, kafka_offset)
) WITH CLUSTERING ORDER BY (time DESC, kafka_offset ASC))");
  EXPECT_EQ(insert_dml(history(), Dialect::cql),
            "INSERT INTO spotify.listening_history (id, name, hour, time, \"Tempo\", \"token\", "
            "kafka_offset) "
            "VALUES ((int)?, (text)?, (int)?, (text)?, (float)?, (timestamp)?, (bigint)?)");
}

TEST(Ddl, InsertsWithTheTablesTtlAndTheRecordsTime) {
  const SinkTable plain{
      .keyspace = "k", .name = "t", .columns = {{"a", Type::text}}, .key = {{"a"}}};
  const auto inserted = [&plain](int64_t ttl_seconds, bool write_times, Dialect dialect) {
    SinkTable table = plain;
    table.ttl_seconds = ttl_seconds;
    if (write_times) table.write_times = WriteTimeRule::delivery;
    return insert_dml(table, dialect);
  };
  EXPECT_EQ(inserted(0, false, Dialect::cql), "INSERT INTO k.t (a) VALUES ((text)?)");
  EXPECT_EQ(inserted(60, false, Dialect::cql), "INSERT INTO k.t (a) VALUES ((text)?) USING TTL 60");
  EXPECT_EQ(inserted(0, true, Dialect::cql),
            "INSERT INTO k.t (a) VALUES ((text)?) USING TIMESTAMP ?");
  EXPECT_EQ(inserted(60, true, Dialect::cql),
            "INSERT INTO k.t (a) VALUES ((text)?) USING TTL 60 AND TIMESTAMP ?");
  EXPECT_EQ(inserted(60, false, Dialect::sqlite),
            "INSERT INTO \"t\" (\"a\") VALUES (?) ON CONFLICT (\"a\") DO NOTHING");
}

TEST(Ddl, TheLastRowOfAKeyWinsInSqlite) {
  SinkTable table{.name = "t",
                  .columns = {{"a", Type::text}, {"b", Type::int32}, {"c", Type::int32}},
                  .key = {.partition = {"b"}, .clustering = {{"a"}}}};
  EXPECT_EQ(insert_dml(table, Dialect::sqlite),
            R"(INSERT INTO "t" ("a", "b", "c") VALUES (?, ?, ?) )"
            R"(ON CONFLICT ("b", "a") DO UPDATE SET "c" = excluded."c")");
  table.write_times = WriteTimeRule::delivery;
  EXPECT_EQ(insert_dml(table, Dialect::sqlite),
            R"(INSERT INTO "t" ("a", "b", "c", "_write_time") VALUES (?, ?, ?, ?) )"
            R"(ON CONFLICT ("b", "a") DO UPDATE SET "c" = excluded."c", )"
            R"("_write_time" = excluded."_write_time" )"
            R"(WHERE ifnull("t"."_write_time" <= excluded."_write_time", true))");
  table.write_times = WriteTimeRule::none;
  table.nulls = Nulls::unset;
  EXPECT_EQ(insert_dml(table, Dialect::sqlite),
            R"(INSERT INTO "t" ("a", "b", "c") VALUES (?, ?, ?) )"
            R"(ON CONFLICT ("b", "a") DO UPDATE SET "c" = ifnull(excluded."c", "t"."c"))");
  table.unwritten = {"c"};
  EXPECT_EQ(insert_dml(table, Dialect::sqlite),
            R"(INSERT INTO "t" ("a", "b") VALUES (?, ?) ON CONFLICT ("b", "a") DO NOTHING)");
  EXPECT_THAT(table_ddl(table, Dialect::sqlite), HasSubstr("\"c\" int"));
  table.key = {};
  EXPECT_EQ(insert_dml(table, Dialect::sqlite), R"(INSERT INTO "t" ("a", "b") VALUES (?, ?))");
}

TEST(Ddl, NeedsTheWholeKeyOfARow) {
  SinkTable table = history();
  table.unwritten = {"hour"};
  EXPECT_THAT(check_table(table, Dialect::cql),
              ElementsAre(HasSubstr("primary_key names hour, which INSERT INTO listening_history "
                                    "(…) does not list")));
}

TEST(Ddl, KeepsAColumnOfSqliteForWriteTimes) {
  SinkTable table = history();
  table.write_times = WriteTimeRule::delivery;
  EXPECT_THAT(table_ddl(table, Dialect::sqlite), HasSubstr("\"_write_time\" bigint,\n"));
  EXPECT_THAT(table_ddl(table, Dialect::cql), testing::Not(HasSubstr("_write_time")));
  table.columns.push_back({"_Write_Time", Type::int64});
  EXPECT_THAT(check_table(table, Dialect::sqlite),
              ElementsAre(HasSubstr("has the name under which write times are kept")));
  EXPECT_THAT(check_table(table, Dialect::cql), IsEmpty());
}

TEST(Ddl, WritesSqlite) {
  EXPECT_EQ(table_ddl(history(), Dialect::sqlite),
            R"(CREATE TABLE IF NOT EXISTS "listening_history" (
    "id" int,
    "name" text NOT NULL,
    "hour" int NOT NULL,
    "time" text NOT NULL,
    "Tempo" real,
    "token" timestamp(6),
    "kafka_offset" bigint NOT NULL,
    PRIMARY KEY ("name", "hour", "time" DESC, "kafka_offset")
))");
}

TEST(Ddl, LeavesOutTheClusteringOrderWhereNothingClusters) {
  SinkTable table{.keyspace = "ks",
                  .name = "t",
                  .columns = {{"a", Type::text}},
                  .key = {.partition = {"a"}, .clustering = {}}};
  EXPECT_EQ(table_ddl(table, Dialect::cql),
            "CREATE TABLE IF NOT EXISTS ks.t (\n    a text,\n    PRIMARY KEY ((a))\n)");
}

TEST(Ddl, CreatesKeyspacesAsToldTo) {
  EXPECT_EQ(keyspace_ddl("spotify", {}).value(),
            "CREATE KEYSPACE IF NOT EXISTS spotify WITH replication = {'class': 'SimpleStrategy', "
            "'replication_factor': 1}");
  EXPECT_THAT(
      keyspace_ddl("s", {.replication_class = "NetworkTopologyStrategy", .replication_factor = "3"})
          .value(),
      HasSubstr("{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}"));
  EXPECT_THAT(keyspace_ddl("s", {.replication = " {'class': 'NetworkTopologyStrategy', 'dc1': 2} "})
                  .value(),
              HasSubstr("replication = {'class': 'NetworkTopologyStrategy', 'dc1': 2}"));
  EXPECT_EQ(keyspace_ddl("s", {.replication_factor = "0"}).error().kind, ErrorKind::usage);
  EXPECT_EQ(keyspace_ddl("s", {.replication_factor = "1}; DROP"}).error().kind, ErrorKind::usage);
  EXPECT_EQ(keyspace_ddl("s", {.replication_class = "simple"}).error().kind, ErrorKind::usage);
  EXPECT_EQ(keyspace_ddl("s", {.replication = "dc1:3"}).error().kind, ErrorKind::usage);
  EXPECT_EQ(keyspace_ddl("1s", {}).error().kind, ErrorKind::usage);
}

TEST(Ddl, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(quote_name("key", Dialect::cql), "key");  // Not reserved, whatever the seed says.
  EXPECT_EQ(quote_name("order", Dialect::cql), "\"order\"");
  EXPECT_EQ(quote_name("Name", Dialect::cql), "\"Name\"");
  EXPECT_EQ(quote_name("a\"b", Dialect::cql), "\"a\"\"b\"");
  EXPECT_EQ(quote_name("_x", Dialect::cql), "\"_x\"");
  EXPECT_EQ(quote_name("name", Dialect::sqlite), "\"name\"");
}

TEST(Ddl, FindsWhatIsWrongWithATable) {
  EXPECT_THAT(check_table(history(), Dialect::cql), IsEmpty());
  EXPECT_THAT(check_table(history(), Dialect::sqlite), IsEmpty());

  SinkTable table = history();
  table.keyspace = "my-keyspace";
  table.columns.push_back({"ID", Type::text});
  table.key.clustering.push_back({"tme", false});
  table.key.clustering.push_back({"time", false});
  EXPECT_THAT(check_table(table, Dialect::cql),
              ElementsAre(HasSubstr("'my-keyspace' as the name of a keyspace"),
                          "primary_key names tme, which is no column of "
                          "my-keyspace.listening_history. Did you mean 'time'?",
                          "primary_key names time twice"));
  EXPECT_THAT(check_table(table, Dialect::sqlite)[0],
              "column ID stands twice in listening_history");
  table.key = {};
  EXPECT_THAT(check_table(table, Dialect::sqlite),
              testing::Contains(HasSubstr("has no primary_key")));
}

TEST(Ddl, QuotesHostileNames) {
  // Each is one name and nothing else, however it tries to end.
  SinkTable table{.keyspace = "ks",
                  .name = "t",
                  .columns = {{"a\"b", Type::text},
                              {"\"); DROP TABLE x; --", Type::text},
                              {"'; --", Type::text},
                              {"select", Type::text},
                              {"名前", Type::text},
                              {"?", Type::text}},
                  .key = {.partition = {"a\"b"}, .clustering = {{"select", true}}}};
  for (const Dialect dialect : {Dialect::cql, Dialect::sqlite})
    EXPECT_THAT(check_table(table, dialect), IsEmpty());
  EXPECT_EQ(table_ddl(table, Dialect::cql), R"(CREATE TABLE IF NOT EXISTS ks.t (
    "a""b" text,
    """); DROP TABLE x; --" text,
    "'; --" text,
    "select" text,
    "名前" text,
    "?" text,
    PRIMARY KEY (("a""b"), "select")
) WITH CLUSTERING ORDER BY ("select" DESC))");
  EXPECT_EQ(insert_dml(table, Dialect::cql),
            R"(INSERT INTO ks.t ("a""b", """); DROP TABLE x; --", "'; --", "select", "名前", "?") )"
            "VALUES ((text)?, (text)?, (text)?, (text)?, (text)?, (text)?)");
  table.name = "x\"; DROP TABLE y; --";
  EXPECT_THAT(insert_dml(table, Dialect::sqlite),
              testing::StartsWith("INSERT INTO \"x\"\"; DROP TABLE y; --\" (\"a\"\"b\""));
}

TEST(Ddl, RefusesNamesThatNoStoreShouldHave) {
  const auto faults = [](SinkTable table, Dialect dialect) {
    std::string all;
    for (const std::string& fault : check_table(table, dialect)) all += fault + "\n";
    return all;
  };
  for (const Dialect dialect : {Dialect::cql, Dialect::sqlite}) {
    SinkTable table = history();
    for (const std::string& name :
         {std::string("a\0b", 3), std::string("a\nb"), std::string("a\x1b"), std::string("a\xff"),
          std::string("a\u2028b")}) {
      table.columns[0].name = name;
      EXPECT_THAT(faults(table, dialect),
                  HasSubstr("has control characters in it, or is not UTF-8"));
    }
    table.columns[0].name = std::string(kStoreNameBytesLimit, 'x');
    EXPECT_EQ(faults(table, dialect), "");
    table.columns[0].name += "x";
    EXPECT_THAT(faults(table, dialect), HasSubstr("is longer than 255 bytes"));
    table = history();
    for (size_t i = table.columns.size(); i < sql::kColumnsLimit; ++i)
      table.columns.push_back({"c" + std::to_string(i), Type::int32});
    EXPECT_EQ(faults(table, dialect), "");
    table.columns.push_back({"one_more", Type::int32});
    EXPECT_THAT(faults(table, dialect), HasSubstr("has 1,601 columns, more than 1,600"));
  }
  SinkTable table = history();
  for (const char* name : {"a\"b", "a;b", "a b", "1a", "_a", "naïve", "", "a\nb"}) {
    table.name = name;
    EXPECT_THAT(faults(table, Dialect::cql), HasSubstr("as the name of a table")) << name;
    EXPECT_FALSE(keyspace_ddl(name, {})) << name;
  }
  table.name = std::string(48, 'x');
  EXPECT_EQ(faults(table, Dialect::cql), "");
  table.name += "x";
  EXPECT_THAT(faults(table, Dialect::cql), HasSubstr("as the name of a table"));
  for (const char* name : {"sqlite_x", "SQLite_x", "turntable_meta", "Turntable_x"}) {
    table.name = name;
    EXPECT_THAT(faults(table, Dialect::sqlite), HasSubstr("begins with")) << name;
  }
  table.name = "t";
  for (const char* keyspace : {"main", "Temp"}) {
    table.keyspace = keyspace;
    EXPECT_THAT(faults(table, Dialect::sqlite), HasSubstr("a schema of that name already"));
  }
}

TEST(Ddl, ComparesEqualWithTheTableThatItCreated) {
  const Difference difference = compare(history(), live_history(), Dialect::cql);
  EXPECT_THAT(difference.faults, IsEmpty());
  EXPECT_THAT(difference.notes, IsEmpty());
}

TEST(Ddl, NamesEachColumnThatDiffers) {
  std::vector<LiveColumn> live = live_history();
  live.erase(live.begin());  // Tempo
  live[0].type = "bigint";   // hour
  live[4].descending = false;
  live.push_back({"extra", "text"});
  live.push_back({"needed", "text", LiveColumn::Kind::regular, 0, false, true});
  live[5].kind = LiveColumn::Kind::fixed;
  const Difference difference = compare(history(), live, Dialect::cql);
  EXPECT_THAT(
      difference.faults,
      ElementsAre("column hour is bigint, expected int", "column Tempo is missing, expected float",
                  "column token is static, expected one value for each row",
                  "column needed (text) must not be NULL, and the pipeline has no value for it",
                  "column time is ordered ASC, expected DESC"));
  EXPECT_THAT(difference.notes,
              ElementsAre("column extra (text) is not in the pipeline and stays NULL"));
  EXPECT_FALSE(difference.ok());
}

TEST(Ddl, NamesAnotherKey) {
  // The table of old: without the offset a minute's plays overwrite each other.
  std::vector<LiveColumn> live = live_history();
  live[3].kind = LiveColumn::Kind::regular;
  live[1].position = 0;
  live[4].position = 1;
  EXPECT_THAT(compare(history(), live, Dialect::cql).faults,
              ElementsAre("the partition key is (hour, name), expected (name, hour)",
                          "the clustering key is (time), expected (time, kafka_offset)"));
}

TEST(Ddl, ComparesSqliteByItsOwnRules) {
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

TEST(Ddl, WarnsOfKeysThatTheStoreNarrows) {
  SinkTable table{.keyspace = "ks",
                  .name = "heard",
                  .columns = {{"id", Type::int32}, {"at", Type::timestamp}},
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

}  // namespace
}  // namespace turntable
