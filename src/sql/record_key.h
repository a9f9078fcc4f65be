// What a node's value owes to the key of its record. All records of one key have those values in
// common that are made of the key alone.
#pragma once

#include <algorithm>
#include <span>
#include <variant>

#include "sql/program.h"

namespace turntable::sql {

[[nodiscard]] inline bool is_hidden_column(const Program& program, const ColumnRef& column,
                                           std::string_view name) {
  return column.table == 0 && column.column >= program.declared_columns &&
         program.stream_schema[column.column].name == name;
}

// Whether the key is read to compute the node.
[[nodiscard]] inline bool reads_record_key(const Program& program, NodeId node) {
  const std::vector<NodeId> needed = program.needed_for(std::span(&node, 1));
  return std::any_of(needed.begin(), needed.end(), [&](NodeId one) {
    const auto* column = std::get_if<ColumnRef>(&program.nodes[one].what);
    return column != nullptr && is_hidden_column(program, *column, "kafka_key");
  });
}

// The first column that is read to compute the node and that not all records of one key have in
// common, which is any but kafka_key and kafka_topic. Null where there is none.
[[nodiscard]] inline const Node* column_beside_key(const Program& program, NodeId node) {
  for (const NodeId one : program.needed_for(std::span(&node, 1))) {
    const auto* column = std::get_if<ColumnRef>(&program.nodes[one].what);
    if (column != nullptr && !is_hidden_column(program, *column, "kafka_key") &&
        !is_hidden_column(program, *column, "kafka_topic"))
      return &program.nodes[one];
  }
  return nullptr;
}

}  // namespace turntable::sql
