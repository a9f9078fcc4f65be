#include "sql/functions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "sql/builtins.h"
#include "sql/casts.h"

namespace turntable::sql {
namespace {

// How well a signature takes the arguments: nothing where it does not. PostgreSQL's rules, for as
// many types as there are here: most exact matches first; text where a literal is open; then the
// result that is preferred among numbers.
struct Fit {
  size_t exact = 0;
  size_t open_text = 0;
  size_t preferred = 0;
  auto operator<=>(const Fit&) const = default;
};

std::optional<Fit> fit_of(const Function& function, std::span<const ArgumentType> arguments) {
  if (function.arguments.size() != arguments.size()) return std::nullopt;
  Fit fit;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Type wanted = function.arguments[i];
    if (!arguments[i]) {
      fit.open_text += wanted == Type::text ? 1 : 0;
    } else if (*arguments[i] == wanted) {
      ++fit.exact;
    } else if (!can_cast(*arguments[i], wanted, CastContext::implicit)) {
      return std::nullopt;
    } else {
      fit.preferred += wanted == Type::float64 ? 1 : 0;
    }
  }
  return fit;
}

std::string types_text(std::span<const ArgumentType> arguments) {
  std::string out;
  for (const ArgumentType& type : arguments) {
    if (!out.empty()) out += ", ";
    out += type ? sql_name(*type) : "unknown";
  }
  return out;
}

}  // namespace

const std::vector<Function>& functions() {
  static const std::vector<Function> kFunctions = [] {
    std::vector<Function> all = text_functions();
    for (Function& function : time_functions()) all.push_back(std::move(function));
    return all;
  }();
  return kFunctions;
}

std::string signature(const Function& function) {
  std::vector<ArgumentType> types(function.arguments.begin(), function.arguments.end());
  if (function.kind == Kind::operation && types.size() == 2)
    return fmt::format("{} {} {}", sql_name(*types[0]), function.name, sql_name(*types[1]));
  return fmt::format("{}({})", function.name, types_text(types));
}

Result<const Function*> find_function(std::string_view name, Kind kind,
                                      std::span<const ArgumentType> arguments) {
  const Function* best = nullptr;
  std::optional<Fit> best_fit;
  std::vector<std::string> names;
  std::string signatures;
  for (const Function& function : functions()) {
    if (function.kind != kind) continue;
    names.emplace_back(function.name);
    if (function.name != name) continue;
    signatures += fmt::format("{}{}", signatures.empty() ? "" : " or ", signature(function));
    const auto fit = fit_of(function, arguments);
    if (fit && (!best_fit || *fit > *best_fit)) {
      best = &function;
      best_fit = fit;
    }
  }
  if (best != nullptr) return best;
  if (signatures.empty()) {
    if (kind == Kind::operation)
      return fail(ErrorKind::usage, fmt::format("the operator {} is not supported (yet)", name));
    return fail(ErrorKind::usage, fmt::format("there is no function {}.{}", printable(name),
                                              did_you_mean(name, names)));
  }
  if (kind == Kind::operation)
    return fail(ErrorKind::usage, fmt::format("the operator {} does not take ({}); it takes {}",
                                              name, types_text(arguments), signatures));
  return fail(ErrorKind::usage, fmt::format("{}({}) does not exist; there is {}", printable(name),
                                            types_text(arguments), signatures));
}

}  // namespace turntable::sql
