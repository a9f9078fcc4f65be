#include "sql/plan.h"

#include <algorithm>

#include "sql/functions.h"
#include "sql/time_format.h"

namespace turntable::sql {
namespace {

// True where the node can be NULL for no row. All functions are strict and give a value for values.
bool never_null(const Plan& plan, const Node& node, const std::vector<bool>& of_arguments) {
  if (const auto* column = std::get_if<ColumnRef>(&node.what)) {
    const Schema& schema =
        column->table == 0 ? plan.stream_schema : plan.lookups[column->table - 1].schema;
    return schema[column->column].not_null;
  }
  if (const auto* literal = std::get_if<Literal>(&node.what))
    return !std::holds_alternative<std::monostate>(*literal);
  for (const NodeId argument : std::get<Call>(node.what).arguments)
    if (!of_arguments[argument]) return false;
  return true;
}

// The name of the hidden column whose value the node has, perhaps cast to a type in which different
// values stay different; empty where it is something else.
std::string_view hidden_column_in(const Plan& plan, const Node& node) {
  if (const auto* column = std::get_if<ColumnRef>(&node.what)) {
    const bool hidden = column->table == 0 && column->column >= plan.declared_columns;
    return hidden ? std::string_view(plan.stream_schema[column->column].name) : "";
  }
  const auto* call = std::get_if<Call>(&node.what);
  const bool exact =
      node.type == Type::int32 || node.type == Type::int64 || node.type == Type::text;
  if (call == nullptr || !exact || call->function->kind != Kind::cast) return "";
  return hidden_column_in(plan, plan.nodes[call->arguments.front()]);
}

// Kafka's times have milliseconds, and those of a text what its pattern reads.
bool node_may_have_micros(const Plan& plan, const Node& node) {
  if (node.type != Type::timestamp) return false;
  if (const auto* column = std::get_if<ColumnRef>(&node.what))
    return column->table != 0 || column->column < plan.declared_columns;
  if (const auto* literal = std::get_if<Literal>(&node.what)) {
    const auto* micros = std::get_if<int64_t>(literal);
    return micros != nullptr && *micros % 1000 != 0;
  }
  const auto& call = std::get<Call>(node.what);
  const auto* format = dynamic_cast<const TimeFormat*>(call.prepared.get());
  return format == nullptr || format->has_micros();
}

}  // namespace

bool Plan::tells_records_apart(const std::vector<std::string>& names) const {
  const auto has = [&](std::string_view hidden) {
    return std::any_of(outputs.begin(), outputs.end(), [&](const Output& output) {
      return std::find(names.begin(), names.end(), output.name) != names.end() &&
             hidden_column_in(*this, nodes[output.node]) == hidden;
    });
  };
  return has("kafka_partition") && has("kafka_offset");
}

bool Plan::may_have_micros(const std::string& output) const {
  return std::any_of(outputs.begin(), outputs.end(), [&](const Output& candidate) {
    return candidate.name == output && node_may_have_micros(*this, nodes[candidate.node]);
  });
}

Schema Plan::output_schema() const {
  std::vector<bool> not_null;
  for (const Node& node : nodes) not_null.push_back(never_null(*this, node, not_null));
  Schema schema;
  for (const Output& output : outputs)
    schema.push_back({output.name, output.type, not_null[output.node]});
  return schema;
}

const Schema& hidden_columns() {
  static const Schema kHidden = {
      {"kafka_topic", Type::text, true},   {"kafka_partition", Type::int32, true},
      {"kafka_offset", Type::int64, true}, {"kafka_timestamp", Type::timestamp, false},
      {"kafka_key", Type::bytes, false},   {"kafka_headers", Type::jsonb, false},
  };
  return kHidden;
}

}  // namespace turntable::sql
