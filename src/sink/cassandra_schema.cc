#include "sink/cassandra_schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "cassandra/schema.h"
#include "sink/cassandra_types.h"
#include "sink/cql_conversion.h"

namespace turntable {
namespace {

LiveColumn::Kind kind_of(cassandra::TableColumn::Kind kind) {
  switch (kind) {
    case cassandra::TableColumn::Kind::partition_key:
      return LiveColumn::Kind::partition;
    case cassandra::TableColumn::Kind::clustering:
      return LiveColumn::Kind::clustering;
    case cassandra::TableColumn::Kind::fixed:
      return LiveColumn::Kind::fixed;
    case cassandra::TableColumn::Kind::regular:
      break;
  }
  return LiveColumn::Kind::regular;
}

Difference compare_columns(const SinkTable& table,
                           const std::vector<cassandra::TableColumn>& columns) {
  std::vector<LiveColumn> live;
  for (const cassandra::TableColumn& column : columns) {
    live.push_back({.name = column.name,
                    .type = column.type,
                    .kind = kind_of(column.kind),
                    .position = column.position,
                    .descending = column.descending});
  }
  return compare(table, live, Dialect::cql);
}

std::string no_table(const SinkTable& table) {
  return fmt::format("there is no table {} in keyspace {}; `turntable schema apply` makes it",
                     table.name, table.keyspace);
}

}  // namespace

Status create_cassandra_table(cassandra::Session& session, const SinkTable& table,
                              const KeyspaceOptions& options) {
  ASSIGN_OR_RETURN(const std::string keyspace, keyspace_ddl(table.keyspace, options));
  // What is there is not asked for again: a role may be allowed to use it, and not to make it.
  ASSIGN_OR_RETURN(const bool has_keyspace, cassandra::has_keyspace(session, table.keyspace));
  if (!has_keyspace) RETURN_IF_ERROR(session.execute(keyspace));
  RETURN_IF_ERROR(create_missing_types(session, table));
  ASSIGN_OR_RETURN(const auto columns, cassandra::read_table(session, table.keyspace, table.name));
  if (!columns.empty()) return {};
  return session.execute(table_ddl(table, Dialect::cql));
}

Status add_cassandra_column(cassandra::Session& session, const SinkTable& table,
                            const ColumnDef& column) {
  ASSIGN_OR_RETURN(const auto columns, cassandra::read_table(session, table.keyspace, table.name));
  const bool there = std::any_of(columns.begin(), columns.end(),
                                 [&](const auto& other) { return other.name == column.name; });
  return there ? Status{} : session.execute(add_column_ddl(table, column, Dialect::cql));
}

Result<Difference> check_cassandra_table(cassandra::Session& session, const SinkTable& table) {
  ASSIGN_OR_RETURN(const auto columns, cassandra::read_table(session, table.keyspace, table.name));
  Difference difference;
  if (columns.empty()) {
    ASSIGN_OR_RETURN(const bool keyspace, cassandra::has_keyspace(session, table.keyspace));
    difference.faults.push_back(
        keyspace ? no_table(table)
                 : fmt::format(
                       "there is no keyspace {}; `turntable schema apply` makes it and the table",
                       table.keyspace));
    return difference;
  }
  difference = compare_columns(table, columns);
  RETURN_IF_ERROR(compare_types(session, table, difference));
  return difference;
}

Result<SinkTable> with_live_types(cassandra::Session& session, SinkTable table) {
  ASSIGN_OR_RETURN(const auto live, cassandra::read_table(session, table.keyspace, table.name));
  for (const ColumnDef& column : table.columns) {
    const auto there = std::find_if(live.begin(), live.end(),
                                    [&](const auto& other) { return other.name == column.name; });
    if (there == live.end()) continue;
    if (const auto type = canonical_cql_type(there->type)) table.cql_types[column.name] = *type;
  }
  return table;
}

Status judge_table(const SinkTable& table, const std::string& id_at_start,
                   const cassandra::Table& now) {
  if (now.id.empty()) return fail(ErrorKind::schema, no_table(table));
  const bool another = now.id != id_at_start;
  const Difference difference = compare_columns(table, now.columns);
  if (difference.ok() && !another) return {};
  const std::string how = another ? "the table was dropped and made anew while the run wrote to it"
                                  : "the table was changed while the run wrote to it";
  if (difference.ok())
    return fail(ErrorKind::schema,
                how + ", and what was written before is gone: start again to write to the new one");
  return fail(ErrorKind::schema, fmt::format("{}: {}", how, fmt::join(difference.faults, "; ")));
}

}  // namespace turntable
