// Expected values were taken from PostgreSQL 15, with the time zone UTC; what fails there is a
// fault here.
#include "sql/testing.h"

namespace turntable::sql {
namespace {

struct ArithmeticCase {
  std::string expression;
  std::string expected;
};

void expect_all_arithmetic(const std::vector<ArithmeticCase>& cases) {
  for (const ArithmeticCase& c : cases)
    EXPECT_EQ(evaluate_constant(c.expression), c.expected) << c.expression;
}

TEST(Arithmetic, OfWholeNumbersIsExactOrFails) {
  expect_all_arithmetic({
      {"2 + 3 * 4", "14"},
      {"7 / 2", "3"},
      {"-7 / 2", "-3"},
      {"7 % -3", "1"},
      {"-7 % 3", "-1"},
      {"-2147483648 % -1", "0"},
      {"-2147483648 / -1", "fault: /: the result is out of range for its type (-2147483648, -1)"},
      {"2147483647 + 1", "fault: +: the result is out of range for its type (2147483647, 1)"},
      {"-2147483648 - 1", "fault: -: the result is out of range for its type (-2147483648, 1)"},
      {"65536 * 65536", "fault: *: the result is out of range for its type (65536, 65536)"},
      {"2147483648 + 1", "2147483649"},
      {"9223372036854775807 + 1",
       "fault: +: the result is out of range for its type (9223372036854775807, 1)"},
      {"1 / 0", "fault: /: division by zero (1, 0)"},
      {"1 % 0", "fault: %: division by zero (1, 0)"},
      {"'5' + 2", "7"},
      {"2147483647 + 1::bigint", "2147483648"},
      {"1::bigint / 3", "0"},
      {"- (-2147483648)", "2147483648"},
      {"@ -5", "5"},
      {"@ (-2147483648)", "fault: @: the result is out of range for its type (-2147483648)"},
      {"+ 5", "5"},
      {"5 & 3", "1"},
      {"5 | 3", "7"},
      {"5 # 3", "6"},
      {"~ 5", "-6"},
      {"1 << 4", "16"},
      {"1 << 33", "2"},
      {"-8 >> 1", "-4"},
      {"1::bigint << 40", "1099511627776"},
      {"-1::bigint >> 63", "-1"},
      {"abs(-5)", "5"},
      {"abs('-3')", "3"},
      {"mod(-7, 3)", "-1"},
      {"mod(5::bigint, 3)", "2"},
  });
}

TEST(Arithmetic, OfFloatingPointChecksWhatIsFinite) {
  expect_all_arithmetic({
      {"1.5::real + 1", "2.5"},
      {"0.1::real + 0.2::double precision", "0.30000000149011613"},
      {"1e308::double precision * 10",
       "fault: *: the result is too large for its type (1e+308, 10)"},
      {"3e38::real * 10", "3.000000005497756e+39"},
      {"1e-308::double precision * 1e-308::double precision",
       "fault: *: the result is too close to 0 for its type (1e-308, 1e-308)"},
      {"1::double precision / 0", "fault: /: division by zero (1, 0)"},
      {"'NaN'::double precision / 0", "NaN"},
      {"'Infinity'::double precision - 'Infinity'::double precision", "NaN"},
      {"0::double precision * -1", "-0"},
      {"1.5::double precision * 2", "3"},
      {"abs(-5.5::real)", "5.5"},
  });
}

}  // namespace
}  // namespace turntable::sql
