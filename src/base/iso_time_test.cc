#include "base/iso_time.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

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

// Each of them is the time that PostgreSQL's form beside it names.
TEST(IsoTime, ReadsTheOtherFormsInUseWhereTheyAreAskedFor) {
  const std::vector<std::pair<std::string, std::string>> same = {
      {"20240131", "2024-01-31"},
      {"20240131T235959Z", "2024-01-31T23:59:59Z"},
      {"20240131T2359", "2024-01-31T23:59"},
      {"20240131T235959.123456+0230", "2024-01-31T23:59:59.123456+02:30"},
      {"20240131 235959,5-05", "2024-01-31T23:59:59.5-05:00"},
      {"20240131T23:59:59Z", "2024-01-31T23:59:59Z"},
      {"2024-01-31T235959Z", "2024-01-31T23:59:59Z"},
      {"2024-01-31T23:59:59,999Z", "2024-01-31T23:59:59.999Z"},
      {"2024-01-31t23:59:59z", "2024-01-31T23:59:59Z"},
      {"2024-01-31t23:59:59.25+01:00", "2024-01-31T23:59:59.25+01:00"},
      {"2024-01-31 23:59:59 +02", "2024-01-31T23:59:59+02:00"},
      {"2024-01-31 23:59:59 +0200", "2024-01-31T23:59:59+02:00"},
      {"2024-01-31 23:59:59.5 -02:30", "2024-01-31T23:59:59.5-02:30"},
      {"2024-01-31 23:59 Z", "2024-01-31T23:59Z"},
  };
  for (const auto& [form, plain] : same) {
    const auto time = read_iso_time(form, IsoForms::in_use);
    ASSERT_TRUE(time) << form;
    EXPECT_EQ(time->micros, parse_iso_time(plain)) << form;
    EXPECT_FALSE(time->cut) << form;
    EXPECT_FALSE(read_iso_time(form)) << form << " is not one of PostgreSQL's casts";
    EXPECT_EQ(read_iso_time(plain, IsoForms::in_use)->micros, parse_iso_time(plain)) << plain;
  }
  EXPECT_TRUE(read_iso_time("20240131T235959,1234567Z", IsoForms::in_use)->cut);
  for (const char* text : {"",
                           "2024",
                           "202401",
                           "2024013",
                           "202401311",
                           "20240230",
                           "2024-0131",
                           "202401-31",
                           "20240131T",
                           "20240131T2",
                           "20240131T23",
                           "20240131T235",
                           "20240131T23595",
                           "20240131T2400",
                           "20240131T2360",
                           "20240131T235960",
                           "20240131T235959,",
                           "20240131T2359,5",
                           "20240131235959",
                           "2024-01-31T23:5959",
                           "2024-01-31T23:59:59  +02",
                           "2024-01-31 23:59:59 ",
                           "2024-01-31  23:59",
                           "2024-01-31T23:59:59 02",
                           "2024-01-31T23:59:59zz",
                           "2024-01-31T23:59:59 UTC",
                           "2024-01-31T23:59:59+2",
                           "2024-01-31T23:59:59+02:"})
    EXPECT_FALSE(read_iso_time(text, IsoForms::in_use)) << text;
}

TEST(IsoTime, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2024", "2024-3-3", "2023-02-29", "2024-13-01", "2024-00-10", "0000-01-01",
        "2024-03-03T", "2024-03-03T24:00", "2024-03-03T10:60", "2024-03-03T10:15:60",
        "2024-03-03T10:15:30.", "2024-03-03T10:15Zx", "2024-03-03T10:15+", "2024-03-03T10:15+99",
        " 2024-03-03", "2024-03-03x10:15", "yesterday"})
    EXPECT_EQ(parse_iso_time(text), std::nullopt) << text;
}

TEST(IsoTime, SaysWhetherItHasAnOffset) {
  EXPECT_FALSE(read_iso_time("2024-03-03")->with_offset);
  EXPECT_FALSE(read_iso_time("2024-03-03T10:15:00")->with_offset);
  EXPECT_TRUE(read_iso_time("2024-03-03T10:15:00Z")->with_offset);
  EXPECT_TRUE(read_iso_time("2024-03-03T10:15:00+00")->with_offset);
}

TEST(IsoTime, ReadsDatesAlone) {
  EXPECT_EQ(read_iso_date("1970-01-02"), 1);
  EXPECT_EQ(read_iso_date("0001-01-01"), -719'162);
  EXPECT_EQ(read_iso_date("9999-12-31"), 2'932'896);
  EXPECT_EQ(read_iso_date("20240303", IsoForms::in_use), 19'785);
  for (const char* text : {"", "20240303", "2024-02-30", "0000-01-01", "2024-03-03T10:15",
                           "2024-03-03 ", "10000-01-01", "2024-3-3"})
    EXPECT_EQ(read_iso_date(text), std::nullopt) << text;
}

TEST(IsoTime, ReadsTimesOfDayAlone) {
  const auto micros = [](const char* text) {
    const auto clock = read_iso_clock(text);
    return clock ? std::optional(clock->micros) : std::nullopt;
  };
  EXPECT_EQ(micros("00:00"), 0);
  EXPECT_EQ(micros("10:15:00.25"), 36'900'250'000);
  EXPECT_EQ(micros("23:59:59.999999"), 86'399'999'999);
  EXPECT_EQ(micros("24:00"), 86'400'000'000);
  EXPECT_EQ(micros("24:00:00.000"), 86'400'000'000);
  EXPECT_EQ(read_iso_clock("101530,5", IsoForms::in_use)->micros, 36'930'500'000);
  EXPECT_TRUE(read_iso_clock("10:15:00.0000001")->cut);
  for (const char* text : {"", "10", "24:00:01", "24:00:00.0000001", "25:00", "10:60", "10:15:60",
                           "10:15Z", "10:15+02", "24", " 10:15"})
    EXPECT_EQ(micros(text), std::nullopt) << text;
}

}  // namespace
}  // namespace turntable
