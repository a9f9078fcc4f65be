// Time as a dependency, so that tests can turn it by hand.
#pragma once

#include <chrono>

namespace turntable {

using Millis = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

// Thread-safe in its implementations.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime now() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime wall() const override { return std::chrono::system_clock::now(); }
};

// Stands still until a test moves it. One thread.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override { return SteadyTime(elapsed_); }
  [[nodiscard]] WallTime wall() const override { return WallTime(elapsed_); }
  void advance(Millis by) { elapsed_ += by; }

 private:
  Millis elapsed_{1'000'000};
};

}  // namespace turntable
