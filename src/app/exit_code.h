// What the program says to its caller when it ends.
#pragma once

#include "base/result.h"

namespace turntable {

enum class ExitCode : int {
  done = 0,
  failed = 1,        // An operation failed, or the counts do not add up.
  usage = 2,         // The command line, or faults in the pipeline.
  dead_letters = 3,  // A run to the end of its input made dead letters.
};

[[nodiscard]] inline ExitCode exit_code_of(const Error& error) {
  return error.kind == ErrorKind::usage ? ExitCode::usage : ExitCode::failed;
}

}  // namespace turntable
