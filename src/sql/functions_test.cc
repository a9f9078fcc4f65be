// Expected values were taken from PostgreSQL 15 with the time zone UTC, except where a comment says
// otherwise.
#include "sql/functions.h"

#include <fmt/format.h>

#include "sql/builtins.h"
#include "sql/loops.h"
#include "sql/testing.h"

namespace turntable::sql {
namespace {

struct Case {
  std::string expression;
  std::string expected;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases)
    EXPECT_EQ(evaluate_constant(c.expression), c.expected) << c.expression;
}

TEST(Functions, SubstrCountsCharacters) {
  expect_all({
      {"substr('alphabet', 3)", "phabet"},
      {"substr('alphabet', 3, 2)", "ph"},
      {"substr('alphabet', 0, 3)", "al"},
      {"substr('alphabet', -1, 3)", "a"},
      {"substr('alphabet', -5)", "alphabet"},
      {"substr('alphabet', 9)", ""},
      {"substr('alphabet', 8, 100)", "t"},
      {"substr('alphabet', 2, 2147483647)", "lphabet"},
      {"substr('alphabet', 3, 0)", ""},
      {"substr('αβγδ', 2, 2)", "βγ"},
      {"substr('a😀b', 2, 1)", "😀"},
      {"substring('alphabet' FROM 3 FOR 2)", "ph"},
      {"substring('alphabet', 3)", "phabet"},
      {"substr('alphabet', 3, -1)", "fault: substr: the length -1 is negative"},
      {"substr(NULL, 3)", "NULL"},
      {"substr('x', NULL)", "NULL"},
  });
}

TEST(Functions, SplitPartCountsFromBothEnds) {
  expect_all({
      {"split_part('abc~@~def~@~ghi', '~@~', 2)", "def"},
      {"split_part('abc,def,ghi,jkl', ',', -2)", "ghi"},
      {"split_part('a,b', ',', 3)", ""},
      {"split_part('a,b', ',', -3)", ""},
      {"split_part('a,b', ',', 1)", "a"},
      {"split_part('a,b', ',', -1)", "b"},
      {"split_part('a,b', '', 1)", "a,b"},
      {"split_part('a,b', '', -1)", "a,b"},
      {"split_part('a,b', '', 2)", ""},
      {"split_part('', ',', 1)", ""},
      {"split_part('a', ',', -1)", "a"},
      {"split_part('aaa', 'aa', 2)", "a"},
      {"split_part('aaa', 'aa', -1)", "a"},
      {"split_part('aaa', 'aa', -2)", ""},
      {"split_part('a,b', ',', -2147483648)", ""},
      {"split_part('a,b', ',', 0)", "fault: split_part: the field's number is 0; the first is 1"},
  });
}

TEST(Functions, TextFunctionsKnowCharactersAndBytes) {
  expect_all({
      {"length('jose')", "4"},
      {"length('αβγ')", "3"},
      {"octet_length('αβγ')", "6"},
      {"char_length('')", "0"},
      {"trim('  a b ')", "a b"},
      {"ltrim('  a ') || '|'", "a |"},
      {"rtrim('  a ') || '|'", "  a|"},
      {"'a' || NULL", "NULL"},
      {"'' || 'b'", "b"},
      {"convert_from('\\x6162'::bytea, 'UTF8')", "ab"},
      {"convert_from('\\xff'::bytea, 'UTF8')", "fault: convert_from: '\\xff' is no UTF-8 text"},
  });
}

TEST(Functions, ExtractTakesTimesApart) {
  const std::string time = "'2001-02-16 20:38:40.12+00'::timestamptz";
  expect_all({
      {"extract(year FROM " + time + ")", "2001"},
      {"extract(month FROM " + time + ")", "2"},
      {"extract(day FROM " + time + ")", "16"},
      {"extract(hour FROM " + time + ")", "20"},
      {"extract(minute FROM " + time + ")", "38"},
      {"extract(dow FROM " + time + ")", "5"},
      {"extract(isodow FROM '2001-02-18 20:38:40+00'::timestamptz)", "7"},
      {"extract(doy FROM " + time + ")", "47"},
      {"extract(week FROM " + time + ")", "7"},
      {"extract(week FROM '2005-01-01'::timestamptz)", "53"},
      {"extract(isoyear FROM '2006-01-01'::timestamptz)", "2005"},
      {"extract(week FROM '2012-12-31'::timestamptz)", "1"},
      {"extract(quarter FROM " + time + ")", "1"},
      {"date_part('second', " + time + ")", "40.12"},
      {"date_part('milliseconds', " + time + ")", "40120"},
      {"date_part('microseconds', " + time + ")", "40120000"},
      {"date_part('epoch', " + time + ")", "982355920.12"},
      {"date_part('hour', '1969-12-31 23:59:59.999999+00'::timestamptz)", "23"},
      {"date_part('dow', '1969-12-31 23:59:59+00'::timestamptz)", "3"},
      {"date_part('HOUR', " + time + ")", "20"},
      {"date_part('hour', NULL::timestamptz)", "NULL"},
  });
}

TEST(Functions, ToTimestampOfSecondsRoundsToMicroseconds) {
  expect_all({
      {"to_timestamp(1284352323)", "2010-09-13 04:32:03+00"},
      {"to_timestamp(1284352323.5)", "2010-09-13 04:32:03.5+00"},
      {"to_timestamp(-0.25)", "1969-12-31 23:59:59.75+00"},
      {"to_timestamp(0)", "1970-01-01 00:00:00+00"},
      {"to_timestamp(253402300800)", "10000-01-01 00:00:00+00"},
      {"to_timestamp(-62167219200)", "0001-01-01 00:00:00+00 BC"},
      {"to_timestamp(-210866803200)", "4714-11-24 00:00:00+00 BC"},
      {"to_timestamp('inf'::double precision)", "infinity"},
      {"to_timestamp('-inf'::double precision)", "-infinity"},
      {"to_timestamp('nan'::double precision)",
       "fault: to_timestamp: NaN seconds are out of range for timestamptz"},
      {"to_timestamp(1e30)", "fault: to_timestamp: 1e+30 seconds are out of range for timestamptz"},
  });
}

TEST(Functions, ExtractGivesDoubleAndCastsToInt) {
  EXPECT_EQ(
      evaluate_over("cast(extract(hour FROM to_timestamp(x, 'YYYY-MM-DD HH24:MI')) AS int)",
                    {"2024-03-03 10:15", "2024-03-03 22:15", std::nullopt, "2024-13-01 10:00"}),
      (Values{
          "10", "22", "NULL",
          "reject: to_timestamp: '2024-13-01 10:00' does not fit the form 'YYYY-MM-DD HH24:MI'"}));
}

TEST(Functions, ResolveOverloadsAsPostgresDoes) {
  const auto found = [](std::string_view name, std::vector<ArgumentType> types) -> std::string {
    const auto resolved = find_function(name, Kind::function, types);
    return resolved ? signature(*resolved->function) : resolved.error().message;
  };
  EXPECT_EQ(found("to_timestamp", {Type::int32}), "to_timestamp(double precision)");
  EXPECT_EQ(found("to_timestamp", {Type::text, std::nullopt}), "to_timestamp(text, text)");
  EXPECT_EQ(found("octet_length", {std::nullopt}), "octet_length(text)");
  EXPECT_EQ(found("octet_length", {Type::bytes}), "octet_length(bytea)");
  EXPECT_EQ(
      found("substr", {Type::text, Type::int64}),
      "substr(text, bigint) does not exist; there is substr(text, int) or substr(text, int, int) "
      "or substr(bytea, int) or substr(bytea, int, int)");
  EXPECT_EQ(found("split_prt", {Type::text}),
            "there is no function split_prt. Did you mean 'split_part'?");
  EXPECT_EQ(found("to_char", {Type::int32, std::nullopt}), "to_char(int, text)");
  EXPECT_EQ(found("coalesce", {Type::int32, std::nullopt}), "coalesce(int, …)");
  EXPECT_EQ(found("coalesce", {std::nullopt, std::nullopt}), "coalesce(text, …)");
  EXPECT_EQ(found("coalesce", {Type::jsonb}), "coalesce(jsonb, …)");
  EXPECT_EQ(found("coalesce", {Type::int32, Type::text}),
            "coalesce: int and text have no common type; cast one of them");
}

TEST(Functions, EachArgumentOfAVariadicFunctionHasItsType) {
  const auto types = [](std::string_view name, Kind kind, std::vector<ArgumentType> given) {
    return find_function(name, kind, given)->arguments;
  };
  constexpr Type boolean_type = Type::boolean;
  EXPECT_EQ(types("and", Kind::operation, {boolean_type, std::nullopt, boolean_type}),
            (std::vector<Type>{boolean_type, boolean_type, boolean_type}));
  EXPECT_EQ(types("coalesce", Kind::function, {std::nullopt, Type::int32, Type::int64}),
            (std::vector<Type>{Type::int64, Type::int64, Type::int64}));
  EXPECT_EQ(types("=", Kind::operation, {Type::int32, Type::float32}),
            (std::vector<Type>{Type::float64, Type::float32}));
}

TEST(Functions, EveryRowOfTheTableCanBeCalled) {
  for (const Function& function : functions()) {
    EXPECT_NE(function.loop, nullptr) << signature(function);
    EXPECT_EQ(function.constant.has_value(), function.prepare != nullptr) << signature(function);
    EXPECT_TRUE(!function.constant || *function.constant < function.arguments.size())
        << signature(function);
    EXPECT_TRUE(function.never_null == nullptr || function.nulls == NullRule::sees_null)
        << signature(function);
    EXPECT_FALSE(function.variadic && function.arguments.empty()) << signature(function);
    EXPECT_TRUE(function.is_volatile || !function.once_a_batch) << signature(function);
  }
}

TEST(Functions, OneNameHasOneWayToBeChosen) {
  for (const Function& a : functions())
    for (const Function& b : functions())
      if (a.name == b.name && a.kind == b.kind) {
        EXPECT_EQ(a.typing, b.typing) << a.name;
        EXPECT_TRUE(&a == &b || a.arguments != b.arguments) << signature(a);
      }
}

// What a function template makes of a struct's types.
struct Halve {
  static std::optional<int32_t> call(int32_t value) {
    return value % 2 == 0 ? std::optional(value / 2) : std::nullopt;
  }
  static Reason why(int32_t value) {
    return {RejectCode::bad_value, fmt::format("{} is odd", value)};
  }
};
struct OrZero {
  static int32_t call(Nullable<int32_t> value) { return value.null ? 0 : value.value; }
};
struct PlusWhatIsThere {
  static Nullable<int32_t> call(int32_t left, Nullable<int32_t> right) {
    return right.null ? Nullable<int32_t>() : Nullable<int32_t>(left + right.value);
  }
};
struct Counter final : FunctionState {
  int32_t calls = 0;
};
struct CountCalls {
  static int32_t call(Counter& counter, int32_t) { return ++counter.calls; }
};
struct CountDifferent {
  static constexpr bool kRepeats = true;
  static int32_t call(Counter& counter, int32_t) { return ++counter.calls; }
};

template <class F>
Function of_integers(size_t arguments = 1) {
  return function_of<F>(
      {.name = "f", .arguments = std::vector<Type>(arguments, Type::int32), .result = Type::int32});
}

TEST(Functions, AStructSaysHowItTreatsNullAndFailure) {
  const Function halve = of_integers<Halve>();
  EXPECT_EQ(halve.nulls, NullRule::strict);
  EXPECT_TRUE(halve.can_fail());
  EXPECT_EQ(call(halve, {integer(6)}), "3");
  EXPECT_EQ(call(halve, {integer(7)}), "failed");
  EXPECT_EQ(call(halve, {null(Type::int32)}), "NULL");
  EXPECT_EQ(call(halve, {failed(Type::int32)}), "failed");
  const Column seven = column_of(integer(7));
  const std::vector<const Column*> arguments{&seven};
  Arena arena;
  EXPECT_EQ(halve.explain({.arguments = arguments, .arena = arena}, 1).message, "7 is odd");

  const Function or_zero = of_integers<OrZero>();
  EXPECT_EQ(or_zero.nulls, NullRule::never_null);
  EXPECT_FALSE(or_zero.can_fail());
  EXPECT_EQ(call(or_zero, {null(Type::int32)}), "0");
  EXPECT_EQ(call(or_zero, {failed(Type::int32)}), "failed");

  const Function plus = of_integers<PlusWhatIsThere>(2);
  EXPECT_EQ(plus.nulls, NullRule::sees_null);
  EXPECT_EQ(call(plus, {integer(1), integer(2)}), "3");
  EXPECT_EQ(call(plus, {integer(1), null(Type::int32)}), "NULL");
  EXPECT_EQ(call(plus, {null(Type::int32), integer(1)}), "NULL");
  EXPECT_EQ(call(plus, {null(Type::int32), failed(Type::int32)}), "failed");
}

TEST(Functions, AStateIsKeptFromRowToRow) {
  Column given(Type::int32);
  given.reset(6);
  for (size_t row = 0; row < 6; ++row) given.set<int32_t>(row, row < 4 ? 5 : 6);
  const std::vector<const Column*> arguments{&given};
  const Selection rows{0, 1, 2, 4, 5};
  const auto last_of = [&](const Function& function) {
    const auto state = function.open_state();
    Arena arena;
    Column result(Type::int32);
    result.reset(6);
    Frame frame{CallInput{.arguments = arguments, .arena = arena, .state = state.get()}, rows,
                result};
    function.loop(frame);
    return result.get<int32_t>(5);
  };
  EXPECT_EQ(last_of(of_integers<CountCalls>()), 5);
  EXPECT_EQ(last_of(of_integers<CountDifferent>()), 2);
}

TEST(Functions, BoundTheTextsThatTheyMake) {
  const std::string half(kResultBytesLimit / 2, 'x');
  const Values values = evaluate_over("length(x || x)", {half, half + "y"});
  EXPECT_EQ(values[0], "67108864");
  EXPECT_EQ(values[1], "reject: x || x: a text has more than 67,108,864 bytes");
}

}  // namespace
}  // namespace turntable::sql
