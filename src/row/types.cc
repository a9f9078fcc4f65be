#include "row/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "row/composite.h"

namespace turntable {
namespace {

struct Names {
  Type type;
  std::string_view sql;
  std::string_view sql_array;
  std::string_view cql;
  std::string_view cql_list;
};

constexpr std::array<Names, 17> kNames{{
    {Type::boolean, "boolean", "boolean[]", "boolean", "list<boolean>"},
    {Type::int16, "smallint", "smallint[]", "smallint", "list<smallint>"},
    {Type::int32, "int", "int[]", "int", "list<int>"},
    {Type::int64, "bigint", "bigint[]", "bigint", "list<bigint>"},
    {Type::float32, "real", "real[]", "float", "list<float>"},
    {Type::float64, "double precision", "double precision[]", "double", "list<double>"},
    {Type::numeric, "numeric", "numeric[]", "decimal", "list<decimal>"},
    {Type::text, "text", "text[]", "text", "list<text>"},
    {Type::bytes, "bytea", "bytea[]", "blob", "list<blob>"},
    {Type::date, "date", "date[]", "date", "list<date>"},
    {Type::time, "time", "time[]", "time", "list<time>"},
    {Type::timestamp, "timestamp", "timestamp[]", "timestamp", "list<timestamp>"},
    {Type::timestamptz, "timestamptz", "timestamptz[]", "timestamp", "list<timestamp>"},
    {Type::interval, "interval", "interval[]", "duration", "list<duration>"},
    {Type::uuid, "uuid", "uuid[]", "uuid", "list<uuid>"},
    {Type::jsonb, "jsonb", "jsonb[]", "text", "list<text>"},
    // Each has its own name; this is what a row of none of them is.
    {Type::composite, "record", "record[]", "tuple", "list<tuple>"},
}};

struct Alias {
  std::string_view name;
  Type type;
};

// https://www.postgresql.org/docs/15/datatype.html, table 8.1.
constexpr Alias kAliases[] = {
    {"bool", Type::boolean},
    {"int2", Type::int16},
    {"int4", Type::int32},
    {"integer", Type::int32},
    {"int8", Type::int64},
    {"float4", Type::float32},
    {"float8", Type::float64},
    {"double", Type::float64},
    {"decimal", Type::numeric},
    {"varchar", Type::text},
    {"time without time zone", Type::time},
    {"timestamp without time zone", Type::timestamp},
    {"timestamp with time zone", Type::timestamptz},
};

const Names& names_of(Type element) {
  return kNames[static_cast<size_t>(element)];
}

}  // namespace

std::vector<Type> all_types() {
  std::vector<Type> types;
  for (const Names& names : kNames)
    if (names.type != Type::composite) types.push_back(names.type);
  return types;
}

std::string_view sql_name(Type type) {
  const Names& names = names_of(element_of(type));
  return is_array(type) ? names.sql_array : names.sql;
}

std::string sql_name(Type type, const TypeModifier& modifier) {
  if (!modifier.is_set()) return std::string(sql_name(type));
  if (type == Type::numeric) return fmt::format("numeric({}, {})", modifier.size, modifier.scale);
  return fmt::format("{}({})", type == Type::text ? "varchar" : sql_name(type), modifier.size);
}

std::string sql_name(const ColumnDef& column) {
  return column.composite != nullptr ? column.composite->name
                                     : sql_name(column.type, column.modifier);
}

std::string_view cql_name(Type type) {
  const Names& names = names_of(element_of(type));
  return is_array(type) ? names.cql_list : names.cql;
}

std::optional<Type> type_from_sql(std::string_view name) {
  if (name.ends_with("[]")) {
    const auto element = type_from_sql(name.substr(0, name.size() - 2));
    return element && !is_array(*element) ? std::optional(array_of(*element)) : std::nullopt;
  }
  for (const Names& names : kNames)
    if (names.sql == name && names.type != Type::composite) return names.type;
  for (const Alias& alias : kAliases)
    if (alias.name == name) return alias.type;
  return std::nullopt;
}

std::vector<std::string> type_names() {
  std::vector<std::string> all;
  for (const Type type : all_types()) all.emplace_back(sql_name(type));
  for (const Alias& alias : kAliases) all.emplace_back(alias.name);
  return all;
}

std::string schema_tree(const Schema& schema) {
  std::string out = "root\n";
  for (const ColumnDef& column : schema)
    // A name may come from a file's header, and could move the cursor or forge lines.
    out += fmt::format(" |-- {}: {} (nullable = {})\n", printable(column.name),
                       printable(sql_name(column)), !column.not_null);
  return out;
}

}  // namespace turntable
