#include "serve/metrics.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/check.h"
#include "row/reject.h"

namespace turntable {
namespace {

using enum MetricType;

constexpr MetricFamily kFamilies[] = {
    {"turntable_build_info", gauge, "version", "The program's version; the value is always 1"},
    {"turntable_start_time_seconds", gauge, "", "When the process started, in seconds since 1970"},
    {"turntable_ready", gauge, "pipeline",
     "1 once source, stores and lookups are there and all lanes read; as /readyz says"},
    {"turntable_state", gauge, "pipeline, state",
     "1 for the state that the run is in: starting, running, waiting, failed, stopping or "
     "finished"},
    {"turntable_waiting", gauge, "pipeline, for",
     "1 while the run waits for a store, for the source or for the dead letters' store"},
    {"turntable_records_consumed_total", counter, "pipeline", "Records that the source gave"},
    {"turntable_records_total", counter, "pipeline, outcome",
     "Records by what became of them; a record that goes into several tables counts once, as the "
     "worst that became of it"},
    {"turntable_records_in_flight", gauge, "pipeline",
     "Records that were consumed and have no outcome yet: consumed is the sum of all outcomes and "
     "of these"},
    {"turntable_records_lost_total", counter, "pipeline",
     "Records that were gone from the source before they were read"},
    {"turntable_table_records_consumed_total", counter, "pipeline, table",
     "Records that one table's INSERT was given"},
    {"turntable_table_records_total", counter, "pipeline, table, outcome",
     "Records by what became of them in one table's INSERT"},
    {"turntable_table_records_in_flight", gauge, "pipeline, table",
     "Records that one table's INSERT was given and that have no outcome there yet"},
    {"turntable_dead_letters_total", counter, "pipeline, reason",
     "Records that are kept as dead letters, by the reason"},
    {"turntable_lag_records", gauge, "pipeline, topic, partition",
     "Records that wait in a partition"},
    {"turntable_lag_seconds", gauge, "pipeline, topic, partition",
     "The age of the last record that was read of a partition in which others wait; 0 where none "
     "does"},
    {"turntable_position", gauge, "pipeline, topic, partition",
     "The offset from which a partition would be read on after a crash"},
    {"turntable_partitions", gauge, "pipeline", "Partitions that the lanes read"},
    {"turntable_rebalances_total", counter, "pipeline",
     "How often partitions came to a lane or went from it"},
    {"turntable_event_to_row_seconds", histogram, "pipeline",
     "From a record's timestamp until its row was durable"},
    {"turntable_phase_seconds_total", counter, "pipeline, lane, phase",
     "What a lane spent its time with: fetch, decode, join, encode, write, commit or wait"},
    {"turntable_batch_records", histogram, "pipeline",
     "Records that were taken from the source at once"},
    {"turntable_flush_rows", histogram, "pipeline", "Rows that were handed to a store at once"},
    {"turntable_window_used", gauge, "pipeline",
     "Requests, or rows where a store takes no requests, that are not answered"},
    {"turntable_window_allowed", gauge, "pipeline",
     "How many of them may be out at once; 0 where there is no bound"},
    {"turntable_held_bytes", gauge, "pipeline",
     "Memory of records, rows and dead letters that have no outcome yet"},
    {"turntable_store_retries_total", counter, "pipeline, kind",
     "Writes that a store did not take and that were tried again: transient (it was away) or "
     "overloaded (it was too much, or there was no answer in time)"},
    {"turntable_dead_letter_retries_total", counter, "pipeline",
     "Writes of dead letters that failed and were tried again"},
    {"turntable_lookup_info", gauge, "pipeline, lookup, version",
     "When a lookup's file was last changed; the value is always 1"},
    {"turntable_lookup_rows", gauge, "pipeline, lookup", "Rows of a lookup that records can find"},
    {"turntable_lookup_loaded_timestamp_seconds", gauge, "pipeline, lookup",
     "When a lookup was loaded, in seconds since 1970"},
    {"turntable_lookup_load_seconds", gauge, "pipeline, lookup", "How long loading a lookup took"},
    {"turntable_lookup_hits_total", counter, "pipeline, lookup",
     "Records that found a row in a lookup"},
    {"turntable_lookup_misses_total", counter, "pipeline, lookup",
     "Records that found no row in a lookup"},
    {"turntable_last_record_timestamp_seconds", gauge, "pipeline",
     "When the last record came, in seconds since 1970; 0 before the first"},
    {"turntable_last_write_timestamp_seconds", gauge, "pipeline",
     "When a store last took rows, in seconds since 1970; 0 before the first"},
    {"turntable_lane_turn_age_seconds", gauge, "pipeline, lane",
     "How long ago a lane's loop last turned; /healthz fails above 60"},
    {"turntable_http_open_connections", gauge, "", "Connections to this HTTP server"},
    {"turntable_http_connections_total", counter, "", "Connections that were accepted"},
    {"turntable_http_connections_evicted_total", counter, "",
     "Connections that were closed to make room for others"},
    {"turntable_http_requests_total", counter, "", "Requests to this HTTP server"},
    {"turntable_http_requests_refused_total", counter, "",
     "Requests that were answered with an error"},
    {"turntable_http_live_clients", gauge, "", "Readers of /api/live"},
    {"turntable_http_panics_total", counter, "",
     "Connections that a fault of the HTTP server ended: please report it"},
};

// Finds its way through the table in its order, so that no family is left out or given twice.
class Metrics {
 public:
  Metrics(const Observation& now, const RunFacts& facts, bool ready, MetricsFormat format)
      : now_(now),
        facts_(facts),
        ready_(ready),
        text_(format),
        pipeline_("pipeline", facts.pipeline) {}

  std::string render() && {
    about_the_run();
    about_records();
    about_the_source();
    about_the_work();
    about_lookups();
    about_times();
    about_http();
    CHECK(next_ == std::size(kFamilies));
    return std::move(text_).finish();
  }

 private:
  void family(std::string_view name) {
    CHECK(next_ < std::size(kFamilies) && kFamilies[next_].name == name);
    text_.family(kFamilies[next_++]);
  }
  template <class T>
  void one(std::string_view name, T value) {
    family(name);
    of_pipeline({}, value);
  }
  template <class T>
  void of_pipeline(std::vector<Label> labels, T value) {
    labels.insert(labels.begin(), pipeline_);
    text_.sample(labels, value);
  }
  template <class T>
  void of_process(std::string_view name, T value) {
    family(name);
    text_.sample({}, value);
  }

  void about_the_run() {
    family("turntable_build_info");
    text_.sample(std::array{Label{"version", TURNTABLE_VERSION}}, uint64_t{1});
    of_process("turntable_start_time_seconds", seconds(facts_.started_at_us));
    one("turntable_ready", uint64_t{ready_});
    family("turntable_state");
    for (const RunState state : {RunState::starting, RunState::running, RunState::waiting,
                                 RunState::failed, RunState::stopping, RunState::finished})
      of_pipeline({{"state", run_state_name(state)}}, uint64_t{now_.state == state});
    family("turntable_waiting");
    const std::string node = now_.waiting ? now_.waiting->node : "";
    of_pipeline({{"for", "store"}}, uint64_t{node.starts_with("table:")});
    of_pipeline({{"for", "source"}}, uint64_t{node.starts_with("source:")});
    of_pipeline({{"for", "dead_letters"}}, uint64_t{node == "dead_letters"});
  }

  void outcomes(const std::vector<Label>& labels, const Counts& counts) {
    const std::pair<std::string_view, uint64_t> all[] = {
        {"written", counts.written},     {"deleted", counts.deleted},
        {"filtered", counts.filtered},   {"tombstone", counts.tombstones},
        {"unmatched", counts.unmatched}, {"rejected", counts.rejected},
        {"returned", counts.returned}};
    for (const auto& [outcome, count] : all) {
      std::vector<Label> with = labels;
      with.emplace_back("outcome", outcome);
      of_pipeline(std::move(with), count);
    }
  }

  template <class Value>
  void by_table(std::string_view name, Value value) {
    family(name);
    for (size_t insert = 0; insert < facts_.tables.size(); ++insert)
      of_pipeline({{"table", facts_.tables[insert]}}, value(now_.inserts[insert]));
  }

  void about_records() {
    one("turntable_records_consumed_total", now_.counts.consumed);
    family("turntable_records_total");
    outcomes({}, now_.counts);
    one("turntable_records_in_flight", now_.in_flight);
    one("turntable_records_lost_total", now_.lost);
    by_table("turntable_table_records_consumed_total",
             [](const InsertFigures& table) { return table.counts.consumed; });
    family("turntable_table_records_total");
    for (size_t insert = 0; insert < facts_.tables.size(); ++insert)
      outcomes({{"table", facts_.tables[insert]}}, now_.inserts[insert].counts);
    by_table("turntable_table_records_in_flight",
             [](const InsertFigures& table) { return table.in_flight; });
    family("turntable_dead_letters_total");
    for (size_t code = 0; code < kRejectCodes; ++code)
      of_pipeline({{"reason", reject_code_name(static_cast<RejectCode>(code))}},
                  now_.letters_by_reason[code]);
  }

  // Only what is known: a value that is not would look like one.
  template <class Value>
  void by_partition(std::string_view name, Value value) {
    family(name);
    for (const ShownPartition& partition : now_.partitions) {
      const auto known = value(partition);
      if (!known) continue;
      const std::string number = fmt::to_string(partition.figures.partition);
      of_pipeline({{"topic", facts_.topic}, {"partition", number}}, *known);
    }
  }

  void about_the_source() {
    const auto from_zero = [](int64_t value) {
      return value < 0 ? std::optional<int64_t>() : value;
    };
    by_partition("turntable_lag_records",
                 [&](const ShownPartition& partition) { return from_zero(partition.lag); });
    by_partition("turntable_lag_seconds",
                 [](const ShownPartition& partition) { return partition.lag_seconds; });
    by_partition("turntable_position", [&](const ShownPartition& partition) {
      return from_zero(partition.figures.position);
    });
    one("turntable_partitions", now_.partitions_owned);
    one("turntable_rebalances_total", now_.rebalances);
  }

  template <class Values>
  void values_of(std::string_view name, const Values& values, std::span<const int64_t> bounds,
                 double unit) {
    family(name);
    text_.histogram(std::array{pipeline_}, bounds, values.counts(), values.sum(), unit);
  }

  void about_the_work() {
    values_of("turntable_event_to_row_seconds", now_.latencies, kLatencyBounds, 1e6);
    family("turntable_phase_seconds_total");
    for (size_t lane = 0; lane < now_.lanes.size(); ++lane)
      for (size_t phase = 0; phase < kPhases; ++phase)
        of_pipeline({{"lane", number_of(lane)}, {"phase", phase_name(static_cast<Phase>(phase))}},
                    std::chrono::duration<double>(now_.lanes[lane].phases[phase]).count());
    values_of("turntable_batch_records", now_.batches, kBatchBounds, 1);
    values_of("turntable_flush_rows", now_.flushes, kBatchBounds, 1);
    one("turntable_window_used", now_.window_used);
    one("turntable_window_allowed", now_.window_allowed);
    one("turntable_held_bytes", now_.held_bytes);
    family("turntable_store_retries_total");
    of_pipeline({{"kind", "transient"}}, now_.tries.transient);
    of_pipeline({{"kind", "overloaded"}}, now_.tries.overloaded);
    one("turntable_dead_letter_retries_total", now_.letter_retries);
  }

  template <class Value>
  void by_lookup(std::string_view name, Value value) {
    family(name);
    for (const LookupFacts& lookup : facts_.lookups)
      of_pipeline({{"lookup", lookup.name}}, value(lookup));
  }

  void about_lookups() {
    family("turntable_lookup_info");
    for (const LookupFacts& lookup : facts_.lookups)
      of_pipeline({{"lookup", lookup.name}, {"version", lookup.version}}, uint64_t{1});
    by_lookup("turntable_lookup_rows", [](const LookupFacts& lookup) { return lookup.rows; });
    by_lookup("turntable_lookup_loaded_timestamp_seconds",
              [](const LookupFacts& lookup) { return seconds(lookup.loaded_at_us); });
    by_lookup("turntable_lookup_load_seconds",
              [](const LookupFacts& lookup) { return lookup.load_seconds; });
    const auto figures = [this](const LookupFacts& lookup) {
      const auto found = now_.lookups.find(lookup.name);
      return found == now_.lookups.end() ? LookupFigures{} : found->second;
    };
    by_lookup("turntable_lookup_hits_total",
              [&](const LookupFacts& lookup) { return figures(lookup).hits; });
    by_lookup("turntable_lookup_misses_total",
              [&](const LookupFacts& lookup) { return figures(lookup).misses; });
  }

  void about_times() {
    one("turntable_last_record_timestamp_seconds", seconds(now_.last_record_us));
    one("turntable_last_write_timestamp_seconds", seconds(now_.last_write_us));
    family("turntable_lane_turn_age_seconds");
    for (size_t lane = 0; lane < now_.lanes.size(); ++lane) {
      const LaneFigures& figures = now_.lanes[lane];
      if (figures.turns == 0) continue;
      const double age = std::chrono::duration<double>(now_.at - figures.turned_at).count();
      of_pipeline({{"lane", number_of(lane)}}, std::max(age, 0.0));
    }
  }

  void about_http() {
    of_process("turntable_http_open_connections", now_.http.open);
    of_process("turntable_http_connections_total", now_.http.connections);
    of_process("turntable_http_connections_evicted_total", now_.http.evicted);
    of_process("turntable_http_requests_total", now_.http.requests);
    of_process("turntable_http_requests_refused_total", now_.http.refused);
    of_process("turntable_http_live_clients", now_.http.live);
    of_process("turntable_http_panics_total", now_.http.panics);
  }

  static double seconds(int64_t micros) { return static_cast<double>(micros) / 1e6; }
  // Lives until the next call.
  std::string_view number_of(size_t lane) {
    number_ = fmt::to_string(lane);
    return number_;
  }

  const Observation& now_;
  const RunFacts& facts_;
  const bool ready_;
  Exposition text_;
  const Label pipeline_;
  size_t next_ = 0;
  std::string number_;
};

}  // namespace

std::span<const MetricFamily> metric_families() {
  return kFamilies;
}

std::string metrics_text(const Observation& now, const RunFacts& facts, bool ready,
                         MetricsFormat format) {
  return Metrics(now, facts, ready, format).render();
}

}  // namespace turntable
