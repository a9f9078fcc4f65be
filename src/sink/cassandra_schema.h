// A sink's table in Cassandra: creating it, and comparing what is there.
#pragma once

#include "base/result.h"
#include "cassandra/session.h"
#include "sink/ddl.h"
#include "sink/table.h"

namespace turntable {

// What "schema apply" does for Cassandra: creates keyspace and table where they are missing, and
// waits until all nodes know them. What is there already stays as it is. The table must pass
// check_table().
[[nodiscard]] Status create_cassandra_table(cassandra::Session& session, const SinkTable& table,
                                            const KeyspaceOptions& options);

// Compares without changing anything. A keyspace or table that is missing is a fault of the
// Difference.
[[nodiscard]] Result<Difference> check_cassandra_table(cassandra::Session& session,
                                                       const SinkTable& table);

}  // namespace turntable
