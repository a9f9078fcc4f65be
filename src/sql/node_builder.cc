#include "sql/node_builder.h"

#include <fmt/format.h>

#include <limits>

#include "base/check.h"
#include "sql/constants.h"
#include "sql/stored_times.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

bool is_null_literal(const Node& node) {
  const auto* literal = std::get_if<Literal>(&node.what);
  return literal != nullptr && std::holds_alternative<std::monostate>(*literal);
}

}  // namespace

Result<std::shared_ptr<const Prepared>> PreparedConstants::prepare(const Function& function,
                                                                   const std::string& constant) {
  std::shared_ptr<const Prepared>& made = made_[{&function, constant}];
  if (made == nullptr) {
    ASSIGN_OR_RETURN(made, function.prepare(constant));
  }
  return made;
}

Bound NodeBuilder::column(ColumnRef ref, Type type, Location at, std::string text) {
  return {pool_.add(
      {.type = type, .what = ref, .tables = 1U << ref.table, .at = at, .text = std::move(text)})};
}

Bound NodeBuilder::literal(Type type, Literal value, Location at, std::string text) {
  return {pool_.add(
      {.type = type, .what = std::move(value), .tables = 0, .at = at, .text = std::move(text)})};
}

Bound NodeBuilder::written_literal(Literal value, Location at, std::string text) {
  Type type = Type::text;
  if (std::holds_alternative<bool>(value)) type = Type::boolean;
  if (std::holds_alternative<double>(value)) type = Type::float64;
  if (std::holds_alternative<Numeric>(value)) type = Type::numeric;
  if (const auto* whole = std::get_if<int64_t>(&value)) {
    const bool fits = *whole >= std::numeric_limits<int32_t>::min() &&
                      *whole <= std::numeric_limits<int32_t>::max();
    type = fits ? Type::int32 : Type::int64;
  }
  Bound bound = literal(type, std::move(value), at, std::move(text));
  bound.open = type == Type::text;
  return bound;
}

ArgumentType NodeBuilder::type(const Bound& value) const {
  return value.open ? std::nullopt : std::optional(node(value).type);
}

std::shared_ptr<const Prepared> NodeBuilder::prepare(const Function& function, Bound argument,
                                                     Location at) {
  const auto* value = std::get_if<Literal>(&node(argument).what);
  const auto* held = value == nullptr ? nullptr : std::get_if<std::string>(value);
  if (held == nullptr) {
    faults_.add(at, fmt::format("argument {} of {} must be a text literal", *function.constant + 1,
                                signature(function)));
    return nullptr;
  }
  auto made = constants_.prepare(function, *held);
  if (made) return *made;
  faults_.add(at, fmt::format("{}: {}", function.name, made.error().message));
  return nullptr;
}

MaybeBound NodeBuilder::call(const Resolved& resolved, const std::vector<Bound>& arguments,
                             const std::vector<Location>& wheres, Location at, std::string text) {
  const Function& function = *resolved.function;
  Call call{.function = &function, .arguments = {}, .prepared = nullptr};
  bool good = true;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (function.constant == i) {
      call.prepared = prepare(function, arguments[i], wheres[i]);
      good = good && call.prepared != nullptr;
    } else if (const MaybeBound argument = cast(arguments[i], resolved.arguments[i], wheres[i])) {
      call.arguments.push_back(argument->node);
    } else {
      good = false;
    }
  }
  if (!good || !check_constants(call, wheres)) return std::nullopt;
  return add_call(std::move(call), at, std::move(text));
}

bool NodeBuilder::check_constants(const Call& call, const std::vector<Location>& wheres) {
  if (call.function->check == nullptr) return true;
  std::vector<std::optional<std::string_view>> constants;
  for (const NodeId argument : call.arguments) {
    const auto* literal = std::get_if<Literal>(&pool_.nodes()[argument].what);
    const auto* held = literal == nullptr ? nullptr : std::get_if<std::string>(literal);
    constants.push_back(held == nullptr ? std::nullopt : std::optional<std::string_view>(*held));
  }
  const auto fault = call.function->check(constants);
  if (fault)
    faults_.add(wheres[fault->argument],
                fmt::format("{}: {}", call.function->name, fault->message));
  return !fault;
}

MaybeBound NodeBuilder::cast(Bound value, Type to, Location at) {
  const Node& from = node(value);
  if (value.open && is_null_literal(from)) return literal(to, std::monostate(), from.at, from.text);
  if (from.type == to) return Bound{value.node};
  const Cast* cast = find_cast(from.type, to);
  if (cast == nullptr) {
    faults_.add(at,
                fmt::format("there is no cast from {} to {}", sql_name(from.type), sql_name(to)));
    return std::nullopt;
  }
  return add_call({.function = &cast->function, .arguments = {value.node}, .prepared = nullptr}, at,
                  fmt::format("cast({} AS {})", from.text, sql_name(to)));
}

MaybeBound NodeBuilder::fit(Bound value, const TypeModifier& modifier, Fitting fitting,
                            Location at) {
  if (!modifier.is_set()) return value;
  const Type type = node(value).type;
  const Function& function = fitting_function(type, fitting);
  auto prepared = constants_.prepare(function, modifier_text(modifier));
  CHECK(prepared);
  std::string text = fitting == Fitting::assigned ? node(value).text
                                                  : fmt::format("cast({} AS {})", node(value).text,
                                                                sql_name(type, modifier));
  return add_call({.function = &function, .arguments = {value.node}, .prepared = *prepared}, at,
                  std::move(text));
}

MaybeBound NodeBuilder::stored(Bound value, Location at) {
  if (!may_be_infinite(pool_.nodes(), value.node)) return value;
  return add_call({.function = &finite_function(node(value).type),
                   .arguments = {value.node},
                   .prepared = nullptr},
                  at, node(value).text);
}

MaybeBound NodeBuilder::add_call(Call call, Location at, std::string text) {
  const Function& function = *call.function;
  uint32_t tables = 0;
  bool constants_only = !function.is_volatile && function.result != Type::composite;
  std::vector<const Node*> nodes;
  std::shared_ptr<const CompositeType> composite;  // CASE gives one of its arguments.
  for (const NodeId argument : call.arguments) {
    nodes.push_back(&pool_.nodes()[argument]);
    tables |= nodes.back()->tables;
    constants_only = constants_only && std::holds_alternative<Literal>(nodes.back()->what);
    if (function.result == Type::composite && nodes.back()->composite != nullptr)
      composite = nodes.back()->composite;
  }
  if (constants_only) {
    auto value = fold(call, nodes);
    if (value) return literal(function.result, std::move(*value), at, std::move(text));
    faults_.add(at, function.kind == Kind::cast
                        ? value.error().message
                        : fmt::format("{}: {}", function.name, value.error().message));
    return std::nullopt;
  }
  return Bound{pool_.add({.type = function.result,
                          .what = std::move(call),
                          .tables = tables,
                          .at = at,
                          .text = std::move(text),
                          .composite = std::move(composite)})};
}

}  // namespace turntable::sql
