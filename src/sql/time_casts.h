// Casts among dates, times and intervals, and from texts of them.
// https://www.postgresql.org/docs/15/functions-datetime.html
#pragma once

#include <vector>

#include "sql/casts.h"

namespace turntable::sql {

// Rows for the table of find_cast().
[[nodiscard]] std::vector<Cast> time_casts();

}  // namespace turntable::sql
