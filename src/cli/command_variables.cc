#include "cli/command_variables.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace turntable {
namespace {

// The command whose words the line begins with.
CLI::App* named_command(CLI::App& app, int argc, const char* const* argv) {
  CLI::App* at = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("-")) continue;
    const auto next = at->get_subcommands([&](CLI::App* sub) { return sub->get_name() == word; });
    if (next.empty()) break;
    at = next.front();
  }
  return at;
}

bool is_given(const CLI::Option& option, int argc, const char* const* argv) {
  return std::any_of(argv, argv + argc, [&](std::string_view word) {
    if (!word.starts_with("--")) return false;
    const std::string name(word.substr(2, word.find('=') - 2));
    const auto& names = option.get_lnames();
    return std::find(names.begin(), names.end(), name) != names.end();
  });
}

}  // namespace

void take_variables(CLI::App& app, const OptionVariables& variables, int argc,
                    const char* const* argv) {
  CLI::App* command = named_command(app, argc, argv);
  const auto take = [&](CLI::App& from) {
    for (CLI::Option* option : from.get_options())
      if (const auto found = variables.find(option); found != variables.end())
        option->envname(found->second);
  };
  take(*command);
  for (CLI::App* group :
       command->get_subcommands([](CLI::App* sub) { return sub->get_name().empty(); })) {
    const auto options = group->get_options();
    const bool chosen = std::any_of(options.begin(), options.end(), [&](const CLI::Option* option) {
      return is_given(*option, argc, argv);
    });
    if (!chosen) take(*group);
  }
}

}  // namespace turntable
