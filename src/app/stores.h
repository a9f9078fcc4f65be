// Which tables of a pipeline lie in one store, so that their rows go out together: in one
// transaction of one SQLite file, through one session of one Cassandra cluster.
#pragma once

#include <string>

#include "app/pipeline.h"
#include "sql/script.h"

namespace turntable {

// Adds the table of an INSERT to the store that it lies in, a new one where it is the first there.
// `candidate` is a store with this table only, as its options say. Faults, at the table, for
// options in which two tables of one store differ, and for two tables that are one table there.
[[nodiscard]] RowTarget add_to_store(StoreSpec candidate, const sql::TableDef& table,
                                     std::vector<StoreSpec>& stores, sql::Faults& faults);

}  // namespace turntable
