// GREATEST and LEAST: https://www.postgresql.org/docs/15/functions-conditional.html. NULLs are
// passed over. All arguments are computed: one that failed fails the result. Of equal values, such
// as 0 and -0, the first one stands.
#include <algorithm>

#include "sql/builtins.h"
#include "sql/functions/order.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

template <class T, bool greatest>
bool is_better(const T& value, const T& than) {
  const auto order = order_of<T>(value, than);
  return greatest ? order > 0 : order < 0;
}

template <class T, bool greatest>
void choose_extreme(Frame& frame) {
  T* const out = frame.result.data<T>();
  State* const states = frame.result.states();
  for (const uint32_t row : frame.rows) states[row] = State::null;
  for (const Column* argument : frame.arguments) {
    const T* const values = argument->data<T>();
    const State* const given = argument->states();
    for (const uint32_t row : frame.rows) {
      if (given[row] == State::null || states[row] == State::failed) continue;
      if (given[row] == State::failed) {
        states[row] = State::failed;
      } else if (states[row] == State::null || is_better<T, greatest>(values[row], out[row])) {
        states[row] = State::value;
        out[row] = values[row];
      }
    }
  }
}

bool never_null_beside_a_value(const std::vector<bool>& not_null) {
  return std::any_of(not_null.begin(), not_null.end(), [](bool never) { return never; });
}

template <bool greatest>
Function extreme(std::string_view name, Type type) {
  return {
      .name = name,
      .arguments = {type},
      .result = type,
      .loop = with_cpp_type(type, []<class T>() -> Loop { return choose_extreme<T, greatest>; }),
      .variadic = true,
      .nulls = NullRule::sees_null,
      .never_null = never_null_beside_a_value,
      .typing = Typing::one_type};
}

}  // namespace

std::vector<Function> extreme_functions() {
  std::vector<Function> all;
  for (const Type type : all_types()) {
    if (type == Type::jsonb) continue;  // In array_comparison.cc.
    all.push_back(extreme<true>("greatest", type));
    all.push_back(extreme<false>("least", type));
  }
  return all;
}

}  // namespace turntable::sql
