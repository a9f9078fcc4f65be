// How records are joined with lookups: inner and left, one after another, by keys of all kinds, and
// under further conditions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "enrich/testing.h"

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kTables =
    "CREATE TABLE p (id int, song text, other text, year int, speed double precision) WITH "
    "(connector = 'x');"
    "CREATE TABLE songs () WITH (connector = 'csv');"
    "CREATE TABLE artists () WITH (connector = 'csv');"
    "CREATE TABLE o (); CREATE TABLE o2 (); CREATE TABLE o3 ();";

const std::string kSongs =
    "name,artist,year,tempo\n"
    "One,A,1999,1.00\n"
    "Two,B,,-0\n"
    "Three,,2001,NaN\n";
const std::string kArtists =
    "artist,city,since\n"
    "A,Ayr,1990\n"
    "C,Cork,2000\n";

// Over the lookups songs and artists.
class JoinTest : public testing::Test {
 protected:
  void open(const std::string& inserts, std::vector<InsertForm> forms = {}) {
    pipeline_ = std::make_unique<TestPipeline>(kTables + inserts, lookups_, std::move(forms));
  }
  // A record of id, song, other, year, speed.
  static TestRecord record(const std::string& id, std::optional<std::string> song,
                           std::optional<std::string> other = {},
                           std::optional<std::string> year = {},
                           std::optional<std::string> speed = {}) {
    return {id, std::move(song), std::move(other), std::move(year), std::move(speed)};
  }
  std::vector<std::string> outcomes(const std::vector<TestRecord>& records, size_t insert = 0) {
    pipeline_->run(records);
    return pipeline_->outcomes(insert);
  }

  std::map<std::string, TestLookup> lookups_ = {
      {"songs",
       {.csv = kSongs,
        .options = {.declared = {{"name", Type::text},
                                 {"artist", Type::text},
                                 {"year", Type::int32},
                                 {"tempo", Type::float64}}}}},
      {"artists", {.csv = kArtists}}};
  std::unique_ptr<TestPipeline> pipeline_;
};

TEST_F(JoinTest, ALeftJoinWithoutAMatchGivesNullAndItsDefaults) {
  open(
      "INSERT INTO o SELECT id, s.artist, coalesce(s.year, 0) AS year, s.name IS NULL AS none "
      "FROM p LEFT JOIN songs s ON s.name = p.song;");
  EXPECT_THAT(outcomes({record("1", "One"), record("2", "Nobody's"), record("3", std::nullopt),
                        record("4", "Two")}),
              ElementsAre("1|A|1999|false", "2|null|0|true", "3|null|0|true", "4|B|0|false"));
  EXPECT_EQ(pipeline_->plan().ready[0][0]->runs()[0].last, 4U) << "the defaults lie ready";
}

TEST_F(JoinTest, AnInnerJoinWithoutAMatchSaysWhichKeyIsMissing) {
  open(
      "INSERT INTO o SELECT id, s.artist FROM p JOIN songs s ON s.name = p.song;"
      "INSERT INTO o2 SELECT id, s.artist FROM p JOIN songs s ON substr(s.name, 2) = p.song "
      "AND s.year = p.year;");
  const std::vector<TestRecord> records = {record("1", "x\ny"), record("2", std::nullopt),
                                           record("3", "ne", {}, "1999")};
  EXPECT_THAT(outcomes(records), ElementsAre("unmatched: no row of songs has name = 'x\\ny'",
                                             "unmatched: no row of songs has name = NULL",
                                             "unmatched: no row of songs has name = 'ne'"));
  EXPECT_THAT(
      pipeline_->outcomes(1),
      ElementsAre("unmatched: no row of songs has substr(s.name, 2) = 'x\\ny' and year = NULL",
                  "unmatched: no row of songs has substr(s.name, 2) = NULL and year = NULL",
                  "3|A"));
}

// The file has a row with that key, which could not be used: the letter says so.
TEST_F(JoinTest, AnInnerJoinTellsARowThatWasLeftOutFromOneThatIsNotThere) {
  lookups_["songs"].csv =
      "name,artist,year,tempo\nOne,A,1999,1\nTwo,B,x,2\nThree,C,y,fast\nFour,D\n";
  lookups_["songs"].options.max_left_out_ratio = 1;
  open(
      "INSERT INTO o SELECT id, s.artist FROM p JOIN songs s ON s.name = p.song;"
      "INSERT INTO o2 SELECT id, s.year FROM p JOIN songs s ON substr(s.name, 2) = p.other;");
  EXPECT_THAT(
      outcomes({record("1", "One", "ne"), record("2", "Two", "wo"), record("3", "Four", "x")}),
      ElementsAre("1|A",
                  "unmatched: the row of songs with name = 'Two' was left out (line 3: column "
                  "'year' is 'x', which int cannot hold)",
                  "unmatched: the row of songs with name = 'Four' was left out (line 5: 2 fields "
                  "where the header has 4)"));
  EXPECT_THAT(pipeline_->outcomes(1),
              ElementsAre("1|1999",
                          "unmatched: the row of songs with substr(s.name, 2) = 'wo' was left out "
                          "(line 3: column 'year' is 'x', which int cannot hold)",
                          "unmatched: no row of songs has substr(s.name, 2) = 'x'"));
}

TEST_F(JoinTest, ColumnsThatNoStatementReadsCostNoRow) {
  lookups_["songs"].csv = "name,artist,year,tempo\nOne,A,x,fast\nTwo,\xff,1999,slow\n";
  open("INSERT INTO o SELECT id, s.name FROM p JOIN songs s ON s.name = p.song;");
  EXPECT_THAT(outcomes({record("1", "One"), record("2", "Two")}), ElementsAre("1|One", "2|Two"));
}

TEST_F(JoinTest, ColumnsThatOnlyAFilterOrAKeyReadsAreNeeded) {
  lookups_["songs"].csv = "name,artist,year,tempo\nOne,A,1999,1\nTwo,B,x,1\nThree,C,1999,fast\n";
  lookups_["songs"].options.max_left_out_ratio = 1;
  open(
      "INSERT INTO o SELECT id, s.name FROM p JOIN songs s ON s.name = p.song "
      "WHERE s.tempo = 1 AND abs(s.year) > 0;");
  const std::vector<std::string> found =
      outcomes({record("1", "One"), record("2", "Two"), record("3", "Three")});
  EXPECT_EQ(found[0], "1|One");
  EXPECT_THAT(found[1], HasSubstr("(line 3: column 'year' is 'x'"));
  EXPECT_THAT(found[2], HasSubstr("(line 4: column 'tempo' is 'fast'"));
}

TEST_F(JoinTest, RowsThatCouldNotBeReadMayBeTheOneThatIsMissed) {
  lookups_["songs"].csv = "name,artist,year,tempo\nOne,A,1999,1\n\"T\"wo,B,1,2\n\"Th\"ree,B,1,2\n";
  lookups_["songs"].options.max_left_out_ratio = 1;
  open("INSERT INTO o SELECT id, s.artist FROM p JOIN songs s ON s.name = p.song;");
  EXPECT_THAT(outcomes({record("1", "Two"), record("2", std::nullopt)}),
              ElementsAre("unmatched: no row of songs has name = 'Two' (2 rows that were left out "
                          "could be it, such as line 3: text follows a closing quote)",
                          "unmatched: no row of songs has name = NULL"));
  const MissedKeys missed = pipeline_->enricher().missed_keys().at("songs");
  EXPECT_THAT(missed.most(1), ElementsAre(MissedKeys::Missed{"name = 'Two'", 1}));
}

TEST_F(JoinTest, MissedKeysAreCountedOnceForEachRecord) {
  open(
      "INSERT INTO o SELECT id, s.artist FROM p JOIN songs s ON s.name = p.song;"
      "INSERT INTO o2 SELECT id, s.year FROM p JOIN songs s ON s.name = p.song;");
  for (int batch = 0; batch < 2; ++batch)
    pipeline_->run({record("1", "x"), record("2", "One"), record("3", "x"), record("4", "y")});
  const MissedKeys missed = pipeline_->enricher().missed_keys().at("songs");
  EXPECT_EQ(missed.total(), 6U);
  EXPECT_THAT(missed.most(10), ElementsAre(MissedKeys::Missed{"name = 'x'", 4},
                                           MissedKeys::Missed{"name = 'y'", 2}));
}

TEST_F(JoinTest, UnmatchedRecordsAreDroppedWhereTheLookupSaysSo) {
  lookups_["songs"].drop_missing = true;
  open(
      "INSERT INTO o SELECT id FROM p JOIN songs s ON s.name = p.song;"
      "INSERT INTO o2 SELECT id FROM p JOIN artists a ON a.artist = p.song;");
  EXPECT_THAT(outcomes({record("1", "x")}),
              ElementsAre("unmatched, dropped: no row of songs has name = 'x'"));
  EXPECT_THAT(pipeline_->outcomes(1), ElementsAre("unmatched: no row of artists has artist = 'x'"));
}

TEST_F(JoinTest, ALookupIsJoinedToAnotherLookupsColumn) {
  open(
      "INSERT INTO o SELECT id, s.name, a.city FROM p JOIN songs s ON s.name = p.song "
      "JOIN artists a ON a.artist = s.artist;"
      "INSERT INTO o2 SELECT id, s.name, a.city FROM p LEFT JOIN songs s ON s.name = p.song "
      "LEFT JOIN artists a ON a.artist = s.artist;"
      "INSERT INTO o3 SELECT id, s.name, a.city FROM p LEFT JOIN songs s ON s.name = p.song "
      "JOIN artists a ON a.artist = s.artist;");
  const std::vector<TestRecord> records = {record("1", "One"), record("2", "Two"),
                                           record("3", "Three"), record("4", "x")};
  EXPECT_THAT(outcomes(records),
              ElementsAre("1|One|Ayr", "unmatched: no row of artists has artist = 'B'",
                          "unmatched: no row of artists has artist = NULL",
                          "unmatched: no row of songs has name = 'x'"));
  EXPECT_THAT(pipeline_->outcomes(1),
              ElementsAre("1|One|Ayr", "2|Two|null", "3|Three|null", "4|null|null"));
  EXPECT_THAT(pipeline_->outcomes(2),
              ElementsAre("1|One|Ayr", "unmatched: no row of artists has artist = 'B'",
                          "unmatched: no row of artists has artist = NULL",
                          "unmatched: no row of artists has artist = NULL"));
}

TEST_F(JoinTest, ALookupThatIsJoinedInTwoWaysHasTwoIndexes) {
  open(
      "INSERT INTO o SELECT id, s.name, t.name AS of_year FROM p LEFT JOIN songs s ON s.name = "
      "p.song LEFT JOIN songs t ON t.year = p.year;");
  EXPECT_THAT(outcomes({record("1", "One", {}, "2001"), record("2", "Two", {}, "1999"),
                        record("3", "x", {}, "7")}),
              ElementsAre("1|One|Three", "2|Two|One", "3|null|null"));
  EXPECT_EQ(pipeline_->plan().catalogues.size(), 1U);
  EXPECT_EQ(pipeline_->plan().lookups[0].catalogue, pipeline_->plan().lookups[1].catalogue);
  EXPECT_THAT(pipeline_->plan().load_report("songs", {.path = "t.csv"}),
              HasSubstr("songs: 1 row left out, because 'year' is empty:\n  line 3\n"));
}

TEST_F(JoinTest, TwoJoinsByTheSameColumnShareItsIndex) {
  open(
      "INSERT INTO o SELECT id, s.artist, t.artist AS other FROM p JOIN songs s ON s.name = "
      "p.song LEFT JOIN songs t ON t.name = p.other;");
  EXPECT_THAT(outcomes({record("1", "One", "Two"), record("2", "Two", "x")}),
              ElementsAre("1|A|B", "2|B|null"));
  EXPECT_EQ(pipeline_->plan().lookups[0].index, pipeline_->plan().lookups[1].index);
}

TEST_F(JoinTest, TwoJoinsByTheSameExpressionShareItsIndex) {
  open(
      "INSERT INTO o SELECT id, s.artist, t.artist AS other, u.artist AS third FROM p JOIN songs s "
      "ON substr(s.name, 2) = p.song LEFT JOIN songs t ON substr(t.name, 2) = p.other "
      "LEFT JOIN songs u ON substr(u.name, 3) = p.other;");
  EXPECT_THAT(outcomes({record("1", "ne", "wo"), record("2", "wo", "o")}),
              ElementsAre("1|A|B|null", "2|B|null|B"));
  const auto& lookups = pipeline_->plan().lookups;
  EXPECT_EQ(lookups[0].index, lookups[1].index);
  EXPECT_NE(lookups[0].index, lookups[2].index);
}

TEST_F(JoinTest, KeysAreExpressionsOnEitherSide) {
  lookups_["songs"].csv = "name,artist,year,tempo\nOne,A,1999,1\none,B,2000,2\nTwo,C,2001,3\n";
  open(
      "INSERT INTO o SELECT id, s.artist FROM p JOIN songs s ON substr(s.name, 2) = "
      "substr(p.song, 3);");
  EXPECT_THAT(outcomes({record("1", "xOne"), record("2", "..wo")}), ElementsAre("1|A", "2|C"));
  EXPECT_THAT(pipeline_->plan().load_report("songs", {.path = "t.csv"}),
              HasSubstr("songs: 1 row with a 'substr(s.name, 2)' seen before; the first of each "
                        "counts (duplicate_key = 'first'):\n"
                        "  line 3: 'ne' stands on line 2 already\n"));
}

TEST_F(JoinTest, AStoredKeyThatCannotBeComputedIsLeftOut) {
  lookups_["songs"].csv = "name,artist,year,tempo\n7,A,1999,1\nx,B,2000,2\n,C,2001,3\n8,D,,4\n";
  open("INSERT INTO o SELECT id, s.artist FROM p JOIN songs s ON cast(s.name AS int) = p.id;");
  EXPECT_THAT(
      outcomes({record("7", {}), record("8", {}), record("9", {})}),
      ElementsAre("7|A", "8|D", "unmatched: no row of songs has cast(s.name AS int) = '9'"));
  const std::string report = pipeline_->plan().load_report("songs", {.path = "t.csv"});
  EXPECT_THAT(report, HasSubstr("songs: 2 rows from"));
  EXPECT_THAT(report, HasSubstr("songs: 1 row left out, because 'cast(s.name AS int)' is empty:\n"
                                "  line 4\n"));
  EXPECT_THAT(report, HasSubstr("songs: 1 row left out, because 'cast(s.name AS int)' failed:\n"
                                "  line 3: "));
}

TEST_F(JoinTest, FractionsMatchWhereTheyAreEqual) {
  open("INSERT INTO o SELECT id, s.name FROM p LEFT JOIN songs s ON s.tempo = p.speed;");
  EXPECT_THAT(
      outcomes({record("1", {}, {}, {}, "1"), record("2", {}, {}, {}, "0.0"),
                record("3", {}, {}, {}, "NaN"), record("4", {}, {}, {}, "1.5"), record("5", {})}),
      ElementsAre("1|One", "2|Two", "3|Three", "4|null", "5|null"));
}

TEST_F(JoinTest, AKeyThatFailedRejects) {
  open(
      "INSERT INTO o SELECT id FROM p LEFT JOIN songs s ON s.year = cast(p.song AS int);"
      "INSERT INTO o2 SELECT id FROM p;");
  EXPECT_THAT(outcomes({record("1", "1999"), record("2", "x")}),
              ElementsAre("1", HasSubstr("bad_value: p.song: ")));
  EXPECT_THAT(pipeline_->outcomes(1), ElementsAre("1", "2"));
}

TEST_F(JoinTest, FurtherConditionsTestTheRowThatWasKept) {
  lookups_["songs"].csv = "name,artist,year,tempo\nOne,A,1999,1\nOne,B,2001,2\nTwo,,,\n";
  open(
      "INSERT INTO o SELECT id, s.artist FROM p JOIN songs s ON s.name = p.song AND s.year > "
      "p.year;"
      "INSERT INTO o2 SELECT id, s.artist, coalesce(s.year, -1) AS year FROM p LEFT JOIN songs s "
      "ON s.name = p.song AND s.year > p.year;");
  const std::vector<TestRecord> records = {
      record("1", "One", {}, "1990"), record("2", "One", {}, "2000"),
      record("3", "Two", {}, "1990"), record("4", "One", {}, std::nullopt),
      record("5", "x", {}, "1990")};
  const std::string and_more = " and meets the join's further conditions";
  EXPECT_THAT(outcomes(records),
              ElementsAre("1|A", "unmatched: no row of songs has name = 'One'" + and_more,
                          "unmatched: no row of songs has name = 'Two'" + and_more,
                          "unmatched: no row of songs has name = 'One'" + and_more,
                          "unmatched: no row of songs has name = 'x'"));
  EXPECT_THAT(pipeline_->outcomes(1),
              ElementsAre("1|A|1999", "2|null|-1", "3|null|-1", "4|null|-1", "5|null|-1"));
}

// What a condition needs of the row is needed again, as NULL, where it was not true.
TEST_F(JoinTest, WhatAConditionComputedIsNullWhereItWasNotTrue) {
  open(
      "INSERT INTO o SELECT id, cast(s.year AS text) AS year, s.year > p.year AS later, s.name "
      "FROM p LEFT JOIN songs s ON s.name = p.song AND s.year > p.year;");
  EXPECT_THAT(outcomes({record("1", "One", {}, "1990"), record("2", "One", {}, "2000")}),
              ElementsAre("1|1999|true|One", "2|null|null|null"));
}

TEST_F(JoinTest, AConditionThatFailedRejectsUnlessAnotherIsFalse) {
  open(
      "INSERT INTO o SELECT id FROM p LEFT JOIN songs s ON s.name = p.song AND s.year > cast("
      "p.other AS int) AND s.artist <> 'B';");
  EXPECT_THAT(
      outcomes({record("1", "One", "x"), record("2", "Two", "x"), record("3", "none", "x"),
                record("4", "Three", "x"), record("5", "One", "1")}),
      ElementsAre(HasSubstr("bad_value: p.other"), "2", "3", HasSubstr("bad_value: p.other"), "5"))
      << "false beats failed, failed beats NULL, and without a row nothing is tested";
}

TEST_F(JoinTest, TheNullRowRejectsOnlyWhereARecordFallsOnIt) {
  open(
      "INSERT INTO o SELECT id, s.artist FROM p LEFT JOIN songs s ON s.name = p.song;"
      "INSERT INTO o2 SELECT id, s.artist FROM p JOIN songs s ON s.name = p.song;",
      {{.key_columns = {"artist"}}, {.key_columns = {"artist"}}});
  EXPECT_THAT(
      outcomes({record("1", "One"), record("2", "x"), record("3", "Three")}),
      ElementsAre("1|A", "null_key: no row of songs matches, so the key column artist is NULL",
                  "null_key: the row of songs that matches has NULL for the key column artist"));
  EXPECT_THAT(
      pipeline_->outcomes(1),
      ElementsAre("1|A", "unmatched: no row of songs has name = 'x'",
                  "null_key: the row of songs that matches has NULL for the key column artist"));
  EXPECT_EQ(pipeline_->plan().ready[0][0]->rejected_rows(), 1U) << "the null row is no row";
}

TEST_F(JoinTest, DuplicateKeysAreDecidedForEachIndex) {
  lookups_["songs"].csv = "name,artist,year,tempo\nOne,A,1999,1\nOne,B,1999,2\nTwo,C,1999,3\n";
  lookups_["songs"].options.duplicate_key = DuplicateKey::last;
  const std::string insert =
      "INSERT INTO o SELECT id, s.artist, t.artist AS other FROM p LEFT JOIN songs s ON s.name = "
      "p.song LEFT JOIN songs t ON t.year = p.year;";
  open(insert);
  EXPECT_THAT(outcomes({record("1", "One", {}, "1999")}), ElementsAre("1|B|C"));
  lookups_["songs"].options.duplicate_key = DuplicateKey::first;
  open(insert);
  EXPECT_THAT(outcomes({record("1", "One", {}, "1999")}), ElementsAre("1|A|A"));
  lookups_["songs"].options.duplicate_key = DuplicateKey::error;
  lookups_["songs"].csv = "name,artist,year,tempo\nOne,A,1999,1\nTwo,C,1999,3\n";
  const auto made = TestPipeline::make(kTables + insert, lookups_, {});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message,
              HasSubstr(":3: the key 1999 stands on line 2 already, and duplicate_key is 'error'"));
}

// The WHERE tests the row that was kept when the file was loaded, as further conditions of ON do.
TEST_F(JoinTest, DuplicateKeysAreDecidedBeforeTheWhereOfAView) {
  lookups_["songs"].csv = "name,artist,year,tempo\nOne,A,1999,1\nOne,B,2024,2\nTwo,C,2024,3\n";
  const std::string view =
      "CREATE VIEW recent AS SELECT name, artist FROM songs WHERE year > 2020;";
  const std::string insert =
      "INSERT INTO o SELECT id, r.artist FROM p JOIN recent r ON r.name = p.song;";
  lookups_["songs"].options.duplicate_key = DuplicateKey::first;
  open(view + insert);
  EXPECT_THAT(outcomes({record("1", "One"), record("2", "Two")}), ElementsAre("filtered", "2|C"));
  lookups_["songs"].options.duplicate_key = DuplicateKey::last;
  open(view + insert);
  EXPECT_THAT(outcomes({record("1", "One"), record("2", "Two")}), ElementsAre("1|B", "2|C"));
  lookups_["songs"].options.duplicate_key = DuplicateKey::error;
  EXPECT_FALSE(TestPipeline::make(kTables + view + insert, lookups_, {}))
      << "though the WHERE takes one of the two";
}

TEST_F(JoinTest, AKeyThatNoJoinUsesLeavesNothingOut) {
  lookups_["songs"].csv = "name,artist,year,tempo\nOne,A,1999,1\nOne,B,2000,2\n,C,2001,3\n";
  lookups_["songs"].options.key = "name";
  open("INSERT INTO o SELECT id, s.artist FROM p JOIN songs s ON s.year = p.year;");
  EXPECT_THAT(outcomes({record("1", {}, {}, "2000"), record("2", {}, {}, "2001")}),
              ElementsAre("1|B", "2|C"));
}

// Of 31 tables that have the same columns in an order of their own keys, each had a copy of its
// own.
TEST_F(JoinTest, WhatSeveralTablesNeedOfALookupLiesReadyOnce) {
  open(
      "INSERT INTO o SELECT s.artist, s.year, id FROM p JOIN songs s ON s.name = p.song;"
      "INSERT INTO o2 SELECT id, s.artist AS singer, s.year FROM p JOIN songs s ON s.name = p.song;"
      "INSERT INTO o3 SELECT id, t.artist, t.year FROM p LEFT JOIN songs t ON t.name = p.other;",
      {{.key_columns = {"artist"}}, {.key_columns = {"year"}}, {.key_columns = {"id"}}});
  const auto& ready = pipeline_->plan().ready;
  ASSERT_NE(ready[2][1], nullptr) << "another probe of the lookup";
  EXPECT_EQ(ready[0][0]->cells(0, 0).data(), ready[1][0]->cells(0, 0).data());
  EXPECT_EQ(ready[0][0]->cells(0, 0).data(), ready[2][1]->cells(0, 0).data());
  EXPECT_EQ(ready[0][0]->runs()[0].first, 0U);
  EXPECT_EQ(ready[1][0]->runs()[0].first, 1U);
  // Which rows they cannot take is each one's own: song Three has no artist, song Two no year.
  EXPECT_THAT(outcomes({record("1", "One", "Two"), record("2", "Two", "Three"),
                        record("3", "Three", "none")}),
              ElementsAre("A|1999|1", "B|null|2",
                          "null_key: the row of songs that matches has NULL for the key column "
                          "artist"));
  EXPECT_THAT(pipeline_->outcomes(1),
              ElementsAre("1|A|1999",
                          "null_key: the row of songs that matches has NULL for the key column "
                          "year",
                          "3|null|2001"));
  EXPECT_THAT(pipeline_->outcomes(2), ElementsAre("1|B|null", "2|null|2001", "3|null|null"));
  EXPECT_EQ(ready[2][1]->rejected_rows(), 0U);
}

TEST_F(JoinTest, WhatDiffersInAByteDoesNotLieReadyTogether) {
  open(
      "INSERT INTO o SELECT id, s.artist, s.year FROM p JOIN songs s ON s.name = p.song;"
      "INSERT INTO o2 SELECT id, s.year, s.artist FROM p JOIN songs s ON s.name = p.song;"
      "INSERT INTO o3 SELECT id, s.artist, s.year FROM p JOIN songs s ON s.name = p.song;",
      {{}, {}, {.rows = {.absent = kUnsetCell}}});
  const auto& ready = pipeline_->plan().ready;
  EXPECT_NE(ready[0][0]->cells(0, 0).data(), ready[1][0]->cells(0, 0).data());
  EXPECT_NE(ready[0][0]->cells(0, 0).data(), ready[2][0]->cells(0, 0).data());
  EXPECT_THAT(outcomes({record("1", "Two")}), ElementsAre("1|B|null"));
  EXPECT_THAT(pipeline_->outcomes(1), ElementsAre("1|null|B"));
}

// Two names of one lookup, joined by the same expression to different columns of the stream.
TEST_F(JoinTest, EqualKeysHaveOneIndexWhateverTheLookupIsCalled) {
  open(
      "INSERT INTO o SELECT id, s.artist, t.artist AS other FROM p "
      "LEFT JOIN songs s ON regexp_replace(s.name, 'e$', '') = p.song "
      "LEFT JOIN songs t ON regexp_replace(t.name, 'e$', '') = p.other "
      "LEFT JOIN songs u ON regexp_replace(u.name, 'e$', 'x') = p.other;");
  const auto& lookups = pipeline_->plan().lookups;
  EXPECT_EQ(lookups[0].index, lookups[1].index);
  EXPECT_NE(lookups[0].index, lookups[2].index);
  EXPECT_EQ(lookups[0].catalogue->indexes().size(), 2U);
  EXPECT_THAT(outcomes({record("1", "On", "Two")}), ElementsAre("1|A|B"));
}

}  // namespace
}  // namespace turntable
