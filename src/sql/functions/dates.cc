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

// The same function with its two arguments the other way round.
template <class F, class Call = decltype(&F::call)>
struct Swapped;
template <class F, class R, class A, class B>
struct Swapped<F, R (*)(A, B)> {
  static R call(B b, A a) { return F::call(a, b); }
  static Reason why(B b, A a) { return F::why(a, b); }
};

// --- Dates

struct DatePlusDays {
  static std::optional<int32_t> call(int32_t date, int32_t days) {
    if (is_infinite_time(date)) return date;
    return date_in_range(int64_t{date} + days);
  }
  static Reason why(int32_t, int32_t) { return sum_out_of_range(Type::date); }
};

struct DateMinusDays {
  static std::optional<int32_t> call(int32_t date, int32_t days) {
    if (is_infinite_time(date)) return date;
    return date_in_range(int64_t{date} - days);
  }
  static Reason why(int32_t, int32_t) { return sum_out_of_range(Type::date); }
};

struct DateMinusDate {
  static std::optional<int32_t> call(int32_t left, int32_t right) {
    if (is_infinite_time(left) || is_infinite_time(right)) return std::nullopt;
    return left - right;
  }
  static Reason why(int32_t, int32_t) {
    return {RejectCode::out_of_range, "infinite dates cannot be subtracted"};
  }
};

// --- Points in time and intervals

template <Type point>
struct TimePlusInterval {
  static std::optional<int64_t> call(int64_t time, const Interval& interval) {
    return shifted(time, interval);
  }
  static Reason why(int64_t, const Interval&) { return sum_out_of_range(point); }
};

template <Type point>
struct TimeMinusInterval {
  static std::optional<int64_t> call(int64_t time, const Interval& interval) {
    if (is_infinite_time(time)) return time;
    const auto back = negated(interval);
    return back ? shifted(time, *back) : std::nullopt;
  }
  static Reason why(int64_t, const Interval&) { return sum_out_of_range(point); }
};

struct DatePlusInterval {
  static std::optional<int64_t> call(int32_t date, const Interval& interval) {
    const auto midnight = time_of_date(date);
    return midnight ? shifted(*midnight, interval) : std::nullopt;
  }
  static Reason why(int32_t, const Interval&) { return sum_out_of_range(Type::timestamp); }
};

struct DateMinusInterval {
  static std::optional<int64_t> call(int32_t date, const Interval& interval) {
    if (is_infinite_time(date)) return time_of_date(date);
    const auto back = negated(interval);
    return back ? DatePlusInterval::call(date, *back) : std::nullopt;
  }
  static Reason why(int32_t, const Interval&) { return sum_out_of_range(Type::timestamp); }
};

// Days and the rest; months have no fixed length.
struct TimeMinusTime {
  static std::optional<Interval> call(int64_t left, int64_t right) {
    int64_t micros = 0;
    if (is_infinite_time(left) || is_infinite_time(right) ||
        __builtin_sub_overflow(left, right, &micros))
      return std::nullopt;
    return Interval{.micros = micros % kMicrosPerDay,
                    .days = static_cast<int32_t>(micros / kMicrosPerDay)};
  }
  static Reason why(int64_t left, int64_t right) {
    if (is_infinite_time(left) || is_infinite_time(right))
      return {RejectCode::out_of_range, "infinite times cannot be subtracted"};
    return sum_out_of_range(Type::interval);
  }
};

// --- Times of day

struct DatePlusTimeOfDay {
  static std::optional<int64_t> call(int32_t date, int64_t time) {
    const auto midnight = time_of_date(date);
    if (is_infinite_time(date)) return midnight;
    return midnight ? sum_in_range(*midnight, time) : std::nullopt;
  }
  static Reason why(int32_t, int64_t) { return sum_out_of_range(Type::timestamp); }
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

template <class T>
struct IsFinite {
  static uint8_t call(T time) { return is_infinite_time(time) ? 0 : 1; }
};
// PostgreSQL 15 has no infinite intervals.
template <>
struct IsFinite<Interval> {
  static uint8_t call(const Interval&) { return 1; }
};

Function operation(std::string_view name, Type left, Type right, Type result) {
  return {.name = name, .arguments = {left, right}, .result = result, .kind = Kind::operation};
}

template <Type point>
void add_points(std::vector<Function>& all) {
  constexpr Type interval = Type::interval;
  using Plus = TimePlusInterval<point>;
  all.push_back(function_of<Plus>(operation("+", point, interval, point)));
  all.push_back(function_of<Swapped<Plus>>(operation("+", interval, point, point)));
  all.push_back(function_of<TimeMinusInterval<point>>(operation("-", point, interval, point)));
  all.push_back(function_of<TimeMinusTime>(operation("-", point, point, interval)));
}

template <Type type>
Function is_finite() {
  return function_of<IsFinite<CppType<type>>>(
      {.name = "isfinite", .arguments = {type}, .result = Type::boolean});
}

std::vector<Function> all_functions() {
  using enum Type;
  std::vector<Function> all;
  all.push_back(function_of<DatePlusDays>(operation("+", date, int32, date)));
  all.push_back(function_of<Swapped<DatePlusDays>>(operation("+", int32, date, date)));
  all.push_back(function_of<DateMinusDays>(operation("-", date, int32, date)));
  all.push_back(function_of<DateMinusDate>(operation("-", date, date, int32)));
  all.push_back(function_of<DatePlusInterval>(operation("+", date, interval, timestamp)));
  all.push_back(function_of<Swapped<DatePlusInterval>>(operation("+", interval, date, timestamp)));
  all.push_back(function_of<DateMinusInterval>(operation("-", date, interval, timestamp)));
  all.push_back(function_of<DatePlusTimeOfDay>(operation("+", date, time, timestamp)));
  all.push_back(function_of<Swapped<DatePlusTimeOfDay>>(operation("+", time, date, timestamp)));
  add_points<timestamp>(all);
  add_points<timestamptz>(all);
  all.push_back(function_of<TimeOfDayPlusInterval>(operation("+", time, interval, time)));
  all.push_back(function_of<Swapped<TimeOfDayPlusInterval>>(operation("+", interval, time, time)));
  all.push_back(function_of<TimeOfDayMinusInterval>(operation("-", time, interval, time)));
  all.push_back(function_of<TimeOfDayMinusTimeOfDay>(operation("-", time, time, interval)));
  all.push_back(function_of<MakeDate>(
      {.name = "make_date", .arguments = {int32, int32, int32}, .result = date}));
  all.push_back(function_of<MakeTimeOfDay>(
      {.name = "make_time", .arguments = {int32, int32, float64}, .result = time}));
  all.push_back(is_finite<date>());
  all.push_back(is_finite<timestamp>());
  all.push_back(is_finite<timestamptz>());
  all.push_back(is_finite<interval>());
  return all;
}

}  // namespace
}  // namespace dates

std::vector<Function> date_functions() {
  return dates::all_functions();
}

}  // namespace turntable::sql
