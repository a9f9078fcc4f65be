// Operators on dates, times of day and points in time:
// https://www.postgresql.org/docs/15/functions-datetime.html, table 9.32. What makes them of
// numbers is here too. Days have 24 hours, for the time zone is UTC.
#include <fmt/format.h>

#include "sql/builtins.h"
#include "sql/calendar.h"
#include "sql/functions/made_times.h"
#include "sql/functions/time_range.h"
#include "sql/functions/time_shift.h"
#include "sql/loops.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace dates {
namespace {

Reason sum_out_of_range(Type type) {
  return {RejectCode::out_of_range,
          fmt::format("the result is out of range for {}", sql_name(type))};
}

// --- Dates

struct DatePlusDays {
  static std::optional<int32_t> call(int32_t date, int32_t days) {
    return date_in_range(int64_t{date} + days);
  }
  static Reason why(int32_t, int32_t) { return sum_out_of_range(Type::date); }
};

struct DaysPlusDate {
  static std::optional<int32_t> call(int32_t days, int32_t date) {
    return DatePlusDays::call(date, days);
  }
  static Reason why(int32_t, int32_t) { return sum_out_of_range(Type::date); }
};

struct DateMinusDays {
  static std::optional<int32_t> call(int32_t date, int32_t days) {
    return date_in_range(int64_t{date} - days);
  }
  static Reason why(int32_t, int32_t) { return sum_out_of_range(Type::date); }
};

struct DateMinusDate {
  static int32_t call(int32_t left, int32_t right) { return left - right; }
};

// --- Points in time and intervals

struct TimePlusInterval {
  static std::optional<int64_t> call(int64_t time, const Interval& interval) {
    return shifted(time, interval);
  }
  static Reason why(int64_t, const Interval&) { return sum_out_of_range(Type::timestamp); }
};

struct IntervalPlusTime {
  static std::optional<int64_t> call(const Interval& interval, int64_t time) {
    return shifted(time, interval);
  }
  static Reason why(const Interval&, int64_t) { return sum_out_of_range(Type::timestamp); }
};

struct TimeMinusInterval {
  static std::optional<int64_t> call(int64_t time, const Interval& interval) {
    const auto back = negated(interval);
    return back ? shifted(time, *back) : std::nullopt;
  }
  static Reason why(int64_t, const Interval&) { return sum_out_of_range(Type::timestamp); }
};

struct DatePlusInterval {
  static std::optional<int64_t> call(int32_t date, const Interval& interval) {
    const auto midnight = midnight_of(date);
    return midnight ? shifted(*midnight, interval) : std::nullopt;
  }
  static Reason why(int32_t, const Interval&) { return sum_out_of_range(Type::timestamp); }
};

struct IntervalPlusDate {
  static std::optional<int64_t> call(const Interval& interval, int32_t date) {
    return DatePlusInterval::call(date, interval);
  }
  static Reason why(const Interval&, int32_t) { return sum_out_of_range(Type::timestamp); }
};

struct DateMinusInterval {
  static std::optional<int64_t> call(int32_t date, const Interval& interval) {
    const auto back = negated(interval);
    return back ? DatePlusInterval::call(date, *back) : std::nullopt;
  }
  static Reason why(int32_t, const Interval&) { return sum_out_of_range(Type::timestamp); }
};

// Days and the rest; months have no fixed length.
struct TimeMinusTime {
  static std::optional<Interval> call(int64_t left, int64_t right) {
    int64_t micros = 0;
    if (__builtin_sub_overflow(left, right, &micros)) return std::nullopt;
    return Interval{.micros = micros % kMicrosPerDay,
                    .days = static_cast<int32_t>(micros / kMicrosPerDay)};
  }
  static Reason why(int64_t, int64_t) { return sum_out_of_range(Type::interval); }
};

// --- Times of day

struct DatePlusTimeOfDay {
  static std::optional<int64_t> call(int32_t date, int64_t time) {
    const auto midnight = midnight_of(date);
    return midnight ? sum_in_range(*midnight, time) : std::nullopt;
  }
  static Reason why(int32_t, int64_t) { return sum_out_of_range(Type::timestamp); }
};

struct TimeOfDayPlusDate {
  static std::optional<int64_t> call(int64_t time, int32_t date) {
    return DatePlusTimeOfDay::call(date, time);
  }
  static Reason why(int64_t, int32_t) { return sum_out_of_range(Type::timestamp); }
};

// Round the clock. What the interval has beside hours counts for nothing.
int64_t round_the_clock(int64_t time, int64_t by) {
  const int64_t sum = (time + by % kMicrosPerDay) % kMicrosPerDay;
  return sum < 0 ? sum + kMicrosPerDay : sum;
}

struct TimeOfDayPlusInterval {
  static int64_t call(int64_t time, const Interval& interval) {
    return round_the_clock(time, interval.micros);
  }
};

struct IntervalPlusTimeOfDay {
  static int64_t call(const Interval& interval, int64_t time) {
    return round_the_clock(time, interval.micros);
  }
};

struct TimeOfDayMinusInterval {
  static int64_t call(int64_t time, const Interval& interval) {
    return round_the_clock(time, -(interval.micros % kMicrosPerDay));
  }
};

struct TimeOfDayMinusTimeOfDay {
  static Interval call(int64_t left, int64_t right) { return {.micros = left - right}; }
};

// --- Made of numbers

struct MakeDate {
  static std::optional<int32_t> call(int32_t year, int32_t month, int32_t day) {
    const auto days = made_days(year, month, day);
    return days ? date_in_range(*days) : std::nullopt;
  }
  static Reason why(int32_t year, int32_t month, int32_t day) {
    return {RejectCode::out_of_range, fmt::format("there is no date {}-{}-{}", year, month, day)};
  }
};

struct MakeTimeOfDay {
  static std::optional<int64_t> call(int32_t hour, int32_t minute, double seconds) {
    return made_time_of_day(hour, minute, seconds);
  }
  static Reason why(int32_t hour, int32_t minute, double seconds) {
    return {RejectCode::out_of_range, fmt::format("there is no time of day {}:{}:{}", hour, minute,
                                                  float_text(seconds).view())};
  }
};

struct DateIsFinite {
  static uint8_t call(int32_t) { return 1; }
};

struct IntervalIsFinite {
  static uint8_t call(const Interval&) { return 1; }
};

struct TimestampIsFinite {
  static uint8_t call(int64_t) { return 1; }
};

Function operation(std::string_view name, Type left, Type right, Type result) {
  return {.name = name, .arguments = {left, right}, .result = result, .kind = Kind::operation};
}

std::vector<Function> all_functions() {
  using enum Type;
  std::vector<Function> all;
  all.push_back(function_of<DatePlusDays>(operation("+", date, int32, date)));
  all.push_back(function_of<DaysPlusDate>(operation("+", int32, date, date)));
  all.push_back(function_of<DateMinusDays>(operation("-", date, int32, date)));
  all.push_back(function_of<DateMinusDate>(operation("-", date, date, int32)));
  all.push_back(function_of<DatePlusInterval>(operation("+", date, interval, timestamp)));
  all.push_back(function_of<IntervalPlusDate>(operation("+", interval, date, timestamp)));
  all.push_back(function_of<DateMinusInterval>(operation("-", date, interval, timestamp)));
  all.push_back(function_of<DatePlusTimeOfDay>(operation("+", date, time, timestamp)));
  all.push_back(function_of<TimeOfDayPlusDate>(operation("+", time, date, timestamp)));
  for (const Type point : {timestamp, timestamptz}) {
    all.push_back(function_of<TimePlusInterval>(operation("+", point, interval, point)));
    all.push_back(function_of<IntervalPlusTime>(operation("+", interval, point, point)));
    all.push_back(function_of<TimeMinusInterval>(operation("-", point, interval, point)));
    all.push_back(function_of<TimeMinusTime>(operation("-", point, point, interval)));
  }
  all.push_back(function_of<TimeOfDayPlusInterval>(operation("+", time, interval, time)));
  all.push_back(function_of<IntervalPlusTimeOfDay>(operation("+", interval, time, time)));
  all.push_back(function_of<TimeOfDayMinusInterval>(operation("-", time, interval, time)));
  all.push_back(function_of<TimeOfDayMinusTimeOfDay>(operation("-", time, time, interval)));
  all.push_back(function_of<MakeDate>(
      {.name = "make_date", .arguments = {int32, int32, int32}, .result = date}));
  all.push_back(function_of<MakeTimeOfDay>(
      {.name = "make_time", .arguments = {int32, int32, float64}, .result = time}));
  all.push_back(
      function_of<DateIsFinite>({.name = "isfinite", .arguments = {date}, .result = boolean}));
  all.push_back(function_of<TimestampIsFinite>(
      {.name = "isfinite", .arguments = {timestamp}, .result = boolean}));
  all.push_back(function_of<IntervalIsFinite>(
      {.name = "isfinite", .arguments = {interval}, .result = boolean}));
  return all;
}

}  // namespace
}  // namespace dates

std::vector<Function> date_functions() {
  return dates::all_functions();
}

}  // namespace turntable::sql
