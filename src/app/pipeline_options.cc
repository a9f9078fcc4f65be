#include "app/pipeline_options.h"

#include <fmt/format.h>

#include "app/connectors.h"
#include "app/option_reader.h"
#include "base/text.h"
#include "decode/json_decoder.h"
#include "kafka/config.h"
#include "sql/identifiers.h"
#include "sql/keys.h"

namespace turntable {
namespace {

// "" after a fault: then no other option has a meaning.
std::string read_connector(const sql::TableDef& table, OptionReader& options,
                           std::vector<std::string> connectors) {
  if (table.find("connector") == nullptr) return options.required("connector");
  return options.choice("connector", std::move(connectors));
}

// 'kafka:TOPIC', 'file:PATH' or 'drop'. By default where the source's connector says.
DeadLettersSpec read_dead_letters(OptionReader& options, const SourceSpec& source,
                                  const std::string& file) {
  using To = DeadLettersSpec::To;
  DeadLettersSpec letters = source.connector->dead_letters(source, file);
  const std::string value = options.text("dead_letters", "");
  options.counts(
      "dead_letters",
      letters.to == To::drop
          ? "drop"
          : fmt::format("{}:{}", letters.to == To::file ? "file" : "kafka", letters.target));
  if (options.has("dead_letters")) {
    if (value == "drop") return {};
    if (value.starts_with("file:") && value.size() > 5) {
      if (const std::string why = path_fault(value.substr(5)); !why.empty())
        options.fault("dead_letters",
                      fmt::format("dead_letters cannot be '{}': {}", printable(value), why));
      return {To::file, value.substr(5)};
    }
    if (!value.starts_with("kafka:") || value.size() == 6) {
      options.fault(
          "dead_letters",
          fmt::format("dead_letters cannot be '{}', expected 'kafka:TOPIC', 'file:PATH' or 'drop'",
                      printable(value)));
      return {};
    }
    letters = {To::kafka, value.substr(6)};
  }
  if (letters.to != To::kafka) return letters;
  if (const auto wrong = kafka::topic_fault(letters.target))
    options.fault("dead_letters",
                  fmt::format("dead_letters: '{}' {}", printable(letters.target), *wrong));
  if (!source.connector->has_groups)
    options.fault("dead_letters",
                  "dead_letters in a topic need a kafka source, whose brokers they use");
  if (letters.target == source.topic)
    options.fault("dead_letters",
                  "dead_letters cannot go to the topic that is read: they would be read again");
  return letters;
}

// The options that say what the table is, which every sink understands.
void read_key(const sql::TableDef& declared, OptionReader& options, SinkTable& table) {
  const std::string key = options.text("primary_key", "");
  const std::string order = options.text("clustering_order", "");
  if (key.empty()) {
    if (!order.empty()) options.fault("clustering_order", "clustering_order needs a primary_key");
    return;
  }
  auto parsed = sql::parse_primary_key(key);
  if (!parsed) return options.fault("primary_key", parsed.error().message);
  table.key.partition = parsed->partition;
  for (const std::string& column : parsed->clustering)
    table.key.clustering.push_back({column, false});
  if (order.empty()) return;
  auto directions = sql::parse_clustering_order(order);
  if (!directions) return options.fault("clustering_order", directions.error().message);
  for (const auto& direction : *directions) {
    bool found = false;
    for (ClusteringColumn& column : table.key.clustering) {
      if (column.name != direction.column) continue;
      column.descending = direction.descending;
      found = true;
    }
    if (!found)
      options.fault("clustering_order",
                    fmt::format("clustering_order names {}, which is no clustering column of {}.{}",
                                printable(direction.column), declared.name,
                                sql::did_you_mean_name(direction.column, parsed->clustering)));
  }
}

// The connectors of all roles, for a table that has none.
std::vector<std::string> connector_names() {
  std::vector<std::string> names = source_connector_names();
  names.emplace_back(kCsvConnectorName);
  for (std::string& name : sink_connector_names()) names.push_back(std::move(name));
  return names;
}

// What an INSERT's SELECT has no part in.
void check_columns(const sql::TableDef& declared, const StoreSpec& store, sql::Faults& faults) {
  const SinkTable& table = store.tables[0].table;
  if (table.columns.empty()) return;
  for (const std::string& fault : check_cql_types(table))
    OptionReader(declared, faults).fault("cql_types", fault);
  if (store.connector->keeps_table())
    for (const std::string& fault : check_table(table, *store.connector->dialect))
      faults.add(declared.at, fault);
}

}  // namespace

bool is_lookup(const sql::TableDef& table, bool first) {
  const std::string connector = table.value("connector");
  if (connector == kCsvConnectorName) return true;
  if (find_source_connector(connector) != nullptr) return false;
  return !first;
}

SourceSpec read_source(const sql::TableDef& table, const std::string& file, sql::Faults& faults,
                       OptionFiles files) {
  OptionReader options(table, faults, files);
  SourceSpec source{.table = table.name, .declared = table.columns};
  const std::string name = read_connector(table, options, source_connector_names());
  if (name.empty()) return source;
  source.connector = find_source_connector(name);
  (void)options.choice("format", {"json"});
  source.lenient_numbers = options.choice("numbers", {"strict", "lenient"}) == "lenient";
  source.connector->read(options, table, file, source);
  source.dead_letters = read_dead_letters(options, source, file);
  source.max_reject_ratio = options.ratio("max_reject_ratio", 0.5);
  options.finish();
  for (size_t column = 0; column < table.columns.size(); ++column)
    if (auto why = no_form_in_json(table.columns[column]))
      faults.add(table.column_locations[column], std::move(*why));
  if (table.columns.empty() && !table.faulty)
    faults.add(table.at,
               fmt::format("table {} is read from, so its columns must be declared", table.name));
  return source;
}

LookupSpec read_lookup(const sql::TableDef& table, sql::Faults& faults) {
  OptionReader options(table, faults);
  if (read_connector(table, options, {std::string(kCsvConnectorName)}).empty())
    return {.table = table.name};
  LookupSpec lookup = read_csv_lookup(options, table);
  options.finish();
  return lookup;
}

StoreSpec read_sink(const sql::TableDef& table, sql::Faults& faults, OptionFiles files) {
  OptionReader options(table, faults, files);
  StoreSpec store;
  const std::string name = read_connector(table, options, sink_connector_names());
  if (name.empty()) return store;
  store.connector = find_sink_connector(name);
  TableSpec spec{.declared_as = table.name};
  spec.table.name = options.text("table", table.name);
  spec.table.columns = table.columns;
  store.flush_interval = options.duration("flush_interval", Millis(1000));
  store.flush_rows = options.number("flush_rows", store.connector->flush_rows, 1, 1'000'000);
  store.flush_bytes = options.bytes("flush_bytes", 8 << 20, kFlushBytesLimit);
  for (const char* option : {"flush_interval", "flush_rows", "flush_bytes"})
    if (options.has(option)) store.asked.insert(option);
  read_key(table, options, spec.table);
  spec.table.named_with_keyspace = store.connector->dialect == Dialect::cql;
  if (!spec.table.named_with_keyspace) spec.table.keyspace = options.text("keyspace", "");
  if (store.connector->read != nullptr) store.connector->read(options, store, spec);
  options.finish();
  store.tables.push_back(std::move(spec));
  return store;
}

void check_unused(const sql::TableDef& table, const std::string& file, sql::Faults& faults) {
  const size_t before = faults.list.size();
  const std::string connector = table.value("connector");
  if (connector == kCsvConnectorName) {
    const LookupSpec lookup = read_lookup(table, faults);
    if (faults.list.size() != before || table.columns.empty()) return;
    if (const Status known = check_declared_columns(lookup.catalogue); !known)
      OptionReader(table, faults).fault("key", known.error().message);
  } else if (find_source_connector(connector) != nullptr) {
    (void)read_source(table, file, faults, OptionFiles::unread);
  } else if (find_sink_connector(connector) != nullptr) {
    const StoreSpec store = read_sink(table, faults, OptionFiles::unread);
    if (faults.list.size() == before && !table.faulty) check_columns(table, store, faults);
  } else {
    OptionReader options(table, faults);
    (void)read_connector(table, options, connector_names());
  }
}

}  // namespace turntable
