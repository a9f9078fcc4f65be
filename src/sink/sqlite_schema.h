// A sink's tables in an SQLite file: creating them, reading what is there, and the keyspace that
// the file remembers.
//
// The table turntable_meta (key, value) has the row 'keyspace', the schema's name under which
// queries attach the file, so that the same query runs on Cassandra and on SQLite; and the row
// 'id', by which the file is known again.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "row/cell.h"
#include "sink/ddl.h"
#include "sink/table_difference.h"
#include "sqlite/database.h"

namespace turntable {

// Creates the tables and the file's memory of its keyspace where they are missing, then compares:
// an error of kind schema names each column of a table that differs, or the other keyspace that the
// file has, and leaves the file's schema as it was. The tables must pass check_table(). Rows of a
// version before, which had no write times, get the time `now`: they are older than what comes, and
// younger than dead letters of that version.
[[nodiscard]] Status apply_sqlite_schema(sqlite::Database& db, const std::string& path,
                                         std::span<const SinkTable> tables, WallTime now);

// The file's own, after apply_sqlite_schema().
[[nodiscard]] Result<std::string> file_id(sqlite::Database& db);

// Adds the column to a table that is there, unless it has it: files that a version before made go
// on being written.
[[nodiscard]] Status add_missing_column(sqlite::Database& db, const std::string& table,
                                        const std::string& column, std::string_view type);

// What the columns of the table in the file keep of times, in the order in which rows have their
// cells, the write time included.
using KeptTimes = std::vector<TimeUnit>;
[[nodiscard]] Result<KeptTimes> kept_times(sqlite::Database& db, const SinkTable& table);

// Compares the table of a file that is open for writing, as apply_sqlite_schema() does, and changes
// nothing. An error of kind schema, too, where its columns keep other parts of times than `kept`:
// rows that are made for the one form would be wrong in the other.
[[nodiscard]] Status check_open_table(sqlite::Database& db, const std::string& path,
                                      const SinkTable& table, const KeptTimes& kept);

// Whether the table has a row with the key of these cells, which are those of a row as it is
// written.
[[nodiscard]] Result<bool> has_row_of(sqlite::Database& db, const SinkTable& table,
                                      const KeptTimes& kept, std::string_view cells);

// What the statement "schema apply" does for SQLite: takes the writer's lock, creates file and
// table. With `add_columns` a table that is there gets the columns that it lacks, unless it has
// other faults: gives those that were added, without their NOT NULL, for which the rows that are
// there would need a value.
[[nodiscard]] Result<Schema> create_sqlite_table(const std::string& path, const SinkTable& table,
                                                 bool add_columns = false);

// Compares without changing anything. An error where the file is not there or is no database; a
// table that is missing is a fault of the Difference.
[[nodiscard]] Result<Difference> check_sqlite_table(const std::string& path,
                                                    const SinkTable& table);

}  // namespace turntable
