// Helpers for the tests of this folder: from a piece of SQL to values, and calls of functions
// without any SQL.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/binder.h"
#include "sql/casts.h"
#include "sql/constants.h"
#include "sql/evaluator.h"
#include "sql/script.h"

namespace turntable::sql {

// A program, or the faults that prevented it.
struct BoundScript {
  Script script;
  std::optional<Program> program;
  Faults faults{.file = "p.sql", .list = {}};
};

// `lookups`: the tables of the text that are lookups, by name.
inline BoundScript bind_text(std::string_view text,
                             const std::map<std::string, BoundLookup>& lookups = {}) {
  BoundScript bound;
  bound.script = parse_script(text, {}, bound.faults);
  if (!bound.script.inserts.empty())
    bound.program = sql::bind(bound.script, {.lookups = lookups}, bound.faults);
  return bound;
}

// The expression as text, the one output of a program over the stream s (x text).
inline BoundScript bind_expression(const std::string& expression) {
  return bind_text(
      "CREATE TABLE s (x text); CREATE TABLE o ();"
      "INSERT INTO o SELECT cast(" +
      expression + " AS text) AS v FROM s;");
}

// What became of one row: its value as text, "NULL", or "reject: <reason>".
using Values = std::vector<std::string>;

// Evaluates an expression over rows of one text column x; nullopt is NULL.
inline Values evaluate_over(const std::string& expression,
                            const std::vector<std::optional<std::string>>& rows) {
  const BoundScript bound = bind_expression(expression);
  if (!bound.program) return {"fault: " + bound.faults.text()};
  Column x(Type::text);
  x.reset(rows.size());
  Selection alive;
  for (uint32_t row = 0; row < rows.size(); ++row) {
    alive.push_back(row);
    if (rows[row]) x.set<std::string_view>(row, *rows[row]);
  }
  const NodeId wanted = bound.program->inserts[0].outputs[0].node;
  Evaluator evaluator(*bound.program, {&wanted, 1});
  const TableInput table{.columns = {&x, 1}, .rows = nullptr};
  Rejects rejects;
  evaluator.begin({&table, 1}, rows.size());
  evaluator.compute_all(alive);
  evaluator.drop_failed({&wanted, 1}, alive, rejects);
  Values values(rows.size(), "lost");
  for (const uint32_t row : alive) {
    const Column& column = evaluator.result(wanted);
    values[row] = column.is_null(row) ? "NULL" : std::string(column.get<std::string_view>(row));
  }
  for (const Reject& reject : rejects) values[reject.row] = "reject: " + reject.reason;
  return values;
}

// The value of an expression without columns, as text; or "fault: <message>" without the place.
inline std::string evaluate_constant(const std::string& expression) {
  const BoundScript bound = bind_expression(expression);
  if (!bound.program)
    return "fault: " + (bound.faults.empty() ? "none" : bound.faults.list[0].message);
  const Node& node = bound.program->nodes[bound.program->inserts[0].outputs[0].node];
  const auto* literal = std::get_if<Literal>(&node.what);
  if (literal == nullptr) return "not constant";
  return std::holds_alternative<std::monostate>(*literal) ? "NULL"
                                                          : std::get<std::string>(*literal);
}

// An argument of a call: a value, NULL, or one that failed.
struct Argument {
  Type type = Type::text;
  State state = State::value;
  Literal value = {};
};

inline Argument boolean(bool value) {
  return {Type::boolean, State::value, value};
}
inline Argument integer(int64_t value) {
  return {Type::int32, State::value, value};
}
inline Argument bigint(int64_t value) {
  return {Type::int64, State::value, value};
}
inline Argument real(double value) {
  return {Type::float32, State::value, value};
}
inline Argument precise(double value) {
  return {Type::float64, State::value, value};
}
inline Argument text(std::string value) {
  return {Type::text, State::value, std::move(value)};
}
inline Argument null(Type type) {
  return {type, State::null, {}};
}
inline Argument failed(Type type) {
  return {type, State::failed, {}};
}

// Three rows, of which the middle one is computed, so that a loop that strays is seen.
inline Column column_of(const Argument& argument) {
  Column column(argument.type);
  column.reset(3);
  fill_constant(column, argument.value);
  for (size_t row = 0; row < column.rows(); ++row) column.states()[row] = argument.state;
  return column;
}

// The call's value as text, "NULL", or "failed". The arguments have the function's own types.
inline std::string call(const Function& function, const std::vector<Argument>& arguments) {
  std::vector<Column> columns;
  for (const Argument& argument : arguments) columns.push_back(column_of(argument));
  std::vector<const Column*> pointers;
  for (const Column& column : columns) pointers.push_back(&column);
  Arena arena;
  const auto state = function.open_state ? function.open_state() : nullptr;
  const Selection rows{1};
  Column result(function.result);
  result.reset(3);
  Frame frame{CallInput{.arguments = pointers, .arena = arena, .state = state.get()}, rows, result};
  function.loop(frame);
  EXPECT_TRUE(result.is_null(0) && result.is_null(2)) << signature(function);
  if (result.state(1) == State::null) return "NULL";
  if (result.state(1) == State::failed) return "failed";
  if (function.result == Type::text) return std::string(result.get<std::string_view>(1));
  const std::vector<const Column*> from{&result};
  Column as_text(Type::text);
  as_text.reset(3);
  const Function& to_text = find_cast(function.result, Type::text)->function;
  const auto cast_state = to_text.open_state ? to_text.open_state() : nullptr;
  Frame cast{CallInput{.arguments = from, .arena = arena, .state = cast_state.get()}, rows,
             as_text};
  to_text.loop(cast);
  return std::string(as_text.get<std::string_view>(1));
}

// The same for the function that is found for the arguments, which are cast to its types. An error
// is given as text.
inline std::string call(std::string_view name, Kind kind, std::vector<Argument> arguments) {
  std::vector<ArgumentType> types;
  for (const Argument& argument : arguments) types.emplace_back(argument.type);
  const auto found = find_function(name, kind, types);
  if (!found) return found.error().message;
  for (size_t i = 0; i < arguments.size(); ++i) {
    Argument& argument = arguments[i];
    const Type to = found->arguments[i];
    if (argument.type != to && argument.state == State::value) {
      const Node node{.type = argument.type, .what = argument.value};
      const Node* const pointer = &node;
      argument.value = *fold({.function = &find_cast(argument.type, to)->function}, {&pointer, 1});
    }
    argument.type = to;
  }
  return call(*found->function, arguments);
}

}  // namespace turntable::sql
