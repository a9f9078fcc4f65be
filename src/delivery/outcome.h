// What becomes of a record, in one INSERT and altogether.
#pragma once

#include <cstddef>
#include <cstdint>

namespace turntable {

// From the best to the worst: a record's own outcome is the worst of those in its INSERTs.
enum class Outcome : uint8_t {
  filtered,   // The INSERT's WHERE left it out.
  tombstone,  // It has no value, and is passed over by wish.
  written,    // Its row is durable.
  deleted,    // It has no value, and the row of its key is gone for good.
  unmatched,  // A lookup has no row for it. Its dead letter is durable, or dropped by wish.
  rejected,   // It was malformed, or a value could not be taken. Its dead letter is durable.
};
inline constexpr size_t kOutcomes = 6;

}  // namespace turntable
