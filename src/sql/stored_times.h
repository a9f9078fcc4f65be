// Times that are written to a table. PostgreSQL's 'infinity' and '-infinity' may be computed with,
// but neither store has a value for them: a record that would be written with one is rejected.
#pragma once

#include <vector>

#include "sql/functions.h"
#include "sql/program.h"

namespace turntable::sql {

// Whether the node's value, or an element of it, could be an infinite time. Events and lookups have
// none: they come of texts that are cast, and of to_timestamp().
[[nodiscard]] bool may_be_infinite(const std::vector<Node>& nodes, NodeId node);

// Gives its one argument, of that type, and fails where that is infinite. The type is date,
// timestamp, timestamptz, or an array of them.
[[nodiscard]] const Function& finite_function(Type type);

}  // namespace turntable::sql
