// The times that there are, beside the infinite ones: from PostgreSQL's first to the last that
// int64_t holds as microseconds since 1970, but for infinity's, which is in the year 294247.
// (PostgreSQL's is in 294276.) Dates are PostgreSQL's.
#pragma once

#include <cstdint>
#include <optional>

#include "sql/calendar.h"

namespace turntable::sql {

inline constexpr int64_t kFirstSecond = -210'866'803'200;  // 4714-11-24 BC
inline constexpr int64_t kEndSecond = 9'223'372'036'854;

inline constexpr int64_t kFirstDay = -2'440'588;    // 4714-11-24 BC
inline constexpr int64_t kLastDay = 2'145'042'905;  // 5874897-12-31

inline std::optional<int64_t> in_range(int64_t micros) {
  const bool is_there = micros >= kFirstSecond * kMicrosPerSecond && !is_infinite_time(micros);
  return is_there ? std::optional(micros) : std::nullopt;
}

inline std::optional<int32_t> date_in_range(int64_t days) {
  return days >= kFirstDay && days <= kLastDay ? std::optional(static_cast<int32_t>(days))
                                               : std::nullopt;
}

// The point in time, or nothing where it is not one that there is.
inline std::optional<int64_t> midnight_of(int64_t days) {
  int64_t micros = 0;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &micros)) return std::nullopt;
  return in_range(micros);
}

// The midnight of a date that there is, or its infinity.
inline std::optional<int64_t> time_of_date(int32_t date) {
  return is_infinite_time(date) ? infinity_like<int64_t>(date) : midnight_of(date);
}

inline std::optional<int64_t> sum_in_range(int64_t micros, int64_t more) {
  int64_t sum = 0;
  if (__builtin_add_overflow(micros, more, &sum)) return std::nullopt;
  return in_range(sum);
}

}  // namespace turntable::sql
