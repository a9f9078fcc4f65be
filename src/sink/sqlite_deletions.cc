#include "sink/sqlite_deletions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "row/cell.h"
#include "sink/ddl.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

std::string deletions_table(const SinkTable& table) {
  return sqlite::quote_name(deletions_name(table));
}

std::string write_time() {
  return sqlite::quote_name(kWriteTimeColumn);
}

Result<bool> finds_any(sqlite::Database& db, const std::string& select) {
  ASSIGN_OR_RETURN(sqlite::Statement statement, db.prepare(select));
  return statement.step();
}

}  // namespace

Status create_deletions_table(sqlite::Database& db, const SinkTable& table) {
  const Schema written = table.written();
  const std::vector<bool> in_key = key_cells(table);
  std::string columns;
  for (size_t i = 0; i < written.size(); ++i)
    if (in_key[i])
      columns += fmt::format("{} {} NOT NULL, ", sqlite::quote_name(written[i].name),
                             column_type(written[i].type, Dialect::sqlite));
  return db.execute(
      fmt::format("CREATE TABLE IF NOT EXISTS {} ({}{} bigint NOT NULL, PRIMARY KEY ({})) "
                  "WITHOUT ROWID",
                  deletions_table(table), columns, write_time(), key_terms(table).columns));
}

Status drop_deletions_table(sqlite::Database& db, const SinkTable& table) {
  return db.execute("DROP TABLE IF EXISTS " + deletions_table(table));
}

Result<bool> has_deletions_table(sqlite::Database& db, const SinkTable& table) {
  ASSIGN_OR_RETURN(sqlite::Statement find,
                   db.prepare("SELECT 1 FROM sqlite_master WHERE lower(name) = lower(?1)"));
  find.bind_copy(1, deletions_name(table));
  return find.step();
}

Result<SqliteDeletions> SqliteDeletions::open(sqlite::Database& db, const SinkTable& table) {
  const std::string deletions = deletions_table(table);
  const KeyTerms key = key_terms(table);
  ASSIGN_OR_RETURN(sqlite::Statement remove, db.prepare(delete_dml(table, Dialect::sqlite)));
  // What is left of the key's row is newer.
  ASSIGN_OR_RETURN(
      sqlite::Statement remember,
      db.prepare(fmt::format(
          "INSERT INTO {0} ({1}, {2}) SELECT {3}, {4} WHERE NOT EXISTS (SELECT 1 FROM {5} WHERE "
          "{6}) ON CONFLICT ({1}) DO UPDATE SET {2} = max({2}, excluded.{2})",
          deletions, key.columns, write_time(), key.values, key.write_time,
          sqlite::quote_name(table.name), key.equal)));
  ASSIGN_OR_RETURN(sqlite::Statement forget,
                   db.prepare(fmt::format("DELETE FROM {} WHERE {} AND {} < {}", deletions,
                                          key.equal, write_time(), key.write_time)));
  ASSIGN_OR_RETURN(sqlite::Statement find,
                   db.prepare(fmt::format("SELECT 1 FROM {} WHERE {} AND {} >= {}", deletions,
                                          key.equal, write_time(), key.write_time)));
  ASSIGN_OR_RETURN(const bool any,
                   finds_any(db, fmt::format("SELECT 1 FROM {} LIMIT 1", deletions)));
  return SqliteDeletions(std::move(remove), std::move(remember), std::move(forget), std::move(find),
                         any);
}

Result<bool> SqliteDeletions::has(std::string_view cells, const std::vector<Type>& types,
                                  const KeptTimes& kept) {
  CellReader reader(cells);
  for (size_t i = 0; i < types.size(); ++i) {
    const CellView cell = reader.next();
    // No key has a composite value, and the others are not asked for.
    if (types[i] != Type::composite)
      sqlite::bind_cell(find_, static_cast<int>(i) + 1, cell, types[i], kept[i]);
  }
  Result<bool> found = find_.step();
  find_.reset();
  return found;
}

}  // namespace turntable
