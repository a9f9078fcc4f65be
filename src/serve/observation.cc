#include "serve/observation.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace turntable {
namespace {

constexpr size_t kMostMissedShown = 10;

template <class T>
void take_newest(std::vector<T>& into, const std::vector<T>& more, size_t limit) {
  into.insert(into.end(), more.begin(), more.end());
  std::stable_sort(into.begin(), into.end(),
                   [](const T& a, const T& b) { return a.time_us > b.time_us; });
  if (into.size() > limit) into.resize(limit);
}

void add_lookup(LookupFigures& sum, const LookupFigures& more) {
  sum.name = more.name;
  sum.hits += more.hits;
  sum.misses += more.misses;
  for (const MissedKeys::Missed& missed : more.most_missed) {
    const auto known = std::find_if(
        sum.most_missed.begin(), sum.most_missed.end(),
        [&missed](const MissedKeys::Missed& other) { return other.key == missed.key; });
    if (known == sum.most_missed.end()) {
      sum.most_missed.push_back(missed);
    } else {
      known->count += missed.count;
    }
  }
  std::stable_sort(sum.most_missed.begin(), sum.most_missed.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  if (sum.most_missed.size() > kMostMissedShown) sum.most_missed.resize(kMostMissedShown);
}

ShownPartition shown(size_t lane, const PartitionFigures& figures, int64_t time_us) {
  ShownPartition partition{.lane = lane, .figures = figures, .lag_seconds = {}};
  if (figures.end < 0 || figures.next < 0) return partition;
  partition.lag = std::max<int64_t>(0, figures.end - figures.next);
  if (partition.lag == 0) {
    partition.lag_seconds = 0;
  } else if (figures.last_record_ms != kNoTimestamp) {
    const double now_ms = static_cast<double>(time_us) / 1e3;
    partition.lag_seconds =
        std::max(0.0, (now_ms - static_cast<double>(figures.last_record_ms)) / 1e3);
  }
  return partition;
}

void add_details(Observation& sum, size_t number, const LaneDetails& details) {
  for (const PartitionFigures& partition : details.partitions)
    sum.partitions.push_back(shown(number, partition, sum.time_us));
  for (const LookupFigures& lookup : details.lookups) add_lookup(sum.lookups[lookup.name], lookup);
  take_newest(sum.rows, details.rows, kShownRowsLimit);
  take_newest(sum.letters, details.letters, LetterQueue::kShownLimit);
}

void add(Observation& sum, const LaneFigures& lane) {
  sum.counts += lane.counts;
  sum.in_flight += lane.in_flight;
  sum.inserts.resize(std::max(sum.inserts.size(), lane.inserts.size()));
  for (size_t insert = 0; insert < lane.inserts.size(); ++insert) {
    sum.inserts[insert].counts += lane.inserts[insert].counts;
    sum.inserts[insert].in_flight += lane.inserts[insert].in_flight;
  }
  if (lane.lag >= 0) sum.lag = std::max<int64_t>(sum.lag, 0) + lane.lag;
  sum.lost += static_cast<uint64_t>(std::max<int64_t>(lane.lost, 0));
  sum.last_record_us = std::max(sum.last_record_us, lane.last_record_us);
  sum.last_write_us = std::max(sum.last_write_us, lane.last_write_us);
  for (size_t phase = 0; phase < kPhases; ++phase)
    sum.phases[phase] += std::chrono::duration<double>(lane.phases[phase]).count();
  sum.window_used += lane.window_used;
  sum.window_allowed += lane.window_allowed;
  sum.held_bytes += lane.held_bytes;
  sum.rebalances += lane.rebalances;
  sum.partitions_owned += lane.assigned - lane.revoked;
  sum.tries += lane.tries;
  sum.letter_retries += lane.letter_retries;
  sum.latencies += lane.latencies;
  sum.batches += lane.batches;
  sum.flushes += lane.flushes;
  for (size_t code = 0; code < kRejectCodes; ++code)
    sum.letters_by_reason[code] += lane.letters_by_reason[code];
}

bool is_over(const LaneFigures& lane) {
  return lane.state == LaneState::ended || lane.state == LaneState::failed;
}

// The first that is found: a store stops more than a source does.
std::optional<Waiting> what_is_awaited(const Observation& sum, const RunFacts& facts) {
  const auto at_store = [&facts](size_t store, std::string why) {
    const size_t insert = facts.store_first_table.at(store);
    return Waiting{"table:" + facts.tables[insert], facts.stores[store], std::move(why)};
  };
  for (const LaneFigures& lane : sum.lanes) {
    if (is_over(lane) || !lane.details) continue;
    for (size_t store = 0; store < lane.details->store_troubles.size(); ++store)
      if (const std::string& why = lane.details->store_troubles[store]; !why.empty())
        return at_store(store, why);
    if (lane.stalled_store)
      return at_store(*lane.stalled_store,
                      "it has rows and has acknowledged none for some seconds");
    if (!lane.details->letters_trouble.empty())
      return Waiting{"dead_letters", facts.dead_letters, lane.details->letters_trouble};
    if (!lane.details->source_trouble.empty())
      return Waiting{"source:" + facts.source, facts.source_name, lane.details->source_trouble};
  }
  return std::nullopt;
}

RunState state_of(const Observation& sum) {
  const auto any = [&sum](auto is) { return std::any_of(sum.lanes.begin(), sum.lanes.end(), is); };
  if (any([](const LaneFigures& lane) { return lane.state == LaneState::failed; }))
    return RunState::failed;
  if (sum.waiting) return RunState::waiting;
  if (!any([](const LaneFigures& lane) { return lane.state != LaneState::ended; }))
    return sum.lanes.empty() ? RunState::starting : RunState::finished;
  if (any([](const LaneFigures& lane) { return lane.state == LaneState::starting; }))
    return RunState::starting;
  if (any([](const LaneFigures& lane) {
        return lane.state == LaneState::running || lane.state == LaneState::blocked;
      }))
    return RunState::running;
  return RunState::stopping;
}

}  // namespace

std::string_view run_state_name(RunState state) {
  switch (state) {
    case RunState::starting:
      return "starting";
    case RunState::running:
      return "running";
    case RunState::waiting:
      return "waiting";
    case RunState::failed:
      return "failed";
    case RunState::stopping:
      return "stopping";
    case RunState::finished:
      return "finished";
  }
  return "unknown";
}

Observation observe(std::vector<LaneFigures> lanes, const RunFacts& facts, int64_t time_us,
                    SteadyTime at) {
  Observation sum{.time_us = time_us, .at = at, .lanes = std::move(lanes)};
  sum.inserts.resize(facts.tables.size());
  for (size_t number = 0; number < sum.lanes.size(); ++number) {
    const LaneFigures& lane = sum.lanes[number];
    add(sum, lane);
    if (lane.details) add_details(sum, number, *lane.details);
    if (!is_over(lane) && lane.turns > 0) {
      const double age = std::chrono::duration<double>(at - lane.turned_at).count();
      sum.turn_age_seconds = std::max(sum.turn_age_seconds.value_or(0), std::max(age, 0.0));
    }
  }
  for (const ShownPartition& partition : sum.partitions)
    if (partition.lag_seconds)
      sum.lag_seconds = std::max(sum.lag_seconds.value_or(0), *partition.lag_seconds);
  std::sort(sum.partitions.begin(), sum.partitions.end(),
            [](const ShownPartition& a, const ShownPartition& b) {
              return a.figures.partition < b.figures.partition;
            });
  sum.waiting = what_is_awaited(sum, facts);
  sum.state = state_of(sum);
  return sum;
}

}  // namespace turntable
