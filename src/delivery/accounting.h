// The books: every record that was consumed ends in exactly one place, in each INSERT and
// altogether.
//
//   consumed = written + deleted + filtered + tombstones + unmatched + rejected + returned
//            + in flight
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>

#include "delivery/ledger.h"
#include "delivery/outcome.h"

namespace turntable {

// A reading of the counters of the records, or of one INSERT; plain values.
struct Counts {
  uint64_t consumed = 0;       // Delivered by the source. A replay need not run every INSERT.
  uint64_t written = 0;        // Acknowledged by the sink.
  uint64_t deleted = 0;        // Without a value: the row of its key was removed.
  uint64_t filtered = 0;       // Left out by the pipeline's WHERE.
  uint64_t tombstones = 0;     // Without a value, and passed over by wish.
  uint64_t unmatched = 0;      // No row in the lookup.
  uint64_t rejected = 0;       // Malformed, or a value that an expression or the sink cannot take.
  uint64_t returned = 0;       // Given back with a revoked partition, to be read by its next owner.
  uint64_t dead_lettered = 0;  // Of the unmatched and rejected ones, those that were kept.

  [[nodiscard]] uint64_t ended() const {
    return written + deleted + filtered + tombstones + unmatched + rejected + returned;
  }

  Counts& operator+=(const Counts& other) {
    consumed += other.consumed;
    written += other.written;
    deleted += other.deleted;
    filtered += other.filtered;
    tombstones += other.tombstones;
    unmatched += other.unmatched;
    rejected += other.rejected;
    returned += other.returned;
    dead_lettered += other.dead_lettered;
    return *this;
  }
};

// One lane's counters. The lane adds, any thread reads; a reading may be torn between counters
// while the lane runs.
class Accounting {
 public:
  explicit Accounting(size_t inserts) : inserts_(inserts) {}

  // So many records that were delivered for these INSERTs.
  void consumed(InsertSet inserts, uint64_t records = 1) {
    records_.consumed.add(records);
    for_each(inserts, [records](Counters& counters) { counters.consumed.add(records); });
  }

  // What the ledger says of many outcomes of one kind in one INSERT, added up before it is counted:
  // counters that other threads read cost more than a sum.
  class Tally {
   public:
    void add(const Ledger::Settled& settled) {
      settled_ += settled.inserts.empty() ? 0 : 1;
      if (settled.record) ++records_[static_cast<size_t>(*settled.record)];
    }

   private:
    friend class Accounting;
    uint64_t settled_ = 0;
    std::array<uint64_t, kOutcomes> records_{};  // That are finished, by their own outcome.
  };
  // The tally has outcomes of this INSERT only.
  void settled(size_t insert, Outcome outcome, const Tally& tally) {
    inserts_[insert].of(outcome).add(tally.settled_);
    for (size_t own = 0; own < kOutcomes; ++own) records_.outcomes[own].add(tally.records_[own]);
  }
  // What the ledger says of one outcome.
  void settled(const Ledger::Settled& settled, Outcome outcome) {
    for_each(settled.inserts, [outcome](Counters& counters) { counters.of(outcome).add(1); });
    if (settled.record) records_.of(*settled.record).add(1);
  }
  // A record's dead letter, with the faults of these INSERTs, is durable.
  void dead_lettered(InsertSet inserts) {
    records_.dead_lettered.add(1);
    for_each(inserts, [](Counters& counters) { counters.dead_lettered.add(1); });
  }
  void returned(const Ledger::Returned& returned) {
    records_.returned.add(returned.records);
    for (size_t i = 0; i < inserts_.size(); ++i) inserts_[i].returned.add(returned.inserts[i]);
  }

  [[nodiscard]] size_t inserts() const { return inserts_.size(); }
  // Of the records: each counts once, as the worst that became of it.
  [[nodiscard]] Counts read() const { return records_.read(); }
  [[nodiscard]] Counts read(size_t insert) const { return inserts_[insert].read(); }

 private:
  // Only one thread adds, so a plain load and store suffice and no bus lock is taken.
  class Counter {
   public:
    void add(uint64_t n) { n_.store(read() + n, std::memory_order_relaxed); }
    [[nodiscard]] uint64_t read() const { return n_.load(std::memory_order_relaxed); }

   private:
    std::atomic<uint64_t> n_{0};
  };

  struct Counters {
    Counter consumed, returned, dead_lettered;
    std::array<Counter, kOutcomes> outcomes;

    [[nodiscard]] Counter& of(Outcome outcome) { return outcomes[static_cast<size_t>(outcome)]; }
    [[nodiscard]] uint64_t read(Outcome outcome) const {
      return outcomes[static_cast<size_t>(outcome)].read();
    }
    [[nodiscard]] Counts read() const {
      return {.consumed = consumed.read(),
              .written = read(Outcome::written),
              .deleted = read(Outcome::deleted),
              .filtered = read(Outcome::filtered),
              .tombstones = read(Outcome::tombstone),
              .unmatched = read(Outcome::unmatched),
              .rejected = read(Outcome::rejected),
              .returned = returned.read(),
              .dead_lettered = dead_lettered.read()};
    }
  };

  template <class Add>
  void for_each(InsertSet inserts, Add add) {
    (inserts & InsertSet::first(inserts_.size())).for_each([&](size_t insert) {
      add(inserts_[insert]);
    });
  }

  Counters records_;
  std::deque<Counters> inserts_;  // Counters cannot be moved.
};

}  // namespace turntable
