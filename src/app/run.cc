#include "app/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "app/connectors.h"
#include "app/file_roles.h"
#include "app/http.h"
#include "app/lane_options.h"
#include "app/letters.h"
#include "app/pipeline.h"
#include "app/retry_transient.h"
#include "app/run_facts.h"
#include "app/statistics.h"
#include "app/status.h"
#include "base/log.h"
#include "base/text.h"
#include "lane/lane.h"

namespace turntable {
namespace {

// What the run shows beside its rows. Where the rows are shown too, the console's sink says what is
// wrong with the output.
class Screen {
 public:
  Screen(Output& out, const Pipeline& pipeline)
      : out_(out),
        has_rows_(std::any_of(pipeline.stores.begin(), pipeline.stores.end(),
                              [](const StoreSpec& store) { return store.connector->shows_rows; })) {
  }

  // A whole line, from any thread. Names in it are the pipeline's.
  void line(const std::string& text) const { lines(text + "\n"); }
  void lines(const std::string& text) const {
    const std::string shown = printable_lines(text);
    if (!has_rows_) return out_.show(shown);
    out_.add(shown);
  }
  // What the run came to.
  void account(const std::string& text) const {
    const std::string shown = printable_lines(text + "\n");
    if (!has_rows_) return out_.show_last(shown);
    out_.add(shown);
  }
  [[nodiscard]] Status status() const { return has_rows_ ? out_.written() : Status(); }

 private:
  Output& out_;
  bool has_rows_;
};

void say_rejected_lookup_rows(const Pipeline& pipeline, size_t insert) {
  const EnrichPlan& plan = *pipeline.enrich;
  for (size_t probe = 0; probe < plan.program.probes.size(); ++probe) {
    const ReadyCells* ready = plan.ready[insert][probe].get();
    if (ready == nullptr || ready->rejected_rows() == 0) continue;
    log::warn(
        "{} rows of {} have values that do not fit their columns in {}: records that match them "
        "are rejected",
        ready->rejected_rows(), plan.program.probes[probe].table,
        pipeline.table_of(insert).table.full_name());
  }
}

void print_schemas(const Screen& screen, const Pipeline& pipeline) {
  for (const LookupSpec& lookup : pipeline.lookups)
    screen.line(fmt::format("Schema of {}, the lookup:\n{}", printable(lookup.table),
                            schema_tree(lookup.schema)));
  screen.line(fmt::format("Schema of {}, the stream:\n{}", printable(pipeline.source.table),
                          schema_tree(pipeline.source.declared)));
  for (size_t insert = 0; insert < pipeline.inserts.size(); ++insert) {
    const SinkTable& table = pipeline.table_of(insert).table;
    screen.line(fmt::format("Schema of {}, the rows:\n{}", printable(table.full_name()),
                            schema_tree(table.written())));
  }
  if (!pipeline.load_report.empty()) screen.lines(pipeline.load_report);
  for (size_t insert = 0; insert < pipeline.inserts.size(); ++insert)
    say_rejected_lookup_rows(pipeline, insert);
}

Status check_lanes(const RunOptions& options, const Pipeline& pipeline) {
  if (options.lanes == 1) return {};
  const std::string why = why_one_lane(pipeline);
  if (why.empty()) return {};
  return fail(ErrorKind::usage, fmt::format("--lanes: {}; leave the option out", why));
}

Status check_statistics_file(const RunOptions& options, const Pipeline& pipeline) {
  if (options.stats_json.empty()) return {};
  const std::string what = role_of(options.stats_json, file_roles(pipeline));
  if (!what.empty())
    return fail(ErrorKind::usage, fmt::format("--stats-json: '{}' is {} already",
                                              printable(options.stats_json), what));
  return check_statistics_path(options.stats_json);
}

// One lane on its thread.
struct Worker {
  std::unique_ptr<Lane> lane;
  Status outcome;
  std::thread thread;
};

// What all lanes share.
struct Shared {
  const Pipeline& pipeline;
  bool until_end;  // Where the topic ends at the start.
  bool bounded;    // The run ends by itself, and its dead letters are in its exit code.
  const StopToken& stop;
  const Clock& clock;
  Output& out;
  std::shared_ptr<std::atomic<unsigned>> unfinished;
  std::shared_ptr<RunCensus> census;
  Reporter* reporter = nullptr;  // Null: nobody looks.
  SourceTopic topic = {};
  std::string letters_id = {};

  void awaits_stores() const {
    if (reporter == nullptr) return;
    const std::string names = pipeline.table_names();
    reporter->awaits("table:" + pipeline.insert_names().front(), names,
                     "connecting to the stores of " + names);
  }
  void awaits_source() const {
    if (reporter == nullptr) return;
    reporter->awaits("source:" + pipeline.source.table, source_name(pipeline.source),
                     "looking for " + source_name(pipeline.source));
  }
  void awaits_letters() const {
    if (reporter == nullptr) return;
    const std::string name = dead_letters_name(pipeline.source.dead_letters);
    reporter->awaits("dead_letters", name, "preparing the dead letters' place, " + name);
  }
};

std::unique_ptr<Lane> make_lane(const Shared& shared, LaneParts parts) {
  const Pipeline& pipeline = shared.pipeline;
  LaneOptions options = lane_options(pipeline);
  if (!shared.bounded) options.max_reject_ratio = pipeline.source.max_reject_ratio;
  options.unfinished_lanes = shared.unfinished;
  options.census = shared.census;
  if (shared.reporter != nullptr) options.shown = shown_forms(pipeline);
  options.on_flush = [screen = Screen(shared.out, pipeline)](const Sink& store, size_t rows) {
    screen.line(fmt::format("Flushing {} records to {}", rows, store.name()));
  };
  return std::make_unique<Lane>(std::move(options), std::move(parts), shared.stop, shared.clock);
}

Result<std::vector<std::unique_ptr<Sink>>> open_lanes_sinks(const Shared& shared,
                                                            bool check_tables) {
  return open_sinks(shared.pipeline, positions_of(shared.pipeline.source), shared.stop, shared.out,
                    check_tables);
}

// Opens the first lane's sinks and finds the topic. Tables are compared before anything is waited
// for, and nothing is made for a source that may not be there: where a sink makes its store, as
// SQLite's does its file, all are opened behind the topic.
Result<std::vector<std::unique_ptr<Sink>>> open_first(Shared& shared) {
  const std::vector<StoreSpec>& stores = shared.pipeline.stores;
  const bool makes_store = std::any_of(stores.begin(), stores.end(), [](const StoreSpec& store) {
    return store.connector->makes_store;
  });
  std::vector<std::unique_ptr<Sink>> sinks;
  shared.awaits_stores();
  if (!makes_store) {
    ASSIGN_OR_RETURN(sinks, open_lanes_sinks(shared, true));
  } else {
    for (const StoreSpec& store : stores)
      if (store.connector->keeps_table())
        RETURN_IF_ERROR(store.connector->compare_what_is_there(store, shared.stop, true));
  }
  shared.awaits_source();
  ASSIGN_OR_RETURN(shared.topic, find_source_topic(shared.pipeline.source, shared.until_end,
                                                   shared.stop, shared.clock));
  if (makes_store) {
    shared.awaits_stores();
    ASSIGN_OR_RETURN(sinks, open_lanes_sinks(shared, true));
  }
  return sinks;
}

void say_where_positions_are(const Pipeline& pipeline) {
  if (pipeline.stores.size() < 2 || !pipeline.source.connector->has_groups) return;
  const bool could_be_beside_rows = std::any_of(
      pipeline.stores.begin(), pipeline.stores.end(),
      [](const StoreSpec& store) { return store.connector->positions_kept != nullptr; });
  if (could_be_beside_rows)
    log::info(
        "the pipeline writes to {} stores, so its positions are with the group {} and not beside "
        "the rows of one; those that a file has count where they are lower, and are deleted then",
        pipeline.stores.size(), printable(pipeline.source.group()));
}

Status prepare(std::vector<Worker>& workers, Shared& shared) {
  const Pipeline& pipeline = shared.pipeline;
  say_where_positions_are(pipeline);
  for (Worker& worker : workers) {
    const bool first = &worker == &workers.front();
    ASSIGN_OR_RETURN(auto decoder, make_decoder(pipeline.source));
    ASSIGN_OR_RETURN(auto sinks, first ? open_first(shared) : open_lanes_sinks(shared, false));
    if (first) {
      say_where_start_counts_not(pipeline.source, shared.topic, sinks);
      shared.awaits_letters();
      ASSIGN_OR_RETURN(shared.letters_id,
                       prepare_dead_letters(pipeline, shared.stop, shared.clock));
    }
    for (const auto& sink : sinks) RETURN_IF_ERROR(sink->keep_positions_of(shared.topic.id));
    ASSIGN_OR_RETURN(auto dead_letters,
                     make_dead_letters(pipeline, shared.letters_id, shared.clock, shared.topic.id));
    LaneParts parts =
        lane_parts(pipeline, std::move(decoder), std::move(sinks), std::move(dead_letters));
    if (first) {
      ASSIGN_OR_RETURN(parts.positions_before, positions_of_stores(pipeline));
      // A file that another program has locked is waited for, as by its sink.
      parts.forget_positions_before = [&shared] {
        return retry_transient(shared.stop,
                               [&] { return forget_positions_of_stores(shared.pipeline); });
      };
    }
    worker.lane = make_lane(shared, std::move(parts));
  }
  return {};
}

Status run_lane(Lane& lane, size_t number, const Shared& shared) {
  ASSIGN_OR_RETURN(auto source, open_source({.spec = shared.pipeline.source,
                                             .topic = shared.topic,
                                             .lane = number,
                                             .until_end = shared.until_end,
                                             .listener = lane,
                                             .stop = shared.stop,
                                             .clock = shared.clock}));
  return lane.run(std::move(source));
}

// Part of the account: short runs, and fields that came late in none of the lanes.
void say_absent_fields(const std::vector<const Lane*>& lanes, const Pipeline& pipeline) {
  std::vector<FieldCensus> of_lanes;
  for (const Lane* lane : lanes) of_lanes.push_back(lane->census());
  for (const std::string& warning : warnings_of(merged(of_lanes), pipeline.source.table))
    log::warn("{}", warning);
}

}  // namespace

Result<ExitCode> run_pipeline(const RunOptions& options, StopToken& stop, Output& out) {
  // 1. Who asks how it is gets an answer from the beginning. Everything that can be wrong without a
  // connection is found first.
  ASSIGN_OR_RETURN(const std::unique_ptr<Reporter> reporter, start_reporter(options));
  ASSIGN_OR_RETURN(const Pipeline pipeline, load_pipeline(options.pipeline, options.sets));
  RETURN_IF_ERROR(check_lanes(options, pipeline));
  RETURN_IF_ERROR(check_statistics_file(options, pipeline));
  RETURN_IF_ERROR(check_files(pipeline.source));
  if (reporter) reporter->knows(run_facts(pipeline));
  const Screen screen(out, pipeline);
  print_schemas(screen, pipeline);
  RETURN_IF_ERROR(screen.status());

  // 2. The sink: its table compared, connected. The topic: found or waited for. Nothing is read
  // before both are there.
  const SystemClock clock;
  std::vector<Worker> workers(options.lanes);
  const bool bounded = options.until_end || pipeline.source.connector->ends;
  Shared shared{
      .pipeline = pipeline,
      .until_end = options.until_end,
      .bounded = bounded,
      .stop = stop,
      .clock = clock,
      .out = out,
      .unfinished = std::make_shared<std::atomic<unsigned>>(static_cast<unsigned>(options.lanes)),
      .census = std::make_shared<RunCensus>(pipeline.source.table),
      .reporter = reporter.get()};
  if (const Status prepared = prepare(workers, shared); !prepared) {
    if (prepared.error().kind != ErrorKind::interrupted)
      return tl::unexpected<Error>(prepared.error());
    screen.line("Stopped before anything was read.");
    return ExitCode::done;
  }

  // 3. The lanes run. The first that fails stops the others; none leaves the group before all are
  // done.
  std::vector<const Lane*> lanes;
  for (const Worker& worker : workers) lanes.push_back(worker.lane.get());
  {
    shared.awaits_source();  // Their group, now.
    if (reporter) reporter->watch(lanes);
    const StatusReporter status_line(lanes, Millis(0), pipeline.insert_names());
    size_t number = 0;
    for (Worker& worker : workers) {
      worker.thread = std::thread([&worker, number = ++number, &shared, &stop] {
        worker.outcome = run_lane(*worker.lane, number, shared);
        if (!worker.outcome) stop.request();
      });
    }
    for (Worker& worker : workers) worker.thread.join();
    if (reporter) reporter->forget_lanes();
  }

  // 4. The account. Who reads it may take a while, and a stop meanwhile ends no run that is over.
  const bool to_the_end = bounded && !stop.requested();
  Statistics statistics = collect_statistics(lanes, pipeline.insert_names(), options.process_start);
  compare_missed_keys(*pipeline.enrich, statistics);
  const Status statistics_written =
      options.stats_json.empty() ? Status() : write_statistics(statistics, options.stats_json);
  const Worker* failed = nullptr;
  for (const Worker& worker : workers)
    if (!worker.outcome && worker.outcome.error().kind != ErrorKind::interrupted &&
        failed == nullptr)
      failed = &worker;
  say_absent_fields(lanes, pipeline);
  screen.account(verdict(statistics, dead_letters_name(pipeline.source.dead_letters),
                         failed == nullptr ? "Done" : "Failed"));
  if (failed != nullptr) {
    if (!statistics_written) log::warn("{}", statistics_written.error().message);
    Error error = failed->outcome.error();
    // The servers were reached before. What could not be finished is a failure.
    if (error.kind == ErrorKind::transient) error.kind = ErrorKind::failed;
    return tl::unexpected<Error>(std::move(error));
  }
  RETURN_IF_ERROR(statistics_written);
  RETURN_IF_ERROR(screen.status());
  if (!statistics.adds_up())
    return fail(ErrorKind::failed,
                "the counts do not add up: this is a bug of turntable, please report it with the "
                "line above");
  return to_the_end && statistics.counts.dead_lettered > 0 ? ExitCode::dead_letters
                                                           : ExitCode::done;
}

}  // namespace turntable
