// turntable dead-letters: look at the records that did not become rows, and run them again.
#pragma once

#include <string>
#include <vector>

#include "app/exit_code.h"
#include "base/output.h"
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

// Prints to `out`; a listing ends early where nobody reads it any more. `replay` takes the letters
// of the pipeline's own topic or file only. It ends with ExitCode::dead_letters where some still do
// not become rows or cannot be read: those stay where they are, and none is written anew. Where it
// was stopped before their end it says so after its summary (kind interrupted).
[[nodiscard]] Result<ExitCode> run_dead_letters(const DeadLettersOptions& options,
                                                const StopToken& stop, Output& out);

}  // namespace turntable
