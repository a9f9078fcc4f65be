// What is wrong where a contact point is no node of Cassandra's.
#pragma once

#include <string>

#include "base/result.h"
#include "cassandra/session.h"

namespace turntable::cassandra {

// The error of a session that could not be made, or a truer one: where every contact point turns
// out to be a server of another kind, no later attempt can succeed. Speaks to each, for a second at
// most.
[[nodiscard]] Error told_apart(Error error, const Options& options);

}  // namespace turntable::cassandra
