#include "app/difference.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"

namespace turntable {

Status difference_error(const Difference& difference, const std::string& table) {
  for (const std::string& warning : difference.warnings) log::warn("{}", warning);
  for (const std::string& note : difference.notes) log::info("{}: {}", table, note);
  if (difference.ok()) return {};
  std::string message = fmt::format("the table {} is not as the pipeline needs it:", table);
  for (const std::string& fault : difference.faults) message += "\n  " + fault;
  return fail(ErrorKind::schema, message + difference.advice_text());
}

std::string added_sentence(const SinkTable& table, const ColumnDef& column, Dialect dialect) {
  // SQLite's NOT NULL needs a value for the rows that are there.
  const bool nullable = dialect == Dialect::sqlite && column.not_null;
  return fmt::format(
      "{} has the new column {} {}{}.\n", printable(table.full_name()), printable(column.name),
      column_type(column.type, dialect),
      nullable ? ", without NOT NULL, for rows that are there have no value for it" : "");
}

Status collect_difference(Status of_table, Status& of_all) {
  if (of_table) return {};
  if (of_table.error().kind != ErrorKind::schema) return of_table;
  if (of_all) {
    of_all = std::move(of_table);
  } else {
    of_all.error().message += "\n" + of_table.error().message;
  }
  return {};
}

}  // namespace turntable
