// The commands of the shells that files of statements are often written for. A server does not know
// them: they are the shell's own.
#pragma once

#include <optional>
#include <string>

#include "query/statements.h"

namespace turntable {

// Where the statement is a command of cqlsh or of sqlite3's shell: a sentence that says so, and
// what does the same here.
[[nodiscard]] std::optional<std::string> shell_command_fault(const CqlStatement& statement);

}  // namespace turntable
