#include "app/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "app/connectors.h"
#include "app/pipeline.h"
#include "app/statistics.h"
#include "app/status.h"
#include "base/log.h"
#include "base/text.h"
#include "lane/lane.h"

namespace turntable {
namespace {

// Prints whole lines from several threads. Names in them are the pipeline's.
void print_line(const std::string& line) {
  fmt::print("{}\n", printable_lines(line));
  std::fflush(stdout);
}

void print_schemas(const Pipeline& pipeline) {
  if (!pipeline.lookup_table.empty())
    print_line(fmt::format("Schema of {}, the lookup:\n{}", printable(pipeline.lookup_table),
                           schema_tree(pipeline.enrich->catalogue->schema())));
  print_line(fmt::format("Schema of {}, the stream:\n{}", printable(pipeline.source.table),
                         schema_tree(pipeline.source.declared)));
  print_line(fmt::format("Schema of {}, the rows:\n{}", printable(pipeline.sink.table.full_name()),
                         schema_tree(pipeline.sink.table.columns)));
  if (!pipeline.load_report.empty()) fmt::print("{}", printable_lines(pipeline.load_report));
  if (pipeline.enrich->ready && pipeline.enrich->ready->rejected_rows() > 0)
    log::warn(
        "{} rows of {} have values that do not fit their columns in {}: records that match them "
        "are rejected",
        pipeline.enrich->ready->rejected_rows(), pipeline.lookup_table,
        pipeline.sink.table.full_name());
  std::fflush(stdout);
}

Status check_lanes(const RunOptions& options, const Pipeline& pipeline) {
  if (options.lanes == 1) return {};
  if (pipeline.source.connector == "ndjson")
    return fail(ErrorKind::usage, "--lanes: a file is read by one lane; leave the option out");
  if (pipeline.sink.connector == "sqlite")
    return fail(ErrorKind::usage,
                "--lanes: SQLite has one writer, so one lane; leave the option out");
  return {};
}

// One lane on its thread.
struct Worker {
  std::unique_ptr<Lane> lane;
  Status outcome;
  std::thread thread;
};

PositionsOf positions_of(const SourceSpec& source) {
  if (source.connector != "kafka") return {};
  const auto group = source.properties.find("group.id");
  return {group == source.properties.end() ? source.group : group->second, source.topic};
}

// `first`: it finds out whether table and topics are there. `bounded`: the run ends by itself, and
// its dead letters are in its exit code.
Result<std::unique_ptr<Lane>> make_lane(const Pipeline& pipeline, bool first, bool bounded,
                                        std::shared_ptr<std::atomic<unsigned>> unfinished,
                                        const StopToken& stop, const Clock& clock) {
  ASSIGN_OR_RETURN(auto decoder, make_decoder(pipeline.source));
  ASSIGN_OR_RETURN(auto sink, open_sink(pipeline.sink, stop, positions_of(pipeline.source), first));
  if (first) RETURN_IF_ERROR(prepare_dead_letters(pipeline.source, pipeline.name(), stop, clock));
  ASSIGN_OR_RETURN(auto dead_letters, make_dead_letters(pipeline.source, pipeline.name(), clock));
  LaneOptions options{.flush_interval = pipeline.sink.flush_interval,
                      .flush_rows = pipeline.sink.flush_rows,
                      .flush_bytes = pipeline.sink.flush_bytes,
                      .max_reject_ratio = bounded ? 1 : pipeline.source.max_reject_ratio,
                      .unfinished_lanes = std::move(unfinished)};
  options.on_flush = [name = sink->name()](size_t rows) {
    print_line(fmt::format("Flushing {} records to {}", rows, name));
  };
  return std::make_unique<Lane>(std::move(options),
                                LaneParts{.decoder = std::move(decoder),
                                          .enricher = std::make_unique<Enricher>(pipeline.enrich),
                                          .sink = std::move(sink),
                                          .dead_letters = std::move(dead_letters)},
                                stop, clock);
}

Status prepare(std::vector<Worker>& workers, const Pipeline& pipeline, bool bounded,
               const StopToken& stop, const Clock& clock) {
  const auto unfinished =
      std::make_shared<std::atomic<unsigned>>(static_cast<unsigned>(workers.size()));
  for (Worker& worker : workers) {
    const bool first = &worker == &workers.front();
    ASSIGN_OR_RETURN(worker.lane, make_lane(pipeline, first, bounded, unfinished, stop, clock));
  }
  return {};
}

Status run_lane(Lane& lane, size_t number, const Pipeline& pipeline, bool until_end,
                const StopToken& stop, const Clock& clock) {
  ASSIGN_OR_RETURN(auto source, open_source(pipeline.source, number, until_end, lane, stop, clock));
  return lane.run(std::move(source));
}

}  // namespace

Result<ExitCode> run_pipeline(const RunOptions& options, StopToken& stop) {
  // 1. Everything that can be wrong without a connection is found first.
  ASSIGN_OR_RETURN(const Pipeline pipeline, load_pipeline(options.pipeline, options.sets));
  RETURN_IF_ERROR(check_lanes(options, pipeline));
  RETURN_IF_ERROR(check_files(pipeline.source));
  print_schemas(pipeline);

  // 2. The sink: connected, its table compared. Nothing is read before it is there.
  const SystemClock clock;
  std::vector<Worker> workers(options.lanes);
  const bool bounded = options.until_end || pipeline.source.connector == "ndjson";
  if (const Status prepared = prepare(workers, pipeline, bounded, stop, clock); !prepared) {
    if (prepared.error().kind != ErrorKind::interrupted)
      return tl::unexpected<Error>(prepared.error());
    print_line("Stopped before anything was read.");
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
      worker.thread = std::thread([&worker, number = ++number, &pipeline, &options, &stop, &clock] {
        worker.outcome = run_lane(*worker.lane, number, pipeline, options.until_end, stop, clock);
        if (!worker.outcome) stop.request();
      });
    }
    for (Worker& worker : workers) worker.thread.join();
  }

  // 4. The account.
  const Statistics statistics = collect_statistics(lanes, options.process_start);
  const Status statistics_written =
      options.stats_json.empty() ? Status() : write_statistics(statistics, options.stats_json);
  const Worker* failed = nullptr;
  for (const Worker& worker : workers)
    if (!worker.outcome && worker.outcome.error().kind != ErrorKind::interrupted &&
        failed == nullptr)
      failed = &worker;
  print_line(verdict(statistics, dead_letters_name(pipeline.source.dead_letters),
                     failed == nullptr ? "Done" : "Failed"));
  if (failed != nullptr) return tl::unexpected<Error>(failed->outcome.error());
  RETURN_IF_ERROR(statistics_written);
  if (!statistics.adds_up())
    return fail(ErrorKind::failed,
                "the counts do not add up: this is a bug of turntable, please report it with the "
                "line above");
  const bool to_the_end = bounded && !stop.requested();
  return to_the_end && statistics.counts.dead_lettered > 0 ? ExitCode::dead_letters
                                                           : ExitCode::done;
}

}  // namespace turntable
