// Expected values were taken from PostgreSQL 15, with the time zone UTC; what fails there is a
// fault here.
#include <limits>

#include "sql/functions/time_fields.h"
#include "sql/testing.h"

namespace turntable::sql {
namespace {

struct TimePartsCase {
  std::string expression;
  std::string expected;
};

void expect_all_time_parts(const std::vector<TimePartsCase>& cases) {
  for (const TimePartsCase& c : cases)
    EXPECT_EQ(evaluate_constant(c.expression), c.expected) << c.expression;
}

TEST(TimeParts, AreTakenFromTimes) {
  expect_all_time_parts({
      {"date_part('century', '2000-12-31'::timestamptz)", "20"},
      {"date_part('century', '2001-01-01'::timestamptz)", "21"},
      {"date_part('century', to_timestamp(-63517132800))", "-1"},
      {"date_part('decade', '1999-12-31'::timestamptz)", "199"},
      {"date_part('decade', to_timestamp(-62482752000))", "-1"},
      {"date_part('millennium', '2001-01-01'::timestamptz)", "3"},
      {"date_part('julian', '2006-01-01 12:00+00'::timestamptz)", "2453737.5"},
      {"date_part('second', '2024-01-01 00:00:01.999999+00'::timestamptz)", "1.9999989999999999"},
      {"extract(second from '2024-01-01 00:00:01.999999+00'::timestamptz)", "1.999999"},
      {"date_part('timezone', '2024-01-01'::timestamptz)", "0"},
      {"date_part('timezone_hour', '2024-01-01'::timestamptz)", "0"},
  });
}

TEST(TimeParts, CutTimesOff) {
  expect_all_time_parts({
      {"date_trunc('microseconds', '2024-02-29 13:14:15.123456+00'::timestamptz)",
       "2024-02-29 13:14:15.123456+00"},
      {"date_trunc('milliseconds', '2024-02-29 13:14:15.123456+00'::timestamptz)",
       "2024-02-29 13:14:15.123+00"},
      {"date_trunc('second', '2024-02-29 13:14:15.123456+00'::timestamptz)",
       "2024-02-29 13:14:15+00"},
      {"date_trunc('minute', '2024-02-29 13:14:15.123456+00'::timestamptz)",
       "2024-02-29 13:14:00+00"},
      {"date_trunc('hour', '1969-12-31 23:59:59.9+00'::timestamptz)", "1969-12-31 23:00:00+00"},
      {"date_trunc('day', '2024-02-29 13:14:15+00'::timestamptz)", "2024-02-29 00:00:00+00"},
      {"date_trunc('week', '2024-01-01 00:00+00'::timestamptz)", "2024-01-01 00:00:00+00"},
      {"date_trunc('week', '2023-01-01 00:00+00'::timestamptz)", "2022-12-26 00:00:00+00"},
      {"date_trunc('month', '2024-02-29 13:14:15+00'::timestamptz)", "2024-02-01 00:00:00+00"},
      {"date_trunc('quarter', '2024-06-30 13:14:15+00'::timestamptz)", "2024-04-01 00:00:00+00"},
      {"date_trunc('year', '2024-02-29 13:14:15+00'::timestamptz)", "2024-01-01 00:00:00+00"},
      {"date_trunc('decade', '2024-02-29 13:14:15+00'::timestamptz)", "2020-01-01 00:00:00+00"},
      {"date_trunc('century', '2000-02-29 13:14:15+00'::timestamptz)", "1901-01-01 00:00:00+00"},
      {"date_trunc('millennium', '2000-02-29 13:14:15+00'::timestamptz)", "1001-01-01 00:00:00+00"},
      {"date_trunc('century', to_timestamp(-62167219201))", "0100-01-01 00:00:00+00 BC"},
      {"date_trunc('year', to_timestamp(-210866803200))",
       "fault: date_trunc: what 4714-11-24 00:00:00+00 BC is in begins before the first time there "
       "is"},
  });
}

// A Kafka record may be stamped with any number.
TEST(TimeParts, CutOffNothingBeforeTheFirstMicrosecondThereIs) {
  for (const char* const name : {"milliseconds", "second", "minute", "hour", "day", "week", "month",
                                 "quarter", "year", "decade", "century", "millennium"}) {
    const auto prepared = prepare_unit(name);
    ASSERT_TRUE(prepared) << name;
    const auto& unit = static_cast<const Unit&>(**prepared);
    EXPECT_EQ(unit.begin_of(std::numeric_limits<int64_t>::min() + 1), std::nullopt) << name;
  }
}

TEST(TimeParts, MakeTimes) {
  expect_all_time_parts({
      {"make_timestamptz(2024, 2, 29, 13, 14, 15.5::double precision)", "2024-02-29 13:14:15.5+00"},
      {"make_timestamptz(-44, 3, 15, 0, 0, 0)", "0044-03-15 00:00:00+00 BC"},
      {"make_timestamptz(2023, 2, 29, 0, 0, 0)",
       "fault: make_timestamptz: there is no time 2023-2-29 0:0:0"},
      {"make_timestamptz(0, 1, 1, 0, 0, 0)",
       "fault: make_timestamptz: there is no time 0-1-1 0:0:0"},
      {"make_timestamptz(2023, 12, 31, 24, 0, 0)", "2024-01-01 00:00:00+00"},
      {"make_timestamptz(2023, 12, 31, 23, 59, 60)", "2024-01-01 00:00:00+00"},
      {"make_timestamptz(2023, 12, 31, 24, 0, 1)",
       "fault: make_timestamptz: there is no time 2023-12-31 24:0:1"},
      {"make_timestamptz(2023, 12, 31, 23, 60, 0)",
       "fault: make_timestamptz: there is no time 2023-12-31 23:60:0"},
      {"isfinite('2024-01-01'::timestamptz)", "true"},
  });
}

}  // namespace
}  // namespace turntable::sql
