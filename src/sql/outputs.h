// Which item of a SELECT list goes to which column of an INSERT's table.
#pragma once

#include <vector>

#include "sql/bound_select.h"
#include "sql/script.h"
#include "sql/syntax.h"

namespace turntable::sql {

// One for each column that is written, in the order of the table's; the nodes are the SELECT's,
// with assignment casts. The SELECT is not complete afterwards where one is missing. `sink`: null
// where there is no such table, which was reported.
[[nodiscard]] std::vector<Output> bind_outputs(const Insert& insert, const TableDef* sink,
                                               BoundSelect& select, Faults& faults);

}  // namespace turntable::sql
