#include "sql/value_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>

namespace turntable::sql {
namespace {

// The shortest digits of these lie exactly between two numbers; values from PostgreSQL 15.
TEST(ValueText, FloatsHaveNoDigitsInTheMiddleBetweenTwo) {
  EXPECT_EQ(float_text(7367264306.0F).view(), "7.3672643e+09");
  EXPECT_EQ(float_text(114839042440.0F).view(), "1.14839044e+11");
  EXPECT_EQ(float_text(897535954585.0F).view(), "8.9753597e+11");
  EXPECT_EQ(float_text(33554430.0F).view(), "3.355443e+07");
  EXPECT_EQ(float_text(8388608.0F).view(), "8.388608e+06");
  EXPECT_EQ(float_text(2e-44F).view(), "2e-44");
  EXPECT_EQ(float_text(9007199254740993.0).view(), "9.007199254740992e+15");
  EXPECT_EQ(float_text(9.5367431640625e+22).view(), "9.5367431640625e+22");
  EXPECT_EQ(float_text(5e-324).view(), "5e-324");
}

TEST(ValueText, FloatsReadBackAsTheyWere) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    const auto single = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (std::isnan(value) || std::isnan(single)) continue;
    ASSERT_EQ(parse_float64(float_text(value).view()).value, value) << float_text(value).view();
    ASSERT_EQ(parse_float32(float_text(single).view()).value, single) << float_text(single).view();
    // Numbers of everyday size, which take the other layout.
    const double everyday =
        std::ldexp(static_cast<double>(random() >> 11), -static_cast<int>(random() % 70));
    ASSERT_EQ(parse_float64(float_text(everyday).view()).value, everyday);
    ASSERT_EQ(std::strtod(std::string(float_text(everyday).view()).c_str(), nullptr), everyday);
  }
}

TEST(ValueText, IntegersReadBackAsTheyWere) {
  for (const int64_t value :
       {INT64_MIN, INT64_MIN + 1, int64_t{-1}, int64_t{0}, int64_t{7}, INT64_MAX})
    EXPECT_EQ(parse_int64(integer_text(value).view()).value, value);
  EXPECT_EQ(parse_int32("2147483648").failure, ParseFailure::range);
  EXPECT_EQ(parse_int32("2147483648x").failure, ParseFailure::syntax);
}

TEST(ValueText, TimesHaveNoTrailingZeros) {
  EXPECT_EQ(timestamp_text(0).view(), "1970-01-01 00:00:00+00");
  EXPECT_EQ(timestamp_text(-1).view(), "1969-12-31 23:59:59.999999+00");
  EXPECT_EQ(timestamp_text(100'000).view(), "1970-01-01 00:00:00.1+00");
  EXPECT_EQ(timestamp_text(INT64_MAX - 1).view(), "294247-01-10 04:00:54.775806+00");
  EXPECT_EQ(timestamp_text(INT64_MIN + 1).view(), "290309-12-21 19:59:05.224193+00 BC");
  EXPECT_EQ(timestamp_text(INT64_MAX).view(), "infinity");
  EXPECT_EQ(timestamp_text(INT64_MIN).view(), "-infinity");
}

TEST(ValueText, BytesReadBackAsTheyWere) {
  Arena arena;
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(parse_bytes(bytes_text(all, arena), arena), all);
  EXPECT_EQ(parse_bytes("", arena), "");
  EXPECT_EQ(parse_bytes("\\x", arena), "");
  EXPECT_EQ(parse_bytes("\\x 0a\n0B ", arena), "\n\x0b");
  EXPECT_EQ(parse_bytes("a\\134b\\\\", arena), "a\\b\\");
  for (const std::string_view wrong : {"\\", "a\\9", "\\400", "\\x0", "\\xgg", "\\x0 a"})
    EXPECT_EQ(parse_bytes(wrong, arena), std::nullopt) << wrong;
}

}  // namespace
}  // namespace turntable::sql
