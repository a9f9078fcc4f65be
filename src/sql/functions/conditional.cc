// CASE and COALESCE: https://www.postgresql.org/docs/15/functions-conditional.html. All their
// arguments are computed for all rows, and what is not chosen counts for nothing, whether it is a
// value, NULL, or failed.
#include <algorithm>

#include "base/check.h"
#include "sql/builtins.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

// The rows for which nothing is chosen yet; kept for its memory.
struct Undecided final : FunctionState {
  Selection rows;
};

std::unique_ptr<FunctionState> open_undecided() {
  return std::make_unique<Undecided>();
}

template <class T>
void copy_row(const Column& from, uint32_t row, Column& to) {
  const State state = from.states()[row];
  to.states()[row] = state;
  if (state == State::value) to.data<T>()[row] = from.data<T>()[row];
}

// The first argument that is not NULL. A failed one is not NULL, and those behind it are not
// reached.
template <class T>
void coalesce(Frame& frame) {
  Selection& undecided = static_cast<Undecided*>(frame.state)->rows;
  undecided.assign(frame.rows.begin(), frame.rows.end());
  for (const uint32_t row : undecided) frame.result.states()[row] = State::null;
  for (const Column* argument : frame.arguments) {
    std::erase_if(undecided, [&](uint32_t row) {
      copy_row<T>(*argument, row, frame.result);
      return argument->states()[row] != State::null;
    });
    if (undecided.empty()) break;
  }
}

bool any_never_null(const std::vector<bool>& not_null) {
  return std::any_of(not_null.begin(), not_null.end(), [](bool never) { return never; });
}

// True where the condition is true.
bool is_chosen(const Column& condition, uint32_t row) {
  return condition.states()[row] == State::value && condition.data<uint8_t>()[row] != 0;
}

// A condition that failed decides too: the conditions behind it are not reached.
template <class T>
void choose(Frame& frame) {
  const auto& arguments = frame.arguments;
  CHECK(arguments.size() % 2 == 1);
  Selection& undecided = static_cast<Undecided*>(frame.state)->rows;
  undecided.assign(frame.rows.begin(), frame.rows.end());
  for (size_t i = 0; i + 1 < arguments.size() && !undecided.empty(); i += 2) {
    const Column& condition = *arguments[i];
    const Column& value = *arguments[i + 1];
    std::erase_if(undecided, [&](uint32_t row) {
      if (condition.states()[row] == State::failed) {
        frame.result.states()[row] = State::failed;
        return true;
      }
      if (!is_chosen(condition, row)) return false;
      copy_row<T>(value, row, frame.result);
      return true;
    });
  }
  for (const uint32_t row : undecided) copy_row<T>(*arguments.back(), row, frame.result);
}

// The condition that failed, or the value that was chosen.
size_t blamed_by_case(const CallInput& input, uint32_t row) {
  const auto& arguments = input.arguments;
  for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
    if (arguments[i]->states()[row] == State::failed) return i;
    if (is_chosen(*arguments[i], row)) return i + 1;
  }
  return arguments.size() - 1;
}

// The values are every second argument, and the last.
bool values_never_null(const std::vector<bool>& not_null) {
  for (size_t i = 1; i < not_null.size(); i += 2)
    if (!not_null[i]) return false;
  return not_null.back();
}

Function coalesce_of(Type type) {
  return {.name = "coalesce",
          .arguments = {type},
          .result = type,
          .loop = with_cpp_type(type, []<class T>() -> Loop { return coalesce<T>; }),
          .variadic = true,
          .nulls = NullRule::sees_null,
          .never_null = any_never_null,
          .typing = Typing::one_type,
          .open_state = open_undecided};
}

Function case_of(Type type) {
  return {.name = "case",
          .arguments = {Type::boolean, type, type},
          .result = type,
          .loop = with_cpp_type(type, []<class T>() -> Loop { return choose<T>; }),
          .nulls = NullRule::sees_null,
          .blame = blamed_by_case,
          .never_null = values_never_null,
          .open_state = open_undecided};
}

}  // namespace

std::vector<Function> conditional_functions() {
  std::vector<Function> all;
  for (const Type type : all_types()) all.push_back(coalesce_of(type));
  for (const Type type : all_types()) all.push_back(coalesce_of(array_of(type)));
  return all;
}

const Function& case_function(Type result) {
  static const std::vector<Function> kCases = [] {
    std::vector<Function> all;
    for (const Type type : all_types()) {
      all.push_back(case_of(type));
      all.push_back(case_of(array_of(type)));
    }
    all.push_back(case_of(Type::composite));
    return all;
  }();
  const auto found = std::find_if(kCases.begin(), kCases.end(), [&](const Function& function) {
    return function.result == result;
  });
  CHECK(found != kCases.end());
  return *found;
}

}  // namespace turntable::sql
