#include "sql/constants.h"

#include <variant>

#include "base/check.h"

namespace turntable::sql {
namespace {

template <class T, class V>
void fill(Column& column, V value) {
  T* const values = column.data<T>();
  for (size_t row = 0; row < column.rows(); ++row) {
    values[row] = static_cast<T>(value);
    column.states()[row] = State::value;
  }
}

Literal literal_of(const Column& column, size_t row) {
  if (column.is_null(row)) return std::monostate();
  switch (column.type()) {
    case Type::boolean:
      return column.get<uint8_t>(row) != 0;
    case Type::int32:
      return int64_t{column.get<int32_t>(row)};
    case Type::int64:
    case Type::timestamp:
      return column.get<int64_t>(row);
    case Type::float32:
      return double{column.get<float>(row)};
    case Type::float64:
      return column.get<double>(row);
    case Type::text:
    case Type::bytes:
    case Type::jsonb:
      return std::string(column.get<std::string_view>(row));
  }
  return std::monostate();
}

}  // namespace

void fill_constant(Column& column, const Literal& value) {
  if (std::holds_alternative<std::monostate>(value)) {
    for (size_t row = 0; row < column.rows(); ++row) column.set_null(row);
    return;
  }
  switch (column.type()) {
    case Type::boolean:
      return fill<uint8_t>(column, std::get<bool>(value));
    case Type::int32:
      return fill<int32_t>(column, std::get<int64_t>(value));
    case Type::int64:
    case Type::timestamp:
      return fill<int64_t>(column, std::get<int64_t>(value));
    case Type::float32:
      return fill<float>(column, std::get<double>(value));
    case Type::float64:
      return fill<double>(column, std::get<double>(value));
    case Type::text:
    case Type::bytes:
    case Type::jsonb:
      return fill<std::string_view>(column, std::string_view(std::get<std::string>(value)));
  }
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
  const CallInput input{.arguments = pointers,
                        .arena = arena,
                        .prepared = call.prepared.get(),
                        .state = state.get()};
  const Selection rows{0};
  Frame frame{input, rows, result};
  function.loop(frame);
  if (result.state(0) != State::failed) return literal_of(result, 0);
  CHECK(function.can_fail());
  return fail(ErrorKind::usage, function.explain(input, 0).message);
}

}  // namespace turntable::sql
