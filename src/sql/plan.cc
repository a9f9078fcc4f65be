#include "sql/plan.h"

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

}  // namespace

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
