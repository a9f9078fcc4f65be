// CASE and COALESCE: only what is chosen counts. Expected values of SQL are PostgreSQL 15's.
#include "sql/builtins.h"
#include "sql/testing.h"

namespace turntable::sql {
namespace {

const Argument kNull = null(Type::text);
const Argument kFailed = failed(Type::text);

std::string coalesced(const std::vector<Argument>& arguments) {
  return call("coalesce", Kind::function, arguments);
}

std::string chosen(const std::vector<Argument>& arguments) {
  return call(case_function(arguments.back().type), arguments);
}

TEST(Conditional, CoalesceGivesTheFirstThatIsNotNull) {
  EXPECT_EQ(coalesced({text("a"), text("b")}), "a");
  EXPECT_EQ(coalesced({kNull, text("b"), text("c")}), "b");
  EXPECT_EQ(coalesced({kNull, kNull, text("")}), "");
  EXPECT_EQ(coalesced({kNull, kNull}), "NULL");
  EXPECT_EQ(coalesced({text("a")}), "a");
  EXPECT_EQ(coalesced({kNull}), "NULL");
}

TEST(Conditional, WhatCoalesceDoesNotReachCannotFail) {
  EXPECT_EQ(coalesced({text("a"), kFailed}), "a");
  EXPECT_EQ(coalesced({kNull, text("a"), kFailed}), "a");
  EXPECT_EQ(coalesced({kFailed, text("a")}), "failed");
  EXPECT_EQ(coalesced({kNull, kFailed, text("a")}), "failed");
  EXPECT_EQ(coalesced({kFailed}), "failed");
}

TEST(Conditional, CaseGivesTheValueOfTheFirstTrueCondition) {
  const Argument yes = boolean(true);
  const Argument no = boolean(false);
  const Argument unknown = null(Type::boolean);
  EXPECT_EQ(chosen({yes, text("a"), text("else")}), "a");
  EXPECT_EQ(chosen({no, text("a"), text("else")}), "else");
  EXPECT_EQ(chosen({unknown, text("a"), text("else")}), "else");
  EXPECT_EQ(chosen({no, text("a"), yes, text("b"), yes, text("c"), kNull}), "b");
  EXPECT_EQ(chosen({no, text("a"), kNull}), "NULL");
  EXPECT_EQ(chosen({yes, kNull, text("else")}), "NULL");
}

TEST(Conditional, OnlyTheChosenBranchOfACaseCanFail) {
  const Argument yes = boolean(true);
  const Argument no = boolean(false);
  const Argument broken = failed(Type::boolean);
  EXPECT_EQ(chosen({yes, text("a"), kFailed}), "a");
  EXPECT_EQ(chosen({yes, text("a"), broken, kFailed, kFailed}), "a");
  EXPECT_EQ(chosen({no, kFailed, text("else")}), "else");
  EXPECT_EQ(chosen({yes, kFailed, text("else")}), "failed");
  EXPECT_EQ(chosen({no, text("a"), kFailed}), "failed");
  EXPECT_EQ(chosen({broken, text("a"), yes, text("b"), text("else")}), "failed");
  EXPECT_EQ(chosen({no, text("a"), broken, text("b"), text("else")}), "failed");
}

TEST(Conditional, AreThereForEveryType) {
  for (const Type type : {Type::boolean, Type::int32, Type::int64, Type::float32, Type::float64,
                          Type::text, Type::bytes, Type::timestamptz, Type::jsonb}) {
    EXPECT_EQ(case_function(type).result, type);
    EXPECT_EQ(chosen({boolean(true), null(type), failed(type)}), "NULL") << sql_name(type);
    EXPECT_EQ(coalesced({null(type), null(type)}), "NULL") << sql_name(type);
  }
  EXPECT_EQ(coalesced({null(Type::jsonb), {Type::jsonb, State::value, std::string("{}")}}), "{}");
}

TEST(Conditional, ManyRowsAreDecidedEachForItself) {
  Column condition(Type::boolean);
  Column value(Type::int64);
  Column otherwise(Type::int64);
  constexpr uint32_t kRows = 1000;
  for (Column* column : {&condition, &value, &otherwise}) column->reset(kRows);
  Selection rows;
  for (uint32_t row = 0; row < kRows; ++row) {
    if (row % 7 != 0) rows.push_back(row);
    if (row % 3 != 2) condition.set<uint8_t>(row, row % 3 == 0 ? 1 : 0);
    value.set<int64_t>(row, row);
    otherwise.set<int64_t>(row, -int64_t{row});
  }
  const Function& function = case_function(Type::int64);
  const auto state = function.open_state();
  const std::vector<const Column*> arguments{&condition, &value, &otherwise};
  Arena arena;
  Column result(Type::int64);
  result.reset(kRows);
  Frame frame{CallInput{.arguments = arguments, .arena = arena, .state = state.get()}, rows,
              result};
  function.loop(frame);
  for (uint32_t row = 0; row < kRows; ++row) {
    if (row % 7 == 0) {
      EXPECT_TRUE(result.is_null(row));
    } else {
      EXPECT_EQ(result.get<int64_t>(row), row % 3 == 0 ? int64_t{row} : -int64_t{row});
    }
  }
}

TEST(Conditional, IsPostgres) {
  for (const auto& [expression, expected] : std::vector<std::pair<std::string, std::string>>{
           {"coalesce(NULL, 'b', 'c')", "b"},
           {"coalesce(NULL, NULL)", "NULL"},
           {"coalesce(NULL, 1, 2147483648)", "1"},
           {"coalesce(1, 2.5::double precision)", "1"},
           {"coalesce(16777217, 1::real)", "1.6777216e+07"},
           {"coalesce(NULL, '7')::int", "7"},
           {"coalesce('7', 1)", "7"},
           {"coalesce('\\x61'::bytea, 'b')", "\\x61"},
           {"CASE WHEN true THEN 'a' ELSE 'b' END", "a"},
           {"CASE WHEN NULL THEN 'a' ELSE 'b' END", "b"},
           {"CASE WHEN false THEN 'a' END", "NULL"},
           {"CASE WHEN 1 = 2 THEN 'a' WHEN 1 = 1 THEN 'b' ELSE 'c' END", "b"},
           {"CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END", "b"},
           {"CASE NULL WHEN NULL THEN 'a' ELSE 'b' END", "b"},
           {"CASE WHEN true THEN 1 ELSE 2147483648 END", "1"},
           {"CASE WHEN true THEN 16777217 ELSE 1::real END", "1.6777216e+07"},
           {"CASE WHEN true THEN NULL ELSE 1 END", "NULL"},
           {"CASE 'a' WHEN 'b' THEN 1 ELSE 2 END", "2"},
       })
    EXPECT_EQ(evaluate_constant(expression), expected) << expression;
}

TEST(Conditional, AGuardKeepsARecordFromBeingRejected) {
  EXPECT_EQ(evaluate_over("CASE WHEN x = 'none' THEN 0 ELSE x::int END", {"none", "7", "y"}),
            (Values{"0", "7", "reject: x: 'y' is no int"}));
  EXPECT_EQ(evaluate_over("coalesce(nullif(x, ''), '0')::int", {"", "7", std::nullopt, "y"}),
            (Values{"0", "7", "0", "reject: coalesce(nullif(x, ''), '0'): 'y' is no int"}));
  EXPECT_EQ(evaluate_over("x = 'y' OR x::int > 5", {"y", "7", "3", "z", std::nullopt}),
            (Values{"true", "true", "false", "reject: x: 'z' is no int", "NULL"}));
  EXPECT_EQ(evaluate_over("CASE WHEN x::int = 1 THEN 'one' ELSE 'other' END", {"1", "2", "z"}),
            (Values{"one", "other", "reject: x: 'z' is no int"}));
}

}  // namespace
}  // namespace turntable::sql
