// A SELECT whose names are resolved: nodes over its own tables. Views that stand in its FROM are
// dissolved into it, so that it knows tables only. From these a Program is linked
// (sql/program_builder.h).
#pragma once

#include <string>
#include <vector>

#include "sql/node_builder.h"
#include "sql/program.h"
#include "sql/scope.h"

namespace turntable::sql {

inline constexpr uint32_t kNoTable = ~0U;

// A table of the SELECT. A node's ColumnRef has its number.
struct SelectTable {
  std::string name;
  std::string alias;  // For messages.
  Schema schema;      // Of a stream: the hidden columns follow those that are declared.
  uint32_t declared_columns = 0;
  bool is_lookup = false;
  bool left = false;            // LEFT JOIN.
  std::vector<NodeId> on = {};  // Conjuncts of a LEFT JOIN's ON.
  Location at;
  bool on_complete = true;  // False where a part of its ON is missing because of a fault.
};

// One of the conditions that inner joins joined by AND. Which lookup's turn it is for is found when
// the joins are put in order.
struct Conjunct {
  NodeId node = kNoNode;
  uint32_t home = kNoTable;  // The lookup in whose ON it stands.
};

// An item of the SELECT list, after * was replaced by columns.
struct Item {
  std::string name;
  MaybeBound value;  // Nothing: a fault was added.
  Location at;
  bool named = false;  // By AS.
};

struct BoundSelect {
  BoundSelect(PreparedConstants& constants, Faults& faults) : build(nodes, constants, faults) {}
  // `build` refers to `nodes`.
  BoundSelect(const BoundSelect&) = delete;
  BoundSelect& operator=(const BoundSelect&) = delete;

  std::vector<SelectTable> tables;
  std::vector<Node> nodes;
  NodeBuilder build;
  Scope scope;
  std::vector<Conjunct> inner;  // Of the inner joins.
  std::vector<NodeId> filters;  // Conjuncts of WHERE, those of its views included.
  std::vector<Item> items;
  bool complete = true;       // False where a part is missing: a fault says why.
  bool star_is_open = false;  // A * stands for columns that are not known.
};

}  // namespace turntable::sql
