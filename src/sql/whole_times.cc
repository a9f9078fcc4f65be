#include "sql/whole_times.h"

#include <algorithm>
#include <variant>

#include "sql/casts.h"

namespace turntable::sql {
namespace {

// Arguments come before their users, so that this ends.
void keep_whole(Plan& plan, NodeId id, std::set<std::string>& times) {
  Node& node = plan.nodes[id];
  if (const auto* column = std::get_if<ColumnRef>(&node.what)) {
    if (node.type == Type::timestamp && column->table == 0 &&
        column->column < plan.declared_columns)
      times.insert(plan.stream_schema[column->column].name);
    return;
  }
  auto* call = std::get_if<Call>(&node.what);
  if (call == nullptr) return;
  const bool cast = call->function->kind == Kind::cast;
  if (!cast && call->function->name != "||") return;
  if (cast && node.type == Type::timestamp && call->function->arguments[0] == Type::text)
    call->function = &whole_time_cast();
  for (const NodeId argument : call->arguments) keep_whole(plan, argument, times);
}

}  // namespace

std::set<std::string> keep_key_times_whole(Plan& plan, const std::vector<std::string>& key,
                                           TimesInKeys in_keys) {
  std::set<std::string> times;
  if (plan.tells_records_apart(key)) return times;
  for (const Output& output : plan.outputs) {
    if (std::find(key.begin(), key.end(), output.name) == key.end()) continue;
    if (output.type == Type::timestamp && in_keys == TimesInKeys::said_to_be_narrowed) continue;
    keep_whole(plan, output.node, times);
  }
  return times;
}

}  // namespace turntable::sql
