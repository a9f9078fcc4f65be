// Expected values were taken from PostgreSQL 15, with the time zone UTC; what fails there is a
// fault here.
#include "sql/testing.h"
#include "sql/zone.h"

namespace turntable::sql {
namespace {

struct DatesCase {
  std::string expression;
  std::string expected;  // "fault" for any.
};

void expect_all_dates(const std::vector<DatesCase>& cases) {
  for (const DatesCase& c : cases) {
    const std::string found = evaluate_constant(c.expression);
    EXPECT_EQ(found.starts_with("fault: ") ? "fault" : found, c.expected)
        << c.expression << ": " << found;
  }
}

TEST(Dates, DateArithmeticCountsDays) {
  expect_all_dates({
      {"DATE '2024-02-28' + 1", "2024-02-29"},
      {"1 + DATE '2024-02-28'", "2024-02-29"},
      {"DATE '2024-03-01' - DATE '2023-03-01'", "366"},
      {"DATE '2024-03-01' - 1", "2024-02-29"},
      {"DATE '5874897-12-31' + 1", "fault"},
      {"DATE '4714-11-24 BC' - 1", "fault"},
      {"DATE '2024-01-31' + INTERVAL '1 month'", "2024-02-29 00:00:00"},
      {"DATE '2024-03-31' - INTERVAL '1 month'", "2024-02-29 00:00:00"},
      {"DATE '2024-01-01' + TIME '10:15'", "2024-01-01 10:15:00"},
      {"DATE '2024-01-01' - '2023-01-01'", "365"},
  });
}

TEST(Dates, TimesMoveByMonthsThenDays) {
  expect_all_dates({
      {"TIMESTAMP '2024-01-31 10:00' + INTERVAL '1 mon 1 day 2 hours'", "2024-03-01 12:00:00"},
      {"TIMESTAMPTZ '2024-03-31 10:00+00' - INTERVAL '1 mon'", "2024-02-29 10:00:00+00"},
      {"INTERVAL '1 day' + TIMESTAMP '2024-02-28'", "2024-02-29 00:00:00"},
      {"TIMESTAMP '2024-03-01' - TIMESTAMP '2024-02-01 12:00'", "28 days 12:00:00"},
      {"TIMESTAMP '2024-01-01' - '1 day'", "fault"},
      {"TIME '23:30' + INTERVAL '1 hour'", "00:30:00"},
      {"TIME '00:30' - INTERVAL '1 hour'", "23:30:00"},
      {"TIME '10:00' - TIME '12:30'", "-02:30:00"},
      {"TIMESTAMP '4714-11-24 00:00 BC' - INTERVAL '1 us'", "fault"},
  });
}

TEST(Dates, IntervalsAreAddedAndScaled) {
  expect_all_dates({
      {"INTERVAL '1 mon' + INTERVAL '-1 day'", "1 mon -1 days"},
      {"- INTERVAL '1 mon -3 days 04:05:06'", "-1 mons +3 days -04:05:06"},
      {"INTERVAL '1 mon' * 1.5::double precision", "1 mon 15 days"},
      {"2.0::double precision * INTERVAL '1 day 01:00'", "2 days 02:00:00"},
      {"INTERVAL '1 year' / 7::double precision", "1 mon 21 days 10:17:08.5344"},
      {"INTERVAL '1 day' / 0::double precision", "fault"},
      {"INTERVAL '178956970 years' + INTERVAL '1 year'", "fault"},
      {"INTERVAL '1 mon' = INTERVAL '30 days'", "true"},
      {"INTERVAL '1 day' < INTERVAL '25 hours'", "true"},
      {"greatest(INTERVAL '1 mon', INTERVAL '31 days')", "31 days"},
  });
}

TEST(Dates, JustifyMovesWholeUnits) {
  expect_all_dates({
      {"justify_hours(INTERVAL '27 hours')", "1 day 03:00:00"},
      {"justify_days(INTERVAL '35 days')", "1 mon 5 days"},
      {"justify_interval(INTERVAL '1 mon -1 hour')", "29 days 23:00:00"},
      {"justify_hours(INTERVAL '2 days -1 hour')", "1 day 23:00:00"},
  });
}

TEST(Dates, AgeCountsAsPeopleDo) {
  expect_all_dates({
      {"age(TIMESTAMP '2024-03-01', TIMESTAMP '2024-01-31')", "1 mon 1 day"},
      {"age(TIMESTAMPTZ '2024-01-31', TIMESTAMPTZ '2024-03-01')", "-1 mons -1 days"},
      {"age(DATE '2001-04-10', DATE '1957-06-13')", "43 years 9 mons 27 days"},
  });
}

TEST(Dates, DateBinBeginsAtTheOrigin) {
  expect_all_dates({
      {"date_bin(INTERVAL '15 minutes', TIMESTAMP '2020-02-11 15:44:17', TIMESTAMP '2001-01-01')",
       "2020-02-11 15:30:00"},
      {"date_bin(INTERVAL '15 minutes', TIMESTAMP '2020-02-11 15:44:17', TIMESTAMP '2030-01-01 "
       "00:05')",
       "2020-02-11 15:35:00"},
      {"date_bin(INTERVAL '1 hour', TIMESTAMP '2020-02-11 15:00:00', TIMESTAMP '2030-01-01')",
       "2020-02-11 15:00:00"},
      {"date_bin(INTERVAL '1 mon', TIMESTAMP '2020-02-11', TIMESTAMP '2001-01-01')", "fault"},
  });
}

TEST(Dates, TimesAreMadeOfNumbers) {
  expect_all_dates({
      {"make_date(2024, 2, 29)", "2024-02-29"},
      {"make_date(-44, 3, 15)", "0044-03-15 BC"},
      {"make_date(2023, 2, 29)", "fault"},
      {"make_time(8, 15, 23.5::double precision)", "08:15:23.5"},
      {"make_timestamp(2024, 7, 15, 8, 15, 23.5::double precision)", "2024-07-15 08:15:23.5"},
      {"make_interval(days => 10, hours => 3)", "10 days 03:00:00"},
      {"make_interval(1, 2)", "1 year 2 mons"},
      {"make_interval(secs => 90)", "00:01:30"},
  });
}

TEST(Dates, PartsOfDatesAndIntervals) {
  expect_all_dates({
      {"extract(doy FROM DATE '2024-12-31')", "366"},
      {"extract(epoch FROM INTERVAL '1 year 1 mon 1 day')", "34236000.000000"},
      {"date_part('hour', INTERVAL '100 hours')", "100"},
      {"extract(minute FROM TIME '10:15:30.5')", "15"},
      {"date_part('second', TIME '10:15:30.5')", "30.5"},
      {"date_trunc('hour', INTERVAL '2 days 3:40:50')", "2 days 03:00:00"},
      {"date_trunc('week', TIMESTAMP '2024-02-29 10:00')", "2024-02-26 00:00:00"},
      {"extract(hour FROM DATE '2024-01-01')", "fault"},
      {"extract(timezone FROM TIMESTAMP '2024-01-01')", "fault"},
  });
}

TEST(Dates, ZonesShowTheirClocks) {
  expect_all_dates({
      {"TIMESTAMPTZ '2024-07-01 12:00+00' AT TIME ZONE 'Europe/Zurich'", "2024-07-01 14:00:00"},
      {"TIMESTAMP '2024-07-01 12:00' AT TIME ZONE 'europe/zurich'", "2024-07-01 10:00:00+00"},
      {"TIMESTAMP '2024-03-31 02:30' AT TIME ZONE 'Europe/Zurich'", "2024-03-31 01:30:00+00"},
      {"TIMESTAMP '2024-10-27 02:30' AT TIME ZONE 'Europe/Zurich'", "2024-10-27 01:30:00+00"},
      {"TIMESTAMP '2024-07-01 12:00' AT TIME ZONE '+02'", "2024-07-01 14:00:00+00"},
      {"TIMESTAMP '2024-07-01 12:00' AT TIME ZONE INTERVAL '2 hours'", "2024-07-01 10:00:00+00"},
      {"TIMESTAMP '2024-07-01 12:00' AT TIME ZONE 'CEST'", "2024-07-01 10:00:00+00"},
      {"date_trunc('day', TIMESTAMPTZ '2024-07-01 23:00+00', 'Europe/Zurich')",
       "2024-07-01 22:00:00+00"},
      {"make_timestamptz(2024, 7, 1, 12, 0, 0, '+02')", "2024-07-01 10:00:00+00"},
      {"make_timestamptz(2024, 7, 1, 12, 0, 0, 'Europe/Zurich')", "2024-07-01 10:00:00+00"},
  });
}

TEST(Dates, CastsBetweenTimes) {
  expect_all_dates({
      {"cast(TIMESTAMP '2024-02-29 10:15:30' AS date)", "2024-02-29"},
      {"cast(TIMESTAMPTZ '2024-02-29 10:15:30+00' AS time)", "10:15:30"},
      {"cast(INTERVAL '1 day -1 hour' AS time)", "23:00:00"},
      {"cast(TIME '10:15' AS interval)", "10:15:00"},
      {"DATE '2024-01-01' = TIMESTAMP '2024-01-01 00:00'", "true"},
      {"DATE '5874897-12-31' > TIMESTAMPTZ '2024-01-01 00:00+00'", "true"},
      {"coalesce(NULL, DATE '2024-01-01', TIMESTAMP '2024-01-02')", "2024-01-01 00:00:00"},
      {"INTERVAL '3' DAY", "3 days"},
      {"INTERVAL '18' MONTH", "1 year 6 mons"},
      {"to_char(INTERVAL '-1 days -04:05:06', 'DD HH24:MI:SS')", "-1 -04:-05:-06"},
      {"to_date('2024-02-29', 'YYYY-MM-DD')", "2024-02-29"},
      {"to_char(DATE '2024-02-29', 'DD.MM.YYYY')", "29.02.2024"},
      {"to_char(TIME '10:15', 'HH24\"h\"MI')", "10h15"},
  });
}

TEST(Dates, AnUnknownZoneIsAFaultWithTheNearestName) {
  EXPECT_EQ(evaluate_constant("TIMESTAMP '2024-07-01' AT TIME ZONE 'Europe/Zürich'"),
            "fault: timezone: there is no time zone Europe/Zürich. Did you mean 'Europe/Zurich'?");
  EXPECT_EQ(evaluate_constant("TIMESTAMP '2024-07-01' AT TIME ZONE '../../etc/passwd'"),
            "fault: timezone: there is no time zone ../../etc/passwd.");
  EXPECT_EQ(evaluate_constant("TIMESTAMP '2024-07-01' AT TIME ZONE 'MSK'"),
            "fault: timezone: the abbreviation MSK has meant several offsets: write "
            "'Europe/Moscow'");
}

TEST(Dates, AZoneOfARecordIsLookedUpQuietly) {
  KnownZones<Zone::look_up> zones;
  EXPECT_EQ(zones.zone("Europe/Zürich"), nullptr);
  ASSERT_NE(zones.zone("europe/zurich"), nullptr);
  EXPECT_EQ(zones.zone("europe/zurich")->offset_at(1'719'835'200'000'000), 7'200'000'000);
  EXPECT_EQ(zones.zone("MSK"), nullptr);
  ASSERT_NE(zones.zone("+02"), nullptr);
  EXPECT_EQ(zones.zone("+02")->offset_at(0), -7'200'000'000);
  EXPECT_EQ(Zone::look_up_east("+0530")->offset_at(0), 19'800'000'000);
  EXPECT_FALSE(Zone::look_up_east("+99"));
  EXPECT_FALSE(Zone::find_east("+99"));
}

TEST(Dates, ALiteralThatCouldBeSeveralThingsIsAFault) {
  EXPECT_EQ(evaluate_constant("DATE '2024-01-01' + '1 day'"),
            "fault: +(date, unknown): the literal could be int or interval or time: write its type "
            "before it, as in time '…'");
  EXPECT_EQ(evaluate_constant("date_trunc('day', '2024-01-01')"),
            "fault: date_trunc(unknown, unknown): the literal could be interval or timestamptz or "
            "timestamp: write its type before it, as in timestamp '…'");
}

TEST(Dates, NowHasADateAndAClock) {
  EXPECT_EQ(evaluate_constant("CURRENT_DATE"), "not constant");
  EXPECT_EQ(evaluate_constant("LOCALTIMESTAMP"), "not constant");
  EXPECT_EQ(evaluate_constant("age(DATE '2024-01-01')"), "not constant");
}

TEST(Dates, MayBeInfinite) {
  expect_all_dates({
      {"DATE 'infinity'", "infinity"},
      {"TIMESTAMP ' -Infinity '", "-infinity"},
      {"TIMESTAMPTZ '-infinity'", "-infinity"},
      {"TIME 'infinity'", "fault"},
      {"DATE 'inf'", "fault"},
      {"TIMESTAMP '294247-01-10 04:00:54.775807'", "fault"},
      {"TIMESTAMP '294247-01-10 04:00:54.775806' + INTERVAL '1 us'", "fault"},
      {"isfinite(DATE '-infinity')", "false"},
      {"isfinite(TIMESTAMPTZ 'infinity')", "false"},
      {"isfinite(TIMESTAMP '2024-01-01')", "true"},
      {"DATE 'infinity' + 1", "infinity"},
      {"1 + DATE '-infinity'", "-infinity"},
      {"DATE '-infinity' - 5", "-infinity"},
      {"DATE 'infinity' - DATE '2024-01-01'", "fault"},
      {"DATE 'infinity' + INTERVAL '1 day'", "infinity"},
      {"DATE '-infinity' - INTERVAL '1 day'", "-infinity"},
      {"DATE 'infinity' + TIME '10:00'", "infinity"},
      {"TIMESTAMP 'infinity' - INTERVAL '1 day'", "infinity"},
      {"INTERVAL '1 mon' + TIMESTAMPTZ '-infinity'", "-infinity"},
      {"TIMESTAMP 'infinity' - TIMESTAMP 'infinity'", "fault"},
      {"date_trunc('day', TIMESTAMP 'infinity')", "infinity"},
      {"date_trunc('day', TIMESTAMPTZ '-infinity', 'Europe/Zurich')", "-infinity"},
      {"date_bin('-1 day', TIMESTAMP 'infinity', TIMESTAMP '2000-01-01')", "infinity"},
      {"date_bin('1 day', TIMESTAMP '2001-01-01', TIMESTAMP 'infinity')", "fault"},
      {"TIMESTAMP 'infinity' AT TIME ZONE 'Europe/Zurich'", "infinity"},
      {"TIMESTAMPTZ '-infinity' AT TIME ZONE INTERVAL '1 hour'", "-infinity"},
      {"TIMESTAMP 'infinity'::date", "infinity"},
      {"DATE '-infinity'::timestamp", "-infinity"},
      {"DATE 'infinity'::timestamptz", "infinity"},
      {"TIMESTAMP 'infinity'::timestamp(3)", "infinity"},
      {"DATE 'infinity' = TIMESTAMP 'infinity'", "true"},
      {"TIMESTAMPTZ '-infinity' = DATE '-infinity'", "true"},
      {"DATE '5874897-12-31' < TIMESTAMP 'infinity'", "true"},
      {"DATE 'infinity' > DATE '5874897-12-31'", "true"},
      {"greatest(DATE 'infinity', DATE '2024-01-01')", "infinity"},
      {"to_jsonb(TIMESTAMP 'infinity')", "\"infinity\""},
      {"ARRAY[DATE 'infinity', NULL]", "{infinity,NULL}"},
      {"'{infinity}'::timestamptz[]", "{infinity}"},
      {"extract(year FROM DATE 'infinity')", "Infinity"},
      {"extract(epoch FROM TIMESTAMPTZ '-infinity')", "-Infinity"},
      {"extract(julian FROM TIMESTAMP 'infinity')", "Infinity"},
      {"date_part('year', DATE '-infinity')", "-Infinity"},
      // NULL in PostgreSQL.
      {"extract(hour FROM TIMESTAMP 'infinity')", "fault"},
      {"date_part('hour', DATE 'infinity')", "fault"},
      {"to_char(TIMESTAMP 'infinity', 'YYYY')", "fault"},
      {"TIMESTAMP 'infinity'::time", "fault"},
      // There it counts from the last number that there is.
      {"age(TIMESTAMP 'infinity', TIMESTAMP '2024-01-01')", "fault"},
  });
}

TEST(Dates, PartsAreExact) {
  expect_all_dates({
      {"extract(second FROM TIMESTAMP '2024-01-01 00:00:01.5')", "1.500000"},
      {"extract(milliseconds FROM TIME '10:00:01.5')", "1500.000"},
      {"extract(microseconds FROM TIMESTAMPTZ '2024-01-01T00:00:01.5Z')", "1500000"},
      {"extract(epoch FROM TIMESTAMP '2006-01-01 00:00')", "1136073600.000000"},
      {"extract(epoch FROM DATE '2024-01-01')", "1704067200"},
      {"extract(epoch FROM INTERVAL '178000000 years')", "5617252800000000.000000"},
      {"extract(epoch FROM INTERVAL '-1.5 seconds')", "-1.500000"},
      {"extract(second FROM INTERVAL '-1.5 seconds')", "-1.500000"},
      {"extract(julian FROM TIMESTAMP '2006-01-01 12:00')", "2453737.50000000000000000000"},
      {"extract(julian FROM TIMESTAMP '2006-01-01 00:00')", "2453737.0000000000000000000000000000"},
      {"extract(year FROM DATE '0044-03-15 BC')", "-44"},
      {"extract(day FROM INTERVAL '3 days') + 1", "4"},
  });
}

TEST(Dates, ParametersOfMakeIntervalAreNamedOnce) {
  EXPECT_EQ(evaluate_constant("make_interval(day => 1)"),
            "fault: make_interval takes years, months, weeks, days, hours, mins, secs");
  EXPECT_EQ(evaluate_constant("make_interval(1, years => 1)"), "fault: years stands twice");
}

}  // namespace
}  // namespace turntable::sql
