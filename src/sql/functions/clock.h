// The time by the machine's own clock, for the functions whose value it is.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/micros.h"

namespace turntable::sql {

// Microseconds since 1970.
inline int64_t clock_micros() {
  return turntable::micros_of(std::chrono::system_clock::now());
}

}  // namespace turntable::sql
