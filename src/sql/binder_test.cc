#include "sql/binder.h"

#include "sql/testing.h"

namespace turntable::sql {
namespace {

constexpr const char* kTables =
    "CREATE TABLE plays (id int NOT NULL, n bigint, song text NOT NULL, time text) WITH (connector "
    "= 'kafka');\n"
    "CREATE TABLE songs () WITH (connector = 'csv', key = 'name');\n"
    "CREATE TABLE out ();\n";

std::map<std::string, BoundLookup> songs(Type key_type = Type::text) {
  return {{"songs",
           {{{"name", key_type, false},
             {"artists", Type::text, false},
             {"tempo", Type::float64, false}},
            "name"}}};
}

BoundScript bound(const std::string& insert, Type key_type = Type::text) {
  return bind_text(kTables + insert, songs(key_type));
}

std::string faults(const std::string& insert) {
  return bound(insert).faults.text();
}

// The outputs, each "name type (as written)".
std::vector<std::string> outputs(const std::string& text) {
  const BoundScript result = bind_text(text, songs());
  if (!result.plan) return {result.faults.text()};
  std::vector<std::string> found;
  for (const Output& output : result.plan->outputs)
    found.push_back(output.name + " " + std::string(sql_name(output.type)) + " (" +
                    result.plan->nodes[output.node].text + ")");
  return found;
}

TEST(Binder, MergesEqualExpressions) {
  const auto result = bound(
      "INSERT INTO out SELECT to_char(to_timestamp(p.time, 'YYYY'), 'YYYY') AS a, extract(hour "
      "FROM to_timestamp(time, "
      "'YYYY')) AS b, to_char(to_timestamp(p.time, 'YY'), 'YYYY') AS c, p.time FROM plays p;");
  ASSERT_TRUE(result.plan);
  // time, two to_timestamp, two to_char, one extract; patterns are no nodes but the literals that
  // they were.
  size_t calls = 0;
  for (const Node& node : result.plan->nodes)
    calls += std::holds_alternative<Call>(node.what) ? 1 : 0;
  EXPECT_EQ(calls, 5U);
  for (NodeId id = 0; id < result.plan->nodes.size(); ++id) {
    const auto* call = std::get_if<Call>(&result.plan->nodes[id].what);
    if (call == nullptr) continue;
    for (const NodeId argument : call->arguments) EXPECT_LT(argument, id);
  }
}

TEST(Binder, ComputesConstantsOnce) {
  const auto result = bound(
      "INSERT INTO out SELECT substr('abc', 1 , 2) AS a, '5'::bigint AS b, 'ab' AS c FROM plays;");
  ASSERT_TRUE(result.plan);
  const Node& a = result.plan->nodes[result.plan->outputs[0].node];
  EXPECT_EQ(std::get<Literal>(a.what), Literal("ab"));
  EXPECT_EQ(result.plan->outputs[0].node, result.plan->outputs[2].node);
  EXPECT_EQ(std::get<Literal>(result.plan->nodes[result.plan->outputs[1].node].what),
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

TEST(Binder, KnowsWhichKeysTellRecordsApart) {
  const auto apart = [](const std::string& select, const std::vector<std::string>& key) {
    const auto result = bound("INSERT INTO out SELECT " + select + " FROM plays;");
    EXPECT_TRUE(result.plan) << select;
    return result.plan && result.plan->tells_records_apart(key);
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
  ASSERT_TRUE(result.plan);
  EXPECT_EQ(result.plan->declared_columns, 4U);
  ASSERT_EQ(result.plan->stream_schema.size(), 6U);
  EXPECT_EQ(result.plan->stream_schema[4].name, "kafka_offset");
  EXPECT_EQ(result.plan->stream_schema[5].name, "kafka_partition");
  EXPECT_EQ(result.plan->outputs[0].node, result.plan->outputs[2].node);
  // A declared column goes before a hidden one, and only the stream has hidden ones.
  const BoundScript own = bind_text(
      "CREATE TABLE s (kafka_offset text); CREATE TABLE o (); INSERT INTO o SELECT kafka_offset "
      "FROM s;");
  ASSERT_TRUE(own.plan);
  EXPECT_EQ(own.plan->outputs[0].type, Type::text);
  EXPECT_EQ(
      faults("INSERT INTO out SELECT s.kafka_offset FROM plays JOIN songs s ON s.name = song;"),
      "p.sql:4:26: table songs has no column kafka_offset.");
}

TEST(Binder, JoinsByTheLookupsKeyFromEitherSide) {
  for (const std::string on :
       {"s.name = p.song", "p.song = s.name", "name = song", "s.name = substr(p.time, 1, 2)",
        "s.name = 'constant'", "s.name = cast(p.id AS text)"}) {
    const auto result =
        bound("INSERT INTO out SELECT s.tempo FROM plays p JOIN songs s ON " + on + ";");
    ASSERT_TRUE(result.plan) << on << result.faults.text();
    const LookupJoin& join = result.plan->lookups[0];
    EXPECT_EQ(join.key_column, 0U);
    EXPECT_EQ(result.plan->nodes[join.probe].type, Type::text);
    EXPECT_EQ(result.plan->nodes[join.probe].tables & ~1U, 0U);
  }
}

TEST(Binder, ProbesAreWidenedToTheKeyButNotNarrowed) {
  const std::string by_id =
      "INSERT INTO out SELECT s.tempo FROM plays p JOIN songs s ON s.name = p.id;";
  const auto widened = bound(by_id, Type::int64);
  ASSERT_TRUE(widened.plan);
  EXPECT_EQ(widened.plan->nodes[widened.plan->lookups[0].probe].type, Type::int64);
  EXPECT_TRUE(bound(by_id, Type::int32).plan);
  EXPECT_EQ(bound("INSERT INTO out SELECT s.tempo FROM plays p JOIN songs s ON s.name = p.n;",
                  Type::int32)
                .faults.text(),
            "p.sql:4:61: p.n is bigint, but the key of songs is int: write cast(p.n AS int)");
}

TEST(Binder, KnowsWhatCannotBeNull) {
  const auto result = bound(
      "INSERT INTO out SELECT id, song, time, length(song) AS l, substr(song, NULL) AS s, "
      "kafka_key, kafka_offset, 1 AS "
      "one FROM plays;");
  ASSERT_TRUE(result.plan);
  std::string not_null;
  for (const ColumnDef& column : result.plan->output_schema())
    not_null += column.not_null ? column.name + " " : "";
  EXPECT_EQ(not_null, "id song l kafka_offset one ");
}

TEST(Binder, WithoutTheLookupFindsTheOtherFaults) {
  const BoundScript result = bind_text(std::string(kTables) +
                                       "INSERT INTO out SELECT p.idd, s.whatever, tempo FROM plays "
                                       "p JOIN songs s ON s.x = p.songg;");
  EXPECT_FALSE(result.plan);
  EXPECT_EQ(result.faults.text(),
            "p.sql:4:26: table plays has no column idd. Did you mean 'id'?\n"
            "p.sql:4:86: table plays has no column songg. Did you mean 'song'?");
  const BoundScript good = bind_text(
      std::string(kTables) +
      "INSERT INTO out SELECT p.id, s.whatever FROM plays p JOIN songs s ON s.x = p.song;");
  EXPECT_FALSE(good.plan);
  EXPECT_TRUE(good.faults.empty());
}

TEST(Binder, ChecksTheLookupsKey) {
  const std::string rest =
      "CREATE TABLE s (x text); CREATE TABLE o (); INSERT INTO o SELECT x FROM s JOIN l ON l.a = "
      "x;";
  EXPECT_EQ(bind_text("CREATE TABLE l (a text) WITH (key = 'b');" + rest).faults.text(),
            "p.sql:1:14: table l has no column b, which its option key names");
  EXPECT_EQ(bind_text("CREATE TABLE l (a text);" + rest).faults.text(),
            "p.sql:1:14: table l needs the option key: the column by which it is joined");
  EXPECT_TRUE(bind_text("CREATE TABLE l (a text) WITH (key = 'a');" + rest).plan);
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
    EXPECT_TRUE(bound.plan) << bound.faults.text();
    return bound.plan && bound.plan->may_have_micros("v");
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

}  // namespace
}  // namespace turntable::sql
