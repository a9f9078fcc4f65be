#include "sql/whole_times.h"

#include <algorithm>
#include <map>
#include <variant>

#include "sql/casts.h"
#include "sql/functions.h"

namespace turntable::sql {
namespace {

class KeyTimes {
 public:
  explicit KeyTimes(Program& program) : program_(program) {}

  // The node that takes the place of this one: itself, or a new one with other casts in it.
  // Arguments come before their users, so that this ends.
  NodeId keep_whole(NodeId id) {
    const auto known = replaced_.find(id);
    if (known != replaced_.end()) return known->second;
    const NodeId made = replace(id);
    replaced_[id] = made;
    return made;
  }

  [[nodiscard]] std::set<std::string> times() { return std::move(times_); }

 private:
  static bool is_time(Type type) {
    return type == Type::timestamptz || type == Type::timestamp || type == Type::time;
  }

  NodeId replace(NodeId id) {
    Node node = program_.nodes[id];
    if (const auto* column = std::get_if<ColumnRef>(&node.what)) {
      if (is_time(node.type) && column->table == 0 && column->column < program_.declared_columns)
        times_.insert(program_.stream_schema[column->column].name);
      return id;
    }
    auto* call = std::get_if<Call>(&node.what);
    if (call == nullptr || !shows_arguments(*call->function)) return id;
    bool changed = false;
    const bool reads_time = call->function->kind == Kind::cast && is_time(node.type) &&
                            call->function->arguments[0] == Type::text;
    if (reads_time && call->function != &whole_time_cast(node.type)) {
      call->function = &whole_time_cast(node.type);
      changed = true;
    }
    for (NodeId& argument : call->arguments) {
      // A condition of CASE chooses between values and is none.
      if (program_.nodes[argument].type == Type::boolean) continue;
      const NodeId made = keep_whole(argument);
      changed = changed || made != argument;
      argument = made;
    }
    if (!changed) return id;
    program_.nodes.push_back(std::move(node));
    return static_cast<NodeId>(program_.nodes.size() - 1);
  }

  // True where a value of the result has all that its arguments have.
  static bool shows_arguments(const Function& function) {
    if (function.kind == Kind::cast) return true;
    if (function.kind == Kind::operation) return function.name == "||";
    return function.name == "case" || function.name == "coalesce" || function.name == "nullif" ||
           function.name == "greatest" || function.name == "least" || function.name == "timezone";
  }

  Program& program_;
  std::map<NodeId, NodeId> replaced_;
  std::set<std::string> times_;
};

}  // namespace

std::set<std::string> keep_key_times_whole(Program& program, size_t insert,
                                           const std::vector<std::string>& key,
                                           TimesInKeys in_keys) {
  if (program.tells_records_apart(insert, key)) return {};
  KeyTimes times(program);
  for (Output& output : program.inserts[insert].outputs) {
    if (std::find(key.begin(), key.end(), output.name) == key.end()) continue;
    const bool point = output.type == Type::timestamptz || output.type == Type::timestamp;
    if (point && in_keys == TimesInKeys::said_to_be_narrowed) continue;
    output.node = times.keep_whole(output.node);
  }
  return times.times();
}

}  // namespace turntable::sql
