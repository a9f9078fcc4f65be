// Time as a dependency, so that tests can turn it by hand.
#pragma once

#include <chrono>
#include <thread>

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
  // For waits in which there is nothing to wait for but time.
  virtual void sleep(Millis time) const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime wall() const override { return std::chrono::system_clock::now(); }
  void sleep(Millis time) const override { std::this_thread::sleep_for(time); }
};

// Stands still until a test moves it, or somebody sleeps by it. One thread.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override { return SteadyTime(elapsed_); }
  [[nodiscard]] WallTime wall() const override { return WallTime(elapsed_); }
  void sleep(Millis time) const override { elapsed_ += time; }
  void advance(Millis by) { elapsed_ += by; }

 private:
  mutable Millis elapsed_{1'000'000};
};

}  // namespace turntable
