// A manual page in the macros of man(7).
#pragma once

#include <string>

#include "cli/command_doc.h"

namespace turntable {

// The page of a command right below `root`, with all that is below it, or of `root` itself.
[[nodiscard]] std::string man_page(const CommandDoc& command, const CommandDoc& root);

// "turntable-dead-letters": the name of its page.
[[nodiscard]] std::string page_name(const CommandDoc& command);

}  // namespace turntable
