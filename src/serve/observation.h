// One look at a run: the figures of all its lanes, added up. Status, metrics and history are made
// of the same look, so that they agree.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lane/lane_view.h"
#include "serve/http_server.h"
#include "serve/run_facts.h"

namespace turntable {

// How the run is, in one word.
enum class RunState : uint8_t { starting, running, waiting, failed, stopping, finished };
[[nodiscard]] std::string_view run_state_name(RunState state);

struct ShownPartition {
  size_t lane = 0;
  PartitionFigures figures;
  int64_t lag = -1;                   // Records; -1: not known.
  std::optional<double> lag_seconds;  // How old the last record was that was read; 0 at the end.
};

// What the run waits for.
struct Waiting {
  std::string node;  // Of the plan: "table:history", "source:plays", "dead_letters"; or empty.
  std::string name;
  std::string why;
};

struct Observation {
  int64_t time_us = 0;  // By the wall clock.
  SteadyTime at{};
  std::vector<LaneFigures> lanes;

  // The sums over all lanes.
  Counts counts;
  uint64_t in_flight = 0;
  std::vector<InsertFigures> inserts;
  int64_t lag = -1;
  std::optional<double> lag_seconds;  // Of the partition that is furthest behind.
  uint64_t lost = 0;
  int64_t last_record_us = 0;
  int64_t last_write_us = 0;
  std::array<double, kPhases> phases{};  // Seconds.
  uint64_t window_used = 0;
  uint64_t window_allowed = 0;
  uint64_t held_bytes = 0;
  uint64_t rebalances = 0;
  uint64_t partitions_owned = 0;
  SinkTries tries;
  uint64_t letter_retries = 0;
  Latencies latencies;
  BatchSizes batches;
  BatchSizes flushes;
  std::array<uint64_t, kRejectCodes> letters_by_reason{};
  std::vector<ShownPartition> partitions;
  std::map<std::string, LookupFigures> lookups;  // By name.
  std::vector<ShownRow> rows;                    // The newest first.
  std::vector<LetterQueue::Shown> letters;       // The newest first.
  std::optional<Waiting> waiting;
  RunState state = RunState::starting;
  // The longest time for which a lane's loop has not turned; nothing where none runs.
  std::optional<double> turn_age_seconds;
  HttpCounts http;
};

// Adds the lanes' figures up. `facts` have as many INSERTs as the lanes.
[[nodiscard]] Observation observe(std::vector<LaneFigures> lanes, const RunFacts& facts,
                                  int64_t time_us, SteadyTime at);

}  // namespace turntable
