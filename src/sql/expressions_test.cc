#include "sql/expressions.h"

#include "sql/binder_testing.h"

namespace turntable::sql {
namespace {

// Type and text of an expression over plays, or the fault without its place.
std::string bound(const std::string& expression) {
  const BoundScript result =
      bind_statements("INSERT INTO out SELECT " + expression + " AS v FROM plays;");
  if (!result.program) return result.faults.empty() ? "nothing" : result.faults.list[0].message;
  const Output& output = result.program->inserts[0].outputs[0];
  return fmt::format("{}: {}", sql_name(output.type), result.program->nodes[output.node].text);
}

// The types that the arguments of the call at the top of the expression have.
std::string argument_types(const std::string& expression) {
  const BoundScript result =
      bind_statements("INSERT INTO out SELECT " + expression + " AS v FROM plays;");
  if (!result.program) return result.faults.text();
  const Program& program = *result.program;
  const auto* call = std::get_if<Call>(&program.nodes[program.inserts[0].outputs[0].node].what);
  if (call == nullptr) return "no call";
  std::string types;
  for (const NodeId argument : call->arguments)
    types += fmt::format("{}{}", types.empty() ? "" : ", ", sql_name(program.nodes[argument].type));
  return types;
}

TEST(Expressions, ComparisonsAreMadeInOneType) {
  EXPECT_EQ(argument_types("id = id"), "int, int");
  EXPECT_EQ(argument_types("id < n"), "bigint, bigint");
  EXPECT_EQ(argument_types("n >= 3"), "bigint, bigint");
  EXPECT_EQ(argument_types("id = 3000000000"), "bigint, bigint");
  // PostgreSQL compares integers and real, or real and double precision, as double precision.
  EXPECT_EQ(argument_types("id <> r"), "double precision, double precision");
  EXPECT_EQ(argument_types("n = d"), "double precision, double precision");
  EXPECT_EQ(argument_types("r = d"), "double precision, double precision");
  EXPECT_EQ(argument_types("r = r"), "real, real");
  EXPECT_EQ(argument_types("song > time"), "text, text");
  EXPECT_EQ(argument_types("id IS DISTINCT FROM n"), "bigint, bigint");
  EXPECT_EQ(argument_types("raw = raw"), "bytea, bytea");
  EXPECT_EQ(bound("id = n"), "boolean: id = n");
}

TEST(Expressions, AnOpenLiteralTakesTheOthersType) {
  EXPECT_EQ(argument_types("id = '3'"), "int, int");
  EXPECT_EQ(argument_types("'2024-01-01' <= at"), "timestamptz, timestamptz");
  EXPECT_EQ(argument_types("good = 'yes'"), "boolean, boolean");
  EXPECT_EQ(argument_types("song = 'x'"), "text, text");
  EXPECT_EQ(argument_types("n = NULL"), "bigint, bigint");
  EXPECT_EQ(argument_types("raw = '\\x00'"), "bytea, bytea");
  EXPECT_EQ(bound("'a' = 'b'"), "boolean: 'a' = 'b'");
  EXPECT_EQ(bound("id = 'x'"), "'x' is no int");
}

TEST(Expressions, WhatCannotBeComparedIsRefusedWithACast) {
  EXPECT_EQ(bound("song = id"),
            "the operator = cannot compare song, which is text, with id, which "
            "is int: write cast(id AS text)");
  EXPECT_EQ(bound("id <> song"),
            "the operator <> cannot compare id, which is int, with song, which "
            "is text: write cast(id AS text)");
  EXPECT_EQ(bound("at < id"),
            "the operator < cannot compare at, which is timestamptz, with id, which is int");
  EXPECT_EQ(bound("good IS DISTINCT FROM song"),
            "the operator IS DISTINCT FROM cannot compare good, which is boolean, with song, which "
            "is text: write cast(good AS text)");
  EXPECT_EQ(bound("id IN (1, song)"),
            "the operator = cannot compare id, which is int, with song, "
            "which is text: write cast(id AS text)");
  EXPECT_EQ(bound("song = 1.5"),
            "the operator = cannot compare song, which is text, with 1.5, which is numeric: write "
            "cast(song AS numeric)");
  EXPECT_EQ(bound("1.5 > good"),
            "the operator > cannot compare 1.5, which is numeric, with good, which is boolean");
  EXPECT_NE(bound("kafka_headers = id").find("jsonb"), std::string::npos);
}

TEST(Expressions, LogicTakesBooleans) {
  EXPECT_EQ(argument_types("good AND id = 1 AND NOT good"), "boolean, boolean, boolean");
  EXPECT_EQ(argument_types("good OR 'true' OR NULL"), "boolean, boolean, boolean");
  EXPECT_EQ(bound("good AND id"),
            "argument of AND must be type boolean, not type int: write id <> 0");
  EXPECT_EQ(bound("NOT d"),
            "argument of NOT must be type boolean, not type double precision: write "
            "d <> 0");
  EXPECT_EQ(bound("song OR good"),
            "argument of OR must be type boolean, not type text: write "
            "cast(song AS boolean)");
  EXPECT_EQ(bound("id IS TRUE"),
            "argument of IS TRUE must be type boolean, not type int: write id <> 0");
  EXPECT_EQ(bound("at IS NOT UNKNOWN"),
            "argument of IS NOT UNKNOWN must be type boolean, not type timestamptz");
  EXPECT_EQ(bound("good AND 1.5"),
            "argument of AND must be type boolean, not type numeric: write 1.5 <> 0");
  EXPECT_EQ(bound("good IS TRUE"), "boolean: good IS TRUE");
  EXPECT_EQ(bound("id IS NULL"), "boolean: id IS NULL");
  EXPECT_EQ(bound("NULL IS NULL"), "boolean: NULL IS NULL");
  EXPECT_EQ(bound("id BETWEEN 1 AND n").substr(0, 8), "boolean:");
}

TEST(Expressions, CaseAndCoalesceHaveOneType) {
  EXPECT_EQ(argument_types("CASE WHEN good THEN id ELSE n END"), "boolean, bigint, bigint");
  EXPECT_EQ(argument_types("CASE WHEN good THEN id WHEN 'no' THEN NULL END"),
            "boolean, int, boolean, int, int");
  EXPECT_EQ(argument_types("CASE id WHEN 1 THEN 'one' WHEN n THEN song END"),
            "boolean, text, boolean, text, text");
  EXPECT_EQ(argument_types("CASE WHEN good THEN '2024-01-01' ELSE at END"),
            "boolean, timestamptz, timestamptz");
  EXPECT_EQ(argument_types("coalesce(id, n, r)").substr(0, 4), "real");
  EXPECT_EQ(argument_types("coalesce(NULL, song, 'x')"), "text, text, text");
  EXPECT_EQ(argument_types("coalesce(at, '2024-01-01')"), "timestamptz, timestamptz");
  EXPECT_EQ(bound("coalesce(NULL, 'x')"), "text: 'x'");
  EXPECT_TRUE(bound("CASE WHEN good THEN id ELSE song END").starts_with("CASE: "));
  EXPECT_TRUE(bound("coalesce(id, song)").starts_with("COALESCE: "));
  EXPECT_EQ(bound("CASE WHEN id THEN 1 END"),
            "argument of CASE/WHEN must be type boolean, not type int: write id <> 0");
  EXPECT_EQ(bound("CASE WHEN good THEN id ELSE 'x' END"), "'x' is no int");
}

TEST(Expressions, NullIfHasTheTypeOfItsFirstArgument) {
  EXPECT_EQ(bound("nullif(id, 3)").substr(0, 4), "int:");
  EXPECT_EQ(bound("nullif(id, n)").substr(0, 4), "int:");
  EXPECT_EQ(bound("nullif(n, id)").substr(0, 7), "bigint:");
  EXPECT_EQ(bound("nullif(r, d)").substr(0, 5), "real:");
  EXPECT_EQ(bound("nullif(id, r)").substr(0, 17), "double precision:");
  EXPECT_EQ(bound("nullif(r, 1.5)").substr(0, 5), "real:");
  EXPECT_EQ(bound("nullif(song, '')").substr(0, 5), "text:");
  EXPECT_EQ(bound("nullif('x', song)").substr(0, 5), "text:");
  EXPECT_EQ(bound("nullif(id, song)"),
            "the operator = cannot compare id, which is int, with song, "
            "which is text: write cast(id AS text)");
}

TEST(Expressions, ADecimalIsANumeric) {
  EXPECT_EQ(bound("1.5"), "numeric: 1.5");
  EXPECT_EQ(bound("99999999999999999999"), "numeric: 99999999999999999999");
  EXPECT_EQ(argument_types("id * 1.5"), "numeric, numeric");
  EXPECT_EQ(argument_types("id = 1.5"), "numeric, numeric");
  EXPECT_EQ(argument_types("coalesce(id, 1.5)"), "numeric, numeric");
  EXPECT_EQ(argument_types("CASE WHEN good THEN 1.5 END"), "boolean, numeric, numeric");
  EXPECT_EQ(bound("nullif(id, 1.5)").substr(0, 8), "numeric:");
  EXPECT_EQ(bound("1.5::int"), "int: cast(1.5 AS int)");
  EXPECT_EQ(bound("song > 1.5"),
            "the operator > cannot compare song, which is text, with 1.5, which is numeric: write "
            "cast(song AS numeric)");
}

TEST(Expressions, ADecimalBesideAFloatIsCastToIt) {
  EXPECT_EQ(argument_types("r > 1.5"), "double precision, double precision");
  EXPECT_EQ(argument_types("1.5 = d"), "double precision, double precision");
  EXPECT_EQ(argument_types("d * 1.5"), "double precision, double precision");
  EXPECT_EQ(argument_types("coalesce(r, 0.1)"), "real, real");
  EXPECT_EQ(argument_types("coalesce(d, 0.1, r)"),
            "double precision, double precision, double precision");
  EXPECT_EQ(argument_types("CASE WHEN good THEN 1e3 ELSE r END"), "boolean, real, real");
  EXPECT_EQ(bound("nullif(r, 1.5)").substr(0, 5), "real:");
  EXPECT_EQ(evaluate_constant("atan(0.0)"), "0");
  EXPECT_EQ(evaluate_constant("|/ 2.25"), "1.5");
}

TEST(Expressions, ADecimalWithMoreDigitsThanANumericCanBeCast) {
  EXPECT_EQ(bound("1e300 < d"),
            "1e300 has more digits than a numeric has here, 38 of them and 76 behind the point: "
            "write cast(1e300 AS double precision)");
  EXPECT_EQ(evaluate_constant("cast(1e300 AS double precision)"), "1e+300");
  EXPECT_EQ(evaluate_constant("1e300::real"), "fault: '1e300' is out of range for real");
}

TEST(Expressions, ADecimalFillsColumnsOfNumbersThatTakeItUnasked) {
  const auto into = [](const std::string& type) {
    return outputs_of(bind_statements("CREATE TABLE t (v " + type +
                                      ");INSERT INTO t SELECT 0.1 AS v FROM plays;"));
  };
  EXPECT_EQ(into("numeric"), std::vector<std::string>{"v numeric (0.1)"});
  EXPECT_EQ(into("real"), std::vector<std::string>{"v real (cast(0.1 AS real))"});
  EXPECT_EQ(into("double precision"),
            std::vector<std::string>{"v double precision (cast(0.1 AS double precision))"});
  EXPECT_EQ(into("int"),
            std::vector<std::string>{"p.sql:2:45: column v of t is int, but 0.1 is numeric: write "
                                     "cast(0.1 AS int)"});
}

// A real is rounded from the digits, not from the double that is nearest to them.
TEST(Expressions, ADecimalIsRoundedOnce) {
  const BoundScript result = bind_statements(
      "CREATE TABLE t (v real);INSERT INTO t SELECT 1.00000005960464477539062501 AS v FROM plays;");
  ASSERT_TRUE(result.program) << result.faults.text();
  const Node& node = result.program->nodes[result.program->inserts[0].outputs[0].node];
  EXPECT_EQ(std::get<Literal>(node.what), Literal(double{1.00000011920928955F}));
}

TEST(Expressions, AConstantThatFailsIsAFaultAlsoWhereCaseDoesNotChooseIt) {
  EXPECT_EQ(bound("CASE WHEN good THEN 1 ELSE 'x'::int END"), "'x' is no int");
  EXPECT_EQ(bound("coalesce(id, '99999999999')"), "'99999999999' is out of range for int");
  EXPECT_EQ(bound("CASE WHEN false THEN substr('abc', 1, -1) ELSE song END"),
            "substr: the length -1 is negative");
}

TEST(Expressions, OfConstantsAreComputedOnce) {
  for (const std::string expression :
       {"1 = 1", "NULL IS NULL", "true AND NULL", "coalesce(NULL, 3)", "nullif(1, 1)",
        "CASE WHEN 1 = 2 THEN 'a' ELSE 'b' END", "5 IN (1, 5)", "5 BETWEEN 1 AND 9"})
    EXPECT_EQ(argument_types(expression), "no call") << expression;
}

}  // namespace
}  // namespace turntable::sql
