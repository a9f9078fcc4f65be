// Parts of dates, times of day and intervals: extract, date_part, and date_trunc of intervals.
// https://www.postgresql.org/docs/15/functions-datetime.html. time_parts.cc has those of points in
// time.
#include <array>
#include <optional>
#include <span>
#include <type_traits>

#include "sql/builtins.h"
#include "sql/functions/time_fields.h"
#include "sql/functions/time_range.h"
#include "sql/loops.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace date_parts {
namespace {

// --- Dates

// PostgreSQL's date_part of a date is that of its midnight, which not every date has as a
// timestamp, and knows the fields of a time of day too.
template <class Compute, bool turning>
struct AtMidnight {
  static std::optional<double> call(int32_t date) {
    if (!time_of_date(date) || (turning && is_infinite_time(date))) return std::nullopt;
    return GrowingFieldOf<double, int32_t, Compute>::call(date);
  }
  static Reason why(int32_t date) {
    if (is_infinite_time(date))
      return {RejectCode::out_of_range, "an infinite time has no such field"};
    return {RejectCode::out_of_range,
            fmt::format("{} is out of range for timestamp", date_text(date).view())};
  }
};

// Of extract where R is Numeric.
template <class R, class Compute>
constexpr Choice growing_of_date(std::string_view name, Compute compute) {
  if constexpr (std::is_same_v<R, Numeric>) {
    return growing<R, int32_t>(name, compute);
  } else {
    return choice_of<AtMidnight<Compute, false>>(name);
  }
}
template <class R, class Compute>
constexpr Choice turning_of_date(std::string_view name, Compute compute) {
  if constexpr (std::is_same_v<R, Numeric>) {
    return turning<R, int32_t>(name, compute);
  } else {
    return choice_of<AtMidnight<Compute, true>>(name);
  }
}

// Those of a time of day, which are 0, come last.
template <class R>
constexpr auto date_fields() {
  using D = int32_t;
  constexpr auto zero = [](D) { return 0; };
  return std::array{
      growing_of_date<R>("year", [](D d) { return without_zero(date_of(d).year); }),
      turning_of_date<R>("month", [](D d) { return date_of(d).month; }),
      turning_of_date<R>("day", [](D d) { return date_of(d).day; }),
      growing_of_date<R>("epoch", [](D d) { return int64_t{d} * 86'400; }),
      turning_of_date<R>("dow", [](D d) { return day_of_week(d); }),
      turning_of_date<R>("isodow", [](D d) { return from_monday(d) + 1; }),
      turning_of_date<R>("doy", [](D d) { return day_of_year(date_of(d)); }),
      turning_of_date<R>("week", [](D d) { return iso_week(d).week; }),
      growing_of_date<R>("isoyear", [](D d) { return without_zero(iso_week(d).year); }),
      turning_of_date<R>("quarter", [](D d) { return (date_of(d).month - 1) / 3 + 1; }),
      growing_of_date<R>("decade", [](D d) { return decade(date_of(d).year); }),
      growing_of_date<R>("century", [](D d) { return count_of(date_of(d).year, 100); }),
      growing_of_date<R>("millennium", [](D d) { return count_of(date_of(d).year, 1000); }),
      growing_of_date<R>("julian", [](D d) { return d + kJulianDayOf1970; }),
      turning_of_date<R>("hour", zero),
      turning_of_date<R>("minute", zero),
      turning_of_date<R>("second", zero),
      turning_of_date<R>("milliseconds", zero),
      turning_of_date<R>("microseconds", zero),
  };
}

constexpr size_t kClockFields = 5;
constexpr auto kExtractedOfDate = date_fields<Numeric>();
constexpr auto kPartsOfDate = date_fields<double>();
constexpr Choices kExtractedOfDates{
    "a date", std::span(kExtractedOfDate).first(kExtractedOfDate.size() - kClockFields)};
constexpr Choices kPartsOfDates{"a date", kPartsOfDate};

// --- Times of day

template <class R>
constexpr auto clock_fields() {
  using T = int64_t;
  return std::array{
      field<R, T>("hour", [](T t) { return t / kMicrosPerHour; }),
      field<R, T>("minute", [](T t) { return t / kMicrosPerMinute % 60; }),
      field<R, T>("second", [](T t) { return seconds_field<R>(t % kMicrosPerMinute); }),
      field<R, T>("milliseconds", [](T t) { return millis_field<R>(t % kMicrosPerMinute); }),
      field<R, T>("microseconds", [](T t) { return t % kMicrosPerMinute; }),
      field<R, T>("epoch", [](T t) { return epoch_field<R>(t); }),
  };
}

constexpr auto kClockExtracted = clock_fields<Numeric>();
constexpr auto kClockParts = clock_fields<double>();
constexpr Choices kExtractedOfClocks{"a time of day", kClockExtracted};
constexpr Choices kPartsOfClocks{"a time of day", kClockParts};

// --- Intervals

// A year has 365.25 days where it is whole; other months have 30.
template <class R>
R interval_epoch(const Interval& interval) {
  constexpr int64_t kQuarterDay = 21'600;
  constexpr double kDay = 86'400;
  const int32_t years = interval.months / 12;
  const int32_t months = interval.months % 12;
  if constexpr (std::is_same_v<R, Numeric>) {
    const int64_t seconds =
        (int64_t{years} * 1461 + int64_t{months} * 120 + int64_t{interval.days} * 4) * kQuarterDay;
    return {.digits = Int128{seconds} * kMicrosPerSecond + interval.micros, .scale = 6};
  } else {
    R sum = epoch_field<R>(interval.micros);
    sum += 365.25 * kDay * years;
    sum += 30 * kDay * months;
    sum += kDay * interval.days;
    return sum;
  }
}

template <class R>
constexpr auto interval_fields() {
  using I = const Interval&;
  return std::array{
      field<R, I>("year", [](I i) { return i.months / 12; }),
      field<R, I>("month", [](I i) { return i.months % 12; }),
      field<R, I>("day", [](I i) { return i.days; }),
      field<R, I>("hour", [](I i) { return i.micros / kMicrosPerHour; }),
      field<R, I>("minute", [](I i) { return i.micros / kMicrosPerMinute % 60; }),
      field<R, I>("second", [](I i) { return seconds_field<R>(i.micros % kMicrosPerMinute); }),
      field<R, I>("milliseconds", [](I i) { return millis_field<R>(i.micros % kMicrosPerMinute); }),
      field<R, I>("microseconds", [](I i) { return i.micros % kMicrosPerMinute; }),
      field<R, I>("epoch", [](I i) { return interval_epoch<R>(i); }),
      field<R, I>("quarter", [](I i) { return i.months % 12 / 3 + 1; }),
      field<R, I>("decade", [](I i) { return i.months / 12 / 10; }),
      field<R, I>("century", [](I i) { return i.months / 12 / 100; }),
      field<R, I>("millennium", [](I i) { return i.months / 12 / 1000; }),
  };
}

constexpr auto kIntervalExtracted = interval_fields<Numeric>();
constexpr auto kIntervalParts = interval_fields<double>();
constexpr Choices kExtractedOfIntervals{"an interval", kIntervalExtracted};
constexpr Choices kPartsOfIntervals{"an interval", kIntervalParts};

// --- date_trunc of an interval

template <class Cut>
struct Truncated {
  static Interval call(const Interval& interval) { return Cut()(interval); }
};

template <class Cut>
constexpr Choice cut_to(std::string_view name, Cut) {
  return choice_of<Truncated<Cut>>(name);
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

std::vector<Function> all_functions() {
  using enum Type;
  return {
      of_failing_field("extract", date, numeric, prepare_choice<kExtractedOfDates>),
      of_failing_field("date_part", date, float64, prepare_choice<kPartsOfDates>),
      of_field("extract", time, numeric, prepare_choice<kExtractedOfClocks>),
      of_field("date_part", time, float64, prepare_choice<kPartsOfClocks>),
      of_field("extract", interval, numeric, prepare_choice<kExtractedOfIntervals>),
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
