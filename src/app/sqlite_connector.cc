// The connector 'sqlite': tables of one file, written in one transaction.
#include <fmt/format.h>

#include <filesystem>

#include "app/connector.h"
#include "app/difference.h"
#include "app/retry_transient.h"
#include "app/row_options.h"
#include "base/file_id.h"
#include "base/text.h"
#include "sink/sqlite_schema.h"
#include "sink/sqlite_sink.h"
#include "sqlite/database.h"

namespace turntable {
namespace {

void read_sqlite(OptionReader& options, StoreSpec& store, TableSpec& table) {
  read_row_options(options, table.table);
  store.path = options.path("path");
  // Names that SQLite does not take for files: rows would be acknowledged and gone.
  if (store.path == ":memory:" || store.path.starts_with("file:"))
    options.fault(
        "path", fmt::format("path cannot be '{}', expected a file's path", printable(store.path)));
}

// By device and inode where the file is there, else by where it will be made.
std::string identity_of(const StoreSpec& store) {
  if (const auto file = file_at(store.path))
    return fmt::format("{} {}", static_cast<uint64_t>(file->device),
                       static_cast<uint64_t>(file->inode));
  namespace fs = std::filesystem;
  std::error_code ignored;
  // A link to a file that is still to be made leads there too.
  fs::path target = fs::absolute(store.path, ignored);
  for (int links = 0; links < 40 && fs::is_symlink(target, ignored); ++links)
    target = target.parent_path() / fs::read_symlink(target, ignored);
  const fs::path path = fs::weakly_canonical(target, ignored);
  return path.empty() ? store.path : path.string();
}

// The file remembers one keyspace, under which queries attach it.
std::string difference_of(const StoreSpec& one, const StoreSpec& other) {
  return one.tables[0].table.keyspace == other.tables[0].table.keyspace ? "" : "keyspace";
}

// The sink makes its tables where they are missing and compares them itself.
Result<std::unique_ptr<Sink>> open_sqlite(const SinkOpening& opening) {
  const std::string& path = opening.store.path;
  std::unique_ptr<SqliteSink> sink;
  const auto attempt = [&]() -> Status {
    SqliteSinkOptions options{.path = path,
                              .tables = opening.store.sink_tables(),
                              .group = opening.positions.group,
                              .topic = opening.positions.topic};
    ASSIGN_OR_RETURN(sink, SqliteSink::open(std::move(options)));
    return {};
  };
  RETURN_IF_ERROR(retry_transient(opening.stop, attempt, retry_of_file(path)));
  return sink;
}

Result<std::map<PartitionId, Position>> positions_kept(const StoreSpec& store,
                                                       const PositionsOf& owner) {
  return positions_in_file(store.path, {owner.group, owner.topic}, store.sink_tables());
}

Status forget(const StoreSpec& store, const PositionsOf& owner) {
  return forget_positions(store.path, {owner.group, owner.topic}, store.sink_tables());
}

Result<std::string> ddl_of(const StoreSpec& store) {
  std::string text;
  for (const TableSpec& table : store.tables)
    text +=
        fmt::format("{}{};\n", text.empty() ? "" : "\n", table_ddl(table.table, Dialect::sqlite));
  return text;
}

Result<std::string> create(const StoreSpec& store, const StopToken&, bool add_columns) {
  std::string said;
  Status all;
  for (const TableSpec& table : store.tables) {
    const Result<Schema> added = create_sqlite_table(store.path, table.table, add_columns);
    if (!added) {
      RETURN_IF_ERROR(collect_difference(tl::unexpected<Error>(added.error()), all));
      continue;
    }
    for (const ColumnDef& column : *added)
      said += added_sentence(table.table, column, Dialect::sqlite);
    said += fmt::format("{} is there, in {}.\n", printable(table.table.name),
                        printable(store.path, 4096));
  }
  RETURN_IF_ERROR(all);
  return said;
}

Status compare(const StoreSpec& store, const StopToken&) {
  Status all;
  for (const TableSpec& table : store.tables) {
    ASSIGN_OR_RETURN(const Difference difference, check_sqlite_table(store.path, table.table));
    RETURN_IF_ERROR(collect_difference(difference_error(difference, table.table.name), all));
  }
  return all;
}

// Makes nothing. An error where the file could not be made either.
Result<bool> has_table(const std::string& path, const std::string& table) {
  std::error_code ignored;
  const auto folder = std::filesystem::path(path).parent_path();
  const bool can_be_made = folder.empty() || std::filesystem::is_directory(folder, ignored);
  if (can_be_made && !std::filesystem::exists(path, ignored)) return false;
  ASSIGN_OR_RETURN(sqlite::Database db, sqlite::Database::open("", sqlite::Database::Mode::memory));
  db.set_busy_timeout(sqlite::kLockWait);
  RETURN_IF_ERROR(db.attach_read_only(path, "there"));
  ASSIGN_OR_RETURN(sqlite::Statement select,
                   db.prepare("SELECT 1 FROM there.sqlite_master WHERE lower(name) = lower(?)"));
  select.bind_text(1, table);
  return select.step();
}

// A program that was killed inside of a transaction leaves its rollback journal, and SQLite rolls
// back only through a connection that may write. The journal of a program that still runs looks the
// same.
bool has_rollback_journal(const std::string& path) {
  for (const std::string& file : sqlite::files_of(path)) {
    std::error_code missing;
    if (file.ends_with("-journal") && std::filesystem::file_size(file, missing) > 0 && !missing)
      return true;
  }
  return false;
}

Status compare_tables_there(const StoreSpec& store, bool quiet) {
  Status all;
  for (const TableSpec& table : store.tables) {
    ASSIGN_OR_RETURN(const bool there, has_table(store.path, table.table.name));
    if (!there) continue;
    ASSIGN_OR_RETURN(Difference difference, check_sqlite_table(store.path, table.table));
    if (quiet) {
      difference.warnings.clear();
      difference.notes.clear();
    }
    RETURN_IF_ERROR(collect_difference(difference_error(difference, table.table.name), all));
  }
  return all;
}

// The sink makes its file and takes its lock as soon as it is opened. A file with a rollback
// journal beside it is left to the sink, which may write: it may have to be rolled back before it
// can be read.
Status compare_what_is_there(const StoreSpec& store, const StopToken& stop, bool quiet) {
  if (!quiet) return compare_tables_there(store, quiet);
  RetryOptions options = retry_of_file(store.path);
  options.quiet_for = sqlite::kLockWait;
  return retry_transient(
      stop,
      [&store]() -> Status {
        if (has_rollback_journal(store.path)) return {};
        return compare_tables_there(store, true);
      },
      options);
}

}  // namespace

const SinkConnector kSqliteConnector{
    .name = "sqlite",
    .one_lane = "SQLite has one writer, so one lane",
    .dialect = Dialect::sqlite,
    .makes_store = true,
    .read = read_sqlite,
    .identity = identity_of,
    .difference = difference_of,
    .open = open_sqlite,
    .positions_kept = positions_kept,
    .forget_positions = forget,
    .ddl = ddl_of,
    .create = create,
    .compare = compare,
    .compare_what_is_there = compare_what_is_there,
};

}  // namespace turntable
