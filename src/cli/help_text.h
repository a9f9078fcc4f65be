// --help: a command's description as text for a terminal, and for docs/COMMANDS.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_doc.h"

namespace turntable {

[[nodiscard]] std::string help_text(const CommandDoc& command);

// All commands below `root`, and the table of exit codes, as a page of Markdown.
[[nodiscard]] std::string markdown_reference(const CommandDoc& root);

// "--output FILE"
[[nodiscard]] std::string option_form(const OptionDoc& option);
// "-o, --output FILE"
[[nodiscard]] std::string option_words(const OptionDoc& option);
// Its help, and what stands for it: "How many plays; 1000 unless given; or TURNTABLE_X".
[[nodiscard]] std::string option_help(const OptionDoc& option);

// The text in lines of `columns` at most, cut at blanks; a longer word has a line of its own.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, size_t columns);

}  // namespace turntable
