#include "delivery/write_times.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace turntable {

int64_t& WriteTimes::last_of(PartitionId partition) {
  CHECK(partition >= 0);
  const auto index = static_cast<size_t>(partition);
  if (index >= last_.size()) last_.resize(index + 1, kNoWriteTime);
  return last_[index];
}

void WriteTimes::start_above(PartitionId partition, int64_t last_us) {
  int64_t& last = last_of(partition);
  last = std::max(last, last_us);
}

void WriteTimes::give(Record& record, int64_t now_us) {
  if (!wanted() || record.write_time_us != kNoWriteTime) return;
  if (rule_ == WriteTimeRule::record) {
    if (const auto own = record_write_time_us(record)) {
      record.write_time_us = *own;
      return;
    }
  }
  clock_us_ = std::max(clock_us_ + 1, now_us);
  int64_t& last = last_of(record.partition);
  // There is no time above the highest one, which only a forged note can have.
  if (last < std::numeric_limits<int64_t>::max()) last = std::max(last + 1, clock_us_);
  record.write_time_us = last;
}

int64_t WriteTimes::last(PartitionId partition) const {
  const auto index = static_cast<size_t>(partition);
  return index < last_.size() ? last_[index] : kNoWriteTime;
}

std::vector<PartitionId> WriteTimes::partitions() const {
  std::vector<PartitionId> with_one;
  for (size_t i = 0; i < last_.size(); ++i)
    if (last_[i] != kNoWriteTime) with_one.push_back(static_cast<PartitionId>(i));
  return with_one;
}

}  // namespace turntable
