// Expected values were taken from PostgreSQL 15; what fails there is a fault here.
#include "sql/time_text.h"

#include "sql/testing.h"

namespace turntable::sql {
namespace {

struct TimeTextCase {
  std::string expression;
  std::string expected;  // "fault" for any.
};

void expect_all_time_texts(const std::vector<TimeTextCase>& cases) {
  for (const TimeTextCase& c : cases) {
    const std::string found = evaluate_constant(c.expression);
    EXPECT_EQ(found.starts_with("fault: ") ? "fault" : found, c.expected)
        << c.expression << ": " << found;
  }
}

TEST(TimeText, IntervalsAreReadInAllForms) {
  expect_all_time_texts({
      {"cast(INTERVAL '1 year 2 mons -3 days 04:05:06.789' AS text)",
       "1 year 2 mons -3 days +04:05:06.789"},
      {"cast(INTERVAL '1-2' AS text)", "1 year 2 mons"},
      {"cast(INTERVAL '-1-2' AS text)", "-1 years -2 mons"},
      {"cast(INTERVAL '1-2 3 4:05:06' AS text)", "1 year 2 mons 3 days 04:05:06"},
      {"cast(INTERVAL 'P1Y2M3DT4H5M6.5S' AS text)", "1 year 2 mons 3 days 04:05:06.5"},
      {"cast(INTERVAL 'P0001-02-03T04:05:06' AS text)", "1 year 2 mons 3 days 04:05:06"},
      {"cast(INTERVAL 'P00010203T040506' AS text)", "1 year 2 mons 3 days 04:05:06"},
      {"cast(INTERVAL 'P1.5W' AS text)", "10 days 12:00:00"},
      {"cast(INTERVAL '@ 1 hour 2 mins ago' AS text)", "-01:02:00"},
      {"cast(INTERVAL '1.5 months' AS text)", "1 mon 15 days"},
      {"cast(INTERVAL '0.1 years' AS text)", "1 mon"},
      {"cast(INTERVAL '2 centuries' AS text)", "200 years"},
      {"cast(INTERVAL '1d2h' AS text)", "1 day 02:00:00"},
      {"cast(INTERVAL '5' AS text)", "00:00:05"},
      {"cast(INTERVAL '1 2:03' AS text)", "1 day 02:03:00"},
      {"cast(INTERVAL '2:03.5' AS text)", "00:02:03.5"},
      {"cast(INTERVAL '1 fortnight' AS text)", "fault"},
      {"cast(INTERVAL '' AS text)", "fault"},
      {"cast(INTERVAL '1 day 1 day' AS text)", "fault"},
      {"cast(INTERVAL '1day2h' AS text)", "fault"},
      {"cast(INTERVAL '178956971 years' AS text)", "fault"},
      {"cast(INTERVAL 'infinity' AS text)", "fault"},
  });
}

TEST(TimeText, DatesAreRead) {
  expect_all_time_texts({
      {"cast(DATE '2024-02-29' AS text)", "2024-02-29"},
      {"cast(DATE '2024/2/9' AS text)", "2024-02-09"},
      {"cast(DATE '20240229' AS text)", "2024-02-29"},
      {"cast(DATE '0044-03-15 BC' AS text)", "0044-03-15 BC"},
      {"cast(DATE '5874897-12-31' AS text)", "5874897-12-31"},
      {"cast(DATE '2024-02-29 10:00' AS text)", "2024-02-29"},
      {"cast(DATE '2023-02-29' AS text)", "fault"},
      {"cast(DATE '0000-01-01' AS text)", "fault"},
      {"cast(DATE '5874898-01-01' AS text)", "fault"},
      {"cast(DATE '4714-11-23 BC' AS text)", "fault"},
  });
}

TEST(TimeText, TimesOfDayAreRead) {
  expect_all_time_texts({
      {"cast(TIME '10:15' AS text)", "10:15:00"},
      {"cast(TIME '10:15:30.1234567' AS text)", "10:15:30.123457"},
      {"cast(TIME '24:00' AS text)", "24:00:00"},
      {"cast(TIME '12:00 AM' AS text)", "00:00:00"},
      {"cast(TIME '11:30pm' AS text)", "23:30:00"},
      {"cast(TIME '10:15+02' AS text)", "10:15:00"},
      {"cast(TIME '24:00:01' AS text)", "fault"},
      {"cast(TIME '10:60' AS text)", "fault"},
      {"cast(TIME '13:00 PM' AS text)", "fault"},
  });
}

TEST(TimeText, TimestampsAreReadWithoutTheirOffset) {
  expect_all_time_texts({
      {"cast(TIMESTAMP '2024-03-03T10:15:30.25+02:00' AS text)", "2024-03-03 10:15:30.25"},
      {"cast(TIMESTAMP '2024-03-03 10:15:30.9999999' AS text)", "2024-03-03 10:15:31"},
      {"cast(TIMESTAMP '2024-12-31 24:00' AS text)", "2025-01-01 00:00:00"},
      {"cast(TIMESTAMP '4714-11-24 00:00 BC' AS text)", "4714-11-24 00:00:00 BC"},
      {"cast(TIMESTAMP '2024-02-30 10:00' AS text)", "fault"},
      {"cast(TIMESTAMP '4714-11-23 23:59 BC' AS text)", "fault"},
  });
}

TEST(TimeText, SaysWhetherATextIsNoneOrOutOfRange) {
  EXPECT_EQ(parse_date("2024-02").failure, ParseFailure::syntax);
  EXPECT_EQ(parse_date("2024-02-30").failure, ParseFailure::range);
  EXPECT_EQ(parse_time("noon").failure, ParseFailure::syntax);
  EXPECT_EQ(parse_time("25:00").failure, ParseFailure::range);
  EXPECT_EQ(parse_interval("1 fortnight").failure, ParseFailure::syntax);
  EXPECT_EQ(parse_interval("3000000000 days").failure, ParseFailure::range);
}

}  // namespace
}  // namespace turntable::sql
