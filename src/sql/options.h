// Options of tables: variables of the environment in their values, and what the command line
// overrides.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/script.h"

namespace turntable::sql {

// Of an option's value with its variables filled in. Certificates fit many times over; a value that
// names a long variable again and again does not.
inline constexpr size_t kOptionBytesLimit = size_t{1} << 20;

// ${NAME} becomes the environment's value, ${NAME:-default} the default where NAME is unset or
// empty, as in a shell. The error is a sentence that names the variable, and that shows nothing
// else of a secret.
[[nodiscard]] Result<std::string> fill_variables(std::string_view value, bool secret);

// Faults for options that stand twice in one table; fills variables in.
void finish_options(TableDef& table, Faults& faults);

// Overrides options, or adds them. A fault for a table that is not there.
void apply_sets(Script& script, const std::vector<SetOption>& sets, Faults& faults);

}  // namespace turntable::sql
