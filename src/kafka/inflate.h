// Bounds what compressed batches become in memory.
//
// A broker takes any batch that is small enough compressed, and a megabyte of it may inflate to a
// thousand. librdkafka bounds only what zstd makes of one batch, and nothing bounds what all
// batches of an answer make together. So the linker sends its calls to inflate (--wrap, see
// CMakeLists.txt) through here, where each is weighed before memory is given for it:
//
//   - A batch of more than kBatchBytesLimit is refused for good. Its partition cannot be read on,
//     and the run stops there, with nothing lost and nothing passed over.
//   - A batch for which there is no room beside the others waits: librdkafka asks for it again.
//     There is room again when the records that are held have found their place.
//
// Snappy batches in Java's framing are only counted, once they are inflated: snappy makes no more
// of a batch than 21 times its size.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/clock.h"

namespace turntable::kafka {

// Of one batch. Producers send batches of a megabyte or less, as it is before they compress it.
inline constexpr size_t kBatchBytesLimit = size_t{128} << 20;
// Of all batches that are inflated at one time, for each client that reads. Several times of what
// librdkafka's queue holds (queued.max.messages.kbytes).
inline constexpr size_t kInflatedBytesLimit = size_t{512} << 20;

// While it lives, the process may hold so much more. Every client that reads has one.
class InflateShare {
 public:
  explicit InflateShare(size_t bytes = kInflatedBytesLimit);
  ~InflateShare();
  InflateShare(const InflateShare&) = delete;
  InflateShare& operator=(const InflateShare&) = delete;

 private:
  size_t bytes_;
};

// Thread-safe. Bytes that batches of this process take now.
[[nodiscard]] size_t inflated_bytes();

// Why a batch could not be inflated, where librdkafka says no more than that it could not.
struct InflateRefusal {
  bool passes = false;  // It waits for room.
  std::string why;      // To stand in a sentence.
};

// Thread-safe. What was refused a moment ago; nothing where nothing was, so that the batch is
// damaged.
[[nodiscard]] std::optional<InflateRefusal> last_refusal(SteadyTime now);

}  // namespace turntable::kafka
