// Times to live that come with the rows (RowForm::ttl).
#pragma once

#include <string>

#include "row/column.h"

namespace turntable {

// What is wrong with the time to live of this row, in a column of ints, or "". NULL and 0 are none.
[[nodiscard]] std::string ttl_fault(const Column& seconds, uint32_t row, const std::string& name);

}  // namespace turntable
