// The command line: a table of subcommands, each of which fills in options and calls one function
// of app/.
#pragma once

namespace turntable {

// Returns the process's exit code (app/exit_code.h). Installs signal handlers. Call once.
[[nodiscard]] int run_command_line(int argc, const char* const* argv);

}  // namespace turntable
