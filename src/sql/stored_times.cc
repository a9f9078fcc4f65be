#include "sql/stored_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <variant>

#include "base/check.h"
#include "row/array.h"
#include "sql/calendar.h"
#include "sql/cast_row.h"

namespace turntable::sql {
namespace {

bool has_infinity(Type type) {
  return type == Type::date || type == Type::timestamp || type == Type::timestamptz;
}

Reason not_stored(Type type) {
  return {
      RejectCode::out_of_range,
      fmt::format("infinity is no {} that a table can hold: write NULL or another time instead, "
                  "where isfinite() is false",
                  sql_name(type))};
}

template <Type type>
struct Finite {
  using T = CppType<type>;
  static std::optional<T> call(T time) {
    return is_infinite_time(time) ? std::nullopt : std::optional(time);
  }
  static Reason why(T) { return not_stored(type); }
};

template <Type type>
struct AllFinite {
  static std::optional<std::string_view> call(std::string_view array) {
    for (ArrayReader reader(array); !reader.done();) {
      const CellView cell = reader.next();
      if (cell.is_null()) continue;
      const bool infinite =
          type == Type::date ? is_infinite_time(cell.date()) : is_infinite_time(cell.int64());
      if (infinite) return std::nullopt;
    }
    return array;
  }
  static Reason why(std::string_view) { return not_stored(type); }
};

template <Type type>
void add_finite(std::vector<Cast>& all) {
  constexpr Type array = array_of(type);
  all.push_back(cast_row<Finite<type>>(type, type, CastContext::implicit));
  all.push_back(cast_row<AllFinite<type>>(array, array, CastContext::implicit));
}

// True where infinity comes from the function, not from its arguments.
bool makes_infinity(const Function& function) {
  if (!has_infinity(element_of(function.result)) || function.arguments.empty()) return false;
  const Type from = element_of(function.arguments[0]);
  return function.kind == Kind::cast ? from == Type::text
                                     : function.name == "to_timestamp" && from == Type::float64;
}

// Of an array no more is asked than whether its elements could be.
bool is_infinite(const Literal& literal, Type type) {
  if (!has_infinity(element_of(type)) || std::holds_alternative<std::monostate>(literal))
    return false;
  const auto* time = std::get_if<int64_t>(&literal);
  if (time == nullptr) return true;
  return type == Type::date ? is_infinite_time(static_cast<int32_t>(*time))
                            : is_infinite_time(*time);
}

class InfinitySearch {
 public:
  explicit InfinitySearch(const std::vector<Node>& nodes) : nodes_(nodes) {}

  bool finds(NodeId id) {
    if (!seen_.insert(id).second) return false;
    const Node& node = nodes_[id];
    if (const auto* literal = std::get_if<Literal>(&node.what))
      return is_infinite(*literal, node.type);
    const auto* call = std::get_if<Call>(&node.what);
    if (call == nullptr) return false;
    return makes_infinity(*call->function) ||
           std::any_of(call->arguments.begin(), call->arguments.end(),
                       [this](NodeId argument) { return finds(argument); });
  }

 private:
  const std::vector<Node>& nodes_;
  std::set<NodeId> seen_;
};

}  // namespace

bool may_be_infinite(const std::vector<Node>& nodes, NodeId node) {
  return has_infinity(element_of(nodes[node].type)) && InfinitySearch(nodes).finds(node);
}

const Function& finite_function(Type type) {
  static const std::vector<Cast> kFunctions = [] {
    std::vector<Cast> all;
    add_finite<Type::date>(all);
    add_finite<Type::timestamp>(all);
    add_finite<Type::timestamptz>(all);
    return all;
  }();
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                  [&](const Cast& each) { return each.function.result == type; });
  CHECK(found != kFunctions.end());
  return found->function;
}

}  // namespace turntable::sql
