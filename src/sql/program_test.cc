// What a program says of itself.
#include "sql/program.h"

#include <algorithm>

#include "sql/testing.h"

namespace turntable::sql {
namespace {

constexpr const char* kTables =
    "CREATE TABLE s (a int NOT NULL, b int, t text NOT NULL, at timestamptz NOT NULL);"
    "CREATE TABLE l (k int NOT NULL, v text NOT NULL, w text);"
    "CREATE TABLE o (); CREATE TABLE p ();";

BoundScript bound(const std::string& statements) {
  BoundScript result = bind_text(kTables + statements, {{"l", {}}});
  EXPECT_EQ(result.faults.text(), "");
  return result;
}

// Whether the expression is NOT NULL as an output of a SELECT from s and l.
bool not_null(const std::string& expression, const std::string& join = "JOIN") {
  const BoundScript result =
      bound("INSERT INTO o SELECT " + expression + " AS x FROM s " + join + " l ON l.k = s.a;");
  return result.program && result.program->output_schema(0)[0].not_null;
}

TEST(Program, AnOutputIsNotNullWhereNoInputCanMakeItSo) {
  for (const std::string expression :
       {"a", "a::text", "t || 'x'", "1", "v", "a IS NULL", "b IS NOT NULL", "b IS DISTINCT FROM 1",
        "(b = 1) IS TRUE", "(b = 1) IS UNKNOWN", "a = 1 AND a = 2", "coalesce(b, a)",
        "coalesce(b, 0)", "CASE WHEN b = 1 THEN a ELSE 0 END", "to_timestamp(t, 'YYYY')"})
    EXPECT_TRUE(not_null(expression)) << expression;
  for (const std::string expression :
       {"b", "b::text", "w", "NULL::int", "b = a", "NOT b = a", "a = 1 AND b = 2", "a = 1 OR b = 2",
        "coalesce(b, NULL)", "nullif(a, 1)", "CASE WHEN a = 1 THEN a END",
        "CASE WHEN a = 1 THEN b ELSE a END"})
    EXPECT_FALSE(not_null(expression)) << expression;
}

TEST(Program, ALeftJoinMakesTheLookupsColumnsNullable) {
  EXPECT_FALSE(not_null("v", "LEFT JOIN"));
  EXPECT_FALSE(not_null("v || 'x'", "LEFT JOIN"));
  EXPECT_FALSE(not_null("l.k = 1", "LEFT JOIN"));
  EXPECT_TRUE(not_null("coalesce(v, '?')", "LEFT JOIN"));
  EXPECT_TRUE(not_null("v IS NULL", "LEFT JOIN"));
  EXPECT_TRUE(not_null("a", "LEFT JOIN"));
}

TEST(Program, EachInsertHasItsOwnNullability) {
  const BoundScript result = bound(
      "INSERT INTO o SELECT v FROM s JOIN l ON l.k = s.a;"
      "INSERT INTO p SELECT v FROM s LEFT JOIN l ON l.k = s.a;");
  ASSERT_TRUE(result.program);
  EXPECT_TRUE(result.program->output_schema(0)[0].not_null);
  EXPECT_FALSE(result.program->output_schema(1)[0].not_null);
}

TEST(Program, KnowsWhichTimesMayHaveMicroseconds) {
  const auto may = [](const std::string& expression) {
    const BoundScript result = bound("INSERT INTO o SELECT " + expression + " AS x FROM s;");
    return result.program->may_have_micros(0, "x");
  };
  EXPECT_TRUE(may("at"));
  EXPECT_TRUE(may("t::timestamptz"));
  EXPECT_TRUE(may("to_timestamp(t, 'YYYY US')"));
  EXPECT_TRUE(may("coalesce(kafka_timestamp, at)"));
  EXPECT_TRUE(may("CASE WHEN a = 1 THEN kafka_timestamp ELSE at END"));
  EXPECT_FALSE(may("kafka_timestamp"));
  EXPECT_FALSE(may("to_timestamp(t, 'YYYY')"));
  EXPECT_FALSE(may("coalesce(kafka_timestamp, to_timestamp(t, 'YYYY'))"));
  EXPECT_FALSE(may("CASE WHEN at = kafka_timestamp THEN kafka_timestamp END"));
  EXPECT_FALSE(may("t"));
}

TEST(Program, FindsWhatANodeNeeds) {
  const BoundScript result =
      bound("INSERT INTO o SELECT coalesce(b, a) AS x, t, w || v AS y FROM s JOIN l ON l.k = s.a;");
  ASSERT_TRUE(result.program);
  const Program& program = *result.program;
  const std::vector<Output>& outputs = program.inserts[0].outputs;
  // Arguments come before their users.
  const NodeId coalesced = outputs[0].node;
  const auto& arguments = std::get<Call>(program.nodes[coalesced].what).arguments;
  std::vector<NodeId> expected{arguments[0], arguments[1], coalesced};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(program.needed_for({&coalesced, 1}), expected);
  EXPECT_EQ(program.needed_for({&outputs[1].node, 1}), std::vector<NodeId>{outputs[1].node});
  using Columns = std::vector<uint32_t>;
  const auto columns = [&](size_t output, uint32_t table) {
    Columns read = program.columns_read({&outputs[output].node, 1}, table);
    std::sort(read.begin(), read.end());
    return read;
  };
  EXPECT_EQ(columns(0, 0), (Columns{0, 1}));
  EXPECT_EQ(columns(0, 1), Columns{});
  EXPECT_EQ(columns(2, 0), Columns{});
  EXPECT_EQ(columns(2, 1), (Columns{1, 2}));
}

}  // namespace
}  // namespace turntable::sql
