#include "sql/program_builder.h"

#include <gmock/gmock.h>

#include "sql/binder_testing.h"

namespace turntable::sql {
namespace {

using testing::ElementsAre;

TEST(ProgramBuilder, InsertsShareProbesThatJoinInTheSameWay) {
  const BoundScript bound = bind_statements(
      "CREATE TABLE third ();"
      "INSERT INTO out SELECT s.tempo FROM plays p JOIN songs s ON s.name = p.song AND s.id = p.id "
      "AND s.tempo > 3;"
      "INSERT INTO other SELECT a.tempo AS t FROM plays LEFT JOIN songs a ON plays.id = a.id AND "
      "a.tempo > 3 AND a.name = song;"
      "INSERT INTO third SELECT s.tempo FROM plays p JOIN songs s ON s.name = p.song;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  expect_in_order(*bound.program);
  EXPECT_EQ(bound.program->probes.size(), 2U);
  EXPECT_THAT(joins_of(bound, 0),
              ElementsAre("0 songs: s.name = p.song, s.id = p.id; s.tempo > 3"));
  EXPECT_THAT(joins_of(bound, 1),
              ElementsAre("0 left songs: s.name = p.song, s.id = p.id; s.tempo > 3"));
  EXPECT_THAT(joins_of(bound, 2), ElementsAre("1 songs: s.name = p.song"));
  EXPECT_EQ(bound.program->inserts[0].outputs[0].node, bound.program->inserts[1].outputs[0].node);
}

TEST(ProgramBuilder, SharesChainsOfLookupsWhateverTheirOrder) {
  const BoundScript bound = bind_statements(
      "INSERT INTO out SELECT a.name FROM plays p JOIN songs s ON s.name = p.song JOIN artists a "
      "ON "
      "a.id = s.id;"
      "INSERT INTO other SELECT x.name FROM artists x JOIN songs y ON x.id = y.id JOIN plays z ON "
      "y.name = z.song;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  EXPECT_EQ(bound.program->probes.size(), 2U);
  EXPECT_EQ(joins_of(bound, 0), joins_of(bound, 1));
  EXPECT_TRUE(bound.program->probes[1].drop_missing);
  EXPECT_FALSE(bound.program->probes[0].drop_missing);
}

// Which lookup is missed first decides what becomes of a record: an INSERT that is added before
// another one must not change it.
TEST(ProgramBuilder, AProbeIsSharedOnlyWhereTheOrderOfTheJoinsStays) {
  const BoundScript bound = bind_statements(
      "INSERT INTO out SELECT s.tempo FROM plays p JOIN songs s ON s.name = p.song;"
      "INSERT INTO other SELECT s.tempo FROM plays p JOIN artists a ON a.id = p.id LEFT JOIN songs "
      "s "
      "ON s.name = p.song;");
  EXPECT_THAT(joins_of(bound, 1),
              ElementsAre("1 artists: a.id = p.id", "2 left songs: s.name = p.song"));
}

TEST(ProgramBuilder, ALookupThatIsJoinedTwiceInOneWayIsOneProbe) {
  const BoundScript bound = bind_statements(
      "INSERT INTO out SELECT a.tempo, b.name FROM plays p LEFT JOIN songs a ON a.name = p.song "
      "JOIN "
      "songs b ON b.name = p.song;");
  EXPECT_THAT(joins_of(bound), ElementsAre("0 songs: a.name = p.song"));
}

TEST(ProgramBuilder, TooManyWaysToJoinAreRefusedByName) {
  std::string first = "INSERT INTO out SELECT p.id FROM plays p";
  std::string second = "INSERT INTO other SELECT p.id FROM plays p";
  for (int i = 0; i < 16; ++i) {
    first += fmt::format(" JOIN songs s{0} ON s{0}.name = p.song || '{0}'", i);
    second += fmt::format(" JOIN artists s{0} ON s{0}.name = p.song || '{0}'", i);
  }
  EXPECT_EQ(faults_of(first + ";\n" + second + ";"),
            "p.sql:3:13: the lookups are joined in more than 31 ways: artists is one too many");
}

}  // namespace
}  // namespace turntable::sql
