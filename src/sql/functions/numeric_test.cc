// Expected values were taken from PostgreSQL 15.
#include "sql/testing.h"

namespace turntable::sql {
namespace {

struct NumberCase {
  std::string expression;
  std::string expected;
};

void expect_numbers(const std::vector<NumberCase>& cases) {
  for (const NumberCase& c : cases)
    EXPECT_EQ(evaluate_constant(c.expression), c.expected) << c.expression;
}

TEST(NumericOperators, HaveTheDigitsThatPostgresShows) {
  expect_numbers({
      {"0.1 + 0.2", "0.3"},
      {"1.50 - 1.5", "0.00"},
      {"1.10 * 2.0", "2.200"},
      {"1 / 3.0", "0.33333333333333333333"},
      {"100000 / 0.0003", "333333333.33333333"},
      {"1e20 / 3", "33333333333333333333"},
      {"-7.5 % 2", "-1.5"},
      {"div(-7.5, 2)", "-3"},
      {"2.0 ^ 3", "8.0000000000000000"},
      {"2.0 ^ 0.5", "1.4142135623730950"},
      {"0.5 ^ 24", "0.0000000596046448"},
      {"1.5 ^ 100", "406561177535215237.3972797075670417"},
      {"- (1.50)", "-1.50"},
      {"@ (-1.50)", "1.50"},
      {"0.1 + 0.2 = 0.3", "true"},
      {"1.0 = 1.00", "true"},
      {"'NaN'::numeric = 'NaN'::numeric", "true"},
      {"'NaN'::numeric > 'Infinity'::numeric", "true"},
      {"'Infinity'::numeric - 'Infinity'::numeric", "NaN"},
      {"1 IN (1.0, 2)", "true"},
      {"nullif(1, 1.0)", "NULL"},
      {"greatest(1, 2.5)", "2.5"},
      {"99999999999999999999999999999999999999 + 1",
       "fault: +: the result has more than the 38 digits of a numeric, or more than 76 behind the "
       "point: cast the arguments to double precision, or round them "
       "(99999999999999999999999999999999999999, 1)"},
      {"1.5 / 0", "fault: /: division by zero (1.5, 0)"},
      {"cast(32767 AS smallint) + cast(1 AS smallint)",
       "fault: +: the result is out of range for its type (32767, 1)"},
  });
}

TEST(NumericFunctions, HaveTheDigitsThatPostgresShows) {
  expect_numbers({
      {"round(2.5)", "3"},
      {"round(-2.5)", "-3"},
      {"round(2.345, 2)", "2.35"},
      {"round(1250, -2)", "1300"},
      {"round(1.5, 3)", "1.500"},
      {"trunc(-2.345, 2)", "-2.34"},
      {"trunc(1299, -2)", "1200"},
      {"ceil(-1.5)", "-1"},
      {"floor(-1.5)", "-2"},
      {"sign(-1.50)", "-1"},
      {"scale(1.500)", "3"},
      {"min_scale(1.500)", "1"},
      {"trim_scale(1.500)", "1.5"},
      {"scale('NaN'::numeric)", "NULL"},
      {"mod(7.25, -2)", "1.25"},
      {"gcd(8.4, 12.6)", "4.2"},
      {"lcm(8.4, 12.6)", "25.2"},
      {"factorial(20)", "2432902008176640000"},
      {"width_bucket(5.35, 0.024, 10.06, 5)", "3"},
      {"sqrt(2.0)", "1.414213562373095"},
      {"sqrt(123456789.0)", "11111.11106055556"},
      {"exp(1.0)", "2.7182818284590452"},
      {"exp(-20.0)", "0.000000002061153622438558"},
      {"ln(2.0)", "0.6931471805599453"},
      {"ln(1.001)", "0.0009995003330835332"},
      {"log(1000.0)", "3.0000000000000000"},
      {"log(2.0, 8.0)", "3.0000000000000000"},
      {"power(2.0, -0.5)", "0.7071067811865475"},
  });
}

TEST(NumericCasts, AreThoseOfPostgres) {
  expect_numbers({
      {"cast(2.5 AS int)", "3"},
      {"cast(-2.5 AS int)", "-3"},
      {"cast(32767.4 AS smallint)", "32767"},
      {"'1.50e1'::numeric", "15.0"},
      {"' -.5e-3 '::numeric", "-0.0005"},
      {"'nan'::numeric", "NaN"},
      {"'-inf'::numeric", "-Infinity"},
      {"cast(cast(0.1 AS real) AS numeric)", "0.1"},
      {"cast(cast(1 AS double precision) / 3 AS numeric)", "0.333333333333333"},
      {"cast(0.1 AS double precision)", "0.1"},
      {"1.005::numeric(3, 2)", "1.01"},
      {"1234.5::numeric(3, -2)", "1200"},
      {"12.5::numeric(5)", "13"},
      {"'nan'::numeric(3, 2)", "NaN"},
      {"'abcdef'::varchar(3)", "abc"},
      {"'éàü'::character varying(2)", "éà"},
      {"cast(123456 AS varchar(4))", "1234"},
      {"'2024-01-01 10:00:00.123456+00'::timestamptz(3)", "2024-01-01 10:00:00.123+00"},
      {"'1969-12-31 23:59:59.9995+00'::timestamptz(3)", "1969-12-31 23:59:59.999+00"},
      {"cast(2147483647.5 AS int)", "fault: 2147483647.5 is out of range for int"},
      {"9.995::numeric(3, 2)", "fault: 9.995 is out of range for numeric(3, 2)"},
      {"'abc'::varchar(0)", "fault: the length of varchar must be from 1 to 10485760"},
  });
}

}  // namespace
}  // namespace turntable::sql
