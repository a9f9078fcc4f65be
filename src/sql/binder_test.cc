#include "sql/binder.h"

#include "sql/binder_testing.h"

namespace turntable::sql {
namespace {

constexpr const char* kTables =
    "CREATE TABLE plays (id int NOT NULL, n bigint, song text NOT NULL, time text) WITH (connector "
    "= 'kafka');\n"
    "CREATE TABLE songs () WITH (connector = 'csv');\n"
    "CREATE TABLE out ();\n";

std::map<std::string, BoundLookup> songs(Type key_type = Type::text) {
  return {{"songs",
           {.schema = Schema{{"name", key_type, false},
                             {"artists", Type::text, false},
                             {"tempo", Type::float64, false}}}}};
}

BoundScript bound(const std::string& insert, Type key_type = Type::text) {
  return bind_text(kTables + insert, songs(key_type));
}

std::string faults(const std::string& insert) {
  return bound(insert).faults.text();
}

std::vector<std::string> outputs(const std::string& text) {
  return outputs_of(bind_text(text, songs()));
}

TEST(Binder, MergesEqualExpressions) {
  const auto result = bound(
      "INSERT INTO out SELECT to_char(to_timestamp(p.time, 'YYYY'), 'YYYY') AS a, extract(hour "
      "FROM to_timestamp(time, "
      "'YYYY')) AS b, to_char(to_timestamp(p.time, 'YY'), 'YYYY') AS c, p.time FROM plays p;");
  ASSERT_TRUE(result.program);
  // time, two to_timestamp, two to_char, one extract; patterns are no nodes but the literals that
  // they were.
  size_t calls = 0;
  for (const Node& node : result.program->nodes)
    calls += std::holds_alternative<Call>(node.what) ? 1 : 0;
  EXPECT_EQ(calls, 5U);
  for (NodeId id = 0; id < result.program->nodes.size(); ++id) {
    const auto* call = std::get_if<Call>(&result.program->nodes[id].what);
    if (call == nullptr) continue;
    for (const NodeId argument : call->arguments) EXPECT_LT(argument, id);
  }
}

TEST(Binder, ComputesConstantsOnce) {
  const auto result = bound(
      "INSERT INTO out SELECT substr('abc', 1 , 2) AS a, '5'::bigint AS b, 'ab' AS c FROM plays;");
  ASSERT_TRUE(result.program);
  const Node& a = result.program->nodes[result.program->inserts[0].outputs[0].node];
  EXPECT_EQ(std::get<Literal>(a.what), Literal("ab"));
  EXPECT_EQ(result.program->inserts[0].outputs[0].node, result.program->inserts[0].outputs[2].node);
  EXPECT_EQ(
      std::get<Literal>(result.program->nodes[result.program->inserts[0].outputs[1].node].what),
      Literal(int64_t{5}));
}

TEST(Binder, ASinkWithoutColumnsTakesTheSelects) {
  EXPECT_EQ(outputs(std::string(kTables) +
                    "INSERT INTO out SELECT p.*, s.tempo, NULL AS x, 'y' AS y, 3000000000 AS z, "
                    "substr(song, 1), kafka_offset FROM plays p JOIN songs s ON s.name = song;"),
            (std::vector<std::string>{"id int (p.id)", "n bigint (p.n)", "song text (song)",
                                      "time text (p.time)", "tempo double precision (s.tempo)",
                                      "x text (NULL)", "y text ('y')", "z bigint (3000000000)",
                                      "substr text (substr(song, 1))",
                                      "kafka_offset bigint (kafka_offset)"}));
  EXPECT_EQ(faults("INSERT INTO out SELECT * FROM plays p JOIN songs s ON s.name = song;"), "");
  EXPECT_EQ(faults("INSERT INTO out SELECT id, id FROM plays;"),
            "p.sql:4:28: column id is given twice");
}

TEST(Binder, ColumnsGoToTheSinkByNameWithAssignmentCasts) {
  const std::string sink = "CREATE TABLE t (c text, b real, a int, d timestamptz);";
  EXPECT_EQ(outputs(kTables + sink +
                    "INSERT INTO t SELECT id AS c, n AS a, s.tempo AS b, '2024-01-01' AS d "
                    "FROM plays p JOIN songs s ON s.name = song;"),
            (std::vector<std::string>{"c text (cast(id AS text))", "b real (cast(s.tempo AS real))",
                                      "a int (cast(n AS int))",
                                      "d timestamptz (cast('2024-01-01' AS timestamptz))"}));
}

TEST(Binder, AColumnListGoesByPlaceAndMayLeaveColumnsOut) {
  const std::string sink = "CREATE TABLE t (a int, b text, c text NOT NULL);";
  EXPECT_EQ(outputs(kTables + sink + "INSERT INTO t (c, a) SELECT song, id FROM plays;"),
            (std::vector<std::string>{"a int (id)", "c text (song)"}));
  EXPECT_EQ(outputs(kTables + sink + "\nINSERT INTO t (a) SELECT id FROM plays;"),
            std::vector<std::string>{
                "p.sql:5:13: column c of t is NOT NULL, but the list leaves it out"});
  EXPECT_EQ(outputs(std::string(kTables) + "INSERT INTO out (x, y) SELECT song, id FROM plays;"),
            (std::vector<std::string>{"x text (song)", "y int (id)"}));
}

TEST(Binder, KnowsWhichOutputsAreMadeOfVolatileCalls) {
  const auto found = [](const std::string& select, const std::vector<std::string>& key) {
    const auto result = bound("INSERT INTO out SELECT " + select + " FROM plays;");
    EXPECT_TRUE(result.program) << select;
    const Node* call = result.program ? result.program->volatile_call_in(0, key) : nullptr;
    return call == nullptr ? std::string() : call->text;
  };
  const std::string select =
      "id, now() AS a, date_trunc('day', current_timestamp) AS b, clock_timestamp() AS c";
  EXPECT_EQ(found(select, {"id"}), "");
  EXPECT_EQ(found(select, {"id", "a"}), "now()");
  EXPECT_EQ(found(select, {"b"}), "now()");
  EXPECT_EQ(found(select, {"c"}), "clock_timestamp()");
  EXPECT_EQ(found(select, {}), "");
}

TEST(Binder, AsksTheClockOnceForABatch) {
  const auto result = bound(
      "INSERT INTO out SELECT now() AS a, current_timestamp AS b, clock_timestamp() AS c, "
      "clock_timestamp() AS d FROM plays;");
  ASSERT_TRUE(result.program);
  const auto& outputs = result.program->inserts[0].outputs;
  EXPECT_EQ(outputs[0].node, outputs[1].node);
  EXPECT_NE(outputs[2].node, outputs[3].node);
}

TEST(Binder, KnowsWhichKeysTellRecordsApart) {
  const auto apart = [](const std::string& select, const std::vector<std::string>& key) {
    const auto result = bound("INSERT INTO out SELECT " + select + " FROM plays;");
    EXPECT_TRUE(result.program) << select;
    return result.program && result.program->tells_records_apart(0, key);
  };
  const std::string places = "id, kafka_partition AS p, kafka_offset AS o";
  EXPECT_TRUE(apart(places, {"id", "p", "o"}));
  EXPECT_TRUE(apart(places, {"o", "p"}));
  EXPECT_FALSE(apart(places, {"id", "o"}));
  EXPECT_FALSE(apart(places, {"id", "p"}));
  EXPECT_FALSE(apart(places, {}));
  // What casts keep apart, and what they do not.
  EXPECT_TRUE(
      apart("cast(kafka_partition AS bigint) AS p, cast(kafka_offset AS text) AS o", {"p", "o"}));
  EXPECT_FALSE(apart("kafka_partition AS p, cast(kafka_offset AS real) AS o", {"p", "o"}));
  EXPECT_FALSE(
      apart("kafka_partition AS p, cast(cast(kafka_offset AS real) AS text) AS o", {"p", "o"}));
  // Names say nothing.
  EXPECT_FALSE(
      apart("id AS kafka_partition, id AS kafka_offset", {"kafka_partition", "kafka_offset"}));
}

TEST(Binder, HiddenColumnsJoinTheStreamWhenTheyAreUsed) {
  const auto result = bound(
      "INSERT INTO out SELECT p.kafka_offset, kafka_partition, kafka_offset AS again FROM plays "
      "p;");
  ASSERT_TRUE(result.program);
  EXPECT_EQ(result.program->declared_columns, 4U);
  ASSERT_EQ(result.program->stream_schema.size(), 6U);
  EXPECT_EQ(result.program->stream_schema[4].name, "kafka_offset");
  EXPECT_EQ(result.program->stream_schema[5].name, "kafka_partition");
  EXPECT_EQ(result.program->inserts[0].outputs[0].node, result.program->inserts[0].outputs[2].node);
  // A declared column goes before a hidden one, and only the stream has hidden ones.
  const BoundScript own = bind_text(
      "CREATE TABLE s (kafka_offset text); CREATE TABLE o (); INSERT INTO o SELECT kafka_offset "
      "FROM s;");
  ASSERT_TRUE(own.program);
  EXPECT_EQ(own.program->inserts[0].outputs[0].type, Type::text);
  EXPECT_EQ(
      faults("INSERT INTO out SELECT s.kafka_offset FROM plays JOIN songs s ON s.name = song;"),
      "p.sql:4:26: table songs has no column kafka_offset.");
}

TEST(Binder, KnowsWhatCannotBeNull) {
  const auto result = bound(
      "INSERT INTO out SELECT id, song, time, length(song) AS l, substr(song, NULL) AS s, "
      "kafka_key, kafka_offset, 1 AS "
      "one FROM plays;");
  ASSERT_TRUE(result.program);
  std::string not_null;
  for (const ColumnDef& column : result.program->output_schema(0))
    not_null += column.not_null ? column.name + " " : "";
  EXPECT_EQ(not_null, "id song l kafka_offset one ");
}

TEST(Binder, WithoutTheLookupFindsTheOtherFaults) {
  const BoundScript result =
      bind_text(std::string(kTables) +
                    "INSERT INTO out SELECT p.idd, s.whatever, tempo FROM plays "
                    "p JOIN songs s ON s.x = p.songg;",
                {{"songs", {}}});
  EXPECT_FALSE(result.program);
  EXPECT_EQ(result.faults.text(),
            "p.sql:4:26: table plays has no column idd. Did you mean 'id'?\n"
            "p.sql:4:86: table plays has no column songg. Did you mean 'song'?");
  const BoundScript good = bind_text(
      std::string(kTables) +
          "INSERT INTO out SELECT p.id, s.whatever FROM plays p JOIN songs s ON s.x = p.song;",
      {{"songs", {}}});
  EXPECT_FALSE(good.program);
  EXPECT_TRUE(good.faults.empty());
}

TEST(Binder, ConstantArgumentsMustBeLiterals) {
  EXPECT_EQ(faults("INSERT INTO out SELECT to_timestamp(time, song) AS x, date_part(song, "
                   "to_timestamp(1)) AS y FROM plays;"),
            "p.sql:4:43: argument 2 of to_timestamp(text, text) must be a text literal\n"
            "p.sql:4:65: argument 1 of date_part(text, timestamptz) must be a text literal");
}

// What is told where a store keeps milliseconds only.
TEST(Binder, KnowsWhichTimesMayHaveMicroseconds) {
  const auto may = [](const std::string& expression) {
    const BoundScript bound = bind_text(
        "CREATE TABLE s (t timestamptz, x text, d double precision); CREATE TABLE o ();"
        "INSERT INTO o SELECT " +
        expression + " AS v FROM s;");
    EXPECT_TRUE(bound.program) << bound.faults.text();
    return bound.program && bound.program->may_have_micros(0, "v");
  };
  EXPECT_TRUE(may("s.t"));
  EXPECT_TRUE(may("cast(s.x AS timestamptz)"));
  EXPECT_TRUE(may("to_timestamp(s.d)"));
  EXPECT_TRUE(may("to_timestamp(s.x, 'YYYY-MM-DD HH24:MI:SS.US')"));
  EXPECT_TRUE(may("timestamptz '2024-03-03 10:15:00.000001'"));
  EXPECT_FALSE(may("kafka_timestamp"));
  EXPECT_FALSE(may("to_timestamp(s.x, 'YYYY-MM-DD HH24:MI:SS.MS')"));
  EXPECT_FALSE(may("timestamptz '2024-03-03 10:15:00.001'"));
  EXPECT_FALSE(may("s.x"));
}

TEST(Binder, BindsEveryInsertOverOneListOfNodes) {
  const auto result = bind_statements(
      "CREATE TABLE third ();"
      "INSERT INTO out SELECT id, btrim(song) AS u FROM plays WHERE id > 3 AND good;"
      "INSERT INTO other SELECT btrim(plays.song) AS song FROM plays WHERE id > 3;"
      "INSERT INTO third (x) SELECT p.kafka_offset FROM plays p;");
  ASSERT_TRUE(result.program) << result.faults.text();
  const Program& program = *result.program;
  expect_in_order(program);
  EXPECT_EQ(program.source, "plays");
  ASSERT_EQ(program.inserts.size(), 3U);
  EXPECT_EQ(program.inserts[1].sink, "other");
  EXPECT_EQ(program.inserts[0].outputs[1].node, program.inserts[1].outputs[0].node);
  EXPECT_EQ(program.inserts[0].filters[0], program.inserts[1].filters[0]);
  EXPECT_EQ(filters_of(result, 0), (std::vector<std::string>{"id > 3", "good"}));
  EXPECT_EQ(outputs_of(result, 2), std::vector<std::string>{"x bigint (p.kafka_offset)"});
  EXPECT_EQ(program.stream_schema.size(), program.declared_columns + 1);
}

TEST(Binder, HasNoNodeThatNothingNeeds) {
  const auto result = bind_statements(
      "CREATE VIEW v AS SELECT id, btrim(song) AS u, '5'::int AS five FROM plays;"
      "INSERT INTO out SELECT id, '7' AS seven FROM v;");
  ASSERT_TRUE(result.program) << result.faults.text();
  EXPECT_EQ(result.program->nodes.size(), 2U);
}

TEST(Binder, AllInsertsReadOneStream) {
  EXPECT_EQ(
      faults_of("INSERT INTO out SELECT id FROM plays;\nINSERT INTO other SELECT id FROM "
                "clicks;"),
      "p.sql:3:34: several streams are not supported (yet): plays in line 2, and clicks here");
  EXPECT_EQ(faults_of("INSERT INTO out SELECT p.id FROM plays p JOIN clicks c ON c.id = p.id;"),
            "p.sql:2:47: several streams are not supported (yet): plays and clicks; what is joined "
            "to a stream must be a lookup");
  EXPECT_EQ(faults_of("INSERT INTO out SELECT p.id FROM plays p JOIN plays q ON q.id = p.id;"),
            "p.sql:2:47: stream plays stands twice: a stream cannot be joined with itself");
  EXPECT_EQ(faults_of("CREATE VIEW c AS SELECT id FROM clicks; CREATE VIEW s AS SELECT * FROM "
                      "songs;\nINSERT INTO out SELECT p.id FROM plays p JOIN c ON c.id = p.id;"),
            "p.sql:2:33: several streams are not supported (yet): plays and clicks; what is joined "
            "to a stream must be a lookup");
  EXPECT_EQ(faults_of("INSERT INTO out SELECT id FROM songs;"),
            "p.sql:2:32: no table in FROM is a stream: songs is a lookup, which is only joined to "
            "one");
  EXPECT_EQ(faults_of("INSERT INTO out SELECT s.id FROM songs s JOIN artists a ON a.id = s.id;"),
            "p.sql:2:34: no table in FROM is a stream: songs, artists are lookups, which are only "
            "joined to one");
}

TEST(Binder, ATableWithAFaultIsNoSecondStream) {
  EXPECT_EQ(faults_of("CREATE TABLE films (x itn);\nINSERT INTO out SELECT p.id FROM plays p JOIN "
                      "films f ON f.x > p.id;"),
            "p.sql:2:23: there is no type itn. Did you mean 'int'? Types are boolean, smallint, "
            "int, bigint, real, double precision, numeric, text, bytea, date, time, timestamp, "
            "timestamptz, interval, uuid, jsonb");
}

TEST(Binder, WhereIsBooleanConjuncts) {
  const auto where = [](const std::string& condition) {
    return filters_of(bind_statements("INSERT INTO out SELECT id FROM plays WHERE " + condition));
  };
  EXPECT_EQ(where("id = 1 AND (n = 2 AND good) AND id = 1"),
            (std::vector<std::string>{"id = 1", "n = 2", "good"}));
  EXPECT_EQ(where("id = 1 OR good"), (std::vector<std::string>{"id = 1 OR good"}));
  EXPECT_EQ(where("'yes'").size(), 1U);
  EXPECT_EQ(where("NULL").size(), 1U);
  EXPECT_EQ(where("id"), std::vector<std::string>{"p.sql:2:44: argument of WHERE must be type "
                                                  "boolean, not type int: write id <> 0"});
  EXPECT_EQ(where("good AND song"),
            std::vector<std::string>{"p.sql:2:53: argument of AND must be type boolean, not type "
                                     "text: write cast(song AS boolean)"});
  EXPECT_EQ(where("'perhaps'"), std::vector<std::string>{"p.sql:2:44: 'perhaps' is no boolean"});
  EXPECT_EQ(where("at"), std::vector<std::string>{"p.sql:2:44: argument of WHERE must be type "
                                                  "boolean, not type timestamptz"});
  EXPECT_EQ(where("idd = 1 AND nn = 2"),
            std::vector<std::string>{"p.sql:2:44: there is no column idd. Did you mean 'id'?\n"
                                     "p.sql:2:56: there is no column nn. Did you mean 'n'?"});
}

TEST(Binder, SaysOnceWhatIsWrongWithTheLeftSideOfIn) {
  EXPECT_EQ(
      faults_of("INSERT INTO out SELECT id FROM plays WHERE idd IN (1, 2, 3) AND nn BETWEEN 1 "
                "AND 2;"),
      "p.sql:2:44: there is no column idd. Did you mean 'id'?\n"
      "p.sql:2:65: there is no column nn. Did you mean 'n'?");
}

TEST(Binder, FindsTheFaultsOfAllPartsInOnePass) {
  EXPECT_EQ(faults_of("CREATE VIEW v AS SELECT idd FROM plays;\n"
                      "INSERT INTO out SELECT v.idd, v.x FROM v;\n"
                      "INSERT INTO other SELECT tempoo, 1 = 'x' AS y FROM plays p JOIN songs s ON "
                      "s.nam = p.song WHERE p.id;"),
            "p.sql:2:25: there is no column idd. Did you mean 'id'?\n"
            "p.sql:4:26: there is no column tempoo. Did you mean 'tempo'?\n"
            "p.sql:4:38: 'x' is no int\n"
            "p.sql:4:78: table songs has no column nam. Did you mean 'name'?\n"
            "p.sql:4:97: argument of WHERE must be type boolean, not type int: write p.id <> 0");
}

}  // namespace
}  // namespace turntable::sql
