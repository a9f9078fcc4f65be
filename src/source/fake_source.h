// A source for tests: partitions are scripted, assignments are moved by hand, and what was stored
// can be looked at.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "source/source.h"

namespace turntable {

// The topic, which outlives the sources that read it, with what a group has committed there.
struct FakeTopic {
  std::string name = "fake";
  struct Message {
    std::string value;
    bool has_value = true;
    std::optional<std::string> key;
  };
  std::map<PartitionId, std::vector<Message>> partitions;
  std::map<PartitionId, Offset> committed;

  void add(PartitionId partition, std::string value) {
    partitions[partition].push_back({std::move(value), true, {}});
  }
};

// One thread. Partitions are given out in turn, one record each, so that batches mix them.
class FakeSource final : public Source {
 public:
  // All partitions of the topic are assigned at the first poll, unless `assigned` names fewer.
  FakeSource(FakeTopic& topic, AssignmentListener& listener,
             std::optional<std::vector<PartitionId>> assigned = {})
      : topic_(topic), listener_(listener) {
    if (assigned) {
      to_assign_ = std::move(*assigned);
    } else {
      for (const auto& [partition, messages] : topic_.partitions) to_assign_.push_back(partition);
    }
  }

  // Done at the next poll() or keep_alive(), as a rebalance is.
  void assign(std::vector<PartitionId> partitions) { to_assign_ = std::move(partitions); }
  void revoke(std::vector<PartitionId> partitions, bool lost = false) {
    to_revoke_ = std::move(partitions);
    lost_ = lost;
  }
  // The next poll fails with this.
  void fail_next(Error error) { error_ = std::move(error); }
  // As a broken source: every poll() and keep_alive() from here on.
  void fail_for_good(Error error) { broken_ = std::move(error); }
  // At the next poll: nothing below `next` comes any more, as where retention has deleted it.
  void pass(PartitionId partition, Offset next) { to_pass_.emplace(partition, next); }
  // Nothing is delivered until uncork().
  void cork() { corked_ = true; }
  void uncork() { corked_ = false; }
  // False: more may come at any time, as in a topic without --until-end.
  void set_bounded(bool bounded) { bounded_ = bounded; }

  [[nodiscard]] const std::map<PartitionId, Offset>& stored() const { return stored_; }
  [[nodiscard]] int keep_alives() const { return keep_alives_; }
  [[nodiscard]] int commits() const { return commits_; }
  [[nodiscard]] bool closed() const { return closed_; }

  [[nodiscard]] Result<RecordBatch> poll(size_t limit, Millis) override {
    CHECK(!closed_);
    rebalance();
    if (broken_) return tl::unexpected<Error>(*broken_);
    for (const auto& [partition, next] : std::exchange(to_pass_, {})) {
      next_[partition] = next;
      listener_.on_passed(partition, next);
    }
    if (error_) return tl::unexpected<Error>(std::exchange(error_, std::nullopt).value());
    RecordBatch batch;
    batch.topic = topic_.name;
    auto owner = std::make_unique<Owner>();
    for (bool moved = true; moved && !corked_;) {
      moved = false;
      for (auto& [partition, next] : next_) {
        const auto& messages = topic_.partitions[partition];
        if (batch.size() == limit || static_cast<size_t>(next) >= messages.size()) continue;
        deliver(batch, *owner, partition, next++, messages);
        moved = true;
      }
    }
    batch.owner = std::move(owner);
    return batch;
  }

  [[nodiscard]] Status keep_alive() override {
    ++keep_alives_;
    rebalance();
    if (broken_) return tl::unexpected<Error>(*broken_);
    return {};
  }

  void store(PartitionId partition, Offset next) override {
    if (!next_.contains(partition)) return;
    Offset& stored = stored_[partition];
    stored = std::max(stored, next);
  }

  [[nodiscard]] Status commit() override {
    ++commits_;
    for (const auto& [partition, next] : stored_) topic_.committed[partition] = next;
    return {};
  }

  [[nodiscard]] bool at_end() const override { return bounded_ && assigned_once_ && lag() == 0; }

  [[nodiscard]] int64_t lag() const override {
    int64_t sum = 0;
    for (const auto& [partition, next] : next_) {
      const auto found = topic_.partitions.find(partition);
      if (found != topic_.partitions.end())
        sum += static_cast<int64_t>(found->second.size()) - next;
    }
    return sum;
  }

  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return topic_.name; }

  [[nodiscard]] Status close() override {
    if (std::exchange(closed_, true)) return {};
    return commit();
  }

 private:
  // Copies, so that a test notices a view that outlives its batch.
  struct Owner final : RecordOwner {
    std::deque<std::string> texts;
  };

  static void deliver(RecordBatch& batch, Owner& owner, PartitionId partition, Offset offset,
                      const std::vector<FakeTopic::Message>& messages) {
    const FakeTopic::Message& message = messages[static_cast<size_t>(offset)];
    Record& record = batch.records.emplace_back();
    record.value = owner.texts.emplace_back(message.value);
    record.has_value = message.has_value;
    if (message.key) record.key = owner.texts.emplace_back(*message.key);
    record.has_key = message.key.has_value();
    record.partition = partition;
    record.offset = offset;
  }

  void rebalance() {
    if (!to_revoke_.empty()) {
      const auto partitions = std::exchange(to_revoke_, {});
      listener_.on_revoked(partitions, lost_);
      for (const PartitionId partition : partitions) {
        if (!lost_ && stored_.contains(partition)) topic_.committed[partition] = stored_[partition];
        stored_.erase(partition);
        next_.erase(partition);
      }
    }
    if (!to_assign_.empty()) {
      const auto partitions = std::exchange(to_assign_, {});
      for (const PartitionId partition : partitions) next_[partition] = topic_.committed[partition];
      listener_.on_assigned(partitions);
    }
    assigned_once_ = true;
  }

  FakeTopic& topic_;
  AssignmentListener& listener_;
  std::vector<PartitionId> to_assign_;
  std::vector<PartitionId> to_revoke_;
  bool lost_ = false;
  std::map<PartitionId, Offset> next_;  // Of the partitions that are ours: the next to deliver.
  std::map<PartitionId, Offset> stored_;
  std::map<PartitionId, Offset> to_pass_;
  std::optional<Error> error_;
  std::optional<Error> broken_;
  bool corked_ = false;
  bool bounded_ = true;
  bool assigned_once_ = false;
  bool closed_ = false;
  int keep_alives_ = 0;
  int commits_ = 0;
};

}  // namespace turntable
