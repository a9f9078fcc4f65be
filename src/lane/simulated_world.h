// The world around simulated lanes: time, chance, the topic with what became of its records, and
// the consumer group. It is also the oracle: whatever a lane does arrives here, and what breaks the
// guarantee ends the simulation.
//
// What is checked all the time:
//   - no position is stored or committed past a record that is neither a durable row nor a durable
//     dead letter;
//   - a stored position moves only forward while the partition is owned, a committed one always;
//   - nothing is stored for a partition that is not owned, or as it is lost;
//   - a record ends as what it is, with its own content, however often it is written;
//   - a record is read again only where a crash, a failure or a partition that was lost, or given
//     back with work undone, came between, and its dead letter is written no more often than it was
//     read, but for flushes that ended in the middle.
// Where the sink keeps positions:
//   - rows are not written more often than read either, so that even after a crash each is written
//     once;
//   - no kept position is past a record without an outcome, none is behind a row, unless dead
//     letters cannot be written just then; and none is stored before it is kept.
// Where keys repeat: which rows stand in the end (simulated_keys.h).
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "lane/simulated_keys.h"
#include "row/letter.h"
#include "row/position.h"
#include "row/types.h"

namespace turntable {

// What a record is, and so what has to become of it.
enum class Fate : uint8_t { row, refused, malformed, unmatched };

struct SimulatedRecord {
  Offset offset = 0;
  Fate fate = Fate::row;
  std::string value;  // The fate's letter, the record's id, its key and its note.
  int32_t id = 0;
  int32_t key = 0;                // Other records of the partition have it, too.
  std::optional<int32_t> note{};  // Beside the key: a value that may be NULL.
  uint64_t read_under = 0;        // The assignment under which it was read last.
  bool durable = false;           // As a row, as a dead letter, or dropped where that is wanted.
  bool read = false;              // And nothing has come since that excuses reading it again.
  uint32_t writes = 0;            // Of its row, where that counts, or of its dead letter.
  uint32_t writes_limit = 0;
};

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
  uint64_t read_again = 0;     // Records.
  uint64_t revoked = 0;        // Partitions.
  uint64_t lost = 0;           // Partitions.
  uint64_t returned = 0;       // Records given back unfinished, by lanes that came to an end.
  uint64_t failures = 0;       // That are not tried again.
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

// Thrown through a lane when its process dies, or when the simulation has found a fault. Nothing
// after it is stored.
struct SimulatedCrash {};

class SimulatedWorld {
 public:
  SimulatedWorld(uint64_t seed, const Faults& what_goes_wrong)
      : faults(what_goes_wrong), clock(std::make_shared<ManualClock>()), random_(seed) {}
  SimulatedWorld(const SimulatedWorld&) = delete;
  SimulatedWorld& operator=(const SimulatedWorld&) = delete;

  // --- chance and time

  uint64_t below(uint64_t n) { return n == 0 ? 0 : random_() % n; }
  bool chance(double p) { return p > 0 && static_cast<double>(random_() >> 11) * 0x1p-53 < p; }
  [[nodiscard]] SteadyTime now() const { return clock->now(); }

  // Every call from a lane into the world begins with this. A process may die at any of them.
  void step() {
    if (dead) throw SimulatedCrash{};
    ++steps_;
    if (++steps_without_wait > kStepsWithoutWait) fail("a lane spins without waiting");
    if (below(8) == 0) clock->advance(Millis(1));
    if (steps_ == crash_at) {
      trace(-1, "the process dies");
      ++seen.crashes;
      dead = true;
      throw SimulatedCrash{};
    }
    if (steps_ >= steps_limit) fail("the life does not end");
  }
  [[nodiscard]] uint64_t steps() const { return steps_; }

  // --- faults found

  // The first fault counts.
  [[noreturn]] void fail(std::string fault) {
    if (fault_.empty()) fault_ = std::move(fault);
    dead = true;
    throw SimulatedCrash{};
  }
  [[nodiscard]] const std::string& fault() const { return fault_; }

  void trace(int lane, const char* what, int64_t first = -1, int64_t second = -1) {
    trace_[traced_++ % trace_.size()] = {now(), lane, what, first, second};
  }
  // The last events, oldest first.
  [[nodiscard]] std::string story() const {
    std::string text;
    for (size_t i = traced_ < trace_.size() ? 0 : traced_ - trace_.size(); i < traced_; ++i) {
      const Event& event = trace_[i % trace_.size()];
      text += fmt::format(
          "{:>9} ms  {}{:<28}", std::chrono::ceil<Millis>(event.at.time_since_epoch()).count(),
          event.lane < 0 ? "        " : fmt::format("lane {}  ", event.lane), event.what);
      if (event.first >= 0) text += fmt::format(" {}", event.first);
      if (event.second >= 0) text += fmt::format(" / {}", event.second);
      text += '\n';
    }
    return text;
  }

  // --- the topic

  struct Partition {
    std::vector<SimulatedRecord> records;
    Offset end = 0;
    Offset committed = 0;
    int64_t noted_us = kNoWriteTime;     // The write time in the commit's note.
    std::optional<Position> kept = {};   // By a sink that keeps positions.
    int64_t stranger_us = kNoWriteTime;  // The last write time that a stranger gave.
    // The group's view: who owns it, and under which number of assignments. Only that one may
    // commit.
    static constexpr int kNobody = -1;
    static constexpr int kStranger = -2;  // A member in another process.
    int owner = kNobody;
    uint64_t assignment = 0;
    bool moving = false;  // The owner has been asked to give it back.
    int target = kNobody;

    // The first record that is not below `offset`.
    [[nodiscard]] size_t index(Offset offset) const {
      return static_cast<size_t>(std::lower_bound(records.begin(), records.end(), offset,
                                                  [](const SimulatedRecord& record, Offset at) {
                                                    return record.offset < at;
                                                  }) -
                                 records.begin());
    }
  };

  void make_topic(size_t partitions, size_t records_limit) {
    for (size_t p = 0; p < partitions; ++p) {
      Partition& partition = topic.emplace_back();
      Offset next = static_cast<Offset>(below(3) * below(1000));
      partition.committed = next;
      for (size_t i = below(records_limit + 1); i > 0; --i) {
        // Gaps, as transactions and compaction leave them.
        if (below(8) == 0) {
          next += 1 + static_cast<Offset>(below(50));
          ++seen.gaps;
        }
        SimulatedRecord& record = partition.records.emplace_back();
        record.offset = next++;
        record.id = static_cast<int32_t>(below(1000));
        if (chance(faults.bad_record))
          record.fate = below(2) == 0 ? Fate::malformed : Fate::unmatched;
        if (chance(faults.refused)) record.fate = Fate::refused;
        record.key = static_cast<int32_t>(below(kKeys));
        if (below(2) == 0) record.note = static_cast<int32_t>(below(1000));
        record.value = fmt::format("{}{}:{}:{}", "rfmu"[static_cast<size_t>(record.fate)],
                                   record.id, record.key, record.note.value_or(-1));
      }
      partition.end = next;
    }
  }

  Partition& at(PartitionId partition) {
    if (partition < 0 || static_cast<size_t>(partition) >= topic.size())
      fail(fmt::format("there is no partition {}", partition));
    return topic[static_cast<size_t>(partition)];
  }

  SimulatedRecord& record(PartitionId partition, Offset offset) {
    Partition& of = at(partition);
    const size_t index = of.index(offset);
    if (index == of.records.size() || of.records[index].offset != offset)
      fail(fmt::format("partition {} has no record {}", partition, offset));
    return of.records[index];
  }

  // A row is written. In a file it is durable by that; in a cluster only when the nodes have been
  // asked afterwards whether the table is the same.
  void write_row(PartitionId partition, Offset offset, int32_t id) {
    SimulatedRecord& of = record(partition, offset);
    if (of.id != id)
      fail(fmt::format("the row of {}/{} has id {} for {}", partition, offset, id, of.id));
    if (of.fate != Fate::row)
      fail(fmt::format("{}/{}, which can be no row, is written as one", partition, offset));
    if (!keeps_positions) return;
    of.durable = true;
    count(of, partition);
  }
  void confirm_row(PartitionId partition, Offset offset) {
    record(partition, offset).durable = true;
  }

  // A dead letter has become durable, or was dropped where that is wanted.
  void write_letter(PartitionId partition, Offset offset, Fate fate, std::string_view value) {
    SimulatedRecord& of = record(partition, offset);
    if (of.fate != fate)
      fail(fmt::format("{}/{} is a dead letter for the wrong reason", partition, offset));
    if (of.value != value)
      fail(fmt::format("the dead letter of {}/{} has other bytes", partition, offset));
    of.durable = true;
    count(of, partition);
  }

  // Where the group reads on in a partition.
  [[nodiscard]] Offset position(PartitionId partition) {
    const Partition& of = at(partition);
    return of.kept ? of.kept->next : of.committed;
  }

  // A lane, or a stranger, reads a record under an assignment.
  void read(PartitionId partition, SimulatedRecord& of, uint64_t assignment) {
    if (of.read)
      fail(fmt::format("{}/{} is read again, and nothing excuses it", partition, of.offset));
    of.read = true;
    of.read_under = assignment;
    seen.read_again += of.writes_limit > 0;
    ++of.writes_limit;
  }

  // Something has happened after which all that has no position behind it is read again.
  void excuse(PartitionId partition) {
    Partition& of = at(partition);
    for (size_t i = of.index(position(partition)); i < of.records.size(); ++i)
      of.records[i].read = false;
  }
  void excuse_all() {
    for (size_t p = 0; p < topic.size(); ++p) excuse(static_cast<PartitionId>(p));
  }

  // The partition's owner was killed or has lost it: nobody can say how high its write times had
  // come since its last commit.
  void end_unheard(PartitionId partition) {
    const Partition& of = at(partition);
    const int64_t kept_us = of.kept ? of.kept->write_time_us : kNoWriteTime;
    keys.ended_unheard(partition, of.assignment,
                       {.next = position(partition), .noted_us = std::max(of.noted_us, kept_us)});
  }
  void end_all_unheard() {
    for (size_t p = 0; p < topic.size(); ++p)
      if (topic[p].owner >= 0) end_unheard(static_cast<PartitionId>(p));
  }

  // --- keys that repeat

  // A write time that was given as the record was read.
  void given(PartitionId partition, Offset offset, int64_t time_us) {
    if (time_us == kNoWriteTime) return;
    keys.given(partition, offset, time_us, record(partition, offset).read_under);
  }

  // The wall clock of a process that is ahead or behind by `off`.
  [[nodiscard]] WallTime wall(Millis off) const { return clock->wall() + off; }
  [[nodiscard]] Millis draw_clock() {
    return Millis(static_cast<int64_t>(below(120'000)) - 60'000);
  }

  // In the end, when everything is delivered. In a file write times go with their rows, so that
  // nothing is to be excused, but for letters that an owner wrote before it was killed.
  void check_keys() {
    for (PartitionId p = 0; static_cast<size_t>(p) < topic.size(); ++p) {
      std::map<int32_t, std::vector<SimulatedKeys::Values>> rows;
      for (const SimulatedRecord& of : at(p).records)
        if (of.fate == Fate::row)
          rows[of.key].push_back({.offset = of.offset, .id = of.id, .note = of.note});
      for (const auto& [key, records] : rows)
        if (std::string found = keys.fault({p, key}, records, !keeps_positions || mended);
            !found.empty())
          fail(std::move(found));
    }
  }

  // One step of a transaction beside the rows, in front of which `before` was kept. The position that
  // is kept last is the one that stands, as in SQLite; it must not be an earlier one.
  void keep(const Position& moved, const std::optional<Position>& before) {
    const Position kept_before = before.value_or(Position{.partition = moved.partition, .next = -1});
    if (kept_before.next >= moved.next && kept_before.write_time_us >= moved.write_time_us) return;
    const Position later = later_of(moved, kept_before);
    std::optional<Position>& kept = at(moved.partition).kept;
    if (kept && later.next < kept->next)
      fail(fmt::format("the position of {} moves back from {} to {}", moved.partition, kept->next,
                       later.next));
    if (!kept || kept->next < later.next)
      check_durable(later.partition, position(later.partition), later.next, "kept");
    kept = later;
  }

  // A row is durable together with the position behind it.
  void check_kept(PartitionId partition, Offset offset) {
    if (position(partition) <= offset)
      fail(fmt::format("the row of {}/{} is kept, but the position is {}", partition, offset,
                       position(partition)));
  }

  // Everything from `from` up to `to` has to be durable before `to` is stored.
  void check_durable(PartitionId partition, Offset from, Offset to, const char* what) {
    const Partition& of = at(partition);
    if (to > of.end) fail(fmt::format("{} {}/{}, past the end", what, partition, to));
    for (size_t i = of.index(from); i < of.records.size() && of.records[i].offset < to; ++i) {
      if (!of.records[i].durable)
        fail(fmt::format("{} {}/{}, but record {} is not durable", what, partition, to,
                         of.records[i].offset));
    }
  }

  void commit(PartitionId partition, Offset next) {
    Partition& of = at(partition);
    if (next < of.committed)
      fail(fmt::format("committed {}/{}, back from {}", partition, next, of.committed));
    if (keeps_positions && (!of.kept || next > of.kept->next))
      fail(fmt::format("committed {}/{}, which is not kept yet", partition, next));
    check_durable(partition, of.committed, next, "committed");
    of.committed = next;
  }

  const Faults faults;
  const std::shared_ptr<ManualClock> clock;
  std::vector<Partition> topic;
  Seen seen;
  bool calm = false;             // No more faults, so that everything comes to its end.
  bool drop_letters = false;     // `dead_letters = 'drop'`.
  bool keeps_positions = false;  // The sink is a file with rows and positions.
  bool keys_repeat = false;      // The table's key does not tell records apart.
  bool mended = false;           // Records without a match have one now.
  SimulatedKeys keys;            // The table's rows, where keys repeat.
  std::vector<Letter> letters;   // Dead letters that are durable, where keys repeat.
  uint64_t table = 0;            // How often the cluster's was dropped and made anew.
  SteadyTime outage_until{};
  SteadyTime disk_full_until{};
  SteadyTime file_full_until{};

  // A fault that is not tried again is dealt.
  void deal_failure() {
    failed = true;
    ++seen.failures;
  }

  // Of the process's present life.
  bool dead = false;
  bool failed = false;           // A fault that is not tried again has been dealt.
  bool letters_failing = false;  // Those that wait could not be written.
  uint64_t crash_at = 0;
  uint64_t steps_limit = 0;
  uint64_t steps_without_wait = 0;  // Of the lane that has its turn.

 private:
  void count(SimulatedRecord& of, PartitionId partition) {
    if (++of.writes > of.writes_limit)
      fail(fmt::format("{}/{} is written {} times, and {} would be right", partition, of.offset,
                       of.writes, of.writes_limit));
  }

  // So few that records of one key are in flight together.
  static constexpr uint64_t kKeys = 7;
  // More than a lane needs to store and send all that it may hold.
  static constexpr uint64_t kStepsWithoutWait = 3'000;

  struct Event {
    SteadyTime at{};
    int lane = -1;
    const char* what = "";
    int64_t first = -1;
    int64_t second = -1;
  };

  std::mt19937_64 random_;
  uint64_t steps_ = 0;
  std::string fault_;
  std::array<Event, 80> trace_;
  size_t traced_ = 0;
};

}  // namespace turntable
