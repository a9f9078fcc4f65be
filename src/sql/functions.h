// The functions that expressions are made of: a table of rows, one for each signature. A cast or an
// operator is such a row too. A new function is a new row and its loop; nothing else knows
// functions by name.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "row/arena.h"
#include "row/column.h"
#include "row/reject.h"
#include "sql/plan.h"

namespace turntable::sql {

// The states of a value inside the evaluator, as a Column's validity. A failed value does not
// reject its record at once: it spreads through strict functions, and counts only where it reaches
// a wanted node. (What CASE or coalesce does not choose must not reject.)
inline constexpr uint8_t kNullValue = 0;
inline constexpr uint8_t kValue = 1;
inline constexpr uint8_t kFailedValue = 2;

struct Failure {
  NodeId node = kNoNode;
  uint32_t row = 0;
  RejectCode code = RejectCode::bad_value;
  std::string message;  // Without the function's name.
};

// What one call works on, for a whole batch.
struct Frame {
  std::span<const Column* const> arguments;
  const Selection& rows;  // Compute for these only.
  Column& result;         // Has room; the loop writes the state of each of `rows`.
  Arena& arena;
  const Prepared* prepared;
  NodeId node;
  std::vector<Failure>& failures;

  void fail(uint32_t row, RejectCode code, std::string message) {
    result.valid()[row] = kFailedValue;
    failures.push_back({node, row, code, std::move(message)});
  }
};

using Loop = void (*)(Frame& frame);

// Makes a Prepared of the constant argument; the error is a sentence.
using Prepare = Result<std::shared_ptr<const Prepared>> (*)(std::string_view constant);

enum class Kind { function, operation, cast };

struct Function {
  std::string_view name;
  std::vector<Type> arguments;
  Type result = Type::text;
  Loop loop = nullptr;
  Kind kind = Kind::function;
  // The argument that must be a text literal: `prepare` takes it, the loop does not see it.
  std::optional<size_t> constant{};
  Prepare prepare = nullptr;
};

// All functions and operators, casts excepted (sql/casts.h).
[[nodiscard]] const std::vector<Function>& functions();

// An argument's type as the binder knows it: a text literal and NULL have none of their own yet.
using ArgumentType = std::optional<Type>;

// The function of that name for those arguments: exact types are preferred to implicit casts, as in
// PostgreSQL. The error is a sentence: no such function (with the nearest name), or no such
// signature (with those there are).
[[nodiscard]] Result<const Function*> find_function(std::string_view name, Kind kind,
                                                    std::span<const ArgumentType> arguments);

// "to_char(timestamptz, text)".
[[nodiscard]] std::string signature(const Function& function);

}  // namespace turntable::sql
