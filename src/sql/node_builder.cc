#include "sql/node_builder.h"

#include <fmt/format.h>

#include <bit>
#include <limits>

#include "base/text.h"
#include "sql/constants.h"

namespace turntable::sql {
namespace {

std::string key_of(const Literal& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return "null";
        } else if constexpr (std::is_same_v<T, double>) {
          // By its bits: 0 and -0 differ, and NaN equals itself.
          return fmt::format("d{}", std::bit_cast<uint64_t>(held));
        } else if constexpr (std::is_same_v<T, std::string>) {
          return "s" + held;
        } else {
          return fmt::format("i{}", held);
        }
      },
      value);
}

bool is_null_literal(const Node& node) {
  const auto* literal = std::get_if<Literal>(&node.what);
  return literal != nullptr && std::holds_alternative<std::monostate>(*literal);
}

}  // namespace

Bound NodeBuilder::column(ColumnRef ref, Type type, Location at, std::string text) {
  return add(
      {.type = type, .what = ref, .tables = 1U << ref.table, .at = at, .text = std::move(text)},
      fmt::format("column {} {}", ref.table, ref.column));
}

Bound NodeBuilder::literal(Type type, Literal value, Location at, std::string text) {
  const std::string key = fmt::format("literal {} {}", static_cast<int>(type), key_of(value));
  return add(
      {.type = type, .what = std::move(value), .tables = 0, .at = at, .text = std::move(text)},
      key);
}

Bound NodeBuilder::written_literal(Literal value, Location at, std::string text) {
  Type type = Type::text;
  if (std::holds_alternative<bool>(value)) type = Type::boolean;
  if (std::holds_alternative<double>(value)) type = Type::float64;
  if (const auto* whole = std::get_if<int64_t>(&value)) {
    const bool fits = *whole >= std::numeric_limits<int32_t>::min() &&
                      *whole <= std::numeric_limits<int32_t>::max();
    type = fits ? Type::int32 : Type::int64;
  }
  Bound bound = literal(type, std::move(value), at, std::move(text));
  bound.open = type == Type::text;
  return bound;
}

ArgumentType NodeBuilder::type(Bound value) const {
  return value.open ? std::nullopt : std::optional(node(value).type);
}

MaybeBound NodeBuilder::call(const Function& function, std::vector<Bound> arguments,
                             const std::vector<Location>& wheres, Location at, std::string text) {
  std::shared_ptr<const Prepared> prepared;
  std::string constant;
  std::vector<NodeId> nodes;
  bool good = true;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (function.constant == i) {
      const auto* value = std::get_if<Literal>(&node(arguments[i]).what);
      const auto* held = value == nullptr ? nullptr : std::get_if<std::string>(value);
      if (held == nullptr) {
        faults_.add(wheres[i], fmt::format("argument {} of {} must be a text literal", i + 1,
                                           signature(function)));
        good = false;
        continue;
      }
      constant = *held;
      auto made = function.prepare(constant);
      if (made) {
        prepared = std::move(*made);
      } else {
        faults_.add(wheres[i], fmt::format("{}: {}", function.name, made.error().message));
        good = false;
      }
      continue;
    }
    const MaybeBound argument = cast(arguments[i], function.arguments[i], wheres[i]);
    if (argument) {
      nodes.push_back(argument->node);
    } else {
      good = false;
    }
  }
  if (!good) return std::nullopt;
  return add_call(function, nodes, std::move(prepared), constant, at, std::move(text));
}

MaybeBound NodeBuilder::cast(Bound value, Type to, Location at) {
  const Node& from = node(value);
  if (value.open && is_null_literal(from)) return literal(to, std::monostate(), from.at, from.text);
  if (from.type == to) return Bound{value.node, false};
  const Cast* cast = find_cast(from.type, to);
  if (cast == nullptr) {
    faults_.add(at,
                fmt::format("there is no cast from {} to {}", sql_name(from.type), sql_name(to)));
    return std::nullopt;
  }
  return add_call(cast->function, {value.node}, nullptr, "", at,
                  fmt::format("cast({} AS {})", from.text, sql_name(to)));
}

Bound NodeBuilder::add(Node node, const std::string& key) {
  const auto [found, is_new] = known_.emplace(key, static_cast<NodeId>(plan_.nodes.size()));
  if (is_new) plan_.nodes.push_back(std::move(node));
  return {found->second, false};
}

MaybeBound NodeBuilder::add_call(const Function& function, const std::vector<NodeId>& arguments,
                                 std::shared_ptr<const Prepared> prepared,
                                 const std::string& constant, Location at, std::string text) {
  // Functions live as long as the program: their address names them.
  std::string key = fmt::format("call {}", static_cast<const void*>(&function));
  uint32_t tables = 0;
  bool constants_only = true;
  std::vector<const Node*> nodes;
  for (const NodeId argument : arguments) {
    key += fmt::format(" {}", argument);
    nodes.push_back(&plan_.nodes[argument]);
    tables |= nodes.back()->tables;
    constants_only = constants_only && std::holds_alternative<Literal>(nodes.back()->what);
  }
  Call call{.function = &function, .arguments = arguments, .prepared = std::move(prepared)};
  if (constants_only) {
    auto value = fold(call, nodes);
    if (value) return literal(function.result, std::move(*value), at, std::move(text));
    faults_.add(at, function.kind == Kind::cast
                        ? value.error().message
                        : fmt::format("{}: {}", function.name, value.error().message));
    return std::nullopt;
  }
  return add({.type = function.result,
              .what = std::move(call),
              .tables = tables,
              .at = at,
              .text = std::move(text)},
             key + "|" + constant);
}

}  // namespace turntable::sql
