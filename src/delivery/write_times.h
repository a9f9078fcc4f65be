// Write times: of two rows with one key, the one with the higher write time stands, whole.
//
// Each record is given its time once, when it is delivered and before it can be rejected. What is
// made of the record later, a row, a row that is sent again, or a dead letter that is replayed
// after days, carries this time. So it does not matter in which order rows arrive at the store.
//
// In a partition, times rise with the records: each is the own clock's, or the last one plus a
// microsecond where the clock stands still or is behind. The last one is kept beside the position
// (row/position.h), and the next owner of the partition starts above it.
//
// Records of different partitions have no order of their own, but get no equal times in a lane: of
// two rows with one key and one time, Cassandra would take some cells of each.
//
// Example, with the clock at 1'000'000 all the time and 1'000'005 found beside the position: the
// records get 1'000'006, 1'000'007, and so on.
#pragma once

#include <cstdint>
#include <vector>

#include "row/record.h"
#include "row/types.h"
#include "row/write_time.h"

namespace turntable {

// One lane's. One thread.
class WriteTimes {
 public:
  explicit WriteTimes(WriteTimeRule rule) : rule_(rule) {}

  [[nodiscard]] bool wanted() const { return rule_ != WriteTimeRule::none; }

  // Records of the partition get times above `last_us` from here on.
  void start_above(PartitionId partition, int64_t last_us);

  // Gives the record its time, unless it has one already: a replayed dead letter brings its own.
  void give(Record& record, int64_t now_us);

  // The highest that was given to a record of the partition or that it started above;
  // kNoWriteTime where there is none.
  [[nodiscard]] int64_t last(PartitionId partition) const;

  // Those that have one, ours or not: rows of a partition that was given back may still be sent.
  [[nodiscard]] std::vector<PartitionId> partitions() const;

 private:
  // Of the partition, which is not negative.
  [[nodiscard]] int64_t& last_of(PartitionId partition);

  const WriteTimeRule rule_;
  std::vector<int64_t> last_;  // By partition number.
  // The clock as the lane's records see it: a microsecond for each, so that none has another's.
  int64_t clock_us_ = kNoWriteTime;
};

}  // namespace turntable
