#include "sink/row_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace turntable {

void complete_table(const sql::Program& program, size_t insert, Dialect dialect, SinkTable& table) {
  const std::vector<sql::Output>& outputs = program.inserts[insert].outputs;
  if (table.columns.empty()) table.columns = program.output_schema(insert);
  for (const ColumnDef& column : table.columns) {
    const bool written =
        std::any_of(outputs.begin(), outputs.end(),
                    [&column](const sql::Output& output) { return output.name == column.name; });
    if (!written) table.unwritten.insert(column.name);
  }
  const bool apart = program.tells_records_apart(insert, table.key.columns());
  for (const std::string& column : table.key.columns())
    if (!apart && program.may_have_micros(insert, column)) table.microsecond_keys.push_back(column);
  // SQLite writes rows in their order. Only a dead letter that is replayed comes late, and with
  // such a key its row is no other record's.
  if (apart && (table.write_times != WriteTimeRule::record || dialect == Dialect::sqlite))
    table.write_times = WriteTimeRule::none;
  if (!table.nulls) table.nulls = apart && dialect == Dialect::cql ? Nulls::unset : Nulls::null;
}

std::string take_ttl_column(sql::Program& program, size_t insert, SinkTable& table) {
  const std::string& name = table.ttl_column;
  if (name.empty()) return "";
  std::vector<sql::Output>& outputs = program.inserts[insert].outputs;
  const auto ttl = std::find_if(outputs.begin(), outputs.end(),
                                [&](const sql::Output& output) { return output.name == name; });
  if (ttl == outputs.end())
    return fmt::format("ttl_column = '{}': the SELECT gives {} no such column", printable(name),
                       table.name);
  if (ttl->type != Type::int32)
    return fmt::format("ttl_column: {} is {}, expected int, a number of seconds", name,
                       sql_name(ttl->type));
  if (table.key.has(name))
    return fmt::format(
        "ttl_column: {} is part of the primary_key, and the time to live is no column of the table",
        name);
  std::rotate(ttl, ttl + 1, outputs.end());
  std::erase_if(table.columns, [&](const ColumnDef& column) { return column.name == name; });
  return "";
}

RowForm row_form(const SinkTable& table, Dialect dialect) {
  const bool unset = dialect == Dialect::cql && table.nulls == Nulls::unset;
  return {.absent = unset ? kUnsetCell : kNullCell,
          .times = dialect == Dialect::cql ? TimeUnit::millis : TimeUnit::micros,
          .ttl = table.ttl_column.empty() ? std::nullopt : std::optional(table.written().size()),
          .write_time = table.has_write_times()};
}

}  // namespace turntable
