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
                      {"token", Type::timestamptz},
                      {"kafka_offset", Type::int64, true}},
          .key = {.partition = {"name", "hour"},
                  .clustering = {{"time", true}, {"kafka_offset", false}}}};
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

TEST(Ddl, AddsAColumn) {
  const SinkTable table{.keyspace = "k", .name = "Mixed", .columns = {}};
  EXPECT_EQ(add_column_ddl(table, {"token", Type::float64}, Dialect::cql),
            R"(ALTER TABLE k."Mixed" ADD "token" double)");
  EXPECT_EQ(add_column_ddl(table, {"n", Type::int64, true}, Dialect::sqlite),
            R"(ALTER TABLE "Mixed" ADD COLUMN "n" bigint)");
}

TEST(Ddl, InsertsWithATtlAndTheRecordsTime) {
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
  SinkTable of_rows = plain;
  of_rows.ttl_column = "expires_in";
  EXPECT_EQ(insert_dml(of_rows, Dialect::cql), "INSERT INTO k.t (a) VALUES ((text)?) USING TTL ?");
  of_rows.write_times = WriteTimeRule::delivery;
  EXPECT_EQ(insert_dml(of_rows, Dialect::cql),
            "INSERT INTO k.t (a) VALUES ((text)?) USING TTL ? AND TIMESTAMP ?");
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
  // As primary_key has to name it, which reads names as SQL does.
  table = history();
  table.columns.push_back({"LocationID", Type::text});
  table.key.clustering.push_back({"locationid", false});
  EXPECT_THAT(check_table(table, Dialect::cql),
              testing::Contains(HasSubstr(". Did you mean \"LocationID\"?")));
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

SinkTable typed() {
  return {.keyspace = "ks",
          .name = "t",
          .columns = {{"tags", array_of(Type::text)},
                      {"day", Type::date},
                      {"n", Type::int32},
                      {"facts", Type::jsonb},
                      {"list", array_of(Type::uuid)}},
          .key = {.partition = {"tags"}},
          .cql_types = {{"n", "varint"}, {"facts", "map<text, int>"}}};
}

TEST(Ddl, MakesColumnsOfTheTypesThatTheOptionSays) {
  EXPECT_THAT(check_cql_types(typed()), IsEmpty());
  EXPECT_THAT(check_table(typed(), Dialect::cql), IsEmpty());
  EXPECT_EQ(table_ddl(typed(), Dialect::cql), R"(CREATE TABLE IF NOT EXISTS ks.t (
    tags frozen<list<text>>,
    day date,
    n varint,
    facts map<text, int>,
    list list<uuid>,
    PRIMARY KEY ((tags))
))");
  EXPECT_THAT(insert_dml(typed(), Dialect::cql),
              HasSubstr("(frozen<list<text>>)?, (date)?, (varint)?, (map<text, int>)?, "
                        "(list<uuid>)?"));
  EXPECT_THAT(table_ddl(typed(), Dialect::sqlite), HasSubstr("\"tags\" text[] NOT NULL,\n"));
}

TEST(Ddl, DeletesByKeysOfTheTypesThatTheOptionSays) {
  SinkTable table = typed();
  table.key = {.partition = {"n"}, .clustering = {{"tags"}}};
  table.write_times = WriteTimeRule::delivery;
  EXPECT_EQ(delete_dml(table, Dialect::cql),
            "DELETE FROM ks.t USING TIMESTAMP ? WHERE tags = (frozen<list<text>>)? AND n = "
            "(varint)?");
}

TEST(Ddl, SaysWhatIsWrongWithTheTypesOfTheOption) {
  SinkTable table = typed();
  table.cql_types = {{"nn", "varint"}, {"day", "uuid"}, {"tags", "set<text>"}};
  EXPECT_THAT(check_cql_types(table),
              ElementsAre("cql_types makes day a uuid, which date cannot go into",
                          "cql_types names nn, which is no column of ks.t. Did you mean 'n'?"));
  EXPECT_THAT(check_table(table, Dialect::cql),
              ElementsAre("column tags is part of the key of ks.t, where Cassandra takes "
                          "collections only as frozen<set<text>>"));
  table.cql_types = {};
  table.columns[0].type = Type::interval;
  EXPECT_THAT(check_table(table, Dialect::cql),
              ElementsAre("column tags is part of the key of ks.t, where Cassandra takes no "
                          "durations"));
  EXPECT_THAT(check_table(table, Dialect::sqlite), IsEmpty());
}

}  // namespace
}  // namespace turntable
