// One life of a simulated process: real lanes with their ledgers, enrichers and Cassandra sinks, or
// a single lane with a file that keeps positions, or with both, taking turns on one thread. Time is
// virtual: it passes to the next moment at which a lane has something to do.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "lane/lane.h"
#include "simulation/cluster.h"
#include "simulation/dead_letters.h"
#include "simulation/fiber.h"
#include "simulation/file.h"
#include "simulation/pipeline.h"
#include "simulation/source.h"
#include "sink/cassandra_sink.h"

namespace turntable {

// The world's clock, for a lane: while it sleeps, the others work. The wall clock is the process's
// own, and may be a minute off.
class SimulatedClock final : public Clock {
 public:
  SimulatedClock(const SimulatedWorld& world, Millis off,
                 std::function<void(SteadyTime)> wait_until)
      : world_(world), off_(off), wait_until_(std::move(wait_until)) {}
  [[nodiscard]] SteadyTime now() const override { return world_.now(); }
  [[nodiscard]] WallTime wall() const override { return world_.wall(off_); }
  void sleep(Millis time) const override { wait_until_(now() + time); }

 private:
  const SimulatedWorld& world_;
  const Millis off_;
  std::function<void(SteadyTime)> wait_until_;
};

// A lane's stores: those of the cluster's tables through the real sink.
struct SimulatedStores {
  std::vector<std::unique_ptr<Sink>> sinks;
  std::vector<RowTarget> targets;
  SimulatedWriter* writer = nullptr;  // Owned by its sink; null where all tables are in the file.

  // `keeps_positions`: a file does, but not those of a replay.
  SimulatedStores(SimulatedWorld& world, const SimulatedPipeline& pipeline, int lane,
                  bool keeps_positions, const std::function<void(SteadyTime)>& wait_until) {
    std::vector<SimulatedTable> in_file;
    std::vector<SimulatedTable> in_cluster;
    CassandraSinkOptions options;
    for (size_t insert = 0; insert < pipeline.inserts(); ++insert) {
      auto& tables = world.in_file[insert] ? in_file : in_cluster;
      targets.push_back({.store = 0, .table = static_cast<uint32_t>(tables.size())});
      tables.push_back(pipeline.table(insert));
      if (!world.in_file[insert]) options.tables.push_back(pipeline.tables[insert]);
    }
    if (!in_file.empty())
      sinks.push_back(
          std::make_unique<SimulatedFile>(world, lane, in_file, keeps_positions, wait_until));
    if (in_cluster.empty()) return;
    for (size_t insert = 0; insert < pipeline.inserts(); ++insert)
      if (!world.in_file[insert]) targets[insert].store = sinks.size();
    options.backoff.seed = static_cast<uint32_t>(world.below(1'000'000));
    options.clock = world.clock;
    auto owned = std::make_unique<SimulatedWriter>(world, lane, in_cluster, wait_until);
    writer = owned.get();
    sinks.push_back(std::make_unique<CassandraSink>(std::move(owned), std::move(options)));
  }
};

class SimulatedProcess {
 public:
  SimulatedProcess(SimulatedWorld& world, const SimulatedPipeline& pipeline)
      : world_(world),
        pipeline_(pipeline),
        clock_off_(world.draw_clock()),
        workers_(world.has_file() ? 1 : 1 + world.below(3)),
        group_(world, workers_.size()) {
    world_.dead = false;
    world_.failed = false;
    world_.letters_failing = false;
    decide();
    for (size_t lane = 0; lane < workers_.size(); ++lane) open(static_cast<int>(lane));
    group_.begin();
  }

  // Until every lane has returned or the process has died. Faults found are the world's; of some it
  // throws SimulatedCrash.
  void run() {
    try {
      take_turns();
    } catch (const SimulatedCrash&) {
      // The group has found a fault.
    }
    if (world_.dead) {
      bury();
    } else {
      for (const Worker& worker : workers_) check_end(worker);
    }
  }

 private:
  struct Worker {
    std::unique_ptr<SimulatedClock> clock;
    std::unique_ptr<Lane> lane;
    std::unique_ptr<Fiber> fiber;
    SimulatedWriter* writer = nullptr;  // Owned by the lane; null where it has only a file.
    SimulatedSource* source = nullptr;  // Owned by the lane, once it runs.
    SteadyTime wake{};
    std::optional<Status> outcome;
  };

  // How this life will go.
  void decide() {
    const auto one_of = [this](auto... values) {
      const std::array choices{values...};
      return choices[world_.below(choices.size())];
    };
    options_.flush[0].interval = Millis(one_of(0, 50, 1'000));
    options_.flush[0].rows = one_of(size_t{5}, size_t{40}, size_t{400});
    options_.flush[0].bytes = one_of(size_t{100}, size_t{1} << 20);
    options_.poll_records = one_of(size_t{3}, size_t{30}, size_t{500});
    options_.drain_bound = Millis(one_of(0, 300, 5'000));
    letter_bytes_ = one_of(size_t{100}, size_t{8} << 20);
    bounded_ = world_.calm || world_.below(4) != 0;
    world_.steps_limit = world_.steps() + kStepsLimit;
    world_.settled_from = world_.steps() + kStepsLimit / 50;
    const bool crashes = !world_.calm && world_.chance(world_.faults.crash);
    world_.crash_at = crashes ? world_.steps() + 1 + world_.below(kEndWithin) : 0;
    const bool stops = !bounded_ || (!world_.calm && world_.chance(world_.faults.stop));
    stop_at_ = stops ? world_.steps() + 1 + world_.below(kEndWithin) : ~uint64_t{0};
  }

  void open(int number) {
    Worker& worker = workers_[static_cast<size_t>(number)];
    const auto wait_until = [this, &worker](SteadyTime until) {
      worker.wake = until;
      worker.fiber->pause();
      world_.steps_without_wait = 0;
      world_.step();
    };
    worker.clock = std::make_unique<SimulatedClock>(world_, clock_off_, wait_until);
    LaneOptions options = options_;
    options.unfinished_lanes = unfinished_;
    options.write_times = pipeline_.tables[0].write_times;
    options.tombstones = world_.tombstones;
    options.retry_backoff.seed = static_cast<uint32_t>(world_.below(1'000'000));
    SimulatedStores stores(world_, pipeline_, number, true, wait_until);
    worker.writer = stores.writer;
    worker.lane =
        std::make_unique<Lane>(std::move(options),
                               LaneParts{.decoder = std::make_unique<SimulatedDecoder>(world_),
                                         .enricher = std::make_unique<Enricher>(pipeline_.enrich),
                                         .stores = std::move(stores.sinks),
                                         .dead_letters = std::make_unique<SimulatedDeadLetters>(
                                             world_, number, letter_bytes_, pipeline_.names),
                                         .targets = std::move(stores.targets)},
                               stop_, *worker.clock);
    // Joined now, so that all lanes are there at the first assignment.
    const Millis sink_wait = world_.has_file() ? SimulatedFile::kGiveBackWait : Millis(0);
    source_options_.push_back({number, bounded_, options_.drain_bound, sink_wait, wait_until});
    auto source =
        std::make_unique<SimulatedSource>(world_, group_, *worker.lane, source_options_.back());
    worker.source = source.get();
    worker.fiber = std::make_unique<Fiber>([this, &worker, source = source.release()] {
      try {
        worker.outcome = worker.lane->run(std::unique_ptr<Source>(source));
        // The first lane that fails stops the others.
        if (!*worker.outcome) {
          worker.source->excuse();
          stop_.request();
        }
      } catch (const SimulatedCrash&) {
        // The process has died, and with it everything that the lane had in mind.
      }
    });
  }

  void take_turns() {
    while (Worker* next = next_to_run()) {
      if (next->wake > world_.now())
        world_.clock->advance(std::chrono::ceil<Millis>(next->wake - world_.now()));
      if (world_.steps() >= stop_at_ && !stop_.requested()) {
        world_.trace(-1, "is asked to stop");
        ++world_.seen.stops;
        stop_.request();
      }
      next->fiber->resume();
      if (world_.dead) return;
      group_.tick();
    }
  }

  // The lane that has something to do first; of several, any.
  [[nodiscard]] Worker* next_to_run() {
    Worker* next = nullptr;
    const size_t first = world_.below(workers_.size());
    for (size_t i = 0; i < workers_.size(); ++i) {
      Worker& worker = workers_[(first + i) % workers_.size()];
      if (worker.fiber->done()) continue;
      const SteadyTime wake = std::max(worker.wake, world_.now());
      if (next == nullptr || wake < std::max(next->wake, world_.now())) next = &worker;
    }
    return next;
  }

  // The lanes do nothing more; what was on its way to the cluster may or may not arrive.
  void bury() {
    for (Worker& worker : workers_)
      if (!worker.fiber->done()) worker.fiber->resume();
    for (Worker& worker : workers_)
      if (worker.writer != nullptr) worker.writer->abandon();
    world_.excuse_all();
    world_.end_all_unheard();
  }

  void check_end(const Worker& worker) {
    const Lane& lane = *worker.lane;
    const Counts counts = lane.counts();
    world_.seen.returned += counts.returned;
    if (!*worker.outcome && !world_.failed)
      world_.fail("a lane failed for no reason: " + worker.outcome->error().message);
    if (*worker.outcome && lane.in_flight() > 0)
      world_.fail(fmt::format("the lane has ended with {} records in flight", lane.in_flight()));
    // A lane that fails inside a poll leaves what that poll had for it.
    if (*worker.outcome ? counts.consumed != worker.source->delivered()
                        : counts.consumed > worker.source->delivered())
      world_.fail(
          fmt::format("{} consumed, {} delivered", counts.consumed, worker.source->delivered()));
    if (counts.consumed != counts.ended() + lane.in_flight())
      world_.fail(fmt::format("{} consumed, {} ended, {} in flight", counts.consumed,
                              counts.ended(), lane.in_flight()));
    check_letters(lane);
    for (size_t insert = 0; insert < pipeline_.inserts(); ++insert) check_insert(lane, insert);
    const auto& positions = lane.positions();
    for (const auto& [partition, position] : positions)
      if (worker.source->positions().at(partition) != position.next)
        world_.fail(
            fmt::format("position {} of partition {} was not stored", position.next, partition));
    if (positions.size() != worker.source->positions().size())
      world_.fail("the lane does not know of all its positions");
  }

  // Each INSERT has an account of its own.
  void check_insert(const Lane& lane, size_t insert) {
    const Counts counts = lane.counts(insert);
    if (counts.consumed != lane.counts().consumed)
      world_.fail(fmt::format("INSERT {} has consumed {}", insert, counts.consumed));
    if (counts.consumed != counts.ended() + lane.in_flight(insert))
      world_.fail(fmt::format("INSERT {}: {} consumed, {} ended, {} in flight", insert,
                              counts.consumed, counts.ended(), lane.in_flight(insert)));
    world_.seen.rows[insert] += counts.written;
  }

  // A record that is unmatched or rejected has a letter, unless all of its faults are dropped.
  void check_letters(const Lane& lane) {
    const Counts counts = lane.counts();
    const uint64_t most = world_.drop_letters ? 0 : counts.unmatched + counts.rejected;
    const uint64_t least = pipeline_.inserts() > 2 && !world_.drop_letters ? counts.rejected : most;
    // Where records are given back, their letters may count and they may not.
    if (pipeline_.inserts() == 1 || counts.returned + lane.in_flight() == 0)
      if (counts.dead_lettered > most || counts.dead_lettered < least)
        world_.fail(fmt::format("{} dead letters counted, for {} to {}", counts.dead_lettered,
                                least, most));
  }

  // No life takes longer.
  static constexpr uint64_t kStepsLimit = 2'000'000;
  // One that ends by a crash or a stop does it within so many.
  static constexpr uint64_t kEndWithin = 3'000;

  SimulatedWorld& world_;
  const SimulatedPipeline& pipeline_;
  const Millis clock_off_;
  StopToken stop_;
  LaneOptions options_;
  size_t letter_bytes_ = 0;
  bool bounded_ = true;
  uint64_t stop_at_ = 0;
  std::vector<Worker> workers_;
  SimulatedGroup group_;
  std::vector<SimulatedSource::Options> source_options_;
  std::shared_ptr<std::atomic<unsigned>> unfinished_ =
      std::make_shared<std::atomic<unsigned>>(static_cast<unsigned>(workers_.size()));
};

}  // namespace turntable
