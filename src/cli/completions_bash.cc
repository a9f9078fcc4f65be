#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completions.h"

namespace turntable {
namespace {

constexpr const char* kBashHead =
    R"(# Completions of turntable for bash, printed by `turntable completions bash`.

# Files that begin with a word and end in something, and folders on the way to them.
_turntable_files() {
  local name
  compopt -o filenames 2>/dev/null
  while IFS= read -r name; do
    if [[ -d $name || $name == *"$2" ]]; then COMPREPLY+=("$name"); fi
  done < <(compgen -f -- "$1")
}

_turntable_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$2" -- "$1")
}

_turntable() {
  local word command="" option=${COMP_WORDS[COMP_CWORD - 1]} current=${COMP_WORDS[COMP_CWORD]} i
  COMPREPLY=()
  # bash takes --option=value apart at the equals sign.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $option == "=" ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    case "$command $word" in
)";

// What completes a value, as a call; empty where nothing can.
std::string bash_values(const OptionDoc& option) {
  switch (option.kind) {
    case ValueKind::choice:
      return fmt::format("_turntable_words \"$current\" \"{}\"", fmt::join(option.choices, " "));
    case ValueKind::file:
      return fmt::format("_turntable_files \"$current\" \"{}\"", option.ending);
    case ValueKind::folder:
      return "_turntable_files \"$current\" /";
    case ValueKind::text:
    case ValueKind::none:
      return "";
  }
  return "";
}

std::string option_values_in_bash(const CommandDoc& command) {
  std::string text;
  for (const OptionSection& section : command.sections) {
    for (const OptionDoc& option : section.options) {
      if (option.form.empty()) continue;
      const std::string words = words_below_root(command);
      std::string pattern = fmt::format("\"{}:{}\"", words, option.name);
      if (!option.short_name.empty())
        pattern += fmt::format(" | \"{}:{}\"", words, option.short_name);
      const std::string call = bash_values(option);
      text += fmt::format("    {}) {}return ;;\n", pattern, call.empty() ? "" : call + "; ");
    }
  }
  return text;
}

std::string option_names_in_bash(const CommandDoc& command) {
  std::vector<std::string> names;
  for (const OptionSection& section : command.sections) {
    for (const OptionDoc& option : section.options) {
      if (!option.short_name.empty()) names.push_back(option.short_name);
      names.push_back(option.name);
    }
  }
  return fmt::format("{}", fmt::join(names, " "));
}

std::string words_of_bash(const CommandDoc& command) {
  std::vector<std::string> names;
  for (const CommandDoc& sub : command.commands) names.push_back(sub.name);
  if (!names.empty())
    return fmt::format("_turntable_words \"$current\" \"{}\"", fmt::join(names, " "));
  return command.positionals.empty() ? "" : bash_values(command.positionals.front());
}

}  // namespace

std::string bash_completions(const CommandDoc& root) {
  std::string text = kBashHead;
  const std::vector<const CommandDoc*> commands = all_commands(root);
  for (const CommandDoc* command : commands) {
    const std::string words = words_below_root(*command);
    if (words.empty()) continue;
    const std::string_view space = words.find(' ') == std::string::npos ? " " : "";
    text += fmt::format("      \"{}{}\") command=\"{}\" ;;\n", space, words, words);
  }
  text += "    esac\n  done\n  case \"$command:$option\" in\n";
  for (const CommandDoc* command : commands) text += option_values_in_bash(*command);
  text += "  esac\n  case \"$command:$current\" in\n";
  for (const CommandDoc* command : commands)
    text += fmt::format("    \"{}:-\"*) _turntable_words \"$current\" \"{}\" ;;\n",
                        words_below_root(*command), option_names_in_bash(*command));
  for (const CommandDoc* command : commands)
    if (const std::string call = words_of_bash(*command); !call.empty())
      text += fmt::format("    \"{}:\"*) {} ;;\n", words_below_root(*command), call);
  text += "  esac\n}\n\ncomplete -F _turntable turntable\n";
  return text;
}

}  // namespace turntable
