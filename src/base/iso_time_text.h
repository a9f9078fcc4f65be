// A time as ISO 8601 writes it in UTC, with milliseconds: "2024-03-03T10:15:30.123Z".
#pragma once

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdint>
#include <ctime>
#include <string>

namespace turntable {

// `micros`: since 1970, of the clock of this machine, which is in the years that can be printed.
[[nodiscard]] inline std::string iso_time_text(int64_t micros) {
  const int64_t seconds = micros / 1'000'000 - (micros % 1'000'000 < 0 ? 1 : 0);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(seconds)),
                     (micros - seconds * 1'000'000) / 1000);
}

}  // namespace turntable
