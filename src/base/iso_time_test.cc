#include "base/iso_time.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(IsoTime, ReadsDatesTimesFractionsAndOffsets) {
  EXPECT_EQ(parse_iso_time("1970-01-01"), 0);
  EXPECT_EQ(parse_iso_time("1970-01-01T00:00Z"), 0);
  EXPECT_EQ(parse_iso_time("1970-01-01 00:01"), 60'000'000);
  EXPECT_EQ(parse_iso_time("2024-03-03T10:15:30Z"), 1'709'460'930'000'000);
  EXPECT_EQ(parse_iso_time("2024-03-03T10:15:30.5Z"), 1'709'460'930'500'000);
  EXPECT_EQ(parse_iso_time("2024-03-03T10:15:30.123456789Z"), 1'709'460'930'123'456);
  EXPECT_EQ(parse_iso_time("2024-03-03T12:15:30+02:00"), 1'709'460'930'000'000);
  EXPECT_EQ(parse_iso_time("2024-03-03 07:45:30-0230"), 1'709'460'930'000'000);
  EXPECT_EQ(parse_iso_time("2024-03-03 12:15:30+02"), 1'709'460'930'000'000);
  EXPECT_EQ(parse_iso_time("1969-12-31T23:59:59.999999Z"), -1);
  EXPECT_EQ(parse_iso_time("2024-02-29"), 1'709'164'800'000'000);
}

TEST(IsoTime, SaysWhereItCutsDigitsBeyondMicroseconds) {
  const auto cut = [](std::string_view text) {
    const auto time = read_iso_time(text);
    EXPECT_TRUE(time && time->micros == *parse_iso_time(text)) << text;
    return time && time->cut;
  };
  for (const char* text : {"2024-03-03T10:15:30.0000001Z", "2024-03-03T10:15:30.000000900Z",
                           "2024-03-03 10:15:30.123456000000001", "1969-12-31T23:59:59.9999999+02"})
    EXPECT_TRUE(cut(text)) << text;
  for (const char* text : {"2024-03-03", "2024-03-03T10:15:30.123456Z",
                           "2024-03-03T10:15:30.123456000Z", "2024-03-03T10:15:30.5000000000"})
    EXPECT_FALSE(cut(text)) << text;
}

TEST(IsoTime, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2024", "2024-3-3", "2023-02-29", "2024-13-01", "2024-00-10", "0000-01-01",
        "2024-03-03T", "2024-03-03T24:00", "2024-03-03T10:60", "2024-03-03T10:15:60",
        "2024-03-03T10:15:30.", "2024-03-03T10:15Zx", "2024-03-03T10:15+", "2024-03-03T10:15+99",
        " 2024-03-03", "2024-03-03x10:15", "yesterday"})
    EXPECT_EQ(parse_iso_time(text), std::nullopt) << text;
}

}  // namespace
}  // namespace turntable
