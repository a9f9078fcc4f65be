// The types of a pipeline's columns, as SQL names them and as cells hold them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turntable {

using Offset = int64_t;       // A position in one partition; for files, a line number from 0.
using PartitionId = int32_t;  // Kafka's partition number; 0 for files.

enum class Type : uint8_t {
  boolean,
  int16,        // smallint
  int32,        // int
  int64,        // bigint
  float32,      // real
  float64,      // double precision
  numeric,      // Up to 38 decimal digits and a scale (row/numeric.h)
  text,         // UTF-8
  bytes,        // bytea
  date,         // days since 1970-01-01
  time,         // microseconds since midnight
  timestamp,    // without a time zone: microseconds since 1970-01-01 00:00 on the same clock
  timestamptz,  // microseconds since 1970-01-01 00:00 UTC
  interval,     // months, days and microseconds (row/interval.h)
  uuid,
  jsonb,      // a JSON text
  composite,  // of CREATE TYPE: what its fields are, the column says (row/composite.h)
  // Arrays of these are array_of(type); they have no names of their own.
};

// An array of one level of no composite values, whose values are in the form of row/array.h.
inline constexpr uint8_t kArrayBit = 0x80;
[[nodiscard]] constexpr bool is_array(Type type) {
  return (static_cast<uint8_t>(type) & kArrayBit) != 0;
}
// `element` is no array.
[[nodiscard]] constexpr Type array_of(Type element) {
  return static_cast<Type>(static_cast<uint8_t>(element) | kArrayBit);
}
[[nodiscard]] constexpr Type element_of(Type array) {
  return static_cast<Type>(static_cast<uint8_t>(array) & ~kArrayBit);
}

// In the order above, without composite and arrays.
[[nodiscard]] std::vector<Type> all_types();

// PostgreSQL's name: "smallint", "double precision", "timestamp", "timestamptz", "text[]".
[[nodiscard]] std::string_view sql_name(Type type);

// Cassandra's name for the type that holds most of it: "smallint", "double", "decimal", "blob",
// "timestamp", "duration", "list<text>"; "text" for jsonb.
[[nodiscard]] std::string_view cql_name(Type type);

// From PostgreSQL's names and their aliases (int4, integer, float8, varchar, …), in lower case;
// with [] behind it an array.
[[nodiscard]] std::optional<Type> type_from_sql(std::string_view name);

// All names that type_from_sql() knows, those of sql_name() first; without [].
[[nodiscard]] std::vector<std::string> type_names();

// True for text, bytes, jsonb, composite and arrays, whose values are views.
[[nodiscard]] constexpr bool is_view(Type type) {
  return type == Type::text || type == Type::bytes || type == Type::jsonb ||
         type == Type::composite || is_array(type);
}

// What stands in parentheses behind a type: varchar(n) has `size` n, timestamp(p) has p, and
// numeric(p, s) has both.
struct TypeModifier {
  int32_t size = -1;  // -1: there is none.
  int32_t scale = 0;

  bool operator==(const TypeModifier&) const = default;
  [[nodiscard]] bool is_set() const { return size >= 0; }
};

// With its modifier: "varchar(3)", "numeric(10, 2)", "timestamptz(3)".
[[nodiscard]] std::string sql_name(Type type, const TypeModifier& modifier);

struct CompositeType;  // row/composite.h

struct ColumnDef {
  std::string name;
  Type type = Type::text;
  bool not_null = false;
  TypeModifier modifier = {};
  std::shared_ptr<const CompositeType> composite = nullptr;  // Of Type::composite; else null.
};

using Schema = std::vector<ColumnDef>;

// The type as it is declared: "varchar(3)", "features".
[[nodiscard]] std::string sql_name(const ColumnDef& column);

// The schema as a tree, as Spark's printSchema draws it:
//   root
//    |-- id: int (nullable = false)
[[nodiscard]] std::string schema_tree(const Schema& schema);

}  // namespace turntable
