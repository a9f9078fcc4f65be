// The session's zone is UTC: a timestamp and a timestamptz that are cast to one another show the
// same clock.
#include "sql/time_casts.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "sql/calendar.h"
#include "sql/cast_row.h"
#include "sql/functions/time_range.h"
#include "sql/time_text.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

template <Type to>
struct DateToTime {
  static std::optional<int64_t> call(int32_t date) { return time_of_date(date); }
  static Reason why(int32_t days) {
    return {RejectCode::out_of_range,
            fmt::format("{} is out of range for {}", date_text(days).view(), sql_name(to))};
  }
};

struct TimeToDate {
  static int32_t call(int64_t micros) {
    if (is_infinite_time(micros)) return infinity_like<int32_t>(micros);
    return static_cast<int32_t>(floor_divide(micros, kMicrosPerDay));
  }
};

struct TimeToTimeOfDay {
  static std::optional<int64_t> call(int64_t micros) {
    return is_infinite_time(micros) ? std::nullopt : std::optional(micros_of_day(micros));
  }
  static Reason why(int64_t) {
    return {RejectCode::out_of_range, "an infinite time has no time of day"};
  }
};

struct SameClock {
  static int64_t call(int64_t micros) { return micros; }
};

struct TimeOfDayToInterval {
  static Interval call(int64_t micros) { return {.micros = micros}; }
};

// Months and days are left out.
struct IntervalToTimeOfDay {
  static int64_t call(const Interval& interval) { return micros_of_day(interval.micros); }
};

// "infinity" or "-infinity" in any case, with blanks around it.
template <class T>
std::optional<T> read_infinity(std::string_view text) {
  constexpr size_t kLongest = 9;
  text = trim(text);
  if (text.size() > kLongest) return std::nullopt;
  const std::string word = lowercase(text);
  if (word == "infinity") return kInfiniteTime<T>;
  return word == "-infinity" ? std::optional(kMinusInfiniteTime<T>) : std::nullopt;
}

template <Type to, Parsed<CppType<to>> (*parse)(std::string_view)>
struct TextToTime {
  static std::optional<CppType<to>> call(std::string_view text) {
    const auto parsed = parse(text);
    if constexpr (to == Type::time || to == Type::interval) {
      return parsed.value;
    } else {
      return parsed.value ? parsed.value : read_infinity<CppType<to>>(text);
    }
  }
  static Reason why(std::string_view text) {
    if (parse(text).failure == ParseFailure::range)
      return {RejectCode::out_of_range,
              fmt::format("'{}' is out of range for {}", printable(text), sql_name(to))};
    return {RejectCode::bad_value, fmt::format("'{}' is no {}", printable(text), sql_name(to))};
  }
};

// For keys, where times that are cut or rounded would fall together.
template <Type to, Parsed<int64_t> (*parse)(std::string_view)>
struct TextToWholeTime {
  static std::optional<int64_t> call(std::string_view text) {
    return TextToTime<to, parse>::call(text);
  }
  static Reason why(std::string_view text) {
    if (parse(text).failure != ParseFailure::digits) return TextToTime<to, parse>::why(text);
    return {
        RejectCode::out_of_range,
        fmt::format("'{}' has digits beyond microseconds, which {} cannot hold; it is in the "
                    "key, where {} times fall together",
                    printable(text), sql_name(to), to == Type::timestamptz ? "cut" : "rounded")};
  }
};

}  // namespace

// pg_cast of PostgreSQL 15.
std::vector<Cast> time_casts() {
  using enum Type;
  using enum CastContext;
  return {
      cast_row<DateToTime<timestamp>>(date, timestamp, implicit),
      cast_row<DateToTime<timestamptz>>(date, timestamptz, implicit),
      cast_row<TimeToDate>(timestamp, date, assignment),
      cast_row<TimeToTimeOfDay>(timestamp, time, assignment),
      cast_row<SameClock>(timestamp, timestamptz, implicit),
      cast_row<TimeToDate>(timestamptz, date, assignment),
      cast_row<TimeToTimeOfDay>(timestamptz, time, assignment),
      cast_row<SameClock>(timestamptz, timestamp, assignment),
      cast_row<TimeOfDayToInterval>(time, interval, implicit),
      cast_row<IntervalToTimeOfDay>(interval, time, assignment),

      cast_row<TextToTime<date, parse_date>>(text, date, on_demand),
      cast_row<TextToTime<time, parse_time>>(text, time, on_demand),
      cast_row<TextToTime<timestamp, parse_local_timestamp>>(text, timestamp, on_demand),
      cast_row<TextToTime<timestamptz, parse_timestamp>>(text, timestamptz, on_demand),
      cast_row<TextToTime<interval, parse_interval>>(text, interval, on_demand),
  };
}

const Function& whole_time_cast(Type to) {
  using enum Type;
  static const Cast kZoned = cast_row<TextToWholeTime<timestamptz, parse_whole_timestamp>>(
      text, timestamptz, CastContext::on_demand);
  static const Cast kLocal = cast_row<TextToWholeTime<timestamp, parse_whole_local_timestamp>>(
      text, timestamp, CastContext::on_demand);
  static const Cast kClock =
      cast_row<TextToWholeTime<time, parse_whole_time>>(text, time, CastContext::on_demand);
  CHECK(to == timestamptz || to == timestamp || to == time);
  return to == timestamptz ? kZoned.function : to == timestamp ? kLocal.function : kClock.function;
}

}  // namespace turntable::sql
