// Parts of times: https://www.postgresql.org/docs/15/functions-datetime.html. The time zone is UTC.
// extract gives a double, where PostgreSQL has numeric.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/text.h"
#include "sql/builtins.h"
#include "sql/calendar.h"
#include "sql/functions/time_fields.h"
#include "sql/functions/time_range.h"
#include "sql/loops.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

// The second of the minute with its fraction, in units of `unit` microseconds.
double seconds_in(int64_t micros, double unit) {
  const Moment moment = moment_of(micros);
  return (moment.second * 1e6 + moment.micros) / unit;
}

// The same as PostgreSQL's date_part adds it up, which is not always the double that is nearest.
double added_seconds(int64_t micros, double in_second, double unit) {
  const Moment moment = moment_of(micros);
  return moment.second * in_second + moment.micros / unit;
}

double julian(int64_t micros) {
  constexpr auto kDay = static_cast<long double>(kMicrosPerDay);
  return static_cast<double>(static_cast<long double>(kJulianDayOf1970) +
                             static_cast<long double>(micros) / kDay);
}

double added_julian(int64_t micros) {
  const Moment moment = moment_of(micros);
  const int whole_seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second;
  return static_cast<double>(day_number(micros) + kJulianDayOf1970) +
         (whole_seconds + moment.micros / 1e6) / 86'400.0;
}

// `Compute` is the type of a lambda that takes microseconds since 1970.
template <class Compute>
struct TimePart {
  static double call(int64_t micros) { return static_cast<double>(Compute()(micros)); }
};

template <class Compute>
constexpr Choice part(std::string_view name, Compute) {
  return {name, loop_of<TimePart<Compute>>};
}

int64_t year_of(int64_t micros) {
  return moment_of(micros).date.year;
}

// What extract and date_part have in common, and behind it what is different.
template <class Seconds, class Millis, class Julian>
constexpr auto parts(Seconds seconds, Millis millis, Julian julian_day) {
  return std::array{
      part("year", [](int64_t t) { return without_zero(year_of(t)); }),
      part("month", [](int64_t t) { return moment_of(t).date.month; }),
      part("day", [](int64_t t) { return moment_of(t).date.day; }),
      part("hour", [](int64_t t) { return seconds_of_day(t) / 3'600; }),
      part("minute", [](int64_t t) { return seconds_of_day(t) / 60 % 60; }),
      part("second", seconds),
      part("milliseconds", millis),
      part("microseconds", [](int64_t t) { return seconds_in(t, 1); }),
      part("epoch", [](int64_t t) { return static_cast<double>(t) / 1e6; }),
      part("dow", [](int64_t t) { return day_of_week(day_number(t)); }),
      part("isodow", [](int64_t t) { return from_monday(day_number(t)) + 1; }),
      part("doy", [](int64_t t) { return day_of_year(moment_of(t).date); }),
      part("week", [](int64_t t) { return iso_week(day_number(t)).week; }),
      part("isoyear", [](int64_t t) { return without_zero(iso_week(day_number(t)).year); }),
      part("quarter", [](int64_t t) { return (moment_of(t).date.month - 1) / 3 + 1; }),
      part("decade", [](int64_t t) { return decade(year_of(t)); }),
      part("century", [](int64_t t) { return count_of(year_of(t), 100); }),
      part("millennium", [](int64_t t) { return count_of(year_of(t), 1000); }),
      part("julian", julian_day),
      part("timezone", [](int64_t) { return 0; }),
      part("timezone_hour", [](int64_t) { return 0; }),
      part("timezone_minute", [](int64_t) { return 0; }),
  };
}

constexpr auto kExtracted =
    parts([](int64_t t) { return seconds_in(t, 1e6); },
          [](int64_t t) { return seconds_in(t, 1e3); }, [](int64_t t) { return julian(t); });
constexpr auto kDateParts = parts([](int64_t t) { return added_seconds(t, 1, 1e6); },
                                  [](int64_t t) { return added_seconds(t, 1e3, 1e3); },
                                  [](int64_t t) { return added_julian(t); });

// --- date_trunc

// `Truncate` is the type of a lambda that gives the beginning of what the time is in.
template <class Truncate>
struct DateTrunc {
  static std::optional<int64_t> call(int64_t micros) {
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
  return {name, loop_of<DateTrunc<Truncate>>,
          [](const CallInput& input, uint32_t row) {
            return loops::explain(input, row, &DateTrunc<Truncate>::why);
          },
          [](int64_t micros) { return std::optional<int64_t>(Truncate()(micros)); }};
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
    unit("minute", [](int64_t t) { return floor_to(t, 60 * kMicrosPerSecond); }),
    unit("hour", [](int64_t t) { return floor_to(t, 3600 * kMicrosPerSecond); }),
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

Function of_part(std::string_view name, Type of, Type result, Prepare prepare) {
  return {.name = name,
          .arguments = {Type::text, of},
          .result = result,
          .loop = run_chosen,
          .constant = 0,
          .prepare = prepare};
}

}  // namespace

Result<std::shared_ptr<const Prepared>> prepare_unit(std::string_view name) {
  ASSIGN_OR_RETURN(const Choice* const unit, find_choice(kTimeUnits, name));
  // They stand in the order of their lengths.
  const auto* const day = *find_choice(kTimeUnits, "day");
  return std::make_shared<const Unit>(unit->begin_of, unit < day);
}

std::vector<Function> time_part_functions() {
  constexpr Type zoned = Type::timestamptz;
  constexpr Type local = Type::timestamp;
  constexpr Type real = Type::float64;
  std::vector<Function> all{
      of_part("extract", zoned, real, prepare_choice<kExtractedOfZoned>),
      of_part("date_part", zoned, real, prepare_choice<kDatePartsOfZoned>),
      of_part("extract", local, real, prepare_choice<kExtractedOfLocal>),
      of_part("date_part", local, real, prepare_choice<kDatePartsOfLocal>),
  };
  for (const Type of : {zoned, local}) {
    Function trunc = of_part("date_trunc", of, of, prepare_choice<kTimeUnits>);
    trunc.explain = explain_chosen;
    all.push_back(std::move(trunc));
  }
  return all;
}

}  // namespace turntable::sql
