#include "sink/row_rules.h"

#include <algorithm>

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

RowForm row_form(const SinkTable& table, Dialect dialect) {
  const bool unset = dialect == Dialect::cql && table.nulls == Nulls::unset;
  return {.absent = unset ? kUnsetCell : kNullCell,
          .times = dialect == Dialect::cql ? TimeUnit::millis : TimeUnit::micros,
          .write_time = table.has_write_times()};
}

}  // namespace turntable
