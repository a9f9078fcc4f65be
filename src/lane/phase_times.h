// Where a lane's time goes. Two readings of the clock for each part of a batch's way, none for a
// record.
#pragma once

#include <array>
#include <chrono>

#include "lane/lane_view.h"

namespace turntable {

// One lane's. One thread. Phases nest: while one is entered inside another, the inner one counts
// alone, so that the sum of all is the time that has passed.
class PhaseTimes {
 public:
  // From here to the end of the block.
  class Scope {
   public:
    Scope(PhaseTimes& times, Phase phase) : times_(times), outer_(times.phase_) {
      times_.turn_to(phase);
    }
    ~Scope() { times_.turn_to(outer_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    PhaseTimes& times_;
    const Phase outer_;
  };

  // What was counted for `from` was spent on `to`.
  void move(Phase from, Phase to, std::chrono::nanoseconds time) {
    of(from) -= time;
    of(to) += time;
  }
  // What has passed in the innermost phase belongs to another.
  void count_as(Phase phase) { phase_ = phase; }

  [[nodiscard]] const std::array<std::chrono::nanoseconds, kPhases>& spent() const {
    return spent_;
  }

 private:
  void turn_to(Phase phase) {
    const auto now = std::chrono::steady_clock::now();
    of(phase_) += now - since_;
    since_ = now;
    phase_ = phase;
  }
  [[nodiscard]] std::chrono::nanoseconds& of(Phase phase) {
    return spent_[static_cast<size_t>(phase)];
  }

  std::array<std::chrono::nanoseconds, kPhases> spent_{};
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  Phase phase_ = Phase::wait;  // Outside of all others.
};

}  // namespace turntable
