// Loops of functions on arrays: from a function of one row's arguments, whatever their types, to
// the loop over a batch. Such a function looks at the columns' types, so that one serves arrays of
// all of them.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "sql/array_value.h"
#include "sql/functions/text_support.h"
#include "sql/loops.h"

namespace turntable::sql {

// The arguments of one row.
class RowArguments {
 public:
  RowArguments(const CallInput& input, uint32_t row) : input_(input), row_(row) {}

  [[nodiscard]] size_t size() const { return input_.arguments.size(); }
  [[nodiscard]] const Column& column(size_t i) const { return *input_.arguments[i]; }
  [[nodiscard]] uint32_t row() const { return row_; }
  [[nodiscard]] Arena& arena() const { return input_.arena; }
  [[nodiscard]] Type type(size_t i) const { return column(i).type(); }
  [[nodiscard]] bool is_null(size_t i) const { return column(i).is_null(row_); }
  template <class T>
  [[nodiscard]] T get(size_t i) const {
    return column(i).get<T>(row_);
  }
  [[nodiscard]] Text text(size_t i) const { return get<Text>(i); }
  // The argument, NULL too, as an element of an array.
  [[nodiscard]] std::string cell(size_t i) const {
    std::string out;
    append_cell(out, column(i), row_);
    return out;
  }
  [[nodiscard]] bool any_null() const { return any(State::null); }
  [[nodiscard]] bool any_failed() const { return any(State::failed); }

 private:
  [[nodiscard]] bool any(State state) const {
    return std::any_of(input_.arguments.begin(), input_.arguments.end(),
                       [&](const Column* argument) { return argument->state(row_) == state; });
  }
  const CallInput& input_;
  uint32_t row_;
};

// The elements of an array.
[[nodiscard]] inline std::vector<CellView> cells_of(Text array) {
  std::vector<CellView> cells;
  for (ArrayReader reader(array); !reader.done();) cells.push_back(reader.next());
  return cells;
}

// Nothing: it failed.
template <class T>
using RowResult = std::optional<Nullable<T>>;

// compute() is asked where no argument failed, and takes NULLs.
template <class T, RowResult<T> (*compute)(const RowArguments& row)>
void loop_over_arguments(Frame& frame) {
  T* const out = frame.result.data<T>();
  State* const states = frame.result.states();
  for (const uint32_t row : frame.rows) {
    const RowArguments arguments(frame, row);
    states[row] = State::failed;
    if (arguments.any_failed()) continue;
    const RowResult<T> made = compute(arguments);
    if (!made) continue;
    states[row] = made->null ? State::null : State::value;
    out[row] = made->value;
  }
}

// The same for a function that is strict.
template <class T, std::optional<T> (*compute)(const RowArguments& row)>
RowResult<T> unless_null(const RowArguments& row) {
  if (row.any_null()) return Nullable<T>();
  const std::optional<T> made = compute(row);
  return made ? RowResult<T>(*made) : std::nullopt;
}

// A text or an array, if it is not too long.
inline RowResult<Text> bounded_result(const std::string& made, Arena& arena) {
  if (made.size() > kResultBytesLimit) return std::nullopt;
  return Nullable<Text>(arena.copy(made));
}

inline Reason array_too_long(const CallInput&, uint32_t) {
  return {RejectCode::too_large,
          fmt::format("an array has more than {} bytes", grouped(kResultBytesLimit))};
}

}  // namespace turntable::sql
