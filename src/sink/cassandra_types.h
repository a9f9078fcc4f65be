// The user-defined types of a sink's table in Cassandra: creating them, and comparing what is
// there.
#pragma once

#include "base/result.h"
#include "cassandra/schema.h"
#include "cassandra/session.h"
#include "row/composite.h"
#include "sink/table.h"
#include "sink/table_difference.h"

namespace turntable {

// Creates the types that the keyspace lacks, each behind those that its fields have. What is there
// already stays as it is.
[[nodiscard]] Status create_missing_types(cassandra::Session& session, const SinkTable& table);

// Adds to the difference how types that are there differ from the pipeline's, with the ALTER TYPE
// that mends it where there is one. Types that are missing are those of columns that are.
[[nodiscard]] Status compare_types(cassandra::Session& session, const SinkTable& table,
                                   Difference& difference);

// How one of them differs. A value's fields are told apart by their places alone, so that those of
// the live type must be the pipeline's, in their order; it may have more behind them.
void compare_type(const std::string& keyspace, const CompositeType& wanted,
                  const cassandra::UserType& live, Difference& difference);

}  // namespace turntable
