// Notices that most of what comes is malformed: a wrong topic, a producer with a new format. It is
// better to stop then, and be looked at, than to fill the dead letters.
#pragma once

#include <cstddef>
#include <deque>

namespace turntable {

// One lane's. One thread.
class RejectBreaker {
 public:
  static constexpr size_t kWindow =
      1'000;  // The last so many records are looked at, or a few more.

  // Trips above `ratio` rejected records of all; 1 never does.
  explicit RejectBreaker(double ratio) : ratio_(ratio) {}

  void saw(size_t records, size_t rejected) {
    if (records == 0) return;
    batches_.push_back({records, rejected});
    sum_.records += records;
    sum_.rejected += rejected;
    while (sum_.records - batches_.front().records >= kWindow) {
      sum_.records -= batches_.front().records;
      sum_.rejected -= batches_.front().rejected;
      batches_.pop_front();
    }
  }

  [[nodiscard]] bool tripped() const {
    return sum_.records >= kWindow &&
           static_cast<double>(sum_.rejected) > ratio_ * static_cast<double>(sum_.records);
  }
  [[nodiscard]] size_t records() const { return sum_.records; }
  [[nodiscard]] size_t rejected() const { return sum_.rejected; }

 private:
  struct Batch {
    size_t records = 0;
    size_t rejected = 0;
  };
  double ratio_;
  std::deque<Batch> batches_;
  Batch sum_;
};

}  // namespace turntable
