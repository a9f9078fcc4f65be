#include "sql/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "base/secret.h"
#include "base/text.h"

namespace turntable::sql {
namespace {

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || is_digit(c); });
}

tl::unexpected<Error> too_long() {
  return fail(ErrorKind::usage,
              fmt::format("its value is longer than {} bytes", grouped(kOptionBytesLimit)));
}

// What stands between "${" and "}".
Result<std::string> variable_value(std::string_view inside, bool secret) {
  const size_t colon = inside.find(":-");
  const std::string name(inside.substr(0, colon));
  if (!is_variable_name(name))
    return fail(ErrorKind::usage,
                fmt::format("${{{}}} is no variable; expected ${{NAME}} or ${{NAME:-default}}",
                            secret ? kMasked : printable(inside)));
  const char* value = std::getenv(name.c_str());
  if (value != nullptr && (*value != '\0' || colon == std::string_view::npos))
    return std::string(value);
  if (colon != std::string_view::npos) return std::string(inside.substr(colon + 2));
  return fail(
      ErrorKind::usage,
      fmt::format("the environment variable {0} is not set; set it or write ${{{0}:-default}}",
                  name));
}

// The variables of a value that take their part of it from the environment, and not from a default.
std::vector<std::string> variables_taken(std::string_view value) {
  std::vector<std::string> taken;
  for (size_t open; (open = value.find("${")) != std::string_view::npos;) {
    value.remove_prefix(open + 2);
    const std::string_view inside = value.substr(0, value.find('}'));
    const size_t colon = inside.find(":-");
    const std::string name(inside.substr(0, colon));
    const char* found = std::getenv(name.c_str());
    if (found != nullptr && (*found != '\0' || colon == std::string_view::npos))
      taken.push_back(name);
  }
  return taken;
}

}  // namespace

Result<std::string> fill_variables(std::string_view value, bool secret) {
  std::string filled;
  for (;;) {
    const size_t open = value.find("${");
    filled += value.substr(0, open);
    if (filled.size() > kOptionBytesLimit) return too_long();
    if (open == std::string_view::npos) return filled;
    value.remove_prefix(open + 2);
    const size_t close = value.find('}');
    if (close == std::string_view::npos)
      return fail(ErrorKind::usage,
                  fmt::format("${{{} has no closing brace", secret ? kMasked : printable(value)));
    if (value.substr(0, close).find("${") != std::string_view::npos)
      return fail(ErrorKind::usage, "a variable inside another's default is not supported");
    ASSIGN_OR_RETURN(const std::string found, variable_value(value.substr(0, close), secret));
    filled += found;
    if (filled.size() > kOptionBytesLimit) return too_long();
    value.remove_prefix(close + 1);
  }
}

void finish_options(TableDef& table, Faults& faults) {
  std::set<std::string> seen;
  for (Option& option : table.options) {
    if (!seen.insert(option.name).second) {
      faults.add(option.at, fmt::format("option {} stands twice", option.name));
      continue;
    }
    auto filled = fill_variables(option.value, is_secret(option.name));
    if (filled) {
      option.variables = variables_taken(option.value);
      option.value = std::move(*filled);
    } else {
      faults.add(option.at, fmt::format("option {}: {}", option.name, filled.error().message));
    }
  }
}

void apply_sets(Script& script, const std::vector<SetOption>& sets, Faults& faults) {
  for (const SetOption& set : sets) {
    const auto table =
        std::find_if(script.tables.begin(), script.tables.end(),
                     [&](const TableDef& candidate) { return candidate.name == set.table; });
    if (table == script.tables.end()) {
      // Where a statement could not be read, the table may be the one in it.
      if (!script.complete) continue;
      std::vector<std::string> names;
      for (const TableDef& candidate : script.tables) names.push_back(candidate.name);
      faults.add({}, fmt::format("--set {}.{}: there is no table {}.{}", printable(set.table),
                                 printable(set.option), printable(set.table),
                                 did_you_mean(set.table, names)));
      continue;
    }
    auto option =
        std::find_if(table->options.begin(), table->options.end(),
                     [&](const Option& candidate) { return candidate.name == set.option; });
    if (option == table->options.end())
      option = table->options.insert(table->options.end(), Option{});
    *option = {.name = set.option, .value = set.value, .at = option->at, .from_command_line = true};
  }
}

std::string shown_set_option(std::string_view text) {
  const size_t end = text.find_first_of("=: \t\n'\"");
  return printable(text.substr(0, end)) + (end < text.size() ? "…" : "");
}

Result<SetOption> parse_set_option(std::string_view text) {
  const size_t dot = text.find('.');
  const size_t equals = dot == std::string_view::npos ? dot : text.find('=', dot);
  if (equals == std::string_view::npos || dot == 0 || equals == dot + 1) {
    return fail(ErrorKind::usage,
                fmt::format("--set {}: expected TABLE.OPTION=VALUE", shown_set_option(text)));
  }
  return SetOption{.table = std::string(text.substr(0, dot)),
                   .option = std::string(text.substr(dot + 1, equals - dot - 1)),
                   .value = std::string(text.substr(equals + 1))};
}

}  // namespace turntable::sql
