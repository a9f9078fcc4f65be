// The commands that print what the command line takes.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/completions.h"
#include "cli/help_text.h"
#include "cli/man_page.h"
#include "cli/value_checks.h"

namespace turntable {
namespace {

Result<ExitCode> print_manual(const CommandDoc& root, const std::string& name, bool markdown,
                              Output& out) {
  if (markdown && name.empty()) return said(out, markdown_reference(root));
  if (markdown) return fail(ErrorKind::usage, "--format markdown prints all commands: name none");
  if (name.empty() || name == root.name) return said(out, man_page(root, root));
  const CommandDoc* command = root.find({name});
  if (command != nullptr) return said(out, man_page(*command, root));
  std::vector<std::string> names;
  for (const CommandDoc& one : root.commands) names.push_back(one.name);
  return fail(ErrorKind::usage, fmt::format("there is no command '{}'.{}", printable(name),
                                            did_you_mean(name, names)));
}

}  // namespace

void add_completions(CommandLine& line) {
  CLI::App* command =
      line.app.add_subcommand("completions", "Print completions of the command line for a shell");
  auto shell = std::make_shared<std::string>();
  take_one_of(command->add_option("shell", *shell, "The shell"), {"bash", "zsh", "fish"})
      ->required();
  command->callback([shell, &line] {
    line.chosen = [shell, &line](StopToken&, Output& out) {
      const CommandDoc root = describe(line.app, line.variables);
      return said(out, *shell == "bash"  ? bash_completions(root)
                       : *shell == "zsh" ? zsh_completions(root)
                                         : fish_completions(root));
    };
  });
}

void add_man(CommandLine& line) {
  CLI::App* command = line.app.add_subcommand("man", "Print a manual page");
  auto name = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("roff");
  command->add_option("command", *name, "The command that it is about, instead of all")
      ->type_name("COMMAND");
  take_one_of(command->add_option("--format", *format, "How it is written"), {"roff", "markdown"})
      ->capture_default_str();
  command->callback([name, format, &line] {
    line.chosen = [name, format, &line](StopToken&, Output& out) {
      return print_manual(describe(line.app, line.variables), *name, *format == "markdown", out);
    };
  });
}

}  // namespace turntable
