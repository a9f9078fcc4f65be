// The world around simulated lanes: time, chance, the topic with what became of its records, and
// the consumer group. It is also the oracle: whatever a lane does arrives here, and what breaks the
// guarantee ends the simulation.
//
// What is checked all the time:
//   - no position is stored or committed past a record that has not its durable outcome in each
//     INSERT: a row in that table, a place in a dead letter, or none where WHERE leaves it out;
//   - a stored position moves only forward while the partition is owned, a committed one always;
//   - nothing is stored for a partition that is not owned, or as it is lost;
//   - a record ends in each INSERT as what it is, with its own content, however often it is
//     written; its dead letter names the INSERTs that made no row of it, and no others;
//   - a record is read again only where a crash, a failure or a partition that was lost, or given
//     back with work undone, came between, and its dead letter is written no more often than it was
//     read, but for flushes that ended in the middle.
// In a file:
//   - rows are not written more often than read either, so that even after a crash each is written
//     once.
// Where the one store is a file, which keeps positions:
//   - no kept position is past a record without an outcome, none is behind a row, unless dead
//     letters cannot be written just then; and none is stored before it is kept.
// Where keys repeat: which rows stand in the end (keys.h).
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
#include <utility>
#include <vector>

#include "base/clock.h"
#include "row/insert_set.h"
#include "row/letter.h"
#include "row/position.h"
#include "row/tombstones.h"
#include "row/types.h"
#include "simulation/faults.h"
#include "simulation/keys.h"
#include "simulation/record.h"

namespace turntable {

// Thrown through a lane when its process dies, or when the simulation has found a fault. Nothing
// after it is stored.
struct SimulatedCrash {};

class SimulatedWorld {
 public:
  // So few that records of one key are in flight together.
  static constexpr int32_t kKeys = 7;

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
    if (steps_ >= steps_limit) fail("the life does not end: " + unfinished());
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

  // Where each partition stands, and what is awaited there.
  [[nodiscard]] std::string unfinished() const {
    std::string text;
    for (const Partition& of : topic) {
      const size_t index = of.index(of.committed);
      text += fmt::format(" {} of {}", index, of.records.size());
      if (index == of.records.size()) continue;
      (of.records[index].owing(inserts) - of.records[index].durable).for_each([&](size_t insert) {
        text += fmt::format(" (fate {} in INSERT {})",
                            static_cast<int>(of.records[index].fates[insert]), insert);
      });
      text += ',';
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
        draw_fates(record);
        record.key = static_cast<int32_t>(below(kKeys));
        if (below(2) == 0) record.note = static_cast<int32_t>(below(1000));
        if (chance(faults.tombstone)) {
          make_tombstone(record);
        } else {
          record.value = text_of(record);
        }
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

  // Kafka's key of a record, a number: every partition has its own.
  [[nodiscard]] static std::string key_bytes(PartitionId partition, const SimulatedRecord& record) {
    return fmt::format("{}", partition * kKeys + record.key);
  }

  // The tombstone of the key that was given this write time.
  [[nodiscard]] const SimulatedRecord& tombstone(PartitionId partition, int32_t key,
                                                 int64_t time_us) {
    const auto [from, to] = tombstones_by_time_.equal_range({partition, time_us});
    for (auto at = from; at != to; ++at)
      if (const SimulatedRecord& of = record(partition, at->second); of.key == key) return of;
    fail(fmt::format("a deletion of key {}/{} is of no tombstone", partition, key));
  }

  // A row is written. In a file it is durable by that; in a cluster only when the nodes have been
  // asked afterwards whether the table is the same.
  void write_row(size_t insert, PartitionId partition, Offset offset, int32_t id) {
    SimulatedRecord& of = record(partition, offset);
    if (of.id != id)
      fail(fmt::format("the row of {}/{} has id {} for {}", partition, offset, id, of.id));
    if (of.fates[insert] != Fate::row)
      fail(fmt::format("{}/{}, which can be no row of INSERT {}, is written as one", partition,
                       offset, insert));
    if (mended && !of.replayed.has(insert))
      fail(fmt::format("the row of {}/{} in INSERT {} is replayed, and no letter wants it",
                       partition, offset, insert));
    if (!in_file[insert]) return;
    of.durable |= InsertSet::of(insert);
    if (++of.rows[insert] > of.reads)
      fail(fmt::format("the row of {}/{} in INSERT {} is written {} times, and {} would be right",
                       partition, offset, insert, of.rows[insert], of.reads));
  }
  void confirm_row(size_t insert, PartitionId partition, Offset offset) {
    record(partition, offset).durable |= InsertSet::of(insert);
  }

  // A dead letter has become durable, or was dropped where that is wanted. `fates`: what it says of
  // each INSERT; row where it says nothing.
  void write_letter(PartitionId partition, Offset offset,
                    const std::array<Fate, SimulatedRecord::kMostInserts>& fates,
                    std::string_view value) {
    SimulatedRecord& of = record(partition, offset);
    const InsertSet faulty = of.faults(inserts);
    for (size_t insert = 0; insert < inserts; ++insert)
      if (fates[insert] != (faulty.has(insert) ? of.fates[insert] : Fate::row))
        fail(fmt::format("{}/{} is a dead letter for the wrong reason in INSERT {}", partition,
                         offset, insert));
    if (of.value != value)
      fail(fmt::format("the dead letter of {}/{} has other bytes", partition, offset));
    of.durable |= faulty;
    if (++of.letters > of.letters_limit)
      fail(fmt::format("the letter of {}/{} is written {} times, and {} would be right", partition,
                       offset, of.letters, of.letters_limit));
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
    seen.read_again += of.reads > 0;
    ++of.reads;
    ++of.letters_limit;
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

  // The partition's owner was killed, or has lost it: nobody can say how high its write times had
  // come since its last commit.
  void end_unheard(PartitionId partition, bool lost) {
    const Partition& of = at(partition);
    const int64_t kept_us = of.kept ? of.kept->write_time_us : kNoWriteTime;
    for (SimulatedKeys& of_table : keys)
      of_table.ended_unheard(
          partition, of.assignment,
          {.next = position(partition), .noted_us = std::max(of.noted_us, kept_us), .lost = lost});
  }
  void end_all_unheard() {
    for (size_t p = 0; p < topic.size(); ++p)
      if (topic[p].owner >= 0) end_unheard(static_cast<PartitionId>(p), false);
  }

  // --- keys that repeat

  // A write time that was given as the record was read.
  void given(PartitionId partition, Offset offset, int64_t time_us) {
    if (time_us == kNoWriteTime) return;
    if (record(partition, offset).tombstone)
      tombstones_by_time_.insert({{partition, time_us}, offset});
    for (SimulatedKeys& of_table : keys)
      of_table.given(partition, offset, time_us, record(partition, offset).read_under);
  }

  // The wall clock of a process that is ahead or behind by `off`.
  [[nodiscard]] WallTime wall(Millis off) const { return clock->wall() + off; }
  [[nodiscard]] Millis draw_clock() {
    return Millis(static_cast<int64_t>(below(120'000)) - 60'000);
  }

  // In the end, when everything is delivered. In a file write times go with their rows, so that
  // nothing is to be excused, but for letters that an owner wrote before it was killed, and for
  // rows that were in a transaction when their partition was lost. (A real file knows the highest
  // write time of its rows, which this one says only where it keeps no positions: that hides what
  // the positions' write times are good for.)
  void check_keys() {
    if (!keys_repeat) return;
    for (size_t insert = 0; insert < inserts; ++insert)
      for (PartitionId p = 0; static_cast<size_t>(p) < topic.size(); ++p) check_keys(insert, p);
  }

  // One step of a transaction beside the rows, in front of which `before` was kept. The position
  // that is kept last is the one that stands, as in SQLite; it must not be an earlier one.
  void keep(const Position& moved, const std::optional<Position>& before) {
    const Position kept_before =
        before.value_or(Position{.partition = moved.partition, .next = -1});
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
      const InsertSet missing = of.records[i].owing(inserts) - of.records[i].durable;
      missing.for_each([&](size_t insert) {
        fail(fmt::format("{} {}/{}, but record {} is not durable in INSERT {}", what, partition, to,
                         of.records[i].offset, insert));
      });
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
  bool calm = false;          // No more faults, so that everything comes to its end.
  bool drop_letters = false;  // `dead_letters = 'drop'`.
  size_t inserts = 1;
  std::array<bool, SimulatedRecord::kMostInserts>
      in_file{};                 // By INSERT: its table is in the file.
  bool keeps_positions = false;  // The only store is a file with rows and positions.
  bool keys_repeat = false;      // The tables' keys do not tell records apart.
  Tombstones tombstones = Tombstones::dead_letter;  // Deletions only where keys repeat.
  bool mended = false;                              // Records without a match have one now.
  // By INSERT: the rows of its table, where keys repeat.
  std::array<SimulatedKeys, SimulatedRecord::kMostInserts> keys;
  std::vector<Letter> letters;  // Dead letters that are durable, where they are replayed.
  int64_t highest_in_file_us = kNoWriteTime;  // Of the rows in the file.
  uint64_t table = 0;                         // How often the cluster's was dropped and made anew.
  SteadyTime outage_until{};
  SteadyTime disk_full_until{};
  SteadyTime file_full_until{};

  // An INSERT is named by its table.
  [[nodiscard]] static std::string table_name(size_t insert) {
    return fmt::format("history_{}", insert);
  }
  // Some of the tables are in a file: it has one process, and nobody else reads for it.
  [[nodiscard]] bool has_file() const {
    return std::any_of(in_file.begin(), in_file.end(), [](bool in) { return in; });
  }
  // In the end.
  [[nodiscard]] bool replays() const { return keys_repeat || inserts > 1; }

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
  uint64_t settled_from = 0;        // From this step on partitions stay where they must.
  uint64_t steps_without_wait = 0;  // Of the lane that has its turn.

 private:
  // INSERT 0 joins a lookup, INSERT 1 none, and INSERT 2 one whose missing keys are dropped.
  void draw_fates(SimulatedRecord& record) {
    const bool bad = chance(faults.bad_record);
    const bool malformed = bad && below(2) == 0;
    for (size_t insert = 0; insert < inserts; ++insert) {
      Fate& fate = record.fates[insert];
      if (malformed) {
        fate = Fate::malformed;
      } else if (chance(faults.filtered)) {
        fate = Fate::filtered;
        ++seen.filtered;
      } else if (insert != 1 && bad && (insert == 0 || below(2) == 0)) {
        fate = insert == 0 ? Fate::unmatched : Fate::dropped;
        seen.dropped += fate == Fate::dropped;
      } else if (chance(faults.refused)) {
        fate = Fate::refused;
      }
    }
    seen.halves += record.has(Fate::row, inserts) && !record.faults(inserts).empty();
  }

  // To every INSERT the same, whatever its WHERE and its lookup would say.
  void make_tombstone(SimulatedRecord& record) {
    record.tombstone = true;
    ++seen.tombstones;
    for (size_t insert = 0; insert < inserts; ++insert) {
      Fate& fate = record.fates[insert];
      if (tombstones == Tombstones::skip) {
        fate = Fate::filtered;
      } else if (tombstones == Tombstones::dead_letter) {
        fate = Fate::malformed;
      } else if (fate != Fate::refused) {
        fate = Fate::row;
      }
    }
  }

  // "r" or "m", for malformed; the record's id, its key and its note; and for each INSERT whether
  // its WHERE takes the record, and the key that it looks up: 1 is always there, 2 once the lookup
  // is mended.
  [[nodiscard]] std::string text_of(const SimulatedRecord& record) const {
    std::string text = fmt::format("{}{}:{}:{}", record.fates[0] == Fate::malformed ? 'm' : 'r',
                                   record.id, record.key, record.note.value_or(-1));
    for (size_t insert = 0; insert < inserts; ++insert) {
      const Fate fate = record.fates[insert];
      const bool missing = fate == Fate::unmatched || fate == Fate::dropped;
      text += fmt::format(":{}:{}", fate == Fate::filtered ? 0 : 1, missing ? 2 : 1);
    }
    return text;
  }

  void check_keys(size_t insert, PartitionId partition) {
    std::map<int32_t, std::vector<SimulatedKeys::Values>> rows;
    for (const SimulatedRecord& of : at(partition).records)
      if (of.fates[insert] == Fate::row)
        rows[of.key].push_back(
            {.offset = of.offset, .id = of.id, .note = of.note, .deletion = of.tombstone});
    for (const auto& [key, records] : rows)
      if (std::string found =
              keys[insert].fault({partition, key}, records,
                                 !in_file[insert] || mended ? SimulatedKeys::Excused::all
                                                            : SimulatedKeys::Excused::lost);
          !found.empty())
        fail(fmt::format("INSERT {}: {}", insert, found));
  }

  // More than a lane needs to store and send all that it may hold.
  static constexpr uint64_t kStepsWithoutWait = 3'000;

  struct Event {
    SteadyTime at{};
    int lane = -1;
    const char* what = "";
    int64_t first = -1;
    int64_t second = -1;
  };

  std::multimap<std::pair<PartitionId, int64_t>, Offset> tombstones_by_time_;
  std::mt19937_64 random_;
  uint64_t steps_ = 0;
  std::string fault_;
  std::array<Event, 80> trace_;
  size_t traced_ = 0;
};

}  // namespace turntable
