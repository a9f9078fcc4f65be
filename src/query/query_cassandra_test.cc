// Queries on a real Cassandra, where TURNTABLE_CASSANDRA=host:port names one: the table's text is
// compared with what cqlsh printed, and with what SQLite gives for the same rows.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/source_dir.h"
#include "query/cassandra_store.h"
#include "query/query.h"
#include "query/sqlite_store.h"
#include "sqlite/database.h"

namespace turntable {
namespace {

using testing::HasSubstr;

const std::string kTestdata = source_path("src/query/testdata/");

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class QueryCassandra : public testing::Test {
 protected:
  void SetUp() override {
    const char* where = std::getenv("TURNTABLE_CASSANDRA");
    if (where == nullptr || *where == '\0')
      GTEST_SKIP() << "SKIPPED, NOT PASSED: needs TURNTABLE_CASSANDRA=host:port";
    auto store = CassandraStore::connect({.contact_points = where}, 2);
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }

  std::string run(RowStore& store, std::string_view text, RowFormat format = RowFormat::table) {
    std::string out;
    const auto statements = read_statements(text, "q.cql");
    if (!statements) return statements.error().message;
    const Status status = run_statements(
        store, *statements, "q.cql", format,
        [&](std::string_view piece) {
          out += piece;
          return Status();
        },
        stop_, [] { return false; });
    return status ? out : status.error().message;
  }
  std::string run(std::string_view text) { return run(*store_, text); }

  std::unique_ptr<RowStore> store_;
  StopToken stop_;
};

TEST_F(QueryCassandra, PrintsWhatCqlshPrints) {
  EXPECT_EQ(run(contents(kTestdata + "cqlsh.cql")),
            contents(kTestdata + "cqlsh.txt"));
}

TEST_F(QueryCassandra, SaysWhereTheFaultIs) {
  EXPECT_THAT(run("SELECT 1\n FORM t"),
              testing::StartsWith("q.cql:2:2: the CQL is not valid: mismatched input 'FORM'"));
  EXPECT_THAT(run("\n\n  SELECT * FROM\n  system.local WERE x"),
              testing::StartsWith("q.cql:4:16: "));
  EXPECT_THAT(run("\nSELECT * FROM no_such_keyspace.t"),
              testing::AllOf(testing::StartsWith("q.cql:2:1: "), HasSubstr("no_such_keyspace")));
}

// The seed's three questions, on the same plays in both stores.
TEST_F(QueryCassandra, GivesTheSameTextAsSqlite) {
  const std::string columns =
      "id int, name text, song text, hour int, date text, danceability float, tempo float, "
      "acousticness float, "
      "time text, kafka_offset bigint";
  run("CREATE KEYSPACE IF NOT EXISTS turntable_query WITH replication = {'class': "
      "'SimpleStrategy', 'replication_factor': 1}");
  run("DROP TABLE IF EXISTS turntable_query.plays");
  EXPECT_EQ(run("CREATE TABLE turntable_query.plays (" + columns +
                ", PRIMARY KEY ((name, date, hour), time, kafka_offset)) "
                "WITH CLUSTERING ORDER BY (time DESC, kafka_offset ASC)"),
            "");
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("turntable_same_" + std::to_string(::getpid()) + ".db"))
                               .string();
  std::filesystem::remove(path);
  auto db = sqlite::Database::open(path, sqlite::Database::Mode::write);
  ASSERT_TRUE(db);
  std::string declared = columns;
  for (size_t at; (at = declared.find("float")) != std::string::npos;)
    declared.replace(at, 5, "real");
  ASSERT_TRUE(db->execute("CREATE TABLE plays (" + declared +
                          ", PRIMARY KEY (name, date, hour, time DESC, kafka_offset))"));

  unsigned state = 1;
  const auto next = [&state](unsigned below) {
    return (state = state * 1103515245U + 12345U) / 65536U % below;
  };
  for (int i = 0; i < 60; ++i) {
    // As the pipeline's sinks do, SQLite gets the float and not the decimal number that was
    // written.
    const auto real = [](double value) {
      return fmt::format("{}", static_cast<double>(static_cast<float>(value)));
    };
    const std::string values = fmt::format(
        "({}, 'Dimitris Tsirmpas', 'song ''{}''\\é', 10, '2024-03-03', {}, {}, {}, '2024-03-03 "
        "10:{}', {})",
        next(99999), i, real(next(1000) / 1e3), real(60 + next(140) + next(1000) / 1e3),
        i % 7 == 0 ? "null" : real(next(1000) * 1e-6), 10 + next(20), i);
    const std::string names =
        "(id, name, song, hour, date, danceability, tempo, acousticness, time, kafka_offset) "
        "VALUES ";
    ASSERT_EQ(run("INSERT INTO turntable_query.plays " + names + values), "");
    ASSERT_TRUE(db->execute("INSERT INTO plays " + names + values));
  }
  const StopToken stop;
  auto sqlite_store = SqliteStore::open(path, "turntable_query", 7, stop);
  ASSERT_TRUE(sqlite_store) << sqlite_store.error().message;

  const std::string where =
      " FROM turntable_query.plays WHERE name = 'Dimitris Tsirmpas' AND date = '2024-03-03' AND "
      "hour = 10";
  for (const std::string& text : {
           std::string("SELECT * FROM turntable_query.plays LIMIT 50;"),
           "SELECT song" + where,
           "SELECT name, date, hour, avg(danceability), avg(tempo), avg(acousticness), avg(tempo)" +
               where + " GROUP BY hour",
           "SELECT count(*), sum(id), avg(id), min(time), max(tempo), sum(tempo), "
           "count(acousticness)" +
               where,
           std::string("SELECT avg(tempo) FROM turntable_query.plays WHERE name = 'nobody' AND "
                       "date = '' AND hour = 1"),
       }) {
    for (const RowFormat format :
         {RowFormat::table, RowFormat::csv, RowFormat::json, RowFormat::ndjson}) {
      const std::string from_cassandra = run(*store_, text, format);
      EXPECT_THAT(from_cassandra, testing::Not(HasSubstr("q.cql:")));
      EXPECT_EQ(run(**sqlite_store, text, format), from_cassandra) << text;
    }
  }
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
}

}  // namespace
}  // namespace turntable
