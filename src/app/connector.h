// What a connector is to a pipeline: the options that it reads, what it checks, what it opens. Each
// connector is described in a file of its own; connectors.cc has the table of them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/option_reader.h"
#include "app/pipeline.h"
#include "base/clock.h"
#include "base/output.h"
#include "base/result.h"
#include "base/stop.h"
#include "catalogue/catalogue.h"
#include "sink/table_difference.h"
#include "sink/sink.h"
#include "source/source.h"
#include "source/source_topic.h"

namespace turntable {

// A consumer group, and the topic in which it has positions. Empty: the sink keeps none.
struct PositionsOf {
  std::string group = {};
  std::string topic = {};
};

// What a source is opened with. All references outlive the source.
struct SourceOpening {
  const SourceSpec& spec;
  const SourceTopic& topic;  // As find_source_topic() gave it.
  size_t lane = 1;           // Which one of the process, from 1.
  bool until_end = false;
  AssignmentListener& listener;
  const StopToken& stop;
  const Clock& clock;
};

struct SourceConnector {
  std::string_view name;
  // Another name for it; empty where it has none.
  std::string_view alias = {};
  // Why it is read by one lane only; empty where it can have as many as asked for.
  std::string_view one_lane = {};
  // It has a last record, and the run ends behind it.
  bool ends = false;
  // It has consumer groups: commits, and positions that a sink may keep.
  bool has_groups = false;

  // Reads its own options. `file` is the pipeline's.
  void (*read)(OptionReader& options, const sql::TableDef& table, const std::string& file,
               SourceSpec& spec) = nullptr;
  // Where dead letters go that the pipeline gives no place.
  DeadLettersSpec (*dead_letters)(const SourceSpec& spec, const std::string& file) = nullptr;
  // Whether it can be read, found out before anything is made. Null: that is found out later.
  Status (*check)(const SourceSpec& spec) = nullptr;
  // What letters of its records have as their topic.
  std::string (*letter_topic)(const SourceSpec& spec) = nullptr;
  Result<std::unique_ptr<Source>> (*open)(const SourceOpening& opening) = nullptr;
};

// What a sink is opened with.
struct SinkOpening {
  const StoreSpec& store;
  const StopToken& stop;
  Output& console;  // Outlives the sink.
  PositionsOf positions = {};
  bool check_table = true;  // The live tables are compared with the pipeline's.
};

struct SinkConnector {
  std::string_view name;
  // Why it is written by one lane only; empty where it can have as many as asked for.
  std::string_view one_lane = {};
  // In whose words its tables are made. Nothing where it keeps no table.
  std::optional<Dialect> dialect = {};
  // Its rows are shown on standard output, among what the run shows.
  bool shows_rows = false;
  // Opening its sink makes the store, so that it is left until the source's topic was found.
  bool makes_store = false;
  uint64_t flush_rows = 10'000;

  // Reads its own options of one table. Null: it has none.
  void (*read)(OptionReader& options, StoreSpec& store, TableSpec& table) = nullptr;
  // Tables of which this is the same are in one store. Null: all are.
  std::string (*identity)(const StoreSpec& store) = nullptr;
  // The option in which two tables of one store differ though it belongs to the store; empty: none.
  std::string (*difference)(const StoreSpec& one, const StoreSpec& other) = nullptr;

  // Connects, once. A store that is away is said and tried again with backoff until it is there or
  // a stop is requested (kind interrupted).
  Result<std::unique_ptr<Sink>> (*open)(const SinkOpening& opening) = nullptr;

  // For stores that may keep positions beside their rows: those that it has of a run in which it was
  // the pipeline's only store, without changing anything; and deleting them, which may be called
  // while its sink is open. Null for the others.
  Result<std::map<PartitionId, Position>> (*positions_kept)(const StoreSpec& store,
                                                            const PositionsOf& owner) = nullptr;
  Status (*forget_positions)(const StoreSpec& store, const PositionsOf& owner) = nullptr;

  // For connectors that keep tables; null for the others.
  // The statements that make the tables.
  Result<std::string> (*ddl)(const StoreSpec& store) = nullptr;
  // Makes what is missing and compares what is there; gives sentences that say so. With
  // `add_columns` tables that are there get the columns that they lack.
  Result<std::string> (*create)(const StoreSpec& store, const StopToken& stop,
                                bool add_columns) = nullptr;
  // Compares without making anything: an error of kind schema where a table differs or is missing.
  Status (*compare)(const StoreSpec& store, const StopToken& stop) = nullptr;
  // The same before the sink is opened or in its place: what the sink would make is no fault. Only
  // faults are said where `quiet`: the sink says the rest.
  Status (*compare_what_is_there)(const StoreSpec& store, const StopToken& stop,
                                  bool quiet) = nullptr;

  [[nodiscard]] bool keeps_table() const { return dialect.has_value(); }
  // The form of rows for a sink that keeps none is SQLite's.
  [[nodiscard]] Dialect row_dialect() const { return dialect.value_or(Dialect::sqlite); }
};

// Each in the file of its name.
extern const SourceConnector kKafkaConnector;
extern const SourceConnector kNdjsonConnector;
extern const SinkConnector kCassandraConnector;
extern const SinkConnector kSqliteConnector;
extern const SinkConnector kConsoleConnector;
extern const SinkConnector kNullConnector;

// Reads the options of a lookup, a CSV file.
[[nodiscard]] LookupSpec read_csv_lookup(OptionReader& options, const sql::TableDef& table);
inline constexpr std::string_view kCsvConnectorName = "csv";

}  // namespace turntable
