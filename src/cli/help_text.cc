#include "cli/help_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace turntable {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kHelpAt = 28;  // The column in which explanations begin.

// "  left           explanation", in as many lines as it takes.
std::string two_columns(const std::string& left, std::string_view explanation) {
  std::string text = "  " + left;
  if (text.size() + 2 > kHelpAt) {
    text += "\n" + std::string(kHelpAt, ' ');
  } else {
    text.append(kHelpAt - text.size(), ' ');
  }
  bool first = true;
  for (const std::string& line : wrapped(explanation, kColumns - kHelpAt)) {
    if (!first) text += "\n" + std::string(kHelpAt, ' ');
    text += line;
    first = false;
  }
  return text + "\n";
}

std::string exit_code_lines(const std::vector<ExitCode>& codes) {
  std::string text;
  for (const ExitCodeMeaning& row : kExitCodes) {
    if (std::find(codes.begin(), codes.end(), row.code) == codes.end()) continue;
    std::string before = fmt::format("  {}  ", static_cast<int>(row.code));
    for (const std::string& line : wrapped(row.meaning, kColumns - before.size())) {
      text += before + line + "\n";
      before.assign(before.size(), ' ');
    }
  }
  return text;
}

void append_markdown(std::string& text, const CommandDoc& command) {
  if (command.is_leaf())
    text += fmt::format("## {}\n\n```\n{}```\n\n", command.words, help_text(command));
  for (const CommandDoc& sub : command.commands) append_markdown(text, sub);
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, size_t columns) {
  std::vector<std::string> lines(1);
  for (const std::string_view word : split(text, ' ')) {
    std::string& line = lines.back();
    if (line.empty()) {
      line = word;
    } else if (display_width(line) + 1 + display_width(word) <= columns) {
      line.append(" ").append(word);
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

std::string option_form(const OptionDoc& option) {
  return option.form.empty() ? option.name : option.name + " " + option.form;
}

std::string option_words(const OptionDoc& option) {
  return option.short_name.empty() ? option_form(option)
                                   : option.short_name + ", " + option_form(option);
}

std::string option_help(const OptionDoc& option) {
  std::string text = option.help;
  if (option.required && option.variable.empty()) text += " (required)";
  if (option.repeats) text += " (may be repeated)";
  if (!option.needs.empty()) text += fmt::format(" (only with {})", option.needs);
  if (!option.preset.empty()) text += fmt::format(" [default: {}]", option.preset);
  if (!option.variable.empty()) text += fmt::format(" [environment: {}]", option.variable);
  return text;
}

std::string help_text(const CommandDoc& command) {
  std::string text;
  for (const std::string& line : wrapped(command.help + ".", kColumns)) text += line + "\n";
  text += fmt::format("\nUsage: {}\n", command.usage());
  if (!command.positionals.empty()) text += "\n";
  for (const OptionDoc& positional : command.positionals)
    text += two_columns(positional.form, positional.help);
  if (!command.commands.empty()) text += "\nCommands:\n";
  for (const CommandDoc& sub : command.commands) text += two_columns(sub.name, sub.help);
  for (const OptionSection& section : command.sections) {
    text += fmt::format("\n{}{}:\n", section.heading,
                        section.one_of_them ? " (exactly one of these)" : "");
    for (const OptionDoc& option : section.options)
      text += two_columns((option.short_name.empty() ? "    " : "") + option_words(option),
                          option_help(option));
  }
  if (command.is_leaf() || command.name == command.words)
    text += "\nExit codes:\n" + exit_code_lines(command.exit_codes);
  if (!command.is_leaf())
    text += fmt::format("\n'{} COMMAND --help' says more about one.\n", command.words);
  return text;
}

std::string markdown_reference(const CommandDoc& root) {
  std::string text =
      "# Commands\n\n"
      "Printed by `turntable man --format markdown`; a test compares this page with it. The manual "
      "pages, which say more, come from\n`turntable man COMMAND`, completions from `turntable "
      "completions SHELL`, both from the same description; `./dev install` installs them.\n\n"
      "An option on the command line counts before its environment variable, and that before its "
      "default. A variable that is empty is not set.\n\n"
      "## Exit codes\n\n"
      "They mean the same for every command.\n\n"
      "| code | what it means | what to do |\n|---:|---|---|\n";
  for (const ExitCodeMeaning& row : kExitCodes)
    text +=
        fmt::format("| {} | {} | {} |\n", static_cast<int>(row.code), row.meaning, row.what_to_do);
  text += "\n";
  append_markdown(text, root);
  text.pop_back();
  return text;
}

}  // namespace turntable
