// Exponential backoff with full jitter, for whatever is retried.
#pragma once

#include <algorithm>
#include <random>

#include "base/clock.h"

namespace turntable {

class Backoff {
 public:
  struct Options {
    Millis first{100};
    Millis limit{10'000};
    uint32_t seed = std::random_device{}();
  };

  explicit Backoff(Options options)
      : options_(options), random_(options.seed), ceiling_(options.first) {}

  // How long to wait before the next attempt: between half of and the whole of a ceiling that
  // doubles.
  [[nodiscard]] Millis next() {
    const auto half = ceiling_.count() / 2;
    const Millis wait(half +
                      std::uniform_int_distribution<int64_t>(0, ceiling_.count() - half)(random_));
    ceiling_ = std::min(ceiling_ * 2, options_.limit);
    return wait;
  }
  void reset() { ceiling_ = options_.first; }

 private:
  Options options_;
  std::mt19937 random_;
  Millis ceiling_;
};

}  // namespace turntable
