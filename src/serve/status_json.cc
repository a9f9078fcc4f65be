#include "serve/status_json.h"

#include <fmt/format.h>

#include "base/text.h"
#include "row/reject.h"
#include "serve/json_writer.h"

namespace turntable {
namespace {

void write_counts(JsonWriter& json, const Counts& counts, uint64_t in_flight, uint64_t lost) {
  json.key("counts").open('{');
  json.field("consumed", counts.consumed);
  json.field("written", counts.written);
  json.field("deleted", counts.deleted);
  json.field("filtered", counts.filtered);
  json.field("tombstones", counts.tombstones);
  json.field("unmatched", counts.unmatched);
  json.field("rejected", counts.rejected);
  json.field("returned", counts.returned);
  json.field("dead_lettered", counts.dead_lettered);
  json.field("in_flight", in_flight);
  json.field("lost", lost);
  json.close('}');
}

void write_tables(JsonWriter& json, const Observation& now, const RunFacts& facts) {
  json.key("tables").open('[');
  for (size_t insert = 0; insert < facts.tables.size(); ++insert) {
    json.open('{');
    json.field("name", facts.tables[insert]);
    write_counts(json, now.inserts[insert].counts, now.inserts[insert].in_flight, now.lost);
    json.close('}');
  }
  json.close(']');
}

void write_rates(JsonWriter& json, const Rates& rates, const RunFacts& facts) {
  json.key("rates").open('{');
  json.field("consumed", rates.consumed);
  json.key("tables").open('{');
  for (size_t insert = 0; insert < facts.tables.size(); ++insert)
    json.field(facts.tables[insert], insert < rates.tables.size() ? rates.tables[insert] : 0.0);
  json.close('}');
  json.key("lookups").open('{');
  for (const LookupFacts& lookup : facts.lookups) {
    const auto rate = rates.lookups.find(lookup.name);
    json.field(lookup.name, rate == rates.lookups.end() ? 0.0 : rate->second);
  }
  json.close('}').close('}');
}

void write_partitions(JsonWriter& json, const Observation& now, const RunFacts& facts) {
  const auto known = [&json](std::string_view name, int64_t value) {
    json.key(name);
    value < 0 ? json.null() : json.value(value);
  };
  json.key("partitions").open('[');
  for (const ShownPartition& partition : now.partitions) {
    json.open('{');
    json.field("lane", partition.lane);
    json.field("topic", facts.topic);
    json.field("partition", partition.figures.partition);
    known("position", partition.figures.position);
    known("end", partition.figures.end);
    known("lag", partition.lag);
    json.field("lag_seconds", partition.lag_seconds);
    json.close('}');
  }
  json.close(']');
  known("lag", now.lag);
  json.field("lag_seconds", now.lag_seconds);
}

void write_lookups(JsonWriter& json, const Observation& now, const RunFacts& facts) {
  json.key("lookups").open('[');
  for (const LookupFacts& lookup : facts.lookups) {
    const auto found = now.lookups.find(lookup.name);
    const LookupFigures figures = found == now.lookups.end() ? LookupFigures{} : found->second;
    json.open('{');
    json.field("name", lookup.name);
    json.field("rows", lookup.rows);
    json.field("version", lookup.version);
    json.time_field("loaded_at", lookup.loaded_at_us);
    json.field("load_seconds", lookup.load_seconds);
    json.field("hits", figures.hits);
    json.field("misses", figures.misses);
    json.key("most_missed").open('[');
    for (const MissedKeys::Missed& missed : figures.most_missed) {
      json.open('{');
      json.field("key", missed.key);
      json.field("count", missed.count);
      json.close('}');
    }
    json.close(']').close('}');
  }
  json.close(']');
}

void write_letters(JsonWriter& json, const Observation& now) {
  json.key("dead_letters").open('{');
  json.field("total", now.counts.dead_lettered);
  json.key("by_reason").open('{');
  for (size_t code = 0; code < kRejectCodes; ++code)
    if (now.letters_by_reason[code] > 0)
      json.field(reject_code_name(static_cast<RejectCode>(code)), now.letters_by_reason[code]);
  json.close('}');
  json.key("last").open('[');
  for (const LetterQueue::Shown& letter : now.letters) {
    json.open('{');
    json.time_field("time", letter.time_us);
    json.field("reason", reject_code_name(letter.code));
    json.field("detail", letter.detail);
    json.field("partition", letter.partition);
    json.field("offset", letter.offset);
    json.field("text", letter.text);
    json.close('}');
  }
  json.close(']').close('}');
}

void write_rows(JsonWriter& json, const Observation& now, const RunFacts& facts) {
  json.key("last_rows").open('[');
  for (const ShownRow& row : now.rows) {
    json.open('{');
    json.field("table", facts.tables[row.insert]);
    json.time_field("time", row.time_us);
    json.key("values").open('[');
    for (const std::optional<std::string>& value : row.values) json.value(value);
    json.close(']').close('}');
  }
  json.close(']');
}

void write_incidents(JsonWriter& json, const RunHistory& history) {
  json.key("incidents").open('[');
  for (const Incident& incident : history.incidents()) {
    json.open('{');
    json.time_field("time", incident.time_us);
    json.field("kind", incident.kind);
    json.field("text", incident.text);
    json.close('}');
  }
  json.close(']');
}

void write_waiting(JsonWriter& json, const Observation& now, const RunHistory& history,
                   const Readiness& readiness) {
  json.key("waiting_for");
  const bool starts = !readiness.ready && !readiness.name.empty();
  if (!now.waiting && !starts) return json.null();
  json.open('{');
  json.field("node", now.waiting ? now.waiting->node : readiness.node);
  json.field("name", now.waiting ? now.waiting->name : readiness.name);
  json.time_field("since", now.waiting ? history.waiting_since_us() : readiness.since_us);
  json.field("why", now.waiting ? now.waiting->why : readiness.reason);
  json.close('}');
}

// The section of docs/RUNBOOK.md that is about this state.
const char* runbook_section(const Observation& now, const Readiness& readiness) {
  if (now.state == RunState::failed) return "#turntablefailed";
  if (now.waiting) {
    if (now.waiting->node.starts_with("source:")) return "#turntablesourceaway";
    return now.waiting->node == "dead_letters" ? "#turntabledeadlettersnotwritten"
                                               : "#turntablestorenotwriting";
  }
  if (!readiness.ready) return "#turntablenotready";
  return now.lost > 0 ? "#turntablerecordslost" : nullptr;
}

}  // namespace

std::string status_sentence(const Observation& now, const RunHistory& history,
                            const Readiness& readiness) {
  const std::string lost =
      now.lost == 0 ? "Nothing is lost"
                    : fmt::format(
                          "{} records are LOST: the topic's retention deleted them before "
                          "they were read, and they do not come back",
                          grouped(now.lost));
  if (now.state == RunState::failed)
    return fmt::format(
        "The run has failed, and does not go on by itself. {}: what was not "
        "committed is read again by the next run.",
        lost);
  if (now.state == RunState::finished)
    return fmt::format("The run is finished: {} records have their outcome. {}.",
                       grouped(now.counts.ended()), lost);
  if (now.waiting)
    return fmt::format("Waiting for {}: {}. {}, and it goes on by itself when that is mended.",
                       now.waiting->name, now.waiting->why, lost);
  if (!readiness.ready) return fmt::format("Starting: {}. Nothing is read yet.", readiness.reason);
  if (now.state == RunState::stopping)
    return fmt::format("Stopping: {} records that were read are finished first. {}.",
                       grouped(now.in_flight), lost);
  if (now.lost > 0) return fmt::format("It runs, but {}.", lost);
  const auto rate = static_cast<uint64_t>(history.rates().consumed);
  if (now.lag > 0)
    return fmt::format("All is well: {} records a second are read, and {} more wait in the source.",
                       grouped(rate), grouped(static_cast<uint64_t>(now.lag)));
  return fmt::format("All is well: {} records a second are read, and none waits.", grouped(rate));
}

std::string status_json(const Observation& now, const RunHistory& history, const RunFacts& facts,
                        const Readiness& readiness) {
  JsonWriter json;
  json.open('{');
  json.time_field("time", now.time_us);
  json.field("state", run_state_name(now.state));
  json.field("sentence", status_sentence(now, history, readiness));
  write_waiting(json, now, history, readiness);
  json.key("runbook");
  const char* const section = runbook_section(now, readiness);
  section == nullptr ? json.null() : json.value(section);
  json.field("ready", readiness.ready);
  json.time_field("started_at", facts.started_at_us);
  json.time_field("last_record_at", now.last_record_us);
  json.time_field("last_write_at", now.last_write_us);
  write_counts(json, now.counts, now.in_flight, now.lost);
  write_tables(json, now, facts);
  write_rates(json, history.rates(), facts);
  write_partitions(json, now, facts);
  json.key("latency_ms");
  if (const std::optional<Quantiles> latency = history.latency()) {
    json.open('{');
    json.field("p50", latency->p50_ms);
    json.field("p99", latency->p99_ms);
    json.close('}');
  } else {
    json.null();
  }
  json.key("phases").open('{');
  for (size_t phase = 0; phase < kPhases; ++phase)
    json.field(phase_name(static_cast<Phase>(phase)), now.phases[phase]);
  json.close('}');
  json.key("window").open('{');
  json.field("used", now.window_used);
  json.field("allowed", now.window_allowed);
  json.close('}');
  json.field("held_bytes", now.held_bytes);
  write_lookups(json, now, facts);
  write_letters(json, now);
  write_rows(json, now, facts);
  write_incidents(json, history);
  json.close('}');
  return json.text();
}

}  // namespace turntable
