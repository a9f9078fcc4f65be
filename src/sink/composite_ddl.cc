#include "sink/composite_ddl.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.h"
#include "sink/cql_type.h"
#include "sink/ddl.h"
#include "sqlite/composite_json.h"
#include "sqlite/database.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

using Composite = std::shared_ptr<const CompositeType>;

void add_types(const Composite& type, std::vector<Composite>& all) {
  for (const ColumnDef& field : type->fields)
    if (field.composite != nullptr) add_types(field.composite, all);
  if (std::find(all.begin(), all.end(), type) == all.end()) all.push_back(type);
}

// Names that Cassandra has for types of its own, or keeps for later ones: UTName and the reserved
// type names of its grammar.
bool is_cql_type_name(const std::string& name) {
  static const std::set<std::string_view> kReserved = {
      "byte",    "bitstring", "complex", "enum",  "frozen", "interval", "list",
      "macaddr", "map",       "set",     "tuple", "udt",    "vector"};
  return kReserved.contains(name) || parse_cql_type(name).kind != CqlType::Kind::unknown;
}

void add_field_columns(const std::string& path, const std::string& json_path,
                       const std::string& column, const CompositeType& type,
                       std::vector<FieldColumn>& all) {
  for (const ColumnDef& field : type.fields) {
    FieldColumn made{
        .name = path + "." + field.name, .type = sqlite::declared_type(field), .definition = {}};
    const std::string at = fmt::format("{}.\"{}\"", json_path, field.name);
    made.definition = fmt::format("{} GENERATED ALWAYS AS (json_extract({}, {})) VIRTUAL",
                                  made.type, sqlite::quote_name(column), sqlite::quote_text(at));
    const std::string inner_path = made.name;
    all.push_back(std::move(made));
    if (field.composite != nullptr)
      add_field_columns(inner_path, at, column, *field.composite, all);
  }
}

void check_fields(const CompositeType& type, bool cql, std::vector<std::string>& faults) {
  for (const ColumnDef& field : type.fields) {
    const std::string name = printable(field.name, 60);
    if (field.name.size() > kStoreNameBytesLimit) {
      faults.push_back(fmt::format("the name of the field '{}' of {} is longer than {} bytes", name,
                                   printable(type.name), kStoreNameBytesLimit));
    } else if (printable(field.name, field.name.size() + 1) != field.name) {
      faults.push_back(fmt::format("the name of the field '{}' of {} has control characters in it",
                                   name, printable(type.name)));
    } else if (!cql && field.name.find_first_of("\"\\") != std::string::npos) {
      faults.push_back(
          fmt::format("the name of the field '{}' of {} has a double quote or a backslash in it, "
                      "with which SQLite finds no field",
                      name, printable(type.name)));
    }
  }
}

}  // namespace

std::vector<Composite> composite_types(const SinkTable& table) {
  std::vector<Composite> all;
  for (const ColumnDef& column : table.columns)
    if (column.composite != nullptr) add_types(column.composite, all);
  return all;
}

std::string cql_composite_name(const CompositeType& type) {
  return fmt::format("frozen<{}>", quote_name(type.name, Dialect::cql));
}

std::string cql_field_type(const ColumnDef& field) {
  if (field.composite != nullptr) return cql_composite_name(*field.composite);
  const std::string type(cql_name(field.type));
  return is_array(field.type) ? "frozen<" + type + ">" : type;
}

std::string cql_type_ddl(const std::string& keyspace, const CompositeType& type) {
  std::string out =
      fmt::format("CREATE TYPE IF NOT EXISTS {}.{} (\n", quote_name(keyspace, Dialect::cql),
                  quote_name(type.name, Dialect::cql));
  for (size_t i = 0; i < type.fields.size(); ++i)
    out += fmt::format("    {} {}{}\n", quote_name(type.fields[i].name, Dialect::cql),
                       cql_field_type(type.fields[i]), i + 1 < type.fields.size() ? "," : "");
  return out + ")";
}

std::string cql_add_field_ddl(const std::string& keyspace, const CompositeType& type,
                              const ColumnDef& field) {
  return fmt::format("ALTER TYPE {}.{} ADD {} {}", quote_name(keyspace, Dialect::cql),
                     quote_name(type.name, Dialect::cql), quote_name(field.name, Dialect::cql),
                     cql_field_type(field));
}

std::vector<FieldColumn> field_columns(const ColumnDef& column) {
  std::vector<FieldColumn> all;
  if (column.composite != nullptr)
    add_field_columns(column.name, "$", column.name, *column.composite, all);
  return all;
}

std::vector<std::string> check_composites(const SinkTable& table, bool cql) {
  std::vector<std::string> faults;
  for (const ColumnDef& column : table.columns)
    if (column.composite != nullptr && table.key.has(column.name))
      faults.push_back(
          fmt::format("column {} is part of the key of {}, which no composite column "
                      "can be: put the fields that tell rows apart into columns of "
                      "their own",
                      printable(column.name), table.full_name()));
  for (const Composite& type : composite_types(table)) {
    if (cql && is_cql_type_name(type->name))
      faults.push_back(
          fmt::format("Cassandra has a type {} of its own: give the pipeline's "
                      "another name",
                      printable(type->name)));
    check_fields(*type, cql, faults);
  }
  return faults;
}

}  // namespace turntable
