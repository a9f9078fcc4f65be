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

struct SourceSpec {
  std::string connector;  // One of kSourceConnectors.
  std::string table;
  Schema declared;
  std::set<std::string> whole_times;  // Of `declared`: see sql/whole_times.h.
  bool want_headers = false;
  DeadLettersSpec dead_letters;
  double max_reject_ratio = 0.5;  // Of a run without end.
  // kafka
  std::string topic;
  Start start;
  std::string start_set;  // Its text, where it is from the command line.
  std::map<std::string, std::string> properties;
  [[nodiscard]] std::string group() const;
  // ndjson
  std::string path;
};

struct SinkSpec {
  std::string connector;    // One of kSinkConnectors.
  std::string declared_as;  // In the pipeline; the store has the table under `table.name`.
  SinkTable table;
  Millis flush_interval{1000};
  uint64_t flush_rows = 10'000;
  uint64_t flush_bytes = 8 << 20;
  // cassandra
  cassandra::Options connection;
  KeyspaceOptions keyspace;
  // sqlite
  std::string path;
};

struct Pipeline {
  std::string file;
  // The file's name without its folder and ending.
  [[nodiscard]] std::string name() const;
  SourceSpec source;
  SinkSpec sink;
  std::shared_ptr<const EnrichPlan> enrich;
  std::string lookup_table;  // Empty where nothing is joined.
  std::string lookup_path;   // Its file.
  std::string load_report;   // Lines for people; empty where nothing was loaded.
};

// Reads the file, fills in `sets`, loads the lookup, binds the SELECT and checks the sink's table.
// All faults of the file come in one error of kind usage, a line each.
[[nodiscard]] Result<Pipeline> load_pipeline(const std::string& file,
                                             const std::vector<std::string>& sets);

}  // namespace turntable
