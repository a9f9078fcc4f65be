#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completions.h"

namespace turntable {
namespace {

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_values(const OptionDoc& option) {
  switch (option.kind) {
    case ValueKind::choice:
      return fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
    case ValueKind::file:
      if (option.ending.empty()) return " -r -F";
      return fmt::format(" -x -k -a '(__fish_complete_suffix {})'", option.ending);
    case ValueKind::folder:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::text:
      return " -x";
    case ValueKind::none:
      return "";
  }
  return "";
}

std::string lines_in_fish(const CommandDoc& command) {
  const std::string head =
      fmt::format("complete -c turntable -n '__turntable_is \"{}\"'", words_below_root(command));
  std::string text;
  for (const CommandDoc& sub : command.commands)
    text += fmt::format("{} -a {} -d {}\n", head, sub.name, fish_quoted(sub.help));
  for (const OptionSection& section : command.sections) {
    for (const OptionDoc& option : section.options) {
      const std::string short_name =
          option.short_name.empty() ? "" : " -s " + option.short_name.substr(1);
      text += fmt::format("{}{} -l {}{} -d {}\n", head, short_name, option.name.substr(2),
                          fish_values(option), fish_quoted(option.help));
    }
  }
  for (const OptionDoc& positional : command.positionals) {
    // -x and -r speak of an option's value; a positional has -a alone.
    std::string values = fish_values(positional);
    if (values.starts_with(" -x")) values.erase(0, 3);
    text += fmt::format("{}{} -d {}\n", head, values, fish_quoted(positional.help));
  }
  return text;
}

}  // namespace

std::string fish_completions(const CommandDoc& root) {
  std::string text =
      "# Completions of turntable for fish, printed by `turntable completions fish`.\n\n"
      "# Whether the words before the cursor name this command.\n"
      "function __turntable_is\n"
      "    set -l command ''\n"
      "    for word in (commandline -opc)[2..]\n"
      "        switch \"$command $word\"\n            case";
  const std::vector<const CommandDoc*> commands = all_commands(root);
  for (const CommandDoc* command : commands) {
    const std::string words = words_below_root(*command);
    if (words.empty()) continue;
    text += fmt::format(" '{}{}'", words.find(' ') == std::string::npos ? " " : "", words);
  }
  text +=
      "\n                set command (string trim \"$command $word\")\n        end\n    end\n"
      "    test \"$command\" = \"$argv\"\nend\n\ncomplete -c turntable -f\n";
  for (const CommandDoc* command : commands) text += lines_in_fish(*command);
  return text;
}

std::vector<const CommandDoc*> all_commands(const CommandDoc& root) {
  std::vector<const CommandDoc*> all{&root};
  for (const CommandDoc& command : root.commands)
    for (const CommandDoc* one : all_commands(command)) all.push_back(one);
  return all;
}

std::string words_below_root(const CommandDoc& command) {
  const size_t blank = command.words.find(' ');
  return blank == std::string::npos ? "" : command.words.substr(blank + 1);
}

}  // namespace turntable
