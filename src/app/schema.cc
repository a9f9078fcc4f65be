#include "app/schema.h"

#include <fmt/format.h>

#include <filesystem>

#include "app/cassandra.h"
#include "app/connectors.h"
#include "app/pipeline.h"
#include "base/log.h"
#include "base/text.h"
#include "sink/cassandra_schema.h"
#include "sink/sqlite_schema.h"
#include "sqlite/database.h"

namespace turntable {
namespace {

Status print_ddl(const SinkSpec& sink, Output& out) {
  if (sink.connector == "cassandra") {
    for (const std::string& warning : narrowed_keys(sink.table, {}, Dialect::cql))
      log::warn("{}", warning);
    ASSIGN_OR_RETURN(const std::string keyspace, keyspace_ddl(sink.table.keyspace, sink.keyspace));
    out.print("{};\n\n{};\n", keyspace, table_ddl(sink.table, Dialect::cql));
  } else {
    out.print("{};\n", table_ddl(sink.table, Dialect::sqlite));
  }
  return {};
}

Status check_cassandra(cassandra::Session& session, const SinkSpec& sink) {
  ASSIGN_OR_RETURN(const Difference difference, check_cassandra_table(session, sink.table));
  return difference_error(difference, sink.table.full_name());
}

Status apply(const SinkSpec& sink, const StopToken& stop, Output& out) {
  if (sink.connector == "cassandra") {
    ASSIGN_OR_RETURN(cassandra::Session session, connect_cassandra(sink, stop));
    RETURN_IF_ERROR(retry_transient(
        stop, [&] { return create_cassandra_table(session, sink.table, sink.keyspace); }));
    // A table that was there before may be another one.
    RETURN_IF_ERROR(check_cassandra(session, sink));
    out.print("{} is there, at {}.\n", printable(sink.table.full_name()),
              printable(sink.connection.contact_points));
  } else {
    RETURN_IF_ERROR(create_sqlite_table(sink.path, sink.table));
    out.print("{} is there, in {}.\n", printable(sink.table.name), printable(sink.path, 4096));
  }
  return {};
}

Status check(const SinkSpec& sink, const StopToken& stop, Output& out) {
  RETURN_IF_ERROR(check_live_table(sink, stop));
  out.print("{} is as the pipeline needs it.\n", printable(sink.table.full_name()));
  return {};
}

// Makes nothing. An error where the file could not be made either.
Result<bool> has_sqlite_table(const std::string& path, const std::string& table) {
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

}  // namespace

Status check_live_table(const SinkSpec& sink, const StopToken& stop) {
  if (sink.connector == "cassandra") {
    ASSIGN_OR_RETURN(cassandra::Session session, connect_cassandra(sink, stop));
    return check_cassandra(session, sink);
  }
  if (sink.connector != "sqlite") return {};
  ASSIGN_OR_RETURN(const Difference difference, check_sqlite_table(sink.path, sink.table));
  return difference_error(difference, sink.table.name);
}

Status check_table_if_there(const SinkSpec& sink, const StopToken& stop) {
  if (sink.connector == "sqlite") {
    ASSIGN_OR_RETURN(const bool there, has_sqlite_table(sink.path, sink.table.name));
    if (!there) return {};
  }
  return check_live_table(sink, stop);
}

Status check_sqlite_before_opening(const SinkSpec& sink, const StopToken& stop) {
  RetryOptions options = retry_of_file(sink.path);
  options.quiet_for = sqlite::kLockWait;
  const auto attempt = [&sink]() -> Status {
    // The sink, which may write, rolls back and compares then.
    if (has_rollback_journal(sink.path)) return {};
    ASSIGN_OR_RETURN(const bool there, has_sqlite_table(sink.path, sink.table.name));
    if (!there) return {};
    ASSIGN_OR_RETURN(Difference difference, check_sqlite_table(sink.path, sink.table));
    difference.warnings.clear();
    difference.notes.clear();
    return difference_error(difference, sink.table.name);
  };
  return retry_transient(stop, attempt, options);
}

Result<ExitCode> run_schema(const SchemaOptions& options, const StopToken& stop, Output& out) {
  ASSIGN_OR_RETURN(const Pipeline pipeline, load_pipeline(options.pipeline, options.sets));
  const SinkSpec& sink = pipeline.sink;
  if (sink.connector != "cassandra" && sink.connector != "sqlite")
    return fail(ErrorKind::usage,
                fmt::format("the connector '{}' of {} keeps no table, so it has no schema",
                            sink.connector, sink.table.name));
  switch (options.action) {
    case SchemaAction::print:
      RETURN_IF_ERROR(print_ddl(sink, out));
      break;
    case SchemaAction::apply:
      RETURN_IF_ERROR(apply(sink, stop, out));
      break;
    case SchemaAction::check:
      RETURN_IF_ERROR(check(sink, stop, out));
      break;
  }
  RETURN_IF_ERROR(out.finish());
  return ExitCode::done;
}

}  // namespace turntable
