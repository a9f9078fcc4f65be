// A line on a terminal that shows how far a long piece of work is: how much is done, at what rate,
// how long it will take. Where standard error is no terminal, or its log is JSON, nothing is shown.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace turntable {

class Output;  // base/output.h

// "[=====>      ] 45 %, 12,345 rows, 1,234/s, 12 s left", with less of it where that has no room in
// so many columns (0: any number). `share`: of the whole, from 0 to 1, or below 0 where it is not
// known; `seconds`: since the beginning.
[[nodiscard]] std::string progress_text(uint64_t done, const std::string& unit, double share,
                                        double rate, double seconds, size_t columns);

// "12 s", "3 min", "2 h 5 min".
[[nodiscard]] std::string time_left_text(double seconds);

// Thread-safe: a call that meets another one is passed over.
class Progress {
 public:
  // `unit`: what is counted, "rows".
  explicit Progress(std::string unit);
  // The line is gone.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Called as often as one likes; draws a few times a second, and not before half a second is over:
  // what is quick needs no progress.
  void at(uint64_t done, double share = -1);

 private:
  const std::string unit_;
  const bool shown_;
  const SteadyTime began_;
  std::mutex mutex_;
  SteadyTime drawn_at_;
  SteadyTime rated_at_;
  uint64_t rated_ = 0;
  double rate_ = 0;  // Of the last moments.
};

}  // namespace turntable
