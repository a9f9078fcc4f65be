// What goes wrong in a simulated world, and what has come to pass.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace turntable {

// How often what goes wrong, per step or per request; 0: never.
struct Faults {
  double late = 0;        // An answer of the cluster takes seconds.
  double lost_ack = 0;    // It times out, although the rows may be written.
  double outage = 0;      // The cluster is away for a while.
  double bad_record = 0;  // Share of records that do not decode or match.
  double refused = 0;     // Share of records that the cluster will never take.
  double letters = 0;     // The dead letters' disk is full for a while.
  double rebalance = 0;   // A partition moves.
  double lost = 0;        // Share of those that are lost, not revoked in time.
  double dry = 0;         // The topic has nothing to give for a while.
  double fatal = 0;       // Something fails that is not tried again.
  double crash = 0;       // Share of lives that end so.
  double stop = 0;        // Share of lives that are asked to stop.
  double file = 0;        // The disk of a file with rows and positions is full for a while.
  double replaced = 0;    // The cluster's table is dropped and made anew.
  double hang = 0;        // A transaction of the file takes seconds.
  double filtered = 0;    // Share of records that an INSERT's WHERE leaves out.
  double tombstone = 0;   // Share of records without a value.
};

// What has really come to pass: a simulation in which nothing goes wrong shows nothing.
struct Seen {
  uint64_t gaps = 0;           // Between offsets.
  uint64_t reordered = 0;      // Answers that came before that of an earlier request.
  uint64_t lost_acks = 0;      // Requests that timed out although they were written.
  uint64_t refused = 0;        // Requests with a row that is never taken.
  uint64_t away = 0;           // Requests to a cluster that was away.
  uint64_t replaced = 0;       // Tables that were dropped and made anew.
  uint64_t late_acks = 0;      // Rows written after their partition had gone to somebody,
  uint64_t into_the_next = 0;  // and of those, to the same lane again.
  uint64_t disk_full = 0;      // Dead letters that could not be written yet.
  uint64_t file_full = 0;      // Transactions that could not be written yet.
  uint64_t hung = 0;           // Those that ran on after their partitions were given back.
  uint64_t overwrites = 0;     // Rows that met another one of their key,
  uint64_t late_rows = 0;      // of which so many came after one with a higher write time,
  uint64_t nulls = 0;          // and so many have NULL where the other has a value.
  uint64_t excused = 0;        // Keys on which the row of an earlier record may stand.
  uint64_t replayed = 0;       // Dead letters that became rows.
  uint64_t filtered = 0;       // Outcomes in INSERTs, of records that were made:
  uint64_t dropped = 0;        // those that nothing is written for,
  uint64_t halves = 0;      // and records that are rows in one INSERT and in a letter for another.
  uint64_t tombstones = 0;  // Records without a value.
  uint64_t deletions = 0;   // That came to a table,
  uint64_t late_for_deletions = 0;  // and rows that came to it after a deletion that is newer.
  std::array<uint64_t, 3> rows{};   // Acknowledged, by INSERT.
  uint64_t read_again = 0;          // Records.
  uint64_t revoked = 0;             // Partitions.
  uint64_t lost = 0;                // Partitions.
  uint64_t returned = 0;            // Records given back unfinished, by lanes that came to an end.
  uint64_t failures = 0;            // That are not tried again.
  uint64_t crashes = 0;
  uint64_t stops = 0;

  Seen& operator+=(const Seen& other) {
    gaps += other.gaps;
    reordered += other.reordered;
    lost_acks += other.lost_acks;
    refused += other.refused;
    away += other.away;
    replaced += other.replaced;
    late_acks += other.late_acks;
    into_the_next += other.into_the_next;
    disk_full += other.disk_full;
    file_full += other.file_full;
    hung += other.hung;
    overwrites += other.overwrites;
    late_rows += other.late_rows;
    nulls += other.nulls;
    excused += other.excused;
    replayed += other.replayed;
    filtered += other.filtered;
    dropped += other.dropped;
    halves += other.halves;
    tombstones += other.tombstones;
    deletions += other.deletions;
    late_for_deletions += other.late_for_deletions;
    for (size_t insert = 0; insert < rows.size(); ++insert) rows[insert] += other.rows[insert];
    read_again += other.read_again;
    revoked += other.revoked;
    lost += other.lost;
    returned += other.returned;
    failures += other.failures;
    crashes += other.crashes;
    stops += other.stops;
    return *this;
  }
};

}  // namespace turntable
