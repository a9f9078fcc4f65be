// Adds nodes to a list: equal ones become one, constants are computed, casts are inserted.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sql/casts.h"
#include "sql/functions.h"
#include "sql/node_pool.h"
#include "sql/program.h"
#include "sql/syntax.h"
#include "sql/type_modifiers.h"

namespace turntable::sql {

// A bound expression. A text literal and NULL are open: they have no type until their surroundings
// ask for one. Neither has a row of no declared type, whose fields may be open in their turn.
struct Bound {
  NodeId node = kNoNode;
  bool open = false;
  std::shared_ptr<const std::vector<Bound>> fields = nullptr;  // Of such a row; else null.
};

// Nothing: a fault was added.
using MaybeBound = std::optional<Bound>;

// What functions made of their constant arguments. It is made once for each constant, so that equal
// calls have the same object.
class PreparedConstants {
 public:
  [[nodiscard]] Result<std::shared_ptr<const Prepared>> prepare(const Function& function,
                                                                const std::string& constant);

 private:
  std::map<std::pair<const Function*, std::string>, std::shared_ptr<const Prepared>> made_;
};

class NodeBuilder {
 public:
  // All of these must outlive it.
  NodeBuilder(std::vector<Node>& nodes, PreparedConstants& constants, Faults& faults)
      : pool_(nodes), constants_(constants), faults_(faults) {}

  Bound column(ColumnRef ref, Type type, Location at, std::string text);
  Bound literal(Type type, Literal value, Location at, std::string text);
  // A literal as it is written: whole numbers are int or bigint, those with a point numeric; text
  // and NULL are open.
  Bound written_literal(Literal value, Location at, std::string text);
  // The arguments have the types that were resolved, or can be cast to them unasked. `wheres` are
  // their places.
  MaybeBound call(const Resolved& resolved, const std::vector<Bound>& arguments,
                  const std::vector<Location>& wheres, Location at, std::string text);
  // The value as one of type `to`. The caller has checked that the cast is allowed; open literals
  // are always tried.
  MaybeBound cast(Bound value, Type to, Location at);

  // The value as the modifier behind its type wants it. Where there is none, the value itself.
  MaybeBound fit(Bound value, const TypeModifier& modifier, Fitting fitting, Location at);

  // The value as a table takes it: where it could be an infinite time, one that fails then.
  MaybeBound stored(Bound value, Location at);

  [[nodiscard]] const Node& node(const Bound& value) const { return pool_.nodes()[value.node]; }
  // Nothing where the value is open.
  [[nodiscard]] ArgumentType type(const Bound& value) const;
  [[nodiscard]] NodePool& pool() { return pool_; }
  [[nodiscard]] PreparedConstants& constants() { return constants_; }

 private:
  MaybeBound add_call(Call call, Location at, std::string text);
  // False, and a fault, where no record could be computed with the constants among the arguments.
  bool check_constants(const Call& call, const std::vector<Location>& wheres);
  // Prepares the constant argument; null, and a fault, where it is none.
  std::shared_ptr<const Prepared> prepare(const Function& function, Bound argument, Location at);

  NodePool pool_;
  PreparedConstants& constants_;
  Faults& faults_;
};

}  // namespace turntable::sql
