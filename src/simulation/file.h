// A lane's sink that keeps positions beside its rows, as SqliteSink does: one transaction for each
// submit(), on a simulated disk that is full or hangs at times. A process may die before a
// transaction and right after it, but not in the middle.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "simulation/row.h"
#include "simulation/world.h"
#include "sink/sink.h"

namespace turntable {

class SimulatedFile final : public Sink {
 public:
  // How long give_back() waits for a transaction that runs, as SqliteSink's does.
  static constexpr Millis kGiveBackWait{5'000};

  // `keeps_positions`: not those of a replay.
  SimulatedFile(SimulatedWorld& world, int lane, std::vector<SimulatedTable> tables,
                bool keeps_positions, std::function<void(SteadyTime)> wait_until)
      : world_(world),
        lane_(lane),
        tables_(std::move(tables)),
        keeps_positions_(keeps_positions),
        wait_until_(std::move(wait_until)),
        taken_(tables_.size()),
        reported_(tables_.size()) {
    pending_.tables.resize(tables_.size());
  }

  Status submit(RowBatches& rows) override {
    if (full()) world_.fail("rows are handed to a sink that is full");
    std::swap(pending_, rows);
    rows.clear();
    expect_positions();
    // The transaction runs beside the lane.
    running_ = true;
    const bool hangs = !world_.calm && world_.chance(world_.faults.hang);
    next_attempt_ = world_.now() + Millis(hangs ? world_.below(20'000) : world_.below(20));
    return {};
  }
  [[nodiscard]] bool full() const override { return in_flight() > 0; }

  Result<Acks> reap(Millis wait) override {
    world_.step();
    if (!pending_.empty()) {
      if (wait.count() > 0) wait_until_(std::min(world_.now() + wait, next_attempt_));
      if (world_.now() >= next_attempt_) RETURN_IF_ERROR(attempt());
    }
    reported_ = std::exchange(taken_, TakenRows(tables_.size()));
    reported_refused_ = std::exchange(refused_, {});
    return Acks{
        .written = reported_.written, .refused = reported_refused_, .deleted = reported_.deleted};
  }

  [[nodiscard]] size_t in_flight() const override {
    return pending_.size() + refused_.size() + taken_.size();
  }
  [[nodiscard]] int wait_fd() const override { return -1; }

  void accompany(Accompaniment positions) override { accompanying_ = std::move(positions); }
  Status give_back(std::span<const PartitionId> partitions) override {
    if (running_) {
      wait_until_(std::min(world_.now() + kGiveBackWait, next_attempt_));
      if (world_.now() < next_attempt_) {  // The positions are the transaction's.
        world_.trace(lane_, "gives back beside a disk that hangs");
        ++world_.seen.hung;
        return {};
      }
      RETURN_IF_ERROR(attempt());
    }
    const auto is_given_back = [&](const Position& position) {
      return std::count(partitions.begin(), partitions.end(), position.partition) > 0;
    };
    std::erase_if(accompanying_.in_any_case, is_given_back);
    std::erase_if(accompanying_.if_all_written, is_given_back);
    std::erase_if(accompanied_, [&](const SimulatedRow& row) {
      return std::count(partitions.begin(), partitions.end(), row.partition) > 0;
    });
    return {};
  }
  Status keep_positions(std::span<const Position> positions) override {
    world_.step();
    if (full()) world_.fail("positions are handed to a sink that has rows at hand");
    if (disk_is_full()) return turntable::fail(ErrorKind::transient, "the disk is full");
    world_.trace(lane_, "keeps positions", positions[0].partition, positions[0].next);
    const auto before = kept_before(positions);
    for (const Position& position : positions) world_.keep(position, before.at(position.partition));
    world_.step();
    return {};
  }
  [[nodiscard]] std::optional<Position> kept_position(PartitionId partition) const override {
    return keeps_positions_ ? world_.at(partition).kept : std::nullopt;
  }
  [[nodiscard]] bool keeps_positions() const override { return keeps_positions_; }
  // Where it keeps no positions, this is all that says how high write times have come.
  [[nodiscard]] int64_t highest_write_time() const override {
    return world_.keeps_positions ? kNoWriteTime : world_.highest_in_file_us;
  }
  [[nodiscard]] std::string name() const override { return "the simulated file"; }

 private:
  [[nodiscard]] SimulatedRow row(size_t table, size_t index) const {
    CellReader reader(pending_.tables[table].row(index));
    if (pending_.tables[table].kind(index) == RowKind::deletion)
      return SimulatedRow::read_deletion(world_, reader);
    return SimulatedRow::read(world_, tables_[table], reader);
  }
  template <class Visit>
  void for_each_row(Visit visit) const {
    for (size_t table = 0; table < tables_.size(); ++table)
      for (size_t i = 0; i < pending_.tables[table].size(); ++i) visit(table, i);
  }

  // The position behind each row has to come with it. Letters that could not be written hold all
  // positions back, and so does a record that is to have a letter when its rows are written. Rows
  // that will be read again, for their partition was given back, need none.
  void expect_positions() {
    accompanied_.clear();
    if (!world_.keeps_positions || !keeps_positions_ || world_.letters_failing) return;
    bool letters_follow = false;
    for_each_row([&](size_t table, size_t i) {
      const SimulatedRow row = this->row(table, i);
      const SimulatedRecord& of = world_.record(row.partition, row.offset);
      letters_follow = letters_follow || (world_.inserts > 1 && !of.faults(world_.inserts).empty());
      if (of.read) accompanied_.push_back(row);
    });
    if (letters_follow) accompanied_.clear();
  }

  // What a transaction with these positions begins with.
  [[nodiscard]] std::map<PartitionId, std::optional<Position>> kept_before(
      std::span<const Position> positions) const {
    std::map<PartitionId, std::optional<Position>> before;
    for (const Position& position : positions)
      before[position.partition] = world_.at(position.partition).kept;
    return before;
  }

  [[nodiscard]] bool disk_is_full() {
    if (!world_.calm && world_.chance(world_.faults.file))
      world_.file_full_until = world_.now() + Millis(world_.below(8'000));
    if (world_.now() >= world_.file_full_until) return false;
    world_.trace(lane_, "the file's disk is full");
    ++world_.seen.file_full;
    return true;
  }

  Status attempt() {
    running_ = false;
    world_.step();
    if (disk_is_full()) {
      next_attempt_ = world_.now() + Millis(1 + world_.below(2'000));
      return {};
    }
    if (!world_.calm && world_.chance(world_.faults.fatal)) {
      world_.deal_failure();
      return turntable::fail(ErrorKind::schema, "the table is gone");
    }
    write();
    world_.step();
    return {};
  }

  // The transaction. Rows that are refused keep the positions out of it.
  void write() {
    world_.trace(lane_, "writes rows", static_cast<int64_t>(pending_.size()));
    for_each_row([this](size_t table, size_t i) {
      const SimulatedRow row = this->row(table, i);
      const Origin& origin = pending_.tables[table].origins[i];
      const size_t insert = tables_[table].insert;
      if (world_.record(row.partition, row.offset).fates[insert] == Fate::refused) {
        ++world_.seen.refused;
        refused_.push_back({origin, static_cast<uint32_t>(table), "a value does not fit"});
        return;
      }
      world_.write_row(insert, row.partition, row.offset, row.id);
      world_.highest_in_file_us = std::max(world_.highest_in_file_us, row.write_time_us);
      if (row.kind == RowKind::deletion)
        world_.keys[insert].remove({row.partition, row.key}, row.write_time_us);
      else if (world_.keys_repeat)
        world_.keys[insert].write({row.partition, row.key}, row.values(), row.write_time_us,
                                  SimulatedKeys::Settles::rows);
      taken_.add(static_cast<uint32_t>(table), row.kind, origin);
    });
    std::vector<Position> positions = accompanying_.in_any_case;
    if (refused_.empty())
      positions.insert(positions.end(), accompanying_.if_all_written.begin(),
                       accompanying_.if_all_written.end());
    const auto before = kept_before(positions);
    for (const Position& position : positions) world_.keep(position, before.at(position.partition));
    if (refused_.empty()) {
      for (const SimulatedRow& row : accompanied_) world_.check_kept(row.partition, row.offset);
    }
    accompanying_ = {};
    pending_.clear();
  }

  SimulatedWorld& world_;
  const int lane_;
  const std::vector<SimulatedTable> tables_;
  const bool keeps_positions_;
  std::function<void(SteadyTime)> wait_until_;
  RowBatches pending_;
  Accompaniment accompanying_;
  std::vector<SimulatedRow> accompanied_;  // Of pending_: the position behind each comes with it.
  bool running_ = false;                   // The transaction of pending_, until its end is seen.
  SteadyTime next_attempt_{};
  TakenRows taken_;
  std::vector<Acks::Refused> refused_;
  TakenRows reported_;
  std::vector<Acks::Refused> reported_refused_;
};

}  // namespace turntable
