#include "sql/binder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "sql/node_builder.h"
#include "sql/scope.h"
#include "sql/syntax.h"

namespace turntable::sql {
namespace {

// An item of the SELECT list, after * was replaced by columns.
struct Item {
  std::string name;
  MaybeBound value;  // Nothing: a fault was added.
  Location at;
  bool named = false;  // By AS.
};

// The name that PostgreSQL gives an expression without AS; empty where it would be ?column?.
std::string natural_name(const Expr& expr) {
  if (const auto* name = std::get_if<NameSyntax>(&expr.what)) return name->column;
  if (const auto* call = std::get_if<CallSyntax>(&expr.what))
    return call->is_operator ? "" : call->name;
  if (const auto* cast = std::get_if<CastSyntax>(&expr.what)) return natural_name(*cast->argument);
  return "";
}

// What to write instead, where there is a cast.
std::string cast_advice(const std::string& text, Type from, Type to) {
  return find_cast(from, to) == nullptr ? ""
                                        : fmt::format(": write cast({} AS {})", text, sql_name(to));
}

bool has_column(const Schema& schema, const std::string& name) {
  return std::any_of(schema.begin(), schema.end(),
                     [&](const ColumnDef& column) { return column.name == name; });
}

class Binder {
 public:
  Binder(const Script& script, const Insert& insert,
         const std::map<std::string, BoundLookup>& lookups, Faults& faults)
      : script_(script),
        insert_(insert),
        syntax_(*insert.syntax),
        lookups_(lookups),
        faults_(faults),
        build_(plan_, faults) {}

  std::optional<Plan> bind() {
    plan_.source = insert_.source;
    plan_.sink = insert_.sink;
    const TableDef* sink = find_table(syntax_.sink);
    add_source();
    for (const JoinSyntax& join : syntax_.joins) add_lookup(join);
    for (size_t i = 0; i < syntax_.joins.size() && i < plan_.lookups.size(); ++i) bind_join(i);
    bind_outputs(sink, bind_items());
    if (!faults_.empty() || !complete_ || !syntax_.complete || !scope_.complete())
      return std::nullopt;
    return std::move(plan_);
  }

 private:
  // --- Tables
  // --------------------------------------------------------------------------------------------------

  const TableDef* find_table(const TableSyntax& table) {
    const TableDef* found = script_.find(table.name);
    if (found != nullptr) return found;
    complete_ = false;
    // It may be in a statement that could not be read.
    if (!script_.complete) return nullptr;
    std::vector<std::string> names;
    for (const TableDef& candidate : script_.tables) names.push_back(candidate.name);
    faults_.add(table.at, fmt::format("there is no table {}.{}", printable(table.name),
                                      did_you_mean(table.name, names)));
    return nullptr;
  }

  void add_source() {
    const TableDef* source = find_table(syntax_.source);
    ScopeTable table{.name = syntax_.source.name, .alias = syntax_.source.alias, .columns = {}};
    table.known = source != nullptr && !source->faulty;
    if (source != nullptr) table.columns = source->columns;
    plan_.stream_schema = table.columns;
    plan_.declared_columns = static_cast<uint32_t>(table.columns.size());
    scope_.add(std::move(table));
  }

  void add_lookup(const JoinSyntax& join) {
    const TableDef* declared = find_table(join.table);
    ScopeTable table{.name = join.table.name, .alias = join.table.alias, .columns = {}};
    LookupJoin lookup{.table = join.table.name, .schema = {}, .key_column = 0, .probe = kNoNode};
    for (const ScopeTable& other : scope_.tables())
      if (other.alias == table.alias)
        faults_.add(
            join.table.at,
            fmt::format("the name {} stands for two tables: give one an alias", table.alias));
    const auto loaded = lookups_.find(table.name);
    std::string key = declared == nullptr ? "" : declared->value("key");
    if (loaded != lookups_.end()) {
      table.columns = loaded->second.schema;
      key = loaded->second.key_column;
    } else if (declared != nullptr && !declared->faulty && !declared->columns.empty()) {
      table.columns = declared->columns;
    } else {
      table.known = false;
    }
    lookup.schema = table.columns;
    const auto at = std::find_if(table.columns.begin(), table.columns.end(),
                                 [&](const ColumnDef& column) { return column.name == key; });
    if (at == table.columns.end() && table.known) {
      faults_.add(
          declared == nullptr ? join.table.at : declared->at,
          key.empty()
              ? fmt::format("table {} needs the option key: the column by which it is joined",
                            table.name)
              : fmt::format("table {} has no column {}, which its option key names", table.name,
                            printable(key)));
      table.known = false;
    }
    lookup.key_column = static_cast<uint32_t>(at - table.columns.begin());
    plan_.lookups.push_back(std::move(lookup));
    scope_.add(std::move(table));
  }

  // --- JOIN … ON
  // -----------------------------------------------------------------------------------------------

  void bind_join(size_t index) {
    const Expr& on = *syntax_.joins[index].on;
    if (std::holds_alternative<BadSyntax>(on.what)) {
      complete_ = false;
      return;
    }
    const auto table = static_cast<uint32_t>(index + 1);
    LookupJoin& lookup = plan_.lookups[index];
    const auto* equality = std::get_if<CallSyntax>(&on.what);
    if (equality == nullptr || !equality->is_operator || equality->name != "=" ||
        equality->arguments.size() != 2) {
      if (scope_.tables()[table].known) refuse_join(table, on.at);
      complete_ = false;
      return;
    }
    const Expr& left_syntax = *equality->arguments[0];
    const Expr& right_syntax = *equality->arguments[1];
    const MaybeBound left = bind(left_syntax);
    const MaybeBound right = bind(right_syntax);
    // Of a table that is not known nobody can say whether this is its key.
    if (!left || !right || !scope_.tables()[table].known) {
      complete_ = false;
      return;
    }
    const bool key_is_left = is_key(*left, table);
    if (!key_is_left && !is_key(*right, table)) return refuse_join(table, on.at);
    const Bound probe = key_is_left ? *right : *left;
    const Expr& probe_syntax = key_is_left ? right_syntax : left_syntax;
    if ((build_.node(probe).tables & ~1U) != 0) return refuse_join(table, on.at);
    const Type key_type = lookup.schema[lookup.key_column].type;
    const ArgumentType type = build_.type(probe);
    if (type && *type != key_type && !(*type == Type::int32 && key_type == Type::int64)) {
      faults_.add(on.at, fmt::format("{} is {}, but the key of {} is {}{}", text_of(probe_syntax),
                                     sql_name(*type), lookup.table, sql_name(key_type),
                                     cast_advice(text_of(probe_syntax), *type, key_type)));
      return;
    }
    if (const MaybeBound made = build_.cast(probe, key_type, probe_syntax.at))
      lookup.probe = made->node;
  }

  [[nodiscard]] bool is_key(Bound value, uint32_t table) const {
    const auto* ref = std::get_if<ColumnRef>(&build_.node(value).what);
    return ref != nullptr && ref->table == table &&
           ref->column == plan_.lookups[table - 1].key_column;
  }

  void refuse_join(uint32_t table, Location at) {
    const LookupJoin& lookup = plan_.lookups[table - 1];
    faults_.add(
        at,
        fmt::format("only a join by the lookup's key is supported (yet): ON {}.{} = a value of {}",
                    scope_.tables()[table].alias, lookup.schema[lookup.key_column].name,
                    scope_.tables()[0].alias));
  }

  // --- Expressions
  // ---------------------------------------------------------------------------------------------

  MaybeBound bind(const Expr& expr) {
    if (const auto* name = std::get_if<NameSyntax>(&expr.what)) {
      const auto found = scope_.find_column(*name, expr.at, faults_);
      return found ? MaybeBound(column(*found, expr.at, text_of(expr))) : std::nullopt;
    }
    if (const auto* literal = std::get_if<LiteralSyntax>(&expr.what))
      return build_.written_literal(literal->value, expr.at, text_of(expr));
    if (const auto* call = std::get_if<CallSyntax>(&expr.what)) return bind_call(*call, expr);
    if (const auto* cast = std::get_if<CastSyntax>(&expr.what)) {
      const MaybeBound argument = bind(*cast->argument);
      return argument ? build_.cast(*argument, cast->type, expr.at) : std::nullopt;
    }
    // Bad syntax was reported where it was met, and a star stands only in a SELECT list.
    return std::nullopt;
  }

  Bound column(ScopeColumn found, Location at, std::string text) {
    if (!found.hidden) {
      const ColumnDef& definition = scope_.tables()[found.table].columns[found.column];
      return build_.column({found.table, found.column}, definition.type, at, std::move(text));
    }
    // Hidden columns join the stream's when they are first used.
    const ColumnDef& definition = hidden_columns()[found.column];
    Schema& schema = plan_.stream_schema;
    const auto place =
        std::find_if(schema.begin() + plan_.declared_columns, schema.end(),
                     [&](const ColumnDef& other) { return other.name == definition.name; });
    const auto index = static_cast<uint32_t>(place - schema.begin());
    if (place == schema.end()) schema.push_back(definition);
    return build_.column({0, index}, definition.type, at, std::move(text));
  }

  MaybeBound bind_call(const CallSyntax& call, const Expr& expr) {
    std::vector<Bound> arguments;
    std::vector<ArgumentType> types;
    std::vector<Location> places;
    for (const ExprPtr& argument : call.arguments) {
      const MaybeBound bound = bind(*argument);
      places.push_back(argument->at);
      if (!bound) continue;
      arguments.push_back(*bound);
      types.push_back(build_.type(*bound));
    }
    if (arguments.size() != call.arguments.size()) return std::nullopt;
    const auto function =
        find_function(call.name, call.is_operator ? Kind::operation : Kind::function, types);
    if (!function) {
      faults_.add(expr.at, function.error().message);
      return std::nullopt;
    }
    return build_.call(**function, std::move(arguments), places, expr.at, text_of(expr));
  }

  // --- The SELECT list and the sink's columns
  // --------------------------------------------------------------------

  std::vector<Item> bind_items() {
    std::vector<Item> items;
    for (const SelectItem& item : syntax_.items) {
      if (items.size() > kColumnsLimit) {
        faults_.add(item.at, fmt::format("the SELECT list has more than {} columns",
                                         grouped(kColumnsLimit)));
        complete_ = false;
        star_is_open_ = true;  // What is not looked at is not missed.
        break;
      }
      if (const auto* star = std::get_if<StarSyntax>(&item.value->what)) {
        expand(*star, item.at, items);
        continue;
      }
      items.push_back({.name = item.name.empty() ? natural_name(*item.value) : item.name,
                       .value = bind(*item.value),
                       .at = item.at,
                       .named = !item.name.empty()});
      if (!items.back().value) complete_ = false;
    }
    return items;
  }

  void expand(const StarSyntax& star, Location at, std::vector<Item>& items) {
    std::optional<uint32_t> only;
    if (!star.table.empty()) {
      only = scope_.find_table(star.table, at, faults_);
      if (!only) {
        complete_ = false;
        return;
      }
    }
    for (uint32_t table = 0; table < scope_.tables().size(); ++table) {
      if (only && *only != table) continue;
      const ScopeTable& from = scope_.tables()[table];
      if (!from.known) star_is_open_ = true;
      for (uint32_t i = 0; i < from.columns.size(); ++i) {
        const std::string& name = from.columns[i].name;
        items.push_back({.name = name,
                         .value = column({table, i, false}, at, from.alias + "." + name),
                         .at = at});
      }
    }
  }

  void bind_outputs(const TableDef* sink, const std::vector<Item>& items) {
    // Where the sink is not known there is nothing to compare with; where it declares nothing it
    // takes what there is.
    if (sink == nullptr) return;
    const bool open_sink = sink->columns.empty() && !sink->faulty;
    if (!syntax_.columns.empty()) {
      bind_by_position(*sink, open_sink, items);
    } else if (open_sink) {
      std::set<std::string> seen;
      for (const Item& item : items)
        if (is_named(item) && is_first(item.name, item.at, seen))
          add_output(item.name, std::nullopt, item);
    } else {
      bind_by_name(*sink, items);
    }
  }

  // INSERT INTO t (a, b): the first item goes to a, the second to b; all others are not written.
  void bind_by_position(const TableDef& sink, bool open_sink, const std::vector<Item>& items) {
    std::map<std::string, const Item*> by_column;
    std::set<std::string> seen;
    if (items.size() != syntax_.columns.size() && !star_is_open_) {
      faults_.add(syntax_.columns[0].at,
                  fmt::format("the list names {} columns, but the SELECT has {}",
                              syntax_.columns.size(), items.size()));
      return;
    }
    for (size_t i = 0; i < syntax_.columns.size(); ++i) {
      const NamePlace& column = syntax_.columns[i];
      if (!is_first(column.name, column.at, seen)) continue;
      if (!open_sink && !is_sink_column(sink, column.name, column.at)) continue;
      if (i >= items.size()) continue;
      // Somebody who expects that names are matched would be led astray in silence.
      if (items[i].name != column.name && is_listed(items[i].name)) {
        faults_.add(
            items[i].at,
            fmt::format("this goes to column {}, by its place in the list, but is called {}, "
                        "which is another column of the list",
                        column.name, items[i].name));
        continue;
      }
      by_column[column.name] = &items[i];
    }
    if (open_sink) {
      for (const NamePlace& column : syntax_.columns)
        if (by_column.count(column.name) > 0)
          add_output(column.name, std::nullopt, *by_column[column.name]);
      return;
    }
    for (const ColumnDef& column : sink.columns) {
      const auto found = by_column.find(column.name);
      if (found != by_column.end()) {
        add_output(column.name, column.type, *found->second);
      } else if (is_listed(column.name)) {
        continue;
      } else if (column.not_null) {
        faults_.add(insert_.at,
                    fmt::format("column {} of {} is NOT NULL, but the list leaves it out",
                                column.name, sink.name));
      }
    }
  }

  [[nodiscard]] bool is_listed(const std::string& name) const {
    return std::any_of(syntax_.columns.begin(), syntax_.columns.end(),
                       [&](const NamePlace& column) { return column.name == name; });
  }

  void bind_by_name(const TableDef& sink, const std::vector<Item>& items) {
    std::map<std::string, const Item*> by_column;
    std::set<std::string> seen;
    bool all_named = true;
    for (const Item& item : items) {
      if (!is_named(item)) {
        all_named = false;
      } else if (!item.value && !item.named && !has_column(sink.columns, item.name)) {
        // The name comes from the expression, which was at fault already.
        all_named = false;
      } else if (!is_sink_column(sink, item.name, item.at)) {
        all_named = false;
      } else if (is_first(item.name, item.at, seen)) {
        by_column[item.name] = &item;
      }
    }
    std::string missing;
    size_t missing_count = 0;
    for (const ColumnDef& column : sink.columns) {
      const auto found = by_column.find(column.name);
      if (found != by_column.end()) {
        add_output(column.name, column.type, *found->second);
      } else {
        missing += fmt::format("{}{}", missing.empty() ? "" : ", ", column.name);
        ++missing_count;
      }
    }
    // An item whose name is wrong is probably the one that is missing, and was reported.
    if (missing_count == 0 || !all_named || star_is_open_ || !syntax_.complete) {
      if (missing_count > 0) complete_ = false;
      return;
    }
    faults_.add(insert_.at, fmt::format("{} {} of {} {} no value: add {} to the SELECT, or list "
                                        "the columns to fill: INSERT INTO {} (…)",
                                        missing_count == 1 ? "column" : "columns", missing,
                                        sink.name, missing_count == 1 ? "gets" : "get",
                                        missing_count == 1 ? "it" : "them", sink.name));
  }

  bool is_named(const Item& item) {
    if (!item.name.empty()) return true;
    if (item.value)
      faults_.add(item.at, "this expression needs a name: write … AS the sink's column");
    complete_ = false;
    return false;
  }

  bool is_first(const std::string& name, Location at, std::set<std::string>& seen) {
    if (seen.insert(name).second) return true;
    faults_.add(at, fmt::format("column {} is given twice", printable(name)));
    return false;
  }

  bool is_sink_column(const TableDef& sink, const std::string& name, Location at) {
    if (has_column(sink.columns, name)) return true;
    std::vector<std::string> names;
    for (const ColumnDef& column : sink.columns) names.push_back(column.name);
    complete_ = false;
    if (!sink.faulty)
      faults_.add(at, fmt::format("table {} has no column {}.{}", sink.name, printable(name),
                                  did_you_mean(name, names)));
    return false;
  }

  // `type`: the sink column's, or nothing where it takes the value's.
  void add_output(const std::string& name, std::optional<Type> type, const Item& item) {
    if (!item.value) return;
    const Node& node = build_.node(*item.value);
    const Type to = type.value_or(node.type);
    if (!item.value->open && !can_cast(node.type, to, CastContext::assignment)) {
      faults_.add(item.at, fmt::format("column {} of {} is {}, but {} is {}{}", name, plan_.sink,
                                       sql_name(to), node.text, sql_name(node.type),
                                       cast_advice(node.text, node.type, to)));
      return;
    }
    if (const MaybeBound value = build_.cast(*item.value, to, item.at))
      plan_.outputs.push_back({name, to, value->node});
  }

  const Script& script_;
  const Insert& insert_;
  const InsertSyntax& syntax_;
  const std::map<std::string, BoundLookup>& lookups_;
  Faults& faults_;
  Plan plan_;
  Scope scope_;
  NodeBuilder build_;
  bool complete_ = true;       // False where a part of the plan is missing.
  bool star_is_open_ = false;  // A * stands for columns that are not known.
};

}  // namespace

std::optional<Plan> bind(const Script& script, const Insert& insert,
                         const std::map<std::string, BoundLookup>& lookups, Faults& faults) {
  CHECK(insert.syntax != nullptr);
  return Binder(script, insert, lookups, faults).bind();
}

}  // namespace turntable::sql
