// A sink's table in Cassandra: creating it, and comparing what is there.
#pragma once

#include "base/result.h"
#include "cassandra/schema.h"
#include "cassandra/session.h"
#include "sink/ddl.h"
#include "sink/table.h"
#include "sink/table_difference.h"

namespace turntable {

// What "schema apply" does for Cassandra: creates keyspace and table where they are missing, and
// waits until all nodes know them. What is there already stays as it is. The table must pass
// check_table().
[[nodiscard]] Status create_cassandra_table(cassandra::Session& session, const SinkTable& table,
                                            const KeyspaceOptions& options);

// Adds a column that the table lacks, as compare() has found it. Does nothing where it is there: an
// attempt before may have gone through without its answer.
[[nodiscard]] Status add_cassandra_column(cassandra::Session& session, const SinkTable& table,
                                          const ColumnDef& column);

// Compares without changing anything. A keyspace or table that is missing is a fault of the
// Difference.
[[nodiscard]] Result<Difference> check_cassandra_table(cassandra::Session& session,
                                                       const SinkTable& table);

// The table with the types that its columns have in Cassandra now, as its cql_types. It must pass
// check_cassandra_table().
[[nodiscard]] Result<SinkTable> with_live_types(cassandra::Session& session, SinkTable table);

// Whether the rows of a run that began with the table of this id may be in the table that is there
// `now`. Else an error of kind schema, with what check_cassandra_table() would say of it, or that
// it is another one.
[[nodiscard]] Status judge_table(const SinkTable& table, const std::string& id_at_start,
                                 const cassandra::Table& now);

}  // namespace turntable
