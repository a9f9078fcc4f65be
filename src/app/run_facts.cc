#include "app/run_facts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>

#include "app/connector.h"
#include "app/letters.h"
#include "base/iso_time_text.h"
#include "base/micros.h"

namespace turntable {
namespace {

int64_t wall_clock_us() {
  return micros_of(std::chrono::system_clock::now());
}

// When the process started would need /proc; the facts are made a moment later.
int64_t process_start_us() {
  static const int64_t started = wall_clock_us();
  return started;
}

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

std::string key_kind(const TableKey& key, const std::string& column) {
  const auto& partition = key.partition;
  if (std::find(partition.begin(), partition.end(), column) != partition.end()) return "partition";
  return key.has(column) ? "clustering" : "";
}

// "spotify.listening_history at localhost:9042", "history.db".
std::string place_of(const StoreSpec& store, const TableSpec& table) {
  const std::string name = table.table.full_name();
  if (!store.connection.contact_points.empty())
    return fmt::format("{} at {}", name, store.connection.contact_points);
  return store.path.empty() ? name : store.path;
}

// When the file was last changed; it may be another by now.
std::string version_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return "unknown";
  return iso_time_text(info.st_mtim.tv_sec * 1'000'000 + info.st_mtim.tv_nsec / 1000);
}

class Graph {
 public:
  explicit Graph(const Pipeline& pipeline) : pipeline_(pipeline), names_(pipeline.insert_names()) {}

  void draw(RunFacts& facts) && {
    const SourceSpec& source = pipeline_.source;
    facts_ = &facts;
    facts.nodes.push_back({.id = "source:" + source.table,
                           .kind = "source",
                           .name = source.table,
                           .connector = std::string(source.connector->name),
                           .detail = source_name(source)});
    for (size_t insert = 0; insert < names_.size(); ++insert) draw_insert(insert);
  }

 private:
  PlanNode& node(const PlanNode& wanted) {
    auto& nodes = facts_->nodes;
    const auto known = std::find_if(nodes.begin(), nodes.end(),
                                    [&wanted](const PlanNode& one) { return one.id == wanted.id; });
    return known == nodes.end() ? nodes.emplace_back(wanted) : *known;
  }
  void go_to(const std::string& id) {
    const PlanEdge edge{at_, id};
    auto& edges = facts_->edges;
    if (std::find(edges.begin(), edges.end(), edge) == edges.end()) edges.push_back(edge);
    at_ = id;
  }

  void draw_insert(size_t insert) {
    const sql::InsertProgram& what = pipeline_.enrich->program.inserts[insert];
    at_ = "source:" + pipeline_.source.table;
    if (!what.filters.empty()) draw_filter(insert, what);
    for (const sql::Join& join : what.joins) draw_lookup(insert, join);
    draw_table(insert);
  }

  // Conditions on lookups are tested behind them; the plan shows one WHERE, before all.
  void draw_filter(size_t insert, const sql::InsertProgram& what) {
    std::vector<std::string> conditions;
    for (const sql::NodeId filter : what.filters)
      conditions.push_back(pipeline_.enrich->program.nodes[filter].text);
    const std::string id = fmt::format("filter:{}", insert);
    node({.id = id,
          .kind = "filter",
          .name = "WHERE",
          .detail = fmt::format("{}", fmt::join(conditions, " AND ")),
          .tables = {names_[insert]}});
    go_to(id);
  }

  void draw_lookup(size_t insert, const sql::Join& join) {
    const std::string& table = pipeline_.enrich->program.probes[join.probe].table;
    const std::string id = "lookup:" + table;
    if (id == at_) return;  // Joined twice, by other columns.
    const auto spec =
        std::find_if(pipeline_.lookups.begin(), pipeline_.lookups.end(),
                     [&table](const LookupSpec& lookup) { return lookup.table == table; });
    PlanNode& lookup =
        node({.id = id,
              .kind = "lookup",
              .name = table,
              .connector = std::string(kCsvConnectorName),
              .detail = spec == pipeline_.lookups.end() ? "" : file_name(spec->catalogue.path),
              .join = join.left ? "left" : "inner"});
    lookup.tables.push_back(names_[insert]);
    go_to(id);
  }

  void draw_table(size_t insert) {
    const StoreSpec& store = pipeline_.stores[pipeline_.inserts[insert].store];
    const TableSpec& spec = pipeline_.table_of(insert);
    const std::string id = "table:" + names_[insert];
    PlanNode& table = node({.id = id,
                            .kind = "table",
                            .name = names_[insert],
                            .connector = std::string(store.connector->name),
                            .detail = place_of(store, spec)});
    for (const ColumnDef& column : spec.table.written())
      table.columns.push_back({.name = column.name,
                               .type = std::string(sql_name(column.type)),
                               .key = key_kind(spec.table.key, column.name)});
    go_to(id);
  }

  const Pipeline& pipeline_;
  const std::vector<std::string> names_;
  RunFacts* facts_ = nullptr;
  std::string at_;
};

std::vector<LookupFacts> lookup_facts(const Pipeline& pipeline) {
  std::vector<LookupFacts> facts;
  for (const LookupSpec& lookup : pipeline.lookups) {
    const auto loaded = pipeline.enrich->catalogues.find(lookup.table);
    if (loaded == pipeline.enrich->catalogues.end()) continue;
    facts.push_back({.name = lookup.table,
                     .rows = loaded->second.report.rows,
                     .version = version_of(lookup.catalogue.path),
                     .loaded_at_us = wall_clock_us(),
                     .load_seconds = loaded->second.report.seconds});
  }
  return facts;
}

}  // namespace

std::string source_name(const SourceSpec& source) {
  const auto servers = source.properties.find("bootstrap.servers");
  if (servers == source.properties.end()) return source.path;
  return fmt::format("topic {} at {}", source.topic, servers->second);
}

RunFacts first_facts(const std::string& file) {
  RunFacts facts;
  facts.pipeline = std::filesystem::path(file).stem().string();
  facts.started_at_us = process_start_us();
  return facts;
}

RunFacts run_facts(const Pipeline& pipeline) {
  RunFacts facts = first_facts(pipeline.file);
  const SourceSpec& source = pipeline.source;
  facts.source = source.table;
  facts.source_name = source_name(source);
  facts.topic = source.topic.empty() ? source.path : source.topic;
  facts.tables = pipeline.insert_names();
  for (size_t store = 0; store < pipeline.stores.size(); ++store) {
    facts.stores.push_back(pipeline.stores[store].table_names());
    const auto first = std::find_if(pipeline.inserts.begin(), pipeline.inserts.end(),
                                    [store](const RowTarget& row) { return row.store == store; });
    facts.store_first_table.push_back(static_cast<size_t>(first - pipeline.inserts.begin()));
  }
  facts.lookups = lookup_facts(pipeline);
  switch (source.dead_letters.to) {
    case DeadLettersSpec::To::drop:
      break;
    case DeadLettersSpec::To::file:
      facts.dead_letters_connector = "file";
      break;
    case DeadLettersSpec::To::kafka:
      facts.dead_letters_connector = "kafka";
      break;
  }
  facts.dead_letters = dead_letters_name(source.dead_letters);
  Graph(pipeline).draw(facts);
  return facts;
}

std::vector<ShownForm> shown_forms(const Pipeline& pipeline) {
  std::vector<ShownForm> forms;
  for (size_t insert = 0; insert < pipeline.inserts.size(); ++insert)
    forms.push_back({.columns = pipeline.table_of(insert).table.written(),
                     .times = pipeline.enrich->forms[insert].rows.times});
  return forms;
}

}  // namespace turntable
