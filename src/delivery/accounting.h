// The books: every record that was consumed ends in exactly one place.
//
//   consumed = written + filtered + unmatched + rejected + returned + in flight
#pragma once

#include <atomic>
#include <cstdint>

namespace turntable {

// A reading of the counters; plain values.
struct Counts {
  uint64_t consumed = 0;       // Delivered by the source.
  uint64_t written = 0;        // Acknowledged by the sink.
  uint64_t filtered = 0;       // Left out by the pipeline's WHERE.
  uint64_t unmatched = 0;      // No row in the lookup.
  uint64_t rejected = 0;       // Malformed, or a value that an expression or the sink cannot take.
  uint64_t returned = 0;       // Given back with a revoked partition, to be read by its next owner.
  uint64_t dead_lettered = 0;  // Of the unmatched and rejected ones, those that were kept.

  [[nodiscard]] uint64_t ended() const {
    return written + filtered + unmatched + rejected + returned;
  }

  Counts& operator+=(const Counts& other) {
    consumed += other.consumed;
    written += other.written;
    filtered += other.filtered;
    unmatched += other.unmatched;
    rejected += other.rejected;
    returned += other.returned;
    dead_lettered += other.dead_lettered;
    return *this;
  }
};

// One lane's counters. The lane adds, any thread reads; a reading may be torn between counters
// while the lane runs.
class Accounting {
 public:
  void consumed(uint64_t n) { add(consumed_, n); }
  void written(uint64_t n) { add(written_, n); }
  void filtered(uint64_t n) { add(filtered_, n); }
  void unmatched(uint64_t n) { add(unmatched_, n); }
  void rejected(uint64_t n) { add(rejected_, n); }
  void returned(uint64_t n) { add(returned_, n); }
  void dead_lettered(uint64_t n) { add(dead_lettered_, n); }

  [[nodiscard]] Counts read() const {
    return {get(consumed_), get(written_),  get(filtered_),     get(unmatched_),
            get(rejected_), get(returned_), get(dead_lettered_)};
  }

 private:
  // Only one thread adds, so a plain load and store suffice and no bus lock is taken.
  static void add(std::atomic<uint64_t>& counter, uint64_t n) {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  static uint64_t get(const std::atomic<uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  }

  std::atomic<uint64_t> consumed_{0}, written_{0}, filtered_{0}, unmatched_{0}, rejected_{0},
      returned_{0}, dead_lettered_{0};
};

}  // namespace turntable
