// Rows and their types. Expected values are PostgreSQL 15's; tests/test_rows_postgres.py compares
// more.
#include "sql/composites.h"

#include "sql/testing.h"

namespace turntable::sql {
namespace {

constexpr const char* kTypes =
    "CREATE TYPE inner_row AS (a int, b text);\n"
    "CREATE TYPE outer_row AS (i inner_row, n numeric(4, 1), w varchar(2));\n"
    "CREATE TABLE s (x text);";

// The expression as text, or the faults. One line more than kTypes has.
std::string value(const std::string& expression, const std::optional<std::string>& x = "7") {
  BoundScript bound =
      bind_text(std::string(kTypes) + " CREATE TABLE o ();\nINSERT INTO o SELECT cast(" +
                expression + " AS text) AS v FROM s;");
  if (!bound.program) return bound.faults.list.empty() ? "none" : bound.faults.list[0].message;
  Column column(Type::text);
  column.reset(1);
  if (x) column.set<std::string_view>(0, *x);
  const NodeId wanted = bound.program->inserts[0].outputs[0].node;
  Evaluator evaluator(*bound.program, {&wanted, 1});
  const TableInput table{.columns = {&column, 1}, .rows = nullptr};
  Selection alive{0};
  Rejects rejects;
  evaluator.begin({&table, 1}, 1);
  evaluator.compute_all(alive);
  evaluator.drop_failed({&wanted, 1}, alive, rejects);
  if (!rejects.empty()) return "reject: " + rejects[0].reason;
  const Column& result = evaluator.result(wanted);
  return result.is_null(0) ? "NULL" : std::string(result.get<std::string_view>(0));
}

std::string faults(const std::string& statements) {
  return bind_text(statements).faults.text();
}

TEST(Composites, FieldsOfARowHaveTheTypesOfItsType) {
  EXPECT_EQ(value("(ROW('7', 'x')::inner_row).a + 1"), "8");
  EXPECT_EQ(value("(ROW(x, x)::inner_row).a + 1"), "8");
  EXPECT_EQ(value("(ROW(cast(x AS int), x)::inner_row).a + 1"), "8");
  EXPECT_EQ(value("(ROW(NULL, 3)::inner_row).b"), "3");
  EXPECT_EQ(value("(ROW(NULL, 3)::inner_row).a"), "NULL");
  EXPECT_EQ(value("(ROW(ROW(1, 'y'), 12.34, 'xyz')::outer_row).n"), "12.3");
  EXPECT_EQ(value("(ROW(ROW(1, 'y'), 12.34, 'xyz')::outer_row).w"), "xy");
  EXPECT_EQ(value("((ROW(ROW(1, 'y'), 1, 'x')::outer_row).i).b"), "y");
  EXPECT_EQ(value("(ROW(1, x)).f2"), "7");
  EXPECT_EQ(value("((1, x)).f1 + 1"), "2");
}

TEST(Composites, ACaseGivesRowsOfOneType) {
  const std::string row = "CASE WHEN x = '7' THEN ROW(1, x)::inner_row ELSE NULL END";
  EXPECT_EQ(value("(" + row + ").b"), "7");
  EXPECT_EQ(value("(" + row + ").b", "8"), "NULL");
  EXPECT_EQ(value("(" + row + ").a + 1"), "2");
  const std::string nested =
      "CASE WHEN x = '7' THEN ROW(ROW(5, x), 1, 'a')::outer_row ELSE ROW(NULL, 2, NULL)::outer_row "
      "END";
  EXPECT_EQ(value("((" + nested + ").i).a"), "5");
  EXPECT_EQ(value("((" + nested + ").i).a", "8"), "NULL");
  EXPECT_EQ(value("(" + nested + ").n", "8"), "2.0");
  EXPECT_EQ(value("(CASE WHEN true THEN ROW(1, x)::inner_row ELSE ROW(ROW(1, x), 1, x)::outer_row "
                  "END).a"),
            "CASE: inner_row and outer_row have no common type");
  EXPECT_EQ(
      value("(CASE WHEN x = '7' THEN ROW(1, x) END).f1"),
      "CASE: a row needs a type here: write ROW(…)::name, of a type that CREATE TYPE declares");
}

// https://www.postgresql.org/docs/15/functions-comparison.html: a row IS NULL where all of its
// fields are, and IS NOT NULL where none is.
TEST(Composites, AreNullAsTheirFieldsAre) {
  EXPECT_EQ(value("ROW(x, x) IS NULL", std::nullopt), "true");
  EXPECT_EQ(value("ROW(x, 1) IS NULL", std::nullopt), "false");
  EXPECT_EQ(value("ROW(x, 1) IS NOT NULL", std::nullopt), "false");
  EXPECT_EQ(value("ROW(x, 1) IS NOT NULL"), "true");
  const std::string row =
      "(CASE WHEN x = '7' THEN ROW(NULL, NULL)::inner_row WHEN x = '8' THEN "
      "ROW(1, NULL)::inner_row WHEN x = '9' THEN ROW(1, x)::inner_row END)";
  for (const auto& [x, is_null, is_not_null] : {std::tuple("7", "true", "false"),
                                                {"8", "false", "false"},
                                                {"9", "false", "true"},
                                                {"none", "true", "false"}}) {
    EXPECT_EQ(value(row + " IS NULL", x), is_null) << x;
    EXPECT_EQ(value(row + " IS NOT NULL", x), is_not_null) << x;
  }
  // A field that is a row of NULLs is there: it is not looked into.
  EXPECT_EQ(value("ROW(ROW(x, x)) IS NULL", std::nullopt), "false");
}

TEST(Composites, AFieldThatFailsFailsItsRow) {
  EXPECT_EQ(value("(CASE WHEN x <> '' THEN ROW(cast(x AS int), x)::inner_row END).b", "y"),
            "reject: x: 'y' is no int");
  EXPECT_EQ(value("(ROW(cast(x AS int), x)::inner_row).b", "y"), "y");
}

TEST(Composites, WhatIsNoRowIsRefusedByName) {
  EXPECT_EQ(value("(x).f"), "x is text, which has no fields");
  EXPECT_EQ(value("(ROW(1, x)::inner_row).c"), "inner_row has no field c. Did you mean 'a'?");
  EXPECT_EQ(value("(ROW(1)::inner_row).a"), "ROW(1) has 1 field, and inner_row has 2");
  EXPECT_EQ(value("ROW(1, 2) = ROW(1, 2)"),
            "= takes no rows (yet): give it their fields, as in (a).b");
  EXPECT_EQ(value("coalesce(ROW(1, x)::inner_row, NULL) IS NULL"),
            "COALESCE takes no rows (yet): give it their fields, as in (a).b");
  EXPECT_EQ(value("ARRAY[ROW(1, x)::inner_row]"), "an array of rows is not supported (yet)");
  EXPECT_EQ(value("'(1,x)'::inner_row"),
            "a text is not read as a inner_row (yet): write ROW(…)::inner_row");
}

TEST(Composites, GoIntoColumnsOfTheirTypeUnasked) {
  const auto with = [](const std::string& select) {
    return bind_text(std::string(kTypes) + "CREATE TABLE o (r inner_row);\nINSERT INTO o " +
                     select);
  };
  const BoundScript bound = with("SELECT ROW(1, x) AS r FROM s;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  const Output& output = bound.program->inserts[0].outputs[0];
  EXPECT_EQ(output.type, Type::composite);
  ASSERT_NE(output.composite, nullptr);
  EXPECT_EQ(output.composite->name, "inner_row");
  EXPECT_TRUE(with("SELECT NULL AS r FROM s;").program);
  EXPECT_EQ(with("SELECT ROW(cast(x AS double precision), x) AS r FROM s;").faults.list[0].message,
            "field a is int, but cast(x AS double precision) is double precision: write "
            "cast(cast(x AS double precision) AS int)");
  EXPECT_EQ(with("SELECT x AS r FROM s;").faults.list[0].message,
            "there is no cast from text to inner_row: write ROW(…)::inner_row");
}

TEST(Composites, TypesAreDeclaredOnceAndBeforeTheyAreUsed) {
  EXPECT_EQ(faults("CREATE TYPE t AS (a int, a text);\nCREATE TYPE text AS (a int);\n"
                   "CREATE TYPE u AS (a int[], b u);\nCREATE TABLE s (x v);\n"
                   "CREATE TYPE v AS (a int);\nCREATE TYPE v AS (b int);"),
            "p.sql:1:26: field a stands twice\n"
            "p.sql:2:13: there is a type text already: give this one another name\n"
            "p.sql:3:30: there is no type u. Did you mean 't'? Types are boolean, smallint, int, "
            "bigint, real, double "
            "precision, numeric, text, bytea, date, time, timestamp, timestamptz, interval, uuid, "
            "jsonb\n"
            "p.sql:4:19: there is no type v. Did you mean 't'? Types are boolean, smallint, int, "
            "bigint, real, double "
            "precision, numeric, text, bytea, date, time, timestamp, timestamptz, interval, uuid, "
            "jsonb\n"
            "p.sql:6:13: type v is declared twice, first in line 5");
  std::string deep = "CREATE TYPE t0 AS (a int);";
  for (size_t i = 1; i <= kCompositeDepthLimit; ++i)
    deep += "CREATE TYPE t" + std::to_string(i) + " AS (a t" + std::to_string(i - 1) + ");";
  EXPECT_NE(faults(deep).find("more than 8 types lie in one another"), std::string::npos);
}

}  // namespace
}  // namespace turntable::sql
