// Parts of times: https://www.postgresql.org/docs/15/functions-datetime.html. The time zone is UTC.
#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "sql/builtins.h"
#include "sql/calendar.h"
#include "sql/functions/time_fields.h"
#include "sql/functions/time_range.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

int64_t year_of(int64_t micros) {
  return moment_of(micros).date.year;
}

int64_t micros_of_minute(int64_t micros) {
  return micros_of_day(micros) % kMicrosPerMinute;
}

// The day with its fraction.
template <class R>
R julian(int64_t micros) {
  const int64_t day = day_number(micros) + kJulianDayOf1970;
  const int64_t of_day = micros_of_day(micros);
  if constexpr (std::is_same_v<R, Numeric>) {
    const MaybeNumeric fraction = divide(numeric_of(of_day), numeric_of(kMicrosPerDay));
    CHECK(fraction);
    const MaybeNumeric sum = add(numeric_of(day), *fraction);
    CHECK(sum);
    return *sum;
  } else {
    return static_cast<R>(day) + (static_cast<R>(of_day / kMicrosPerSecond) +
                                  static_cast<R>(of_day % kMicrosPerSecond) / 1e6) /
                                     86'400.0;
  }
}

template <class R>
constexpr auto point_fields() {
  using T = int64_t;
  return std::array{
      growing<R, T>("year", [](T t) { return without_zero(year_of(t)); }),
      turning<R, T>("month", [](T t) { return moment_of(t).date.month; }),
      turning<R, T>("day", [](T t) { return moment_of(t).date.day; }),
      turning<R, T>("hour", [](T t) { return micros_of_day(t) / kMicrosPerHour; }),
      turning<R, T>("minute", [](T t) { return micros_of_day(t) / kMicrosPerMinute % 60; }),
      turning<R, T>("second", [](T t) { return seconds_field<R>(micros_of_minute(t)); }),
      turning<R, T>("milliseconds", [](T t) { return millis_field<R>(micros_of_minute(t)); }),
      turning<R, T>("microseconds", [](T t) { return micros_of_minute(t); }),
      growing<R, T>("epoch", [](T t) { return epoch_field<R>(t); }),
      turning<R, T>("dow", [](T t) { return day_of_week(day_number(t)); }),
      turning<R, T>("isodow", [](T t) { return from_monday(day_number(t)) + 1; }),
      turning<R, T>("doy", [](T t) { return day_of_year(moment_of(t).date); }),
      turning<R, T>("week", [](T t) { return iso_week(day_number(t)).week; }),
      growing<R, T>("isoyear", [](T t) { return without_zero(iso_week(day_number(t)).year); }),
      turning<R, T>("quarter", [](T t) { return (moment_of(t).date.month - 1) / 3 + 1; }),
      growing<R, T>("decade", [](T t) { return decade(year_of(t)); }),
      growing<R, T>("century", [](T t) { return count_of(year_of(t), 100); }),
      growing<R, T>("millennium", [](T t) { return count_of(year_of(t), 1000); }),
      growing<R, T>("julian", [](T t) { return julian<R>(t); }),
      turning<R, T>("timezone", [](T) { return 0; }),
      turning<R, T>("timezone_hour", [](T) { return 0; }),
      turning<R, T>("timezone_minute", [](T) { return 0; }),
  };
}

constexpr auto kExtracted = point_fields<Numeric>();
constexpr auto kDateParts = point_fields<double>();

// --- date_trunc

// `Truncate` is the type of a lambda that gives the beginning of what the time is in.
template <class Truncate>
struct DateTrunc {
  static std::optional<int64_t> call(int64_t micros) {
    if (is_infinite_time(micros)) return micros;
    const std::optional<int64_t> begin = Truncate()(micros);
    return begin ? in_range(*begin) : std::nullopt;
  }
  static Reason why(int64_t micros) {
    return {RejectCode::out_of_range,
            fmt::format("what {} is in begins before the first time there is",
                        timestamp_text(micros).view())};
  }
};

template <class Truncate>
constexpr Choice unit(std::string_view name, Truncate) {
  Choice choice = choice_of<DateTrunc<Truncate>>(name);
  choice.begin_of = [](int64_t micros) { return std::optional<int64_t>(Truncate()(micros)); };
  return choice;
}

std::optional<int64_t> floor_to(int64_t micros, int64_t length) {
  const int64_t rest = micros % length;
  int64_t begin = 0;
  if (__builtin_sub_overflow(micros, rest < 0 ? rest + length : rest, &begin)) return std::nullopt;
  return begin;
}

std::optional<int64_t> begin_of(int64_t year, int month = 1) {
  return micros_of({.date = {year, month, 1}});
}

// The first year of the century or millennium.
int64_t first_year(int64_t year, int64_t length) {
  const int64_t count = count_of(year, length);
  return count > 0 ? (count - 1) * length + 1 : count * length + 1;
}

constexpr std::array kUnits = {
    unit("microseconds", [](int64_t t) { return std::optional(t); }),
    unit("milliseconds", [](int64_t t) { return floor_to(t, 1000); }),
    unit("second", [](int64_t t) { return floor_to(t, kMicrosPerSecond); }),
    unit("minute", [](int64_t t) { return floor_to(t, kMicrosPerMinute); }),
    unit("hour", [](int64_t t) { return floor_to(t, kMicrosPerHour); }),
    unit("day", [](int64_t t) { return floor_to(t, kMicrosPerDay); }),
    unit("week",
         [](int64_t t) {
           const int64_t day = day_number(t);
           return micros_of({.date = date_of(day - from_monday(day))});
         }),
    unit("month",
         [](int64_t t) {
           const Date date = moment_of(t).date;
           return begin_of(date.year, date.month);
         }),
    unit("quarter",
         [](int64_t t) {
           const Date date = moment_of(t).date;
           return begin_of(date.year, (date.month - 1) / 3 * 3 + 1);
         }),
    unit("year", [](int64_t t) { return begin_of(year_of(t)); }),
    unit("decade", [](int64_t t) { return begin_of(decade(year_of(t)) * 10); }),
    unit("century", [](int64_t t) { return begin_of(first_year(year_of(t), 100)); }),
    unit("millennium", [](int64_t t) { return begin_of(first_year(year_of(t), 1000)); }),
};

// The last fields are of the time zone, which a timestamp has none of.
constexpr size_t kZoneFields = 3;
constexpr Choices kExtractedOfZoned{"a time", kExtracted};
constexpr Choices kDatePartsOfZoned{"a time", kDateParts};
constexpr Choices kExtractedOfLocal{"a timestamp",
                                    std::span(kExtracted).first(kExtracted.size() - kZoneFields)};
constexpr Choices kDatePartsOfLocal{"a timestamp",
                                    std::span(kDateParts).first(kDateParts.size() - kZoneFields)};
constexpr Choices kTimeUnits{"a time", kUnits};

}  // namespace

Result<std::shared_ptr<const Prepared>> prepare_unit(std::string_view name) {
  ASSIGN_OR_RETURN(const Choice* const unit, find_choice(kTimeUnits, name));
  // They stand in the order of their lengths.
  const auto* const day = *find_choice(kTimeUnits, "day");
  return std::make_shared<const Unit>(unit->begin_of, unit < day);
}

std::vector<Function> time_part_functions() {
  using enum Type;
  return {
      of_failing_field("extract", timestamptz, numeric, prepare_choice<kExtractedOfZoned>),
      of_failing_field("date_part", timestamptz, float64, prepare_choice<kDatePartsOfZoned>),
      of_failing_field("extract", timestamp, numeric, prepare_choice<kExtractedOfLocal>),
      of_failing_field("date_part", timestamp, float64, prepare_choice<kDatePartsOfLocal>),
      of_failing_field("date_trunc", timestamptz, timestamptz, prepare_choice<kTimeUnits>),
      of_failing_field("date_trunc", timestamp, timestamp, prepare_choice<kTimeUnits>),
  };
}

}  // namespace turntable::sql
