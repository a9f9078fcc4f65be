// What is tried again until it works: when the next try is due, and for how long it has failed.
#pragma once

#include <optional>
#include <utility>

#include "base/backoff.h"
#include "base/clock.h"

namespace turntable {

// The times are of whoever's clock asks. Not shared by threads.
class Retry {
 public:
  explicit Retry(Backoff::Options options) : backoff_(options) {}

  // A try has failed; the next one is due after a while that grows. True for the first one since it
  // worked: that is the one to say something about.
  bool failed(SteadyTime now) {
    due_ = now + backoff_.next();
    if (failing_since_) return false;
    failing_since_ = now;
    return true;
  }
  // It has worked. Where tries had failed before: since when, which is to be said too.
  std::optional<SteadyTime> worked() {
    due_ = {};
    backoff_.reset();
    return std::exchange(failing_since_, std::nullopt);
  }
  // The next try is due at once, whatever has failed.
  void hurry() { due_ = {}; }

  [[nodiscard]] bool failing() const { return failing_since_.has_value(); }
  // Long past where nothing has failed.
  [[nodiscard]] SteadyTime due() const { return due_; }
  [[nodiscard]] bool is_due(SteadyTime now) const { return now >= due_; }

 private:
  Backoff backoff_;
  SteadyTime due_{};
  std::optional<SteadyTime> failing_since_;
};

}  // namespace turntable
