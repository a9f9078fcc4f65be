// Adds nodes to a Plan: equal ones become one, constants are computed, casts are inserted.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sql/casts.h"
#include "sql/functions.h"
#include "sql/plan.h"

namespace turntable::sql {

// A bound expression. A text literal and NULL are open: they have no type until their surroundings
// ask for one.
struct Bound {
  NodeId node = kNoNode;
  bool open = false;
};

// Nothing: a fault was added.
using MaybeBound = std::optional<Bound>;

class NodeBuilder {
 public:
  NodeBuilder(Plan& plan, Faults& faults) : plan_(plan), faults_(faults) {}

  Bound column(ColumnRef ref, Type type, Location at, std::string text);
  Bound literal(Type type, Literal value, Location at, std::string text);
  // A literal as it is written: whole numbers are int or bigint, text and NULL are open.
  Bound written_literal(Literal value, Location at, std::string text);
  // The arguments have the function's types, or can be cast to them unasked. `wheres` are their
  // places.
  MaybeBound call(const Function& function, std::vector<Bound> arguments,
                  const std::vector<Location>& wheres, Location at, std::string text);
  // The value as one of type `to`. The caller has checked that the cast is allowed; open literals
  // are always tried.
  MaybeBound cast(Bound value, Type to, Location at);

  [[nodiscard]] const Node& node(Bound value) const { return plan_.nodes[value.node]; }
  // Nothing where the value is open.
  [[nodiscard]] ArgumentType type(Bound value) const;

 private:
  Bound add(Node node, const std::string& key);
  MaybeBound add_call(const Function& function, const std::vector<NodeId>& arguments,
                      std::shared_ptr<const Prepared> prepared, const std::string& constant,
                      Location at, std::string text);

  Plan& plan_;
  Faults& faults_;
  std::unordered_map<std::string, NodeId>
      known_;  // By a text that is the same for equal nodes only.
};

}  // namespace turntable::sql
