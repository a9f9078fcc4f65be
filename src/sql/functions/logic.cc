// Logic with three values: https://www.postgresql.org/docs/15/functions-logical.html. A failed
// argument is like a fourth: it counts only where the other arguments do not decide.
#include <algorithm>

#include "sql/builtins.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

// AND and OR give the argument of the highest rank. For AND (deciding = false) that is false >
// failed > NULL > true, for OR (deciding = true) true > failed > NULL > false.
enum class Rank : uint8_t { neutral, null, failed, deciding };

template <bool deciding>
Rank rank_of(State state, uint8_t value) {
  if (state == State::null) return Rank::null;
  if (state == State::failed) return Rank::failed;
  return (value != 0) == deciding ? Rank::deciding : Rank::neutral;
}

State state_of(Rank rank) {
  if (rank == Rank::null) return State::null;
  return rank == Rank::failed ? State::failed : State::value;
}

template <bool deciding>
void connect_booleans(Frame& frame) {
  uint8_t* const out = frame.result.data<uint8_t>();
  State* const out_states = frame.result.states();
  // Until all arguments were seen, ranks stand in for the values.
  for (const uint32_t row : frame.rows) out[row] = static_cast<uint8_t>(Rank::neutral);
  for (const Column* argument : frame.arguments) {
    const auto* const values = argument->data<uint8_t>();
    const State* const states = argument->states();
    for (const uint32_t row : frame.rows) {
      const auto rank = static_cast<uint8_t>(rank_of<deciding>(states[row], values[row]));
      out[row] = std::max(out[row], rank);
    }
  }
  for (const uint32_t row : frame.rows) {
    const auto rank = static_cast<Rank>(out[row]);
    out_states[row] = state_of(rank);
    out[row] = (rank == Rank::deciding) == deciding ? 1 : 0;
  }
}

bool never_null_unless_an_argument_is(const std::vector<bool>& not_null) {
  return std::all_of(not_null.begin(), not_null.end(), [](bool never) { return never; });
}

template <bool deciding>
Function connective(std::string_view name) {
  return {.name = name,
          .arguments = {Type::boolean, Type::boolean},
          .result = Type::boolean,
          .loop = connect_booleans<deciding>,
          .kind = Kind::operation,
          .variadic = true,
          .nulls = NullRule::sees_null,
          .never_null = never_null_unless_an_argument_is};
}

struct Not {
  static uint8_t call(uint8_t value) { return value != 0 ? 0 : 1; }
};

// IS TRUE, IS FALSE: the value is this one, and not NULL. Negated: IS NOT TRUE, IS NOT FALSE.
template <bool wanted, bool negated>
struct IsBoolean {
  static uint8_t call(Nullable<uint8_t> given) {
    const bool is = !given.null && (given.value != 0) == wanted;
    return is != negated ? 1 : 0;
  }
};

template <class T, bool wanted>
struct IsNull {
  static uint8_t call(Nullable<T> given) { return given.null == wanted ? 1 : 0; }
};

Function boolean_test(std::string_view name, Type type) {
  return {.name = name, .arguments = {type}, .result = Type::boolean, .kind = Kind::operation};
}

void add_null_tests(std::vector<Function>& all, Type type) {
  with_cpp_type(type, [&]<class T>() {
    all.push_back(function_of<IsNull<T, true>>(boolean_test("is null", type)));
    all.push_back(function_of<IsNull<T, false>>(boolean_test("is not null", type)));
  });
}

}  // namespace

std::vector<Function> logic_functions() {
  constexpr Type boolean = Type::boolean;
  std::vector<Function> all = {connective<false>("and"), connective<true>("or"),
                               function_of<Not>(boolean_test("not", boolean))};
  all.push_back(function_of<IsBoolean<true, false>>(boolean_test("is true", boolean)));
  all.push_back(function_of<IsBoolean<true, true>>(boolean_test("is not true", boolean)));
  all.push_back(function_of<IsBoolean<false, false>>(boolean_test("is false", boolean)));
  all.push_back(function_of<IsBoolean<false, true>>(boolean_test("is not false", boolean)));
  all.push_back(function_of<IsNull<uint8_t, true>>(boolean_test("is unknown", boolean)));
  all.push_back(function_of<IsNull<uint8_t, false>>(boolean_test("is not unknown", boolean)));
  for (const Type type : all_types()) add_null_tests(all, type);
  add_null_tests(all, kAnyArray);
  return all;
}

}  // namespace turntable::sql
