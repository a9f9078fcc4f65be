// turntable dead-letters: look at the records that did not become rows, and run them again.
#pragma once

#include <string>
#include <vector>

#include "app/exit_code.h"
#include "base/result.h"
#include "base/stop.h"

namespace turntable {

enum class DeadLettersAction { list, show, replay };

struct DeadLettersOptions {
  DeadLettersAction action = DeadLettersAction::list;
  std::string pipeline;
  std::vector<std::string> sets;
  std::string reason;    // Only letters with this reason; empty: all.
  bool dry_run = false;  // replay: to nowhere, to see what would happen.
};

// Prints to stdout. `replay` ends with ExitCode::dead_letters where some letters still do not
// become rows: those stay where they are, and none is written anew.
[[nodiscard]] Result<ExitCode> run_dead_letters(const DeadLettersOptions& options,
                                                const StopToken& stop);

}  // namespace turntable
