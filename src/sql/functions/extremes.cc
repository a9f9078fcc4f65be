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

template <Type type, bool greatest>
Function extreme(std::string_view name) {
  return {.name = name,
          .arguments = {type},
          .result = type,
          .loop = choose_extreme<CppType<type>, greatest>,
          .variadic = true,
          .nulls = NullRule::sees_null,
          .never_null = never_null_beside_a_value,
          .typing = Typing::one_type};
}

template <Type type>
void add_extremes(std::vector<Function>& all) {
  all.push_back(extreme<type, true>("greatest"));
  all.push_back(extreme<type, false>("least"));
}

}  // namespace

std::vector<Function> extreme_functions() {
  std::vector<Function> all;
  add_extremes<Type::boolean>(all);
  add_extremes<Type::int16>(all);
  add_extremes<Type::int32>(all);
  add_extremes<Type::int64>(all);
  add_extremes<Type::float32>(all);
  add_extremes<Type::float64>(all);
  add_extremes<Type::numeric>(all);
  add_extremes<Type::text>(all);
  add_extremes<Type::bytes>(all);
  add_extremes<Type::date>(all);
  add_extremes<Type::time>(all);
  add_extremes<Type::timestamp>(all);
  add_extremes<Type::timestamptz>(all);
  add_extremes<Type::interval>(all);
  add_extremes<Type::uuid>(all);
  return all;
}

}  // namespace turntable::sql
