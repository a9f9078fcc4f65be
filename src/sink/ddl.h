// The statements that create a sink's table and write to it. Text only: nothing is sent anywhere.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sink/table.h"

namespace turntable {

// Of a name that reaches a store.
inline constexpr size_t kStoreNameBytesLimit = 255;

// Whose words: Cassandra's or SQLite's.
enum class Dialect { cql, sqlite };

struct KeyspaceOptions {
  std::string replication_class = "SimpleStrategy";
  std::string replication_factor =
      "1";                       // With NetworkTopologyStrategy: the factor of every data centre.
  std::string replication = "";  // The whole map, "{'class': …}". Overrides the two above.
};

// A name as the dialect needs it: CQL quotes only what is a reserved word or not in lower case.
[[nodiscard]] std::string quote_name(std::string_view name, Dialect dialect);

// The type's name in a table's definition: cql_name(), or sqlite::type_name().
[[nodiscard]] std::string_view column_type(Type type, Dialect dialect);

// The type that a column of the table has in Cassandra: what cql_types says, or the usual one;
// frozen in the key, where Cassandra takes no other collections.
[[nodiscard]] std::string cql_type_of(const SinkTable& table, const ColumnDef& column);

// The type that a column of the table is made with.
[[nodiscard]] std::string column_type_in(const SinkTable& table, const ColumnDef& column,
                                         Dialect dialect);

// What is wrong with the option cql_types: names that are no columns, types that cannot have the
// columns' values.
[[nodiscard]] std::vector<std::string> check_cql_types(const SinkTable& table);

// What is wrong with the table before any store has seen it, a sentence each: names that the
// dialect cannot take, names that stand twice, key columns that are not there, a missing key, too
// many columns.
[[nodiscard]] std::vector<std::string> check_table(const SinkTable& table, Dialect dialect);

// CREATE KEYSPACE IF NOT EXISTS …, without a semicolon. An error of kind usage where an option has
// no meaning.
[[nodiscard]] Result<std::string> keyspace_ddl(const std::string& keyspace,
                                               const KeyspaceOptions& options);

// CREATE TABLE IF NOT EXISTS …, one column per line, without a semicolon. The table must pass
// check_table().
[[nodiscard]] std::string table_ddl(const SinkTable& table, Dialect dialect);

// ALTER TABLE … ADD …, without a semicolon: the column is NULL in all rows that are there. Of a
// composite column in SQLite one behind the other, with semicolons between them.
[[nodiscard]] std::string add_column_ddl(const SinkTable& table, const ColumnDef& column,
                                         Dialect dialect);

// INSERT INTO … VALUES (?, …) in the order of the written columns, in CQL each with its type, with
// a last ? for the write time where rows have one. A row whose key is there already gets these
// columns anew, unless it has a higher write time. In CQL with the table's TTL, or with a ? for the
// row's before that of the write time.
// In SQLite, where the table has deletions, a row that is older than the deletion of its key is
// left out (sqlite_deletions.h).
[[nodiscard]] std::string insert_dml(const SinkTable& table, Dialect dialect);

// DELETE of the row with the key, unless it has a higher write time. In CQL with a ? for the write
// time, then one for each column of the key in the order of the written columns. In SQLite ?1 is
// the first written column, and so on, and the write time comes behind the last; others than those
// of the key are not used.
[[nodiscard]] std::string delete_dml(const SinkTable& table, Dialect dialect);

// By written column: whether it is part of the key.
[[nodiscard]] std::vector<bool> key_cells(const SinkTable& table);

// For statements in SQLite about the key of a row whose cells are bound from 1 on: its columns,
// "a", "b"; their values, ?1, ?2; "a" = ?1 AND "b" = ?2.
struct KeyTerms {
  std::string columns;
  std::string values;
  std::string equal;
  std::string write_time;  // ?3, behind all cells.
};
[[nodiscard]] KeyTerms key_terms(const SinkTable& table);

// The SQLite table that keeps which keys of the table were deleted.
[[nodiscard]] std::string deletions_name(const SinkTable& table);

}  // namespace turntable
