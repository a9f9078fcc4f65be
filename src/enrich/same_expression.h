// Whether two expressions over a lookup are the same but for the probe that they were written for.
#pragma once

#include "sql/program.h"

namespace turntable {

// Each needs one probe's lookup alone, and both the same lookup. A volatile call is the same as
// none, itself included.
[[nodiscard]] bool same_expression(const sql::Program& program, sql::NodeId one, sql::NodeId other);

}  // namespace turntable
