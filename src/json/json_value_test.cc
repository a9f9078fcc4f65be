// jsonb's own form and order. Expected values are PostgreSQL 15's.
#include "json/json_value.h"

#include <gtest/gtest.h>

#include "json/depth.h"
#include "json/json_number.h"

namespace turntable::json {
namespace {

std::string printed(std::string_view text) {
  Reader reader;
  const auto value = reader.read(text);
  if (!value) return "none";
  std::string out;
  append_text(out, *value);
  return out;
}

TEST(JsonValue, IsPrintedAsJsonbIs) {
  EXPECT_EQ(printed(R"( {"bb":1, "a" :[1 ,true,null],"c":{}} )"),
            R"({"a": [1, true, null], "c": {}, "bb": 1})");
  EXPECT_EQ(printed(R"({"a":1,"b":2,"a":3})"), R"({"a": 3, "b": 2})");
  EXPECT_EQ(printed(R"({"\u0061":1,"a":{"x":2}})"), R"({"a": {"x": 2}})");
  EXPECT_EQ(printed(R"("\u00e9\ud834\udd1e\n\/\"\\\u0001")"), "\"é𝄞\\n/\\\"\\\\\\u0001\"");
  EXPECT_EQ(printed("null"), "null");
  EXPECT_EQ(printed("\t1.50\n"), "1.50");
}

TEST(JsonValue, RefusesWhatJsonbCannotHold) {
  for (const char* text : {"", " ", "1 2", "1],[2", "[1", "{\"a\" 1}", "01", "\"\\u0000\"",
                           "{\"\\u0000\":1}", "\"\\ud834\"", "1e131072", "nul", "{1:2}"})
    EXPECT_EQ(printed(text), "none") << text;
}

TEST(JsonValue, NestsToTheLimitOnly) {
  const auto nested = [](int levels) {
    return std::string(static_cast<size_t>(levels), '[') +
           std::string(static_cast<size_t>(levels), ']');
  };
  EXPECT_EQ(printed(nested(kMaxJsonDepth)), nested(kMaxJsonDepth));
  EXPECT_EQ(printed(nested(kMaxJsonDepth + 1)), "none");
}

TEST(JsonValue, NumbersKeepTheirDigits) {
  EXPECT_EQ(numeric_form("1e2"), "100");
  EXPECT_EQ(numeric_form("1.50e1"), "15.0");
  EXPECT_EQ(numeric_form("-0.0"), "0.0");
  EXPECT_EQ(numeric_form("-1.5E-3"), "-0.0015");
  EXPECT_EQ(numeric_form("12345678901234567890.125"), "12345678901234567890.125");
  EXPECT_EQ(numeric_form("0e5"), "0");
  EXPECT_EQ(numeric_form("1e-16383")->size(), 16385U);
  EXPECT_EQ(numeric_form("1e-16384"), std::nullopt);
  EXPECT_EQ(numeric_form("1e99999999999999999999"), std::nullopt);
}

TEST(JsonValue, NumbersCompareByValue) {
  EXPECT_TRUE(compare_numbers("1.0", "1") == 0);
  EXPECT_TRUE(compare_numbers("0", "0.00") == 0);
  EXPECT_TRUE(compare_numbers("-2", "1") < 0);
  EXPECT_TRUE(compare_numbers("-10", "-9") < 0);
  EXPECT_TRUE(compare_numbers("10", "9.99") > 0);
  EXPECT_TRUE(compare_numbers("0.1", "0.09") > 0);
}

TEST(JsonValue, FindsAFieldAndAnElementAsTheyStand) {
  Reader reader;
  EXPECT_EQ(reader.field(R"({"a": { "b":1 } ,"a":[ 2 ],"c":3})", "a"), "[ 2 ]");
  EXPECT_EQ(reader.field(R"({"\u0061":1})", "a"), "1");
  EXPECT_EQ(reader.field("[1]", "a"), std::nullopt);
  EXPECT_EQ(reader.element("[1, \"x\" ,{}]", 1), "\"x\"");
  EXPECT_EQ(reader.element("[1,2,3]", -1), "3");
  EXPECT_EQ(reader.element("[1,2,3]", -4), std::nullopt);
  EXPECT_EQ(reader.element("{\"0\":1}", 0), std::nullopt);
}

}  // namespace
}  // namespace turntable::json
