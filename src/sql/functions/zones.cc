// AT TIME ZONE, which is the function timezone, and what else takes a zone:
// https://www.postgresql.org/docs/15/functions-datetime.html#FUNCTIONS-DATETIME-ZONECONVERT. A zone
// that is a constant is looked up when the pipeline is bound.
#include <fmt/format.h>

#include "sql/builtins.h"
#include "sql/calendar.h"
#include "sql/functions/made_times.h"
#include "sql/functions/time_fields.h"
#include "sql/functions/time_range.h"
#include "sql/loops.h"
#include "sql/value_text.h"
#include "sql/zone.h"

namespace turntable::sql {
namespace zones {
namespace {

using Known = KnownZones<Zone::look_up>;
using KnownEast = KnownZones<Zone::look_up_east>;

template <Result<Zone> (*find)(std::string_view)>
Reason why_not(std::string_view zone, Type result) {
  if (const auto found = find(zone); !found) return {RejectCode::bad_value, found.error().message};
  return {RejectCode::out_of_range,
          fmt::format("the result is out of range for {}", sql_name(result))};
}

// `at`: the zone among the arguments that the loop sees; `written`: among all of them.
template <Result<Zone> (*find)(std::string_view), size_t at, size_t written>
std::optional<ConstantFault> check_zone(ConstantArguments arguments) {
  if (!arguments[at]) return std::nullopt;
  const auto found = find(*arguments[at]);
  if (found) return std::nullopt;
  return ConstantFault{.argument = written, .message = found.error().message};
}

struct ClockInZone {
  static std::optional<int64_t> call(std::string_view zone, int64_t time, Known& known) {
    if (is_infinite_time(time)) return time;
    const Zone* const found = known.zone(zone);
    return found != nullptr ? found->clock_at(time) : std::nullopt;
  }
  static Reason why(std::string_view zone, int64_t, Known&) {
    return why_not<Zone::find>(zone, Type::timestamp);
  }
};

struct TimeInZone {
  static std::optional<int64_t> call(std::string_view zone, int64_t clock, Known& known) {
    if (is_infinite_time(clock)) return clock;
    const Zone* const found = known.zone(zone);
    return found != nullptr ? found->time_of(clock) : std::nullopt;
  }
  static Reason why(std::string_view zone, int64_t, Known&) {
    return why_not<Zone::find>(zone, Type::timestamptz);
  }
};

// --- The zone as an interval: hours east of UTC

template <int sign, Type result>
struct WithOffset {
  static std::optional<int64_t> call(const Interval& offset, int64_t time) {
    if (is_infinite_time(time)) return time;
    if (offset.months != 0 || offset.days != 0) return std::nullopt;
    // PostgreSQL keeps an offset in 32 bits: of one beyond 68 years it takes what is left of it.
    const auto seconds = static_cast<int32_t>(offset.micros / kMicrosPerSecond);
    return sum_in_range(time, sign * (seconds * kMicrosPerSecond));
  }
  static Reason why(const Interval& offset, int64_t) {
    if (offset.months != 0 || offset.days != 0)
      return {RejectCode::bad_value, "a time zone has no months or days"};
    return {RejectCode::out_of_range,
            fmt::format("the result is out of range for {}", sql_name(result))};
  }
};

// --- date_trunc with a zone

struct TruncatedInZone {
  static std::optional<int64_t> call(const Unit& unit, int64_t time, std::string_view zone,
                                     Known& known) {
    if (is_infinite_time(time)) return time;
    const Zone* const found = known.zone(zone);
    if (found == nullptr) return std::nullopt;
    const int64_t offset = found->offset_at(time);
    int64_t clock = 0;
    if (__builtin_add_overflow(time, offset, &clock)) return std::nullopt;
    const auto begin = unit.begin_of(clock);
    if (!begin) return std::nullopt;
    // Within a day the offset is the time's own, also where the clock shows an hour twice.
    return unit.is_within_day ? sum_in_range(*begin, -offset) : found->time_of(*begin);
  }
  static Reason why(const Unit&, int64_t, std::string_view zone, Known&) {
    return why_not<Zone::find>(zone, Type::timestamptz);
  }
};

// --- make_timestamptz with a zone

struct MadeInZone {
  static std::optional<int64_t> call(int32_t year, int32_t month, int32_t day, int32_t hour,
                                     int32_t minute, double seconds, std::string_view zone,
                                     KnownEast& known) {
    const auto clock = made_clock(year, month, day, hour, minute, seconds);
    const Zone* const found = clock ? known.zone(zone) : nullptr;
    return found != nullptr ? found->time_of(*clock) : std::nullopt;
  }
  static Reason why(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                    double seconds, std::string_view zone, KnownEast&) {
    if (made_clock(year, month, day, hour, minute, seconds))
      return why_not<Zone::find_east>(zone, Type::timestamptz);
    return no_such_clock(year, month, day, hour, minute, seconds);
  }
};

std::vector<Function> all_functions() {
  using enum Type;
  constexpr std::string_view name = "timezone";
  std::vector<Function> all;
  all.push_back(function_of<ClockInZone>({.name = name,
                                          .arguments = {text, timestamptz},
                                          .result = timestamp,
                                          .check = check_zone<Zone::find, 0, 0>,
                                          .costly = true}));
  all.push_back(function_of<TimeInZone>({.name = name,
                                         .arguments = {text, timestamp},
                                         .result = timestamptz,
                                         .check = check_zone<Zone::find, 0, 0>,
                                         .costly = true}));
  all.push_back(function_of<WithOffset<1, timestamp>>(
      {.name = name, .arguments = {interval, timestamptz}, .result = timestamp}));
  all.push_back(function_of<WithOffset<-1, timestamptz>>(
      {.name = name, .arguments = {interval, timestamp}, .result = timestamptz}));
  all.push_back(function_of<TruncatedInZone>({.name = "date_trunc",
                                              .arguments = {text, timestamptz, text},
                                              .result = timestamptz,
                                              .check = check_zone<Zone::find, 1, 2>,
                                              .constant = 0,
                                              .prepare = prepare_unit,
                                              .costly = true}));
  all.push_back(
      function_of<MadeInZone>({.name = "make_timestamptz",
                               .arguments = {int32, int32, int32, int32, int32, float64, text},
                               .result = timestamptz,
                               .check = check_zone<Zone::find_east, 6, 6>,
                               .costly = true}));
  return all;
}

}  // namespace
}  // namespace zones

std::vector<Function> zone_functions() {
  return zones::all_functions();
}

}  // namespace turntable::sql
