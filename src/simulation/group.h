// The simulated consumer group: decides which lane owns which partition, moves partitions between
// lanes and to strangers in other processes, which read and commit too, and back.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "simulation/row.h"
#include "simulation/world.h"

namespace turntable {

// What a member is told when it next serves its group.
struct GroupNotice {
  enum class Kind { assigned, revoked, lost };
  Kind kind = Kind::assigned;
  std::vector<PartitionId> partitions;
  std::vector<uint64_t> assignments;  // The number of each; where assigned.
};
using GroupMailbox = std::deque<GroupNotice>;

class SimulatedGroup {
 public:
  // The members are the lanes of one process: its life is the group's.
  SimulatedGroup(SimulatedWorld& world, size_t lanes) : world_(world), members_(lanes) {
    for (Partition& partition : world_.topic) {
      partition.moving = false;
      if (partition.owner == Partition::kStranger) note_of_stranger(partition);
      if (partition.owner != Partition::kStranger || world_.calm)
        partition.owner = Partition::kNobody;
    }
  }

  void join(size_t lane, GroupMailbox* mailbox) { members_[lane] = mailbox; }

  // When all have joined: the first assignment. One of the lanes may get nothing.
  void begin() {
    std::vector<GroupNotice> notices(members_.size());
    for (size_t p = 0; p < world_.topic.size(); ++p) {
      if (world_.topic[p].owner == Partition::kStranger) continue;
      const auto lane = world_.below(members_.size());
      own(static_cast<PartitionId>(p), static_cast<int>(lane), notices[lane]);
    }
    for (size_t lane = 0; lane < members_.size(); ++lane)
      if (!notices[lane].partitions.empty()) members_[lane]->push_back(std::move(notices[lane]));
  }

  // Between two steps of lanes.
  void tick() {
    for (size_t p = 0; p < world_.topic.size(); ++p)
      if (world_.topic[p].owner == Partition::kStranger) let_stranger_work(static_cast<int>(p));
    if (world_.calm || !world_.chance(world_.faults.rebalance)) return;
    // Where a lane has a file and a cluster, nobody else reads for it, and what one has written may
    // wait for the other for longer than partitions stay: in the end they do stay.
    if (world_.has_file() && !world_.keeps_positions && world_.steps() >= world_.settled_from)
      return;
    const size_t lane = world_.below(members_.size());
    if (members_[lane] == nullptr) return;
    const bool lost = world_.chance(world_.faults.lost);
    // What is lost is lost altogether.
    take_from(static_cast<int>(lane), lost, lost || world_.below(4) == 0);
  }

  // A member has given a partition back, which it had been asked to.
  void given_back(PartitionId partition) {
    Partition& of = world_.at(partition);
    of.moving = false;
    hand_over(partition, of.target);
  }

  // A member has left: its partitions go to the others.
  void leave(size_t lane) {
    members_[lane] = nullptr;
    for (size_t p = 0; p < world_.topic.size(); ++p) {
      Partition& of = world_.topic[p];
      if (of.owner != static_cast<int>(lane)) continue;
      of.moving = false;
      hand_over(static_cast<PartitionId>(p), any_member());
    }
  }

  [[nodiscard]] bool all_is_committed() const {
    return std::all_of(world_.topic.begin(), world_.topic.end(), [](const Partition& partition) {
      return partition.records.empty() || partition.committed > partition.records.back().offset;
    });
  }

 private:
  using Partition = SimulatedWorld::Partition;

  [[nodiscard]] int any_member() {
    const size_t first = world_.below(members_.size());
    for (size_t i = 0; i < members_.size(); ++i) {
      const size_t lane = (first + i) % members_.size();
      if (members_[lane] != nullptr) return static_cast<int>(lane);
    }
    return Partition::kNobody;
  }

  void own(PartitionId partition, int lane, GroupNotice& notice) {
    Partition& of = world_.at(partition);
    of.owner = lane;
    notice.partitions.push_back(partition);
    notice.assignments.push_back(++of.assignment);
  }

  void hand_over(PartitionId partition, int target) {
    if (target >= 0 && members_[static_cast<size_t>(target)] == nullptr) target = any_member();
    world_.trace(target, "is given partition", partition, world_.at(partition).committed);
    if (target < 0) {
      world_.at(partition).owner = target;
      ++world_.at(partition).assignment;
      return;
    }
    GroupNotice notice;
    own(partition, target, notice);
    members_[static_cast<size_t>(target)]->push_back(std::move(notice));
  }

  // One partition of the lane, or all of them, go to somebody else, or come back to it.
  void take_from(int lane, bool lost, bool all) {
    GroupNotice notice;
    notice.kind = lost ? GroupNotice::Kind::lost : GroupNotice::Kind::revoked;
    const size_t first = world_.below(world_.topic.size());
    for (size_t i = 0; i < world_.topic.size(); ++i) {
      const auto p = static_cast<PartitionId>((first + i) % world_.topic.size());
      if (world_.at(p).owner != lane || world_.at(p).moving) continue;
      notice.partitions.push_back(p);
      if (!all) break;
    }
    if (notice.partitions.empty()) return;
    const std::vector<PartitionId> taken = notice.partitions;
    members_[static_cast<size_t>(lane)]->push_back(std::move(notice));
    for (const PartitionId p : taken) {
      Partition& of = world_.at(p);
      if (lost) world_.excuse(p);
      if (lost) world_.end_unheard(p, true);
      // A file has one process, and nobody else reads for it.
      const auto where = world_.below(world_.has_file() ? 2 : 3);
      of.target = where == 0 ? lane : where == 1 ? any_member() : Partition::kStranger;
      world_.trace(lane, lost ? "loses partition" : "is asked for partition", p);
      if (lost) {
        hand_over(p, of.target);
      } else {
        of.moving = true;
      }
    }
  }

  // It makes no mistakes, commits from time to time, and gives the partition back.
  void let_stranger_work(PartitionId partition) {
    Partition& of = world_.at(partition);
    if (world_.below(8) == 0) {
      size_t next = of.index(of.committed);
      for (size_t i = world_.below(10); i > 0 && next < of.records.size(); --i)
        let_stranger_write(partition, of.records[next++]);
      if (next > 0 && of.records[next - 1].offset >= of.committed)
        world_.commit(partition, of.records[next - 1].offset + 1);
      note_of_stranger(of);
    }
    if (world_.below(50) == 0) hand_over(partition, any_member());
  }

  static void note_of_stranger(Partition& of) {
    of.noted_us = std::max(of.noted_us, of.stranger_us);
  }

  void let_stranger_write(PartitionId partition, SimulatedRecord& record) {
    Partition& of = world_.at(partition);
    world_.read(partition, record, of.assignment);
    const int64_t clock_us = micros_of(world_.wall(world_.draw_clock()));
    of.stranger_us = std::max({clock_us, of.stranger_us + 1, of.noted_us + 1});
    world_.given(partition, record.offset, of.stranger_us);
    const InsertSet faults = record.faults(world_.inserts);
    std::array<Fate, SimulatedRecord::kMostInserts> fates{};
    faults.for_each([&](size_t insert) { fates[insert] = record.fates[insert]; });
    if (!faults.empty()) {
      world_.write_letter(partition, record.offset, fates, record.value);
      if (world_.replays()) world_.letters.push_back(letter_of_stranger(partition, record));
    }
    (record.owing(world_.inserts) - faults).for_each([&](size_t insert) {
      world_.write_row(insert, partition, record.offset, record.id);
      world_.confirm_row(insert, partition, record.offset);
      if (record.tombstone)
        world_.keys[insert].remove({partition, record.key}, of.stranger_us);
      else if (world_.keys_repeat)
        world_.keys[insert].write({partition, record.key},
                                  {.offset = record.offset, .id = record.id, .note = record.note},
                                  of.stranger_us, SimulatedKeys::Settles::cells);
    });
  }

  [[nodiscard]] Letter letter_of_stranger(PartitionId partition,
                                          const SimulatedRecord& record) const {
    Letter letter{.topic = "simulated",
                  .partition = partition,
                  .offset = record.offset,
                  .write_time_us = world_.topic[static_cast<size_t>(partition)].stranger_us,
                  .key = SimulatedWorld::key_bytes(partition, record),
                  .value = record.value,
                  .reason = "other"};
    if (record.tombstone) letter.value.reset();
    record.faults(world_.inserts).for_each([&](size_t insert) {
      const bool unmatched = record.fates[insert] == Fate::unmatched;
      if (world_.inserts == 1 && unmatched) letter.reason = "unmatched";
      if (world_.inserts > 1)
        letter.inserts.push_back(
            {SimulatedWorld::table_name(insert), unmatched ? "unmatched" : "other", ""});
    });
    return letter;
  }

  SimulatedWorld& world_;
  std::vector<GroupMailbox*> members_;  // By lane; null once it has left.
};

}  // namespace turntable
