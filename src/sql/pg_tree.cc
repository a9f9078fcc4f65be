#include "sql/pg_tree.h"

#include <algorithm>

namespace turntable::sql {
namespace {

// A value of one of libpg_query's enums and what to call it.
template <class Enum>
struct Named {
  Enum value;
  const char* name;
};

constexpr Named<PgQuery__Node__NodeCase> kExpressions[] = {
    {PG_QUERY__NODE__NODE_SUB_LINK, "a subquery"},
    {PG_QUERY__NODE__NODE_PARAM_REF, "a parameter"},
    {PG_QUERY__NODE__NODE_A_ARRAY_EXPR, "an array"},
    {PG_QUERY__NODE__NODE_A_INDIRECTION, "a subscript or field"},
    {PG_QUERY__NODE__NODE_COLLATE_CLAUSE, "COLLATE"},
    {PG_QUERY__NODE__NODE_GROUPING_FUNC, "GROUPING"},
    {PG_QUERY__NODE__NODE_NAMED_ARG_EXPR, "a named argument"},
    {PG_QUERY__NODE__NODE_XML_EXPR, "XML"},
    {PG_QUERY__NODE__NODE_SET_TO_DEFAULT, "DEFAULT"},
};

constexpr Named<PgQuery__AExprKind> kOperators[] = {
    {PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY, "ANY"},
    {PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL, "ALL"},
    {PG_QUERY__A__EXPR__KIND__AEXPR_LIKE, "LIKE"},
    {PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE, "ILIKE"},
    {PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR, "SIMILAR TO"},
};

constexpr Named<PgQuery__ConstrType> kConstraints[] = {
    {PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT, "DEFAULT"},
    {PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY, "GENERATED AS IDENTITY"},
    {PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED, "GENERATED"},
    {PG_QUERY__CONSTR_TYPE__CONSTR_CHECK, "CHECK"},
    {PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE, "UNIQUE"},
    {PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION, "EXCLUDE"},
    {PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN, "REFERENCES"},
};

template <class Enum, size_t count>
const char* name_in(const Named<Enum> (&table)[count], Enum value, const char* otherwise) {
  for (const Named<Enum>& row : table)
    if (row.value == value) return row.name;
  return otherwise;
}

}  // namespace

const char* expression_name(const PgNode* node) {
  if (node->node_case == PG_QUERY__NODE__NODE_SUB_LINK &&
      node->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK &&
      node->sub_link->n_oper_name == 0)
    return "IN (SELECT …)";
  return name_in(kExpressions, node->node_case, "this expression");
}

const char* operator_name(PgQuery__AExprKind kind) {
  return name_in(kOperators, kind, "this operator");
}

const char* constraint_name(PgQuery__ConstrType type) {
  return name_in(kConstraints, type, "this constraint");
}

std::optional<size_t> begin_of(const PgNode* node) {
  if (node == nullptr) return std::nullopt;
  const auto known = [](int32_t location) -> std::optional<size_t> {
    return location < 0 ? std::nullopt : std::optional(static_cast<size_t>(location));
  };
  // The location of an operator or of `::` is its own sign; the expression begins with the operand.
  const auto first_of = [&](const PgNode* operand, int32_t location) {
    const auto left = begin_of(operand);
    const auto own = known(location);
    return left && own ? std::min(left, own) : left ? left : own;
  };
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_A_EXPR:
      if (node->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF)
        return known(node->a_expr->location);
      return first_of(node->a_expr->lexpr, node->a_expr->location);
    case PG_QUERY__NODE__NODE_TYPE_CAST:
      return first_of(node->type_cast->arg, node->type_cast->location);
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
      return first_of(node->collate_clause->arg, node->collate_clause->location);
    case PG_QUERY__NODE__NODE_NULL_TEST:
      return first_of(node->null_test->arg, node->null_test->location);
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
      return first_of(node->boolean_test->arg, node->boolean_test->location);
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
      return node->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR
                 ? known(node->bool_expr->location)
                 : first_of(node->bool_expr->args[0], node->bool_expr->location);
    case PG_QUERY__NODE__NODE_A_INDIRECTION:
      return begin_of(node->a_indirection->arg);
    case PG_QUERY__NODE__NODE_COLUMN_REF:
      return known(node->column_ref->location);
    case PG_QUERY__NODE__NODE_A_CONST:
      return known(node->a_const->location);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
      return known(node->func_call->location);
    case PG_QUERY__NODE__NODE_RES_TARGET:
      return known(node->res_target->location);
    case PG_QUERY__NODE__NODE_RANGE_VAR:
      return known(node->range_var->location);
    case PG_QUERY__NODE__NODE_CASE_EXPR:
      return known(node->case_expr->location);
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
      return known(node->coalesce_expr->location);
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
      return known(node->min_max_expr->location);
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
      return known(node->sqlvalue_function->location);
    case PG_QUERY__NODE__NODE_PARAM_REF:
      return known(node->param_ref->location);
    case PG_QUERY__NODE__NODE_ROW_EXPR:
      return known(node->row_expr->location);
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
      return known(node->a_array_expr->location);
    case PG_QUERY__NODE__NODE_SUB_LINK:
      return first_of(node->sub_link->testexpr, node->sub_link->location);
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
      return known(node->named_arg_expr->location);
    case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
      return known(node->set_to_default->location);
    case PG_QUERY__NODE__NODE_GROUPING_FUNC:
      return known(node->grouping_func->location);
    case PG_QUERY__NODE__NODE_XML_EXPR:
      return known(node->xml_expr->location);
    case PG_QUERY__NODE__NODE_SORT_BY:
      return begin_of(node->sort_by->node);
    case PG_QUERY__NODE__NODE_GROUPING_SET:
      return known(node->grouping_set->location);
    case PG_QUERY__NODE__NODE_WINDOW_DEF:
      return known(node->window_def->location);
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
      return std::nullopt;
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
      return begin_of(node->join_expr->larg);
    case PG_QUERY__NODE__NODE_CONSTRAINT:
      return known(node->constraint->location);
    case PG_QUERY__NODE__NODE_COLUMN_DEF:
      return known(node->column_def->location);
    case PG_QUERY__NODE__NODE_LIST:
      return node->list->n_items == 0 ? std::nullopt : begin_of(node->list->items[0]);
    default:
      return std::nullopt;
  }
}

}  // namespace turntable::sql
