// Expected values were taken from PostgreSQL 15, with the time zone UTC; what fails there is a
// fault here.
#include "sql/testing.h"

namespace turntable::sql {
namespace {

struct MathCase {
  std::string expression;
  std::string expected;
};

void expect_all_math(const std::vector<MathCase>& cases) {
  for (const MathCase& c : cases)
    EXPECT_EQ(evaluate_constant(c.expression), c.expected) << c.expression;
}

TEST(Math, RoundsTakesRootsPowersAndLogarithms) {
  expect_all_math({
      {"2 ^ 10", "1024"},
      {"2 ^ -1", "0.5"},
      {"0 ^ -1", "fault: ^: zero has no power with a negative exponent (0, -1)"},
      {"(-8) ^ 0.5::double precision",
       "fault: ^: a negative number has no power with an exponent that is not whole (-8, 0.5)"},
      {"|/ 25", "5"},
      {"||/ -27", "-3.0000000000000004"},
      {"|/ -1", "fault: |/: a negative number has no square root (-1)"},
      {"round(2.5::double precision)", "2"},
      {"round(-0.4::double precision)", "-0"},
      {"round(7)", "7"},
      {"ceil(-0.5::double precision)", "-0"},
      {"ceiling(1.1::double precision)", "2"},
      {"floor(-1.5::double precision)", "-2"},
      {"trunc(-1.7::double precision)", "-1"},
      {"sign(-3.5::double precision)", "-1"},
      {"sign('NaN'::double precision)", "0"},
      {"sqrt(2::double precision)", "1.4142135623730951"},
      {"sqrt(16)", "4"},
      {"sqrt(-1::double precision)", "fault: sqrt: a negative number has no square root (-1)"},
      {"cbrt(27::double precision)", "3.0000000000000004"},
      {"exp(1::double precision)", "2.718281828459045"},
      {"exp(710::double precision)", "fault: exp: the result is too large for its type (710)"},
      {"exp(-746::double precision)",
       "fault: exp: the result is too close to 0 for its type (-746)"},
      {"exp('-Infinity'::double precision)", "0"},
      {"ln(2::double precision)", "0.6931471805599453"},
      {"ln(0::double precision)", "fault: ln: zero has no logarithm (0)"},
      {"ln(-1::double precision)", "fault: ln: a negative number has no logarithm (-1)"},
      {"log(100::double precision)", "2"},
      {"log10(1000::double precision)", "3"},
      {"power(2, 0.5::double precision)", "1.4142135623730951"},
      {"pow(9, 3)", "729"},
      {"power('NaN'::double precision, 0)", "1"},
      {"power('-Infinity'::double precision, -3)", "-0"},
      {"power('-Infinity'::double precision, 2.5::double precision)",
       "fault: power: a negative number has no power with an exponent that is not whole "
       "(-Infinity, 2.5)"},
      {"power(-1, 'Infinity'::double precision)", "1"},
      {"power(10, 400)", "fault: power: the result is too large for its type (10, 400)"},
      {"power(10, -400)", "fault: power: the result is too close to 0 for its type (10, -400)"},
      {"pi()", "3.141592653589793"},
      {"degrees(0.5::double precision)", "28.64788975654116"},
      {"radians(45::double precision)", "0.7853981633974483"},
  });
}

TEST(Math, FindsDivisorsAndMultiples) {
  expect_all_math({
      {"gcd(1071, 462)", "21"},
      {"gcd(0, -5)", "5"},
      {"gcd(-2147483648, 0)",
       "fault: gcd: the result is out of range for its type (-2147483648, 0)"},
      {"gcd(-9223372036854775808, 6)", "2"},
      {"lcm(1071, 462)", "23562"},
      {"lcm(0, 5)", "0"},
      {"lcm(2147483647, 2)", "fault: lcm: the result is out of range for its type (2147483647, 2)"},
      {"lcm(3::bigint, 7)", "21"},
  });
}

TEST(Math, CountsBuckets) {
  expect_all_math({
      {"width_bucket(5.35::double precision, 0.024::double precision, 10.06::double precision, 5)",
       "3"},
      {"width_bucket(10::double precision, 0, 10, 5)", "6"},
      {"width_bucket(-1::double precision, 0, 10, 5)", "0"},
      {"width_bucket(3::double precision, 10, 0, 5)", "4"},
      {"width_bucket(1, 1, 1, 5)",
       "fault: width_bucket: the bounds must not be equal (1, 1, 1, 5)"},
      {"width_bucket(1, 0, 10, 0)",
       "fault: width_bucket: the count of buckets must be greater than 0 (1, 0, 10, 0)"},
      {"width_bucket('NaN'::double precision, 0, 10, 5)",
       "fault: width_bucket: the number and the bounds must not be NaN (NaN, 0, 10, 5)"},
      {"width_bucket(1, 0, 'Infinity'::double precision, 5)",
       "fault: width_bucket: the bounds must be finite (1, 0, Infinity, 5)"},
      // PostgreSQL 15 overflows, and gives -2147483648.
      {"width_bucket(0, -1.7e308::double precision, 1.7e308::double precision, 10)", "6"},
      {"width_bucket(10, 0, 10, 2147483647)",
       "fault: width_bucket: the result is out of range for its type (10, 0, 10, 2147483647)"},
  });
}

}  // namespace
}  // namespace turntable::sql
