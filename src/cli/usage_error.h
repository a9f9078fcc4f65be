// What is said about a command line that cannot be understood.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/command_doc.h"

namespace turntable {

// The description of the command that the line named last.
[[nodiscard]] const CommandDoc& named_command_of(const CLI::App& app, const CommandDoc& root);

// A sentence or two, each on a line of its own: what is wrong, what may have been meant, and where
// to look. `error` is what CLI11 stopped at. Values that may be secrets are not shown.
[[nodiscard]] std::string usage_error_text(const CLI::App& app, const CommandDoc& root,
                                           const CLI::ParseError& error, int argc,
                                           const char* const* argv);

}  // namespace turntable
