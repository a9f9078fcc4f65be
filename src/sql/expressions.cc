#include "sql/expressions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "sql/array_functions.h"
#include "sql/identifiers.h"

namespace turntable::sql {
namespace {

bool is_comparison(std::string_view name) {
  constexpr std::array<std::string_view, 8> kComparisons = {
      "=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from"};
  return std::find(kComparisons.begin(), kComparisons.end(), name) != kComparisons.end();
}

bool takes_booleans(std::string_view name) {
  constexpr std::array<std::string_view, 9> kLogic = {
      "and",      "or",           "not",        "is true",       "is not true",
      "is false", "is not false", "is unknown", "is not unknown"};
  return std::find(kLogic.begin(), kLogic.end(), name) != kLogic.end();
}

bool takes_one_type(std::string_view name) {
  return name == "coalesce" || name == "greatest" || name == "least";
}

std::string in_capitals(std::string_view words) {
  std::string out(words);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

// "= any" of `a = ANY (b)`: its comparison, or nothing.
std::string_view quantified_sign(std::string_view name) {
  if (name.ends_with(" any") || name.ends_with(" all")) return name.substr(0, name.size() - 4);
  return {};
}

const CallSyntax* array_written_in(const Expr& expr) {
  const auto* call = std::get_if<CallSyntax>(&expr.what);
  return call != nullptr && !call->is_operator && call->name == "array" ? call : nullptr;
}

bool is_integer(Type type) {
  return type == Type::int16 || type == Type::int32 || type == Type::int64;
}

bool is_float(Type type) {
  return type == Type::float32 || type == Type::float64;
}

bool is_number(Type type) {
  return is_integer(type) || is_float(type) || type == Type::numeric;
}

// PostgreSQL compares these with one another, in UTC.
bool is_point_in_time(Type type) {
  return type == Type::date || type == Type::timestamp || type == Type::timestamptz;
}

void flatten(const Expr& expr, std::vector<const Expr*>& conjuncts) {
  const auto* call = std::get_if<CallSyntax>(&expr.what);
  if (call == nullptr || !call->is_operator || call->name != "and") {
    conjuncts.push_back(&expr);
    return;
  }
  for (const ExprPtr& argument : call->arguments) flatten(*argument, conjuncts);
}

}  // namespace

std::string cast_advice(const std::string& text, Type from, Type to) {
  return find_cast(from, to) == nullptr ? ""
                                        : fmt::format(": write cast({} AS {})", text, sql_name(to));
}

bool ExpressionBinder::bind_conjuncts(const Expr& expr, std::string_view clause,
                                      std::vector<NodeId>& conjuncts) {
  std::vector<const Expr*> parts;
  flatten(expr, parts);
  bool good = true;
  for (const Expr* part : parts) {
    const MaybeBound bound =
        bind_boolean(*part, parts.size() == 1 ? clause : std::string_view("AND"));
    if (bound) conjuncts.push_back(bound->node);
    good = good && bound;
  }
  return good;
}

MaybeBound ExpressionBinder::bind(const Expr& expr) {
  if (const auto* name = std::get_if<NameSyntax>(&expr.what)) {
    if (inside_ != nullptr) return parameter(*name, expr.at);
    const auto found = select_.scope.find_column(*name, expr.at, faults_);
    return found ? MaybeBound(column(*found, expr.at, text_of(expr))) : std::nullopt;
  }
  if (const auto* literal = std::get_if<LiteralSyntax>(&expr.what))
    return build_.written_literal(literal->value, expr.at, text_of(expr));
  if (const auto* call = std::get_if<CallSyntax>(&expr.what)) return bind_call(*call, expr);
  if (const auto* written = std::get_if<CaseSyntax>(&expr.what)) return bind_case(*written, expr);
  if (const auto* cast = std::get_if<CastSyntax>(&expr.what)) {
    if (const CallSyntax* array = array_written_in(*cast->argument);
        array != nullptr && is_array(cast->type))
      return bind_array(*array, *cast->argument, element_of(cast->type));
    const MaybeBound argument = bind(*cast->argument);
    if (cast->composite != nullptr)
      return argument
                 ? composites_.cast(*argument, cast->composite, CastContext::on_demand, expr.at)
                 : std::nullopt;
    const MaybeBound made = argument ? build_.cast(*argument, cast->type, expr.at) : std::nullopt;
    return made ? build_.fit(*made, cast->modifier, Fitting::written, expr.at) : std::nullopt;
  }
  // Bad syntax was reported where it was met, and a star stands only in a SELECT list.
  return std::nullopt;
}

Bound ExpressionBinder::column(const ScopeColumn& column, Location at, std::string text) {
  if (column.merged != kNoNode) return {column.merged};
  const ScopeTable& from = select_.scope.tables()[column.entry];
  if (from.is_view) return {from.values[column.column]};
  const SelectTable& table = select_.tables[from.table];
  const uint32_t index = column.column + (column.hidden ? table.declared_columns : 0);
  const ColumnDef& definition = table.schema[index];
  const Bound value = build_.column({from.table, index}, definition.type, at, std::move(text));
  // Its values come as they are: here they are made what the column declares, or fail.
  return build_.fit(value, definition.modifier, Fitting::assigned, at).value_or(value);
}

std::optional<ExpressionBinder::Arguments> ExpressionBinder::bind_all(
    const std::vector<ExprPtr>& exprs) {
  Arguments arguments;
  for (const ExprPtr& expr : exprs) {
    const MaybeBound bound = bind(*expr);
    if (!bound) continue;
    arguments.values.push_back(*bound);
    arguments.places.push_back(expr->at);
  }
  if (arguments.values.size() != exprs.size()) return std::nullopt;
  return arguments;
}

MaybeBound ExpressionBinder::bind_call(const CallSyntax& call, const Expr& expr) {
  if (call.is_operator && takes_booleans(call.name)) {
    Arguments arguments;
    for (const ExprPtr& argument : call.arguments) {
      const MaybeBound bound = bind_boolean(*argument, in_capitals(call.name));
      if (!bound) continue;
      arguments.values.push_back(*bound);
      arguments.places.push_back(argument->at);
    }
    if (arguments.values.size() != call.arguments.size()) return std::nullopt;
    const std::vector<ArgumentType> types(arguments.values.size(), Type::boolean);
    return resolve(call.name, Kind::operation, arguments, types, expr.at, text_of(expr));
  }
  if (array_written_in(expr) != nullptr) return bind_array(call, expr, std::nullopt);
  if (!call.is_operator && functions_ != nullptr) {
    const auto& all = functions_->functions;
    const auto own = std::find_if(
        all.begin(), all.end(), [&](const auto& function) { return function->name == call.name; });
    if (own != all.end())
      return bind_body(**own, static_cast<size_t>(own - all.begin()), call, expr);
  }
  const auto arguments = bind_all(call.arguments);
  if (!arguments) return std::nullopt;
  if (const auto of_rows = bind_of_rows(call, *arguments, expr)) return *of_rows;
  const size_t count = arguments->values.size();
  if (call.is_operator && !quantified_sign(call.name).empty())
    return compare_elements(call, *arguments, expr);
  if (call.is_operator && (call.name == "[]" || call.name == "[:]"))
    return subscript(call, *arguments, expr);
  if (call.is_operator && is_comparison(call.name) && count == 2)
    return compare(call.name, *arguments, expr.at, text_of(expr));
  if (!call.is_operator && call.name == "nullif" && count == 2)
    return null_if(*arguments, expr.at, text_of(expr));
  std::vector<ArgumentType> types;
  if (!call.is_operator && takes_one_type(call.name)) {
    const ArgumentType type = type_of_all(in_capitals(call.name), *arguments, expr.at);
    if (!type) return std::nullopt;
    types.assign(count, type);
  } else {
    for (const Bound& value : arguments->values) types.push_back(build_.type(value));
  }
  return resolve(call.name, call.is_operator ? Kind::operation : Kind::function, *arguments, types,
                 expr.at, text_of(expr));
}

MaybeBound ExpressionBinder::resolve(std::string_view name, Kind kind, const Arguments& arguments,
                                     const std::vector<ArgumentType>& types, Location at,
                                     std::string text) {
  if (std::find(types.begin(), types.end(), Type::composite) != types.end()) {
    faults_.add(at, fmt::format("{} takes no rows (yet): give it their fields, as in (a).b",
                                in_capitals(name)));
    return std::nullopt;
  }
  const auto found = find_function(name, kind, types);
  if (found) return build_.call(*found, arguments.values, arguments.places, at, std::move(text));
  faults_.add(at, found.error().message);
  return std::nullopt;
}

// --- Booleans
// ---------------------------------------------------------------------------------------------------

MaybeBound ExpressionBinder::bind_boolean(const Expr& expr, std::string_view clause) {
  const MaybeBound value = bind(expr);
  return value ? as_boolean(*value, clause, expr.at) : std::nullopt;
}

MaybeBound ExpressionBinder::as_boolean(Bound value, std::string_view clause, Location at) {
  if (value.open) return build_.cast(value, Type::boolean, at);
  const Node& node = build_.node(value);
  if (node.type == Type::boolean) return value;
  const std::string advice = is_number(node.type)
                                 ? fmt::format(": write {} <> 0", node.text)
                                 : cast_advice(node.text, node.type, Type::boolean);
  faults_.add(at, fmt::format("argument of {} must be type boolean, not type {}{}", clause,
                              sql_name(node.type), advice));
  return std::nullopt;
}

// --- Comparisons
// ------------------------------------------------------------------------------------------------

ArgumentType ExpressionBinder::comparison_type(std::string_view sign, const Arguments& arguments,
                                               Location at) {
  const Bound left = arguments.values[0];
  const Bound right = arguments.values[1];
  if (left.open && right.open) return Type::text;
  if (left.open) return build_.node(right).type;
  if (right.open) return build_.node(left).type;
  const Node& a = build_.node(left);
  const Node& b = build_.node(right);
  if (a.type == b.type) return a.type;
  if (is_point_in_time(a.type) && is_point_in_time(b.type))
    return can_cast(a.type, b.type, CastContext::implicit) ? b.type : a.type;
  // PostgreSQL compares a real and a whole number or a numeric as double precision.
  if (is_number(a.type) && is_number(b.type))
    return is_float(a.type) || is_float(b.type)       ? Type::float64
           : is_integer(a.type) && is_integer(b.type) ? std::max(a.type, b.type)
                                                      : Type::numeric;
  // A text beside a numeric is rather meant as a number than the number as a text.
  const bool cast_right =
      a.type == Type::numeric ||
      (b.type != Type::numeric &&
       (a.type == Type::text || (b.type != Type::text && find_cast(b.type, a.type))));
  faults_.add(at, fmt::format("the operator {} cannot compare {}, which is {}, with {}, which is "
                              "{}{}",
                              in_capitals(sign), a.text, sql_name(a.type), b.text, sql_name(b.type),
                              cast_right ? cast_advice(b.text, b.type, a.type)
                                         : cast_advice(a.text, a.type, b.type)));
  return std::nullopt;
}

std::optional<std::vector<ArgumentType>> ExpressionBinder::points_in_time(
    const Arguments& arguments) const {
  std::vector<ArgumentType> types;
  for (const Bound& value : arguments.values) {
    if (value.open || !is_point_in_time(build_.node(value).type)) return std::nullopt;
    types.push_back(build_.node(value).type);
  }
  return types;
}

bool ExpressionBinder::may_be_key(std::string_view sign, const Arguments& arguments) const {
  uint32_t tables = 0;
  for (const Bound& value : arguments.values) tables |= build_.node(value).tables;
  constexpr uint32_t kStream = 1;
  return sign == "=" && (tables & ~kStream) != 0;
}

MaybeBound ExpressionBinder::compare(std::string_view sign, const Arguments& arguments, Location at,
                                     std::string text) {
  const auto points = points_in_time(arguments);
  if (points && !may_be_key(sign, arguments))
    return resolve(sign, Kind::operation, arguments, *points, at, std::move(text));
  const ArgumentType type = comparison_type(sign, arguments, at);
  if (!type) return std::nullopt;
  return resolve(sign, Kind::operation, arguments, {type, type}, at, std::move(text));
}

MaybeBound ExpressionBinder::equality(Bound left, Bound right, Location at) {
  return compare("=", {.values = {left, right}, .places = {at, at}}, at,
                 fmt::format("{} = {}", build_.node(left).text, build_.node(right).text));
}

// The result has the type in which PostgreSQL's operator = takes the first argument. That has
// operators for whole numbers of different types, and for a real and a double precision, which are
// compared here in the wider type.
MaybeBound ExpressionBinder::null_if(const Arguments& arguments, Location at, std::string text) {
  const Bound left = arguments.values[0];
  if (const auto points = points_in_time(arguments))
    return resolve("nullif", Kind::function, arguments, *points, at, std::move(text));
  const ArgumentType compared = comparison_type("=", arguments, at);
  if (!compared) return std::nullopt;
  const MaybeBound made =
      resolve("nullif", Kind::function, arguments, {compared, compared}, at, std::move(text));
  if (!made || left.open) return made;
  const Type type = build_.node(left).type;
  const bool keeps_type = is_float(type) || (is_integer(type) && is_integer(*compared));
  return keeps_type ? build_.cast(*made, type, at) : made;
}

// --- Functions of the file
// ----------------------------------------------------------------------------------------

MaybeBound ExpressionBinder::parameter(const NameSyntax& name, Location at) {
  const FunctionSyntax& function = *inside_->function;
  for (size_t i = 0; i < function.parameters.size(); ++i) {
    const std::string& known = function.parameters[i].name;
    const bool named = !known.empty() && known == name.column &&
                       (name.table.empty() || name.table == function.name);
    if (named || name.column == fmt::format("${}", i + 1)) return inside_->arguments[i];
  }
  std::vector<std::string> names;
  for (const auto& each : function.parameters) names.push_back(each.name);
  faults_.add(at, fmt::format("{} has no parameter {}.{}", printable(function.name),
                              printable(name.column), did_you_mean_name(name.column, names)));
  return std::nullopt;
}

MaybeBound ExpressionBinder::bind_body(const FunctionSyntax& function, size_t number,
                                       const CallSyntax& call, const Expr& expr) {
  const auto refuse = [&](std::string message) {
    faults_.add(expr.at, std::move(message));
    return std::nullopt;
  };
  const std::string name = printable(function.name);
  if (inside_ != nullptr && number >= inside_->number)
    return refuse(
        fmt::format("a function calls only functions that are declared before it, which "
                    "{} is not",
                    name));
  const size_t depth = inside_ == nullptr ? 1 : inside_->depth + 1;
  if (depth > kFunctionDepthLimit)
    return refuse(fmt::format("more than {} functions call one another", kFunctionDepthLimit));
  if (++functions_->calls > kFunctionCallsLimit)
    return refuse(
        fmt::format("the file's own functions are called more than {} times, those in "
                    "their bodies included",
                    kFunctionCallsLimit));
  const auto arguments = bind_all(call.arguments);
  if (!arguments) return std::nullopt;
  if (arguments->values.size() != function.parameters.size())
    return refuse(fmt::format("{} takes {} arguments, not {}", name, function.parameters.size(),
                              arguments->values.size()));
  Inside inside{
      .function = &function, .number = number, .arguments = {}, .outside = inside_, .depth = depth};
  for (size_t i = 0; i < arguments->values.size(); ++i) {
    const Type wanted = function.parameters[i].type;
    const ArgumentType given = build_.type(arguments->values[i]);
    if (given && !can_cast(*given, wanted, CastContext::implicit))
      return refuse(fmt::format(
          "argument {} of {} is {}, and must be {}{}", i + 1, name, sql_name(*given),
          sql_name(wanted), cast_advice(build_.node(arguments->values[i]).text, *given, wanted)));
    const MaybeBound cast = build_.cast(arguments->values[i], wanted, arguments->places[i]);
    if (!cast) return std::nullopt;
    inside.arguments.push_back(*cast);
  }
  inside_ = &inside;
  const MaybeBound body = bind(*function.body);
  inside_ = inside.outside;
  if (!body) return std::nullopt;
  const ArgumentType type = build_.type(*body);
  if (type && !can_cast(*type, function.result, CastContext::assignment))
    return refuse(fmt::format("the body of {} is {}, and it RETURNS {}", name, sql_name(*type),
                              sql_name(function.result)));
  return build_.cast(*body, function.result, function.body->at);
}

// --- Rows
// --------------------------------------------------------------------------------------------------

std::optional<MaybeBound> ExpressionBinder::bind_of_rows(const CallSyntax& call,
                                                         const Arguments& arguments,
                                                         const Expr& expr) {
  if (!call.is_operator) return std::nullopt;
  if (call.name == "row") return composites_.row(arguments.values, expr.at, text_of(expr));
  if (call.name == ".")
    return composites_.field(
        arguments.values[0],
        std::get<std::string>(std::get<LiteralSyntax>(call.arguments[1]->what).value), expr.at,
        text_of(expr));
  if ((call.name == "is null" || call.name == "is not null") &&
      composites_.is_row(arguments.values[0]))
    return composites_.null_test(arguments.values[0], call.name == "is null", expr.at,
                                 text_of(expr));
  return std::nullopt;
}

ArgumentType ExpressionBinder::type_of_rows(std::string_view what, const Arguments& arguments,
                                            Location at) {
  std::vector<std::string> names;
  for (const Bound& value : arguments.values) {
    if (value.open) continue;
    names.push_back(composites_.is_row(value) ? composites_.name_of(value)
                                              : std::string(sql_name(build_.node(value).type)));
    if (build_.node(value).composite != nullptr && names.back() == names.front()) continue;
    faults_.add(at, names.size() == 1 || names.back() == names.front()
                        ? fmt::format("{}: a row needs a type here: write ROW(…)::name, of a type "
                                      "that CREATE TYPE declares",
                                      what)
                        : fmt::format("{}: {} and {} have no common type", what, names.front(),
                                      names.back()));
    return std::nullopt;
  }
  return Type::composite;
}

// --- Arrays
// ------------------------------------------------------------------------------------------------

// With an element type that is asked for each element is cast to it, as PostgreSQL does for
// ARRAY[…]::int[].
MaybeBound ExpressionBinder::bind_array(const CallSyntax& call, const Expr& expr,
                                        std::optional<Type> element) {
  const auto arguments = bind_all(call.arguments);
  if (!arguments) return std::nullopt;
  Arguments elements = *arguments;
  for (size_t i = 0; i < elements.values.size(); ++i) {
    const ArgumentType type = build_.type(elements.values[i]);
    if (type && (is_array(*type) || *type == Type::composite)) {
      faults_.add(elements.places[i], fmt::format("an array of {} is not supported (yet)",
                                                  is_array(*type) ? "arrays" : "rows"));
      return std::nullopt;
    }
    if (!element) continue;
    const MaybeBound cast = build_.cast(elements.values[i], *element, elements.places[i]);
    if (!cast) return std::nullopt;
    elements.values[i] = *cast;
  }
  if (elements.values.empty() && !element) {
    faults_.add(expr.at,
                "the type of an empty array is not known: write cast(ARRAY[] AS int[]), or another "
                "type");
    return std::nullopt;
  }
  const ArgumentType type = element ? element : type_of_all("ARRAY", elements, expr.at);
  if (!type) return std::nullopt;
  const Resolved resolved{
      .function = elements.values.empty() ? &empty_array_function(*type) : &array_function(*type),
      .arguments = std::vector<Type>(elements.values.size(), *type)};
  return build_.call(resolved, elements.values, elements.places, expr.at, text_of(expr));
}

// The subscripts are ints, which a bigint may become unasked here.
MaybeBound ExpressionBinder::subscript(const CallSyntax& call, const Arguments& arguments,
                                       const Expr& expr) {
  Arguments given = arguments;
  std::vector<ArgumentType> types{build_.type(given.values[0])};
  for (size_t i = 1; i < given.values.size(); ++i) {
    const ArgumentType type = build_.type(given.values[i]);
    if (type && can_cast(*type, Type::int32, CastContext::assignment)) {
      const MaybeBound index = build_.cast(given.values[i], Type::int32, given.places[i]);
      if (!index) return std::nullopt;
      given.values[i] = *index;
    }
    types.push_back(build_.type(given.values[i]));
  }
  if (types[0] && !is_array(*types[0])) {
    faults_.add(expr.at, fmt::format("{} is {}, which has no elements: subscripts are for arrays",
                                     build_.node(given.values[0]).text, sql_name(*types[0])));
    return std::nullopt;
  }
  return resolve(call.name, Kind::operation, given, types, expr.at, text_of(expr));
}

// `a = ANY (b)`: both are compared in the type in which a would be compared with an element.
MaybeBound ExpressionBinder::compare_elements(const CallSyntax& call, const Arguments& arguments,
                                              const Expr& expr) {
  const ArgumentType array = build_.type(arguments.values[1]);
  if (array && !is_array(*array)) {
    faults_.add(arguments.places[1],
                fmt::format("ANY and ALL want an array on their right side, and this is {}",
                            sql_name(*array)));
    return std::nullopt;
  }
  const std::string_view sign = quantified_sign(call.name);
  ArgumentType type = build_.type(arguments.values[0]);
  if (!array && !type) type = Type::text;
  if (array) {
    // A value of the element's type that stands for all of them.
    const Bound element =
        build_.literal(element_of(*array), std::monostate(), arguments.places[1], "an element");
    type = comparison_type(
        sign, {.values = {arguments.values[0], element}, .places = arguments.places}, expr.at);
    if (!type) return std::nullopt;
  }
  return resolve(call.name, Kind::operation, arguments, {type, array_of(*type)}, expr.at,
                 text_of(expr));
}

// --- CASE and COALESCE
// ------------------------------------------------------------------------------------------

ArgumentType ExpressionBinder::type_of_all(std::string_view what, const Arguments& arguments,
                                           Location at) {
  std::vector<ArgumentType> types;
  for (const Bound& value : arguments.values) types.push_back(build_.type(value));
  if (std::find(types.begin(), types.end(), Type::composite) != types.end())
    return type_of_rows(what, arguments, at);
  const auto type = common_type(types);
  if (type) return *type;
  faults_.add(at, fmt::format("{}: {}", what, type.error().message));
  return std::nullopt;
}

MaybeBound ExpressionBinder::bind_case(const CaseSyntax& written, const Expr& expr) {
  Arguments conditions;
  Arguments values;
  const auto add_value = [&](const Expr& value) {
    if (const MaybeBound bound = bind(value)) {
      values.values.push_back(*bound);
      values.places.push_back(value.at);
    }
  };
  for (const CaseSyntax::Branch& branch : written.branches) {
    if (const MaybeBound condition = bind_boolean(*branch.condition, "CASE/WHEN")) {
      conditions.values.push_back(*condition);
      conditions.places.push_back(branch.condition->at);
    }
    add_value(*branch.value);
  }
  const size_t count = written.branches.size();
  if (written.otherwise != nullptr) {
    add_value(*written.otherwise);
  } else {
    const Bound null = build_.literal(Type::text, std::monostate(), expr.at, "NULL");
    values.values.push_back({.node = null.node, .open = true});
    values.places.push_back(expr.at);
  }
  if (conditions.values.size() != count || values.values.size() != count + 1) return std::nullopt;
  const ArgumentType type = type_of_all("CASE", values, expr.at);
  if (!type) return std::nullopt;
  Arguments all;
  Resolved resolved{.function = &case_function(*type), .arguments = {}};
  for (size_t i = 0; i <= count; ++i) {
    if (i < count) {
      all.values.push_back(conditions.values[i]);
      all.places.push_back(conditions.places[i]);
      resolved.arguments.push_back(Type::boolean);
    }
    all.values.push_back(values.values[i]);
    all.places.push_back(values.places[i]);
    resolved.arguments.push_back(*type);
  }
  return build_.call(resolved, all.values, all.places, expr.at, text_of(expr));
}

}  // namespace turntable::sql
