// Queries on SQLite, the file and the output included. The same on Cassandra:
// query_cassandra_test.cc.
#include "query/query.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/descriptor.h"
#include "query/output_file.h"
#include "sqlite/database.h"

namespace turntable {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class QueryTest : public testing::Test {
 protected:
  QueryTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = std::filesystem::temp_directory_path() /
           (std::string("turntable_query_") + info->name() + "_" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir_);
    auto db = sqlite::Database::open(path("history.db"), sqlite::Database::Mode::write);
    EXPECT_TRUE(db->execute(R"(
        CREATE TABLE turntable_meta (key text PRIMARY KEY NOT NULL, value text) WITHOUT ROWID;
        INSERT INTO turntable_meta VALUES ('keyspace', 'spotify');
        CREATE TABLE listening_history (id int, name text NOT NULL, hour int NOT NULL, time text NOT NULL, tempo real, energy real,
          album text, PRIMARY KEY (name, hour, time DESC));
        INSERT INTO listening_history VALUES (1, 'Dimitris', 10, '10:15', 122.036, 0.5, 'A'), (2, 'Dimitris', 10, '10:20', 99.9, 0.25, NULL),
          (4, 'Dimitris', 11, '11:00', 'NaN', NULL, ''), (3, 'Ann', 10, '10:01', 80, 1, 'back\slash');
    )"));
  }
  ~QueryTest() override { std::filesystem::remove_all(dir_); }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }

  static std::string contents(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  QueryOptions options(const std::string& text) const {
    return {.sqlite_path = path("history.db"), .text = text, .output = path("out.txt")};
  }

  // The result's text, or the error's.
  std::string run(const QueryOptions& options) {
    const Status status = run_query(options, stop_, out_);
    return status ? contents(options.output) : status.error().message;
  }
  std::string run(const std::string& text) { return run(options(text)); }

  std::filesystem::path dir_;
  StopToken stop_;
  Output out_;
};

TEST_F(QueryTest, GivesStarInCassandrasOrderOfColumns) {
  EXPECT_EQ(run("SELECT * FROM spotify.listening_history;"), R"(
 name     | hour | time  | album       | energy | id | tempo
----------+------+-------+-------------+--------+----+---------
      Ann |   10 | 10:01 | back\\slash |      1 |  3 |      80
 Dimitris |   10 | 10:20 |        null |   0.25 |  2 |    99.9
 Dimitris |   10 | 10:15 |           A |    0.5 |  1 | 122.036
 Dimitris |   11 | 11:00 |             |   null |  4 |     NaN

(4 rows)
)");
}

TEST_F(QueryTest, NamesTypesAndComputesAggregatesAsCassandra) {
  EXPECT_EQ(run("SELECT name, hour, avg(tempo), avg(tempo), AVG(id), sum(id), count(*), "
                "count(album), max(time), avg(energy) AS e "
                "FROM spotify.listening_history WHERE name = 'Dimitris' AND hour = 10 GROUP BY "
                "hour ALLOW FILTERING"),
            R"(
 name     | hour | system.avg(tempo) | system.avg(tempo) | system.avg(id) | system.sum(id) | count | system.count(album) | system.max(time) | e
----------+------+-------------------+-------------------+----------------+----------------+-------+---------------------+------------------+-------
 Dimitris |   10 |           110.968 |           110.968 |              1 |              3 |     2 |                   1 |            10:20 | 0.375

(1 rows)
)");
  EXPECT_EQ(run("SELECT avg(tempo), sum(id), count(*), min(id) FROM spotify.listening_history "
                "WHERE name = 'nobody'"),
            R"(
 system.avg(tempo) | system.sum(id) | count | system.min(id)
-------------------+----------------+-------+----------------
                 0 |              0 |     0 |           null

(1 rows)
)");
  EXPECT_THAT(run("SELECT avg(tempo) FROM spotify.listening_history"), HasSubstr("NaN"));
}

TEST_F(QueryTest, RunsEveryStatementOfAFile) {
  std::ofstream(path("q.cql"))
      << "-- two of them\nSELECT id FROM spotify.listening_history WHERE name = 'Ann';\n"
         "SELECT id FROM spotify.listening_history WHERE name = 'none';\n";
  QueryOptions file = options("");
  file.file = path("q.cql");
  EXPECT_EQ(run(file), "\n id\n----\n  3\n\n(1 rows)\n\n id\n----\n\n\n(0 rows)\n");
  file.format = RowFormat::csv;
  EXPECT_EQ(run(file), "id\r\n3\r\nid\r\n");
}

TEST_F(QueryTest, TakesTheTypeOfAnExpressionFromItsFirstValue) {
  QueryOptions ndjson = options(
      "SELECT id + 1 AS a, tempo * 2 AS b, upper(name) AS c, x'ca' AS d FROM "
      "spotify.listening_history WHERE id = 3");
  ndjson.format = RowFormat::ndjson;
  EXPECT_EQ(run(ndjson), "{\"a\":4,\"b\":160,\"c\":\"ANN\",\"d\":\"0xca\"}\n");
}

TEST_F(QueryTest, TakesTheTypeOfAnExpressionFromItsValues) {
  QueryOptions ndjson = options(
      "SELECT id / 2.0 AS a, iif(id = 1, 1, 0.5) AS b, iif(id < 3, 1, upper(album)) AS c FROM "
      "spotify.listening_history WHERE id IN (1, 2, 3) ORDER BY id");
  ndjson.format = RowFormat::ndjson;
  EXPECT_EQ(run(ndjson),
            "{\"a\":0.5,\"b\":1,\"c\":\"1\"}\n{\"a\":1,\"b\":0.5,\"c\":\"1\"}\n"
            "{\"a\":1.5,\"b\":0.5,\"c\":\"BACK\\\\SLASH\"}\n");
}

TEST_F(QueryTest, SumsOfIntsMayBeLargerThanAnInt) {
  ASSERT_TRUE(sqlite::Database::open(path("history.db"), sqlite::Database::Mode::write)
                  ->execute("UPDATE listening_history SET id = 2147483647"));
  QueryOptions csv = options("SELECT sum(id) AS s, avg(id) AS a FROM spotify.listening_history");
  csv.format = RowFormat::csv;
  EXPECT_EQ(run(csv), "s,a\r\n8589934588,2147483647\r\n");
}

TEST_F(QueryTest, ShowsWriteTimesOnlyWhereTheyAreAskedFor) {
  ASSERT_TRUE(sqlite::Database::open(path("history.db"), sqlite::Database::Mode::write)
                  ->execute("CREATE TABLE latest (id int PRIMARY KEY, song text, _write_time "
                            "bigint); INSERT INTO latest VALUES (1, 'Alpha', 1000)"));
  QueryOptions asked = options("SELECT * FROM spotify.latest");
  asked.format = RowFormat::csv;
  EXPECT_EQ(run(asked), "id,song\r\n1,Alpha\r\n");
  asked.format = RowFormat::ndjson;
  EXPECT_EQ(run(asked), "{\"id\":1,\"song\":\"Alpha\"}\n");
  asked.format = RowFormat::csv;
  asked.text = "SELECT id, _write_time FROM spotify.latest";
  EXPECT_EQ(run(asked), "id,_write_time\r\n1,1000\r\n");
}

// What is compared with a column of times, in every form that CQL has for it.
class TimesInQueryTest : public QueryTest, public testing::WithParamInterface<const char*> {
 protected:
  TimesInQueryTest() {
    const std::string type = GetParam();
    const std::string more = type == "timestamp(6)" ? "000" : "";
    auto db = sqlite::Database::open(path("history.db"), sqlite::Database::Mode::write);
    EXPECT_TRUE(db->execute("CREATE TABLE heard (id int, t " + type + ", u " + type +
                            ", PRIMARY KEY (t, id))"));
    for (const char* hour : {"08", "10", "12"})
      EXPECT_TRUE(
          db->execute(fmt::format("INSERT INTO heard VALUES ({0}, '2024-03-03T{0}:30:00.000{1}Z', "
                                  "'2024-03-03T10:30:00.000{1}Z')",
                                  hour, more)));
  }

  // The hours of the rows, a comma behind each; or the fault.
  std::string hours(const std::string& where) {
    return answer("SELECT id FROM spotify.heard WHERE " + where + " ALLOW FILTERING");
  }
  std::string answer(const std::string& statement) {
    QueryOptions csv = options(statement);
    csv.format = RowFormat::csv;
    std::string text = run(csv);
    if (!text.starts_with("id\r\n")) return text;
    std::string hours;
    for (const char c : text.substr(4))
      hours += c == '\r' ? "," : c == '\n' ? "" : std::string(1, c);
    return hours;
  }
};

TEST_P(TimesInQueryTest, MeanWhatTheyMeanOnCassandra) {
  EXPECT_EQ(hours("t > '2024-03-03 10:30:00+0000'"), "12,");
  EXPECT_EQ(hours("t >= '2024-03-03 12:30+0200'"), "10,12,");
  EXPECT_EQ(hours("t > 1709461800000"), "12,");
  EXPECT_EQ(hours("t = 1709461800000"), "10,");
  EXPECT_EQ(hours("t = '1709461800000'"), "10,");
  EXPECT_EQ(hours("t > -1"), "8,10,12,");
  EXPECT_EQ(hours("'2024-03-03 10:30:00' < t"), "12,");
  EXPECT_EQ(hours("1709461800000 >= t"), "8,10,");
  EXPECT_EQ(hours("t IN ('2024-03-03 08:30', 1709461800000)"), "8,10,");
  EXPECT_EQ(hours("(t, id) > ('2024-03-03 10:30:00', 0)"), "10,12,");
  EXPECT_EQ(hours("(t, id) > (1709461800000, 10) AND id < 20"), "12,");
  EXPECT_EQ(hours("(id, t) = (10, '2024-03-03 10:30:00')"), "10,");
  EXPECT_EQ(hours("(t, id) IN (('2024-03-03 10:30:00', 10), ('2024-03-03 08:30:00', 9))"), "10,");
  EXPECT_EQ(hours("heard.t > '2024-03-03 10:30:00' AND id > 0"), "12,");
  EXPECT_EQ(hours("t BETWEEN '2024-03-03 08:30' AND 1709461800000 AND id > 8"), "10,");
  EXPECT_EQ(hours("t > u"), "12,");
  EXPECT_EQ(hours("id > 8 AND '2024-03-03 12:30' != t"), "10,");
  EXPECT_EQ(hours("t > '0001-01-01' AND t < 253402300799999"), "8,10,12,");
}

TEST_P(TimesInQueryTest, AreRefusedWhereTheyAreNone) {
  for (const char* where :
       {"t > 'yesterday'", "t = '2024-02-30'", "t > 1.5", "t > id", "t > datetime('now')",
        "t IN ('2024-03-03', 'x')", "'x' < t", "(t, id) > ('x', 0)", "(t, id) IN (('x', 0))"})
    EXPECT_THAT(hours(where), HasSubstr("is no time that column t can be compared with")) << where;
  EXPECT_THAT(hours("id > 0 AND t > 'x'"), HasSubstr("1:51: 'x' is no time"));
}

// Aliases, joins and subselects, whose columns have one name in several tables.
TEST_P(TimesInQueryTest, AreThoseOfTheTableThatTheNameStandsFor) {
  ASSERT_TRUE(sqlite::Database::open(path("history.db"), sqlite::Database::Mode::write)
                  ->execute("CREATE TABLE other (id int PRIMARY KEY, t text, at text); INSERT INTO "
                            "other VALUES (8, 'a', 'x'), (10, 'b', 'x'), (12, 'c', 'x')"));
  const std::string late = "> '2024-03-03 10:30:00+0000'";
  for (const char* tables : {
           "heard h JOIN other o ON o.id = h.id WHERE h.t {}",
           "heard h LEFT JOIN other o ON o.id = h.id WHERE h.t {}",
           "heard AS h INNER JOIN other o USING (id) WHERE h.t {}",
           "heard h CROSS JOIN other o WHERE o.id = h.id AND h.t {}",
           "other o, spotify.heard h WHERE h.id = o.id AND h.t {}",
           "heard h NATURAL JOIN (SELECT id FROM other) o WHERE t {}",
           "other o LEFT JOIN (SELECT id, t FROM heard) h ON h.id = o.id WHERE h.t {}",
           "other o JOIN heard ON heard.id = o.id WHERE o.at = 'x' AND heard.t {}",
           "other o JOIN heard h ON h.id = o.id AND h.t {}",
           "other o WHERE o.id = (SELECT h.id FROM heard h WHERE h.id = o.id AND h.t {})",
           "other o WHERE EXISTS (SELECT 1 FROM other p WHERE p.id = o.id AND EXISTS (SELECT 1 "
           "FROM heard o WHERE o.id = p.id AND o.t {}))",
       }) {
    const std::string select = "SELECT o.id FROM " + fmt::format(fmt::runtime(tables), late);
    EXPECT_EQ(answer(select), "12,") << select;
  }
  EXPECT_EQ(answer("SELECT id FROM heard h WHERE h.t " + late), "12,");
  EXPECT_EQ(answer("SELECT id FROM heard h WHERE t " + late), "12,");
  EXPECT_EQ(answer("SELECT id FROM other WHERE t > 'b'"), "12,") << "no time";
  EXPECT_EQ(answer("SELECT o.id FROM heard h JOIN other o ON o.id = h.id WHERE o.t > 'b'"), "12,");
  EXPECT_EQ(answer("WITH late AS (SELECT * FROM heard WHERE t >= '2024-03-03 10:30') SELECT id "
                   "FROM late WHERE t " +
                   late),
            "12,");
  EXPECT_EQ(answer("SELECT id FROM other WHERE t = 'a' UNION SELECT id FROM heard WHERE t " + late),
            "8,12,");
  EXPECT_THAT(answer("SELECT o.id FROM heard h JOIN other o ON o.id = h.id WHERE h.t > o.at"),
              HasSubstr("o.at is no time that column t can be compared with"));
}

TEST_P(TimesInQueryTest, AreComparedWithThoseOfASubselectAsTheyAreKept) {
  EXPECT_EQ(hours("t = (SELECT max(t) FROM spotify.heard)"), "12,");
  EXPECT_EQ(hours("t > (SELECT min(t) FROM spotify.heard) AND id < 12"), "10,");
  EXPECT_EQ(hours("(t, id) = (SELECT t, id FROM spotify.heard WHERE id = 10)"), "10,");
  EXPECT_EQ(hours("t IN (SELECT t FROM spotify.heard WHERE t > '2024-03-03 10:30')"), "12,");
  EXPECT_EQ(hours("t = (SELECT max(t) FROM spotify.heard WHERE t < '2024-03-03 10:30:00')"), "8,");
}

// Columns in other dress, and what stands for one.
TEST_P(TimesInQueryTest, AreFoundBehindBracketsSignsAliasesAndAggregates) {
  const std::string late = " > '2024-03-03 10:30:00+0000'";
  for (const char* side : {"(t)", "+t", "((heard.t))", "t COLLATE nocase", "+(t) COLLATE rtrim",
                           "\"t\"", "coalesce(t, u)", "ifnull(t, NULL)", "iif(id > 0, t, u)",
                           "CASE WHEN id > 9 THEN t ELSE u END", "(SELECT t)", "max(t, u)",
                           "(SELECT max(h.t) FROM heard h WHERE h.id = heard.id)"})
    EXPECT_EQ(hours(side + late), "12,") << side;
  EXPECT_EQ(hours("'2024-03-03 10:30:00' < (t)"), "12,");
  EXPECT_EQ(hours("(t) IN (('2024-03-03 08:30'), 1709461800000)"), "8,10,");
  EXPECT_EQ(hours("((t), +id) > ('2024-03-03 10:30', 0)"), "10,12,");
  EXPECT_EQ(hours("t > '2024-03-03 10:30' COLLATE nocase"), "12,");
  EXPECT_EQ(hours("t IN (VALUES ('2024-03-03 08:30'), (1709461800000))"), "8,10,");
  EXPECT_EQ(hours("(t, id) IN (VALUES ('2024-03-03 08:30', 8))"), "8,");
  EXPECT_EQ(hours("'2024-03-03 10:30' IN (t, u)"), "8,10,12,");
  EXPECT_EQ(hours("'2024-03-03 12:30' IN (SELECT t FROM heard) AND id < 9"), "8,");
  EXPECT_EQ(hours("'2024-03-03 10:30' BETWEEN u AND t"), "10,12,");
  EXPECT_THAT(answer("SELECT id, t AS x FROM heard WHERE x" + late), StartsWith("id,x\r\n12,"));
  for (const char* statement : {
           "SELECT id FROM heard GROUP BY id HAVING max(t) {}",
           "SELECT id FROM heard GROUP BY id HAVING min((t)) {}",
           "SELECT id FROM (SELECT id, max(t) AS m FROM heard GROUP BY id) WHERE m {}",
           "SELECT id FROM (SELECT id, max(t) FILTER (WHERE id > 0) AS m FROM heard GROUP BY id) "
           "WHERE m {}",
           "SELECT id FROM (SELECT id, max(t) OVER (PARTITION BY id) AS m FROM heard) WHERE m {}",
           "SELECT id FROM (SELECT * FROM (SELECT id, t AS m FROM heard)) WHERE m {}",
           "SELECT id FROM (WITH l AS (SELECT * FROM heard) SELECT id FROM l WHERE t {})",
           "SELECT id FROM (WITH l AS (SELECT * FROM heard WHERE t {}) SELECT id FROM l)",
           "SELECT id FROM heard WHERE id IN (WITH l (i, x) AS (SELECT id, t FROM heard), m AS "
           "(SELECT * FROM l) SELECT i FROM m WHERE x {})",
           "WITH l AS (SELECT id, max(t) AS m FROM heard GROUP BY id) SELECT id FROM l WHERE m {}",
           "WITH l (id, m) AS (SELECT id, min(t) FROM heard GROUP BY id) SELECT id FROM l l2 WHERE "
           "l2.m {}",
           "SELECT id FROM heard ORDER BY t {} DESC LIMIT 1",
           "SELECT id FROM heard GROUP BY id, t {} HAVING min(t) {}",
           "SELECT id FROM heard WHERE CASE WHEN t {} THEN 1 ELSE 0 END = 1",
           "SELECT id FROM (SELECT id, t FROM heard UNION ALL SELECT id, u FROM heard WHERE 1 = 0) "
           "WHERE t {}",
       })
    EXPECT_EQ(answer(fmt::format(fmt::runtime(statement), late, late)), "12,") << statement;
}

TEST_P(TimesInQueryTest, AreComparedByIsCaseAndFunctions) {
  EXPECT_EQ(hours("t IS '2024-03-03 10:30'"), "10,");
  EXPECT_EQ(hours("t IS NOT '2024-03-03 10:30'"), "8,12,");
  EXPECT_EQ(hours("t IS NOT DISTINCT FROM '2024-03-03 10:30'"), "10,");
  EXPECT_EQ(hours("t IS DISTINCT FROM 1709461800000"), "8,12,");
  EXPECT_EQ(hours("t IS NOT NULL AND t IS NOT u"), "8,12,");
  EXPECT_EQ(hours("CASE t WHEN '2024-03-03 10:30' THEN 1 WHEN 1709469000000 THEN 2 END > 0"),
            "10,12,");
  EXPECT_EQ(hours("nullif(t, '2024-03-03 10:30') IS NULL"), "10,");
  EXPECT_EQ(hours("max(t, '2024-03-03 10:30') = t"), "10,12,");
  EXPECT_EQ(answer("SELECT id IS DISTINCT FROM 3 AS d, id FROM heard WHERE t > '2024-03-03 10:30'"),
            "d,id\r\n1,12\r\n");
  EXPECT_THAT(hours("t IS 'x'"), HasSubstr("'x' is no time that column t can be compared with"));
}

// What is computed from a time is compared only where its form is known.
TEST_P(TimesInQueryTest, AreRefusedWhereTheirTextMightBeComparedWrongly) {
  for (const char* where :
       {"t || '' > '2024-03-03 10:30'", "upper(t) > '2024-03-03 10:30'",
        "CAST(t AS text) > '2024-03-03 10:30'", "t + 0 > 1709461800000",
        "coalesce(t, '2024-01-01') > '2024-03-03 10:30'", "`t` > '2024-03-03 10:30'",
        "json_array(t) ->> 0 > '2024-03-03 10:30'", "substr(t, 1) > '2024-03-03 10:30'",
        "'2024-03-03 10:30' < replace(t, 'T', ' ')"})
    EXPECT_THAT(hours(where), HasSubstr("computes something from a column of times")) << where;
  for (const char* where :
       {"date(t) = '2024-03-03 10:30'", "datetime(t) > '2024-03-03T10:30:00'",
        "substr(t, 1, 16) > '2024-03-03 10:30'", "strftime('%H', t) > 10",
        "ifnull(date(t), '') = '2024-03-03 00:00'", "upper(substr(t, 1, 16)) > '2024-03-03 10:30'",
        "CAST(substr(t, 1, 16) AS text) > '2024-03-03 10:30'"})
    EXPECT_THAT(hours(where), HasSubstr("gives a text of another form than")) << where;
  EXPECT_THAT(hours("unixepoch(t) > '2024-03-03'"), HasSubstr("is a number"));
  for (const char* where :
       {"t > (SELECT '2024-03-03 10:30')", "t = (SELECT datetime('now'))",
        "t IN (SELECT name FROM listening_history)", "t IN (SELECT id FROM heard)",
        "(t, id) = (SELECT '2024-03-03 10:30', 10)", "t IN listening_history", "(t, id) IN heard",
        "max(t, u) > 'x'", "t IN (SELECT t FROM heard UNION SELECT name FROM listening_history)"})
    EXPECT_THAT(hours(where), HasSubstr("is no time that ")) << where;
  EXPECT_THAT(answer("SELECT id FROM (SELECT id, upper(t) AS m FROM heard) WHERE m > '2024-03-03'"),
              HasSubstr("whether m is a time is not known"));
  EXPECT_THAT(answer("SELECT id FROM (SELECT id, upper(t) AS m FROM heard) WHERE m > "
                     "1709461800000"),
              HasSubstr("whether m is a time is not known"));
  EXPECT_THAT(answer("SELECT id FROM (SELECT id, t FROM heard UNION SELECT id, name FROM "
                     "listening_history) WHERE t > '2024-03-03'"),
              HasSubstr("name is in one column with the times of t"));
}

TEST_P(TimesInQueryTest, MayBeInAColumnCalledEnd) {
  ASSERT_TRUE(sqlite::Database::open(path("history.db"), sqlite::Database::Mode::write)
                  ->execute("ALTER TABLE heard RENAME COLUMN t TO end"));
  EXPECT_EQ(hours("id > 0 AND end > 1709461800000"), "12,");
  EXPECT_EQ(hours("'2024-03-03 10:30' < end AND id > 0"), "12,");
}

TEST_P(TimesInQueryTest, MayBeComparedWithALongList) {
  std::string list = "'2024-03-03 10:30'";
  for (int i = 0; i < 100'000; ++i) list += fmt::format(",{}", i);
  EXPECT_EQ(hours("t IN (" + list + ")"), "10,");
}

TEST_P(TimesInQueryTest, AreNoObstacleToOtherComparisons) {
  EXPECT_EQ(hours("date(t) = '2024-03-03' AND datetime(t) > '2024-03-03 10:30:00'"), "12,");
  EXPECT_EQ(hours("substr(t, 1, 10) = '2024-03-03' AND strftime('%H', t) > '10'"), "12,");
  EXPECT_EQ(
      hours("CAST(strftime('%H', t) AS int) > 10 AND length(t) > 5 AND strftime('%H', t) + 0 > 10"),
      "12,");
  EXPECT_EQ(hours("(t > u) = 1 AND id || '' > '10'"), "12,");
  EXPECT_EQ(hours("t LIKE '2024-03-03T12%'"), "12,");
  EXPECT_EQ(answer("SELECT id FROM heard GROUP BY id HAVING count(t) > 0 AND sum(t > '2024-03-03 "
                   "10:30') > 0"),
            "12,");
  EXPECT_EQ(answer("SELECT id FROM (SELECT id, count(*) OVER (ORDER BY t ROWS BETWEEN 1 PRECEDING "
                   "AND CURRENT ROW) AS n FROM heard) WHERE n > 1"),
            "10,12,");
  EXPECT_EQ(answer("SELECT id FROM (SELECT id, upper(name) AS n FROM listening_history) WHERE n = "
                   "'ANN'"),
            "3,");
  EXPECT_EQ(answer("SELECT id FROM (SELECT id, upper(name) AS n FROM listening_history) WHERE "
                   "CAST(n AS text) < '2024-03-03'"),
            "");
  EXPECT_THAT(answer("SELECT id FROM none WHERE t > '2024-03-03'"), HasSubstr("no such table"));
  EXPECT_THAT(answer("SELECT id FORM x WHERE t > '2024-03-03'"), HasSubstr("syntax error"));
  EXPECT_THAT(hours("tt > '2024-03-03'"), HasSubstr("no such column: tt"));
}

// In SQLite an integer, which is what such a time is kept as, is less than every text.
TEST_P(TimesInQueryTest, AreNotOrderedByATimeBeyondTheYear9999) {
  for (const char* where : {"t < 253402300800000", "t > 253402300800000", "253402300800000 >= t",
                            "t BETWEEN '2024-03-03' AND 253402300800000",
                            "(t, id) < (253402300800000, 1)", "t <= '9999-12-31 23:59:59-01'"})
    EXPECT_THAT(hours(where), HasSubstr("is after the year 9999, and column t cannot be ordered"))
        << where;
  EXPECT_EQ(hours("t <= 253402300799999"), "8,10,12,");
  EXPECT_EQ(hours("t > -62135596800001"), "8,10,12,") << "before the year 1";
  EXPECT_EQ(hours("t = 253402300800000"), "");
  EXPECT_EQ(hours("t != 253402300800000 AND t <> 253402300800000"), "8,10,12,");
  EXPECT_EQ(hours("t IN (253402300800000, '2024-03-03 08:30')"), "8,");
}

INSTANTIATE_TEST_SUITE_P(Forms, TimesInQueryTest, testing::Values("timestamp(6)", "timestamp"));

TEST_F(QueryTest, ReadsManyPages) {
  QueryOptions small = options("SELECT id FROM spotify.listening_history");
  small.page_rows = 1;
  EXPECT_THAT(run(small), HasSubstr("(4 rows)"));
}

TEST_F(QueryTest, AttachesUnderAnotherKeyspaceWhereToldTo) {
  QueryOptions other = options("SELECT id FROM mine.listening_history WHERE name = 'Ann'");
  other.keyspace = "mine";
  EXPECT_THAT(run(other), HasSubstr("(1 rows)"));
}

TEST_F(QueryTest, SaysWhereTheFaultIs) {
  std::ofstream(path("q.cql")) << "SELECT 1 AS one;\n\n  SELECT id\n FORM t;";
  QueryOptions file = options("");
  file.file = path("q.cql");
  EXPECT_EQ(run(file), path("q.cql") + ":4:7: SQLite: near \"t\": syntax error");
  EXPECT_FALSE(std::filesystem::exists(path("out.txt")))
      << "nothing is left of the first statement";
  EXPECT_EQ(run("SELECT 'open"), "-e:1:8: the text is not closed by '");
  EXPECT_EQ(run(" -- nothing"), "-e: there is no statement in it");
  EXPECT_EQ(run("SELECT * FROM deezer.plays"),
            "-e:1:1: SQLite: no such table: deezer.plays; the file's keyspace is spotify, its "
            "tables: listening_history");
  EXPECT_THAT(run("SELECT tempoo FROM spotify.listening_history"),
              StartsWith("-e:1:8: SQLite: no such column: tempoo"));
  EXPECT_THAT(run("DELETE FROM spotify.listening_history"), HasSubstr("can only be read"));
  EXPECT_THAT(run("ATTACH 'x.db' AS x"), HasSubstr("can only be read"));
}

TEST_F(QueryTest, NamesFilesThatAreNotThere) {
  QueryOptions missing = options("");
  missing.file = path("none.cql");
  EXPECT_EQ(run(missing), path("none.cql") + " cannot be read: No such file or directory");
  QueryOptions no_db = options("SELECT 1");
  no_db.sqlite_path = path("none.db");
  EXPECT_THAT(run(no_db), HasSubstr("there is no such file"));
  QueryOptions nowhere = options("SELECT 1");
  nowhere.output = path("no/such/out.txt");
  EXPECT_THAT(run(nowhere), HasSubstr("cannot be written: No such file or directory"));
}

TEST_F(QueryTest, AFileThatRemembersNoKeyspaceIsReadWithoutOne) {
  ASSERT_TRUE(sqlite::Database::open(path("other.db"), sqlite::Database::Mode::write)
                  ->execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1)"));
  QueryOptions other = options("SELECT a FROM ks.t");
  other.sqlite_path = path("other.db");
  EXPECT_THAT(run(other),
              HasSubstr("remembers no keyspace (--keyspace gives it one), its tables: t"));
  other.keyspace = "ks";
  EXPECT_THAT(run(other), HasSubstr("(1 rows)"));
  QueryOptions bare = options("SELECT a FROM t");
  bare.sqlite_path = path("other.db");
  EXPECT_THAT(run(bare), HasSubstr("(1 rows)"));
}

TEST_F(QueryTest, TheStatementsAreReadBeforeTheStoreIsOpened) {
  QueryOptions none = options(" ; ");
  none.sqlite_path = path("none.db");
  EXPECT_THAT(run(none), HasSubstr("there is no statement in it"));
}

TEST_F(QueryTest, AValueThatItsColumnCannotHaveIsAnErrorAndNoGuess) {
  ASSERT_TRUE(sqlite::Database::open(path("history.db"), sqlite::Database::Mode::write)
                  ->execute("UPDATE listening_history SET id = 'many' WHERE name = 'Ann'"));
  EXPECT_THAT(run("SELECT id FROM spotify.listening_history"),
              HasSubstr("column id has the value 'many', which is no int"));
}

TEST_F(QueryTest, AFileKeepsItsOldContentUntilTheNewIsComplete) {
  std::ofstream(path("out.txt")) << "old";
  run("SELECT nothing");
  EXPECT_EQ(contents(path("out.txt")), "old");
  EXPECT_EQ(run("SELECT 1 AS one"), "\n one\n-----\n   1\n\n(1 rows)\n");
  stop_.request();
  const Status stopped = run_query(options("SELECT 1"), stop_, out_);
  EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
  for (const auto& entry : std::filesystem::directory_iterator(dir_))
    EXPECT_THAT(entry.path().string(), testing::Not(testing::EndsWith(".part")));
}

TEST_F(QueryTest, WritesNoFileThatTheDatabaseIsMadeOf) {
  std::filesystem::create_symlink(path("history.db"), path("link.db"));
  for (const char* database : {"history.db", "link.db"}) {
    for (const char* end : {"", "-wal", "-shm", "-journal", "-lock"}) {
      QueryOptions over = options("SELECT 1");
      over.sqlite_path = path(database);
      over.output = path(std::string("history.db") + end);
      EXPECT_THAT(run(over), HasSubstr("is the file that is read")) << database << end;
    }
  }
}

// Ctrl-C in `query … | less`: it is what ends the query, not the reader who does not read.
TEST_F(QueryTest, IsInterruptedWhileItWaitsForAReader) {
  for (const char* rows : {"1000000", "10"}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    int error = 0;
    while (write_now(ends[1], std::string(4'096, 'x'), error) > 0) continue;
    StopToken stop;
    Output out(ends[1]);
    out.give_up_after(stop);
    QueryOptions unread = options(
        fmt::format("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
                    "SELECT i FROM n",
                    rows));
    unread.output = "";
    unread.format = RowFormat::csv;
    std::thread stopper([&stop] {
      std::this_thread::sleep_for(Millis(300));
      stop.request();
    });
    const Status ended = run_query(unread, stop, out);
    stopper.join();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind, ErrorKind::interrupted) << ended.error().message;
    EXPECT_EQ(ended.error().message, "the query was interrupted");
    for (const int end : ends) ::close(end);
  }
}

TEST_F(QueryTest, AnOutputThatIsNoFileIsWrittenDirectly) {
  QueryOptions full = options("SELECT 1");
  full.output = "/dev/full";
  EXPECT_EQ(run(full), "writing to /dev/full failed: No space left on device");
  full.output = "/dev/null";
  EXPECT_TRUE(run_query(full, stop_, out_));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  full.output = dir_.string();
  EXPECT_THAT(run(full), HasSubstr("is a directory"));
}

}  // namespace
}  // namespace turntable
