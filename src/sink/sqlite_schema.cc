#include "sink/sqlite_schema.h"

#include <fmt/format.h>

#include "base/text.h"

namespace turntable {
namespace {

constexpr std::string_view kMain = "main";

// The rows of a statement with one text parameter, each made into a T.
template <class T, class Read>
Result<std::vector<T>> rows_of(sqlite::Database& db, const std::string& sql,
                               std::string_view parameter, Read read) {
  ASSIGN_OR_RETURN(sqlite::Statement statement, db.prepare(sql));
  statement.bind_text(1, parameter);
  std::vector<T> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, statement.step());
    if (!more) return rows;
    rows.push_back(read(statement));
  }
}

// The columns of a table in one of the connection's schemas; empty where there is no such table.
// The key is one list, given as a partition key: SQLite knows no halves.
Result<std::vector<LiveColumn>> live_columns(sqlite::Database& db, std::string_view schema,
                                             const std::string& table) {
  const std::string in = schema == kMain ? "" : fmt::format(", {}", sqlite::quote_text(schema));
  ASSIGN_OR_RETURN(auto columns,
                   rows_of<LiveColumn>(
                       db,
                       fmt::format("SELECT name, type, pk, \"notnull\" AND dflt_value IS NULL "
                                   "FROM pragma_table_xinfo(?1{}) WHERE hidden = 0",
                                   in),
                       table, [](const sqlite::Statement& row) {
                         LiveColumn column;
                         column.name = row.text(0);
                         column.type = lowercase(row.text(1));  // SQLite writes some in upper case.
                         if (row.int64(2) > 0) column.kind = LiveColumn::Kind::partition;
                         column.position = static_cast<int>(row.int64(2)) - 1;
                         column.required = row.int64(3) != 0;
                         return column;
                       }));
  // Which columns of the key descend, the index of the key knows.
  ASSIGN_OR_RETURN(
      const auto descending,
      rows_of<std::string>(db,
                           fmt::format("SELECT x.name FROM pragma_index_list(?1{0}) l, "
                                       "pragma_index_xinfo(l.name{0}) x "
                                       "WHERE l.origin = 'pk' AND x.key = 1 AND x.desc = 1",
                                       in),
                           table,
                           [](const sqlite::Statement& row) { return std::string(row.text(0)); }));
  for (LiveColumn& column : columns) {
    for (const std::string& name : descending) column.descending |= column.name == name;
  }
  return columns;
}

Result<std::optional<std::string>> remembered_keyspace(sqlite::Database& db,
                                                       std::string_view schema) {
  const std::string meta = sqlite::quote_name(schema) + ".turntable_meta";
  const std::string master = sqlite::quote_name(schema) + ".sqlite_master";
  ASSIGN_OR_RETURN(
      const auto tables,
      rows_of<int64_t>(db, fmt::format("SELECT 1 FROM {} WHERE name = ?1", master),
                       "turntable_meta", [](const auto& row) { return row.int64(0); }));
  if (tables.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(
      auto names,
      rows_of<std::string>(db, fmt::format("SELECT value FROM {} WHERE key = ?1", meta), "keyspace",
                           [](const auto& row) { return std::string(row.text(0)); }));
  if (names.empty()) return std::nullopt;
  return std::move(names.front());
}

// The same comparison for a file that is written and for one that is only looked at.
Result<Difference> difference_of(sqlite::Database& db, std::string_view schema,
                                 const std::string& path, const SinkTable& table) {
  Difference difference;
  ASSIGN_OR_RETURN(const std::optional<std::string> keyspace, remembered_keyspace(db, schema));
  if (keyspace && *keyspace != table.keyspace) {
    difference.faults.push_back(
        fmt::format("the file keeps the keyspace '{}', expected '{}'", *keyspace, table.keyspace));
  }
  ASSIGN_OR_RETURN(const auto live, live_columns(db, schema, table.name));
  if (live.empty()) {
    difference.faults.push_back(fmt::format("there is no table {} in {}", table.name, path));
    return difference;
  }
  Difference columns = compare(table, live, Dialect::sqlite);
  difference.faults.insert(difference.faults.end(), columns.faults.begin(), columns.faults.end());
  difference.notes = std::move(columns.notes);
  return difference;
}

Status create_missing(sqlite::Database& db, const SinkTable& table) {
  RETURN_IF_ERROR(
      db.execute("CREATE TABLE IF NOT EXISTS turntable_meta (key text PRIMARY KEY NOT NULL, value "
                 "text) WITHOUT ROWID"));
  ASSIGN_OR_RETURN(sqlite::Statement remember,
                   db.prepare("INSERT OR IGNORE INTO turntable_meta VALUES ('keyspace', ?1)"));
  remember.bind_text(1, table.keyspace);
  ASSIGN_OR_RETURN([[maybe_unused]] const bool more, remember.step());
  return db.execute(table_ddl(table, Dialect::sqlite));
}

}  // namespace

Status apply_sqlite_schema(sqlite::Database& db, const std::string& path, const SinkTable& table) {
  // Other lanes of this run may be creating the same table; it is worth a short wait.
  db.set_busy_timeout(Millis(5'000));
  RETURN_IF_ERROR(db.begin());
  Status created = create_missing(db, table);
  if (created) created = db.commit();
  if (!created) {
    db.rollback();
    return created;
  }
  ASSIGN_OR_RETURN(const Difference difference, difference_of(db, kMain, path, table));
  db.set_busy_timeout(Millis(0));
  if (difference.ok()) return {};
  return fail(ErrorKind::schema, fmt::format("{}: the table {} is not as the pipeline says: {}",
                                             path, table.name, fmt::join(difference.faults, "; ")));
}

Status create_sqlite_table(const std::string& path, const SinkTable& table) {
  ASSIGN_OR_RETURN(const auto lock, sqlite::WriterLock::take(path));
  ASSIGN_OR_RETURN(sqlite::Database db,
                   sqlite::Database::open(path, sqlite::Database::Mode::write));
  return apply_sqlite_schema(db, path, table);
}

Result<Difference> check_sqlite_table(const std::string& path, const SinkTable& table) {
  ASSIGN_OR_RETURN(sqlite::Database db, sqlite::Database::open("", sqlite::Database::Mode::memory));
  RETURN_IF_ERROR(db.attach_read_only(path, "there"));
  return difference_of(db, "there", path, table);
}

}  // namespace turntable
