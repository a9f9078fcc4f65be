// A value that one thread publishes again and again, and others read whole.
//
// There are three copies: the writer fills one, the readers look at another, and the third is the
// last one that was published. Publishing swaps the writer's with the third, reading swaps the
// readers' with it where it is newer. So the writer takes no lock and never waits, and no reader
// sees half of one value and half of another. Readers wait for each other.
//
// A copy comes back to the writer with what it held some publications ago: the writer sets every
// part of it. Its memory is kept.
#pragma once

#include <array>
#include <atomic>
#include <mutex>

namespace turntable {

template <class T>
class Published {
 public:
  // The writer's.
  [[nodiscard]] T& draft() { return copies_[writers_]; }
  void publish() {
    writers_ = last_.exchange(writers_ | kFresh, std::memory_order_acq_rel) & kIndex;
  }

  // Any thread's. A default value before the first publication.
  [[nodiscard]] T read() const {
    const std::lock_guard lock(readers_lock_);
    if ((last_.load(std::memory_order_relaxed) & kFresh) != 0)
      readers_ = last_.exchange(readers_, std::memory_order_acq_rel) & kIndex;
    return copies_[readers_];
  }

 private:
  static constexpr unsigned kIndex = 3;
  static constexpr unsigned kFresh = 4;  // Nobody has read it yet.

  std::array<T, 3> copies_{};
  unsigned writers_ = 0;
  mutable std::atomic<unsigned> last_{1};
  mutable unsigned readers_ = 2;  // Guarded by readers_lock_.
  mutable std::mutex readers_lock_;
};

}  // namespace turntable
