#include "row/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace turntable {
namespace {

struct Names {
  Type type;
  std::string_view sql;
  std::string_view cql;
};

constexpr std::array<Names, 9> kNames{{
    {Type::boolean, "boolean", "boolean"},
    {Type::int32, "int", "int"},
    {Type::int64, "bigint", "bigint"},
    {Type::float32, "real", "float"},
    {Type::float64, "double precision", "double"},
    {Type::text, "text", "text"},
    {Type::bytes, "bytea", "blob"},
    {Type::timestamp, "timestamptz", "timestamp"},
    {Type::jsonb, "jsonb", "text"},
}};

struct Alias {
  std::string_view name;
  Type type;
};

// https://www.postgresql.org/docs/15/datatype.html, table 8.1.
constexpr Alias kAliases[] = {
    {"bool", Type::boolean},
    {"int4", Type::int32},
    {"integer", Type::int32},
    {"int8", Type::int64},
    {"float4", Type::float32},
    {"float8", Type::float64},
    {"double", Type::float64},
    {"varchar", Type::text},
    {"timestamp with time zone", Type::timestamp},
};

}  // namespace

std::vector<Type> all_types() {
  std::vector<Type> types;
  for (const Names& names : kNames) types.push_back(names.type);
  return types;
}

std::string_view sql_name(Type type) {
  return kNames[static_cast<size_t>(type)].sql;
}
std::string_view cql_name(Type type) {
  return kNames[static_cast<size_t>(type)].cql;
}

std::optional<Type> type_from_sql(std::string_view name) {
  for (const Names& names : kNames)
    if (names.sql == name) return names.type;
  for (const Alias& alias : kAliases)
    if (alias.name == name) return alias.type;
  return std::nullopt;
}

std::string schema_tree(const Schema& schema) {
  std::string out = "root\n";
  for (const ColumnDef& column : schema)
    // A name may come from a file's header, and could move the cursor or forge lines.
    out += fmt::format(" |-- {}: {} (nullable = {})\n", printable(column.name),
                       sql_name(column.type), !column.not_null);
  return out;
}

}  // namespace turntable
