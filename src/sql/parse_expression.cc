#include "sql/parse_expression.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include "base/text.h"
#include "sql/numeric_math.h"
#include "sql/parse_table.h"

namespace turntable::sql {
namespace {

ExprPtr make_expr(Location place, decltype(Expr::what) what) {
  return std::make_unique<Expr>(Expr{std::move(what), place});
}

ExprPtr bad_expr(Location place) {
  return make_expr(place, BadSyntax());
}

template <class... Arguments>
ExprPtr call_of(Location place, bool is_operator, std::string name, Arguments... arguments) {
  CallSyntax call{.name = std::move(name), .is_operator = is_operator, .arguments = {}};
  (call.arguments.push_back(std::move(arguments)), ...);
  return make_expr(place, std::move(call));
}

template <class... Arguments>
ExprPtr operator_of(Location place, std::string name, Arguments... arguments) {
  return call_of(place, true, std::move(name), std::move(arguments)...);
}

// The conditions joined by "and" or "or". Those that are joined by the same word already are taken
// apart, so that a filter's conjuncts lie side by side however it was written.
ExprPtr joined_by(Location place, std::string_view word, std::vector<ExprPtr> conditions) {
  CallSyntax call{.name = std::string(word), .is_operator = true, .arguments = {}};
  for (ExprPtr& condition : conditions) {
    auto* inner = std::get_if<CallSyntax>(&condition->what);
    if (inner != nullptr && inner->is_operator && inner->name == word) {
      std::move(inner->arguments.begin(), inner->arguments.end(),
                std::back_inserter(call.arguments));
    } else {
      call.arguments.push_back(std::move(condition));
    }
  }
  if (call.arguments.size() == 1) return std::move(call.arguments[0]);
  return make_expr(place, std::move(call));
}

ExprPtr joined_by(Location place, std::string_view word, ExprPtr left, ExprPtr right) {
  std::vector<ExprPtr> both;
  both.push_back(std::move(left));
  both.push_back(std::move(right));
  return joined_by(place, word, std::move(both));
}

const char* boolean_test_name(PgQuery__BoolTestType type) {
  switch (type) {
    case PG_QUERY__BOOL_TEST_TYPE__IS_TRUE:
      return "is true";
    case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE:
      return "is not true";
    case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE:
      return "is false";
    case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE:
      return "is not false";
    case PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN:
      return "is unknown";
    default:
      return "is not unknown";
  }
}

bool is_numeric_constant(const PgNode* node) {
  return node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->isnull == 0 &&
         (node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL ||
          node->a_const->val_case == PG_QUERY__A__CONST__VAL_FVAL);
}

class ExpressionParser {
 public:
  explicit ExpressionParser(ParseContext& context, bool in_function = false)
      : context_(context), in_function_(in_function) {}

  ExprPtr expression(const PgNode* node, bool star_allowed = false) {
    const Location place = context_.at(node);
    if (!context_.take_expression()) return bad_expr(place);
    switch (node->node_case) {
      case PG_QUERY__NODE__NODE_COLUMN_REF:
        return column_name(*node->column_ref, place, star_allowed);
      case PG_QUERY__NODE__NODE_A_CONST:
        return literal(*node->a_const, place);
      case PG_QUERY__NODE__NODE_FUNC_CALL:
        return call(*node->func_call, place);
      case PG_QUERY__NODE__NODE_A_EXPR:
        return operation(*node->a_expr, place);
      case PG_QUERY__NODE__NODE_BOOL_EXPR:
        return boolean(*node->bool_expr, place);
      case PG_QUERY__NODE__NODE_NULL_TEST:
        return operator_of(place,
                           node->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL
                               ? "is null"
                               : "is not null",
                           expression(node->null_test->arg));
      case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
        return operator_of(place, boolean_test_name(node->boolean_test->booltesttype),
                           expression(node->boolean_test->arg));
      case PG_QUERY__NODE__NODE_CASE_EXPR:
        return case_of(*node->case_expr, place);
      case PG_QUERY__NODE__NODE_COALESCE_EXPR: {
        CallSyntax coalesce{.name = "coalesce", .is_operator = false, .arguments = {}};
        for (const PgNode* argument : list(node->coalesce_expr->n_args, node->coalesce_expr->args))
          coalesce.arguments.push_back(expression(argument));
        return make_expr(place, std::move(coalesce));
      }
      case PG_QUERY__NODE__NODE_MIN_MAX_EXPR: {
        const bool greatest = node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST;
        CallSyntax extreme{
            .name = greatest ? "greatest" : "least", .is_operator = false, .arguments = {}};
        for (const PgNode* argument : list(node->min_max_expr->n_args, node->min_max_expr->args))
          extreme.arguments.push_back(expression(argument));
        return make_expr(place, std::move(extreme));
      }
      case PG_QUERY__NODE__NODE_TYPE_CAST: {
        if (ExprPtr interval = interval_of_one_field(*node->type_cast, place)) return interval;
        const auto type = parse_type(context_, *node->type_cast->type_name);
        ExprPtr argument =
            cast_argument(node->type_cast->arg, type ? std::optional(type->type) : std::nullopt);
        if (!type) return bad_expr(place);
        return make_expr(
            place, CastSyntax{type->type, std::move(argument), type->modifier, type->composite});
      }
      case PG_QUERY__NODE__NODE_A_ARRAY_EXPR: {
        CallSyntax array{.name = "array", .is_operator = false, .arguments = {}};
        const PgQuery__AArrayExpr& written = *node->a_array_expr;
        for (const PgNode* element : list(written.n_elements, written.elements))
          array.arguments.push_back(expression(element));
        return make_expr(place, std::move(array));
      }
      case PG_QUERY__NODE__NODE_ROW_EXPR: {
        CallSyntax row{.name = "row", .is_operator = true, .arguments = {}};
        for (const PgNode* field : list(node->row_expr->n_args, node->row_expr->args))
          row.arguments.push_back(expression(field));
        return make_expr(place, std::move(row));
      }
      case PG_QUERY__NODE__NODE_A_INDIRECTION:
        return subscripts(*node->a_indirection, place);
      case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION:
        return time_now(*node->sqlvalue_function, place);
      case PG_QUERY__NODE__NODE_PARAM_REF:
        if (in_function_)
          return make_expr(
              place, NameSyntax{"", fmt::format("${}", node->param_ref->number), place, false});
        [[fallthrough]];
      default:
        context_.refuse(place, expression_name(node));
        return bad_expr(place);
    }
  }

 private:
  // The same expression once more.
  ExprPtr copy(const ExprPtr& from) {
    if (!from) return nullptr;
    if (!context_.take_expression()) return bad_expr(from->at);
    return make_expr(
        from->at,
        std::visit([this](const auto& what) { return decltype(Expr::what)(copied(what)); },
                   from->what));
  }
  template <class Syntax>
  Syntax copied(const Syntax& leaf) {
    return leaf;
  }
  CallSyntax copied(const CallSyntax& call) {
    CallSyntax to{.name = call.name, .is_operator = call.is_operator, .arguments = {}};
    for (const ExprPtr& argument : call.arguments) to.arguments.push_back(copy(argument));
    return to;
  }
  CastSyntax copied(const CastSyntax& cast) {
    return {cast.type, copy(cast.argument), cast.modifier, cast.composite};
  }
  CaseSyntax copied(const CaseSyntax& from) {
    CaseSyntax to;
    for (const CaseSyntax::Branch& branch : from.branches)
      to.branches.push_back({copy(branch.condition), copy(branch.value)});
    to.otherwise = copy(from.otherwise);
    return to;
  }

  ExprPtr column_name(const PgQuery__ColumnRef& ref, Location place, bool star_allowed) {
    const auto fields = list(ref.n_fields, ref.fields);
    if (fields.size() > 2) {
      context_.refuse(place, "a name of more than two parts");
      return bad_expr(place);
    }
    const std::string table = fields.size() == 2 ? string_of(fields[0]) : "";
    if (fields.back()->node_case == PG_QUERY__NODE__NODE_A_STAR) {
      if (star_allowed) return make_expr(place, StarSyntax{table});
      context_.fault(place, "* may stand only as an item of the SELECT list");
      return bad_expr(place);
    }
    const Location column_at = fields.size() == 2 ? context_.column_place(ref.location) : place;
    const bool quoted = fields.size() == 1 && context_.token_text(ref.location).starts_with('"');
    return make_expr(place, NameSyntax{table, string_of(fields.back()), column_at, quoted});
  }

  // now() under its other names, each of its own type.
  ExprPtr time_now(const PgQuery__SQLValueFunction& value, Location place) {
    const auto now_as = [&](Type type) {
      return make_expr(place, CastSyntax{type, call_of(place, false, "now")});
    };
    switch (value.op) {
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP:
        return call_of(place, false, "now");
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE:
        return now_as(Type::date);
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP:
        return now_as(Type::timestamp);
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME:
        return now_as(Type::time);
      default:
        return reserved_value(value.location, place);
    }
  }

  // INTERVAL '3' DAY. Nothing where it is another cast, or where the text has a unit of its own.
  ExprPtr interval_of_one_field(const PgQuery__TypeCast& cast, Location place) {
    struct Field {
      int mask;
      std::string_view unit;
    };
    // PostgreSQL's INTERVAL_MASK().
    constexpr Field kFields[] = {{1 << 2, "year"},  {1 << 1, "month"},   {1 << 3, "day"},
                                 {1 << 10, "hour"}, {1 << 11, "minute"}, {1 << 12, "second"}};
    const PgQuery__TypeName& type = *cast.type_name;
    if (type.n_names == 0 || string_of(type.names[type.n_names - 1]) != "interval" ||
        type.n_typmods != 1 || type.typmods[0]->node_case != PG_QUERY__NODE__NODE_A_CONST ||
        type.typmods[0]->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL ||
        cast.arg->node_case != PG_QUERY__NODE__NODE_A_CONST ||
        cast.arg->a_const->val_case != PG_QUERY__A__CONST__VAL_SVAL)
      return nullptr;
    const std::string count = cast.arg->a_const->sval->sval;
    int64_t whole = 0;
    if (!read_number(count, whole)) return nullptr;
    for (const Field& field : kFields)
      if (field.mask == type.typmods[0]->a_const->ival->ival)
        return make_expr(
            place, CastSyntax{Type::interval,
                              make_expr(context_.at(cast.arg),
                                        LiteralSyntax{fmt::format("{} {}", count, field.unit)})});
    return nullptr;
  }

  // user, current_time and their like, which have a value without being called. A field of an event
  // may have such a name.
  ExprPtr reserved_value(int32_t location, Location place) {
    const std::string word = lowercase(context_.token_text(location));
    context_.fault(place,
                   fmt::format("{0} is a reserved word: write \"{0}\" in double quotes for a "
                               "column of that name",
                               printable(word)));
    return bad_expr(place);
  }

  ExprPtr literal(const PgQuery__AConst& constant, Location place) {
    if (constant.isnull != 0) return make_expr(place, LiteralSyntax{std::monostate()});
    switch (constant.val_case) {
      case PG_QUERY__A__CONST__VAL_IVAL:
        return make_expr(place, LiteralSyntax{int64_t{constant.ival->ival}});
      case PG_QUERY__A__CONST__VAL_BOOLVAL:
        return make_expr(place, LiteralSyntax{constant.boolval->boolval != 0});
      case PG_QUERY__A__CONST__VAL_SVAL:
        return make_expr(place, LiteralSyntax{std::string(constant.sval->sval)});
      case PG_QUERY__A__CONST__VAL_FVAL:
        return number(constant.fval->fval, place);
      default:
        context_.refuse(place, "a bit string");
        return bad_expr(place);
    }
  }

  // PostgreSQL's numeric has the digits of any number, and a cast to a floating-point type goes by
  // its text. One with too many digits for a numeric here can be cast all the same.
  ExprPtr cast_argument(const PgNode* argument, std::optional<Type> type) {
    const bool to_float = type == Type::float32 || type == Type::float64;
    if (to_float && is_numeric_constant(argument) &&
        argument->a_const->val_case == PG_QUERY__A__CONST__VAL_FVAL) {
      const std::string_view text = argument->a_const->fval->fval;
      if (!parse_numeric(text).value && context_.take_expression())
        return make_expr(context_.at(argument), LiteralSyntax{std::string(text)});
    }
    return expression(argument);
  }

  // A number that is no int for libpg_query: one beyond int, or with a point or an exponent.
  ExprPtr number(std::string_view text, Location place) {
    if (int64_t whole = 0; read_number(text, whole)) return make_expr(place, LiteralSyntax{whole});
    if (const auto value = parse_numeric(text).value)
      return make_expr(place, LiteralSyntax{*value});
    context_.fault(place,
                   fmt::format("{0} has more digits than a numeric has here, 38 of them and 76 "
                               "behind the point: write cast({0} AS double precision)",
                               printable(text)));
    return bad_expr(place);
  }

  ExprPtr call(const PgQuery__FuncCall& call, Location place) {
    const auto names = list(call.n_funcname, call.funcname);
    const std::string name = string_of(names.back());
    if (names.size() > 2 || (names.size() == 2 && string_of(names[0]) != "pg_catalog")) {
      context_.refuse(place, "a schema before a function's name");
      return bad_expr(place);
    }
    const char* clause = call.agg_star           ? "(*)"
                         : call.agg_distinct     ? "DISTINCT"
                         : call.n_agg_order > 0  ? "ORDER BY"
                         : call.agg_filter       ? "FILTER"
                         : call.over             ? "OVER"
                         : call.agg_within_group ? "WITHIN GROUP"
                         : call.func_variadic    ? "VARIADIC"
                                                 : nullptr;
    if (clause != nullptr) {
      context_.refuse(place, fmt::format("{} with {}", name, clause));
      return bad_expr(place);
    }
    CallSyntax syntax;
    syntax.name = name;
    const auto arguments = list(call.n_args, call.args);
    if (name == "make_interval" && !arguments.empty() &&
        arguments.back()->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR)
      return interval_by_names(std::move(syntax), arguments, place);
    for (const PgNode* argument : arguments) syntax.arguments.push_back(expression(argument));
    return make_expr(place, std::move(syntax));
  }

  // make_interval(days => 1): what is not named is 0. No other function has parameters with
  // defaults.
  template <class Nodes>
  ExprPtr interval_by_names(CallSyntax call, const Nodes& arguments, Location place) {
    constexpr std::array<std::string_view, 7> kParameters = {"years", "months", "weeks", "days",
                                                             "hours", "mins",   "secs"};
    std::array<ExprPtr, kParameters.size()> values;
    size_t position = 0;
    for (const PgNode* argument : arguments) {
      const bool named = argument->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR;
      const auto* const parameter =
          named ? std::find(kParameters.begin(), kParameters.end(),
                            std::string_view(argument->named_arg_expr->name))
                : kParameters.begin() + std::min(position++, kParameters.size());
      const auto index = static_cast<size_t>(parameter - kParameters.begin());
      if (index == kParameters.size() || values[index] != nullptr) {
        context_.fault(context_.at(argument),
                       index == kParameters.size()
                           ? fmt::format("make_interval takes {}", fmt::join(kParameters, ", "))
                           : fmt::format("{} stands twice", kParameters[index]));
        return bad_expr(place);
      }
      values[index] = expression(named ? argument->named_arg_expr->arg : argument);
    }
    for (ExprPtr& value : values)
      call.arguments.push_back(value != nullptr ? std::move(value)
                                                : make_expr(place, LiteralSyntax{int64_t{0}}));
    return make_expr(place, std::move(call));
  }

  ExprPtr operation(const PgQuery__AExpr& operation, Location place) {
    switch (operation.kind) {
      // The operators' names are in the tree: LIKE is ~~, SIMILAR TO is ~.
      case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
      case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE:
      case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE:
      case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
        return signed_operation(operation, place);
      case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT:
        return operator_of(place, "is distinct from", expression(operation.lexpr),
                           expression(operation.rexpr));
      case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
        return operator_of(place, "is not distinct from", expression(operation.lexpr),
                           expression(operation.rexpr));
      case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
        return call_of(place, false, "nullif", expression(operation.lexpr),
                       expression(operation.rexpr));
      case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY:
        return quantified(operation, "any", place);
      case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL:
        return quantified(operation, "all", place);
      case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
        return in_list(operation, place);
      case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
        return between(operation, false, place);
      case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN:
        return operator_of(place, "not", between(operation, false, place));
      case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM:
        return between(operation, true, place);
      case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM:
        return operator_of(place, "not", between(operation, true, place));
      default:
        context_.refuse(place, operator_name(operation.kind));
        return bad_expr(place);
    }
  }

  // An operator with a sign of its own, as in `a || b`.
  ExprPtr signed_operation(const PgQuery__AExpr& operation, Location place) {
    if (operation.n_name != 1) {
      context_.refuse(place, "a schema before an operator");
      return bad_expr(place);
    }
    CallSyntax syntax;
    syntax.is_operator = true;
    syntax.name = string_of(operation.name[0]);
    if (operation.lexpr != nullptr) {
      syntax.arguments.push_back(expression(operation.lexpr));
    } else if (syntax.name == "+" && is_numeric_constant(operation.rexpr)) {
      // libpg_query itself takes the minus before a number into it.
      return literal(*operation.rexpr->a_const, place);
    }
    syntax.arguments.push_back(expression(operation.rexpr));
    return make_expr(place, std::move(syntax));
  }

  // `a = ANY (b)`, `a < ALL (b)`.
  ExprPtr quantified(const PgQuery__AExpr& operation, std::string_view quantifier, Location place) {
    const std::string sign = operation.n_name == 1 ? string_of(operation.name[0]) : "";
    constexpr std::array<std::string_view, 6> kComparisons = {"=", "<>", "<", "<=", ">", ">="};
    if (std::find(kComparisons.begin(), kComparisons.end(), sign) == kComparisons.end()) {
      context_.refuse(place, fmt::format("{} beside an operator that is no comparison",
                                         quantifier == "any" ? "ANY" : "ALL"));
      return bad_expr(place);
    }
    return operator_of(place, fmt::format("{} {}", sign, quantifier), expression(operation.lexpr),
                       expression(operation.rexpr));
  }

  // `a[i]`, `a[i:j]`, `(a).b`. A bound that is left out is that of the array: the first element is
  // 1, and none is beyond the last int.
  ExprPtr subscripts(const PgQuery__AIndirection& indirection, Location place) {
    ExprPtr value = expression(indirection.arg);
    for (const PgNode* each : list(indirection.n_indirection, indirection.indirection)) {
      if (each->node_case == PG_QUERY__NODE__NODE_STRING) {
        value = operator_of(place, ".", std::move(value),
                            make_expr(place, LiteralSyntax{string_of(each)}));
        continue;
      }
      if (each->node_case != PG_QUERY__NODE__NODE_A_INDICES) {
        context_.refuse(place, "(…).*", "write the fields, as in (a).b");
        return bad_expr(place);
      }
      const PgQuery__AIndices& indices = *each->a_indices;
      if (indices.is_slice == 0) {
        value = operator_of(place, "[]", std::move(value), expression(indices.uidx));
        continue;
      }
      const auto bound = [&](const PgNode* written, int64_t otherwise) {
        return written != nullptr ? expression(written)
                                  : make_expr(place, LiteralSyntax{otherwise});
      };
      ExprPtr first = bound(indices.lidx, 1);
      ExprPtr last = bound(indices.uidx, std::numeric_limits<int32_t>::max());
      value = operator_of(place, "[:]", std::move(value), std::move(first), std::move(last));
    }
    return value;
  }

  // AND and OR are lists of any length, already flat.
  ExprPtr boolean(const PgQuery__BoolExpr& boolean, Location place) {
    std::vector<ExprPtr> arguments;
    for (const PgNode* argument : list(boolean.n_args, boolean.args))
      arguments.push_back(expression(argument));
    if (boolean.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR)
      return operator_of(place, "not", std::move(arguments[0]));
    return joined_by(place, boolean.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR ? "and" : "or",
                     std::move(arguments));
  }

  // `a IN (b, c)`; the operator's name is "=", and "<>" with NOT.
  ExprPtr in_list(const PgQuery__AExpr& operation, Location place) {
    if (operation.rexpr->node_case != PG_QUERY__NODE__NODE_LIST) {
      context_.refuse(place, "IN");
      return bad_expr(place);
    }
    const auto items = list(operation.rexpr->list->n_items, operation.rexpr->list->items);
    if (items.size() > kInListLimit) {
      context_.fault(context_.at(items[kInListLimit]),
                     fmt::format("a list behind IN has {} values at most", grouped(kInListLimit)));
      return bad_expr(place);
    }
    const std::string sign = string_of(operation.name[0]);
    ExprPtr left = expression(operation.lexpr);
    if (std::holds_alternative<BadSyntax>(left->what)) return left;
    std::vector<ExprPtr> tests;
    for (const PgNode* item : items) {
      ExprPtr right = expression(item);
      const Location test_at = right->at;
      tests.push_back(operator_of(
          test_at, sign, item == items.back() ? std::move(left) : copy(left), std::move(right)));
    }
    return joined_by(place, sign == "=" ? "or" : "and", std::move(tests));
  }

  // `a BETWEEN b AND c`. SYMMETRIC takes the bounds in either order.
  ExprPtr between(const PgQuery__AExpr& operation, bool symmetric, Location place) {
    const auto bounds = list(operation.rexpr->list->n_items, operation.rexpr->list->items);
    ExprPtr value = expression(operation.lexpr);
    ExprPtr low = expression(bounds[0]);
    ExprPtr high = expression(bounds[1]);
    const auto inside = [&](ExprPtr a, ExprPtr b, ExprPtr a_again, ExprPtr c) {
      return joined_by(place, "and", operator_of(place, ">=", std::move(a), std::move(b)),
                       operator_of(place, "<=", std::move(a_again), std::move(c)));
    };
    if (!symmetric) {
      ExprPtr again = copy(value);
      return inside(std::move(value), std::move(low), std::move(again), std::move(high));
    }
    ExprPtr ordered = inside(copy(value), copy(low), copy(value), copy(high));
    ExprPtr again = copy(value);
    return joined_by(place, "or", std::move(ordered),
                     inside(std::move(value), std::move(high), std::move(again), std::move(low)));
  }

  ExprPtr case_of(const PgQuery__CaseExpr& written, Location place) {
    ExprPtr subject = written.arg == nullptr ? nullptr : expression(written.arg);
    CaseSyntax syntax;
    for (const PgNode* node : list(written.n_args, written.args)) {
      const PgQuery__CaseWhen& when = *node->case_when;
      ExprPtr condition = expression(when.expr);
      if (subject) {
        const Location at = condition->at;
        condition = operator_of(at, "=", copy(subject), std::move(condition));
      }
      syntax.branches.push_back({std::move(condition), expression(when.result)});
    }
    if (written.defresult != nullptr) syntax.otherwise = expression(written.defresult);
    return make_expr(place, std::move(syntax));
  }

  ParseContext& context_;
  const bool in_function_;
};

}  // namespace

ExprPtr parse_expression(ParseContext& context, const PgNode* node) {
  return ExpressionParser(context).expression(node);
}

ExprPtr parse_body_expression(ParseContext& context, const PgNode* node) {
  return ExpressionParser(context, true).expression(node);
}

ExprPtr parse_item(ParseContext& context, const PgNode* node) {
  return ExpressionParser(context).expression(node, true);
}

}  // namespace turntable::sql
