// Times from texts and numbers, and back:
// https://www.postgresql.org/docs/15/functions-formatting.html. The time zone is UTC. Parts of
// times are in time_parts.cc.
#include <fmt/format.h>

#include <cmath>

#include "base/text.h"
#include "sql/builtins.h"
#include "sql/calendar.h"
#include "sql/functions/clock.h"
#include "sql/functions/made_times.h"
#include "sql/functions/time_range.h"
#include "sql/loops.h"
#include "sql/time_format.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

// --- to_timestamp, to_char

template <TimeFormat::Use use>
Result<std::shared_ptr<const Prepared>> prepare_format(std::string_view pattern) {
  ASSIGN_OR_RETURN(TimeFormat format, TimeFormat::compile(pattern, use));
  return std::make_shared<const TimeFormat>(std::move(format));
}

// Events come in the order of their times, more or less, and many have the minute or the day of the
// one before: reading and printing times repeats.
struct TextToTimestamp {
  static constexpr bool kRepeats = true;
  static std::optional<int64_t> call(const TimeFormat& format, std::string_view text) {
    return format.parse(text);
  }
  static Reason why(const TimeFormat& format, std::string_view text) {
    return {RejectCode::bad_value, fmt::format("'{}' does not fit the form '{}'", printable(text),
                                               printable(format.pattern()))};
  }
};

struct TextToDate {
  static constexpr bool kRepeats = true;
  static std::optional<int32_t> call(const TimeFormat& format, std::string_view text) {
    const auto micros = format.parse(text);
    if (!micros) return std::nullopt;
    return static_cast<int32_t>(floor_divide(*micros, kMicrosPerDay));
  }
  static Reason why(const TimeFormat& format, std::string_view text) {
    return TextToTimestamp::why(format, text);
  }
};

struct TimestampToChar {
  static constexpr bool kRepeats = true;
  static std::optional<std::string_view> call(const TimeFormat& format, int64_t micros,
                                              Arena& arena) {
    if (is_infinite_time(micros)) return std::nullopt;
    return format.print(micros, arena);
  }
  static Reason why(const TimeFormat&, int64_t, Arena&) {
    return {RejectCode::out_of_range, "an infinite time has no such form"};
  }
};

struct SecondsToTimestamp {
  static std::optional<int64_t> call(double seconds) {
    if (std::isinf(seconds)) return infinity_like<int64_t>(seconds);
    if (!(seconds >= static_cast<double>(kFirstSecond) &&
          seconds < static_cast<double>(kEndSecond)))
      return std::nullopt;
    // By way of 2000-01-01, as PostgreSQL counts: the last digit of a microsecond depends on it.
    constexpr int64_t kSecondsTo2000 = 946'684'800;
    return std::llrint((seconds - kSecondsTo2000) * 1e6) + kSecondsTo2000 * kMicrosPerSecond;
  }
  static Reason why(double seconds) {
    return {RejectCode::out_of_range,
            fmt::format("{} seconds are out of range for timestamptz", float_text(seconds).view())};
  }
};

// --- make_timestamp, make_timestamptz

struct MakeTimestamp {
  static std::optional<int64_t> call(int32_t year, int32_t month, int32_t day, int32_t hour,
                                     int32_t minute, double seconds) {
    return made_clock(year, month, day, hour, minute, seconds);
  }
  static Reason why(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                    double seconds) {
    return no_such_clock(year, month, day, hour, minute, seconds);
  }
};

// --- The clock

// The same for all records of a batch, as PostgreSQL's is for all rows of a transaction.
void now(Frame& frame) {
  const int64_t time = clock_micros();
  for (const uint32_t row : frame.rows) frame.result.set(row, time);
}

struct ClockTimestamp {
  static int64_t call() { return clock_micros(); }
};

}  // namespace

std::vector<Function> time_functions() {
  constexpr Type text = Type::text;
  constexpr Type real = Type::float64;
  constexpr Type time = Type::timestamptz;
  std::vector<Function> all;
  all.push_back(function_of<TextToTimestamp>({.name = "to_timestamp",
                                              .arguments = {text, text},
                                              .result = time,
                                              .constant = 1,
                                              .prepare = prepare_format<TimeFormat::Use::parse>}));
  all.push_back(function_of<SecondsToTimestamp>(
      {.name = "to_timestamp", .arguments = {real}, .result = time}));
  for (const Type of : {time, Type::timestamp})
    all.push_back(
        function_of<TimestampToChar>({.name = "to_char",
                                      .arguments = {of, text},
                                      .result = text,
                                      .constant = 1,
                                      .prepare = prepare_format<TimeFormat::Use::print>}));
  all.push_back(function_of<TextToDate>({.name = "to_date",
                                         .arguments = {text, text},
                                         .result = Type::date,
                                         .constant = 1,
                                         .prepare = prepare_format<TimeFormat::Use::parse>}));
  constexpr Type whole = Type::int32;
  all.push_back(function_of<MakeTimestamp>({.name = "make_timestamptz",
                                            .arguments = {whole, whole, whole, whole, whole, real},
                                            .result = time}));
  all.push_back(function_of<MakeTimestamp>({.name = "make_timestamp",
                                            .arguments = {whole, whole, whole, whole, whole, real},
                                            .result = Type::timestamp}));
  all.push_back({.name = "now",
                 .arguments = {},
                 .result = time,
                 .loop = now,
                 .is_volatile = true,
                 .once_a_batch = true});
  Function clock = function_of<ClockTimestamp>(
      {.name = "clock_timestamp", .arguments = {}, .result = time, .is_volatile = true});
  all.push_back(std::move(clock));
  return all;
}

}  // namespace turntable::sql
