// The ledger: which records of each partition are done, so that only what lies behind the lowest
// unfinished record is ever stored.
//
// Every INSERT of the pipeline owes an outcome for every record: its row is durable, or its WHERE
// left the record out, or the record's dead letter is durable. A record is finished when no INSERT
// owes one any more, and its own outcome is the worst of theirs. For two INSERTs:
//
//   deliver         awaited: history, by_song
//   settle          history is filtered       awaited: by_song
//   settle          by_song is written        finished, as written
//
// A set of INSERTs is kept for each record rather than a number that counts down: an outcome that
// comes twice clears nothing the second time, and each INSERT's own account can be told.
//
// Records enter in delivery order and may be finished in any order. The position to store is one
// past the last record of the finished prefix. Offsets have legal gaps (transactions, compaction),
// so records are numbered by tickets and nothing is ever computed from neighbouring offsets.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/check.h"
#include "delivery/outcome.h"
#include "row/insert_set.h"
#include "row/record.h"
#include "row/row_batch.h"
#include "row/types.h"

namespace turntable {

// One lane's. One thread.
class Ledger {
 public:
  explicit Ledger(size_t inserts) : all_(InsertSet::first(inserts)) {}

  // The partition is ours from now on, under a new epoch. Whatever was known of it is forgotten.
  void assign(PartitionId partition);

  // What was awaited of a partition that is given back.
  struct Returned {
    uint64_t records = 0;                           // That were unfinished,
    std::array<uint64_t, kInsertsLimit> inserts{};  // and for how many of them each INSERT owed.
  };
  // The partition is no longer ours. Late outcomes of its records will be ignored.
  Returned revoke(PartitionId partition);

  [[nodiscard]] bool owns(PartitionId partition) const;

  // Enters a record, with an outcome awaited from each of `inserts` that the pipeline has: at least
  // one. The partition must be ours.
  // `timestamp_ms` is the record's own, and comes back with its outcome.
  Origin deliver(PartitionId partition, Offset offset, InsertSet inserts = InsertSet::all(),
                 int64_t timestamp_ms = kNoTimestamp) {
    Tracker& tracker = *find(partition);
    tracker.records.push_back({offset, timestamp_ms, inserts & all_, Outcome::filtered});
    ++delivered_;
    ++in_flight_;
    (all_ - inserts).for_each([this](size_t insert) { ++ended_[insert]; });
    return {partition, tracker.epoch, tracker.first_ticket + tracker.records.size() - 1};
  }

  // Nothing below `next` that has not been delivered will be. The partition must be ours.
  void pass(PartitionId partition, Offset next) {
    find(partition)->records.push_back({next - 1, kNoTimestamp, {}, Outcome::filtered});
  }

  struct Settled {
    InsertSet inserts;              // Those whose outcome this is.
    InsertSet left;                 // Those from which one is still awaited.
    std::optional<Outcome> record;  // The record's own, where it is finished by this.
    int64_t timestamp_ms = kNoTimestamp;
  };
  // `outcome` is durable in these INSERTs. What is not awaited clears nothing: the INSERT has had
  // its outcome before, or the partition was given back since. (Here, for it is called for every
  // row, and a call to return this much costs more than the work.)
  Settled settle(const Origin& origin, InsertSet inserts, Outcome outcome) {
    Entry* entry = find(origin);
    if (entry == nullptr) return {};
    const InsertSet cleared = entry->awaited & inserts;
    if (cleared.empty()) return {};
    cleared.for_each([this](size_t insert) { ++ended_[insert]; });
    return clear(*entry, cleared, outcome);
  }
  // The same in one INSERT.
  Settled settle(const Origin& origin, size_t insert, Outcome outcome) {
    Entry* entry = find(origin);
    if (entry == nullptr || !entry->awaited.has(insert)) return {};
    ++ended_[insert];
    return clear(*entry, InsertSet::of(insert), outcome);
  }

  // The INSERTs from which an outcome of the record is awaited: none where it is finished, or its
  // partition was given back.
  [[nodiscard]] InsertSet awaited(const Origin& origin) const;

  // The position to store for a partition, if it has moved since the last call.
  [[nodiscard]] std::optional<Offset> advance(PartitionId partition);

  // One past the last record that was delivered or passed of a partition of ours; nothing before
  // the first.
  [[nodiscard]] std::optional<Offset> delivered_to(PartitionId partition) const;

  // Partitions that are ours.
  [[nodiscard]] std::vector<PartitionId> partitions() const;

  // Records that have entered and are neither finished nor given back; and those of them from which
  // an outcome is awaited in this INSERT.
  [[nodiscard]] uint64_t in_flight() const { return in_flight_; }
  [[nodiscard]] uint64_t in_flight(size_t insert) const { return delivered_ - ended_[insert]; }

 private:
  struct Entry {
    Offset offset = 0;
    int64_t timestamp_ms = kNoTimestamp;
    InsertSet awaited;
    Outcome worst = Outcome::filtered;  // Of those that have come.
  };
  struct Tracker {
    bool ours = false;
    uint32_t epoch = 0;
    uint64_t first_ticket = 0;   // Of records[0].
    std::vector<Entry> records;  // In delivery order, from some point before `head` on.
    size_t head = 0;             // Everything before it is finished and was reported.
  };

  Settled clear(Entry& entry, InsertSet cleared, Outcome outcome) {
    const InsertSet left = entry.awaited - cleared;
    entry.awaited = left;
    entry.worst = std::max(entry.worst, outcome);
    if (!left.empty()) return {cleared, left, std::nullopt, entry.timestamp_ms};
    --in_flight_;
    return {cleared, left, entry.worst, entry.timestamp_ms};
  }

  [[nodiscard]] Tracker* find(PartitionId partition) {
    const auto index = static_cast<size_t>(partition);
    return partition >= 0 && index < trackers_.size() && trackers_[index].ours ? &trackers_[index]
                                                                               : nullptr;
  }
  [[nodiscard]] const Tracker* find(PartitionId partition) const;
  // Null where the record is finished and dropped, or its partition was given back.
  [[nodiscard]] Entry* find(const Origin& origin) {
    Tracker* tracker = find(origin.partition);
    if (tracker == nullptr || tracker->epoch != origin.epoch ||
        origin.ticket < tracker->first_ticket)
      return nullptr;
    const size_t index = origin.ticket - tracker->first_ticket;
    CHECK(index < tracker->records.size());
    return &tracker->records[index];
  }

  const InsertSet all_;
  std::vector<Tracker> trackers_;  // By partition number.
  uint64_t delivered_ = 0;
  uint64_t in_flight_ = 0;
  // By INSERT: delivered records from which nothing is awaited any more, or never was.
  std::array<uint64_t, kInsertsLimit> ended_{};
};

}  // namespace turntable
