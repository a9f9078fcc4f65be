#include "app/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "app/connectors.h"
#include "app/file_roles.h"
#include "app/lane_options.h"
#include "app/pipeline.h"
#include "app/schema.h"
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
      : out_(out), has_rows_(pipeline.sink.connector == "console") {}

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

void print_schemas(const Screen& screen, const Pipeline& pipeline) {
  if (!pipeline.lookup_table.empty())
    screen.line(fmt::format("Schema of {}, the lookup:\n{}", printable(pipeline.lookup_table),
                            schema_tree(pipeline.enrich->catalogue->schema())));
  screen.line(fmt::format("Schema of {}, the stream:\n{}", printable(pipeline.source.table),
                          schema_tree(pipeline.source.declared)));
  screen.line(fmt::format("Schema of {}, the rows:\n{}", printable(pipeline.sink.table.full_name()),
                          schema_tree(pipeline.sink.table.written())));
  if (!pipeline.load_report.empty()) screen.lines(pipeline.load_report);
  if (pipeline.enrich->ready && pipeline.enrich->ready->rejected_rows() > 0)
    log::warn(
        "{} rows of {} have values that do not fit their columns in {}: records that match them "
        "are rejected",
        pipeline.enrich->ready->rejected_rows(), pipeline.lookup_table,
        pipeline.sink.table.full_name());
}

Status check_lanes(const RunOptions& options, const Pipeline& pipeline) {
  if (options.lanes == 1) return {};
  const std::string why = why_one_lane(pipeline.source, pipeline.sink);
  if (why.empty()) return {};
  return fail(ErrorKind::usage, fmt::format("--lanes: {}; leave the option out", why));
}

Status check_statistics_file(const RunOptions& options, const Pipeline& pipeline) {
  if (options.stats_json.empty()) return {};
  const std::string what = role_of(options.stats_json, file_roles(pipeline));
  if (what.empty()) return {};
  return fail(ErrorKind::usage, fmt::format("--stats-json: '{}' is {} already",
                                            printable(options.stats_json), what));
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
  SourceTopic topic = {};
  std::string letters_id = {};
};

std::unique_ptr<Lane> make_lane(const Shared& shared, std::unique_ptr<Decoder> decoder,
                                std::unique_ptr<Sink> sink,
                                std::unique_ptr<DeadLetters> dead_letters) {
  const Pipeline& pipeline = shared.pipeline;
  LaneOptions options = lane_options(pipeline);
  if (!shared.bounded) options.max_reject_ratio = pipeline.source.max_reject_ratio;
  options.unfinished_lanes = shared.unfinished;
  options.census = shared.census;
  options.on_flush = [screen = Screen(shared.out, pipeline), name = sink->name()](size_t rows) {
    screen.line(fmt::format("Flushing {} records to {}", rows, name));
  };
  return std::make_unique<Lane>(std::move(options),
                                LaneParts{.decoder = std::move(decoder),
                                          .enricher = std::make_unique<Enricher>(pipeline.enrich),
                                          .sink = std::move(sink),
                                          .dead_letters = std::move(dead_letters)},
                                shared.stop, shared.clock);
}

Result<std::unique_ptr<Sink>> open_lanes_sink(const Shared& shared, bool check_table) {
  return open_sink(shared.pipeline.sink, shared.stop, shared.out,
                   positions_of(shared.pipeline.source), check_table);
}

// Opens the first lane's sink and finds the topic. The sink's table is compared before anything is
// waited for, and nothing is made for a source that may not be there: SQLite's file, whose sink
// makes it, is opened behind the topic.
Result<std::unique_ptr<Sink>> open_first(Shared& shared) {
  std::unique_ptr<Sink> sink;
  if (shared.pipeline.sink.connector == "sqlite") {
    RETURN_IF_ERROR(check_sqlite_before_opening(shared.pipeline.sink, shared.stop));
  } else {
    ASSIGN_OR_RETURN(sink, open_lanes_sink(shared, true));
  }
  ASSIGN_OR_RETURN(shared.topic, find_source_topic(shared.pipeline.source, shared.until_end,
                                                   shared.stop, shared.clock));
  if (!sink) {
    ASSIGN_OR_RETURN(sink, open_lanes_sink(shared, true));
  }
  return sink;
}

Status prepare(std::vector<Worker>& workers, Shared& shared) {
  const Pipeline& pipeline = shared.pipeline;
  for (Worker& worker : workers) {
    const bool first = &worker == &workers.front();
    ASSIGN_OR_RETURN(auto decoder, make_decoder(pipeline.source));
    ASSIGN_OR_RETURN(auto sink, first ? open_first(shared) : open_lanes_sink(shared, false));
    if (first) {
      say_where_start_counts_not(pipeline.source, shared.topic, *sink);
      ASSIGN_OR_RETURN(shared.letters_id, prepare_dead_letters(pipeline.source, pipeline.name(),
                                                               shared.stop, shared.clock));
    }
    RETURN_IF_ERROR(sink->keep_positions_of(shared.topic.id));
    ASSIGN_OR_RETURN(auto dead_letters,
                     make_dead_letters(pipeline.source, pipeline.name(), shared.letters_id,
                                       shared.clock, shared.topic.id));
    worker.lane = make_lane(shared, std::move(decoder), std::move(sink), std::move(dead_letters));
  }
  return {};
}

Status run_lane(Lane& lane, size_t number, const Shared& shared) {
  ASSIGN_OR_RETURN(auto source, open_source(shared.pipeline.source, shared.topic, number,
                                            shared.until_end, lane, shared.stop, shared.clock));
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
  // 1. Everything that can be wrong without a connection is found first.
  ASSIGN_OR_RETURN(const Pipeline pipeline, load_pipeline(options.pipeline, options.sets));
  RETURN_IF_ERROR(check_lanes(options, pipeline));
  RETURN_IF_ERROR(check_statistics_file(options, pipeline));
  RETURN_IF_ERROR(check_files(pipeline.source));
  const Screen screen(out, pipeline);
  print_schemas(screen, pipeline);
  RETURN_IF_ERROR(screen.status());

  // 2. The sink: its table compared, connected. The topic: found or waited for. Nothing is read
  // before both are there.
  const SystemClock clock;
  std::vector<Worker> workers(options.lanes);
  const bool bounded = options.until_end || pipeline.source.connector == "ndjson";
  Shared shared{
      .pipeline = pipeline,
      .until_end = options.until_end,
      .bounded = bounded,
      .stop = stop,
      .clock = clock,
      .out = out,
      .unfinished = std::make_shared<std::atomic<unsigned>>(static_cast<unsigned>(options.lanes)),
      .census = std::make_shared<RunCensus>(pipeline.source.table)};
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
    const StatusReporter reporter(lanes);
    size_t number = 0;
    for (Worker& worker : workers) {
      worker.thread = std::thread([&worker, number = ++number, &shared, &stop] {
        worker.outcome = run_lane(*worker.lane, number, shared);
        if (!worker.outcome) stop.request();
      });
    }
    for (Worker& worker : workers) worker.thread.join();
  }

  // 4. The account. Who reads it may take a while, and a stop meanwhile ends no run that is over.
  const bool to_the_end = bounded && !stop.requested();
  const Statistics statistics = collect_statistics(lanes, options.process_start);
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
  if (failed != nullptr) return tl::unexpected<Error>(failed->outcome.error());
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
