// What a shell needs to complete commands, options, values and file names.
#pragma once

#include <string>
#include <vector>

#include "cli/command_doc.h"

namespace turntable {

// bash alone, without the package bash-completion.
[[nodiscard]] std::string bash_completions(const CommandDoc& root);
// For a file _turntable in fpath, or to be sourced.
[[nodiscard]] std::string zsh_completions(const CommandDoc& root);
[[nodiscard]] std::string fish_completions(const CommandDoc& root);

// All commands below `root`, those above others first, and it itself.
[[nodiscard]] std::vector<const CommandDoc*> all_commands(const CommandDoc& root);

// The words of a command behind "turntable": "", "run", "schema print".
[[nodiscard]] std::string words_below_root(const CommandDoc& command);

}  // namespace turntable
