// Operators and functions on intervals:
// https://www.postgresql.org/docs/15/functions-datetime.html. The length of a month and of a day
// counts only where a fraction of one is wanted: then a month has 30 days, and a day 24 hours.

#include <array>
#include <cmath>
#include <limits>

#include "sql/builtins.h"
#include "sql/calendar.h"
#include "sql/functions/clock.h"
#include "sql/functions/time_range.h"
#include "sql/functions/time_shift.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace intervals {
namespace {

constexpr int32_t kDaysPerMonth = 30;
constexpr double kSecondsPerDay = 86'400;

Reason interval_out_of_range() {
  return {RejectCode::out_of_range, "the result is out of range for interval"};
}

// --- Sums

struct Plus {
  static std::optional<Interval> call(const Interval& left, const Interval& right) {
    Interval out;
    if (__builtin_add_overflow(left.micros, right.micros, &out.micros) ||
        __builtin_add_overflow(left.days, right.days, &out.days) ||
        __builtin_add_overflow(left.months, right.months, &out.months))
      return std::nullopt;
    return out;
  }
  static Reason why(const Interval&, const Interval&) { return interval_out_of_range(); }
};

struct Minus {
  static std::optional<Interval> call(const Interval& left, const Interval& right) {
    Interval out;
    if (__builtin_sub_overflow(left.micros, right.micros, &out.micros) ||
        __builtin_sub_overflow(left.days, right.days, &out.days) ||
        __builtin_sub_overflow(left.months, right.months, &out.months))
      return std::nullopt;
    return out;
  }
  static Reason why(const Interval&, const Interval&) { return interval_out_of_range(); }
};

struct Negate {
  static std::optional<Interval> call(const Interval& interval) { return negated(interval); }
  static Reason why(const Interval&) { return interval_out_of_range(); }
};

// --- Products

// As PostgreSQL cuts what comes of its doubles.
double to_micros(double seconds) {
  return std::rint(seconds * 1e6) / 1e6;
}

template <class T>
std::optional<T> whole_part(double value) {
  constexpr auto kLowest = static_cast<double>(std::numeric_limits<T>::min());
  if (!(value >= kLowest && value < -kLowest)) return std::nullopt;
  return static_cast<T>(value);
}

// The parts multiplied, each with its fraction handed down to the next.
std::optional<Interval> cascaded(double months, double days, double micros) {
  const auto whole_months = whole_part<int32_t>(months);
  const auto whole_days = whole_part<int32_t>(days);
  if (!whole_months || !whole_days) return std::nullopt;
  const double days_of_months = to_micros((months - *whole_months) * kDaysPerMonth);
  const auto whole_days_of_months = static_cast<int32_t>(days_of_months);
  double seconds =
      to_micros((days - *whole_days + days_of_months - whole_days_of_months) * kSecondsPerDay);
  int64_t all_days = int64_t{*whole_days} + whole_days_of_months;
  if (std::fabs(seconds) >= kSecondsPerDay) {
    const auto days_of_seconds = static_cast<int32_t>(seconds / kSecondsPerDay);
    all_days += days_of_seconds;
    seconds -= days_of_seconds * kSecondsPerDay;
  }
  const auto whole_micros = whole_part<int64_t>(std::rint(micros + seconds * 1e6));
  if (!whole_micros || all_days != static_cast<int32_t>(all_days)) return std::nullopt;
  return Interval{
      .micros = *whole_micros, .days = static_cast<int32_t>(all_days), .months = *whole_months};
}

std::optional<Interval> multiplied(const Interval& interval, double by) {
  return cascaded(interval.months * by, interval.days * by,
                  static_cast<double>(interval.micros) * by);
}

struct Times {
  static std::optional<Interval> call(const Interval& interval, double by) {
    return multiplied(interval, by);
  }
  static Reason why(const Interval&, double) { return interval_out_of_range(); }
};

struct TimesInterval {
  static std::optional<Interval> call(double by, const Interval& interval) {
    return multiplied(interval, by);
  }
  static Reason why(double, const Interval&) { return interval_out_of_range(); }
};

struct Divide {
  static std::optional<Interval> call(const Interval& interval, double by) {
    if (by == 0) return std::nullopt;
    return cascaded(interval.months / by, interval.days / by,
                    static_cast<double>(interval.micros) / by);
  }
  static Reason why(const Interval&, double by) {
    if (by == 0) return {RejectCode::bad_value, "division by zero"};
    return interval_out_of_range();
  }
};

// --- justify_…

// Moves whole units of `low` into `high`.
bool carry(int64_t& low, int32_t& high, int64_t length) {
  const int64_t whole = low / length;
  low -= whole * length;
  const int64_t sum = high + whole;
  high = static_cast<int32_t>(sum);
  return sum == high;
}

// Gives both the same sign.
void align(int64_t& low, int32_t& high, int64_t length) {
  if (high > 0 && low < 0) {
    low += length;
    --high;
  } else if (high < 0 && low > 0) {
    low -= length;
    ++high;
  }
}

struct JustifyHours {
  static std::optional<Interval> call(const Interval& interval) {
    Interval out = interval;
    if (!carry(out.micros, out.days, kMicrosPerDay)) return std::nullopt;
    align(out.micros, out.days, kMicrosPerDay);
    return out;
  }
  static Reason why(const Interval&) { return interval_out_of_range(); }
};

struct JustifyDays {
  static std::optional<Interval> call(const Interval& interval) {
    Interval out = interval;
    int64_t days = out.days;
    if (!carry(days, out.months, kDaysPerMonth)) return std::nullopt;
    align(days, out.months, kDaysPerMonth);
    out.days = static_cast<int32_t>(days);
    return out;
  }
  static Reason why(const Interval&) { return interval_out_of_range(); }
};

struct JustifyInterval {
  static std::optional<Interval> call(const Interval& interval) {
    Interval out = interval;
    int64_t days = out.days + out.micros / kMicrosPerDay;
    out.micros %= kMicrosPerDay;
    if (!carry(days, out.months, kDaysPerMonth)) return std::nullopt;
    if (out.months > 0 && (days < 0 || (days == 0 && out.micros < 0))) {
      days += kDaysPerMonth;
      --out.months;
    } else if (out.months < 0 && (days > 0 || (days == 0 && out.micros > 0))) {
      days -= kDaysPerMonth;
      ++out.months;
    }
    out.days = static_cast<int32_t>(days);
    align(out.micros, out.days, kMicrosPerDay);
    return out;
  }
  static Reason why(const Interval&) { return interval_out_of_range(); }
};

// --- age

// The years, months, days and hours from one clock to the other, counted as a person does: from 31
// January to 1 March is 1 month and 1 day.
struct Age {
  static std::optional<Interval> call(int64_t later, int64_t earlier) {
    if (is_infinite_time(later) || is_infinite_time(earlier)) return std::nullopt;
    const bool backwards = later < earlier;
    if (backwards) std::swap(later, earlier);
    const Moment to = moment_of(later);
    const Moment from = moment_of(earlier);
    int64_t micros = micros_of_day(later) - micros_of_day(earlier);
    int64_t days = to.date.day - from.date.day;
    int64_t months = (to.date.year - from.date.year) * 12 + to.date.month - from.date.month;
    if (micros < 0) {
      micros += kMicrosPerDay;
      --days;
    }
    if (days < 0) {
      days += days_in_month(from.date.year, from.date.month);
      --months;
    }
    const int sign = backwards ? -1 : 1;
    return Interval{.micros = micros * sign,
                    .days = static_cast<int32_t>(days) * sign,
                    .months = static_cast<int32_t>(months) * sign};
  }
  static Reason why(int64_t, int64_t) {
    return {RejectCode::out_of_range, "an infinite time has no age"};
  }
};

// Until the midnight that began this day, which is the same for all records of a batch.
void age_until_today(Frame& frame) {
  const int64_t now = clock_micros();
  const int64_t today = now - micros_of_day(now);
  const Column& births = *frame.arguments[0];
  for (const uint32_t row : frame.rows) {
    frame.result.states()[row] = births.state(row);
    if (births.state(row) != State::value) continue;
    const auto age = Age::call(today, births.get<int64_t>(row));
    if (age) {
      frame.result.set(row, *age);
    } else {
      frame.result.states()[row] = State::failed;
    }
  }
}

Reason why_no_age(const CallInput&, uint32_t) {
  return Age::why(0, 0);
}

// --- date_bin

struct DateBin {
  static std::optional<int64_t> call(const Interval& stride, int64_t time, int64_t origin) {
    if (is_infinite_time(time)) return time;
    const Int128 length = length_of(stride);
    // PostgreSQL, too, refuses strides and distances that int64_t cannot hold.
    if (stride.months != 0 || length <= 0 || length > std::numeric_limits<int64_t>::max())
      return std::nullopt;
    int64_t distance = 0;
    if (is_infinite_time(origin) || __builtin_sub_overflow(time, origin, &distance))
      return std::nullopt;
    const auto whole = static_cast<int64_t>(length);
    int64_t rest = distance % whole;
    if (rest < 0) rest += whole;
    int64_t begin = 0;
    return __builtin_sub_overflow(time, rest, &begin) ? std::nullopt : in_range(begin);
  }
  static Reason why(const Interval& stride, int64_t, int64_t) {
    if (stride.months != 0)
      return {RejectCode::bad_value, "a stride with months or years has no fixed length"};
    if (length_of(stride) <= 0) return {RejectCode::bad_value, "the stride must be longer than 0"};
    return {RejectCode::out_of_range,
            "the stride or the way from the origin is too long, or the bin begins before the first "
            "time "
            "there is"};
  }
};

// --- make_interval

std::optional<Interval> made_of(int32_t years, int32_t months, int32_t weeks, int32_t days,
                                int32_t hours, int32_t minutes, double seconds) {
  const int64_t all_months = int64_t{years} * 12 + months;
  const int64_t all_days = int64_t{weeks} * 7 + days;
  const auto micros = whole_part<int64_t>(std::rint(seconds * 1e6));
  int64_t sum = 0;
  if (all_months != static_cast<int32_t>(all_months) ||
      all_days != static_cast<int32_t>(all_days) || !micros ||
      __builtin_add_overflow((int64_t{hours} * 60 + minutes) * 60 * kMicrosPerSecond, *micros,
                             &sum))
    return std::nullopt;
  return Interval{.micros = sum,
                  .days = static_cast<int32_t>(all_days),
                  .months = static_cast<int32_t>(all_months)};
}

// The parts that are not said are 0.
template <class... Whole>
struct MakeInterval {
  static std::optional<Interval> call(Whole... parts) {
    const std::array<int32_t, 6> all{parts...};
    return made_of(all[0], all[1], all[2], all[3], all[4], all[5], 0);
  }
  static Reason why(Whole...) { return interval_out_of_range(); }
};

struct MakeIntervalOfAll {
  static std::optional<Interval> call(int32_t years, int32_t months, int32_t weeks, int32_t days,
                                      int32_t hours, int32_t minutes, double seconds) {
    return made_of(years, months, weeks, days, hours, minutes, seconds);
  }
  static Reason why(int32_t, int32_t, int32_t, int32_t, int32_t, int32_t, double) {
    return interval_out_of_range();
  }
};

template <size_t count, class... Whole>
void add_make_interval(std::vector<Function>& all) {
  all.push_back(function_of<MakeInterval<Whole...>>(
      {.name = "make_interval",
       .arguments = std::vector<Type>(sizeof...(Whole), Type::int32),
       .result = Type::interval}));
  if constexpr (count > 0) add_make_interval<count - 1, Whole..., int32_t>(all);
}

Function of_intervals(std::string_view name, std::vector<Type> arguments) {
  return {.name = name,
          .arguments = std::move(arguments),
          .result = Type::interval,
          .kind = Kind::operation};
}

std::vector<Function> all_functions() {
  using enum Type;
  std::vector<Function> all;
  all.push_back(function_of<Plus>(of_intervals("+", {interval, interval})));
  all.push_back(function_of<Minus>(of_intervals("-", {interval, interval})));
  all.push_back(function_of<Negate>(of_intervals("-", {interval})));
  all.push_back(function_of<Times>(of_intervals("*", {interval, float64})));
  all.push_back(function_of<TimesInterval>(of_intervals("*", {float64, interval})));
  all.push_back(function_of<Divide>(of_intervals("/", {interval, float64})));
  const auto add_justified = [&]<class F>(std::string_view name) {
    all.push_back(function_of<F>({.name = name, .arguments = {interval}, .result = interval}));
  };
  add_justified.operator()<JustifyHours>("justify_hours");
  add_justified.operator()<JustifyDays>("justify_days");
  add_justified.operator()<JustifyInterval>("justify_interval");
  for (const Type point : {timestamp, timestamptz}) {
    all.push_back(
        function_of<Age>({.name = "age", .arguments = {point, point}, .result = interval}));
    all.push_back({.name = "age",
                   .arguments = {point},
                   .result = interval,
                   .loop = age_until_today,
                   .explain = why_no_age,
                   .is_volatile = true,
                   .once_a_batch = true});
    all.push_back(function_of<DateBin>(
        {.name = "date_bin", .arguments = {interval, point, point}, .result = point}));
  }
  add_make_interval<5, int32_t>(all);
  all.push_back(function_of<MakeIntervalOfAll>(
      {.name = "make_interval",
       .arguments = {int32, int32, int32, int32, int32, int32, float64},
       .result = interval}));
  return all;
}

}  // namespace
}  // namespace intervals

std::vector<Function> interval_functions() {
  return intervals::all_functions();
}

}  // namespace turntable::sql
