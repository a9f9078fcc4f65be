// Runs a pipeline of one INSERT to the end of its source and writes what its sink would send to a file
// (rows_file.h), for the ceilings to send again. For Cassandra it is the real sink over a
// connection that is this file, so that the requests are cut as the engine cuts them; for SQLite a
// transaction is one request.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/connectors.h"
#include "app/lane_options.h"
#include "app/pipeline.h"
#include "cassandra/writer.h"
#include "ceilings/rows_file.h"
#include "lane/lane.h"
#include "sink/cassandra_sink.h"
#include "sink/ddl.h"
#include "sink/null_sink.h"

namespace bench {
namespace {

using namespace turntable;

// A cluster that takes everything at once.
class RecordingWriter final : public cassandra::Writer {
 public:
  explicit RecordingWriter(RowsWriter& file) : file_(file) {}

  void submit(uint32_t, std::string_view cells, size_t rows, uint64_t token) override {
    file_.request(rows, cells);
    answered_.push_back({token, {}, false});
  }
  void confirm(uint64_t token) override { answered_.push_back({token, {}, false}); }
  [[nodiscard]] std::span<const cassandra::Completion> poll(Millis) override {
    reported_ = std::move(answered_);
    answered_.clear();
    return reported_;
  }
  [[nodiscard]] int wait_fd() const override { return -1; }

 private:
  RowsWriter& file_;
  std::vector<cassandra::Completion> answered_;
  std::vector<cassandra::Completion> reported_;
};

// Takes batches as SQLite's sink does: one is one transaction.
class RecordingSink final : public Sink {
 public:
  explicit RecordingSink(RowsWriter& file) : file_(file) {}

  [[nodiscard]] Status submit(RowBatches& rows) override {
    file_.request(rows.size(), rows.tables[0].cells);
    return acknowledging_.submit(rows);
  }
  [[nodiscard]] bool full() const override { return false; }
  [[nodiscard]] Result<Acks> reap(Millis wait) override { return acknowledging_.reap(wait); }
  [[nodiscard]] size_t in_flight() const override { return acknowledging_.in_flight(); }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return "the file of rows"; }

 private:
  RowsWriter& file_;
  NullSink acknowledging_;
};

std::unique_ptr<Sink> recording_sink(const SinkTable& table, bool cassandra, RowsWriter& file) {
  if (!cassandra) return std::make_unique<RecordingSink>(file);
  return std::make_unique<CassandraSink>(std::make_unique<RecordingWriter>(file),
                                         CassandraSinkOptions{.tables = {table}});
}

Status record(const std::string& path, const std::vector<std::string>& sets, RowsWriter& file) {
  ASSIGN_OR_RETURN(const Pipeline pipeline, load_pipeline(path, sets));
  SinkTable table = pipeline.table_of(0).table;
  const bool cassandra = pipeline.stores[0].connector == &kCassandraConnector;
  if (cassandra) table.keyspace = kKeyspacePlaceholder;
  const Dialect dialect = cassandra ? Dialect::cql : Dialect::sqlite;
  std::string types;
  for (const ColumnDef& column : table.columns)
    types += fmt::format("{}{}", types.empty() ? "" : " ", sql_name(column.type));
  file.text(table_ddl(table, dialect));
  file.text(insert_dml(table, dialect));
  file.text(types);

  const StopToken stop;
  const SystemClock clock;
  ASSIGN_OR_RETURN(auto decoder, make_decoder(pipeline.source));
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(recording_sink(table, cassandra, file));
  Lane lane(lane_options(pipeline),
            lane_parts(pipeline, std::move(decoder), std::move(sinks), dropped_dead_letters()), stop,
            clock);
  ASSIGN_OR_RETURN(const SourceTopic topic, find_source_topic(pipeline.source, true, stop, clock));
  ASSIGN_OR_RETURN(auto source, open_source({.spec = pipeline.source,
                                             .topic = topic,
                                             .until_end = true,
                                             .listener = lane,
                                             .stop = stop,
                                             .clock = clock}));
  RETURN_IF_ERROR(lane.run(std::move(source)));
  fmt::print("{{\"consumed\": {}, \"matched\": {}}}\n", lane.counts().consumed,
             lane.counts().written);
  return {};
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Writes the rows of a pipeline to a file.");
  std::string pipeline;
  std::string out;
  std::vector<std::string> sets;
  app.add_option("pipeline", pipeline, "the SQL file")->required();
  app.add_option("--out", out, "the file of rows")->required();
  app.add_option("--set", sets, "table.option=value");
  CLI11_PARSE(app, argc, argv);
  bench::RowsWriter file(out);
  const turntable::Status status = bench::record(pipeline, sets, file);
  const bool written = file.close();
  if (status && written) return 0;
  fmt::print(stderr, "{}\n", status ? "cannot write " + out : status.error().message);
  return 1;
}
