#include "sql/time_format.h"

#include <gtest/gtest.h>

#include "sql/value_text.h"

namespace turntable::sql {
namespace {

std::string parsed(std::string_view pattern, std::string_view text) {
  const auto format = TimeFormat::compile(pattern, TimeFormat::Use::parse);
  if (!format) return "fault: " + format.error().message;
  const auto micros = format->parse(text);
  return micros ? std::string(timestamp_text(*micros).view()) : "misfit";
}

std::string printed(std::string_view pattern, std::string_view time) {
  const auto format = TimeFormat::compile(pattern, TimeFormat::Use::print);
  if (!format) return "fault: " + format.error().message;
  Arena arena;
  return std::string(format->print(*parse_timestamp(time).value, arena));
}

TEST(TimeFormat, ParsesTheSeedsForm) {
  constexpr std::string_view kForm = "YYYY-MM-DD HH24:MI";
  EXPECT_EQ(parsed(kForm, "2024-03-03 10:15"), "2024-03-03 10:15:00+00");
  EXPECT_EQ(parsed(kForm, "2024-02-29 00:00"), "2024-02-29 00:00:00+00");
  EXPECT_EQ(parsed(kForm, "0001-01-01 23:59"), "0001-01-01 23:59:00+00");
  EXPECT_EQ(parsed(kForm, "9999-12-31 23:59"), "9999-12-31 23:59:00+00");
}

TEST(TimeFormat, TakesNothingThatIsNotInTheForm) {
  constexpr std::string_view kForm = "YYYY-MM-DD HH24:MI";
  for (const std::string_view text : {"",
                                      "2024-03-03",
                                      "2024-03-03 10:15 ",
                                      " 2024-03-03 10:15",
                                      "2024-03-03 10:15:00",
                                      "2024-3-3 10:15",
                                      "2024-13-01 10:00",
                                      "2024-00-01 10:00",
                                      "2024-02-30 10:00",
                                      "2023-02-29 10:00",
                                      "1900-02-29 10:00",
                                      "2024-03-00 10:00",
                                      "2024-03-03 24:00",
                                      "2024-03-03 10:60",
                                      "2024/03/03 10:15",
                                      "2024-03-03T10:15",
                                      "0000-01-01 00:00",
                                      "+024-03-03 10:15",
                                      "2024-03-03 1a:15",
                                      "20240303 10:15",
                                      "２024-03-03 10:15"})
    EXPECT_EQ(parsed(kForm, text), "misfit") << text;
}

TEST(TimeFormat, ParsesEveryField) {
  EXPECT_EQ(parsed("YYYYMMDDHH24MISS", "20240303101530"), "2024-03-03 10:15:30+00");
  EXPECT_EQ(parsed("YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"", "2024-03-03T10:15:30.250Z"),
            "2024-03-03 10:15:30.25+00");
  EXPECT_EQ(parsed("YYYY-MM-DD HH24:MI:SS.US", "2024-03-03 10:15:30.000001"),
            "2024-03-03 10:15:30.000001+00");
  EXPECT_EQ(parsed("DD Mon YYYY", "03 mar 2024"), "2024-03-03 00:00:00+00");
  EXPECT_EQ(parsed("Month DD, YYYY", "September 03, 2024"), "2024-09-03 00:00:00+00");
  EXPECT_EQ(parsed("Dy, DD Mon YYYY", "Sun, 03 Mar 2024"), "2024-03-03 00:00:00+00");
  EXPECT_EQ(parsed("YYYY DDD", "2024 366"), "2024-12-31 00:00:00+00");
  EXPECT_EQ(parsed("YYYY DDD", "2023 366"), "misfit");
  EXPECT_EQ(parsed("YYYY DDD", "2023 000"), "misfit");
  EXPECT_EQ(parsed("YY-MM-DD", "69-01-01"), "2069-01-01 00:00:00+00");
  EXPECT_EQ(parsed("YY-MM-DD", "70-01-01"), "1970-01-01 00:00:00+00");
  EXPECT_EQ(parsed("YYYY-MM-DD HH12:MI AM", "2024-03-03 12:15 AM"), "2024-03-03 00:15:00+00");
  EXPECT_EQ(parsed("YYYY-MM-DD HH12:MI AM", "2024-03-03 12:15 pm"), "2024-03-03 12:15:00+00");
  EXPECT_EQ(parsed("YYYY-MM-DD HH:MI pm", "2024-03-03 10:15 PM"), "2024-03-03 22:15:00+00");
  EXPECT_EQ(parsed("YYYY-MM-DD HH12", "2024-03-03 13"), "misfit");
  EXPECT_EQ(parsed("YYYY-MM-DD HH12", "2024-03-03 00"), "misfit");
  EXPECT_EQ(parsed("YYYY-FMMM-FMDD", "2024-3-13"), "2024-03-13 00:00:00+00");
  EXPECT_EQ(parsed("YYYY", "2024"), "2024-01-01 00:00:00+00");
}

// Values from PostgreSQL 15.
TEST(TimeFormat, PrintsAsPostgresDoes) {
  const std::string_view time = "2024-03-03 22:05:09.012345";
  EXPECT_EQ(printed("YYYY-MM-DD HH24:MI:SS.US", time), "2024-03-03 22:05:09.012345");
  EXPECT_EQ(printed("YY MS HH12 HH PM am", time), "24 012 10 10 PM pm");
  EXPECT_EQ(printed("[Day] [DAY] [day] [Dy] [DY] [dy]", time),
            "[Sunday   ] [SUNDAY   ] [sunday   ] [Sun] [SUN] [sun]");
  EXPECT_EQ(printed("[Month] [FMMonth] [MON] [mon]", time), "[March    ] [March] [MAR] [mar]");
  EXPECT_EQ(printed("DDD FMDDD FMMM FMHH12", time), "063 63 3 10");
  EXPECT_EQ(printed("FMMS FMUS FMYY FMMonth", time), "012 012345 24 March");
  EXPECT_EQ(printed("\"Y\\\"Y\\\\\" YYYY%", time), "Y\"Y\\ 2024%");
  EXPECT_EQ(printed("HH12 AM", "2024-03-03 00:30"), "12 AM");
  EXPECT_EQ(printed("HH12 AM", "2024-03-03 12:30"), "12 PM");
  EXPECT_EQ(printed("MONDAY", time), "MARSUNDAY   ");
  // Years that have not four digits, and years BC.
  const auto format = TimeFormat::compile("YYYY-MM YY", TimeFormat::Use::print);
  Arena arena;
  EXPECT_EQ(format->print(253'402'300'800 * kMicrosPerSecond, arena), "10000-01 00");
  EXPECT_EQ(format->print(-62'167'219'200 * kMicrosPerSecond, arena), "0001-01 01");
  EXPECT_EQ(format->print(INT64_MAX, arena), "294247-01 47");
}

TEST(TimeFormat, RefusesPatternsThatItDoesNotKnow) {
  const std::string known =
      ". Patterns are YYYY YY MM Month Mon DD DDD Day Dy HH24 HH12 HH MI SS MS US AM PM, and FM "
      "before one";
  const auto quote = [&](const std::string& word) {
    return "fault: '" + word +
           "' in the pattern is not supported. Text that stands for itself must be in double "
           "quotes: \"" +
           word + "\"" + known;
  };
  EXPECT_EQ(printed("YYYY-MM-DDTHH24:MI", "2024-03-03"), quote("T"));
  EXPECT_EQ(printed("IYYY", "2024-03-03"), quote("I"));
  EXPECT_EQ(printed("YYY", "2024-03-03"), quote("YYY"));
  EXPECT_EQ(printed("SSSS", "2024-03-03"), quote("SSSS"));
  EXPECT_EQ(printed("TZ", "2024-03-03"), quote("TZ"));
  EXPECT_EQ(printed("", "2024-03-03"), "fault: the pattern is empty");
  EXPECT_EQ(printed("\"\"", "2024-03-03"), "fault: the pattern is empty");
  EXPECT_EQ(printed("\"abc", "2024-03-03"), "fault: a double quote in the pattern is not closed");
  EXPECT_EQ(printed("FM-DD", "2024-03-03"),
            "fault: FM in the pattern must stand right before a field");
  EXPECT_EQ(printed("DDFM", "2024-03-03"),
            "fault: FM in the pattern must stand right before a field");
  EXPECT_EQ(printed(std::string(300, '-'), "2024-03-03"),
            "fault: a pattern may have 256 bytes at most");
}

TEST(TimeFormat, RefusesToParseWhatContradictsItself) {
  EXPECT_EQ(parsed("YYYY YYYY", ""), "fault: a field stands twice in the pattern");
  EXPECT_EQ(parsed("YYYY-MM Mon", ""), "fault: the month stands twice in the pattern");
  EXPECT_EQ(parsed("YYYY HH24 PM", ""), "fault: AM and PM go with HH12, not with HH24");
  EXPECT_EQ(parsed("YYYY PM", ""), "fault: the pattern has AM or PM but no HH12");
  EXPECT_EQ(parsed("YYYY DDD-MM", ""), "fault: DDD goes without a month and a day");
  EXPECT_EQ(parsed("HH24:MI", ""), "fault: the pattern has no year (YYYY)");
  EXPECT_EQ(parsed("YYYY DD", ""), "fault: the pattern has a day but no month");
}

// Every day of eight hundred years, and back.
TEST(TimeFormat, PrintsWhatItParsesAndParsesWhatItPrints) {
  const auto parse = TimeFormat::compile("YYYY-MM-DD HH24:MI", TimeFormat::Use::parse);
  const auto print = TimeFormat::compile("YYYY-MM-DD HH24:MI", TimeFormat::Use::print);
  Arena arena;
  const int64_t first = days_of({1600, 1, 1});
  for (int64_t day = first; day < first + 2 * 146'097; ++day) {
    const int64_t micros = day * kMicrosPerDay + (day & 0xFF) * 60 * kMicrosPerSecond;
    ASSERT_EQ(parse->parse(print->print(micros, arena)), micros) << day;
    arena.reset();
  }
}

TEST(Calendar, HoldsAtTheEndsOfTime) {
  for (const int64_t micros : {INT64_MIN, INT64_MIN + 1, INT64_MAX, int64_t{0}, int64_t{-1}}) {
    const Moment moment = moment_of(micros);
    EXPECT_GE(moment.hour, 0);
    EXPECT_LT(moment.hour, 24);
    EXPECT_GE(moment.micros, 0);
  }
  EXPECT_EQ(micros_of(moment_of(INT64_MAX)), INT64_MAX);
  EXPECT_EQ(day_of_week(0), 4);
  EXPECT_EQ(day_of_week(-1), 3);
  EXPECT_EQ(day_of_week(-5), 6);
  EXPECT_EQ(day_of_week(-4), 0);
}

}  // namespace
}  // namespace turntable::sql
