// CREATE FUNCTION: a name for an expression, put in where it is called.
#include <fmt/format.h>

#include "sql/testing.h"

namespace turntable::sql {
namespace {

// The value of an expression in a file with these functions, or the faults.
std::string with_functions(const std::string& functions, const std::string& expression) {
  const BoundScript bound = bind_text(functions +
                                      "CREATE TABLE s (x text); CREATE TABLE o ();\nINSERT INTO o "
                                      "SELECT cast(" +
                                      expression + " AS text) AS v FROM s;");
  if (!bound.program) return bound.faults.text();
  const Node& node = bound.program->nodes[bound.program->inserts[0].outputs[0].node];
  const auto* literal = std::get_if<Literal>(&node.what);
  return literal == nullptr                                 ? node.text
         : std::holds_alternative<std::monostate>(*literal) ? "NULL"
                                                            : std::get<std::string>(*literal);
}

constexpr const char* kFull =
    "CREATE FUNCTION full_name(first text, last text) RETURNS text LANGUAGE sql IMMUTABLE AS $$\n"
    "  SELECT upper(first) || ' ' || $2\n$$;\n";

TEST(OwnFunctions, ArePutInWhereTheyAreCalled) {
  EXPECT_EQ(with_functions(kFull, "full_name('a', 'b')"), "A b");
  EXPECT_EQ(
      with_functions("CREATE FUNCTION twice(n int) RETURNS bigint LANGUAGE sql RETURN n + n;\n",
                     "twice(4)"),
      "8");
  EXPECT_EQ(
      with_functions("CREATE FUNCTION one(int) RETURNS int AS 'SELECT $1 + 1' LANGUAGE sql;\n"
                     "CREATE FUNCTION two(n int) RETURNS int LANGUAGE sql RETURN one(one(n));\n",
                     "two(1)"),
      "3");
}

TEST(OwnFunctions, FaultsOfABodyHaveTheirPlace) {
  EXPECT_EQ(with_functions("CREATE FUNCTION f(abc int) RETURNS int LANGUAGE sql AS $$\n"
                           "  SELECT abd + 1\n$$;\n",
                           "f(1)"),
            "p.sql:2:10: f has no parameter abd. Did you mean 'abc'?");
  EXPECT_EQ(with_functions("CREATE FUNCTION f(\"ABC\" int) RETURNS int LANGUAGE sql AS $$\n"
                           "  SELECT ABC + 1\n$$;\n",
                           "f(1)"),
            "p.sql:2:10: f has no parameter abc. Did you mean \"ABC\"?");
  EXPECT_EQ(with_functions("CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS $$ SELECT a FROM "
                           "s $$;\n",
                           "1"),
            "p.sql:1:57: the body of a function is SELECT and one expression, without FROM");
  EXPECT_TRUE(with_functions(
                  "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS $$\nSELECT a +\n$$;\n", "1")
                  .starts_with("p.sql:2:"));
}

TEST(OwnFunctions, WhatIsNotSupportedIsRefused) {
  const auto fault = [](const std::string& text) { return with_functions(text, "1"); };
  EXPECT_NE(fault("CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $$ SELECT a $$;\n")
                .find("write LANGUAGE sql"),
            std::string::npos);
  EXPECT_NE(fault("CREATE FUNCTION f(a int) RETURNS int STRICT LANGUAGE sql AS $$ SELECT a $$;\n")
                .find("STRICT is not supported"),
            std::string::npos);
  EXPECT_NE(fault("CREATE FUNCTION lower(a text) RETURNS text LANGUAGE sql RETURN a;\n")
                .find("there is a function lower already"),
            std::string::npos);
  EXPECT_NE(fault("CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql RETURN a;\nCREATE FUNCTION "
                  "f(a text) RETURNS text LANGUAGE sql RETURN a;\n")
                .find("function f is declared twice"),
            std::string::npos);
  EXPECT_NE(
      with_functions("CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql RETURN f(a);\n", "f(1)")
          .find("a function calls only functions that are declared before it"),
      std::string::npos);
  EXPECT_NE(with_functions(kFull, "full_name('a')").find("full_name takes 2 arguments, not 1"),
            std::string::npos);
  EXPECT_NE(with_functions(kFull, "full_name(1, 'b')").find("argument 1 of full_name is int"),
            std::string::npos);
}

TEST(OwnFunctions, ManyCallsOfOneAnotherAreBounded) {
  std::string functions = "CREATE FUNCTION f0(a int) RETURNS int LANGUAGE sql RETURN a;\n";
  for (int i = 1; i <= 14; ++i)
    functions += fmt::format(
        "CREATE FUNCTION f{}(a int) RETURNS int LANGUAGE sql RETURN f{}(a) + "
        "f{}(a);\n",
        i, i - 1, i - 1);
  EXPECT_NE(with_functions(functions, "f14(cast(x AS int))").find("more than 10000 times"),
            std::string::npos);
}

TEST(OwnFunctions, NestingIsBounded) {
  std::string functions = "CREATE FUNCTION f1(a int) RETURNS int LANGUAGE sql RETURN a;\n";
  for (int i = 2; i <= 17; ++i)
    functions += fmt::format("CREATE FUNCTION f{}(a int) RETURNS int LANGUAGE sql RETURN f{}(a);\n",
                             i, i - 1);
  EXPECT_EQ(with_functions(functions, "f16(7)"), "7");
  EXPECT_NE(with_functions(functions, "f17(7)").find("more than 16 functions call one another"),
            std::string::npos);
  const std::string deep(200, '(');
  const std::string closed(200, ')');
  for (const char* body : {"AS $$ SELECT {}a{} $$", "RETURN {}a{}"})
    EXPECT_NE(with_functions("CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql " +
                                 fmt::format(fmt::runtime(body), deep, closed) + ";\n",
                             "1")
                  .find("the function nests too deeply: more than 200 levels"),
              std::string::npos)
        << body;
}

TEST(OwnFunctions, AnArgumentIsComputedOnce) {
  const BoundScript bound = bind_text(
      "CREATE FUNCTION twice(a double precision) RETURNS double precision LANGUAGE sql RETURN a - "
      "a;\nCREATE TABLE s (x text); CREATE TABLE o ();\nINSERT INTO o SELECT "
      "twice(extract(epoch FROM clock_timestamp())) AS v FROM s;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  const auto needed = bound.program->needed_for({{bound.program->inserts[0].outputs[0].node}});
  size_t clocks = 0;
  for (const NodeId id : needed)
    if (const auto* call = std::get_if<Call>(&bound.program->nodes[id].what))
      clocks += call->function->name == "clock_timestamp" ? 1 : 0;
  EXPECT_EQ(clocks, 1U);
}

}  // namespace
}  // namespace turntable::sql
