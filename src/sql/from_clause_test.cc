#include "sql/from_clause.h"

#include <gmock/gmock.h>

#include "sql/binder_testing.h"

namespace turntable::sql {
namespace {

using testing::ElementsAre;

// The joins of SELECT p.id FROM `from`.
std::vector<std::string> joins(const std::string& from) {
  const BoundScript bound = bind_statements("INSERT INTO out SELECT p.id FROM " + from + ";");
  if (bound.program) expect_in_order(*bound.program);
  return joins_of(bound);
}

TEST(FromClause, AnEqualityOfAnyExpressionsIsAKey) {
  for (const std::string on :
       {"s.name = p.song", "s.name = substr(p.time, 1, 2)", "s.name = 'constant'",
        "s.name = cast(p.id AS text)", "ltrim(s.name) = ltrim(p.song)", "s.name || 'x' = p.time"})
    EXPECT_THAT(joins("plays p JOIN songs s ON " + on), ElementsAre("0 songs: " + on));
  EXPECT_THAT(joins("plays p JOIN songs s ON p.song = s.name"),
              ElementsAre("0 songs: s.name = p.song"));
  EXPECT_THAT(joins("plays p JOIN songs ON name = song"), ElementsAre("0 songs: name = song"));
  EXPECT_THAT(joins("plays p LEFT JOIN songs s ON s.name = p.song"),
              ElementsAre("0 left songs: s.name = p.song"));
}

TEST(FromClause, KeysHaveTheTypeInWhichTheyAreCompared) {
  EXPECT_THAT(joins("plays p JOIN songs s ON s.artist = p.id"),
              ElementsAre("0 songs: s.artist = cast(p.id AS bigint)"));
  EXPECT_THAT(joins("plays p JOIN songs s ON s.id = p.n"),
              ElementsAre("0 songs: cast(s.id AS bigint) = p.n"));
  EXPECT_THAT(joins("plays p JOIN songs s ON s.mode = p.d"),
              ElementsAre("0 songs: cast(s.mode AS double precision) = p.d"));
  EXPECT_THAT(joins("plays p JOIN songs s ON cast(s.name AS date) = p.at"),
              ElementsAre("0 songs: cast(cast(s.name AS date) AS timestamptz) = p.at"));
  EXPECT_THAT(joins("plays p JOIN songs s ON s.name = p.id"),
              ElementsAre("p.sql:2:58: the operator = cannot compare s.name, which is text, with "
                          "p.id, which is int: write cast(p.id AS text)"));
}

TEST(FromClause, FurtherPartsOfOnAreKeysOrConditions) {
  EXPECT_THAT(joins("plays p JOIN songs s ON s.name = p.song AND s.artist = p.n AND p.good AND "
                    "s.tempo > 3 AND s.id < p.id AND s.name = p.song"),
              ElementsAre("0 songs: s.name = p.song, s.artist = p.n; p.good; s.tempo > 3; "
                          "s.id < p.id"));
  // Both sides need the lookup, or none does.
  EXPECT_THAT(joins("plays p LEFT JOIN songs s ON s.name = p.song AND p.song = p.time AND s.name = "
                    "s.name"),
              ElementsAre("0 left songs: s.name = p.song; p.song = p.time; s.name = s.name"));
  EXPECT_THAT(joins("plays p JOIN songs s ON s.name = p.song AND 'true'"),
              ElementsAre("0 songs: s.name = p.song; cast('true' AS boolean)"));
}

TEST(FromClause, AJoinNeedsAnEquality) {
  const std::string advice =
      "the join with s needs an equality that has columns of s on one side only: write ON s.name = "
      "a "
      "value of p";
  EXPECT_THAT(joins("plays p JOIN songs s ON s.tempo > p.d"), ElementsAre("p.sql:2:58: " + advice));
  EXPECT_THAT(joins("plays p LEFT JOIN songs s ON s.name = s.name"),
              ElementsAre("p.sql:2:63: " + advice));
  EXPECT_THAT(joins("plays p JOIN songs s ON s.name = p.song OR s.id = p.id"),
              ElementsAre("p.sql:2:58: " + advice));
  // Neither is joined to the stream.
  EXPECT_THAT(
      joins("plays p JOIN songs s ON p.id = 1 JOIN artists a ON a.id = s.id"),
      ElementsAre("p.sql:2:58: " + advice +
                  "\np.sql:2:85: the join with a needs an equality that has columns of a on "
                  "one side only: write ON a.id = a value of p"));
  // What its ON lacks because of a fault may be the equality.
  EXPECT_THAT(joins("plays p JOIN songs s ON s.nam = p.song AND s.tempo > 3"),
              ElementsAre("p.sql:2:60: table songs has no column nam. Did you mean 'name'?"));
  EXPECT_THAT(
      joins("plays p JOIN songs s ON p.id"),
      ElementsAre("p.sql:2:58: argument of ON must be type boolean, not type int: write p.id "
                  "<> 0"));
}

TEST(FromClause, AnInnerJoinMayBeWrittenInEitherOrder) {
  EXPECT_THAT(joins("songs s JOIN plays p ON s.name = p.song AND p.good"),
              ElementsAre("0 songs: s.name = p.song; p.good"));
  EXPECT_THAT(
      joins("artists a JOIN songs s ON s.artist = a.id JOIN plays p ON p.song = s.name"),
      ElementsAre("0 songs: s.name = p.song", "1 artists: cast(a.id AS bigint) = s.artist"));
  EXPECT_THAT(joins("plays p JOIN songs s ON p.id > 3 JOIN artists a ON a.id = p.id AND s.artist = "
                    "a.id AND s.tempo > 1"),
              ElementsAre("0 artists: a.id = p.id",
                          "1 songs: s.artist = cast(a.id AS bigint); p.id > 3; s.tempo > 1"));
  EXPECT_THAT(joins("songs LEFT JOIN artists a ON a.id = songs.id JOIN plays p ON p.song = "
                    "songs.name"),
              ElementsAre("0 songs: songs.name = p.song", "1 left artists: a.id = songs.id"));
}

TEST(FromClause, ALookupMayBeJoinedToAnothersColumn) {
  EXPECT_THAT(joins("plays p JOIN songs s ON s.name = p.song LEFT JOIN artists a ON a.id = s.id"),
              ElementsAre("0 songs: s.name = p.song", "1 left artists: a.id = s.id"));
  EXPECT_THAT(
      joins("plays p LEFT JOIN songs s ON s.name = p.song JOIN artists a ON a.id = s.id AND "
            "a.label = p.song"),
      ElementsAre("0 left songs: s.name = p.song", "1 artists: a.id = s.id, a.label = p.song"));
  EXPECT_THAT(
      joins("plays p JOIN artists a ON a.id = s.id JOIN songs s ON s.name = p.song"),
      ElementsAre("p.sql:2:67: table s is joined further on: this ON can use only the tables "
                  "before it"));
}

// Such a condition can be tested only after the LEFT JOIN, which needs b, which needs s.
TEST(FromClause, AConditionThatComesTooLateForItsLookupIsAFilter) {
  const BoundScript bound = bind_statements(
      "INSERT INTO out SELECT p.id FROM plays p JOIN artists b ON p.good LEFT JOIN songs a ON "
      "a.name "
      "= b.name JOIN songs s ON s.name = p.song AND s.tempo = a.tempo AND b.id = s.id;");
  EXPECT_THAT(joins_of(bound),
              ElementsAre("0 songs: s.name = p.song", "1 artists: b.id = s.id; p.good",
                          "2 left songs: a.name = b.name"));
  EXPECT_THAT(filters_of(bound), ElementsAre("s.tempo = a.tempo"));
}

TEST(FromClause, TheStreamStandsLeftOfALeftJoin) {
  EXPECT_THAT(joins("songs s LEFT JOIN plays p ON s.name = p.song"),
              ElementsAre("p.sql:2:52: the stream plays must stand on the left of LEFT JOIN: write "
                          "FROM plays LEFT JOIN songs"));
}

TEST(FromClause, TablesNeedNamesOfTheirOwn) {
  EXPECT_THAT(joins("plays p JOIN songs ON songs.name = p.song JOIN songs ON songs.id = p.id"),
              ElementsAre("p.sql:2:81: the name songs stands for two tables: give one an alias"));
  EXPECT_THAT(joins("plays p JOIN songs a ON a.name = p.song JOIN songs b ON b.id = p.id"),
              ElementsAre("0 songs: a.name = p.song", "1 songs: b.id = p.id"));
}

// --- USING
// ------------------------------------------------------------------------------------------------

std::vector<std::string> selected(const std::string& select) {
  return outputs_of(bind_statements("INSERT INTO out SELECT " + select + ";"));
}

TEST(FromClause, UsingIsAnEqualityOfBothColumns) {
  EXPECT_THAT(joins("plays p JOIN songs s USING (id)"), ElementsAre("0 songs: s.id = p.id"));
  EXPECT_THAT(joins("plays p LEFT JOIN songs s USING (id) LEFT JOIN artists USING (name, id)"),
              ElementsAre("0 left songs: s.id = p.id",
                          "1 left artists: artists.name = s.name, artists.id = p.id"));
  EXPECT_THAT(joins("songs JOIN plays p USING (id)"), ElementsAre("0 songs: songs.id = p.id"));
}

TEST(FromClause, AColumnOfUsingIsOneColumn) {
  EXPECT_THAT(selected("id, songs.id AS sid FROM plays LEFT JOIN songs USING (id)"),
              ElementsAre("id int (plays.id)", "sid int (songs.id)"));
  EXPECT_THAT(selected("name, id FROM plays JOIN songs USING (id) JOIN artists USING (id, name)"),
              ElementsAre("name text (songs.name)", "id int (plays.id)"));
  // Of two types it has the wider one.
  EXPECT_EQ(
      outputs_of(bind_statements("CREATE TABLE ids (id bigint); INSERT INTO out SELECT id FROM "
                                 "ids JOIN songs USING (id);")),
      std::vector<std::string>{"id bigint (ids.id)"});
  EXPECT_EQ(
      outputs_of(bind_statements("CREATE TABLE ids (id bigint); INSERT INTO out SELECT id FROM "
                                 "songs JOIN ids USING (id);")),
      std::vector<std::string>{"id bigint (cast(songs.id AS bigint))"});
}

TEST(FromClause, AStarShowsColumnsOfUsingOnceAndFirst) {
  const auto names = [](const std::string& select) {
    std::string found;
    for (const std::string& output : selected(select))
      found += output.substr(0, output.find(' ')) + " ";
    return found;
  };
  EXPECT_EQ(names("* FROM clicks JOIN songs USING (id)"), "id name artist tempo mode ");
  EXPECT_EQ(names("* FROM songs JOIN clicks USING (id)"), "id name artist tempo mode ");
  EXPECT_EQ(names("* FROM clicks JOIN songs USING (id) JOIN artists USING (name, id)"),
            "name id artist tempo mode label ");
  EXPECT_EQ(names("songs.* FROM clicks JOIN songs USING (id)"), "name artist tempo mode id ");
}

TEST(FromClause, BothSidesNeedTheColumnOfUsing) {
  EXPECT_THAT(joins("plays p JOIN songs s USING (song)"),
              ElementsAre("p.sql:2:62: table songs has no column song, which USING names."));
  EXPECT_THAT(joins("plays p JOIN songs s USING (name, tempoo)"),
              ElementsAre("p.sql:2:62: no table before s has a column name, which USING names.\n"
                          "p.sql:2:68: no table before s has a column tempoo, "
                          "which USING names.\np.sql:2:68: table songs has no column tempoo, which "
                          "USING names. Did you mean 'tempo'?"));
  EXPECT_THAT(joins("plays p JOIN songs s ON s.name = p.song JOIN artists USING (id)"),
              ElementsAre("p.sql:2:94: column id is ambiguous: write p.id or s.id"));
  EXPECT_THAT(joins("plays p JOIN songs s USING (kafka_offset)"),
              ElementsAre("p.sql:2:62: no table before s has a column kafka_offset, which USING "
                          "names.\np.sql:2:62: table songs has no column "
                          "kafka_offset, which USING names."));
}

TEST(FromClause, TooManyTablesAreRefused) {
  std::string from = "plays p";
  for (int i = 0; i < 32; ++i) from += fmt::format(" JOIN songs s{0} ON s{0}.name = p.song", i);
  EXPECT_THAT(
      joins(from),
      ElementsAre(testing::HasSubstr("a SELECT with more than 32 tables is not supported: s31")));
}

}  // namespace
}  // namespace turntable::sql
