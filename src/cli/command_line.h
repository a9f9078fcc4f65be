// All that the program takes, and what was chosen of it. The commands add themselves, each file
// some of them.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "app/exit_code.h"
#include "base/output.h"
#include "base/result.h"
#include "base/stop.h"
#include "cli/command_doc.h"

namespace turntable {

// What a subcommand does once its options are read.
using Action = std::function<Result<ExitCode>(StopToken&, Output&)>;

// All that is taken, and what was chosen of it.
struct CommandLine {
  CLI::App app;
  OptionVariables variables;
  Action chosen;
};

// --set, which may be repeated.
CLI::Option* add_set_option(CLI::App& command, std::vector<std::string>& sets,
                            const std::string& what = "Override an option of the pipeline",
                            const std::string& form = "TABLE.OPTION=VALUE");

// A text that is all of the result.
[[nodiscard]] Result<ExitCode> said(Output& out, const std::string& text);

// Those that read a store's rows: store_commands.cc.
void add_query(CommandLine& line);
void add_history(CommandLine& line);

// Those that print the description of all commands: manual_commands.cc. `line` outlives what it
// chooses.
void add_completions(CommandLine& line);
void add_man(CommandLine& line);

}  // namespace turntable
