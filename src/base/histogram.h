// How often values fell between fixed bounds.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace turntable {

// `kBounds` is an array of int64_t that ascends: a value counts for the first bound that it is not
// above, and behind the last one for none of them. Values below 0 count as 0.
template <const auto& kBounds>
class Histogram {
 public:
  static constexpr size_t kBuckets = std::tuple_size_v<std::decay_t<decltype(kBounds)>> + 1;

  void add(int64_t value, uint64_t times = 1) {
    value = std::max<int64_t>(value, 0);
    // Values that come one after another are often alike.
    if (!(fits_under(last_, value) && (last_ == 0 || value > kBounds[last_ - 1])))
      last_ = static_cast<size_t>(std::lower_bound(kBounds.begin(), kBounds.end(), value) -
                                  kBounds.begin());
    counts_[last_] += times;
    count_ += times;
    sum_ += static_cast<uint64_t>(value) * times;
  }

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] uint64_t sum() const { return sum_; }
  // Of one bucket alone; the last is that of the values above all bounds.
  [[nodiscard]] const std::array<uint64_t, kBuckets>& counts() const { return counts_; }

  Histogram& operator+=(const Histogram& other) {
    for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    return *this;
  }
  // What came since `before`, an earlier reading of the same.
  Histogram& operator-=(const Histogram& before) {
    for (size_t i = 0; i < kBuckets; ++i) counts_[i] -= before.counts_[i];
    count_ -= before.count_;
    sum_ -= before.sum_;
    return *this;
  }

  // About the value that `share` of all values are not above, as if they lay evenly within each
  // bucket; that of the last bound where it is higher. 0 where there are none.
  [[nodiscard]] double quantile(double share) const {
    const double wanted = share * static_cast<double>(count_);
    double below = 0;
    for (size_t i = 0; i < kBounds.size(); ++i) {
      const auto here = static_cast<double>(counts_[i]);
      const double lower = i == 0 ? 0 : static_cast<double>(kBounds[i - 1]);
      if (here > 0 && below + here >= wanted)
        return lower + (static_cast<double>(kBounds[i]) - lower) * (wanted - below) / here;
      below += here;
    }
    return count_ == 0 ? 0 : static_cast<double>(kBounds.back());
  }

 private:
  [[nodiscard]] static bool fits_under(size_t bucket, int64_t value) {
    return bucket == kBounds.size() || value <= kBounds[bucket];
  }

  std::array<uint64_t, kBuckets> counts_{};
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  size_t last_ = 0;  // The bucket of the last value.
};

}  // namespace turntable
