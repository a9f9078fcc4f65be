#include "serve/run_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "serve/json_writer.h"

namespace turntable {
namespace {

constexpr std::chrono::seconds kRateSpan{5};
constexpr std::chrono::seconds kLatencySpan{60};
constexpr size_t kSeenLimit = 130;  // However often it is looked.
constexpr std::chrono::seconds kRetryIncidentEvery{30};

double per_second(uint64_t before, uint64_t now, double seconds) {
  return seconds > 0 && now > before ? static_cast<double>(now - before) / seconds : 0;
}

}  // namespace

void RunHistory::add(const Observation& now, const RunFacts& facts) {
  Seen& seen = seen_.emplace_back();
  seen.at = now.at;
  seen.counts = now.counts;
  for (const InsertFigures& insert : now.inserts)
    seen.rows.push_back(insert.counts.written + insert.counts.deleted);
  for (const auto& [name, lookup] : now.lookups) seen.looked_up[name] = lookup.hits + lookup.misses;
  seen.latencies = now.latencies;
  // One that is older than the span stays: what came since is the span's.
  while (seen_.size() > 2 && (now.at - seen_[1].at >= kLatencySpan || seen_.size() > kSeenLimit))
    seen_.pop_front();
  note_incidents(now, facts);
  if (now.at < next_sample_) return;
  next_sample_ = now.at + std::chrono::seconds(kSampleSeconds);
  samples_.push_back({now.time_us, now.counts, now.lag, latency()});
  if (samples_.size() > kSamplesLimit) samples_.pop_front();
}

Rates RunHistory::rates() const {
  Rates rates;
  if (seen_.empty()) return rates;
  const Seen& now = seen_.back();
  rates.tables.resize(now.rows.size());
  for (const auto& [name, count] : now.looked_up) rates.lookups[name] = 0;
  if (seen_.size() < 2) return rates;
  // The youngest that is as old as the span, or the oldest there is.
  auto before = seen_.end() - 2;
  while (before != seen_.begin() && now.at - before->at < kRateSpan) --before;
  const double seconds = std::chrono::duration<double>(now.at - before->at).count();
  rates.consumed = per_second(before->counts.consumed, now.counts.consumed, seconds);
  for (size_t insert = 0; insert < now.rows.size(); ++insert) {
    const uint64_t rows = insert < before->rows.size() ? before->rows[insert] : 0;
    rates.tables[insert] = per_second(rows, now.rows[insert], seconds);
  }
  for (const auto& [name, count] : now.looked_up) {
    const auto known = before->looked_up.find(name);
    const uint64_t looked_up = known == before->looked_up.end() ? 0 : known->second;
    rates.lookups[name] = per_second(looked_up, count, seconds);
  }
  return rates;
}

std::optional<Quantiles> RunHistory::latency() const {
  if (seen_.empty()) return std::nullopt;
  Latencies lately = seen_.back().latencies;
  if (seen_.size() > 1) lately -= seen_.front().latencies;
  if (lately.count() == 0) return std::nullopt;
  return Quantiles{lately.quantile(0.5) / 1e3, lately.quantile(0.99) / 1e3};
}

void RunHistory::say(const Observation& now, std::string kind, std::string text) {
  incidents_.push_front({now.time_us, std::move(kind), std::move(text)});
  if (incidents_.size() > kIncidentsLimit) incidents_.pop_back();
}

void RunHistory::note_incidents(const Observation& now, const RunFacts&) {
  if (now.rebalances > rebalances_)
    say(now, "rebalance",
        fmt::format("partitions came or went: {} are read now", now.partitions_owned));
  rebalances_ = now.rebalances;
  const uint64_t retries = now.tries.transient + now.tries.overloaded + now.letter_retries;
  if (retries > retries_ && now.at >= next_retry_incident_) {
    say(now, "retry", fmt::format("{} writes were tried again", grouped(retries - retries_)));
    next_retry_incident_ = now.at + kRetryIncidentEvery;
  }
  retries_ = retries;
  const bool waited = waiting_.has_value();
  if (now.waiting && (!waited || waiting_->node != now.waiting->node)) {
    waiting_since_us_ = now.time_us;
    say(now, "waiting", fmt::format("{}: {}", now.waiting->name, now.waiting->why));
  } else if (!now.waiting && waited) {
    say(now, "recovered", fmt::format("{} is there again", waiting_->name));
  }
  if (!now.waiting) waiting_since_us_ = 0;
  waiting_ = now.waiting;
  if (now.state == RunState::failed && state_ != RunState::failed)
    say(now, "failed", "the run has failed; its last message says why");
  state_ = now.state;
}

std::string history_json(const RunHistory& history) {
  JsonWriter json;
  json.open('{');
  json.field("interval_seconds", kSampleSeconds);
  json.key("fields").open('[');
  for (const char* field : {"time", "consumed", "written", "unmatched", "rejected", "filtered",
                            "lag", "p50_ms", "p99_ms"})
    json.value(field);
  json.close(']');
  json.key("samples").open('[');
  for (const Sample& sample : history.samples()) {
    json.open('[');
    json.time(sample.time_us);
    for (const uint64_t count :
         {sample.counts.consumed, sample.counts.written, sample.counts.unmatched,
          sample.counts.rejected, sample.counts.filtered})
      json.value(count);
    sample.lag < 0 ? json.null() : json.value(sample.lag);
    if (sample.latency) {
      json.value(sample.latency->p50_ms);
      json.value(sample.latency->p99_ms);
    } else {
      json.null();
      json.null();
    }
    json.close(']');
  }
  json.close(']').close('}');
  return json.text() + "\n";
}

}  // namespace turntable
