// Saying how a live table differs from the pipeline's.
#pragma once

#include <string>

#include "base/result.h"
#include "sink/ddl.h"

namespace turntable {

// The faults of a difference as one error of kind schema, a line each, or nothing. Notes and
// warnings go to the log.
[[nodiscard]] Status difference_error(const Difference& difference, const std::string& table);

}  // namespace turntable
