#include "sql/foreign_pattern.h"

#include <gtest/gtest.h>

#include "sql/time_format.h"

namespace turntable::sql {
namespace {

std::string fault(std::string_view pattern, TimeFormat::Use use = TimeFormat::Use::parse) {
  const auto format = TimeFormat::compile(pattern, use);
  return format ? "none" : format.error().message;
}

std::string translated(std::string_view pattern) {
  const auto foreign = foreign_pattern(pattern);
  return foreign ? foreign->translated : "none";
}

TEST(ForeignPattern, NamesTheFieldAndOursAndTheWholePattern) {
  EXPECT_EQ(fault("yyyy-MM-dd HH:mm:ss"),
            "the pattern is one of Java and Spark, where HH is the hour of the day; here that is "
            "HH24: write 'YYYY-MM-DD HH24:MI:SS'");
  EXPECT_EQ(fault("yyyy-MM-dd mm"),
            "the pattern is one of Java and Spark, where mm is the minute; here that is MI: write "
            "'YYYY-MM-DD MI'");
  EXPECT_EQ(fault("%Y-%m-%d %H:%M:%S"),
            "the pattern is one of strftime, where %Y is the year; here that is YYYY: write "
            "'YYYY-MM-DD HH24:MI:SS'");
  EXPECT_EQ(fault("%Y-%m-%d %H:%i"),
            "the pattern is one of MySQL, where %Y is the year; here that is YYYY: write "
            "'YYYY-MM-DD HH24:MI'");
  EXPECT_EQ(fault("2006-01-02 15:04:05"),
            "the pattern is one of Go, where 2006 is the year; here that is YYYY: write "
            "'YYYY-MM-DD HH24:MI:SS'");
}

TEST(ForeignPattern, SaysWhatHasNoCounterpart) {
  EXPECT_EQ(fault("yyyy-MM-dd'T'HH:mm:ssXX"
                  "X"),
            "the pattern is one of Java and Spark; its XX"
            "X, the time zone, has no counterpart "
            "here: cast(… AS timestamptz) reads times with their zone");
  EXPECT_EQ(fault("%Y-%m-%dT%H:%M:%S%z"),
            "the pattern is one of strftime; its %z, the time zone, has no counterpart here: "
            "cast(… AS timestamptz) reads times with their zone");
  EXPECT_EQ(fault("2006-01-02T15:04:05Z07:00", TimeFormat::Use::print),
            "the pattern is one of Go; its Z07:00, the time zone, has no counterpart here");
  EXPECT_EQ(fault("%Y %Q"),
            "the pattern is one of strftime; its %Q, no field that is known here, "
            "has no counterpart here");
}

TEST(ForeignPattern, IsTranslatedWhole) {
  EXPECT_EQ(translated("yyyy-MM-dd'T'HH:mm:ss.SSS"), "YYYY-MM-DD\"T\"HH24:MI:SS.MS");
  EXPECT_EQ(translated("d MMM uuuu h:mm a"), "FMDD Mon YYYY FMHH12:MI AM");
  EXPECT_EQ(translated("dd/MM/yy HH.mm.ss.SSSSSS"), "DD/MM/YY HH24.MI.SS.US");
  EXPECT_EQ(translated("yyyy-MM-dd HH 'o''clock'"), "YYYY-MM-DD HH24 \"o\"'\"clock\"");
  EXPECT_EQ(translated("%d.%m.%y %I:%M %p"), "DD.MM.YY HH12:MI AM");
  EXPECT_EQ(translated("%FT%T.%f"), "YYYY-MM-DD\"T\"HH24:MI:SS.US");
  EXPECT_EQ(translated("Jan 2, 2006 3:04 PM"), "Mon FMDD, YYYY FMHH12:MI AM");
  EXPECT_EQ(translated("2006-01-02T15:04:05.000"), "YYYY-MM-DD\"T\"HH24:MI:SS.MS");
}

// PostgreSQL would print the month where the minute was meant, and take hours from 1 to 12.
TEST(ForeignPattern, IsRefusedWhereItWouldMeanSomethingElse) {
  EXPECT_EQ(fault("yyyy-MM-dd HH:mm", TimeFormat::Use::print),
            "the pattern is one of Java and Spark, where HH is the hour of the day; here that is "
            "HH24: write 'YYYY-MM-DD HH24:MI'");
  EXPECT_EQ(fault("yyyy-MM-dd HH"),
            "the pattern is one of Java and Spark, where HH is the hour of the day; here that is "
            "HH24: write 'YYYY-MM-DD HH24'");
  EXPECT_EQ(fault("2006-01-02", TimeFormat::Use::print),
            "the pattern is one of Go, where 2006 is the year; here that is YYYY: write "
            "'YYYY-MM-DD'");
}

TEST(ForeignPattern, OursIsNone) {
  for (const char* pattern :
       {"yyyy-mm-dd", "yyyy-MM-dd", "dd/MM/yyyy", "YYYY-MM-DD HH24:MI:SS", "yyyy-mm-dd hh24:mi:ss",
        "YYYY-MM-DD HH:MI", "MM/DD/YY HH12:MI AM", "YYYY-MM-DD\"T\"HH24:MI"})
    EXPECT_EQ(fault(pattern), "none") << pattern;
}

}  // namespace
}  // namespace turntable::sql
