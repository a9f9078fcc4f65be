// What becomes of tombstones: Kafka's records without a value, which say that their key is no more.
#pragma once

#include <cstdint>

#include "row/record.h"

namespace turntable {

enum class Tombstones : uint8_t {
  dead_letter,  // A dead letter, as of any record that is no row.
  skip,         // Counted, and no more.
  delete_row,   // The row of its key goes, in every table.
};

// A value that is there and empty is a malformed one.
[[nodiscard]] inline bool is_tombstone(const Record& record) {
  return !record.has_value;
}

}  // namespace turntable
