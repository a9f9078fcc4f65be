#include "decode/lenient_number.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/iso_time.h"
#include "decode/testing.h"

namespace turntable {
namespace {

using Found = LenientNumber::Found;
using enum Type;

constexpr std::string_view kNothing = "nothing";
constexpr std::string_view kOutOfRange = "out of range";

std::string read(Type type, std::string_view text, bool quoted) {
  const LenientNumber number = read_lenient_number(type, text, quoted);
  if (number.found == Found::nothing) return std::string(kNothing);
  if (number.found == Found::out_of_range) return std::string(kOutOfRange);
  return std::to_string(number.integer) + (number.cut ? " cut" : "");
}
std::string number(Type type, std::string_view text) {
  return read(type, text, false);
}
std::string quoted(Type type, std::string_view text) {
  return read(type, text, true);
}

TEST(LenientNumber, TakesWholeNumbersHoweverTheyAreWritten) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"1.0", "1"},
      {"-1.000", "-1"},
      {"1e3", "1000"},
      {"1.5e1", "15"},
      {"-120E-1", "-12"},
      {"0.004e3", "4"},
      {"0.0", "0"},
      {"-0.0", "0"},
      {"0e999999999999999999999999", "0"},
      {"0.000e-999999999999999999999999", "0"},
      {"2147483647.0", "2147483647"},
      {"-2147483648.0", "-2147483648"},
  };
  for (const auto& [text, expected] : cases)
    for (const Type type : {int32, int64}) {
      EXPECT_EQ(number(type, text), expected) << text;
      EXPECT_EQ(quoted(type, text), expected) << text;
    }
  // As a cast from text takes them.
  for (const char* text : {"4", " 4 ", "+4", "004", "4.", "4.0\t", "0.4e1", "\n+4.00"})
    EXPECT_EQ(quoted(int32, text), "4") << text;
}

TEST(LenientNumber, RoundsNothing) {
  // 2 to the power of 53 is the first integer whose neighbour no double can hold.
  EXPECT_EQ(number(int64, "9007199254740993.0"), "9007199254740993");
  EXPECT_EQ(quoted(int64, "9007199254740993"), "9007199254740993");
  EXPECT_EQ(number(int64, "9.007199254740993e15"), "9007199254740993");
  EXPECT_EQ(number(int64, "9223372036854775807.0"), "9223372036854775807");
  EXPECT_EQ(number(int64, "-9223372036854775808.0"), "-9223372036854775808");
  EXPECT_EQ(number(int64, "9223372036854775807.0000000000000000000000000000000001"), kNothing);
  EXPECT_EQ(number(int64, "1.00000000000000000000000000000000000001"), kNothing);
  EXPECT_EQ(number(int32, "0.99999999999999999999999999999999999999"), kNothing);
}

TEST(LenientNumber, TakesNoIntegerOfWhatIsNoneOrTooLarge) {
  for (const char* text :
       {"1.5", "0.1", "-0.5", "1e-1", "15e-2", "1e-400", "1e-99999999999999999999"})
    EXPECT_EQ(number(int64, text), kNothing) << text;
  for (const char* text : {"1e10", "2147483648.0", "-2147483649.0", "1e400"})
    EXPECT_EQ(number(int32, text), kOutOfRange) << text;
  for (const char* text : {"9223372036854775808.0", "-9223372036854775809.0", "1e19", "1e400",
                           "18446744073709551616.0", "1e99999999999999999999999999"})
    EXPECT_EQ(number(int64, text), kOutOfRange) << text;
  for (const char* text :
       {"",    " ",     "-",    "+",     ".",   "e1",       "1e",   "1e+",  "--1",  "+-1",
        "1 2", "1,000", "0x10", "1_000", "NaN", "Infinity", "-inf", "true", "four", "4 apples"})
    for (const Type type : {int32, int64, float32, float64, timestamptz})
      EXPECT_EQ(quoted(type, text), kNothing) << text;
}

TEST(LenientNumber, TakesRealsOutOfText) {
  EXPECT_EQ(read_lenient_number(float64, "0.5", true).real, 0.5);
  EXPECT_EQ(read_lenient_number(float64, "-1e-320", true).real, -1e-320);
  EXPECT_EQ(read_lenient_number(float64, " .25 ", true).real, 0.25);
  EXPECT_EQ(static_cast<float>(read_lenient_number(float32, "0.748", true).real), 0.748F);
  EXPECT_EQ(quoted(float64, "1e400"), kOutOfRange);
  EXPECT_EQ(quoted(float64, "1e-400"), kOutOfRange);
  EXPECT_EQ(quoted(float32, "1e39"), kOutOfRange);
}

TEST(LenientNumber, TakesTheTimeSince1970InTheUnitThatItsSizeTells) {
  const std::string time = std::to_string(*parse_iso_time("2024-03-03T10:15:30Z"));
  for (const char* text :
       {"1709460930", "1709460930.0", "1.70946093e9", "1709460930000", "1709460930000.0",
        "1.70946093e12", "1709460930000000", "1709460930000000000", "1.70946093e18"}) {
    EXPECT_EQ(number(timestamptz, text), time) << text;
    EXPECT_EQ(quoted(timestamptz, text), time) << text;
  }
  EXPECT_EQ(number(timestamptz, "0"), "0");
  EXPECT_EQ(number(timestamptz, "-1"), "-1000000");
  EXPECT_EQ(number(timestamptz, "31535999999"), "31535999999000000");  // Seconds: in 2969.
  EXPECT_EQ(number(timestamptz, "31536000000"), "31536000000000");     // Milliseconds: in 1971.
  EXPECT_EQ(number(timestamptz, "31535999999999"), "31535999999999000");
  EXPECT_EQ(number(timestamptz, "31536000000000"), "31536000000000");     // Microseconds.
  EXPECT_EQ(number(timestamptz, "31536000000000000"), "31536000000000");  // Nanoseconds.
  EXPECT_EQ(number(timestamptz, "-31536000000"), "-31536000000000");
}

TEST(LenientNumber, KeepsTheMicrosecondsOfATime) {
  // As a double this is 1709460930.1234560013 or so.
  EXPECT_EQ(number(timestamptz, "1709460930.123456"), "1709460930123456");
  EXPECT_EQ(number(timestamptz, "1709460930.1234560000"), "1709460930123456");
  EXPECT_EQ(number(timestamptz, "1709460930123.456"), "1709460930123456");
  EXPECT_EQ(number(timestamptz, "1709460930123456789"), "1709460930123456 cut");
  EXPECT_EQ(number(timestamptz, "1709460930.1234567"), "1709460930123456 cut");
  // Cut as the text of a time is: 1969-12-31 23:59:59.9999999.
  EXPECT_EQ(number(timestamptz, "-0.0000001"), "-1 cut");
  EXPECT_EQ(*parse_iso_time("1969-12-31 23:59:59.9999999"), -1);
}

TEST(LenientNumber, TakesNoTimeOutsideOfTheYears1To9999) {
  EXPECT_EQ(number(timestamptz, "1e30"), kOutOfRange);
  EXPECT_EQ(number(timestamptz, "-1e30"), kOutOfRange);
  EXPECT_EQ(number(timestamptz, "253402300799999999999"), "253402300799999999 cut");
  EXPECT_EQ(number(timestamptz, "253402300800000000000"), kOutOfRange);
  EXPECT_EQ(number(timestamptz, "-62135596800000000000"), "-62135596800000000");
  EXPECT_EQ(number(timestamptz, "-62135596800000001000"), kOutOfRange);
}

// A year, or a date: whoever has written it did not count seconds.
TEST(LenientNumber, TakesNoShortTextForATimeSince1970) {
  for (const char* text : {"2024", "202401", "99999999", "0", "-1", "1e7"})
    EXPECT_EQ(quoted(timestamptz, text), kNothing) << text;
  EXPECT_EQ(quoted(timestamptz, "100000000"), "100000000000000");
}

class LenientDecoder : public testing::Test {
 protected:
  const Schema schema_{{"i", int32}, {"b", int64},       {"r", float32}, {"d", float64},
                       {"t", text},  {"z", timestamptz}, {"o", boolean}, {"j", jsonb}};
  DecoderHarness lenient_{schema_, {.lenient_numbers = true}};
  DecoderHarness strict_{schema_};
};

TEST_F(LenientDecoder, FillsTheColumnsOfAnEventAsPandasWritesIt) {
  EXPECT_EQ(lenient_.fault(R"({"i":4.0,"b":"9007199254740993","r":"0.5","d":" 1e3 ","t":"7",)"
                           R"("z":1709460930250,"o":true,"j":"4"})"),
            std::nullopt);
  EXPECT_EQ(lenient_.column(0).get<int32_t>(0), 4);
  EXPECT_EQ(lenient_.column(1).get<int64_t>(0), 9'007'199'254'740'993);
  EXPECT_EQ(lenient_.column(2).get<float>(0), 0.5F);
  EXPECT_EQ(lenient_.column(3).get<double>(0), 1000.0);
  EXPECT_EQ(lenient_.column(4).get<std::string_view>(0), "7");
  EXPECT_EQ(lenient_.column(5).get<int64_t>(0), 1'709'460'930'250'000);
  EXPECT_EQ(lenient_.column(6).get<uint8_t>(0), 1);
  EXPECT_EQ(lenient_.column(7).get<std::string_view>(0), "\"4\"") << "jsonb stays what it is";
}

TEST_F(LenientDecoder, TakesTheSameValueHoweverItIsWritten) {
  for (const char* event : {R"({"i":"4"})", R"({"i":4.0})", R"({"i":4e0})", R"({"i":"\u0034"})",
                            R"({"i":"x","i":"4"})", R"({"i": 4 })"}) {
    EXPECT_EQ(lenient_.fault(event), std::nullopt) << event;
    EXPECT_EQ(lenient_.column(0).get<int32_t>(0), 4) << event;
  }
  for (const char* event : {R"({"z":"2024-03-03T10:15:30Z"})", R"({"z":"20240303T101530Z"})",
                            R"({"z":"2024-03-03t10:15:30,0z"})", R"({"z":1709460930})",
                            R"({"z":"1709460930000"})", R"({"z":1.70946093E9})"}) {
    EXPECT_EQ(lenient_.fault(event), std::nullopt) << event;
    EXPECT_EQ(lenient_.column(5).get<int64_t>(0), 1'709'460'930'000'000) << event;
  }
  // In text eight digits are a date, whatever the option says.
  for (DecoderHarness* harness : {&lenient_, &strict_}) {
    EXPECT_EQ(harness->fault(R"({"z":"20240303"})"), std::nullopt);
    EXPECT_EQ(harness->column(5).get<int64_t>(0), 1'709'424'000'000'000);
  }
}

TEST_F(LenientDecoder, RejectsWhatIsNoNumberOfItsKind) {
  using Code = RejectCode;
  const std::vector<std::pair<std::string, Code>> cases = {
      {R"({"i":1.5})", Code::wrong_type},      {R"({"i":"1.5"})", Code::wrong_type},
      {R"({"i":"four"})", Code::wrong_type},   {R"({"i":""})", Code::wrong_type},
      {R"({"i":true})", Code::wrong_type},     {R"({"i":[4]})", Code::wrong_type},
      {R"({"i":1e10})", Code::out_of_range},   {R"({"i":"2147483648"})", Code::out_of_range},
      {R"({"d":"NaN"})", Code::wrong_type},    {R"({"d":"1e400"})", Code::out_of_range},
      {R"({"t":4})", Code::wrong_type},        {R"({"o":"true"})", Code::wrong_type},
      {R"({"o":1})", Code::wrong_type},        {R"({"z":"yesterday"})", Code::bad_value},
      {R"({"z":"2024"})", Code::bad_value},    {R"({"z":1e30})", Code::out_of_range},
      {R"({"z":"1e30"})", Code::out_of_range}, {R"({"z":true})", Code::wrong_type},
      {R"({"i":01})", Code::json_syntax},      {R"({"z":1e})", Code::json_syntax},
  };
  for (const auto& [event, code] : cases) EXPECT_EQ(lenient_.fault(event), code) << event;
  EXPECT_EQ(lenient_.reason(R"({"i":1.5})"), "The field 'i' is 1.5, but it must be of type int.");
  EXPECT_EQ(lenient_.reason(R"({"z":1e30})"),
            "The field 'z' is 1e30, a time since 1970 that is not in the years 1 to 9999.");
}

TEST_F(LenientDecoder, IsNamedWhereItWouldTakeWhatWasRejected) {
  EXPECT_EQ(strict_.reason(R"({"i":"4"})"),
            "The field 'i' is \"4\", but it must be of type int. With numbers = 'lenient' on its "
            "table it is taken as 4.");
  const std::string way_on = " With numbers = 'lenient' on its table it is taken as ";
  const auto names = [&](const std::string& event, const std::string& value) {
    const std::string reason = strict_.reason(event);
    EXPECT_TRUE(reason.ends_with(way_on + value + ".")) << reason;
    EXPECT_EQ(lenient_.fault(event), std::nullopt) << event;
  };
  names(R"({"i":1.0})", "1");
  names(R"({"b":1e3})", "1000");
  names(R"({"r":"0.5"})", "0.5");
  names(R"({"d":"0.1"})", "0.1");
  // The unit is told by the time that it would be.
  names(R"({"z":1709460930})", "2024-03-03 10:15:30+00");
  names(R"({"z":"1709460930250"})", "2024-03-03 10:15:30.25+00");
  names(R"({"z":20240303})", "1970-08-23 06:18:23+00");
  for (const char* event :
       {R"({"i":1.5})", R"({"i":"four"})", R"({"i":1e10})", R"({"i":2147483648})", R"({"i":true})",
        R"({"t":4})", R"({"o":1})", R"({"z":"2024"})", R"({"z":"yesterday"})", R"({"z":1e30})"})
    EXPECT_EQ(strict_.reason(event).find("lenient"), std::string::npos) << event;
}

TEST_F(LenientDecoder, CutsNoTimeThatIsInTheKey) {
  const Schema key{{"z", timestamptz}};
  DecoderHarness whole(key, {.whole_times = {"z"}, .lenient_numbers = true});
  EXPECT_EQ(whole.fault(R"({"z":1709460930.123456})"), std::nullopt);
  EXPECT_EQ(whole.reason(R"({"z":1709460930.1234567})"),
            "The field 'z' is 1709460930.1234567, with digits beyond microseconds, which "
            "timestamptz cannot hold. It is in the key, where cut times fall together.");
  DecoderHarness any(key, {.lenient_numbers = true});
  EXPECT_EQ(any.fault(R"({"z":1709460930.1234567})"), std::nullopt);
  EXPECT_EQ(any.newly_cut(), std::vector<std::string>{"z"});
  DecoderHarness strict(key, {.whole_times = {"z"}});
  EXPECT_EQ(strict.reason(R"({"z":1709460930.1234567})"),
            "The field 'z' is 1709460930.1234567, but it must be of type timestamptz.");
}

}  // namespace
}  // namespace turntable
