// A time by the wall clock as write times count it.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace turntable {

// Microseconds since 1970.
[[nodiscard]] inline int64_t micros_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

}  // namespace turntable
