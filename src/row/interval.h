// A span of time as PostgreSQL keeps it: months and days have no fixed length, so that they are
// counted by themselves. https://www.postgresql.org/docs/15/datatype-datetime.html
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "row/numeric.h"

namespace turntable {

struct Interval {
  int64_t micros = 0;
  int32_t days = 0;
  int32_t months = 0;

  // The same parts. SQL's `=` compares length_of().
  bool operator==(const Interval&) const = default;
};

// In microseconds, where a day has 24 hours and a month 30 days: what intervals are compared by.
[[nodiscard]] constexpr Int128 length_of(const Interval& interval) {
  constexpr int64_t kMicrosPerDay = 86'400'000'000;
  return Int128{interval.micros} + (Int128{interval.months} * 30 + interval.days) * kMicrosPerDay;
}

// As PostgreSQL writes it: "1 year 2 mons -3 days +04:05:06.07".
[[nodiscard]] std::string interval_text(const Interval& interval);

}  // namespace turntable
