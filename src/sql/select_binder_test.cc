// Views: what they are made of in the SELECTs that use them.
#include "sql/select_binder.h"

#include <gmock/gmock.h>

#include "sql/binder_testing.h"

namespace turntable::sql {
namespace {

using testing::ElementsAre;

TEST(Views, AreDissolvedIntoTheSelectThatUsesThem) {
  const BoundScript bound = bind_statements(
      "CREATE VIEW v AS SELECT p.id, btrim(p.song) AS song, s.tempo, 'x' AS x FROM plays p JOIN "
      "songs "
      "s ON s.name = p.song WHERE p.good AND s.tempo > 3;"
      "INSERT INTO out SELECT v.*, song || x AS y FROM v WHERE tempo < 9;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  expect_in_order(*bound.program);
  EXPECT_THAT(joins_of(bound), ElementsAre("0 songs: s.name = p.song"));
  EXPECT_THAT(filters_of(bound), ElementsAre("p.good", "s.tempo > 3", "tempo < 9"));
  EXPECT_THAT(outputs_of(bound), ElementsAre("id int (p.id)", "song text (btrim(p.song))",
                                             "tempo double precision (s.tempo)", "x text ('x')",
                                             "y text (song || x)"));
}

TEST(Views, MayStandOnViewsAndBeJoined) {
  const BoundScript bound = bind_statements(
      "CREATE VIEW recent (key, song) AS SELECT id, song, n FROM plays WHERE id > 3;"
      "CREATE VIEW rich AS SELECT r.key, r.n, s.artist FROM songs s JOIN recent r ON s.name = "
      "r.song;"
      "CREATE VIEW named AS SELECT id, btrim(name) AS name FROM artists;"
      "INSERT INTO out SELECT r.key, a.name FROM rich r JOIN named a ON a.id = r.artist;"
      "INSERT INTO other SELECT key FROM recent LEFT JOIN named ON named.name = recent.song;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  expect_in_order(*bound.program);
  EXPECT_THAT(joins_of(bound, 0),
              ElementsAre("0 songs: s.name = song", "1 artists: cast(id AS bigint) = s.artist"));
  EXPECT_THAT(filters_of(bound, 0), ElementsAre("id > 3"));
  EXPECT_THAT(joins_of(bound, 1), ElementsAre("2 left artists: btrim(name) = song"));
  EXPECT_EQ(bound.program->inserts[0].filters, bound.program->inserts[1].filters);
}

TEST(Views, ShareProbesAndNodesAmongTheirUsers) {
  const BoundScript bound = bind_statements(
      "CREATE VIEW v AS SELECT p.id, s.tempo, btrim(p.time) AS t FROM plays p JOIN songs s ON "
      "s.name "
      "= p.song;"
      "INSERT INTO out SELECT tempo, t FROM v;"
      "INSERT INTO other SELECT t, tempo FROM v x WHERE id = 3;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  EXPECT_EQ(bound.program->probes.size(), 1U);
  EXPECT_EQ(bound.program->inserts[0].outputs[0].node, bound.program->inserts[1].outputs[1].node);
}

TEST(Views, HaveOnlyTheHiddenColumnsThatTheySelect) {
  EXPECT_EQ(
      faults_of("CREATE VIEW v AS SELECT id, kafka_offset FROM plays;\nINSERT INTO out SELECT "
                "kafka_offset, kafka_partition FROM v;"),
      "p.sql:3:38: there is no column kafka_partition.");
  const BoundScript bound = bind_statements(
      "CREATE VIEW v AS SELECT kafka_offset AS o, kafka_partition AS p FROM plays;"
      "INSERT INTO out SELECT o, p FROM v;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  EXPECT_TRUE(bound.program->tells_records_apart(0, {"o", "p"}));
}

TEST(Views, ThatNobodyUsesAreCheckedToo) {
  EXPECT_EQ(faults_of("CREATE VIEW v AS SELECT idd FROM plays;\nINSERT INTO out SELECT id FROM "
                      "plays;"),
            "p.sql:2:25: there is no column idd. Did you mean 'id'?");
  EXPECT_EQ(faults_of("CREATE VIEW v AS SELECT p.id FROM plays p JOIN songs s ON s.tempo > 3;\n"
                      "INSERT INTO out SELECT id FROM v;"),
            "p.sql:2:59: the join with s needs an equality that has columns of s on one side only: "
            "write ON s.name = a value of p");
}

TEST(Views, NeedANameForEveryColumn) {
  EXPECT_EQ(faults_of("CREATE VIEW v AS SELECT id = 1, id, id FROM plays;\n"
                      "CREATE VIEW w (a, b) AS SELECT id FROM plays;\n"
                      "INSERT INTO out SELECT id FROM v;"),
            "p.sql:2:25: this expression needs a name: write … AS the view's column\n"
            "p.sql:2:37: column id of view v stands twice: give one another name by AS\n"
            "p.sql:3:19: the list names 2 columns, but the SELECT has 1");
  EXPECT_THAT(outputs_of(bind_statements("CREATE VIEW v (a, b) AS SELECT id = 1, id FROM plays;"
                                         "INSERT INTO out SELECT * FROM v;")),
              ElementsAre("a boolean (id = 1)", "b int (id)"));
}

TEST(Views, AreLeftJoinedOnlyWhereTheyAreSimple) {
  const std::string stream = "CREATE VIEW v AS SELECT id FROM plays;\n";
  EXPECT_EQ(
      faults_of(stream + "INSERT INTO out SELECT s.id FROM songs s LEFT JOIN v ON v.id = s.id;"),
      "p.sql:3:52: the stream v must stand on the left of LEFT JOIN: write FROM v LEFT JOIN "
      "songs");
  const std::string insert = "INSERT INTO out SELECT p.id FROM plays p LEFT JOIN v ON v.id = p.id;";
  const std::string complex =
      "p.sql:3:52: LEFT JOIN takes a view only where that is over one lookup without WHERE, which "
      "v "
      "is not (yet): join its tables themselves";
  EXPECT_EQ(faults_of("CREATE VIEW v AS SELECT id FROM songs WHERE tempo > 3;\n" + insert),
            complex);
  EXPECT_EQ(faults_of("CREATE VIEW v AS SELECT s.id FROM songs s JOIN artists a ON a.id = s.id;\n" +
                      insert),
            complex);
  EXPECT_EQ(faults_of("CREATE VIEW v AS SELECT id, coalesce(name, '') AS n FROM songs;\n" + insert),
            "p.sql:3:52: LEFT JOIN cannot take view v (yet): its column n can have a value where "
            "there is no match");
  // An inner join takes them.
  EXPECT_THAT(joins_of(bind_statements(
                  "CREATE VIEW v AS SELECT s.id, a.label FROM songs s JOIN artists a ON "
                  "a.id = s.id WHERE s.tempo > 3; INSERT INTO out SELECT p.id FROM "
                  "plays p JOIN v ON v.label = p.song;")),
              ElementsAre("0 artists: a.label = p.song", "1 songs: s.id = a.id"));
}

TEST(Views, OfLookupsMayHaveJoinsAndStandTwice) {
  const BoundScript twice = bind_statements(
      "CREATE VIEW v AS SELECT name, tempo AS t FROM songs WHERE tempo > 3;"
      "INSERT INTO out SELECT a.t, b.t AS u FROM plays p JOIN v a ON a.name = p.song JOIN v b ON "
      "b.name = p.time;");
  EXPECT_THAT(joins_of(twice), ElementsAre("0 songs: name = p.song", "1 songs: name = p.time"));
  EXPECT_THAT(filters_of(twice), ElementsAre("tempo > 3", "tempo > 3"));
  EXPECT_THAT(joins_of(bind_statements(
                  "CREATE VIEW v AS SELECT s.name, a.label FROM songs s LEFT JOIN artists a ON "
                  "a.id = s.id;"
                  "INSERT INTO out SELECT v.label FROM v JOIN plays p ON v.name = p.song;")),
              ElementsAre("0 songs: s.name = p.song", "1 left artists: a.id = s.id"));
}

TEST(Views, StandOnOneAnotherOnlySoDeep) {
  std::string text = "CREATE VIEW v0 AS SELECT id FROM plays;";
  for (size_t i = 1; i <= kViewDepthLimit; ++i)
    text += fmt::format("\nCREATE VIEW v{} AS SELECT id FROM v{};", i, i - 1);
  EXPECT_EQ(faults_of(text + fmt::format("INSERT INTO out SELECT id FROM v{};", kViewDepthLimit)),
            "p.sql:34:13: more than 32 views stand on one another");
}

}  // namespace
}  // namespace turntable::sql
