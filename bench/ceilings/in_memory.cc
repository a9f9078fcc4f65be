// What decoding, joining and encoding cost by themselves: the engine's own decoder, enricher and
// lane over plays that lie ready in memory, without Kafka and without a store.
//
//   --until decode   the decoder
//   --until rows     and the enricher: rows of cells, ready to be sent
//   --until lane     all that a lane does beside: its ledger, its batches, its acknowledgements
//
// Each round is the same plays again. The first is not measured: it makes the room that the others
// use. The last line on standard output is one JSON object, with the best and the median round's
// CPU time per event. Under Callgrind, --toggle-collect=bench_measured counts the measured rounds
// alone.
#include <fmt/format.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "app/connectors.h"
#include "app/lane_options.h"
#include "app/pipeline.h"
#include "ceilings/counting_malloc.h"
#include "lane/lane.h"
#include "load/plays.h"
#include "produce/listeners.h"
#include "produce/produce.h"
#include "row/cell.h"
#include "sink/null_sink.h"

namespace bench {
namespace {

using namespace turntable;

struct Options {
  std::string pipeline;
  std::vector<std::string> sets;
  std::string until = "rows";
  size_t events = 200'000;
  size_t rounds = 10;
  size_t poll_records = 500;
  PlaysOptions plays;
  bool songs_of_catalogue = false;  // The report's: plays are of the songs that its file names.
};

// Plays as a source has them: their bytes one after another, as in a fetched block.
class Backlog {
 public:
  void add(std::string_view play) {
    bytes_ += play;
    ends_.push_back(bytes_.size());
  }
  [[nodiscard]] size_t events() const { return ends_.size(); }
  [[nodiscard]] size_t bytes() const { return bytes_.size(); }

  // Fills `batch` with the plays [first, last) of round number `round`.
  void fill(RecordBatch& batch, size_t round, size_t first, size_t last) const {
    batch.topic = "memory";
    for (size_t i = first; i < last; ++i) {
      Record& record = batch.records.emplace_back();
      const size_t begin = i == 0 ? 0 : ends_[i - 1];
      record.value = std::string_view(bytes_).substr(begin, ends_[i] - begin);
      record.offset = static_cast<Offset>(round * events() + i);
    }
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

// One round of plays, as a lane reads them.
class BacklogSource final : public Source {
 public:
  BacklogSource(const Backlog& backlog, size_t round, AssignmentListener& lane)
      : backlog_(backlog), round_(round) {
    const PartitionId partition = 0;
    lane.on_assigned({&partition, 1});
  }
  [[nodiscard]] Result<RecordBatch> poll(size_t limit, Millis) override {
    RecordBatch batch;
    const size_t last = std::min(backlog_.events(), next_ + limit);
    batch.records.reserve(last - next_);
    backlog_.fill(batch, round_, next_, last);
    next_ = last;
    return batch;
  }
  [[nodiscard]] Status keep_alive() override { return {}; }
  void store(PartitionId, Offset) override {}
  [[nodiscard]] Status commit() override { return {}; }
  [[nodiscard]] bool at_end() const override { return next_ == backlog_.events(); }
  [[nodiscard]] int64_t lag() const override { return -1; }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return "memory"; }
  [[nodiscard]] Status close() override { return {}; }

 private:
  const Backlog& backlog_;
  const size_t round_;
  size_t next_ = 0;
};

// The parts that are measured, and what they came to.
class Path {
 public:
  Path(const Options& options, const Pipeline& pipeline, const Backlog& backlog)
      : options_(options), pipeline_(pipeline), backlog_(backlog), enricher_(pipeline.enrich) {
    decoder_ = made(make_decoder(pipeline.source));
    for (size_t first = 0; first < backlog.events(); first += options.poll_records)
      backlog.fill(batches_.emplace_back(), 0, first,
                   std::min(backlog.events(), first + options.poll_records));
    origins_.resize(options.poll_records);
  }

  void round(size_t number) {
    if (options_.until == "lane") return lane_round(number);
    for (const RecordBatch& batch : batches_) {
      decoder_->decode(batch, enricher_.declared(), alive_, rejects_);
      const size_t before = rows_.size();
      if (options_.until == "rows")
        CHECK(enricher_.enrich(batch, std::span(origins_).first(batch.size()), alive_, rejects_,
                               targets_));
      if (number == 0) note(before);
      if (rows_.size() >= pipeline_.stores[0].flush_rows) rows_.clear();
      rejects_.clear();
    }
  }

  [[nodiscard]] uint64_t matched() const { return matched_; }
  [[nodiscard]] int64_t checksum() const { return checksum_; }

  template <class T>
  [[nodiscard]] static T made(Result<T> result) {
    if (result) return std::move(*result);
    fmt::print(stderr, "{}\n", result.error().message);
    std::exit(1);
  }

 private:
  // In the round that is not measured: what the rows hold.
  void note(size_t rows_before) {
    matched_ += options_.until == "rows" ? rows_.size() - rows_before : alive_.size();
    const Schema columns = pipeline_.table_of(0).table.written();
    const auto place = [&columns](const char* name) {
      const auto found =
          std::find_if(columns.begin(), columns.end(),
                       [name](const ColumnDef& column) { return column.name == name; });
      CHECK(found != columns.end());
      return static_cast<size_t>(found - columns.begin());
    };
    for (size_t i = rows_before; i < rows_.size(); ++i) {
      CellReader cells(rows_.row(i));
      for (size_t cell = 0; !cells.done(); ++cell) {
        const CellView value = cells.next();
        if (cell == place("hour") || cell == place("duration_ms")) checksum_ += value.int32();
      }
    }
  }

  void lane_round(size_t number) {
    const StopToken stop;
    const SystemClock clock;
    LaneOptions lane_with = lane_options(pipeline_);
    lane_with.poll_records = options_.poll_records;
    std::vector<std::unique_ptr<Sink>> sinks;
    for (size_t store = 0; store < pipeline_.stores.size(); ++store)
      sinks.push_back(std::make_unique<NullSink>());
    Lane lane(std::move(lane_with),
              lane_parts(pipeline_, std::move(decoder_), std::move(sinks), dropped_dead_letters()),
              stop, clock);
    const Status status = lane.run(std::make_unique<BacklogSource>(backlog_, number, lane));
    if (!status) (void)made<int>(tl::unexpected<Error>(status.error()));
    if (number == 0) matched_ = lane.counts().written;
    decoder_ = made(make_decoder(pipeline_.source));
  }

  const Options& options_;
  const Pipeline& pipeline_;
  const Backlog& backlog_;
  std::unique_ptr<Decoder> decoder_;
  Enricher enricher_;
  std::vector<RecordBatch> batches_;
  std::vector<Origin> origins_;
  Selection alive_;
  Rejects rejects_;
  RowBatch rows_;
  std::vector<RowBatch*> targets_{&rows_};
  uint64_t matched_ = 0;
  int64_t checksum_ = 0;
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// By this name Callgrind knows when to count.
extern "C" [[gnu::noinline]] void bench_measured(Path& path, size_t round) {
  path.round(round);
}

Backlog backlog_of(const Options& options, const std::string& catalogue) {
  Backlog backlog;
  if (!options.songs_of_catalogue) {
    Plays plays(options.plays);
    for (size_t i = 0; i < options.events; ++i) backlog.add(plays.next());
    return backlog;
  }
  const SystemClock clock;
  SeededRandom random(options.plays.seed);
  std::vector<std::string> people = people_names(options.plays.people, "The last", random);
  Listeners listeners({.people = std::move(people),
                       .songs = Path::made(load_songs(catalogue, "name")),
                       .start_time = options.plays.start},
                      random, clock);
  for (size_t i = 0; i < options.events; ++i) backlog.add(listeners.next().json);
  return backlog;
}

int measure(const Options& options, const std::string& catalogue) {
  std::vector<std::string> sets = options.sets;
  sets.push_back("songs.path=" + catalogue);
  const Pipeline pipeline = Path::made(load_pipeline(options.pipeline, sets));
  const Backlog backlog = backlog_of(options, catalogue);
  Path path(options, pipeline, backlog);
  path.round(0);

  std::vector<double> seconds;
  const uint64_t allocations_before = allocations();
  for (size_t round = 1; round <= options.rounds; ++round) {
    const double begun = cpu_seconds();
    bench_measured(path, round);
    seconds.push_back(cpu_seconds() - begun);
  }
  const auto events = static_cast<double>(backlog.events());
  const double allocated = static_cast<double>(allocations() - allocations_before) /
                           (events * static_cast<double>(options.rounds));
  std::sort(seconds.begin(), seconds.end());
  fmt::print(
      "{{\"consumed\": {}, \"matched\": {}, \"checksum\": {}, \"bytes\": {}, \"rounds\": {}, "
      "\"best_ns\": {:.1f}, \"median_ns\": {:.1f}, \"allocations_per_event\": {:.6f}}}\n",
      backlog.events(), path.matched(), path.checksum(), backlog.bytes(), options.rounds,
      seconds.front() / events * 1e9, seconds[seconds.size() / 2] / events * 1e9, allocated);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Measures decoding, joining and encoding in memory.");
  bench::Options options;
  bench::PlaysOptions& plays = options.plays;
  std::string catalogue;
  app.add_option("pipeline", options.pipeline, "the SQL file")->required();
  app.add_option("--catalogue", catalogue, "the songs' CSV file")->required();
  app.add_option("--set", options.sets, "table.option=value");
  app.add_option("--until", options.until)->check(CLI::IsMember({"decode", "rows", "lane"}));
  app.add_option("--events", options.events, "plays in a round");
  app.add_option("--rounds", options.rounds, "measured");
  app.add_option("--poll-records", options.poll_records, "in a batch");
  app.add_flag("--named-songs", options.songs_of_catalogue, "the catalogue is not a made-up one");
  app.add_option("--songs", plays.songs, "rows of the made-up catalogue");
  app.add_option("--hit-rate", plays.hit_rate, "the share of plays that match it");
  app.add_option("--zipf", plays.zipf, "the exponent of the songs' popularity; 0: all alike");
  app.add_option("--event-bytes", plays.event_bytes, "the size of a play, at least");
  CLI11_PARSE(app, argc, argv);
  return bench::measure(options, catalogue);
}
