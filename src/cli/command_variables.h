// Environment variables that stand in for options: TURNTABLE_LANES for --lanes.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/command_doc.h"

namespace turntable {

// Has the command that the line names take its variables. The line counts before the environment:
// where it gives one of several options that exclude each other, no variable stands in for another
// one. Call before parsing.
void take_variables(CLI::App& app, const OptionVariables& variables, int argc,
                    const char* const* argv);

}  // namespace turntable
