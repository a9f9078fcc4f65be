#include "app/schema.h"

#include <fmt/format.h>

#include "app/cassandra.h"
#include "app/connectors.h"
#include "app/pipeline.h"
#include "base/text.h"
#include "sink/cassandra_schema.h"
#include "sink/sqlite_schema.h"

namespace turntable {
namespace {

Result<ExitCode> print_ddl(const SinkSpec& sink) {
  if (sink.connector == "cassandra") {
    ASSIGN_OR_RETURN(const std::string keyspace, keyspace_ddl(sink.table.keyspace, sink.keyspace));
    fmt::print("{};\n\n{};\n", keyspace, table_ddl(sink.table, Dialect::cql));
  } else {
    fmt::print("{};\n", table_ddl(sink.table, Dialect::sqlite));
  }
  return ExitCode::done;
}

Status check_cassandra(cassandra::Session& session, const SinkSpec& sink) {
  ASSIGN_OR_RETURN(const Difference difference, check_cassandra_table(session, sink.table));
  return difference_error(difference, sink.table.full_name());
}

Result<ExitCode> apply(const SinkSpec& sink, const StopToken& stop) {
  if (sink.connector == "cassandra") {
    ASSIGN_OR_RETURN(cassandra::Session session, connect_cassandra(sink, stop));
    RETURN_IF_ERROR(retry_transient(
        stop, [&] { return create_cassandra_table(session, sink.table, sink.keyspace); }));
    // A table that was there before may be another one.
    RETURN_IF_ERROR(check_cassandra(session, sink));
    fmt::print("{} is there, at {}.\n", printable(sink.table.full_name()),
               printable(sink.connection.contact_points));
  } else {
    RETURN_IF_ERROR(create_sqlite_table(sink.path, sink.table));
    fmt::print("{} is there, in {}.\n", printable(sink.table.name), printable(sink.path, 4096));
  }
  return ExitCode::done;
}

Result<ExitCode> check(const SinkSpec& sink, const StopToken& stop) {
  if (sink.connector == "cassandra") {
    ASSIGN_OR_RETURN(cassandra::Session session, connect_cassandra(sink, stop));
    RETURN_IF_ERROR(check_cassandra(session, sink));
  } else {
    ASSIGN_OR_RETURN(const Difference difference, check_sqlite_table(sink.path, sink.table));
    RETURN_IF_ERROR(difference_error(difference, sink.table.name));
  }
  fmt::print("{} is as the pipeline needs it.\n", printable(sink.table.full_name()));
  return ExitCode::done;
}

}  // namespace

Result<ExitCode> run_schema(const SchemaOptions& options, const StopToken& stop) {
  ASSIGN_OR_RETURN(const Pipeline pipeline, load_pipeline(options.pipeline, options.sets));
  const SinkSpec& sink = pipeline.sink;
  if (sink.connector != "cassandra" && sink.connector != "sqlite")
    return fail(ErrorKind::usage,
                fmt::format("the connector '{}' of {} keeps no table, so it has no schema",
                            sink.connector, sink.table.name));
  switch (options.action) {
    case SchemaAction::print:
      return print_ddl(sink);
    case SchemaAction::apply:
      return apply(sink, stop);
    case SchemaAction::check:
      return check(sink, stop);
  }
  return ExitCode::done;
}

}  // namespace turntable
