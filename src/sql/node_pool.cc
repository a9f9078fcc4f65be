#include "sql/node_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "base/check.h"
#include "sql/functions.h"

namespace turntable::sql {
namespace {

std::string key_of(const Literal& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return "null";
        } else if constexpr (std::is_same_v<T, double>) {
          // By its bits: 0 and -0 differ, and NaN equals itself.
          return fmt::format("d{}", std::bit_cast<uint64_t>(held));
        } else if constexpr (std::is_same_v<T, std::string>) {
          return "s" + held;
        } else if constexpr (std::is_same_v<T, Numeric>) {
          return "n" + numeric_text(held);
        } else if constexpr (std::is_same_v<T, Interval>) {
          return fmt::format("t{} {} {}", held.months, held.days, held.micros);
        } else if constexpr (std::is_same_v<T, Uuid>) {
          return "u" + uuid_text(held);
        } else {
          return fmt::format("i{}", held);
        }
      },
      value);
}

// The same for equal nodes only; nothing where a node equals none.
std::optional<std::string> key_of(const Node& node) {
  if (const auto* column = std::get_if<ColumnRef>(&node.what))
    return fmt::format("column {} {}", column->table, column->column);
  if (const auto* literal = std::get_if<Literal>(&node.what))
    return fmt::format("literal {} {} {}", static_cast<int>(node.type),
                       static_cast<const void*>(node.composite.get()), key_of(*literal));
  const auto& call = std::get<Call>(node.what);
  if (call.function->is_volatile && !call.function->once_a_batch) return std::nullopt;
  // Functions live as long as the program, and what was prepared of equal constants is one object:
  // their addresses name them.
  return fmt::format("call {} {} {} {}", static_cast<const void*>(call.function),
                     static_cast<const void*>(call.prepared.get()),
                     static_cast<const void*>(node.composite.get()),
                     fmt::join(call.arguments, " "));
}

}  // namespace

NodeId NodePool::add(Node node) {
  const auto next = static_cast<NodeId>(nodes_.size());
  if (const auto key = key_of(node)) {
    const auto [found, is_new] = known_.emplace(*key, next);
    if (!is_new) return found->second;
  }
  nodes_.push_back(std::move(node));
  return next;
}

std::optional<NodeId> NodePool::find(const Node& node) const {
  const auto key = key_of(node);
  const auto found = key ? known_.find(*key) : known_.end();
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<NodeId> NodeCopier::needed(NodeId node) const {
  std::unordered_set<NodeId> seen;
  std::vector<NodeId> open{node};
  std::vector<NodeId> found;
  while (!open.empty()) {
    const NodeId next = open.back();
    open.pop_back();
    if (copies_.contains(next) || !seen.insert(next).second) continue;
    found.push_back(next);
    if (const auto* call = std::get_if<Call>(&from_[next].what))
      open.insert(open.end(), call->arguments.begin(), call->arguments.end());
  }
  // Arguments have lower numbers than their users.
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<Node> NodeCopier::moved(NodeId node, const MapColumn& map,
                                      const std::unordered_map<NodeId, NodeId>& copies) const {
  Node copy = from_[node];
  if (auto* column = std::get_if<ColumnRef>(&copy.what)) {
    *column = map(*column);
    copy.tables = 1U << column->table;
  }
  if (auto* call = std::get_if<Call>(&copy.what)) {
    copy.tables = 0;
    for (NodeId& argument : call->arguments) {
      const auto found = copies.find(argument);
      if (found == copies.end()) return std::nullopt;
      argument = found->second;
      copy.tables |= to_.nodes()[argument].tables;
    }
  }
  return copy;
}

NodeId NodeCopier::copy(NodeId node, const MapColumn& map) {
  for (const NodeId next : needed(node)) {
    auto made = moved(next, map, copies_);
    CHECK(made);
    copies_[next] = to_.add(std::move(*made));
  }
  return copies_.at(node);
}

std::optional<NodeId> NodeCopier::find(NodeId node, const MapColumn& map) const {
  std::unordered_map<NodeId, NodeId> copies = copies_;
  for (const NodeId next : needed(node)) {
    const auto made = moved(next, map, copies);
    const auto found = made ? to_.find(*made) : std::nullopt;
    if (!found) return std::nullopt;
    copies[next] = *found;
  }
  return copies.at(node);
}

}  // namespace turntable::sql
