// The types of a pipeline's columns, as SQL names them and as cells hold them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turntable {

using Offset = int64_t;       // A position in one partition; for files, a line number from 0.
using PartitionId = int32_t;  // Kafka's partition number; 0 for files.

enum class Type : uint8_t {
  boolean,
  int32,      // int
  int64,      // bigint
  float32,    // real
  float64,    // double precision
  text,       // UTF-8
  bytes,      // bytea
  timestamp,  // timestamptz: microseconds since 1970-01-01 00:00 UTC
  jsonb,      // a JSON text
};

// In the order above.
[[nodiscard]] std::vector<Type> all_types();

// PostgreSQL's name: "int", "bigint", "real", "double precision", "boolean", "text", "bytea",
// "timestamptz", "jsonb".
[[nodiscard]] std::string_view sql_name(Type type);

// Cassandra's name: "int", "bigint", "float", "double", "boolean", "text", "blob", "timestamp",
// "text".
[[nodiscard]] std::string_view cql_name(Type type);

// From PostgreSQL's names and their aliases (int4, integer, float8, varchar, …), in lower case.
[[nodiscard]] std::optional<Type> type_from_sql(std::string_view name);

// True for text, bytes and jsonb, whose values are views.
[[nodiscard]] constexpr bool is_view(Type type) {
  return type == Type::text || type == Type::bytes || type == Type::jsonb;
}

struct ColumnDef {
  std::string name;
  Type type = Type::text;
  bool not_null = false;
};

using Schema = std::vector<ColumnDef>;

// The schema as a tree, as Spark's printSchema draws it:
//   root
//    |-- id: int (nullable = false)
[[nodiscard]] std::string schema_tree(const Schema& schema);

}  // namespace turntable
