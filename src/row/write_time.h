// Write times: of two rows with one key, the one with the higher write time stands, whole. Who
// gives them, and when, is in delivery/write_times.h.
#pragma once

#include <cstdint>
#include <optional>

#include "row/record.h"

namespace turntable {

// Where a pipeline's records have their write times from.
enum class WriteTimeRule : uint8_t {
  none,      // The key tells all records apart: no two of them meet in a row, and none has a time.
  delivery,  // When it was delivered.
  record,    // The time that the record has from its producer; where it has none, as above.
};

// The record's own time in microseconds since 1970. Producers stamp what they like: a time that
// microseconds cannot hold is none.
[[nodiscard]] inline std::optional<int64_t> record_time_us(const Record& record) {
  int64_t micros = 0;
  if (record.timestamp_ms == kNoTimestamp ||
      __builtin_mul_overflow(record.timestamp_ms, 1000, &micros))
    return std::nullopt;
  return micros;
}

// The write time that a record's own time gives. Records of one millisecond keep their order as
// long as their offsets do not wrap around a thousand. Nothing where it has no time.
[[nodiscard]] inline std::optional<int64_t> record_write_time_us(const Record& record) {
  auto micros = record_time_us(record);
  if (!micros || __builtin_add_overflow(*micros, record.offset % 1000, &*micros))
    return std::nullopt;
  return micros;
}

}  // namespace turntable
