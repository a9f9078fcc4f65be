// The times that there are: PostgreSQL's first, and the last that int64_t holds as microseconds
// since 1970, which is in the year 294247. (PostgreSQL's is in 294276.)
#pragma once

#include <cstdint>
#include <optional>

#include "sql/calendar.h"

namespace turntable::sql {

inline constexpr int64_t kFirstSecond = -210'866'803'200;  // 4714-11-24 BC
inline constexpr int64_t kEndSecond = 9'223'372'036'854;

inline std::optional<int64_t> in_range(int64_t micros) {
  return micros >= kFirstSecond * kMicrosPerSecond ? std::optional(micros) : std::nullopt;
}

}  // namespace turntable::sql
