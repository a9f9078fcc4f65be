#include "row/parse_numeric.h"

#include <gtest/gtest.h>

#include <string>

namespace turntable {
namespace {

std::string read(std::string_view text) {
  const ParsedNumeric parsed = parse_numeric(text);
  if (parsed.out_of_range) return "out of range";
  return parsed.value ? numeric_text(*parsed.value) : "none";
}

// What PostgreSQL 15 shows of '…'::numeric.
TEST(ParseNumeric, KeepsTheDigitsThatAreWritten) {
  EXPECT_EQ(read("0"), "0");
  EXPECT_EQ(read("-0.00"), "0.00");
  EXPECT_EQ(read(" 12.50\n"), "12.50");
  EXPECT_EQ(read("+.5"), "0.5");
  EXPECT_EQ(read("5."), "5");
  EXPECT_EQ(read("-000012.3"), "-12.3");
  EXPECT_EQ(read("99999999999999999999999999999999999999"),
            "99999999999999999999999999999999999999");
}

TEST(ParseNumeric, TakesExponents) {
  EXPECT_EQ(read("1e3"), "1000");
  EXPECT_EQ(read("1.50E1"), "15.0");
  EXPECT_EQ(read("-15e-3"), "-0.015");
  EXPECT_EQ(read("1e37"), "10000000000000000000000000000000000000");
  EXPECT_EQ(read("0e99999999999999999999"), "0");
  EXPECT_EQ(read("0.00e2"), "0");
}

TEST(ParseNumeric, SaysWhereTheDigitsAreTooMany) {
  EXPECT_EQ(read("1e38"), "out of range");
  EXPECT_EQ(read("100000000000000000000000000000000000000"), "out of range");
  EXPECT_EQ(read("1e-77"), "out of range");
  EXPECT_EQ(read("1e99999999999999999999"), "out of range");
  EXPECT_EQ(read("1e-99999999999999999999"), "out of range");
  EXPECT_EQ(read("1e-76").substr(0, 4), "0.00");
}

TEST(ParseNumeric, KnowsWhatIsNoNumber) {
  EXPECT_EQ(read("NaN"), "NaN");
  EXPECT_EQ(read("inf"), "Infinity");
  EXPECT_EQ(read("-Infinity"), "-Infinity");
  for (const std::string_view text :
       {"", " ", ".", "-", "e5", "1e", "1e+", "1,5", "1 2", "0x1", "--1", "-nan", "1_000", "infin"})
    EXPECT_EQ(read(text), "none") << text;
}

}  // namespace
}  // namespace turntable
