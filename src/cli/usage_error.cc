#include "cli/usage_error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/help_text.h"

namespace turntable {
namespace {

// " Did you mean …" with what begins with the word, or else with what is nearest to it.
std::string meant(const std::string& word, const std::vector<std::string>& candidates) {
  constexpr size_t kTelling = 3;
  const size_t letters = word.size() - std::min(word.find_first_not_of('-'), word.size());
  const auto begun =
      std::find_if(candidates.begin(), candidates.end(),
                   [&](const std::string& candidate) { return candidate.starts_with(word); });
  if (letters >= kTelling && begun != candidates.end())
    return fmt::format(" Did you mean '{}'?", *begun);
  return did_you_mean(word, candidates);
}

// Commands of which this is the last word, with all of their words: "dead-letters replay".
void find_commands(const CommandDoc& below, const std::string& name,
                   std::vector<std::string>& found) {
  for (const CommandDoc& command : below.commands) {
    if (command.name == name) found.push_back(command.words);
    find_commands(command, name, found);
  }
}

// Commands that take the option.
void find_takers(const CommandDoc& command, const std::string& option,
                 std::vector<std::string>& found) {
  if (command.is_leaf() && command.find_option(option) != nullptr) found.push_back(command.words);
  for (const CommandDoc& sub : command.commands) find_takers(sub, option, found);
}

std::string unknown_command(const CommandDoc& root, const CommandDoc& named,
                            const std::string& word) {
  std::vector<std::string> names;
  for (const CommandDoc& command : named.commands) names.push_back(command.name);
  std::string hint = meant(word, names);
  if (hint.empty()) {
    std::vector<std::string> elsewhere;
    find_commands(root, word, elsewhere);
    if (!elsewhere.empty()) hint = fmt::format(" Did you mean '{}'?", elsewhere.front());
  }
  if (hint.empty()) hint = fmt::format(" There are {}.", fmt::join(names, ", "));
  return fmt::format("there is no command '{}'.{}", printable(word), hint);
}

std::string unknown_option(const CommandDoc& root, const CommandDoc& named,
                           const std::string& word) {
  std::vector<std::string> names;
  for (const OptionSection& section : named.sections)
    for (const OptionDoc& option : section.options)
      if (!option.name.empty()) names.push_back(option.name);
  std::string hint = meant(word, names);
  if (hint.empty()) {
    std::vector<std::string> takers;
    find_takers(root, word, takers);
    if (!takers.empty())
      hint = fmt::format(" '{}' takes it, '{}' does not.", takers.front(), named.words);
  }
  return fmt::format("there is no option '{}'.{}", printable(word), hint);
}

// "There is no option '--untll-end'. Did you mean '--until-end'?", or the same of a command. Empty
// where neither is it.
std::string unknown_word(const CommandDoc& root, const CommandDoc& named, int argc,
                         const char* const* argv) {
  const int depth = 1 + static_cast<int>(std::count(named.words.begin(), named.words.end(), ' '));
  for (int i = depth; i < argc; ++i) {
    const std::string word = argv[i];
    const OptionDoc* before = named.find_option(argv[i - 1]);
    if (i > depth && before != nullptr && !before->form.empty() && !word.starts_with("--"))
      continue;  // Its value.
    if (word == "--") return "";
    if (word.starts_with("--")) {
      const std::string name = word.substr(0, word.find('='));
      if (named.find_option(name) == nullptr) return unknown_option(root, named, name);
    } else if (word.size() > 1 && word[0] == '-' && named.is_leaf()) {
      const std::string name = word.substr(0, 2);
      if (named.find_option(name) == nullptr) return unknown_option(root, named, name);
    } else if (!named.is_leaf() && i == depth && !word.starts_with("-")) {
      return unknown_command(root, named, word);
    }
  }
  return "";
}

bool stands_on_line(const OptionDoc& option, int argc, const char* const* argv) {
  return std::any_of(argv, argv + argc, [&](const std::string_view word) {
    return word == option.name || word.starts_with(option.name + "=") ||
           (!option.short_name.empty() && word.starts_with(option.short_name));
  });
}

// CLI11 names the option; where its value came from the environment, that is what is to be mended.
std::string with_variables(std::string message, const CommandDoc& named, int argc,
                           const char* const* argv) {
  for (const OptionSection& section : named.sections) {
    for (const OptionDoc& option : section.options) {
      if (option.variable.empty() || stands_on_line(option, argc, argv)) continue;
      const char* value = std::getenv(option.variable.c_str());
      if (value == nullptr || *value == '\0') continue;
      if (message.starts_with(option.name + ":"))
        return option.variable + message.substr(option.name.size());
    }
  }
  return message;
}

// "PIPELINE.sql is missing": CLI11 speaks of its own names.
std::string in_our_words(const CLI::ParseError& error, const CommandDoc& named) {
  std::string message = printable(error.what(), 1000);
  if (message == "A subcommand is required") {
    std::vector<std::string> names;
    for (const CommandDoc& command : named.commands) names.push_back(command.name);
    return fmt::format("a command is missing: {}", fmt::join(names, ", "));
  }
  constexpr std::string_view kRequired = " is required";
  if (message.ends_with(kRequired)) {
    const std::string what = message.substr(0, message.size() - kRequired.size());
    for (const OptionDoc& positional : named.positionals)
      if (positional.required && what.find('-') != 0 && what.find(' ') == std::string::npos)
        return fmt::format("{} is missing", positional.form);
    if (const OptionDoc* option = named.find_option(what))
      return fmt::format("{} is missing{}", option_form(*option),
                         option->variable.empty()
                             ? ""
                             : fmt::format(" (or the environment variable {})", option->variable));
  }
  return message;
}

}  // namespace

const CommandDoc& named_command_of(const CLI::App& app, const CommandDoc& root) {
  std::vector<std::string> names;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    names.push_back(at->get_name());
  }
  const CommandDoc* named = root.find(names);
  CHECK(named != nullptr);
  return *named;
}

std::string usage_error_text(const CLI::App& app, const CommandDoc& root,
                             const CLI::ParseError& error, int argc, const char* const* argv) {
  const CommandDoc& named = named_command_of(app, root);
  // CLI11 reports a mistyped word as another one that is missing or as one too many.
  std::string message = unknown_word(root, named, argc, argv);
  // A word too many behind an option may be what should have been its value.
  if (message.empty() && error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) &&
      std::any_of(argv, argv + argc, [](const char* word) { return speaks_of_secrets(word); }))
    message = "there are words too many; a value follows its option after '=', without blanks";
  if (message.empty()) message = with_variables(in_our_words(error, named), named, argc, argv);
  return fmt::format("turntable: {}\nTry '{} --help'.\n", message, named.words);
}

}  // namespace turntable
