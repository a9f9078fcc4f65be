// A list of nodes in which equal ones are one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sql/program.h"

namespace turntable::sql {

// Adds nodes to a list that it does not own. Two nodes are equal where they compute the same of the
// same arguments, wherever they are written. A call of a volatile function equals none.
class NodePool {
 public:
  explicit NodePool(std::vector<Node>& nodes) : nodes_(nodes) {}

  // The arguments are in the list already.
  NodeId add(Node node);
  // An equal node that is in the list.
  [[nodiscard]] std::optional<NodeId> find(const Node& node) const;
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }

 private:
  std::vector<Node>& nodes_;
  std::unordered_map<std::string, NodeId> known_;  // By a text that only equal nodes share.
};

// Where a column of the one list is in the other.
using MapColumn = std::function<ColumnRef(ColumnRef)>;

// Copies nodes, with all that they need, from one list into another in which tables have other
// numbers. A node is copied once, a volatile one too.
class NodeCopier {
 public:
  NodeCopier(const std::vector<Node>& from, NodePool& to) : from_(from), to_(to) {}

  NodeId copy(NodeId node, const MapColumn& map);
  // What copy() would give, where all of it is in the list already; nothing is added.
  [[nodiscard]] std::optional<NodeId> find(NodeId node, const MapColumn& map) const;

 private:
  // `node` and what it needs, arguments first, without what was copied before.
  [[nodiscard]] std::vector<NodeId> needed(NodeId node) const;
  // The node with its columns and arguments in the other list; nothing where an argument is not in
  // `copies`.
  [[nodiscard]] std::optional<Node> moved(NodeId node, const MapColumn& map,
                                          const std::unordered_map<NodeId, NodeId>& copies) const;

  const std::vector<Node>& from_;
  NodePool& to_;
  std::unordered_map<NodeId, NodeId> copies_;
};

}  // namespace turntable::sql
