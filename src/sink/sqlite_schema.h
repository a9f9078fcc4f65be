// A sink's table in an SQLite file: creating it, reading what is there, and the keyspace that the
// file remembers.
//
// The table turntable_meta (key, value) has the row 'keyspace': the schema's name under which
// queries attach the file, so that the same query runs on Cassandra and on SQLite.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sink/ddl.h"
#include "sqlite/database.h"

namespace turntable {

// Creates the table and the file's memory of its keyspace where they are missing, then compares: an
// error of kind schema names each column that differs, or the other keyspace that the file has. The
// table must pass check_table().
[[nodiscard]] Status apply_sqlite_schema(sqlite::Database& db, const std::string& path,
                                         const SinkTable& table);

// What the statement "schema apply" does for SQLite: takes the writer's lock, creates file and
// table.
[[nodiscard]] Status create_sqlite_table(const std::string& path, const SinkTable& table);

// Compares without changing anything. An error where the file is not there or is no database; a
// table that is missing is a fault of the Difference.
[[nodiscard]] Result<Difference> check_sqlite_table(const std::string& path,
                                                    const SinkTable& table);

}  // namespace turntable
