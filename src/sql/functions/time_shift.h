// A point in time moved by an interval: months first, then days, then the rest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "row/interval.h"
#include "sql/calendar.h"
#include "sql/functions/time_range.h"

namespace turntable::sql {

// The last day of the month where the month has no such day: a month behind 31 January is 29
// February in a leap year. An infinite time stays where it is. Nothing where the time, or one on
// the way to it, is out of range.
inline std::optional<int64_t> shifted(int64_t micros, const Interval& by) {
  if (is_infinite_time(micros)) return micros;
  if (by.months != 0) {
    const Moment moment = moment_of(micros);
    const int64_t months = moment.date.year * 12 + (moment.date.month - 1) + by.months;
    const int64_t year = floor_divide(months, 12);
    const int month = static_cast<int>(months - year * 12) + 1;
    const int day = std::min(moment.date.day, days_in_month(year, month));
    const int64_t in_day = micros_of_day(micros);
    const auto midnight = midnight_of(days_of({year, month, day}));
    const auto moved = midnight ? sum_in_range(*midnight, in_day) : std::nullopt;
    if (!moved) return std::nullopt;
    micros = *moved;
  }
  if (by.days != 0) {
    // So many days may be more than int64_t holds, and end in range all the same.
    const Int128 moved = Int128{by.days} * kMicrosPerDay + micros;
    if (moved < kFirstSecond * kMicrosPerSecond || moved >= kInfiniteTime<int64_t>)
      return std::nullopt;
    micros = static_cast<int64_t>(moved);
  }
  return sum_in_range(micros, by.micros);
}

// The interval the other way round. Nothing where a part is the lowest of its type.
inline std::optional<Interval> negated(const Interval& interval) {
  Interval out;
  if (__builtin_sub_overflow(int64_t{0}, interval.micros, &out.micros) ||
      __builtin_sub_overflow(int32_t{0}, interval.days, &out.days) ||
      __builtin_sub_overflow(int32_t{0}, interval.months, &out.months))
    return std::nullopt;
  return out;
}

}  // namespace turntable::sql
