#include "sql/constants.h"

#include <variant>

#include "base/check.h"

namespace turntable::sql {
namespace {

// How a value of a column is held in a Literal.
template <class T>
Literal literal_of(const T& value, Type type) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return std::string(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return double{value};
  } else if constexpr (std::is_integral_v<T>) {
    return type == Type::boolean ? Literal(value != 0) : Literal(int64_t{value});
  } else {
    return value;
  }
}

template <class T>
T value_of(const Literal& literal, Type type) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return std::get<std::string>(literal);
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(std::get<double>(literal));
  } else if constexpr (std::is_integral_v<T>) {
    return type == Type::boolean ? static_cast<T>(std::get<bool>(literal))
                                 : static_cast<T>(std::get<int64_t>(literal));
  } else {
    return std::get<T>(literal);
  }
}

Literal literal_of(const Column& column, size_t row) {
  if (column.is_null(row)) return std::monostate();
  return with_cpp_type(column.type(),
                       [&]<class T>() { return literal_of<T>(column.get<T>(row), column.type()); });
}

}  // namespace

void fill_constant(Column& column, const Literal& value) {
  if (std::holds_alternative<std::monostate>(value)) {
    for (size_t row = 0; row < column.rows(); ++row) column.set_null(row);
    return;
  }
  with_cpp_type(column.type(), [&]<class T>() {
    const T held = value_of<T>(value, column.type());
    for (size_t row = 0; row < column.rows(); ++row) column.set(row, held);
  });
}

Result<Literal> fold(const Call& call, std::span<const Node* const> arguments) {
  std::vector<Column> columns;
  for (const Node* argument : arguments) {
    Column& column = columns.emplace_back(argument->type);
    column.reset(1);
    fill_constant(column, std::get<Literal>(argument->what));
  }
  std::vector<const Column*> pointers;
  for (const Column& column : columns) pointers.push_back(&column);
  const Function& function = *call.function;
  Column result(function.result);
  result.reset(1);
  Arena arena;
  const auto state = function.open_state ? function.open_state() : nullptr;
  const CallInput input{
      .arguments = pointers, .arena = arena, .prepared = call.prepared.get(), .state = state.get()};
  const Selection rows{0};
  Frame frame{input, rows, result};
  function.loop(frame);
  if (result.state(0) != State::failed) return literal_of(result, 0);
  CHECK(function.can_fail());
  return fail(ErrorKind::usage, function.explain(input, 0).message);
}

}  // namespace turntable::sql
