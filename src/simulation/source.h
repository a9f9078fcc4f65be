// A member of the simulated group, as a lane's source. Its position in each partition, what is
// stored, and a commit in the background, as librdkafka does it.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "simulation/group.h"
#include "source/source.h"

namespace turntable {

class SimulatedSource final : public Source {
 public:
  struct Options {
    int lane = 0;
    bool bounded = true;  // It ends when everything is read, as with --until-end.
    Millis drain_bound{0};
    Millis sink_wait{0};  // How much longer the sink may need to give a partition back.
    std::function<void(SteadyTime)> wait_until;  // Lets the other lanes work meanwhile.
  };

  SimulatedSource(SimulatedWorld& world, SimulatedGroup& group, AssignmentListener& listener,
                  Options options)
      : world_(world), group_(group), listener_(listener), options_(std::move(options)) {
    group_.join(static_cast<size_t>(options_.lane), &mailbox_);
  }

  [[nodiscard]] uint64_t delivered() const { return delivered_; }
  // The last position stored for each partition.
  [[nodiscard]] const std::map<PartitionId, Offset>& positions() const { return positions_; }

  // The lane has failed: whoever is next reads again what it has not finished.
  void excuse() {
    for (const auto& [partition, owned] : owned_) world_.excuse(partition);
  }

  Result<RecordBatch> poll(size_t limit, Millis wait) override {
    serve();
    if (!world_.calm && world_.chance(world_.faults.fatal)) {
      world_.deal_failure();
      return turntable::fail(ErrorKind::failed, "the topic is gone");
    }
    RecordBatch batch;
    batch.topic = "simulated";
    if (limit == 0) world_.fail("polls for no records");
    take(limit, batch);
    if (batch.empty()) pause(Millis(1 + world_.below(static_cast<uint64_t>(wait.count()))));
    return batch;
  }

  Status keep_alive() override {
    serve();
    return {};
  }

  void store(PartitionId partition, Offset next) override {
    world_.step();
    const auto found = owned_.find(partition);
    if (found == owned_.end())
      world_.fail(fmt::format("stores {}/{}, which it does not own", partition, next));
    Owned& owned = found->second;
    if (std::count(being_lost_.begin(), being_lost_.end(), partition) > 0)
      world_.fail(fmt::format("stores {}/{}, which is lost", partition, next));
    // Where it began is stored too, where a sink keeps it.
    if (next < owned.stored || (next == owned.stored && !world_.keeps_positions))
      world_.fail(fmt::format("stores {}/{}, not past {}", partition, next, owned.stored));
    if (world_.keeps_positions && world_.position(partition) < next)
      world_.fail(fmt::format("stores {}/{}, which is not kept yet", partition, next));
    world_.check_durable(partition, owned.stored, next, "stored");
    world_.trace(options_.lane, "stores", partition, next);
    owned.stored = positions_[partition] = next;
    owned.stored_us = owned.write_time_us;
  }

  void note_write_time(PartitionId partition, int64_t last_us) override {
    const auto found = owned_.find(partition);
    if (found == owned_.end()) return;
    if (last_us < found->second.write_time_us) world_.fail("a write time moves back");
    found->second.write_time_us = last_us;
  }

  Status commit() override {
    world_.step();
    pause(Millis(world_.below(50)));
    if (!world_.calm && world_.chance(world_.faults.fatal)) {
      world_.deal_failure();
      return turntable::fail(ErrorKind::failed, "no broker takes the commit");
    }
    commit_stored();
    return {};
  }

  [[nodiscard]] bool at_end() const override {
    if (!options_.bounded || !served_once_) return false;
    if (owned_.empty()) return group_.all_is_committed();
    return std::all_of(owned_.begin(), owned_.end(), [this](const auto& entry) {
      return entry.second.next == records(entry.first).size();
    });
  }

  [[nodiscard]] int64_t lag() const override { return -1; }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return "the simulated topic"; }

  Status close() override {
    world_.step();
    commit_stored();
    commit_notes();
    world_.trace(options_.lane, "leaves");
    group_.leave(static_cast<size_t>(options_.lane));
    return {};
  }

 private:
  struct Owned {
    uint64_t assignment = 0;
    size_t next = 0;  // The next record to deliver.
    Offset stored = 0;
    int64_t write_time_us = kNoWriteTime;  // The highest, as the lane says.
    int64_t stored_us = kNoWriteTime;      // When the last position was stored.
  };
  // Copies, so that a view that outlives its batch is noticed.
  struct Owner final : RecordOwner {
    std::deque<std::string> texts;
  };

  [[nodiscard]] const std::vector<SimulatedRecord>& records(PartitionId partition) const {
    return world_.topic[static_cast<size_t>(partition)].records;
  }

  void pause(Millis time) { options_.wait_until(world_.now() + time); }

  // Being a living member: takes up what the group says, and commits in the background.
  void serve() {
    world_.step();
    // Nobody who is silent for long stays a member.
    const Millis silent_limit = options_.drain_bound + options_.sink_wait + Millis(3'000);
    if (served_once_ && world_.now() - served_at_ > silent_limit)
      world_.fail("has not served its group for too long");
    pause(Millis(world_.below(4)));
    while (!mailbox_.empty()) {
      const GroupNotice notice = std::move(mailbox_.front());
      mailbox_.pop_front();
      notice.kind == GroupNotice::Kind::assigned ? take_up(notice) : give_back(notice);
    }
    if (world_.now() - committed_at_ >= Millis(1'000)) commit_stored();
    served_once_ = true;
    served_at_ = world_.now();
  }

  void take_up(const GroupNotice& notice) {
    for (size_t i = 0; i < notice.partitions.size(); ++i) {
      const SimulatedWorld::Partition& of = world_.at(notice.partitions[i]);
      const Offset start = world_.position(notice.partitions[i]);
      owned_[notice.partitions[i]] = {notice.assignments[i], of.index(start), start, of.noted_us,
                                      of.noted_us};
      world_.trace(options_.lane, "takes up", notice.partitions[i], start);
    }
    listener_.on_assigned(notice.partitions);
    for (const PartitionId partition : notice.partitions)
      if (const int64_t noted_us = owned_[partition].write_time_us; noted_us != kNoWriteTime)
        listener_.on_write_time(partition, noted_us);
    for (const PartitionId partition : notice.partitions)
      if (listener_.keeps_positions() && !listener_.kept_position(partition))
        listener_.on_passed(partition, owned_[partition].stored);
  }

  void give_back(const GroupNotice& notice) {
    const bool lost = notice.kind == GroupNotice::Kind::lost;
    const SteadyTime begun = world_.now();
    if (lost) being_lost_ = notice.partitions;
    listener_.on_revoked(notice.partitions, lost);
    being_lost_.clear();
    if (world_.now() - begun > options_.drain_bound + options_.sink_wait + Millis(1'000))
      world_.fail("has kept a revoked partition for too long");
    const bool in_time = world_.now() - begun < options_.drain_bound && !world_.failed;
    if (!lost) commit_stored();
    if (!lost) commit_notes();
    if (!lost && !in_time)
      for (const PartitionId partition : notice.partitions) world_.excuse(partition);
    (lost ? world_.seen.lost : world_.seen.revoked) += notice.partitions.size();
    for (const PartitionId partition : notice.partitions) {
      world_.trace(options_.lane, lost ? "has lost" : "gives back", partition);
      owned_.erase(partition);
      if (!lost) group_.given_back(partition);
    }
  }

  // The broker takes only what the present owner commits.
  void commit_stored() {
    committed_at_ = world_.now();
    for (const auto& [partition, owned] : owned_) {
      const SimulatedWorld::Partition& of = world_.at(partition);
      if (of.assignment == owned.assignment && owned.stored != of.committed)
        commit(partition, owned.stored, owned.stored_us);
    }
  }

  void commit(PartitionId partition, Offset next, int64_t noted_us) {
    world_.commit(partition, next);
    world_.at(partition).noted_us = noted_us;
  }

  // As KafkaSource does, where positions come to their end: what was given behind the last one.
  void commit_notes() {
    for (const auto& [partition, owned] : owned_) {
      const SimulatedWorld::Partition& of = world_.at(partition);
      if (of.assignment == owned.assignment && owned.write_time_us > of.noted_us &&
          (!world_.keeps_positions || of.kept))
        commit(partition, of.committed, owned.write_time_us);
    }
  }

  // Some of what is there, in stretches of one partition.
  void take(size_t limit, RecordBatch& batch) {
    if (!world_.calm && world_.chance(world_.faults.dry))
      dry_until_ = world_.now() + Millis(world_.below(3'000));
    if (owned_.empty() || (!world_.calm && world_.now() < dry_until_)) return;
    limit = 1 + world_.below(limit);
    auto owner = std::make_unique<Owner>();
    auto from = owned_.begin();
    std::advance(from, world_.below(owned_.size()));
    for (size_t turns = owned_.size(); turns > 0 && batch.size() < limit; --turns) {
      auto& [partition, owned] = *from;
      auto& all = world_.at(partition).records;
      for (size_t i = 1 + world_.below(8); i > 0 && owned.next < all.size() && batch.size() < limit;
           --i) {
        SimulatedRecord& record = all[owned.next++];
        world_.read(partition, record, owned.assignment);
        deliver(batch, *owner, partition, record);
      }
      if (++from == owned_.end()) from = owned_.begin();
    }
    batch.owner = std::move(owner);
    delivered_ += batch.size();
    if (!batch.empty())
      world_.trace(options_.lane, "reads from", batch.records[0].partition,
                   batch.records[0].offset);
  }

  static void deliver(RecordBatch& batch, Owner& owner, PartitionId partition,
                      const SimulatedRecord& from) {
    Record& record = batch.records.emplace_back();
    record.value = owner.texts.emplace_back(from.value);
    record.has_value = !from.tombstone;
    record.key = owner.texts.emplace_back(SimulatedWorld::key_bytes(partition, from));
    record.has_key = true;
    record.partition = partition;
    record.offset = from.offset;
  }

  SimulatedWorld& world_;
  SimulatedGroup& group_;
  AssignmentListener& listener_;
  const Options options_;
  GroupMailbox mailbox_;
  std::map<PartitionId, Owned> owned_;
  std::map<PartitionId, Offset> positions_;
  std::vector<PartitionId> being_lost_;
  uint64_t delivered_ = 0;
  bool served_once_ = false;
  SteadyTime served_at_{};
  SteadyTime committed_at_{};
  SteadyTime dry_until_{};
};

}  // namespace turntable
