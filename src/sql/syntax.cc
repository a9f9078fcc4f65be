#include "sql/syntax.h"

#include <fmt/format.h>

#include "base/text.h"

namespace turntable::sql {
namespace {

// Enough to recognise the expression in its file.
constexpr size_t kTextBytesLimit = 60;

struct Printer {
  std::string operator()(const BadSyntax&) const { return "…"; }
  std::string operator()(const NameSyntax& name) const {
    return name.table.empty() ? name.column : name.table + "." + name.column;
  }
  std::string operator()(const StarSyntax& star) const {
    return star.table.empty() ? "*" : star.table + ".*";
  }
  std::string operator()(const LiteralSyntax& literal) const {
    return std::visit(
        [](const auto& value) -> std::string {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::monostate>) {
            return "NULL";
          } else if constexpr (std::is_same_v<T, std::string>) {
            return fmt::format("'{}'", value);
          } else {
            return fmt::format("{}", value);
          }
        },
        literal.value);
  }
  std::string operator()(const CallSyntax& call) const {
    if (call.is_operator && call.arguments.size() == 2)
      return fmt::format("{} {} {}", text_of(*call.arguments[0]), call.name,
                         text_of(*call.arguments[1]));
    std::string arguments;
    for (const ExprPtr& argument : call.arguments)
      arguments += fmt::format("{}{}", arguments.empty() ? "" : ", ", text_of(*argument));
    return call.is_operator ? call.name + " " + arguments
                            : fmt::format("{}({})", call.name, arguments);
  }
  std::string operator()(const CastSyntax& cast) const {
    return fmt::format("cast({} AS {})", text_of(*cast.argument), sql_name(cast.type));
  }
};

}  // namespace

std::string text_of(const Expr& expr) {
  return printable(std::visit(Printer(), expr.what), kTextBytesLimit);
}

}  // namespace turntable::sql
