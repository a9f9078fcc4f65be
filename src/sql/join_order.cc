#include "sql/join_order.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "sql/identifiers.h"

namespace turntable::sql {
namespace {

class Order {
 public:
  explicit Order(const BoundSelect& select) : select_(select), pool_(select.inner) {
    // Arguments come before their users.
    for (const Node& node : select.nodes) {
      const auto* call = std::get_if<Call>(&node.what);
      is_volatile_.push_back(
          call != nullptr &&
          (call->function->is_volatile ||
           std::any_of(call->arguments.begin(), call->arguments.end(),
                       [&](NodeId argument) -> bool { return is_volatile_[argument]; })));
    }
    for (uint32_t i = 0; i < select.tables.size(); ++i) {
      if (select.tables[i].is_lookup) {
        waiting_.push_back(i);
      } else {
        order_.stream = i;
        placed_ |= 1U << i;
      }
    }
  }

  std::optional<JoinOrder> make(Faults& faults) {
    while (!waiting_.empty()) {
      const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                     [this](uint32_t table) { return is_ready(table); });
      if (next == waiting_.end()) {
        report(faults);
        return std::nullopt;
      }
      place(*next);
      waiting_.erase(next);
    }
    for (const Conjunct& conjunct : pool_) order_.filters.push_back(conjunct.node);
    return std::move(order_);
  }

 private:
  // The two sides of an equality by which the table can be looked up.
  [[nodiscard]] std::optional<JoinKey> key_in(NodeId conjunct, uint32_t table) const {
    const auto* call = std::get_if<Call>(&select_.nodes[conjunct].what);
    if (call == nullptr || call->function->kind != Kind::operation || call->function->name != "=")
      return std::nullopt;
    // Values of these types that are equal may differ in their bytes, by which keys are looked up.
    const Type type = select_.nodes[call->arguments[0]].type;
    if (type == Type::jsonb || is_array(type)) return std::nullopt;
    const uint32_t own = 1U << table;
    for (const size_t side : {size_t{0}, size_t{1}}) {
      const JoinKey key{.probe = call->arguments[1 - side], .stored = call->arguments[side]};
      if (tables(key.stored) == own && (tables(key.probe) & own) == 0 && !is_volatile_[key.stored])
        return key;
    }
    return std::nullopt;
  }

  [[nodiscard]] uint32_t tables(NodeId node) const { return select_.nodes[node].tables; }
  [[nodiscard]] bool known(NodeId node, uint32_t with) const {
    return (tables(node) & ~(placed_ | with)) == 0;
  }

  // The lookup can be next: all of its ON is known, or some equality of the inner joins.
  [[nodiscard]] bool is_ready(uint32_t table) const {
    const uint32_t own = 1U << table;
    const SelectTable& from = select_.tables[table];
    if (from.left)
      return has_key(table) && std::all_of(from.on.begin(), from.on.end(),
                                           [&](NodeId conjunct) { return known(conjunct, own); });
    return std::any_of(pool_.begin(), pool_.end(), [&](const Conjunct& conjunct) {
      return known(conjunct.node, own) && key_in(conjunct.node, table);
    });
  }

  [[nodiscard]] bool has_key(uint32_t table) const {
    const SelectTable& from = select_.tables[table];
    if (from.left)
      return std::any_of(from.on.begin(), from.on.end(),
                         [&](NodeId conjunct) { return key_in(conjunct, table).has_value(); });
    return std::any_of(pool_.begin(), pool_.end(), [&](const Conjunct& conjunct) {
      return key_in(conjunct.node, table).has_value();
    });
  }

  void place(uint32_t table) {
    placed_ |= 1U << table;
    OrderedJoin join{.table = table, .keys = {}, .conditions = {}};
    if (select_.tables[table].left) {
      for (const NodeId conjunct : select_.tables[table].on) add(conjunct, join);
    } else {
      std::vector<Conjunct> later;
      for (const Conjunct& conjunct : pool_) {
        const bool is_its_turn = conjunct.home == kNoTable ||
                                 (placed_ & (1U << conjunct.home)) != 0 ||
                                 key_in(conjunct.node, table);
        if (is_its_turn && known(conjunct.node, 0)) {
          add(conjunct.node, join);
        } else {
          later.push_back(conjunct);
        }
      }
      pool_ = std::move(later);
    }
    CHECK(!join.keys.empty());
    order_.joins.push_back(std::move(join));
  }

  void add(NodeId conjunct, OrderedJoin& join) const {
    const auto key = key_in(conjunct, join.table);
    if (!key) {
      if (std::find(join.conditions.begin(), join.conditions.end(), conjunct) ==
          join.conditions.end())
        join.conditions.push_back(conjunct);
      return;
    }
    const bool again = std::any_of(join.keys.begin(), join.keys.end(), [&](const JoinKey& other) {
      return other.probe == key->probe && other.stored == key->stored;
    });
    if (!again) join.keys.push_back(*key);
  }

  void report(Faults& faults) const {
    bool any_without_key = false;
    for (const uint32_t table : waiting_) any_without_key = any_without_key || !has_key(table);
    for (const uint32_t table : waiting_) {
      // The others wait for those that have none.
      if (any_without_key && has_key(table)) continue;
      const SelectTable& from = select_.tables[table];
      if (!from.on_complete) continue;
      const std::string column = from.schema.empty() ? "…" : from.schema[0].name;
      faults.add(
          place_of(table),
          fmt::format("the join with {} needs an equality that has columns of {} on one side only: "
                      "write ON {}.{} = a value of {}",
                      from.alias, from.alias, sql_identifier(from.alias),
                      from.schema.empty() ? column : sql_identifier(column),
                      select_.tables[order_.stream].alias));
    }
  }

  // Of the ON, as near as can be said.
  [[nodiscard]] Location place_of(uint32_t table) const {
    const SelectTable& from = select_.tables[table];
    if (!from.on.empty()) return select_.nodes[from.on[0]].at;
    for (const Conjunct& conjunct : pool_)
      if (conjunct.home == table) return select_.nodes[conjunct.node].at;
    for (const Conjunct& conjunct : pool_)
      if ((tables(conjunct.node) & (1U << table)) != 0) return select_.nodes[conjunct.node].at;
    return from.at;
  }

  const BoundSelect& select_;
  std::vector<Conjunct> pool_;     // Conditions of inner joins that no lookup has taken yet.
  std::vector<bool> is_volatile_;  // By node.
  std::vector<uint32_t> waiting_;
  uint32_t placed_ = 0;  // Bit t is set where table t can be used.
  JoinOrder order_;
};

}  // namespace

std::optional<JoinOrder> order_joins(const BoundSelect& select, Faults& faults) {
  return Order(select).make(faults);
}

}  // namespace turntable::sql
