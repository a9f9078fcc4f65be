// The user's wish to stop, carried from the signal handlers to every loop and wait.
#pragma once

#include <atomic>

namespace turntable {

// Shared by all threads; set by signal handlers (lock-free) or by the first lane that fails.
class StopToken {
 public:
  void request() { stopped_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool requested() const { return stopped_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> stopped_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

}  // namespace turntable
