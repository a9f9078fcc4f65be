// A lane's connection to a simulated Cassandra cluster: answers come late, in another order, or not
// at all; the cluster goes away; some rows are never taken. The sink above it is the real one.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "cassandra/writer.h"
#include "lane/simulated_world.h"
#include "row/cell.h"

namespace turntable {

class SimulatedWriter final : public cassandra::Writer {
 public:
  // `wait_until` lets the other lanes work meanwhile.
  SimulatedWriter(SimulatedWorld& world, int lane, std::function<void(SteadyTime)> wait_until)
      : world_(world), lane_(lane), wait_until_(std::move(wait_until)) {}

  void submit(std::string_view cells, size_t rows, uint64_t token) override {
    world_.step();
    Request& request = requests_.emplace_back();
    request.token = token;
    request.number = sent_++;
    CellReader reader(cells);
    for (size_t i = 0; i < rows; ++i) {
      Row& row = request.rows.emplace_back();
      row.id = reader.next().int32();
      row.partition = reader.next().int32();
      row.offset = reader.next().int64();
      row.assignment = world_.at(row.partition).assignment;
    }
    if (!reader.done()) world_.fail("a request has more cells than rows");
    decide(request);
    world_.trace(lane_, "sends rows", static_cast<int64_t>(rows), request.rows.front().offset);
  }

  std::span<const cassandra::Completion> poll(Millis wait) override {
    world_.step();
    if (wait.count() > 0) {
      SteadyTime until = world_.now() + wait;
      for (const Request& request : requests_) until = std::min(until, request.due);
      wait_until_(until);
    }
    reported_.clear();
    for (size_t i = 0; i < requests_.size();) {
      if (requests_[i].due > world_.now()) {
        ++i;
        continue;
      }
      look_at(requests_[i]);
      if (requests_[i].written) write(requests_[i]);
      world_.trace(lane_, requests_[i].error ? "rows fail" : "rows written",
                   static_cast<int64_t>(requests_[i].rows.size()), requests_[i].rows[0].offset);
      reported_.push_back({requests_[i].token, {}});
      if (requests_[i].error) reported_.back().outcome = tl::unexpected(*requests_[i].error);
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
    PartitionId partition = 0;
    Offset offset = 0;
    int32_t id = 0;
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

  // What will become of a request.
  void decide(Request& request) {
    request.due = world_.now() + Millis(world_.below(20));
    const bool refused =
        std::any_of(request.rows.begin(), request.rows.end(), [this](const Row& row) {
          return world_.record(row.partition, row.offset).fate == Fate::refused;
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
      const SimulatedWorld::Partition& of = world_.at(row.partition);
      if (of.assignment == row.assignment) continue;
      ++world_.seen.late_acks;
      world_.seen.into_the_next += of.owner == lane_;
    }
  }

  void write(const Request& request) {
    for (const Row& row : request.rows) world_.write_row(row.partition, row.offset, row.id);
  }

  SimulatedWorld& world_;
  const int lane_;
  std::function<void(SteadyTime)> wait_until_;
  std::vector<Request> requests_;  // Without an answer.
  uint64_t sent_ = 0;
  std::vector<cassandra::Completion> reported_;
};

}  // namespace turntable
