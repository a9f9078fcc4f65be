// A lane's connection to a simulated Cassandra cluster: answers come late, in another order, or not
// at all; the cluster goes away; some rows are never taken; the table is dropped and made anew. The
// sink above it is the real one.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "cassandra/writer.h"
#include "simulation/row.h"
#include "simulation/world.h"

namespace turntable {

class SimulatedWriter final : public cassandra::Writer {
 public:
  // `wait_until` lets the other lanes work meanwhile.
  SimulatedWriter(SimulatedWorld& world, int lane, std::vector<SimulatedTable> tables,
                  std::function<void(SteadyTime)> wait_until)
      : world_(world),
        lane_(lane),
        tables_(std::move(tables)),
        wait_until_(std::move(wait_until)),
        table_(world.table) {}

  void submit(uint32_t table, RowKind kind, std::string_view cells, size_t rows,
              uint64_t token) override {
    world_.step();
    Request& request = requests_.emplace_back();
    request.token = token;
    request.number = sent_++;
    CellReader reader(cells);
    for (size_t i = 0; i < rows; ++i) {
      Row& row = request.rows.emplace_back();
      row.table = table;
      row.cells = kind == RowKind::write ? SimulatedRow::read(world_, tables_.at(table), reader)
                                         : SimulatedRow::read_sent_deletion(world_, reader);
      row.assignment = world_.at(row.cells.partition).assignment;
    }
    if (!reader.done()) world_.fail("a request has more cells than rows");
    decide(request);
    world_.trace(lane_, "sends rows", static_cast<int64_t>(rows),
                 request.rows.front().cells.offset);
  }

  // What is known of rows by now is looked at when the answer comes.
  void confirm(uint64_t token) override {
    world_.step();
    if (question_) world_.fail("two questions are out");
    question_ = Question{token, world_.now() + Millis(world_.below(20)), std::exchange(told_, {})};
    if (!world_.calm && world_.chance(world_.faults.late))
      question_->due += Millis(world_.below(8'000));
  }

  std::span<const cassandra::Completion> poll(Millis wait) override {
    world_.step();
    if (wait.count() > 0) {
      SteadyTime until = world_.now() + wait;
      if (question_) until = std::min(until, question_->due);
      for (const Request& request : requests_) until = std::min(until, request.due);
      wait_until_(until);
    }
    reported_.clear();
    replace_table();
    if (question_ && question_->due <= world_.now()) answer();
    for (size_t i = 0; i < requests_.size();) {
      if (requests_[i].due > world_.now()) {
        ++i;
        continue;
      }
      look_at(requests_[i]);
      if (requests_[i].written) write(requests_[i]);
      world_.trace(lane_, requests_[i].error ? "rows fail" : "rows written",
                   static_cast<int64_t>(requests_[i].rows.size()),
                   requests_[i].rows[0].cells.offset);
      reported_.push_back({requests_[i].token, {}});
      if (requests_[i].error) {
        reported_.back().outcome = tl::unexpected(*requests_[i].error);
      } else {
        told_.insert(told_.end(), requests_[i].rows.begin(), requests_[i].rows.end());
      }
      reported_.back().overloaded = requests_[i].overloaded;
      requests_[i] = std::move(requests_.back());
      requests_.pop_back();
    }
    return reported_;
  }

  [[nodiscard]] int wait_fd() const override { return -1; }

  // The process has gone: what was sent may or may not be written.
  void abandon() {
    for (const Request& request : requests_)
      if (request.written && world_.below(2) == 0) write(request);
    requests_.clear();
  }

 private:
  struct Row {
    uint32_t table = 0;
    SimulatedRow cells;
    uint64_t assignment = 0;  // Of its partition, when it was sent.
  };
  struct Request {
    uint64_t token = 0;
    uint64_t number = 0;  // In the order of sending.
    std::vector<Row> rows;
    SteadyTime due{};
    bool written = true;
    std::optional<Error> error;
    bool overloaded = false;  // Why it failed.
  };

  struct Question {
    uint64_t token = 0;
    SteadyTime due{};
    std::vector<Row> rows;  // That were written before it.
  };

  [[nodiscard]] size_t insert_of(const Row& row) const { return tables_[row.table].insert; }

  // Somebody drops a table and makes it anew: what has not been confirmed by then is gone.
  void replace_table() {
    if (world_.calm || !world_.chance(world_.faults.replaced)) return;
    world_.trace(lane_, "the table is made anew");
    ++world_.table;
    ++world_.seen.replaced;
  }

  void answer() {
    reported_.push_back({question_->token, {}});
    if (table_ != world_.table) {
      reported_.back().outcome =
          turntable::fail(ErrorKind::schema, "the table was dropped and made anew");
      world_.deal_failure();
    } else if (!world_.calm && world_.now() < world_.outage_until) {
      reported_.back().outcome = turntable::fail(ErrorKind::transient, "the node is away");
      told_.insert(told_.end(), question_->rows.begin(), question_->rows.end());
    } else {
      for (const Row& row : question_->rows)
        world_.confirm_row(insert_of(row), row.cells.partition, row.cells.offset);
    }
    question_.reset();
  }

  // What will become of a request.
  void decide(Request& request) {
    request.due = world_.now() + Millis(world_.below(20));
    const bool refused =
        std::any_of(request.rows.begin(), request.rows.end(), [this](const Row& row) {
          const SimulatedRecord& of = world_.record(row.cells.partition, row.cells.offset);
          return of.fates[insert_of(row)] == Fate::refused;
        });
    if (refused) {
      ++world_.seen.refused;
      request.written = false;
      request.error = {ErrorKind::row, "a row is too large"};
    }
    if (world_.calm) return;
    const Faults& faults = world_.faults;
    if (world_.chance(faults.late)) request.due += Millis(world_.below(8'000));
    if (world_.now() >= world_.outage_until && world_.chance(faults.outage))
      world_.outage_until = world_.now() + Millis(world_.below(15'000));
    if (world_.now() < world_.outage_until) {
      ++world_.seen.away;
      request.written = false;
      request.error = {ErrorKind::transient, "the node is away"};
    } else if (!refused && world_.chance(faults.lost_ack)) {
      request.due += Millis(world_.below(2'000));
      request.written = world_.below(2) == 0;
      world_.seen.lost_acks += request.written;
      request.error = {ErrorKind::transient, "the answer is lost"};
      request.overloaded = true;
    } else if (world_.chance(faults.fatal)) {
      static constexpr std::array kKinds{ErrorKind::schema, ErrorKind::auth, ErrorKind::failed};
      request.written = false;
      request.error = {kKinds[world_.below(kKinds.size())], "it will fail again"};
      world_.deal_failure();
    }
  }

  // Counts what is worth having seen about an answer.
  void look_at(const Request& answered) {
    world_.seen.reordered +=
        std::any_of(requests_.begin(), requests_.end(),
                    [&answered](const Request& other) { return other.number < answered.number; });
    if (answered.error) return;
    for (const Row& row : answered.rows) {
      const SimulatedWorld::Partition& of = world_.at(row.cells.partition);
      if (of.assignment == row.assignment) continue;
      ++world_.seen.late_acks;
      world_.seen.into_the_next += of.owner == lane_;
    }
  }

  // Rows without a write time of their own have that of their request: the cluster's clock.
  void write(const Request& request) {
    const int64_t now_us = micros_of(world_.wall(Millis(0)));
    for (const Row& row : request.rows) {
      const SimulatedRow& cells = row.cells;
      const size_t insert = insert_of(row);
      world_.write_row(insert, cells.partition, cells.offset, cells.id);
      if (cells.kind == RowKind::deletion)
        world_.keys[insert].remove({cells.partition, cells.key}, cells.write_time_us);
      else if (world_.keys_repeat)
        world_.keys[insert].write({cells.partition, cells.key}, cells.values(),
                                  tables_[row.table].form.write_time ? cells.write_time_us : now_us,
                                  SimulatedKeys::Settles::cells);
    }
  }

  SimulatedWorld& world_;
  const int lane_;
  const std::vector<SimulatedTable> tables_;
  std::function<void(SteadyTime)> wait_until_;
  const uint64_t table_;           // Of those that there have been: the one that was checked.
  std::vector<Request> requests_;  // Without an answer.
  std::vector<Row> told_;          // Known to be written, and no question covers them.
  std::optional<Question> question_;
  uint64_t sent_ = 0;
  std::vector<cassandra::Completion> reported_;
};

}  // namespace turntable
