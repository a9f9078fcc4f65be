#include "serve/run_facts.h"

#include "serve/json_writer.h"

namespace turntable {
namespace {

void write_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).open('[');
  for (const std::string& name : names) json.value(name);
  json.close(']');
}

void write_node(JsonWriter& json, const PlanNode& node) {
  json.open('{');
  json.field("id", node.id);
  json.field("kind", node.kind);
  json.field("name", node.name);
  if (!node.connector.empty()) json.field("connector", node.connector);
  json.field("detail", node.detail);
  if (!node.join.empty()) json.field("join", node.join);
  if (!node.tables.empty()) write_names(json, "tables", node.tables);
  if (node.kind == "table") {
    json.key("columns").open('[');
    for (const PlanColumn& column : node.columns) {
      json.open('{');
      json.field("name", column.name);
      json.field("type", column.type);
      json.key("key");
      column.key.empty() ? json.null() : json.value(column.key);
      json.close('}');
    }
    json.close(']');
  }
  json.close('}');
}

}  // namespace

std::string plan_json(const RunFacts& facts) {
  JsonWriter json;
  json.open('{');
  json.field("version", TURNTABLE_VERSION);
  json.field("pipeline", facts.pipeline);
  json.key("nodes").open('[');
  for (const PlanNode& node : facts.nodes) write_node(json, node);
  json.close(']');
  json.key("edges").open('[');
  for (const PlanEdge& edge : facts.edges) {
    json.open('{');
    json.field("from", edge.from);
    json.field("to", edge.to);
    json.close('}');
  }
  json.close(']');
  json.key("dead_letters").open('{');
  json.field("connector", facts.dead_letters_connector);
  json.field("detail", facts.dead_letters);
  json.close('}').close('}');
  return json.text() + "\n";
}

}  // namespace turntable
