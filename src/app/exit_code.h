// What the program says to its caller when it ends: one table for all commands, from which help,
// manual pages and docs/EXIT_CODES.md are printed.
#pragma once

#include <array>
#include <string_view>

#include "base/result.h"

namespace turntable {

enum class ExitCode : int {
  done = 0,
  failed = 1,        // An operation failed, or the counts do not add up.
  usage = 2,         // The command line, or faults in the pipeline.
  dead_letters = 3,  // A run to the end of its input made dead letters.
  unreachable = 4,   // A server is away. Nothing is known to be wrong.
};

struct ExitCodeMeaning {
  ExitCode code;
  std::string_view meaning;
  std::string_view what_to_do;
};

inline constexpr std::array<ExitCodeMeaning, 5> kExitCodes{{
    {ExitCode::done, "Done, or stopped in order.", "Nothing."},
    {ExitCode::failed,
     "Something failed and would fail again: a server refused, a table differs, a disk is full.",
     "Mend what the message names, then run it again."},
    {ExitCode::usage,
     "What was asked for is wrong: the command line, the environment, the pipeline or a file that "
     "they name.",
     "Correct it. Running it again unchanged ends in the same way."},
    {ExitCode::dead_letters, "It ran to its end, and some records did not become rows.",
     "Look at them with turntable dead-letters list."},
    {ExitCode::unreachable,
     "A server cannot be reached, or does not answer. Nothing is known to be wrong.",
     "Start it or check the address, then run it again."},
}};

[[nodiscard]] inline ExitCode exit_code_of(const Error& error) {
  if (error.kind == ErrorKind::usage) return ExitCode::usage;
  return error.kind == ErrorKind::transient ? ExitCode::unreachable : ExitCode::failed;
}

}  // namespace turntable
