// Dates and times out of numbers, for make_date, make_time, make_timestamp and make_timestamptz.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <optional>

#include "sql/calendar.h"
#include "sql/functions.h"
#include "sql/functions/time_range.h"
#include "sql/value_text.h"

namespace turntable::sql {

// Days since 1970. There is no year 0; -1 is 1 BC.
inline std::optional<int64_t> made_days(int32_t year, int32_t month, int32_t day) {
  const int64_t calendar_year = year < 0 ? int64_t{year} + 1 : year;
  if (year == 0 || month < 1 || month > 12 || day < 1 || day > days_in_month(calendar_year, month))
    return std::nullopt;
  return days_of({calendar_year, month, day});
}

// Microseconds since midnight. The end of the day may be its hour 24, the end of a minute its
// second 60.
inline std::optional<int64_t> made_time_of_day(int32_t hour, int32_t minute, double seconds) {
  const double micros = std::rint(seconds * 1e6);
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(micros >= 0 && micros <= 60e6))
    return std::nullopt;
  const int64_t in_day =
      (hour * int64_t{60} + minute) * 60 * kMicrosPerSecond + static_cast<int64_t>(micros);
  return in_day <= kMicrosPerDay ? std::optional(in_day) : std::nullopt;
}

inline std::optional<int64_t> made_clock(int32_t year, int32_t month, int32_t day, int32_t hour,
                                         int32_t minute, double seconds) {
  const auto days = made_days(year, month, day);
  const auto midnight = days ? midnight_of(*days) : std::nullopt;
  const auto in_day = made_time_of_day(hour, minute, seconds);
  return midnight && in_day ? sum_in_range(*midnight, *in_day) : std::nullopt;
}

inline Reason no_such_clock(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute,
                            double seconds) {
  return {RejectCode::out_of_range, fmt::format("there is no time {}-{}-{} {}:{}:{}", year, month,
                                                day, hour, minute, float_text(seconds).view())};
}

}  // namespace turntable::sql
