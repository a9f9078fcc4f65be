// An id that no other process or connection has chosen.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <random>
#include <string>

namespace turntable::sqlite {

[[nodiscard]] inline std::string random_id() {
  std::random_device device;
  const uint64_t high = device();
  return fmt::format("{:016x}", high << 32 | device());
}

}  // namespace turntable::sqlite
