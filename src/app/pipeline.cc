#include "app/pipeline.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/client_options.h"
#include "app/connector_names.h"
#include "app/file_roles.h"
#include "app/option_reader.h"
#include "base/text.h"
#include "kafka/config.h"
#include "sink/row_rules.h"
#include "sql/binder.h"
#include "sql/keys.h"
#include "sql/whole_times.h"

namespace turntable {
namespace {

Result<std::string> read_file(const std::string& file_path) {
  const std::string path = printable(file_path, 4096);
  struct stat info {};
  if (::stat(file_path.c_str(), &info) != 0)
    return fail(ErrorKind::usage,
                fmt::format("cannot read the pipeline {}: {}", path, std::strerror(errno)));
  if (S_ISDIR(info.st_mode))
    return fail(ErrorKind::usage,
                fmt::format("cannot read the pipeline {}: it is a directory", path));
  errno = 0;
  std::ifstream file(file_path, std::ios::binary);
  std::string bytes;
  for (std::array<char, 4096> part{}; file && bytes.size() <= kPipelineBytesLimit;) {
    file.read(part.data(), part.size());
    bytes.append(part.data(), static_cast<size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad())
    return fail(ErrorKind::usage,
                fmt::format("cannot read the pipeline {}: {}", path, std::strerror(errno)));
  if (bytes.size() > kPipelineBytesLimit)
    return fail(ErrorKind::usage,
                fmt::format("cannot read the pipeline {}: it is larger than {} bytes, is it SQL?",
                            path, grouped(kPipelineBytesLimit)));
  return bytes;
}

std::string stem(const std::string& file) {
  return std::filesystem::path(file).stem().string();
}

// "" after a fault: then no other option has a meaning.
std::string read_connector(const sql::TableDef& table, OptionReader& options,
                           std::vector<std::string> connectors) {
  if (table.find("connector") == nullptr) return options.required("connector");
  return options.choice("connector", std::move(connectors));
}

// 'kafka:TOPIC', 'file:PATH' or 'drop'. By default beside the records: in a topic named after
// theirs, or in a file named after the pipeline.
DeadLettersSpec read_dead_letters(OptionReader& options, const SourceSpec& source,
                                  const std::string& file) {
  using To = DeadLettersSpec::To;
  const std::string value = options.text(
      "dead_letters", source.connector == "kafka" ? "kafka:" + source.topic + ".dead_letters"
                                                  : "file:" + stem(file) + ".dead_letters.jsonl");
  if (value == "drop") return {};
  if (value.starts_with("file:") && value.size() > 5) return {To::file, value.substr(5)};
  if (value.starts_with("kafka:") && value.size() > 6) {
    if (const auto wrong = kafka::topic_fault(value.substr(6)))
      options.fault("dead_letters",
                    fmt::format("dead_letters: '{}' {}", printable(value.substr(6)), *wrong));
    if (source.connector != "kafka")
      options.fault("dead_letters",
                    "dead_letters in a topic need a kafka source, whose brokers they use");
    if (value.substr(6) == source.topic)
      options.fault("dead_letters",
                    "dead_letters cannot go to the topic that is read: they would be read again");
    return {To::kafka, value.substr(6)};
  }
  options.fault(
      "dead_letters",
      fmt::format("dead_letters cannot be '{}', expected 'kafka:TOPIC', 'file:PATH' or 'drop'",
                  printable(value)));
  return {};
}

// Two pipelines that share a group by accident share its partitions, and each reads a part. So the
// name is the user's to choose. Earlier versions took the file's name, and their commits stand
// there: the fault says it as it is to be written.
void check_group(OptionReader& options, const SourceSpec& source, const sql::TableDef& table,
                 const std::string& file) {
  const auto group = source.properties.find("group.id");
  if (group == source.properties.end()) {
    options.fault("group.id",
                  fmt::format("table {} needs the option \"group.id\", the consumer group that "
                              "offsets are committed for; earlier versions took the file's name: "
                              "\"group.id\" = '{}' reads on at their commits",
                              table.name, fmt::join(split(printable(stem(file)), '\''), "''")));
  } else if (group->second.empty()) {
    options.fault("group.id", "group.id is empty: offsets are committed under its name");
  }
}

SourceSpec read_source(const sql::TableDef& table, const std::string& file, sql::Faults& faults) {
  OptionReader options(table, faults);
  SourceSpec source{.connector = read_connector(table, options, names_of(kSourceConnectors)),
                    .table = table.name,
                    .declared = table.columns};
  if (source.connector.empty()) return source;
  (void)options.choice("format", {"json"});
  if (source.connector == "kafka") {
    source.topic = options.required("topic");
    if (const auto wrong = kafka::topic_fault(source.topic); wrong && !source.topic.empty())
      options.fault("topic", fmt::format("topic: '{}' {}", printable(source.topic), *wrong));
    if (auto start = parse_start(options.text("start", "latest"))) {
      source.start = *start;
    } else {
      options.fault("start", start.error().message);
    }
    if (const sql::Option* start = table.find("start");
        start != nullptr && start->from_command_line)
      source.start_set = start->value;
    source.properties = options.dotted();
    // The one property of librdkafka's that is worth having here and has no dot.
    if (const std::string debug = options.text("debug", ""); !debug.empty())
      source.properties["debug"] = debug;
    if (!source.properties.contains("bootstrap.servers"))
      options.fault("bootstrap.servers",
                    fmt::format("table {} needs the option \"bootstrap.servers\"", table.name));
    check_group(options, source, table, file);
  } else {
    source.path = options.required("path");
  }
  source.dead_letters = read_dead_letters(options, source, file);
  source.max_reject_ratio = options.ratio("max_reject_ratio", 0.5);
  options.finish();
  if (table.columns.empty())
    faults.add(table.at,
               fmt::format("table {} is read from, so its columns must be declared", table.name));
  return source;
}

CatalogueOptions read_lookup(const sql::TableDef& table, sql::Faults& faults) {
  OptionReader options(table, faults);
  if (read_connector(table, options, {"csv"}).empty()) return {};
  CatalogueOptions lookup{
      .path = options.required("path"), .key = options.required("key"), .declared = table.columns};
  const std::string duplicates = options.choice("duplicate_key", {"first", "last", "error"});
  lookup.duplicate_key = duplicates == "first"  ? DuplicateKey::first
                         : duplicates == "last" ? DuplicateKey::last
                                                : DuplicateKey::error;
  const std::string delimiter = options.text("delimiter", ",");
  if (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n" || delimiter == "\r") {
    options.fault("delimiter", fmt::format("delimiter cannot be '{}', expected one ASCII character",
                                           printable(delimiter)));
  } else {
    lookup.delimiter = delimiter[0];
  }
  options.finish();
  return lookup;
}

// The options that say what the table is, which every sink understands.
void read_key(const sql::TableDef& table, OptionReader& options, SinkSpec& sink) {
  const std::string key = options.text("primary_key", "");
  const std::string order = options.text("clustering_order", "");
  if (key.empty()) {
    if (!order.empty()) options.fault("clustering_order", "clustering_order needs a primary_key");
    return;
  }
  auto parsed = sql::parse_primary_key(key);
  if (!parsed) return options.fault("primary_key", parsed.error().message);
  sink.table.key.partition = parsed->partition;
  for (const std::string& column : parsed->clustering)
    sink.table.key.clustering.push_back({column, false});
  if (order.empty()) return;
  auto directions = sql::parse_clustering_order(order);
  if (!directions) return options.fault("clustering_order", directions.error().message);
  for (const auto& direction : *directions) {
    bool found = false;
    for (ClusteringColumn& column : sink.table.key.clustering) {
      if (column.name != direction.column) continue;
      column.descending = direction.descending;
      found = true;
    }
    if (!found)
      options.fault("clustering_order",
                    fmt::format("clustering_order names {}, which is no clustering column of {}",
                                printable(direction.column), table.name));
  }
}

int64_t read_ttl(OptionReader& options) {
  const Millis ttl = options.duration("ttl", Millis(0));
  if (ttl.count() % 1000 != 0)
    options.fault("ttl", "ttl is a number of whole seconds; 0: rows stay");
  return ttl.count() / 1000;
}

Dialect dialect_of(const SinkSpec& sink) {
  return sink.connector == "cassandra" ? Dialect::cql : Dialect::sqlite;
}

// Options of stores that keep one row for each key.
void read_conflicts(OptionReader& options, SinkSpec& sink) {
  sink.table.write_times = options.choice("write_timestamp", {"server", "record"}) == "record"
                               ? WriteTimeRule::record
                               : WriteTimeRule::delivery;
  const std::string nulls = options.text("nulls", "");
  if (nulls == "unset") sink.table.nulls = Nulls::unset;
  if (nulls == "null") sink.table.nulls = Nulls::null;
  if (!nulls.empty() && !sink.table.nulls)
    options.fault(
        "nulls", fmt::format("nulls cannot be '{}', expected 'unset' or 'null'", printable(nulls)));
}

SinkSpec read_sink(const sql::TableDef& table, sql::Faults& faults) {
  OptionReader options(table, faults);
  SinkSpec sink{.connector = read_connector(table, options, names_of(kSinkConnectors)),
                .declared_as = table.name};
  if (sink.connector.empty()) return sink;
  sink.table.name = options.text("table", table.name);
  sink.table.columns = table.columns;
  sink.flush_interval = options.duration("flush_interval", Millis(1000));
  // Rows gather for the sake of the store. Where there is none, as many as the second-level cache
  // holds go together.
  sink.flush_rows =
      options.number("flush_rows", sink.connector == "null" ? 2'000 : 10'000, 1, 1'000'000);
  sink.flush_bytes = options.bytes("flush_bytes", 8 << 20, kFlushBytesLimit);
  read_key(table, options, sink);
  if (sink.connector == "cassandra") {
    sink.table.keyspace = options.required("keyspace");
    sink.connection.contact_points = options.required("contact_points");
    read_connection(options, sink.connection);
    sink.table.ttl_seconds = read_ttl(options);
    sink.keyspace.replication_class = options.text("replication_class", "SimpleStrategy");
    sink.keyspace.replication_factor = options.text("replication_factor", "1");
    sink.keyspace.replication = options.text("replication", "");
  } else {
    sink.table.keyspace = options.text("keyspace", "");
  }
  if (sink.connector == "cassandra" || sink.connector == "sqlite") read_conflicts(options, sink);
  if (sink.connector == "sqlite") {
    sink.path = options.required("path");
    // Names that SQLite does not take for files: rows would be acknowledged and gone.
    if (sink.path == ":memory:" || sink.path.starts_with("file:"))
      options.fault(
          "path", fmt::format("path cannot be '{}', expected a file's path", printable(sink.path)));
  }
  options.finish();
  return sink;
}

void check_sink(const SinkSpec& sink, const sql::TableDef& table, sql::Faults& faults) {
  if (sink.connector != "cassandra" && sink.connector != "sqlite") return;
  for (const std::string& fault : check_table(sink.table, dialect_of(sink)))
    faults.add(table.at, fault);
}

// No file is two things of which one is written.
void check_files_apart(const Pipeline& pipeline, const sql::Script& script, sql::Faults& faults) {
  const std::vector<FileRole> roles = file_roles(pipeline);
  for (auto role = roles.begin(); role != roles.end(); ++role) {
    if (!role->written) continue;
    const std::vector<FileRole> before(roles.begin(), role);
    const std::string what = role_of(role->path, before);
    if (what.empty() || what == role->what) continue;
    OptionReader(*script.find(role->table), faults)
        .fault(role->option, fmt::format("{}: '{}' is {} already", role->option,
                                         printable(role->path), what));
  }
}

// One line for each fault, each ended, so that they are shown as they are.
Error as_error(const sql::Faults& faults) {
  Error error = faults.error();
  error.message += '\n';
  return error;
}

}  // namespace

std::string SourceSpec::group() const {
  const auto found = properties.find("group.id");
  return found == properties.end() ? "" : found->second;
}

std::string Pipeline::name() const {
  return stem(file);
}

Result<Pipeline> load_pipeline(const std::string& file, const std::vector<std::string>& sets) {
  std::vector<sql::SetOption> overrides;
  for (const std::string& set : sets) {
    ASSIGN_OR_RETURN(sql::SetOption parsed, sql::parse_set_option(set));
    overrides.push_back(std::move(parsed));
  }
  ASSIGN_OR_RETURN(const std::string text, read_file(file));

  // 1. Syntax. Options are read even where a statement is at fault elsewhere, so that all faults
  // come at once.
  sql::Faults faults{.file = file, .list = {}};
  const sql::Script script = sql::parse_script(text, overrides, faults);
  if (script.inserts.size() != 1) {
    if (faults.empty())
      faults.add({1, 1}, "a pipeline needs one INSERT INTO … SELECT, and there is none");
    return tl::unexpected<Error>(as_error(faults));
  }
  const sql::Insert& insert = script.inserts.front();
  const sql::TableDef* source = script.find(insert.source);
  const sql::TableDef* sink = script.find(insert.sink);

  // 2. Options.
  Pipeline pipeline{.file = file};
  if (source != nullptr) pipeline.source = read_source(*source, file, faults);
  if (sink != nullptr) pipeline.sink = read_sink(*sink, faults);

  // 3. Lookups, whose columns the binder needs.
  std::map<std::string, sql::BoundLookup> lookups;
  std::unique_ptr<CatalogueFile> catalogue;
  CatalogueOptions catalogue_options;
  bool lookups_known = true;
  for (const std::string& name : insert.lookups) {
    const sql::TableDef* table = script.find(name);
    if (table == nullptr) continue;
    const size_t before = faults.list.size();
    const CatalogueOptions options = read_lookup(*table, faults);
    if (faults.list.size() != before) {
      lookups_known = false;
      continue;
    }
    auto opened = open_csv_catalogue(options);
    if (!opened) {
      OptionReader(*table, faults).fault("path", opened.error().message);
      lookups_known = false;
      continue;
    }
    catalogue = std::move(*opened);
    catalogue_options = options;
    pipeline.lookup_table = name;
    pipeline.lookup_path = options.path;
    lookups[name] = {catalogue->schema(), options.key};
  }

  if (source != nullptr && sink != nullptr) check_files_apart(pipeline, script, faults);

  // 4. The SELECT. Where a lookup's columns are not known, they would only make false faults.
  std::optional<sql::Plan> plan;
  if (lookups_known) plan = sql::bind(script, insert, lookups, faults);
  if (plan && sink != nullptr) {
    // Every file begins at offset 0: its records are told apart from each other, not from those of
    // the file before, whose values would stay where these have none.
    if (!pipeline.sink.table.nulls && pipeline.source.connector != "kafka")
      pipeline.sink.table.nulls = Nulls::null;
    complete_table(*plan, dialect_of(pipeline.sink), pipeline.sink.table);
    check_sink(pipeline.sink, *sink, faults);
    pipeline.source.whole_times =
        sql::keep_key_times_whole(*plan, pipeline.sink.table.key.columns(),
                                  dialect_of(pipeline.sink) == Dialect::cql
                                      ? sql::TimesInKeys::said_to_be_narrowed
                                      : sql::TimesInKeys::kept);
  }
  if (!faults.empty() || !plan) return tl::unexpected<Error>(as_error(faults));

  for (const ColumnDef& column : plan->stream_schema)
    pipeline.source.want_headers |= column.name == "kafka_headers";

  // 5. The lookup's rows.
  auto enrich =
      EnrichPlan::make(std::move(*plan), std::move(catalogue), pipeline.sink.table.key.columns(),
                       row_form(pipeline.sink.table, dialect_of(pipeline.sink)));
  if (!enrich) {
    OptionReader(*script.find(pipeline.lookup_table), faults).fault("path", enrich.error().message);
    return tl::unexpected<Error>(as_error(faults));
  }
  pipeline.enrich = std::move(*enrich);
  if (!pipeline.lookup_table.empty())
    pipeline.load_report =
        pipeline.enrich->load_report.text(pipeline.lookup_table, catalogue_options);
  return pipeline;
}

}  // namespace turntable
