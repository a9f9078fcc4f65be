#include "sql/program.h"

#include <algorithm>

#include "sql/functions.h"
#include "sql/time_format.h"

namespace turntable::sql {
namespace {

// True where the column can be NULL in no row of the INSERT: a lookup that is joined with LEFT has
// rows without a match.
bool column_never_null(const Program& program, const InsertProgram& insert, ColumnRef column) {
  if (column.table == 0) return program.stream_schema[column.column].not_null;
  const uint32_t probe = column.table - 1;
  const bool left = std::any_of(insert.joins.begin(), insert.joins.end(),
                                [&](const Join& join) { return join.probe == probe && join.left; });
  return !left && program.probes[probe].schema[column.column].not_null;
}

bool call_never_null(const Call& call, const std::vector<bool>& nodes_never_null) {
  const Function& function = *call.function;
  if (function.nulls == NullRule::never_null) return true;
  std::vector<bool> arguments;
  for (const NodeId argument : call.arguments) arguments.push_back(nodes_never_null[argument]);
  if (function.nulls == NullRule::sees_null)
    return function.never_null != nullptr && function.never_null(arguments);
  return std::find(arguments.begin(), arguments.end(), false) == arguments.end();
}

// By node: true where its value can be NULL in no row of the INSERT.
std::vector<bool> nodes_never_null(const Program& program, const InsertProgram& insert) {
  std::vector<bool> never_null;
  for (const Node& node : program.nodes) {
    if (const auto* column = std::get_if<ColumnRef>(&node.what)) {
      never_null.push_back(column_never_null(program, insert, *column));
    } else if (const auto* literal = std::get_if<Literal>(&node.what)) {
      never_null.push_back(!std::holds_alternative<std::monostate>(*literal));
    } else {
      never_null.push_back(call_never_null(std::get<Call>(node.what), never_null));
    }
  }
  return never_null;
}

// The name of the hidden column whose value the node has, perhaps cast to a type in which different
// values stay different; empty where it is something else.
std::string_view hidden_column_in(const Program& program, const Node& node) {
  if (const auto* column = std::get_if<ColumnRef>(&node.what)) {
    const bool hidden = column->table == 0 && column->column >= program.declared_columns;
    return hidden ? std::string_view(program.stream_schema[column->column].name) : "";
  }
  const auto* call = std::get_if<Call>(&node.what);
  const bool exact =
      node.type == Type::int32 || node.type == Type::int64 || node.type == Type::text;
  if (call == nullptr || !exact || call->function->kind != Kind::cast) return "";
  return hidden_column_in(program, program.nodes[call->arguments.front()]);
}

// Kafka's times have milliseconds, and those of a text what its pattern reads.
bool node_may_have_micros(const Program& program, const Node& node) {
  if (node.type != Type::timestamptz && node.type != Type::timestamp) return false;
  if (const auto* column = std::get_if<ColumnRef>(&node.what))
    return column->table != 0 || column->column < program.declared_columns;
  if (const auto* literal = std::get_if<Literal>(&node.what)) {
    const auto* micros = std::get_if<int64_t>(literal);
    return micros != nullptr && *micros % 1000 != 0;
  }
  const auto& call = std::get<Call>(node.what);
  // CASE, COALESCE, NULLIF, GREATEST and LEAST give one of their arguments.
  if (call.function->nulls == NullRule::sees_null)
    return std::any_of(call.arguments.begin(), call.arguments.end(), [&](NodeId argument) {
      return node_may_have_micros(program, program.nodes[argument]);
    });
  const auto* format = dynamic_cast<const TimeFormat*>(call.prepared.get());
  return format == nullptr || format->has_micros();
}

}  // namespace

std::vector<NodeId> Program::needed_for(std::span<const NodeId> wanted) const {
  std::vector<bool> needed(nodes.size(), false);
  for (const NodeId node : wanted) needed[node] = true;
  // Arguments have smaller numbers than their users, so one walk backwards finds all of them.
  for (size_t node = nodes.size(); node-- > 0;) {
    if (!needed[node]) continue;
    if (const auto* call = std::get_if<Call>(&nodes[node].what))
      for (const NodeId argument : call->arguments) needed[argument] = true;
  }
  std::vector<NodeId> order;
  for (NodeId node = 0; node < nodes.size(); ++node)
    if (needed[node]) order.push_back(node);
  return order;
}

std::vector<uint32_t> Program::columns_read(std::span<const NodeId> wanted, uint32_t table) const {
  std::vector<uint32_t> columns;
  for (const NodeId node : needed_for(wanted)) {
    const auto* ref = std::get_if<ColumnRef>(&nodes[node].what);
    if (ref != nullptr && ref->table == table) columns.push_back(ref->column);
  }
  return columns;
}

bool Program::tells_records_apart(size_t insert, const std::vector<std::string>& names) const {
  const std::vector<Output>& outputs = inserts[insert].outputs;
  const auto has = [&](std::string_view hidden) {
    return std::any_of(outputs.begin(), outputs.end(), [&](const Output& output) {
      return std::find(names.begin(), names.end(), output.name) != names.end() &&
             hidden_column_in(*this, nodes[output.node]) == hidden;
    });
  };
  return has("kafka_partition") && has("kafka_offset");
}

const Node* Program::volatile_call_in(size_t insert, const std::vector<std::string>& names) const {
  std::vector<NodeId> wanted;
  for (const Output& output : inserts[insert].outputs)
    if (std::find(names.begin(), names.end(), output.name) != names.end())
      wanted.push_back(output.node);
  for (const NodeId node : needed_for(wanted)) {
    const auto* call = std::get_if<Call>(&nodes[node].what);
    if (call != nullptr && call->function->is_volatile) return &nodes[node];
  }
  return nullptr;
}

bool Program::may_have_micros(size_t insert, const std::string& output) const {
  const std::vector<Output>& outputs = inserts[insert].outputs;
  return std::any_of(outputs.begin(), outputs.end(), [&](const Output& candidate) {
    return candidate.name == output && node_may_have_micros(*this, nodes[candidate.node]);
  });
}

Schema Program::output_schema(size_t insert) const {
  const std::vector<bool> never_null = nodes_never_null(*this, inserts[insert]);
  Schema schema;
  for (const Output& output : inserts[insert].outputs)
    schema.push_back({.name = output.name,
                      .type = output.type,
                      .not_null = never_null[output.node],
                      .composite = output.composite});
  return schema;
}

const Schema& hidden_columns() {
  static const Schema kHidden = {
      {"kafka_topic", Type::text, true},   {"kafka_partition", Type::int32, true},
      {"kafka_offset", Type::int64, true}, {"kafka_timestamp", Type::timestamptz, false},
      {"kafka_key", Type::bytes, false},   {"kafka_headers", Type::jsonb, false},
  };
  return kHidden;
}

}  // namespace turntable::sql
