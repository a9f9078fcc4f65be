#include "sql/parse_select.h"

#include <fmt/format.h>

#include <algorithm>

#include "sql/parse_expression.h"
#include "sql/parse_table.h"

namespace turntable::sql {
namespace {

// Where a SELECT without a place of its own is pointed at.
Location select_place(const ParseContext& context, const PgQuery__SelectStmt& select) {
  const PgQuery__SelectStmt* last = &select;
  while (last->n_target_list == 0 && last->rarg != nullptr) last = last->rarg;
  return last->n_target_list > 0 ? context.at(last->target_list[0]) : context.begin();
}

void refuse_clauses(ParseContext& context, const PgQuery__SelectStmt& select) {
  const auto refuse = [&](const PgNode* node, std::string_view what) {
    context.refuse(context.at(node), what);
  };
  if (select.n_distinct_clause > 0)
    context.refuse(select_place(context, select), "SELECT DISTINCT");
  if (select.into_clause != nullptr)
    context.refuse(context.at(select.into_clause->rel->location), "SELECT … INTO");
  if (select.n_group_clause > 0) refuse(select.group_clause[0], "GROUP BY");
  if (select.having_clause != nullptr) refuse(select.having_clause, "HAVING");
  if (select.n_window_clause > 0) refuse(select.window_clause[0], "WINDOW");
  if (select.n_sort_clause > 0) refuse(select.sort_clause[0], "ORDER BY");
  if (select.limit_offset != nullptr) refuse(select.limit_offset, "OFFSET");
  if (select.limit_count != nullptr) refuse(select.limit_count, "LIMIT");
  if (select.n_locking_clause > 0) context.refuse(context.begin(), "FOR UPDATE");
  if (select.with_clause != nullptr)
    context.refuse(context.at(select.with_clause->location), "WITH");
}

// Refuses whatever else stands in FROM.
bool is_table(ParseContext& context, const PgNode* node) {
  if (node->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) return true;
  const char* what = "this in FROM";
  Location place = context.at(node);
  if (node->node_case == PG_QUERY__NODE__NODE_RANGE_SUBSELECT) {
    what = "a subquery in FROM";
    const PgNode* query = node->range_subselect->subquery;
    if (query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT)
      place = select_place(context, *query->select_stmt);
  } else if (node->node_case == PG_QUERY__NODE__NODE_RANGE_FUNCTION) {
    what = "a function in FROM";
  } else if (node->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
    what = "a JOIN in parentheses";
  }
  context.refuse(place, what);
  return false;
}

// Refuses all kinds of joins but JOIN and LEFT JOIN. (CROSS JOIN is a JOIN without a condition.)
void refuse_join_kinds(ParseContext& context, const PgQuery__JoinExpr& join, Location place) {
  switch (join.jointype) {
    case PG_QUERY__JOIN_TYPE__JOIN_INNER:
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
      break;
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
      context.refuse(place, "RIGHT JOIN", "begin with the stream and write LEFT JOIN");
      break;
    case PG_QUERY__JOIN_TYPE__JOIN_FULL:
      context.refuse(place, "FULL JOIN", "begin with the stream and write LEFT JOIN");
      break;
    default:
      context.refuse(place, "this JOIN");
      break;
  }
  if (join.alias != nullptr || join.join_using_alias != nullptr)
    context.refuse(place, "an alias for a JOIN");
}

// The tables of a JOIN in parentheses, so that their columns are not missed.
void add_refused_joins(ParseContext& context, const PgNode* node, SelectSyntax& syntax) {
  if (node->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
    add_refused_joins(context, node->join_expr->larg, syntax);
    add_refused_joins(context, node->join_expr->rarg, syntax);
  } else if (node->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
    JoinSyntax join{.table = parse_table_reference(context, *node->range_var)};
    join.on = std::make_unique<Expr>(Expr{BadSyntax(), join.table.at});
    syntax.joins.push_back(std::move(join));
  }
}

// False where there is no table to bind.
bool add_join(ParseContext& context, const PgQuery__JoinExpr& join, SelectSyntax& syntax) {
  if (!is_table(context, join.rarg)) {
    add_refused_joins(context, join.rarg, syntax);
    return join.rarg->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR;
  }
  const PgQuery__RangeVar& range = *join.rarg->range_var;
  JoinSyntax found;
  found.table = parse_table_reference(context, range);
  found.left = join.jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT;
  const Location place = found.table.at;
  refuse_join_kinds(context, join, place);
  if (join.is_natural) {
    context.refuse(place, "NATURAL JOIN", "write JOIN … ON");
  } else if (join.n_using_clause > 0) {
    const std::vector<Location> places = context.list_places(range.location, "using");
    for (size_t i = 0; i < join.n_using_clause; ++i)
      found.using_columns.push_back(
          {string_of(join.using_clause[i]), i < places.size() ? places[i] : place});
  } else if (join.quals == nullptr) {
    context.refuse(place, "CROSS JOIN", "write JOIN … ON");
  } else {
    found.on = parse_expression(context, join.quals);
  }
  if (!found.on && found.using_columns.empty())
    found.on = std::make_unique<Expr>(Expr{BadSyntax(), place});
  syntax.joins.push_back(std::move(found));
  return true;
}

bool add_from(ParseContext& context, const PgQuery__SelectStmt& select, std::string_view statement,
              SelectSyntax& syntax) {
  if (select.n_from_clause == 0) {
    context.fault(context.begin(), fmt::format("{} needs FROM a table", statement));
    return false;
  }
  if (select.n_from_clause > 1) {
    context.refuse(context.at(select.from_clause[1]), "a comma in FROM", "write JOIN … ON");
    return false;
  }
  const PgNode* first = select.from_clause[0];
  // Joins nest to the left: the innermost left side is the first table.
  std::vector<const PgQuery__JoinExpr*> joins;
  while (first->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
    joins.push_back(first->join_expr);
    first = first->join_expr->larg;
  }
  if (!is_table(context, first)) return false;
  syntax.first = parse_table_reference(context, *first->range_var);
  std::reverse(joins.begin(), joins.end());
  bool complete = true;
  for (const PgQuery__JoinExpr* join : joins) complete &= add_join(context, *join, syntax);
  return complete;
}

}  // namespace

std::optional<SelectSyntax> parse_select(ParseContext& context, const PgQuery__SelectStmt& select,
                                         std::string_view statement) {
  const size_t faults_before = context.faults();
  if (select.op > PG_QUERY__SET_OPERATION__SETOP_NONE) {
    context.refuse(select_place(context, select), "UNION, INTERSECT or EXCEPT");
    return std::nullopt;
  }
  if (select.n_values_lists > 0) {
    context.refuse(context.at(select.values_lists[0]), "VALUES",
                   fmt::format("write {} … FROM", statement));
    return std::nullopt;
  }
  refuse_clauses(context, select);
  SelectSyntax syntax;
  for (const PgNode* node : list(select.n_target_list, select.target_list)) {
    const PgQuery__ResTarget& target = *node->res_target;
    syntax.items.push_back({.value = parse_item(context, target.val),
                            .name = is_empty(target.name) ? "" : target.name,
                            .at = context.at(node)});
  }
  if (select.n_target_list == 0) context.fault(context.begin(), "the SELECT has no columns");
  if (!add_from(context, select, statement, syntax)) return std::nullopt;
  if (select.where_clause != nullptr) syntax.where = parse_expression(context, select.where_clause);
  syntax.complete = context.faults() == faults_before;
  return syntax;
}

TableSyntax parse_table_reference(ParseContext& context, const PgQuery__RangeVar& range) {
  TableSyntax table;
  table.at = context.at(range.location);
  table.name = parse_table_name(context, range);
  table.alias = table.name;
  if (range.alias != nullptr) {
    table.alias = range.alias->aliasname;
    if (range.alias->n_colnames > 0) context.refuse(table.at, "a column list after an alias");
  }
  return table;
}

}  // namespace turntable::sql
