#include "enrich/json_pushdown.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "sql/functions.h"

namespace turntable {
namespace {

using sql::Call;
using sql::ColumnRef;
using sql::JsonPath;
using sql::Literal;
using sql::Node;
using sql::NodeId;
using sql::Program;

// Calls use(id) for every node that the program's INSERTs and probes name, which may change it.
template <class Use>
void each_root(Program& program, Use use) {
  for (sql::Probe& probe : program.probes) {
    for (sql::JoinKey& key : probe.keys) {
      use(key.probe);
      use(key.stored);
    }
    for (NodeId& condition : probe.conditions) use(condition);
  }
  for (sql::InsertProgram& insert : program.inserts) {
    for (NodeId& filter : insert.filters) use(filter);
    for (sql::Output& output : insert.outputs) use(output.node);
  }
}

// The constant key of an operator -> or ->>; nothing for any other node.
std::optional<std::string> key_of(const Program& program, const Node& node) {
  const auto* call = std::get_if<Call>(&node.what);
  if (call == nullptr || call->function->kind != sql::Kind::operation ||
      (call->function->name != "->" && call->function->name != "->>") ||
      call->arguments.size() != 2 || call->function->arguments[1] != Type::text)
    return std::nullopt;
  const auto* literal = std::get_if<Literal>(&program.nodes[call->arguments[1]].what);
  const auto* key = literal == nullptr ? nullptr : std::get_if<std::string>(literal);
  return key == nullptr ? std::nullopt : std::optional(*key);
}

class JsonPushdown {
 public:
  explicit JsonPushdown(Program& program) : program_(program) {}

  void run() {
    find_paths();
    end_where_others_end();
    if (!ends_.empty()) put_in_columns();
  }

 private:
  // The path that each needed node is, where it is one; then those of them at which a path ends.
  void find_paths() {
    std::vector<NodeId> roots;
    each_root(program_, [&](NodeId& id) { roots.push_back(id); });
    paths_.resize(program_.nodes.size());
    kept_whole_.assign(program_.declared_columns, false);
    const std::vector<NodeId> needed = program_.needed_for(roots);
    for (const NodeId id : needed) find_path(id);
    // A node that something else than a longer path reads.
    std::set<NodeId> read(roots.begin(), roots.end());
    for (const NodeId id : needed) {
      const auto* call = std::get_if<Call>(&program_.nodes[id].what);
      if (call == nullptr) continue;
      for (size_t i = 0; i < call->arguments.size(); ++i)
        if (i > 0 || !paths_[id]) read.insert(call->arguments[i]);
    }
    for (const NodeId id : read)
      if (paths_[id] && paths_[id]->keys.empty()) kept_whole_[paths_[id]->column] = true;
    for (const NodeId id : needed)
      if (paths_[id] && !kept_whole_[paths_[id]->column] && read.contains(id)) ends_.insert(id);
  }

  void find_path(NodeId id) {
    const Node& node = program_.nodes[id];
    if (const auto* ref = std::get_if<ColumnRef>(&node.what)) {
      if (ref->table == 0 && ref->column < program_.declared_columns && node.type == Type::jsonb)
        paths_[id] = JsonPath{.column = ref->column, .keys = {}};
      return;
    }
    auto key = key_of(program_, node);
    if (!key) return;
    const auto& before = paths_[std::get<Call>(node.what).arguments[0]];
    if (!before) return;
    paths_[id] = before;
    paths_[id]->keys.push_back(std::move(*key));
  }

  static bool begins_with(const JsonPath& path, const JsonPath& other) {
    return path.column == other.column && path.keys.size() > other.keys.size() &&
           std::equal(other.keys.begin(), other.keys.end(), path.keys.begin());
  }

  // A path that begins with another one ends there. The nodes on the way are numbered before it.
  void end_where_others_end() {
    // In the order of their keys a path has all those that begin with it right behind it.
    std::vector<NodeId> in_order(ends_.begin(), ends_.end());
    std::sort(in_order.begin(), in_order.end(), [&](NodeId a, NodeId b) {
      return std::tie(paths_[a]->column, paths_[a]->keys) <
             std::tie(paths_[b]->column, paths_[b]->keys);
    });
    const JsonPath* shorter = nullptr;
    for (const NodeId end : in_order) {
      if (shorter == nullptr || !begins_with(*paths_[end], *shorter)) {
        shorter = &*paths_[end];
        continue;
      }
      NodeId node = end;
      while (paths_[node]->keys.size() > shorter->keys.size())
        node = std::get<Call>(program_.nodes[node].what).arguments[0];
      ends_.erase(end);
      ends_.insert(node);
    }
  }

  // The new columns' nodes come first, so that they have lower numbers than their users.
  void put_in_columns() {
    std::map<std::pair<uint32_t, std::vector<std::string>>, uint32_t> numbers;
    for (const NodeId end : ends_) {
      const JsonPath& path = *paths_[end];
      const auto number = static_cast<uint32_t>(program_.json_paths.size());
      if (numbers.emplace(std::pair(path.column, path.keys), number).second)
        program_.json_paths.push_back(path);
    }
    const auto added = static_cast<uint32_t>(program_.json_paths.size());
    for (Node& node : program_.nodes) {
      if (auto* ref = std::get_if<ColumnRef>(&node.what)) {
        if (ref->table == 0 && ref->column >= program_.declared_columns) ref->column += added;
      } else if (auto* call = std::get_if<Call>(&node.what)) {
        for (NodeId& argument : call->arguments) argument += added;
      }
    }
    for (const NodeId end : ends_) {
      Node& node = program_.nodes[end];
      const JsonPath& path = *paths_[end];
      node.what = Call{.function = &sql::json_part_function(node.type == Type::text),
                       .arguments = {numbers.at({path.column, path.keys})},
                       .prepared = nullptr};
    }
    std::vector<Node> columns;
    Schema schema;
    for (const JsonPath& path : program_.json_paths) {
      const auto index = program_.declared_columns + static_cast<uint32_t>(columns.size());
      const std::string name = fmt::format("{} -> {}", program_.stream_schema[path.column].name,
                                           fmt::join(path.keys, " -> "));
      columns.push_back({.type = Type::jsonb,
                         .what = ColumnRef{.table = 0, .column = index},
                         .tables = 1,
                         .at = {},
                         .text = name});
      schema.push_back({name, Type::jsonb, false});
    }
    program_.nodes.insert(program_.nodes.begin(), columns.begin(), columns.end());
    program_.stream_schema.insert(program_.stream_schema.begin() + program_.declared_columns,
                                  schema.begin(), schema.end());
    each_root(program_, [added](NodeId& id) { id += added; });
  }

  Program& program_;
  std::vector<std::optional<JsonPath>> paths_;  // By node.
  std::vector<bool> kept_whole_;                // By declared column.
  std::set<NodeId> ends_;
};

}  // namespace

void push_down_json(Program& program) {
  JsonPushdown(program).run();
}

}  // namespace turntable
