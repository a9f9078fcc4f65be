#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/completions.h"

namespace turntable {
namespace {

// Within single quotes, and where _arguments reads brackets and colons.
std::string zsh_quoted(std::string_view text, std::string_view escaped) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (escaped.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_function(const CommandDoc& command) {
  std::string name = "_" + command.words;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

// ":message:action" behind an option or the number of a positional.
std::string zsh_value(const OptionDoc& option) {
  const std::string form = zsh_quoted(option.form, ":[]\\");
  switch (option.kind) {
    case ValueKind::choice:
      return fmt::format(":value:({})", fmt::join(option.choices, " "));
    case ValueKind::file:
      if (option.ending.empty()) return fmt::format(":{}:_files", form);
      return fmt::format(":{}:_files -g \"*{}(-.)\"", form, option.ending);
    case ValueKind::folder:
      return fmt::format(":{}:_files -/", form);
    case ValueKind::text:
      return fmt::format(":{}: ", form);
    case ValueKind::none:
      return "";
  }
  return "";
}

std::string arguments_in_zsh(const CommandDoc& command) {
  std::string text = "  _arguments -s -S";
  for (const OptionSection& section : command.sections) {
    for (const OptionDoc& option : section.options) {
      const std::string help = zsh_quoted(option.help, ":[]\\");
      const std::string equals = option.form.empty() ? "" : "=";
      const std::string value = zsh_value(option);
      const std::string apart = option.repeats ? "*"
                                : option.short_name.empty()
                                    ? ""
                                    : fmt::format("({} {})", option.short_name, option.name);
      if (!option.short_name.empty())
        text += fmt::format(" \\\n    '{}{}[{}]{}'", apart, option.short_name, help, value);
      text += fmt::format(" \\\n    '{}{}{}[{}]{}'", apart, option.name, equals, help, value);
    }
  }
  int number = 0;
  for (const OptionDoc& positional : command.positionals)
    text += fmt::format(" \\\n    '{}{}'", positional.repeats ? "*" : fmt::format("{}", ++number),
                        zsh_value(positional));
  return text + "\n";
}

std::string commands_in_zsh(const CommandDoc& command) {
  std::string text =
      "  if (( CURRENT == 2 )) && [[ ${words[2]} != -* ]]; then\n"
      "    local -a commands=(\n";
  for (const CommandDoc& sub : command.commands)
    text += fmt::format("      '{}:{}'\n", sub.name, zsh_quoted(sub.help, "\\"));
  text +=
      "    )\n    _describe -t commands command commands\n    return\n  fi\n"
      "  case ${words[2]} in\n";
  for (const CommandDoc& sub : command.commands)
    text +=
        fmt::format("    {}) shift words; (( CURRENT-- )); {} ;;\n", sub.name, zsh_function(sub));
  std::string own = arguments_in_zsh(command);
  return text + "    *)\n    " + own.substr(2) + "    ;;\n  esac\n";
}

}  // namespace

std::string zsh_completions(const CommandDoc& root) {
  std::string text =
      "#compdef turntable\n"
      "# Completions of turntable for zsh, printed by `turntable completions zsh`.\n";
  for (const CommandDoc* command : all_commands(root))
    text +=
        fmt::format("\n{}() {{\n{}}}\n", zsh_function(*command),
                    command->is_leaf() ? arguments_in_zsh(*command) : commands_in_zsh(*command));
  text +=
      "\n# Read from fpath this file is the function itself; sourced it only defines it.\n"
      "if [[ ${funcstack[1]} == _turntable ]]; then\n  _turntable \"$@\"\nelse\n"
      "  compdef _turntable turntable\nfi\n";
  return text;
}

}  // namespace turntable
