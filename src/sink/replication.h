// The option `replication` of a keyspace: a map in CQL's form. No parameter can be bound in a
// CREATE KEYSPACE, so the map is read strictly and written anew; nothing else gets into the
// statement.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace turntable {

// Of a map's entries: the class, and one for each data centre.
inline constexpr size_t kReplicationEntriesLimit = 100;

// {'class': 'NetworkTopologyStrategy', 'dc1': 3}: texts, or whole numbers as values; a class, and
// factors that are counts ("3", or "3/1" with transient replicas). An error of kind usage says what
// was expected where.
[[nodiscard]] Result<std::string> replication_map(std::string_view text);

}  // namespace turntable
