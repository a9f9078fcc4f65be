// Comparison, against what PostgreSQL 15 answers (in the locale C.UTF-8 and the time zone UTC).
#include <gmock/gmock.h>

#include <limits>

#include "sql/builtins.h"
#include "sql/testing.h"

namespace turntable::sql {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string compared(const Argument& left, std::string_view sign, const Argument& right) {
  return call(sign, Kind::operation, {left, right});
}

// All signs for two values of which the first is less (-1), equal (0) or greater (1).
void expect_order(const Argument& left, const Argument& right, int order) {
  const auto expect = [&](std::string_view sign, bool expected) {
    EXPECT_EQ(compared(left, sign, right), expected ? "true" : "false")
        << sql_name(left.type) << " " << sign << " " << sql_name(right.type);
  };
  expect("=", order == 0);
  expect("<>", order != 0);
  expect("<", order < 0);
  expect("<=", order <= 0);
  expect(">", order > 0);
  expect(">=", order >= 0);
  expect("is distinct from", order != 0);
  expect("is not distinct from", order == 0);
}

// Both ways.
void expect_less(const Argument& left, const Argument& right) {
  expect_order(left, right, -1);
  expect_order(right, left, 1);
}
void expect_equal(const Argument& left, const Argument& right) {
  expect_order(left, right, 0);
  expect_order(right, left, 0);
}

TEST(Comparison, EveryTypeHasItsOrder) {
  expect_less(boolean(false), boolean(true));
  expect_less(integer(-1), integer(0));
  expect_equal(integer(7), integer(7));
  expect_less(bigint(std::numeric_limits<int64_t>::min()),
              bigint(std::numeric_limits<int64_t>::max()));
  expect_less(real(0.5), real(0.75));
  expect_less(precise(-0.1), precise(0.1));
  expect_less(text("a"), text("b"));
  expect_less({Type::timestamptz, State::value, int64_t{-1}},
              {Type::timestamptz, State::value, int64_t{0}});
  expect_less({Type::bytes, State::value, std::string("\x7f")},
              {Type::bytes, State::value, std::string("\x80")});
}

TEST(Comparison, TextIsComparedByteByByte) {
  expect_less(text(""), text("a"));
  expect_less(text("a"), text("aa"));
  expect_less(text("Z"), text("a"));
  expect_less(text("z"), text("é"));
  expect_less(text("\uFFFD"), text("😀"));
  expect_less(text("a "), text("a!"));
  expect_equal(text("é"), text("é"));
  expect_less(text("a"), text("a "));
}

TEST(Comparison, NaNIsTheGreatestAndZeroHasNoSign) {
  expect_equal(precise(kNaN), precise(kNaN));
  expect_equal(precise(kNaN), precise(-kNaN));
  expect_less(precise(kInfinity), precise(kNaN));
  expect_less(precise(-kInfinity), precise(kNaN));
  expect_less(precise(1), precise(kNaN));
  expect_equal(precise(0.0), precise(-0.0));
  expect_equal(real(kNaN), real(kNaN));
  expect_equal(real(0.0), real(-0.0));
  expect_equal(real(kNaN), precise(kNaN));
  expect_less(integer(1), real(kNaN));
}

TEST(Comparison, MixedNumbersAreComparedAsInPostgres) {
  expect_equal(integer(7), bigint(7));
  expect_less(integer(2147483647), bigint(2147483648));
  // 2^53 + 1 is no double: beside one, a bigint is rounded to 2^53.
  expect_equal(bigint(9007199254740993), precise(9007199254740992.0));
  expect_less(bigint(9007199254740992), bigint(9007199254740993));
  // 0.1 as a real is not 0.1 as a double precision.
  expect_less(precise(0.1), real(0.1F));
  expect_equal(precise(0.5), real(0.5));
  // As double precision, not as real: 2^24 + 1 is no real.
  expect_less(real(16777216), integer(16777217));
  expect_less(real(16777216), bigint(16777217));
  expect_equal(integer(16777217), precise(16777217));
  EXPECT_EQ(
      compared(integer(1), "=", text("1")),
      "the operator = does not take (int, text); it takes values of one type among boolean, "
      "smallint, int, bigint, real, double precision, numeric, text, bytea, timestamptz, uuid");
}

TEST(Comparison, JsonbHasNone) {
  for (const std::string_view sign : {"=", "<", "is distinct from"})
    EXPECT_THAT(compared(null(Type::jsonb), sign, null(Type::jsonb)),
                testing::StartsWith("the operator "))
        << sign;
  EXPECT_THAT(call("nullif", Kind::function, {null(Type::jsonb), null(Type::jsonb)}),
              testing::StartsWith("nullif(jsonb, jsonb) does not exist; it takes values"));
}

TEST(Comparison, NullAndFailureSpread) {
  for (const std::string_view sign : {"=", "<>", "<", "<=", ">", ">="}) {
    EXPECT_EQ(compared(integer(1), sign, null(Type::int32)), "NULL") << sign;
    EXPECT_EQ(compared(null(Type::text), sign, null(Type::text)), "NULL") << sign;
    EXPECT_EQ(compared(null(Type::text), sign, failed(Type::text)), "failed") << sign;
    EXPECT_EQ(compared(failed(Type::int64), sign, integer(1)), "failed") << sign;
  }
}

TEST(Comparison, DistinctTakesNullForAValue) {
  using Row = std::tuple<Argument, Argument, std::string>;
  for (const auto& [left, right, distinct] :
       std::vector<Row>{{null(Type::text), null(Type::text), "false"},
                        {null(Type::text), text(""), "true"},
                        {integer(0), null(Type::int32), "true"},
                        {integer(0), null(Type::int64), "true"},
                        {integer(0), failed(Type::int64), "failed"},
                        {failed(Type::boolean), null(Type::boolean), "failed"}}) {
    EXPECT_EQ(compared(left, "is distinct from", right), distinct);
    EXPECT_EQ(compared(left, "is not distinct from", right), distinct == "failed" ? "failed"
                                                             : distinct == "true" ? "false"
                                                                                  : "true");
  }
}

TEST(Comparison, NullIfGivesTheFirstAsItWas) {
  const auto nullif = [](const Argument& left, const Argument& right) {
    return call("nullif", Kind::function, {left, right});
  };
  EXPECT_EQ(nullif(text("a"), text("a")), "NULL");
  EXPECT_EQ(nullif(text("a"), text("b")), "a");
  EXPECT_EQ(nullif(text("a"), null(Type::text)), "a");
  EXPECT_EQ(nullif(null(Type::text), text("a")), "NULL");
  EXPECT_EQ(nullif(null(Type::text), null(Type::text)), "NULL");
  EXPECT_EQ(nullif(failed(Type::text), text("a")), "failed");
  EXPECT_EQ(nullif(text("a"), failed(Type::text)), "failed");
  EXPECT_EQ(nullif(null(Type::text), failed(Type::text)), "failed");
  EXPECT_EQ(nullif(precise(kNaN), precise(kNaN)), "NULL");
  EXPECT_EQ(nullif(precise(-0.0), precise(0.0)), "NULL");
  EXPECT_EQ(nullif(precise(-0.0), precise(1)), "-0");
  // Its type is that of the first argument, where PostgreSQL compares the two as they are.
  const auto type = [](Type left, Type right) {
    const std::vector<ArgumentType> types{left, right};
    return find_function("nullif", Kind::function, types)->function->result;
  };
  EXPECT_EQ(type(Type::int32, Type::int64), Type::int32);
  EXPECT_EQ(type(Type::int64, Type::int32), Type::int64);
  EXPECT_EQ(type(Type::float32, Type::float64), Type::float32);
  EXPECT_EQ(type(Type::int32, Type::float64), Type::float64);
  EXPECT_EQ(type(Type::int32, Type::float32), Type::float64);
}

TEST(Comparison, ALiteralTakesTheTypeOfTheOtherSide) {
  const auto found = [](std::string_view name, Kind kind, ArgumentType left, ArgumentType right) {
    const std::vector<ArgumentType> types{left, right};
    const auto resolved = find_function(name, kind, types);
    return resolved ? signature(*resolved->function) : "none";
  };
  EXPECT_EQ(found("=", Kind::operation, Type::int32, std::nullopt), "int = int");
  EXPECT_EQ(found("<", Kind::operation, std::nullopt, Type::timestamptz),
            "timestamptz < timestamptz");
  EXPECT_EQ(found("=", Kind::operation, Type::float32, std::nullopt), "real = real");
  EXPECT_EQ(found("=", Kind::operation, std::nullopt, std::nullopt), "text = text");
  EXPECT_EQ(found("=", Kind::operation, Type::jsonb, std::nullopt), "none");
  EXPECT_EQ(found("nullif", Kind::function, Type::bytes, std::nullopt), "nullif(bytea, bytea)");
  EXPECT_EQ(found("=", Kind::operation, Type::int32, Type::float32), "double precision = real");
  EXPECT_EQ(found("=", Kind::operation, Type::int64, Type::float64),
            "double precision = double precision");
}

TEST(Comparison, IsPostgres) {
  for (const auto& [expression, expected] : std::vector<std::pair<std::string, std::string>>{
           {"1 = 1", "true"},
           {"1 <> 1", "false"},
           {"1 != 2", "true"},
           {"2147483648 > 2147483647", "true"},
           {"9007199254740993 = 9007199254740993::double precision", "true"},
           {"9007199254740993 = 9007199254740992::double precision", "true"},
           {"9007199254740993 = 9007199254740992", "false"},
           {"16777217 = 16777217::real", "false"},
           {"'0.1'::real = '0.1'::double precision", "false"},
           {"'NaN'::real = 'NaN'::double precision", "true"},
           {"'NaN'::double precision > 'Infinity'", "true"},
           {"'-0'::double precision = 0", "true"},
           {"'a' < 'B'", "false"},
           {"'a' < 'b'", "true"},
           {"'ä' > 'z'", "true"},
           {"'10'::int > '9'", "true"},
           {"'10' > '9'", "false"},
           {"true > false", "true"},
           {"true = 'yes'", "true"},
           {"'\\x00'::bytea < '\\x0000'", "true"},
           {"'2024-03-03 12:00+02'::timestamptz = '2024-03-03 10:00+00'", "true"},
           {"NULL = NULL", "NULL"},
           {"1 = NULL", "NULL"},
           {"1 IS DISTINCT FROM NULL", "true"},
           {"NULL IS DISTINCT FROM NULL", "false"},
           {"NULL::int IS NOT DISTINCT FROM NULL", "true"},
           {"'NaN'::real IS DISTINCT FROM 'NaN'", "false"},
           {"nullif(1, 1)", "NULL"},
           {"nullif(1, 2)", "1"},
           {"nullif(2147483648, 1)", "2147483648"},
           {"nullif('a', '')", "a"},
           {"nullif('', '')", "NULL"},
           {"nullif(1, NULL)", "1"},
           {"nullif(NULL, 1)", "NULL"},
           {"nullif('-0'::double precision, 0)", "NULL"},
       })
    EXPECT_EQ(evaluate_constant(expression), expected) << expression;
}

}  // namespace
}  // namespace turntable::sql
