// What was seen of a run before: from it come rates, the latencies of the last minute, the samples
// of /api/history and what happened lately.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "serve/observation.h"
#include "serve/run_facts.h"

namespace turntable {

inline constexpr int kSampleSeconds = 5;
inline constexpr size_t kSamplesLimit = 180;  // A quarter of an hour.
inline constexpr size_t kIncidentsLimit = 20;

struct Incident {
  int64_t time_us = 0;
  std::string kind;  // "rebalance", "retry", "waiting", "recovered" or "failed".
  std::string text;
};

struct Rates {
  double consumed = 0;                    // Records a second.
  std::vector<double> tables;             // By INSERT: rows a second.
  std::map<std::string, double> lookups;  // By name: records a second that are looked up.
};

struct Quantiles {
  double p50_ms = 0;
  double p99_ms = 0;
};

struct Sample {
  int64_t time_us = 0;
  Counts counts;
  int64_t lag = -1;
  std::optional<Quantiles> latency;
};

// One thread. It is given a look about once a second.
class RunHistory {
 public:
  void add(const Observation& now, const RunFacts& facts);

  [[nodiscard]] Rates rates() const;                       // Over the last five seconds or so.
  [[nodiscard]] std::optional<Quantiles> latency() const;  // Of the rows of the last minute.
  [[nodiscard]] const std::deque<Sample>& samples() const { return samples_; }
  [[nodiscard]] const std::deque<Incident>& incidents() const {
    return incidents_;
  }  // Newest first.
  [[nodiscard]] int64_t waiting_since_us() const { return waiting_since_us_; }

 private:
  // Of a look, what is compared later.
  struct Seen {
    SteadyTime at{};
    Counts counts;
    std::vector<uint64_t> rows;  // By INSERT.
    std::map<std::string, uint64_t> looked_up;
    Latencies latencies;
  };
  void note_incidents(const Observation& now, const RunFacts& facts);
  void say(const Observation& now, std::string kind, std::string text);

  std::deque<Seen> seen_;  // Of the last minute, the oldest first.
  std::deque<Sample> samples_;
  std::deque<Incident> incidents_;
  SteadyTime next_sample_{};
  // Of the look before.
  std::optional<Waiting> waiting_;
  int64_t waiting_since_us_ = 0;
  uint64_t rebalances_ = 0;
  uint64_t retries_ = 0;
  SteadyTime next_retry_incident_{};
  RunState state_ = RunState::starting;
};

// The answer of /api/history.
[[nodiscard]] std::string history_json(const RunHistory& history);

}  // namespace turntable
