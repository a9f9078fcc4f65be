// Expected values were taken from PostgreSQL 15.
#include "sql/testing.h"

namespace turntable::sql {
namespace {

struct FormatCase {
  std::string expression;
  std::string expected;
};

void expect_texts(const std::vector<FormatCase>& cases) {
  for (const FormatCase& c : cases)
    EXPECT_EQ(evaluate_constant(c.expression), c.expected) << c.expression;
}

TEST(NumberFormat, WritesAndReadsAsPostgresDoes) {
  expect_texts({
      {"to_char(1234567.891, '9,999,999.99')", " 1,234,567.89"},
      {"to_char(-12.5, '999.99')", " -12.50"},
      {"to_char(0.1, '0.9')", " 0.1"},
      {"to_char(0.1, '9.9')", "  .1"},
      {"to_char(0, 'FM9.9')", "0."},
      {"to_char(12.40, 'FM990.999')", "12.4"},
      {"to_char(12.40, 'FM990.000')", "12.400"},
      {"to_char(-12, '999PR')", " <12>"},
      {"to_char(12, 'S999')", " +12"},
      {"to_char(-12, '999S')", " 12-"},
      {"to_char(-12, '999MI')", " 12-"},
      {"to_char(12, 'PL999')", "+  12"},
      {"to_char(-12, 'SG999')", "- 12"},
      {"to_char(1234, '999')", " ###"},
      {"to_char(485, 'RN')", "        CDLXXXV"},
      {"to_char(485, 'FMrn')", "cdlxxxv"},
      {"to_char(4000, 'RN')", "###############"},
      {"to_char(3, '9th')", " 3rd"},
      {"to_char(12, '99TH')", " 12TH"},
      {"to_char(12.5, '99V9')", " 125"},
      {"to_char(1234.5, '9.99EEEE')", " 1.23e+03"},
      {"to_char(-485.8, '\"Good number:\" 999.9')", "Good number: -485.8"},
      {"to_char(cast(3.1 AS double precision), 'L9G999D99')", "      3.10"},
      {"to_number('12,454.8-', '99G999D9S')", "-12454.8"},
      {"to_number('<12.5>', '99.9PR')", "-12.5"},
      {"to_number('-34,338,492', '99G999G999')", "-34338492"},
      {"to_char(1, '9S9S')", "fault: to_char: S stands once"},
      {"to_number('1', 'RN')", "fault: to_number: RN is not supported for reading numbers"},
  });
}

}  // namespace
}  // namespace turntable::sql
