#include "sink/sqlite_schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/micros.h"
#include "base/text.h"
#include "sink/sqlite_deletions.h"
#include "sqlite/composite_json.h"
#include "sqlite/values.h"

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
  ASSIGN_OR_RETURN(
      auto columns,
      rows_of<LiveColumn>(db,
                          fmt::format("SELECT name, type, pk, \"notnull\" AND dflt_value IS NULL "
                                      "FROM pragma_table_xinfo(?1{}) WHERE hidden = 0",
                                      in),
                          table, [](const sqlite::Statement& row) {
                            LiveColumn column;
                            column.name = row.text(0);
                            column.type = std::string(row.text(1));
                            // SQLite writes some in upper case. A composite type's has names in it.
                            if (sqlite::composite_from_declaration(column.type) == nullptr)
                              column.type = lowercase(column.type);
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
  ASSIGN_OR_RETURN(const auto live, live_columns(db, schema, table.name));
  if (live.empty()) {
    difference.faults.push_back(fmt::format("there is no table {} in {}", table.name, path));
  } else {
    difference = compare(table, live, Dialect::sqlite);
  }
  if (keyspace && *keyspace != table.keyspace)
    difference.faults.insert(
        difference.faults.begin(),
        fmt::format("the file keeps the keyspace '{}', expected '{}'", *keyspace, table.keyspace));
  return difference;
}

bool has_column(std::span<const LiveColumn> live, std::string_view name) {
  return std::any_of(live.begin(), live.end(), [&](const LiveColumn& column) {
    return lowercase(column.name) == lowercase(name);
  });
}

}  // namespace

Result<std::string> file_id(sqlite::Database& db) {
  ASSIGN_OR_RETURN(sqlite::Statement select,
                   db.prepare("SELECT value FROM turntable_meta WHERE key = 'id'"));
  ASSIGN_OR_RETURN(const bool there, select.step());
  return there ? std::string(select.text(0)) : std::string();
}

Status add_missing_column(sqlite::Database& db, const std::string& table, const std::string& column,
                          std::string_view type) {
  ASSIGN_OR_RETURN(const auto live, live_columns(db, kMain, table));
  if (has_column(live, column)) return {};
  return db.execute(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", sqlite::quote_name(table),
                                sqlite::quote_name(column), type));
}

namespace {

// To a table that a version before made. With a default value SQLite need not write its rows anew.
// The value stays in the table's definition: a row that another program inserts without a write
// time counts as one of that moment, too.
Status add_write_times(sqlite::Database& db, const SinkTable& table, WallTime now) {
  // A STRICT table knows SQLite's own types alone.
  ASSIGN_OR_RETURN(sqlite::Statement strict,
                   db.prepare("SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND "
                              "lower(name) = lower(?1) AND strict"));
  strict.bind_copy(1, table.name);
  ASSIGN_OR_RETURN(const bool is_strict, strict.step());
  strict.reset();
  std::string type = is_strict ? "INTEGER" : "bigint";
  ASSIGN_OR_RETURN(sqlite::Statement any, db.prepare(fmt::format("SELECT 1 FROM {} LIMIT 1",
                                                                 sqlite::quote_name(table.name))));
  ASSIGN_OR_RETURN(const bool rows, any.step());
  any.reset();
  if (rows) type += fmt::format(" DEFAULT {}", micros_of(now));
  return add_missing_column(db, table.name, std::string(kWriteTimeColumn), type);
}

Status create_missing(sqlite::Database& db, const SinkTable& table) {
  // What is remembered of a table goes with it.
  ASSIGN_OR_RETURN(const auto live, live_columns(db, kMain, table.name));
  if (live.empty()) RETURN_IF_ERROR(drop_deletions_table(db, table));
  RETURN_IF_ERROR(
      db.execute("CREATE TABLE IF NOT EXISTS turntable_meta (key text PRIMARY KEY NOT NULL, value "
                 "text) WITHOUT ROWID"));
  ASSIGN_OR_RETURN(sqlite::Statement remember,
                   db.prepare("INSERT OR IGNORE INTO turntable_meta VALUES ('keyspace', ?1), "
                              "('id', ?2)"));
  remember.bind_text(1, table.keyspace);
  remember.bind_copy(2, sqlite::random_id());
  ASSIGN_OR_RETURN([[maybe_unused]] const bool more, remember.step());
  return db.execute(table_ddl(table, Dialect::sqlite));
}

// `advice`: nobody can follow it while the run goes on.
Status as_status(const Difference& difference, const std::string& path, const SinkTable& table,
                 bool advice = false) {
  if (difference.ok()) return {};
  return fail(ErrorKind::schema, fmt::format("{}: the table {} is not as the pipeline says: {}",
                                             path, table.name, fmt::join(difference.faults, "; ")) +
                                     (advice ? difference.advice_text() : ""));
}

// Inside a transaction. A table that is not as wanted is somebody else's, and gets no column. The
// warnings about all of them.
Result<std::vector<std::string>> create_and_compare(sqlite::Database& db, const std::string& path,
                                                    std::span<const SinkTable> tables,
                                                    WallTime now) {
  std::vector<std::string> warnings;
  for (const SinkTable& table : tables) {
    RETURN_IF_ERROR(create_missing(db, table));
    ASSIGN_OR_RETURN(Difference difference, difference_of(db, kMain, path, table));
    RETURN_IF_ERROR(as_status(difference, path, table, true));
    if (table.has_write_times()) RETURN_IF_ERROR(add_write_times(db, table, now));
    if (table.deletes) RETURN_IF_ERROR(create_deletions_table(db, table));
    for (std::string& warning : difference.warnings) warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace

Status apply_sqlite_schema(sqlite::Database& db, const std::string& path,
                           std::span<const SinkTable> tables, WallTime now) {
  db.set_busy_timeout(sqlite::kLockWait);
  RETURN_IF_ERROR(db.begin());
  const Result<std::vector<std::string>> warnings = create_and_compare(db, path, tables, now);
  Status done = warnings ? db.commit() : tl::unexpected<Error>(warnings.error());
  if (!done) db.rollback();
  db.set_busy_timeout(Millis(0));
  RETURN_IF_ERROR(done);
  for (const std::string& warning : *warnings) log::warn("{}: {}", path, warning);
  return {};
}

Result<KeptTimes> kept_times(sqlite::Database& db, const SinkTable& table) {
  const Schema written = table.written();
  std::string names;
  for (const ColumnDef& column : written)
    names += (names.empty() ? "" : ", ") + sqlite::quote_name(column.name);
  ASSIGN_OR_RETURN(
      const sqlite::Statement select,
      db.prepare(fmt::format("SELECT {} FROM {}", names, sqlite::quote_name(table.name))));
  KeptTimes kept;
  for (size_t i = 0; i < written.size(); ++i)
    kept.push_back(written[i].type == Type::timestamptz
                       ? sqlite::time_unit(select.declared_type(static_cast<int>(i)))
                       : TimeUnit::micros);
  if (table.has_write_times()) kept.push_back(TimeUnit::micros);
  return kept;
}

namespace {

// The start would take either form, and write times as the form has them.
Status check_kept_times(sqlite::Database& db, const std::string& path, const SinkTable& table,
                        const KeptTimes& kept) {
  ASSIGN_OR_RETURN(const KeptTimes now, kept_times(db, table));
  const auto name = [](TimeUnit unit) {
    return unit == TimeUnit::millis ? "milliseconds" : "microseconds";
  };
  Difference difference;
  const Schema written = table.written();
  for (size_t i = 0; i < written.size(); ++i) {
    if (now[i] != kept[i])
      difference.faults.push_back(
          fmt::format("column {} keeps {} of times, and kept {} when the run began: start again to "
                      "write what it keeps now",
                      written[i].name, name(now[i]), name(kept[i])));
  }
  return as_status(difference, path, table);
}

}  // namespace

Status check_open_table(sqlite::Database& db, const std::string& path, const SinkTable& table,
                        const KeptTimes& kept) {
  ASSIGN_OR_RETURN(Difference difference, difference_of(db, kMain, path, table));
  if (table.has_write_times() && difference.ok()) {
    // A start adds this column where it is missing.
    ASSIGN_OR_RETURN(const auto live, live_columns(db, kMain, table.name));
    if (!has_column(live, kWriteTimeColumn))
      difference.faults.push_back(
          fmt::format("column {} is missing, expected bigint", kWriteTimeColumn));
  }
  RETURN_IF_ERROR(as_status(difference, path, table));
  return check_kept_times(db, path, table, kept);
}

Result<bool> has_row_of(sqlite::Database& db, const SinkTable& table, const KeptTimes& kept,
                        std::string_view cells) {
  const Schema written = table.written();
  std::string where;
  for (size_t i = 0; i < written.size(); ++i) {
    if (table.key.has(written[i].name))
      where += fmt::format("{}{} IS ?{}", where.empty() ? "" : " AND ",
                           sqlite::quote_name(written[i].name), i + 1);
  }
  ASSIGN_OR_RETURN(
      sqlite::Statement select,
      db.prepare(fmt::format("SELECT 1 FROM {} WHERE {}", sqlite::quote_name(table.name), where)));
  CellReader reader(cells);
  for (size_t i = 0; i < written.size(); ++i) {
    const CellView cell = reader.next();
    if (table.key.has(written[i].name))
      sqlite::bind_cell(select, static_cast<int>(i) + 1, cell, written[i].type, kept[i]);
  }
  return select.step();
}

namespace {

// Inside a transaction. Where a table has other faults, too, nothing of it is changed.
Result<Schema> add_columns(sqlite::Database& db, const std::string& path, const SinkTable& table) {
  ASSIGN_OR_RETURN(Difference difference, difference_of(db, kMain, path, table));
  if (!difference.lacks_columns_only()) return Schema{};
  for (const ColumnDef& column : difference.additions)
    RETURN_IF_ERROR(db.execute(add_column_ddl(table, column, Dialect::sqlite)));
  return std::move(difference.additions);
}

Result<Schema> add_missing_columns(sqlite::Database& db, const std::string& path,
                                   const SinkTable& table) {
  db.set_busy_timeout(sqlite::kLockWait);
  RETURN_IF_ERROR(db.begin());
  Result<Schema> added = add_columns(db, path, table);
  Status done = added ? db.commit() : tl::unexpected<Error>(added.error());
  if (!done) db.rollback();
  RETURN_IF_ERROR(done);
  return added;
}

}  // namespace

Result<Schema> create_sqlite_table(const std::string& path, const SinkTable& table,
                                   bool add_columns) {
  ASSIGN_OR_RETURN(const auto lock, sqlite::WriterLock::take(path));
  ASSIGN_OR_RETURN(sqlite::Database db,
                   sqlite::Database::open(path, sqlite::Database::Mode::write));
  Schema added;
  if (add_columns) {
    ASSIGN_OR_RETURN(added, add_missing_columns(db, path, table));
  }
  RETURN_IF_ERROR(apply_sqlite_schema(db, path, {&table, 1}, SystemClock().wall()));
  return added;
}

Result<Difference> check_sqlite_table(const std::string& path, const SinkTable& table) {
  ASSIGN_OR_RETURN(sqlite::Database db, sqlite::Database::open("", sqlite::Database::Mode::memory));
  db.set_busy_timeout(sqlite::kLockWait);
  RETURN_IF_ERROR(db.attach_read_only(path, "there"));
  return difference_of(db, "there", path, table);
}

}  // namespace turntable
