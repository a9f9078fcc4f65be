// The ledger: which records of each partition are done, so that only what lies behind the lowest
// unfinished record is ever stored.
//
// Records enter in delivery order and may be finished in any order. The position to store is one
// past the last record of the finished prefix. Offsets have legal gaps (transactions, compaction),
// so records are numbered by tickets and nothing is ever computed from neighbouring offsets.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "row/row_batch.h"
#include "row/types.h"

namespace turntable {

// One lane's. One thread.
class Ledger {
 public:
  // The partition is ours from now on, under a new epoch. Whatever was known of it is forgotten.
  void assign(PartitionId partition);

  // The partition is no longer ours. Returns how many of its records were unfinished; late
  // acknowledgements of them will be ignored.
  uint64_t revoke(PartitionId partition);

  [[nodiscard]] bool owns(PartitionId partition) const;

  // Enters a record. The partition must be ours.
  Origin deliver(PartitionId partition, Offset offset) {
    Tracker& tracker = *find(partition);
    tracker.offsets.push_back(offset);
    tracker.finished.push_back(0);
    ++in_flight_;
    return {partition, tracker.epoch, tracker.first_ticket + tracker.offsets.size() - 1};
  }

  // Nothing below `next` that has not been delivered will be. The partition must be ours.
  void pass(PartitionId partition, Offset next) {
    Tracker& tracker = *find(partition);
    tracker.offsets.push_back(next - 1);
    tracker.finished.push_back(1);
  }

  // The record's outcome is durable. False where the acknowledgement is late: the partition was
  // given back since, or the record was finished before.
  bool finish(const Origin& origin);

  // True where nothing more is awaited of the record: it is finished, or its partition was given
  // back.
  [[nodiscard]] bool settled(const Origin& origin) const;

  // The position to store for a partition, if it has moved since the last call.
  [[nodiscard]] std::optional<Offset> advance(PartitionId partition);

  // One past the last record that was delivered or passed of a partition of ours; nothing before
  // the first.
  [[nodiscard]] std::optional<Offset> delivered_to(PartitionId partition) const;

  // Partitions that are ours.
  [[nodiscard]] std::vector<PartitionId> partitions() const;

  // Entered and neither finished nor given back.
  [[nodiscard]] uint64_t in_flight() const { return in_flight_; }

 private:
  struct Tracker {
    bool ours = false;
    uint32_t epoch = 0;
    uint64_t first_ticket = 0;      // Of offsets[0].
    std::vector<Offset> offsets;    // In delivery order, from some point before `head` on.
    std::vector<uint8_t> finished;  // Beside offsets.
    size_t head = 0;                // Everything before it is finished and was reported.
  };

  [[nodiscard]] Tracker* find(PartitionId partition);
  [[nodiscard]] const Tracker* find(PartitionId partition) const;

  std::vector<Tracker> trackers_;  // By partition number.
  uint64_t in_flight_ = 0;
};

}  // namespace turntable
