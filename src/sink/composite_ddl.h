// Composite types of a sink's table, as the stores have them: user-defined types in Cassandra, and
// in SQLite a column of JSON with a generated column for each field. Text only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "row/composite.h"
#include "sink/table.h"

namespace turntable {

// Those of the table's columns, each once; one stands behind those that its own fields have.
[[nodiscard]] std::vector<std::shared_ptr<const CompositeType>> composite_types(
    const SinkTable& table);

// "frozen<features>": values are written and read whole.
[[nodiscard]] std::string cql_composite_name(const CompositeType& type);
// The type of a field in CREATE TYPE; collections are frozen, too.
[[nodiscard]] std::string cql_field_type(const ColumnDef& field);

// CREATE TYPE IF NOT EXISTS …, one field per line, without a semicolon.
[[nodiscard]] std::string cql_type_ddl(const std::string& keyspace, const CompositeType& type);
// ALTER TYPE … ADD …, without a semicolon.
[[nodiscard]] std::string cql_add_field_ddl(const std::string& keyspace, const CompositeType& type,
                                            const ColumnDef& field);

// A generated column of SQLite.
struct FieldColumn {
  std::string name;  // "features.tempo"
  std::string type;  // As SQLite declares it.
  // What stands behind its name: the type and how its value is made.
  std::string definition;
};
// Of a composite column: its fields, and behind a composite one that one's.
[[nodiscard]] std::vector<FieldColumn> field_columns(const ColumnDef& column);

// What is wrong with the table's composite columns before any store has seen them: a sentence each.
[[nodiscard]] std::vector<std::string> check_composites(const SinkTable& table, bool cql);

}  // namespace turntable
