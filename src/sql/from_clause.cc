#include "sql/from_clause.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "sql/identifiers.h"

namespace turntable::sql {
namespace {

bool has_stream(const BoundSelect& select) {
  return std::any_of(select.tables.begin(), select.tables.end(),
                     [](const SelectTable& table) { return !table.is_lookup; });
}

// By node: true where its value is NULL whenever all columns of the tables are.
std::vector<bool> null_without_match(const std::vector<Node>& nodes) {
  std::vector<bool> null(nodes.size());
  for (size_t id = 0; id < nodes.size(); ++id) {
    null[id] = std::holds_alternative<ColumnRef>(nodes[id].what);
    const auto* call = std::get_if<Call>(&nodes[id].what);
    if (call != nullptr && call->function->nulls == NullRule::strict)
      null[id] = std::any_of(call->arguments.begin(), call->arguments.end(),
                             [&](NodeId argument) { return null[argument]; });
  }
  return null;
}

class FromBinder {
 public:
  FromBinder(const SelectSyntax& syntax, BindContext& context, BoundSelect& select,
             ExpressionBinder& expressions)
      : syntax_(syntax),
        context_(context),
        faults_(context.faults),
        select_(select),
        expressions_(expressions) {}

  void bind() {
    add(syntax_.first, nullptr);
    for (const JoinSyntax& join : syntax_.joins) add(join.table, &join);
    check_streams();
    if (refused_)
      for (SelectTable& table : select_.tables) table.on_complete = false;
    select_.scope.join(0, {});
    for (uint32_t i = 0; i < syntax_.joins.size(); ++i) {
      bind_join(syntax_.joins[i], i + 1);
      select_.scope.join(i + 1, syntax_.joins[i].using_columns);
    }
    select_.scope.show_first(~0U);
    if (refused_ || !select_.scope.complete()) select_.complete = false;
  }

 private:
  // --- Tables
  // ----------------------------------------------------------------------------------------------

  // `join`: null for the first table.
  void add(const TableSyntax& table, const JoinSyntax* join) {
    ScopeTable entry{.name = table.name, .alias = table.alias, .columns = {}};
    for (const ScopeTable& other : select_.scope.tables()) {
      if (other.alias != table.alias) continue;
      faults_.add(table.at, fmt::format("the name {} stands for two tables: give one an alias",
                                        printable(table.alias)));
      refused_ = true;
      break;
    }
    const bool left = join != nullptr && join->left;
    first_table_.push_back(static_cast<uint32_t>(select_.tables.size()));
    if (const TableDef* declared = context_.script.find(table.name)) {
      add_table(*declared, table, left, entry);
    } else if (const View* view = context_.script.find_view(table.name)) {
      add_view(*view, table, left, entry);
    } else {
      entry.known = false;
      miss(table);
    }
    select_.scope.add(std::move(entry));
  }

  void miss(const TableSyntax& table) {
    // It may be in a statement that could not be read.
    if (!context_.script.complete) return;
    std::vector<std::string> names;
    for (const TableDef& candidate : context_.script.tables) names.push_back(candidate.name);
    for (const View& candidate : context_.script.views) names.push_back(candidate.name);
    faults_.add(table.at, fmt::format("there is no table {}.{}", printable(table.name),
                                      did_you_mean_name(table.name, names)));
  }

  void add_table(const TableDef& declared, const TableSyntax& table, bool left, ScopeTable& entry) {
    const auto lookup = context_.options.lookups.find(table.name);
    SelectTable made{.name = table.name,
                     .alias = table.alias,
                     .schema = declared.columns,
                     .is_lookup = lookup != context_.options.lookups.end(),
                     .left = left,
                     .at = table.at};
    entry.known = !declared.faulty;
    if (made.is_lookup) entry.lookup = &lookup->second;
    if (made.is_lookup && lookup->second.schema) {
      made.schema = *lookup->second.schema;
      entry.known = true;
    } else if (made.is_lookup && declared.columns.empty()) {
      entry.known = false;
    }
    entry.columns = made.schema;
    entry.table = static_cast<uint32_t>(select_.tables.size());
    entry.is_stream = !made.is_lookup;
    made.declared_columns = static_cast<uint32_t>(made.schema.size());
    if (!made.is_lookup) {
      made.schema.insert(made.schema.end(), hidden_columns().begin(), hidden_columns().end());
      if (left) refuse_left_stream(table);
    }
    if (has_room(1, table, entry)) select_.tables.push_back(std::move(made));
  }

  bool has_room(size_t count, const TableSyntax& table, ScopeTable& entry) {
    if (select_.tables.size() + count <= kTablesLimit) return true;
    faults_.add(table.at, fmt::format("a SELECT with more than {} tables is not supported: {} is "
                                      "one too many",
                                      kTablesLimit, table.alias));
    entry.known = false;
    entry.is_stream = false;
    entry.columns.clear();
    return false;
  }

  void refuse_left_stream(const TableSyntax& table) {
    faults_.add(table.at,
                fmt::format("the stream {} must stand on the left of LEFT JOIN: write FROM {} "
                            "LEFT JOIN {}",
                            printable(table.name), sql_identifier(table.name),
                            sql_identifier(syntax_.first.name)));
    refused_ = true;
  }

  // --- Views
  // -----------------------------------------------------------------------------------------------

  void add_view(const View& view, const TableSyntax& table, bool left, ScopeTable& entry) {
    entry.is_view = true;
    entry.known = false;
    const auto found = context_.views.find(view.name);
    if (found == context_.views.end()) return;  // It has a fault.
    const BoundSelect& from = *found->second.select;
    if (left && !can_be_left(from, table)) return;
    if (!has_room(from.tables.size(), table, entry)) return;
    entry.known = from.complete;
    import(from, left, entry);
  }

  bool can_be_left(const BoundSelect& from, const TableSyntax& table) {
    if (has_stream(from)) {
      refuse_left_stream(table);
      return false;
    }
    if (from.tables.size() != 1 || !from.filters.empty()) {
      if (from.complete)
        faults_.add(table.at,
                    fmt::format("LEFT JOIN takes a view only where that is over one lookup without "
                                "WHERE, which {} is not (yet): join its tables themselves",
                                printable(table.name)));
      return false;
    }
    const std::vector<bool> null = null_without_match(from.nodes);
    for (const Item& item : from.items) {
      if (!item.value || null[item.value->node]) continue;
      faults_.add(table.at,
                  fmt::format("LEFT JOIN cannot take view {} (yet): its column {} can have a value "
                              "where there is no match",
                              printable(table.name), printable(item.name)));
      return false;
    }
    return true;
  }

  // The view's tables, joins and filters become the SELECT's own.
  void import(const BoundSelect& from, bool left, ScopeTable& entry) {
    const auto first = static_cast<uint32_t>(select_.tables.size());
    const MapColumn map = [first](ColumnRef ref) {
      return ColumnRef{.table = ref.table + first, .column = ref.column};
    };
    NodeCopier copier(from.nodes, select_.build.pool());
    for (const SelectTable& table : from.tables) {
      SelectTable& copy = select_.tables.emplace_back(table);
      copy.left = table.left || left;
      for (NodeId& node : copy.on) node = copier.copy(node, map);
    }
    for (const Conjunct& conjunct : from.inner)
      select_.inner.push_back(
          {.node = copier.copy(conjunct.node, map),
           .home = conjunct.home == kNoTable ? kNoTable : conjunct.home + first});
    for (const NodeId filter : from.filters) select_.filters.push_back(copier.copy(filter, map));
    for (const Item& item : from.items) {
      if (!item.value) continue;
      const NodeId value = copier.copy(item.value->node, map);
      entry.columns.push_back({item.name, select_.nodes[value].type, false});
      entry.values.push_back(value);
    }
    if (from.star_is_open) entry.known = false;
  }

  void check_streams() {
    const SelectTable* first = nullptr;
    for (const SelectTable& table : select_.tables) {
      if (table.is_lookup) continue;
      // One with a fault may have been meant as a lookup.
      if (context_.script.find(table.name)->faulty) {
        refused_ = true;
        return;
      }
      if (first == nullptr) {
        first = &table;
        continue;
      }
      refused_ = true;
      faults_.add(table.at,
                  first->name == table.name
                      ? fmt::format("stream {} stands twice: a stream cannot be joined with itself",
                                    table.name)
                      : fmt::format("several streams are not supported (yet): {} and {}; what is "
                                    "joined to a stream must be a lookup",
                                    first->name, table.name));
      return;
    }
  }

  // --- JOIN … ON, JOIN … USING
  // ----------------------------------------------------------------------------

  void bind_join(const JoinSyntax& join, uint32_t entry) {
    select_.scope.show_first(entry + 1);
    std::vector<NodeId> conjuncts;
    const bool good = join.on != nullptr ? expressions_.bind_conjuncts(*join.on, "ON", conjuncts)
                                         : bind_using(join, entry, conjuncts);
    const uint32_t first = first_table_[entry];
    const uint32_t end = entry + 1 < first_table_.size() ? first_table_[entry + 1] : tables_count();
    if (!good) {
      select_.complete = false;
      // What is missing may be what any of these was joined by.
      for (uint32_t i = join.left ? first : 0; i < end; ++i) select_.tables[i].on_complete = false;
    }
    if (join.left) {
      if (first < end) select_.tables[first].on = std::move(conjuncts);
      return;
    }
    uint32_t home = first;
    while (home < end && !(select_.tables[home].is_lookup && !select_.tables[home].left)) ++home;
    for (const NodeId node : conjuncts)
      select_.inner.push_back({.node = node, .home = home < end ? home : kNoTable});
  }

  [[nodiscard]] uint32_t tables_count() const {
    return static_cast<uint32_t>(select_.tables.size());
  }

  bool bind_using(const JoinSyntax& join, uint32_t entry, std::vector<NodeId>& conjuncts) {
    bool good = !join.using_columns.empty();
    std::set<std::string> seen;
    for (const NamePlace& column : join.using_columns) {
      if (!seen.insert(column.name).second) {
        faults_.add(column.at,
                    fmt::format("column {} stands twice in USING", printable(column.name)));
        continue;
      }
      const auto left = select_.scope.find_left(column, entry, faults_);
      const auto right = select_.scope.find_right(column, entry, faults_);
      const MaybeBound equal = left && right ? merge(column, *left, *right) : std::nullopt;
      if (equal) conjuncts.push_back(equal->node);
      good = good && equal;
    }
    return good;
  }

  MaybeBound merge(const NamePlace& column, const ScopeColumn& left, const ScopeColumn& right) {
    const auto text = [&](const ScopeColumn& side) {
      return select_.scope.tables()[side.entry].alias + "." + column.name;
    };
    const Bound left_value = expressions_.column(left, column.at, text(left));
    const Bound right_value = expressions_.column(right, column.at, text(right));
    const MaybeBound equal = expressions_.equality(left_value, right_value, column.at);
    if (!equal) return std::nullopt;
    const auto type = common_type(
        std::vector<ArgumentType>{select_.build.type(left_value), select_.build.type(right_value)});
    const MaybeBound merged = type ? select_.build.cast(left_value, *type, column.at) : left_value;
    if (merged) select_.scope.merge(column.name, merged->node, left, right);
    return equal;
  }

  const SelectSyntax& syntax_;
  BindContext& context_;
  Faults& faults_;
  BoundSelect& select_;
  ExpressionBinder& expressions_;
  std::vector<uint32_t> first_table_;  // By entry of the scope: the first of its tables.
  bool refused_ = false;  // The tables do not go together, so that no join is looked at further.
};

}  // namespace

void bind_from(const SelectSyntax& syntax, BindContext& context, BoundSelect& select,
               ExpressionBinder& expressions) {
  FromBinder(syntax, context, select, expressions).bind();
}

}  // namespace turntable::sql
