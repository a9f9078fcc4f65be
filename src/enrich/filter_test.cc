// What WHERE leaves out, before and after the joins, and what becomes of a record for which it
// failed; for several INSERTs over one stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "enrich/testing.h"

namespace turntable {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kTables =
    "CREATE TABLE p (id int, a text, b text, song text) WITH (connector = 'x');"
    "CREATE TABLE songs () WITH (connector = 'csv');"
    "CREATE TABLE o (); CREATE TABLE o2 (); CREATE TABLE o3 ();";
const std::map<std::string, TestLookup> kLookups = {
    {"songs", {.csv = "name,artist,year\nOne,A,1999\nTwo,B,\nThree,C,x\n"}}};

std::vector<std::string> outcomes(const std::string& insert,
                                  const std::vector<TestRecord>& records) {
  TestPipeline pipeline(kTables + insert, kLookups);
  pipeline.run(records);
  return pipeline.outcomes();
}

// a and b are "1" for true, "0" for false, "x" for failed, nothing for NULL.
constexpr const char* kA = "cast(a AS int) = 1";
constexpr const char* kB = "cast(b AS int) = 1";
const std::vector<std::optional<std::string>> kStates = {"1", "0", "x", std::nullopt};

std::vector<TestRecord> all_pairs(const std::string& song) {
  std::vector<TestRecord> records;
  for (const auto& a : kStates)
    for (const auto& b : kStates) records.push_back({std::to_string(records.size()), a, b, song});
  return records;
}

TEST(Filter, FalseBeatsFailedBeatsNull) {
  const std::string insert = fmt::format("INSERT INTO o SELECT id FROM p WHERE {} AND {};", kA, kB);
  EXPECT_THAT(outcomes(insert, all_pairs("One")),
              ElementsAre("0", "filtered", StartsWith("bad_value: b"), "filtered",  // true and
                          "filtered", "filtered", "filtered", "filtered",           // false and
                          StartsWith("bad_value: a"), "filtered",                   // failed and
                          StartsWith("bad_value: a"), StartsWith("bad_value: a"),   //
                          "filtered", "filtered", StartsWith("bad_value: b"), "filtered"));  // NULL
}

// b is tested on the joined record: the lookup's column, which is never NULL, takes no part.
TEST(Filter, IsTheSameBeforeAndAfterTheJoin) {
  const std::string insert = fmt::format(
      "INSERT INTO o SELECT id FROM p JOIN songs s ON s.name = p.song "
      "WHERE {} AND (cast(b AS int) = 1) = (s.name = 'One');",
      kA);
  EXPECT_THAT(outcomes(insert, all_pairs("One")),
              ElementsAre("0", "filtered", StartsWith("bad_value: b"), "filtered", "filtered",
                          "filtered", "filtered", "filtered", StartsWith("bad_value: a"),
                          "filtered", StartsWith("bad_value: a"), StartsWith("bad_value: a"),
                          "filtered", "filtered", "filtered", "filtered"))
      << "NULL before the join leaves out at once";
}

TEST(Filter, WhatItLeavesOutIsNotUnmatched) {
  const std::string insert = fmt::format(
      "INSERT INTO o SELECT id, s.artist FROM p JOIN songs s ON s.name = p.song "
      "WHERE {};",
      kA);
  EXPECT_THAT(outcomes(insert, {{"1", "1", {}, "x"},
                                {"2", "0", {}, "x"},
                                {"3", "0", {}, "One"},
                                {"4", "1", {}, "One"},
                                {"5", "x", {}, "x"}}),
              ElementsAre("unmatched: no row of songs has name = 'x'", "filtered", "filtered",
                          "4|A", StartsWith("bad_value: a")));
}

TEST(Filter, ARecordWithoutAMatchIsUnmatchedWhateverALaterFilterSays) {
  EXPECT_THAT(outcomes("INSERT INTO o SELECT id FROM p JOIN songs s ON s.name = p.song "
                       "WHERE s.artist = 'A';",
                       {{"1", {}, {}, "One"}, {"2", {}, {}, "Two"}, {"3", {}, {}, "none"}}),
              ElementsAre("1", "filtered", "unmatched: no row of songs has name = 'none'"));
}

TEST(Filter, ThatFailedIsTheReasonWhereNoMatchIsFound) {
  const std::string insert = fmt::format(
      "INSERT INTO o SELECT id FROM p JOIN songs s ON s.name = p.song "
      "WHERE {} AND s.artist = 'A';",
      kA);
  EXPECT_THAT(outcomes(insert, {{"1", "x", {}, "One"},
                                {"2", "x", {}, "Two"},
                                {"3", "x", {}, "?"},
                                {"4", "1", {}, "?"},
                                {"5", "x", {}, std::nullopt}}),
              ElementsAre(StartsWith("bad_value: a"), "filtered", StartsWith("bad_value: a"),
                          StartsWith("unmatched"), StartsWith("bad_value: a")));
}

TEST(Filter, ThatFailedIsTheReasonWhereAKeyFailsToo) {
  const std::string insert = fmt::format(
      "INSERT INTO o SELECT id FROM p LEFT JOIN songs s ON length(s.name) = cast(b AS "
      "int) WHERE {} AND s.artist IS NULL;",
      kA);
  EXPECT_THAT(outcomes(insert, {{"1", "x", "x", {}}, {"2", "1", "x", {}}, {"3", "1", "99", {}}}),
              ElementsAre(StartsWith("bad_value: a"), StartsWith("bad_value: b"), "3"));
}

TEST(Filter, SeesNullWhereALeftJoinHasNoMatch) {
  EXPECT_THAT(outcomes("INSERT INTO o SELECT id FROM p LEFT JOIN songs s ON s.name = p.song "
                       "WHERE s.artist IS NULL OR s.artist = 'B';",
                       {{"1", {}, {}, "One"}, {"2", {}, {}, "Two"}, {"3", {}, {}, "none"}}),
              ElementsAre("filtered", "2", "3"));
}

TEST(Filter, LeavesOutBeforeOutputsAreComputed) {
  EXPECT_THAT(outcomes("INSERT INTO o SELECT id, cast(b AS int) AS n FROM p WHERE a = '1';",
                       {{"1", "1", "7", {}}, {"2", "0", "x", {}}, {"3", "1", "x", {}}}),
              ElementsAre("1|7", "filtered", StartsWith("bad_value: b")));
}

// A row of the lookup whose ready cells do not fit is no matter where the record is left out.
TEST(Filter, ComesBeforeWhatLiesReady) {
  EXPECT_THAT(outcomes("INSERT INTO o SELECT id, cast(s.year AS int) AS year FROM p JOIN songs s "
                       "ON s.name = p.song WHERE s.artist <> 'C' OR p.a = '1';",
                       {{"1", "0", {}, "One"}, {"2", "0", {}, "Three"}, {"3", "1", {}, "Three"}}),
              ElementsAre("1|1999", "filtered", StartsWith("bad_value: the row of songs")));
}

TEST(Filter, AConstantIsOneToo) {
  const std::vector<TestRecord> records = {{"1", {}, {}, {}}, {"2", {}, {}, {}}};
  EXPECT_THAT(outcomes("INSERT INTO o SELECT id FROM p WHERE true;", records),
              ElementsAre("1", "2"));
  EXPECT_THAT(outcomes("INSERT INTO o SELECT id FROM p WHERE false;", records), Each("filtered"));
  EXPECT_THAT(outcomes("INSERT INTO o SELECT id FROM p WHERE NULL;", records), Each("filtered"));
}

TEST(SeveralInserts, HaveOutcomesOfTheirOwn) {
  TestPipeline pipeline(
      std::string(kTables) +
          "INSERT INTO o SELECT id, s.artist FROM p JOIN songs s ON s.name = p.song;"
          "INSERT INTO o2 SELECT id, coalesce(s.artist, '?') AS artist FROM p LEFT JOIN songs s ON "
          "s.name = p.song WHERE p.a = '1';"
          "INSERT INTO o3 SELECT cast(p.b AS int) AS n, id FROM p WHERE p.a IS NOT NULL;",
      kLookups);
  for (int round = 0; round < 2; ++round) {
    pipeline.run({{"1", "1", "7", "One"},
                  {"2", "1", "x", "none"},
                  {"3", "0", "8", "Two"},
                  {"4", std::nullopt, "x", "none"}});
    EXPECT_THAT(pipeline.outcomes(0),
                ElementsAre("1|A", "unmatched: no row of songs has name = 'none'", "3|B",
                            "unmatched: no row of songs has name = 'none'"));
    EXPECT_THAT(pipeline.outcomes(1), ElementsAre("1|A", "2|?", "filtered", "filtered"));
    EXPECT_THAT(pipeline.outcomes(2),
                ElementsAre("7|1", StartsWith("bad_value: "), "8|3", "filtered"));
  }
}

TEST(SeveralInserts, OnlyThoseThatNeedAValueRejectForIt) {
  TestPipeline pipeline(std::string(kTables) +
                            "INSERT INTO o SELECT id, cast(a AS int) AS n FROM p WHERE b = 'o';"
                            "INSERT INTO o2 SELECT id, cast(a AS int) AS n FROM p WHERE b = 'o2';"
                            "INSERT INTO o3 SELECT id, cast(a AS int) AS n FROM p;",
                        kLookups);
  pipeline.run({{"1", "1", "o", {}}, {"2", "x", "o2", {}}, {"3", "x", "o", {}}});
  const auto failed = StartsWith("bad_value: ");
  EXPECT_THAT(pipeline.outcomes(0), ElementsAre("1|1", "filtered", failed));
  EXPECT_THAT(pipeline.outcomes(1), ElementsAre("filtered", failed, "filtered"));
  EXPECT_THAT(pipeline.outcomes(2), ElementsAre("1|1", failed, failed));
}

TEST(SeveralInserts, LeaveAloneTheRecordsThatAreNotAlive) {
  TestPipeline pipeline(std::string(kTables) +
                            "INSERT INTO o SELECT id FROM p WHERE a = '1';"
                            "INSERT INTO o2 SELECT id FROM p WHERE a = '0';",
                        kLookups);
  pipeline.run({{"1", "1", {}, {}}, {"2", "1", {}, {}}, {"3", "0", {}, {}}}, {1, 2});
  EXPECT_THAT(pipeline.outcomes(0), ElementsAre("2", "filtered"));
  EXPECT_THAT(pipeline.outcomes(1), ElementsAre("filtered", "3"));
}

}  // namespace
}  // namespace turntable
