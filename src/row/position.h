// How far a partition has been worked off.
#pragma once

#include <algorithm>

#include "row/record.h"
#include "row/types.h"

namespace turntable {

struct Position {
  PartitionId partition = 0;
  Offset next = 0;  // Every record below it has its outcome.
  // The highest write time that was given to a record of the partition, also to those from `next`
  // on: whoever reads on gives higher ones.
  int64_t write_time_us = kNoWriteTime;

  friend bool operator==(const Position&, const Position&) = default;
};

// The later of two positions of one partition. Neither the position nor the write time moves back.
[[nodiscard]] inline Position later_of(const Position& one, const Position& other) {
  return {one.partition, std::max(one.next, other.next),
          std::max(one.write_time_us, other.write_time_us)};
}

// What both positions of one partition say: nothing behind the lower one is known to be done in
// both. The write time never moves back.
[[nodiscard]] inline Position lower_of(const Position& one, const Position& other) {
  return {one.partition, std::min(one.next, other.next),
          std::max(one.write_time_us, other.write_time_us)};
}

}  // namespace turntable
