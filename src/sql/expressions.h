// Expressions of one SELECT: from syntax to nodes.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/bound_select.h"
#include "sql/composites.h"
#include "sql/syntax.h"

namespace turntable::sql {

// Functions may call functions, but not more than so many within one another,
inline constexpr size_t kFunctionDepthLimit = 16;
// and not more than so many in one file: a function that calls another one twice doubles it.
inline constexpr size_t kFunctionCallsLimit = 10'000;

// The functions that the file declares, and what was made of them so far.
struct FunctionCalls {
  std::span<const std::shared_ptr<const FunctionSyntax>> functions;
  size_t calls = 0;
};

class ExpressionBinder {
 public:
  // Names mean what the SELECT's scope shows at the time.
  ExpressionBinder(BoundSelect& select, Faults& faults, FunctionCalls* functions = nullptr)
      : select_(select),
        build_(select.build),
        composites_(select.build, faults),
        faults_(faults),
        functions_(functions) {}

  MaybeBound bind(const Expr& expr);

  // The conjuncts of a condition, each a boolean; `clause` is what it stands in: "WHERE". False
  // where one of them has a fault.
  bool bind_conjuncts(const Expr& expr, std::string_view clause, std::vector<NodeId>& conjuncts);

  Bound column(const ScopeColumn& column, Location at, std::string text);

  // left = right, as columns that USING names.
  MaybeBound equality(Bound left, Bound right, Location at);

 private:
  struct Arguments {
    std::vector<Bound> values;
    std::vector<Location> places;
  };

  MaybeBound bind_call(const CallSyntax& call, const Expr& expr);
  MaybeBound bind_case(const CaseSyntax& written, const Expr& expr);
  // ROW(…), (a).b, and a IS [NOT] NULL of a row; the outer nothing where it is another operator.
  std::optional<MaybeBound> bind_of_rows(const CallSyntax& call, const Arguments& arguments,
                                         const Expr& expr);
  // Nothing, and a fault, where these rows are no values of one type.
  ArgumentType type_of_rows(std::string_view what, const Arguments& arguments, Location at);
  MaybeBound bind_array(const CallSyntax& call, const Expr& expr, std::optional<Type> element);
  MaybeBound subscript(const CallSyntax& call, const Arguments& arguments, const Expr& expr);
  MaybeBound compare_elements(const CallSyntax& call, const Arguments& arguments, const Expr& expr);
  MaybeBound bind_boolean(const Expr& expr, std::string_view clause);
  MaybeBound as_boolean(Bound value, std::string_view clause, Location at);
  // The type in which two values are compared; nothing, and a fault, where they cannot be.
  ArgumentType comparison_type(std::string_view sign, const Arguments& arguments, Location at);
  // The types of two values that are both points in time, which need no common type to be compared.
  [[nodiscard]] std::optional<std::vector<ArgumentType>> points_in_time(
      const Arguments& arguments) const;
  // An equality with a lookup's column: its sides have one type, so that it can be looked up by.
  [[nodiscard]] bool may_be_key(std::string_view sign, const Arguments& arguments) const;
  MaybeBound compare(std::string_view sign, const Arguments& arguments, Location at,
                     std::string text);
  MaybeBound null_if(const Arguments& arguments, Location at, std::string text);
  MaybeBound resolve(std::string_view name, Kind kind, const Arguments& arguments,
                     const std::vector<ArgumentType>& types, Location at, std::string text);
  // The type of values that stand for one another, such as those of CASE.
  ArgumentType type_of_all(std::string_view what, const Arguments& arguments, Location at);
  // Nothing where one of them has a fault.
  std::optional<Arguments> bind_all(const std::vector<ExprPtr>& exprs);

  // A call of the file's own function: its body with the arguments in the places of the parameters.
  // An argument is computed once, however often its parameter stands in the body.
  MaybeBound bind_body(const FunctionSyntax& function, size_t number, const CallSyntax& call,
                       const Expr& expr);
  MaybeBound parameter(const NameSyntax& name, Location at);

  // The function whose body is being bound.
  struct Inside {
    const FunctionSyntax* function;
    size_t number;  // Among the file's functions. It may call those before it.
    std::vector<Bound> arguments;
    const Inside* outside;
    size_t depth;
  };

  BoundSelect& select_;
  NodeBuilder& build_;
  Composites composites_;
  Faults& faults_;
  FunctionCalls* functions_;
  const Inside* inside_ = nullptr;
};

// What to write instead, where there is a cast: ": write cast(a AS int)".
[[nodiscard]] std::string cast_advice(const std::string& text, Type from, Type to);

}  // namespace turntable::sql
