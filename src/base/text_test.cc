#include "base/text.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(Utf8, AcceptsWellFormedTextOnly) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain text, longer than eight bytes"));
  EXPECT_TRUE(is_utf8("Ñandú 日本 😀"));
  EXPECT_FALSE(is_utf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // a surrogate
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(is_utf8("\xE2\x82"));          // cut short
  EXPECT_FALSE(is_utf8("12345678\x80"));
}

TEST(Base64, FollowsRfc4648Vectors) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64(std::string_view("\xff\x00\xfe", 3)), "/wD+");
}

TEST(JsonQuote, EscapesControlsAndReplacesBadBytes) {
  EXPECT_EQ(json_quote("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\u0001\"");
  EXPECT_EQ(json_quote("x\xFFy"), "\"x\xEF\xBF\xBDy\"");
  EXPECT_EQ(json_quote("\x7f\u009b\u2028é"), "\"\\u007f\\u009b\\u2028é\"");
}

TEST(Printable, LetsNoControlCharacterThrough) {
  EXPECT_EQ(printable("a\x1b[2Jb\nc"), "a\\u001b[2Jb\\nc");
  EXPECT_EQ(printable("\xFF"), "\\xff");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable_lines("a\n\x1b[b\n\nc\r\n"), "a\n\\u001b[b\n\nc\\u000d\n");
  EXPECT_EQ(printable_lines("\na"), "\na");
}

TEST(Nearest, FindsTypingErrorsAndNothingFarther) {
  const std::string names[] = {"danceability", "tempo", "energy"};
  EXPECT_EQ(nearest("dancability", names), "danceability");
  EXPECT_EQ(nearest("tepmo", names), "tempo");  // Swapped letters are one error.
  EXPECT_EQ(nearest("zzz", names), std::nullopt);
  EXPECT_EQ(did_you_mean("tmpo", names), " Did you mean 'tempo'?");
}

TEST(Grouped, SetsCommasByThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

TEST(ReadNumber, TakesTheWholeTextOrNothing) {
  int32_t number = 7;
  for (const char* none : {"", " 1", "1 ", "+1", "1.5", "0x1", "2147483648", "-"}) {
    EXPECT_FALSE(read_number(none, number)) << none;
    EXPECT_EQ(number, 7) << none;
  }
  EXPECT_TRUE(read_number("-2147483648", number));
  EXPECT_EQ(number, -2147483648);
  double ratio = 0;
  EXPECT_TRUE(read_number("2.5e-1", ratio));
  EXPECT_EQ(ratio, 0.25);
}

TEST(DisplayWidth, CountsTerminalColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("é"), 1U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("日本"), 4U);
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b", ',').size(), 3U);
  EXPECT_EQ(split("", ',').size(), 1U);
  EXPECT_EQ(trim("  x \n"), "x");
}

}  // namespace
}  // namespace turntable
