#include "sql/functions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "sql/builtins.h"
#include "sql/casts.h"
#include "sql/foreign_functions.h"

namespace turntable::sql {
namespace {

// More signatures than these are not all shown.
constexpr size_t kSignaturesShown = 4;

// How well a signature takes the arguments, by PostgreSQL's rules for as many types as there are
// here: most exact matches first; then most conversions to a preferred type; then text where a
// literal is open, and then the type that is preferred in its category.
// https://www.postgresql.org/docs/15/typeconv-func.html
struct Fit {
  size_t exact = 0;
  size_t preferred = 0;
  size_t open_text = 0;
  size_t open_preferred = 0;
  auto operator<=>(const Fit&) const = default;
};

bool takes_as_many(const Function& function, size_t arguments) {
  return arguments == function.arguments.size() ||
         (function.variadic && arguments > function.arguments.size());
}

// The type that the function wants of that argument.
Type wanted_type(const Function& function, size_t argument) {
  return function.arguments[std::min(argument, function.arguments.size() - 1)];
}

// Nothing where the function does not take the arguments.
std::optional<Fit> fit_of(const Function& function, std::span<const ArgumentType> arguments) {
  if (!takes_as_many(function, arguments.size())) return std::nullopt;
  Fit fit;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Type wanted = wanted_type(function, i);
    if (!arguments[i]) {
      fit.open_text += wanted == Type::text ? 1 : 0;
      fit.open_preferred += is_preferred(wanted) ? 1 : 0;
    } else if (*arguments[i] == wanted) {
      ++fit.exact;
    } else if (!can_cast(*arguments[i], wanted, CastContext::implicit)) {
      return std::nullopt;
    } else {
      fit.preferred += is_preferred(wanted) ? 1 : 0;
    }
  }
  return fit;
}

// A literal beside an operator is first taken as a value of the other side's type.
// https://www.postgresql.org/docs/15/typeconv-oper.html, 2a
std::vector<ArgumentType> with_literals_taken(std::span<const ArgumentType> arguments) {
  std::vector<ArgumentType> types(arguments.begin(), arguments.end());
  if (types.size() != 2) return types;
  if (!types[0]) types[0] = types[1];
  if (!types[1]) types[1] = types[0];
  return types;
}

const Function* best_fit(std::span<const Function* const> candidates,
                         std::span<const ArgumentType> arguments) {
  const Function* best = nullptr;
  std::optional<Fit> best_fit;
  for (const Function* candidate : candidates) {
    const auto fit = fit_of(*candidate, arguments);
    if (fit && (!best_fit || *fit > *best_fit)) {
      best = candidate;
      best_fit = fit;
    }
  }
  return best;
}

const Function* exact_fit(std::span<const Function* const> candidates,
                          std::span<const ArgumentType> arguments) {
  const Function* best = best_fit(candidates, arguments);
  return best != nullptr && fit_of(*best, arguments)->exact == arguments.size() ? best : nullptr;
}

// An open literal that several functions, which fit equally well, take as different types: in date
// + '1' it could be days or an interval.
struct Ambiguity {
  size_t argument = 0;
  std::vector<std::string_view> types;
};

std::optional<Ambiguity> ambiguity_of(const Function& best,
                                      std::span<const Function* const> candidates,
                                      std::span<const ArgumentType> arguments) {
  const Fit fit = *fit_of(best, arguments);
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i]) continue;
    Ambiguity found{.argument = i, .types = {}};
    const Type wanted = wanted_type(best, i);
    for (const Function* candidate : candidates) {
      const auto other = fit_of(*candidate, arguments);
      const Type type = wanted_type(*candidate, i);
      // A preferred type is one among those of its category.
      if (!other || std::tie(other->exact, other->preferred, other->open_text) !=
                        std::tie(fit.exact, fit.preferred, fit.open_text))
        continue;
      if (type != wanted && same_category(type, wanted) &&
          other->open_preferred < fit.open_preferred)
        continue;
      if (std::find(found.types.begin(), found.types.end(), sql_name(type)) == found.types.end())
        found.types.push_back(sql_name(type));
    }
    if (found.types.size() > 1) return found;
  }
  return std::nullopt;
}

// --- Functions over any type

bool stands_for_any(Type type) {
  const Type element = element_of(type);
  return element == kAnyElement || element == kCompatibleElement;
}

bool is_polymorphic(const Function& function) {
  return std::any_of(function.arguments.begin(), function.arguments.end(), stands_for_any);
}

// The function with that type in the place of anyelement.
Function with_element(Function function, Type element) {
  const auto put = [element](Type& type) {
    if (stands_for_any(type)) type = is_array(type) ? array_of(element) : element;
  };
  std::for_each(function.arguments.begin(), function.arguments.end(), put);
  put(function.result);
  return function;
}

const Function& instance_of(const Function& function, Type element) {
  using Instances = std::map<const Function*, std::vector<Function>>;
  static const Instances kInstances = [] {
    Instances all;
    for (const Function& each : functions()) {
      if (!is_polymorphic(each)) continue;
      std::vector<Function>& made = all[&each];
      for (const Type type : all_types()) made.push_back(with_element(each, type));
    }
    return all;
  }();
  return kInstances.at(&function).at(static_cast<size_t>(element));
}

// What anyelement is for those arguments; nothing where they do not agree, or none has a type.
std::optional<Type> element_for(const Function& function, std::span<const ArgumentType> arguments) {
  if (!takes_as_many(function, arguments.size())) return std::nullopt;
  std::vector<ArgumentType> elements;
  bool one_type = true;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Type wanted = wanted_type(function, i);
    if (!arguments[i] || !stands_for_any(wanted)) continue;
    if (is_array(*arguments[i]) != is_array(wanted)) return std::nullopt;
    const Type element = element_of(*arguments[i]);
    one_type = one_type && (elements.empty() || elements.front() == element);
    elements.emplace_back(element);
    if (!one_type && element_of(wanted) == kAnyElement) return std::nullopt;
  }
  if (elements.empty()) return std::nullopt;
  if (one_type) return elements.front();
  const auto common = common_type(elements);
  return common ? std::optional(*common) : std::nullopt;
}

// The candidates that could take those arguments, with types in the places of anyelement.
std::vector<const Function*> with_types(std::span<const Function* const> candidates,
                                        std::span<const ArgumentType> arguments) {
  std::vector<const Function*> found;
  for (const Function* candidate : candidates) {
    if (!is_polymorphic(*candidate)) {
      found.push_back(candidate);
    } else if (const auto element = element_for(*candidate, arguments)) {
      found.push_back(&instance_of(*candidate, *element));
    }
  }
  return found;
}

// All candidates have one name, and so one Typing.
const Function* choose_function(std::span<const Function* const> candidates,
                                std::span<const ArgumentType> arguments) {
  const Function& first = *candidates.front();
  if (first.kind == Kind::operation || first.typing == Typing::as_operator) {
    const std::vector<ArgumentType> taken = with_literals_taken(arguments);
    const Function* exact = exact_fit(with_types(candidates, taken), taken);
    if (exact != nullptr) return exact;
  }
  return best_fit(with_types(candidates, arguments), arguments);
}

std::string types_text(std::span<const ArgumentType> arguments) {
  std::string out;
  for (const ArgumentType& type : arguments) {
    if (!out.empty()) out += ", ";
    out += type ? signature_name(*type) : "unknown";
  }
  return out;
}

// "it takes substr(text, int) or substr(text, int, int)"; of many signatures, the types that stand
// in them.
std::string choices_text(std::span<const Function* const> candidates, std::string_view verb) {
  std::string out;
  if (candidates.size() <= kSignaturesShown) {
    for (const Function* function : candidates)
      out += fmt::format("{}{}", out.empty() ? "" : " or ", signature(*function));
    return fmt::format("{} {}", verb, out);
  }
  std::vector<Type> types;
  for (const Function* function : candidates)
    for (const Type type : function->arguments)
      if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
  for (const Type type : types)
    out += fmt::format("{}{}", out.empty() ? "" : ", ", signature_name(type));
  return fmt::format("it takes values of one type among {}", out);
}

// "abs, btrim, …": each name once, in the order of letters.
std::string names_text(const std::vector<std::string>& names) {
  const std::set<std::string_view> sorted(names.begin(), names.end());
  return fmt::format("{}", fmt::join(sorted, ", "));
}

Error no_such_name(std::string_view name, Kind kind) {
  if (kind == Kind::operation) {
    const std::string_view instead = instead_of_operator(name);
    return {ErrorKind::usage,
            fmt::format("the operator {} is not supported{}", name,
                        instead.empty() ? std::string(" (yet)") : fmt::format(": {}", instead))};
  }
  std::vector<std::string> names;
  for (const Function& function : functions())
    if (function.kind == kind) names.emplace_back(function.name);
  const std::string_view instead = instead_of_function(name);
  std::string advice = instead.empty() ? did_you_mean(name, names) : fmt::format(" {}", instead);
  if (instead.empty() && advice.empty())
    advice = fmt::format(" Functions are {}", names_text(names));
  return {ErrorKind::usage, fmt::format("there is no function {}{}{}", printable(name),
                                        instead.empty() ? "." : ":", advice)};
}

Error no_such_signature(std::span<const Function* const> candidates,
                        std::span<const ArgumentType> arguments) {
  const Function& first = *candidates.front();
  const bool of_booleans =
      std::all_of(arguments.begin(), arguments.end(),
                  [](const ArgumentType& type) { return type == Type::boolean; });
  if (first.name == "||" && of_booleans)
    return {ErrorKind::usage, "the operator || joins texts: write OR between conditions"};
  if (first.name == "&&" && of_booleans)
    return {ErrorKind::usage, "the operator && is for arrays: write AND between conditions"};
  if (first.kind == Kind::operation)
    return {ErrorKind::usage,
            fmt::format("the operator {} does not take ({}); {}", first.name, types_text(arguments),
                        choices_text(candidates, "it takes"))};
  return {ErrorKind::usage,
          fmt::format("{}({}) does not exist; {}", printable(first.name), types_text(arguments),
                      choices_text(candidates, "there is"))};
}

Error not_unique(const Function& function, std::span<const ArgumentType> arguments,
                 const Ambiguity& ambiguity) {
  return {ErrorKind::usage,
          fmt::format("{}({}): the literal could be {}: write its type before it, as in {} '…'",
                      printable(function.name), types_text(arguments),
                      fmt::join(ambiguity.types, " or "), ambiguity.types.back())};
}

}  // namespace

const std::vector<Function>& functions() {
  static const std::vector<Function> kFunctions = [] {
    std::vector<Function> all;
    for (const auto& subject : {arithmetic_functions,
                                array_functions,
                                array_search_functions,
                                comparison_functions,
                                array_comparison_functions,
                                conditional_functions,
                                date_functions,
                                date_part_functions,
                                encoding_functions,
                                extreme_functions,
                                interval_char_functions,
                                interval_functions,
                                json_functions,
                                json_making_functions,
                                like_functions,
                                logic_functions,
                                math_functions,
                                number_text_functions,
                                numeric_functions,
                                pattern_array_functions,
                                pattern_functions,
                                text_any_functions,
                                text_functions,
                                text_making_functions,
                                time_functions,
                                time_part_functions,
                                trigonometric_functions,
                                uuid_functions,
                                zone_functions})
      for (Function& function : subject()) all.push_back(std::move(function));
    return all;
  }();
  return kFunctions;
}

std::string_view signature_name(Type type) {
  if (type == kAnyElement) return "anyelement";
  if (type == kAnyArray) return "anyarray";
  if (type == kCompatibleElement) return "anycompatible";
  return type == kCompatibleArray ? "anycompatiblearray" : sql_name(type);
}

std::string signature(const Function& function) {
  const std::vector<ArgumentType> types(function.arguments.begin(), function.arguments.end());
  if (function.kind == Kind::operation && types.size() == 2)
    return fmt::format("{} {} {}", signature_name(*types[0]), function.name,
                       signature_name(*types[1]));
  if (function.kind == Kind::operation)
    return function.name.substr(0, 3) == "is "
               ? fmt::format("{} {}", signature_name(*types[0]), function.name)
               : fmt::format("{} {}", function.name, signature_name(*types[0]));
  return fmt::format("{}({}{})", function.name, types_text(types), function.variadic ? ", …" : "");
}

Result<Resolved> find_function(std::string_view name, Kind kind,
                               std::span<const ArgumentType> arguments) {
  std::vector<const Function*> candidates;
  for (const Function& function : functions())
    if (function.kind == kind && function.name == name) candidates.push_back(&function);
  if (candidates.empty()) return tl::unexpected<Error>(no_such_name(name, kind));

  std::vector<ArgumentType> types(arguments.begin(), arguments.end());
  if (candidates.front()->typing == Typing::one_type) {
    auto type = common_type(arguments);
    if (!type) return tl::unexpected<Error>(std::move(type.error()).with(std::string(name)));
    types.assign(arguments.size(), *type);
  }
  const bool any_types = candidates.front()->typing == Typing::any_types;
  // Only their number counts.
  if (any_types) types.assign(arguments.size(), Type::text);
  const Function* function = choose_function(candidates, types);
  if (function == nullptr) return tl::unexpected<Error>(no_such_signature(candidates, arguments));
  const bool is_by_literal =
      kind == Kind::operation && exact_fit(candidates, with_literals_taken(types)) == function;
  if (const auto ambiguity =
          is_by_literal || any_types ? std::nullopt : ambiguity_of(*function, candidates, types))
    return tl::unexpected<Error>(not_unique(*function, arguments, *ambiguity));
  Resolved resolved{.function = function, .arguments = {}};
  for (size_t i = 0; i < arguments.size(); ++i)
    resolved.arguments.push_back(any_types && arguments[i] ? *arguments[i]
                                                           : wanted_type(*function, i));
  return resolved;
}

}  // namespace turntable::sql
