// Parts of dates, times of day and intervals: extract, date_part, and date_trunc of intervals.
// https://www.postgresql.org/docs/15/functions-datetime.html. time_parts.cc has those of points in
// time.
#include <array>
#include <cmath>

#include "sql/builtins.h"
#include "sql/functions/time_fields.h"
#include "sql/functions/time_range.h"
#include "sql/loops.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace date_parts {
namespace {

// `Compute` is the type of a lambda that takes a value.
template <class T, class Compute>
struct Part {
  static double call(T value) { return static_cast<double>(Compute()(value)); }
};

template <class Compute>
struct Part<Interval, Compute> {
  static double call(const Interval& value) { return static_cast<double>(Compute()(value)); }
};

template <class T, class Compute>
constexpr Choice part(std::string_view name, Compute) {
  return {.name = name, .loop = loop_of<Part<T, Compute>>};
}

// --- Dates

template <class Compute>
constexpr Choice of_date(std::string_view name, Compute compute) {
  return part<int32_t>(name, compute);
}

constexpr std::array kDateFields{
    of_date("year", [](int32_t d) { return without_zero(date_of(d).year); }),
    of_date("month", [](int32_t d) { return date_of(d).month; }),
    of_date("day", [](int32_t d) { return date_of(d).day; }),
    of_date("epoch", [](int32_t d) { return int64_t{d} * 86'400; }),
    of_date("dow", [](int32_t d) { return day_of_week(d); }),
    of_date("isodow", [](int32_t d) { return from_monday(d) + 1; }),
    of_date("doy", [](int32_t d) { return day_of_year(date_of(d)); }),
    of_date("week", [](int32_t d) { return iso_week(d).week; }),
    of_date("isoyear", [](int32_t d) { return without_zero(iso_week(d).year); }),
    of_date("quarter", [](int32_t d) { return (date_of(d).month - 1) / 3 + 1; }),
    of_date("decade", [](int32_t d) { return decade(date_of(d).year); }),
    of_date("century", [](int32_t d) { return count_of(date_of(d).year, 100); }),
    of_date("millennium", [](int32_t d) { return count_of(date_of(d).year, 1000); }),
    of_date("julian", [](int32_t d) { return d + kJulianDayOf1970; }),
};
constexpr Choices kFieldsOfDates{"a date", kDateFields};

// PostgreSQL's date_part of a date is that of its midnight, which not every date has as a
// timestamp, and knows the fields of a time of day too.
template <class Compute>
struct MidnightPart {
  static std::optional<double> call(int32_t date) {
    if (!midnight_of(date)) return std::nullopt;
    return static_cast<double>(Compute()(date));
  }
  static Reason why(int32_t date) {
    return {RejectCode::out_of_range,
            fmt::format("{} is out of range for timestamp", date_text(date).view())};
  }
};

template <class Compute>
constexpr Choice of_midnight(std::string_view name, Compute) {
  return {.name = name,
          .loop = loop_of<MidnightPart<Compute>>,
          .explain = [](const CallInput& input, uint32_t row) {
            return loops::explain(input, row, &MidnightPart<Compute>::why);
          }};
}

constexpr std::array kMidnightFields{
    of_midnight("year", [](int32_t d) { return without_zero(date_of(d).year); }),
    of_midnight("month", [](int32_t d) { return date_of(d).month; }),
    of_midnight("day", [](int32_t d) { return date_of(d).day; }),
    of_midnight("hour", [](int32_t) { return 0; }),
    of_midnight("minute", [](int32_t) { return 0; }),
    of_midnight("second", [](int32_t) { return 0; }),
    of_midnight("milliseconds", [](int32_t) { return 0; }),
    of_midnight("microseconds", [](int32_t) { return 0; }),
    of_midnight("epoch", [](int32_t d) { return int64_t{d} * 86'400; }),
    of_midnight("dow", [](int32_t d) { return day_of_week(d); }),
    of_midnight("isodow", [](int32_t d) { return from_monday(d) + 1; }),
    of_midnight("doy", [](int32_t d) { return day_of_year(date_of(d)); }),
    of_midnight("week", [](int32_t d) { return iso_week(d).week; }),
    of_midnight("isoyear", [](int32_t d) { return without_zero(iso_week(d).year); }),
    of_midnight("quarter", [](int32_t d) { return (date_of(d).month - 1) / 3 + 1; }),
    of_midnight("decade", [](int32_t d) { return decade(date_of(d).year); }),
    of_midnight("century", [](int32_t d) { return count_of(date_of(d).year, 100); }),
    of_midnight("millennium", [](int32_t d) { return count_of(date_of(d).year, 1000); }),
    of_midnight("julian", [](int32_t d) { return d + kJulianDayOf1970; }),
};
constexpr Choices kFieldsOfMidnights{"a date", kMidnightFields};

// --- Times of day

template <class Compute>
constexpr Choice of_clock(std::string_view name, Compute compute) {
  return part<int64_t>(name, compute);
}

constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;

double whole_seconds_of(int64_t micros) {
  return static_cast<double>(micros % kMicrosPerMinute / kMicrosPerSecond);
}
double micros_of_second(int64_t micros) {
  return static_cast<double>(micros % kMicrosPerSecond);
}

// What extract divides and date_part adds up is not always the same double.
constexpr std::array kClockExtracted{
    of_clock("hour", [](int64_t t) { return t / kMicrosPerHour; }),
    of_clock("minute", [](int64_t t) { return t / kMicrosPerMinute % 60; }),
    of_clock("second", [](int64_t t) { return static_cast<double>(t % kMicrosPerMinute) / 1e6; }),
    of_clock("milliseconds",
             [](int64_t t) { return static_cast<double>(t % kMicrosPerMinute) / 1e3; }),
    of_clock("microseconds", [](int64_t t) { return t % kMicrosPerMinute; }),
    of_clock("epoch", [](int64_t t) { return static_cast<double>(t) / 1e6; }),
};
constexpr std::array kClockParts{
    of_clock("hour", [](int64_t t) { return t / kMicrosPerHour; }),
    of_clock("minute", [](int64_t t) { return t / kMicrosPerMinute % 60; }),
    of_clock("second", [](int64_t t) { return whole_seconds_of(t) + micros_of_second(t) / 1e6; }),
    of_clock("milliseconds",
             [](int64_t t) { return whole_seconds_of(t) * 1e3 + micros_of_second(t) / 1e3; }),
    of_clock("microseconds", [](int64_t t) { return t % kMicrosPerMinute; }),
    of_clock("epoch", [](int64_t t) { return static_cast<double>(t) / 1e6; }),
};
constexpr Choices kExtractedOfClocks{"a time of day", kClockExtracted};
constexpr Choices kPartsOfClocks{"a time of day", kClockParts};

// --- Intervals

template <class Compute>
constexpr Choice of_interval(std::string_view name, Compute compute) {
  return part<Interval>(name, compute);
}

// What extract and date_part have in common, and behind it what is different.
template <class Second, class Millis, class Epoch>
constexpr auto interval_fields(Second second, Millis millis, Epoch epoch) {
  return std::array{
      of_interval("year", [](const Interval& i) { return i.months / 12; }),
      of_interval("month", [](const Interval& i) { return i.months % 12; }),
      of_interval("day", [](const Interval& i) { return i.days; }),
      of_interval("hour", [](const Interval& i) { return i.micros / kMicrosPerHour; }),
      of_interval("minute", [](const Interval& i) { return i.micros / kMicrosPerMinute % 60; }),
      of_interval("second", second),
      of_interval("milliseconds", millis),
      of_interval("microseconds", [](const Interval& i) { return i.micros % kMicrosPerMinute; }),
      of_interval("epoch", epoch),
      of_interval("quarter", [](const Interval& i) { return i.months % 12 / 3 + 1; }),
      of_interval("decade", [](const Interval& i) { return i.months / 12 / 10; }),
      of_interval("century", [](const Interval& i) { return i.months / 12 / 100; }),
      of_interval("millennium", [](const Interval& i) { return i.months / 12 / 1000; }),
  };
}

constexpr double kDay = 86'400;
constexpr double kYear = 365.25 * kDay;  // Of twelve months; others have 30 days.

double exact_epoch(const Interval& interval) {
  constexpr int64_t kQuarterDay = 21'600;
  const int64_t seconds = (int64_t{interval.months / 12} * 1461 +
                           int64_t{interval.months % 12} * 120 + int64_t{interval.days} * 4) *
                          kQuarterDay;
  const Int128 micros = Int128{seconds} * kMicrosPerSecond + interval.micros;
  return static_cast<double>(static_cast<long double>(micros) / 1e6L);
}

double added_epoch(const Interval& interval) {
  double sum = static_cast<double>(interval.micros) / 1e6;
  sum += kYear * (interval.months / 12);
  sum += 30 * kDay * (interval.months % 12);
  sum += kDay * interval.days;
  return sum;
}

constexpr auto kIntervalExtracted = interval_fields(
    [](const Interval& i) { return static_cast<double>(i.micros % kMicrosPerMinute) / 1e6; },
    [](const Interval& i) { return static_cast<double>(i.micros % kMicrosPerMinute) / 1e3; },
    [](const Interval& i) { return exact_epoch(i); });
constexpr auto kIntervalParts = interval_fields(
    [](const Interval& i) { return whole_seconds_of(i.micros) + micros_of_second(i.micros) / 1e6; },
    [](const Interval& i) {
      return whole_seconds_of(i.micros) * 1e3 + micros_of_second(i.micros) / 1e3;
    },
    [](const Interval& i) { return added_epoch(i); });
constexpr Choices kExtractedOfIntervals{"an interval", kIntervalExtracted};
constexpr Choices kPartsOfIntervals{"an interval", kIntervalParts};

// --- date_trunc of an interval

template <class Cut>
struct Truncated {
  static Interval call(const Interval& interval) { return Cut()(interval); }
};

template <class Cut>
constexpr Choice cut_to(std::string_view name, Cut) {
  return {.name = name, .loop = loop_of<Truncated<Cut>>};
}

template <int32_t months>
Interval whole_months(const Interval& interval) {
  return {.months = interval.months / months * months};
}

template <int64_t length>
Interval whole_micros(const Interval& interval) {
  Interval out = interval;
  out.micros = out.micros / length * length;
  return out;
}

constexpr std::array kIntervalUnits{
    cut_to("microseconds", [](const Interval& i) { return i; }),
    cut_to("milliseconds", [](const Interval& i) { return whole_micros<1000>(i); }),
    cut_to("second", [](const Interval& i) { return whole_micros<kMicrosPerSecond>(i); }),
    cut_to("minute", [](const Interval& i) { return whole_micros<kMicrosPerMinute>(i); }),
    cut_to("hour", [](const Interval& i) { return whole_micros<kMicrosPerHour>(i); }),
    cut_to("day", [](const Interval& i) { return Interval{.days = i.days, .months = i.months}; }),
    cut_to("month", [](const Interval& i) { return whole_months<1>(i); }),
    cut_to("quarter", [](const Interval& i) { return whole_months<3>(i); }),
    cut_to("year", [](const Interval& i) { return whole_months<12>(i); }),
    cut_to("decade", [](const Interval& i) { return whole_months<120>(i); }),
    cut_to("century", [](const Interval& i) { return whole_months<1200>(i); }),
    cut_to("millennium", [](const Interval& i) { return whole_months<12'000>(i); }),
};
constexpr Choices kUnitsOfIntervals{"an interval", kIntervalUnits};

Function of_field(std::string_view name, Type of, Type result, Prepare prepare) {
  return {.name = name,
          .arguments = {Type::text, of},
          .result = result,
          .loop = run_chosen,
          .constant = 0,
          .prepare = prepare};
}

std::vector<Function> all_functions() {
  using enum Type;
  Function of_midnights = of_field("date_part", date, float64, prepare_choice<kFieldsOfMidnights>);
  of_midnights.explain = explain_chosen;
  return {
      of_field("extract", date, float64, prepare_choice<kFieldsOfDates>),
      std::move(of_midnights),
      of_field("extract", time, float64, prepare_choice<kExtractedOfClocks>),
      of_field("date_part", time, float64, prepare_choice<kPartsOfClocks>),
      of_field("extract", interval, float64, prepare_choice<kExtractedOfIntervals>),
      of_field("date_part", interval, float64, prepare_choice<kPartsOfIntervals>),
      of_field("date_trunc", interval, interval, prepare_choice<kUnitsOfIntervals>),
  };
}

}  // namespace
}  // namespace date_parts

std::vector<Function> date_part_functions() {
  return date_parts::all_functions();
}

}  // namespace turntable::sql
