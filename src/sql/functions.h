// The functions that expressions are made of: a registry of small descriptions, by subject under
// functions/. A cast or an operator is such a function too. To add one: write it for one row of
// plain values, and describe it in its subject's file; nothing else knows functions by name.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/arena.h"
#include "row/column.h"
#include "row/reject.h"
#include "sql/program.h"

namespace turntable::sql {

// Why a value failed.
struct Reason {
  RejectCode code = RejectCode::bad_value;
  std::string message;  // Without the function's name.
};

// What a function keeps from call to call, such as a compiled pattern that it has seen last. One
// evaluator's, so one thread's.
class FunctionState {
 public:
  virtual ~FunctionState() = default;
};

// What one call takes.
struct CallInput {
  std::span<const Column* const> arguments;  // Without the one that `prepared` was made of.
  Arena& arena;
  const Prepared* prepared = nullptr;
  FunctionState* state = nullptr;
};

// What one call works on, for a whole batch.
struct Frame : CallInput {
  const Selection& rows;  // Compute for these only.
  Column& result;         // Has room; the loop sets the state of each of `rows`.
};

// Computes the result for all rows of the frame. It never formats why a value failed.
using Loop = void (*)(Frame& frame);

// Why the row's value failed though no argument did. Asked for a record that is really rejected,
// with the arguments as the loop saw them.
using Explain = Reason (*)(const CallInput& input, uint32_t row);

// The argument whose failure became the result's, for a row whose value failed. Without it, the
// first argument that failed.
using Blame = size_t (*)(const CallInput& input, uint32_t row);

// Whether the result can never be NULL, where `not_null` says which of the arguments cannot.
using NeverNull = bool (*)(const std::vector<bool>& not_null);

// Makes a Prepared of the constant argument, never a null pointer; the error is a sentence.
using Prepare = Result<std::shared_ptr<const Prepared>> (*)(std::string_view constant);
using OpenState = std::unique_ptr<FunctionState> (*)();

// By argument, the text of those that are constants.
using ConstantArguments = std::span<const std::optional<std::string_view>>;

struct ConstantFault {
  size_t argument = 0;
  std::string message;  // A sentence.
};

// Looks at the constants of a call when the pipeline is bound: what no record could be computed
// with, such as a pattern that is none, is a fault of the pipeline.
using Check = std::optional<ConstantFault> (*)(ConstantArguments arguments);

enum class Kind { function, operation, cast };

enum class NullRule : uint8_t {
  strict,      // NULL in, NULL out; a value for values. The loop does not see NULL.
  sees_null,   // Takes NULL as an argument, and may give it.
  never_null,  // Takes NULL as an argument, and gives a value or fails.
};

// Stand in a signature for any type, the same one wherever they stand; what was found for a call
// has none of them. The second two take values that can be made one type (common_type() in
// sql/casts.h), the first two only values that are of one. Their loops look at the columns' types.
// https://www.postgresql.org/docs/15/extend-type-system.html#EXTEND-TYPES-POLYMORPHIC
inline constexpr Type kAnyElement{0x7f};
inline constexpr Type kAnyArray = array_of(kAnyElement);
inline constexpr Type kCompatibleElement{0x7e};
inline constexpr Type kCompatibleArray = array_of(kCompatibleElement);

// sql_name(), and "anyarray" and its like.
[[nodiscard]] std::string_view signature_name(Type type);

// How the function is chosen among those of its name.
enum class Typing : uint8_t {
  overload,     // PostgreSQL's rules for functions; for operators, those for operators.
  as_operator,  // As an operator: a literal that is open takes the other argument's type.
  one_type,     // All arguments are made values of one type (common_type() in sql/casts.h).
  any_types,    // Arguments stay what they are; the loop looks at the columns' types.
};

struct Function {
  std::string_view name;
  std::vector<Type> arguments;
  Type result = Type::text;
  Loop loop = nullptr;
  Explain explain = nullptr;  // Where it can fail.
  Check check = nullptr;
  Kind kind = Kind::function;
  // The last argument may stand any number of times more.
  bool variadic = false;
  NullRule nulls = NullRule::strict;
  Blame blame = nullptr;
  NeverNull never_null = nullptr;  // With NullRule::sees_null. Without it, it can always be NULL.
  Typing typing = Typing::overload;
  // The argument that must be a text literal: `prepare` takes it, the loop does not see it.
  std::optional<size_t> constant = {};
  Prepare prepare = nullptr;
  OpenState open_state = nullptr;
  bool is_volatile = false;   // Gives other values for the same arguments, as now() does.
  bool once_a_batch = false;  // Volatile, but the same for all rows of a batch, wherever it stands.
  bool costly = false;        // Worth computing for fewer rows.

  [[nodiscard]] bool can_fail() const { return explain != nullptr; }
};

// All functions and operators, casts excepted (sql/casts.h). They live as long as the program, at
// one address.
[[nodiscard]] const std::vector<Function>& functions();

// An argument's type as the binder knows it: a text literal and NULL have none of their own yet.
using ArgumentType = std::optional<Type>;

struct Resolved {
  const Function* function = nullptr;
  std::vector<Type> arguments;  // One for each argument, a variadic function's too.
};

// The function of that name for those arguments, by PostgreSQL's rules: exact types are preferred
// to implicit casts. The error is a sentence: no such function (with the nearest name), or no such
// signature (with those there are).
[[nodiscard]] Result<Resolved> find_function(std::string_view name, Kind kind,
                                             std::span<const ArgumentType> arguments);

// "to_char(timestamptz, text)", "coalesce(int, …)", "int = int".
[[nodiscard]] std::string signature(const Function& function);

// CASE with values of that type. Arguments: condition, value, condition, value, …, and the value
// where no condition is true. It has no row in functions(): its arguments are no list of one kind.
[[nodiscard]] const Function& case_function(Type result);

// What the operators -> and ->> give for a part of a jsonb that was found already, its one argument
// (sql/program.h, JsonPath).
[[nodiscard]] const Function& json_part_function(bool as_text);

}  // namespace turntable::sql
