// A pipeline that is checked and loaded: everything that can be known before the first connection
// is made.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cassandra/session.h"
#include "catalogue/catalogue.h"
#include "enrich/enricher.h"
#include "lane/stores.h"
#include "row/tombstones.h"
#include "sink/ddl.h"
#include "sink/table.h"
#include "source/start_rule.h"
#include "sql/script.h"

namespace turntable {

// Pipelines are written by hand; a larger file is a mistake, such as naming the data.
inline constexpr size_t kPipelineBytesLimit = size_t{4} << 20;

// Where records go that did not become rows.
struct DeadLettersSpec {
  enum class To { drop, file, kafka };
  To to = To::drop;
  std::string target;  // A path or a topic.
};

struct SourceConnector;  // app/connector.h
struct SinkConnector;

struct SourceSpec {
  const SourceConnector* connector = nullptr;  // Null where a fault was found in it.
  std::string table;
  Schema declared;
  std::vector<sql::JsonPath> json_paths = {};  // In `declared`: see enrich/json_pushdown.h.
  std::set<std::string> whole_times;           // Of `declared`: see sql/whole_times.h.
  bool want_headers = false;
  bool lenient_numbers = false;  // See decode/lenient_number.h.
  DeadLettersSpec dead_letters;
  double max_reject_ratio = 0.5;  // Of a run without end.
  // kafka
  std::string topic;
  Start start;
  Tombstones tombstones = Tombstones::dead_letter;
  std::string start_set;  // Its text, where it is from the command line.
  std::map<std::string, std::string> properties;
  [[nodiscard]] std::string group() const;
  // ndjson
  std::string path;
};

// A CREATE TABLE that is read from while records are joined.
struct LookupSpec {
  std::string table;
  bool drop_missing = false;  // missing_key = 'drop'.
  CatalogueOptions catalogue;
  Schema schema = {};  // Declared, or inferred from the file.
};

// A table that one INSERT fills.
struct TableSpec {
  std::string declared_as;  // In the pipeline; the store has the table under `table.name`.
  SinkTable table;
  KeyspaceOptions keyspace = {};  // cassandra
};

// One SQLite file, one Cassandra cluster, or the console: what a lane writes through one sink.
struct StoreSpec {
  const SinkConnector* connector = nullptr;
  std::vector<TableSpec> tables;
  // Rows of its tables go out together. What one table asks for counts for all, the smallest where
  // several do, and the default where none does.
  Millis flush_interval{1000};
  uint64_t flush_rows = 10'000;
  uint64_t flush_bytes = 8 << 20;
  std::set<std::string> asked;  // The names of those options that a table asks for.
  // cassandra
  cassandra::Options connection;
  // sqlite
  std::string path;

  [[nodiscard]] std::vector<SinkTable> sink_tables() const;
  // "spotify.listening_history", "a, b and c": for messages.
  [[nodiscard]] std::string table_names() const;
};

struct Pipeline {
  std::string file;
  // The file's name without its folder and ending.
  [[nodiscard]] std::string name() const;
  SourceSpec source;
  std::vector<LookupSpec> lookups;
  std::vector<StoreSpec> stores;
  std::vector<RowTarget> inserts;            // By INSERT: where its rows go.
  std::shared_ptr<const EnrichPlan> enrich;  // Null where LookupRows::not_needed.
  std::string load_report;                   // Lines for people; empty where nothing was loaded.

  [[nodiscard]] const TableSpec& table_of(size_t insert) const {
    return stores[inserts[insert].store].tables[inserts[insert].table];
  }
  // The tables of all INSERTs as the stores know them: "a, b and c".
  [[nodiscard]] std::string table_names() const;
  // The names by which letters and statistics know the INSERTs, in the order of the file.
  [[nodiscard]] std::vector<std::string> insert_names() const;
};

// The rule by which records get write times; none where no table needs them.
[[nodiscard]] WriteTimeRule write_times_of(const Pipeline& pipeline);

// For commands that join nothing: then Pipeline::enrich is null, and a lookup whose columns are
// declared does without its file.
enum class LookupRows { loaded, not_needed };

// The file as statements, with `sets` filled in; what is wrong in it is added to `faults`.
[[nodiscard]] Result<sql::Script> read_script(const std::string& file,
                                              const std::vector<std::string>& sets,
                                              sql::Faults& faults);

// Reads the file, fills in `sets`, loads the lookups, binds the INSERTs and checks the sinks'
// tables. All faults of the file come in one error of kind usage, a line each.
[[nodiscard]] Result<Pipeline> load_pipeline(const std::string& file,
                                             const std::vector<std::string>& sets,
                                             LookupRows rows = LookupRows::loaded);

}  // namespace turntable
