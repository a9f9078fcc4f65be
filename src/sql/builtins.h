// The rows of the function table, by subject. functions.cc puts them together.
#pragma once

#include <vector>

#include "sql/functions.h"

namespace turntable::sql {

[[nodiscard]] std::vector<Function> text_functions();
[[nodiscard]] std::vector<Function> time_functions();

}  // namespace turntable::sql
