#include "app/live_table.h"

#include <fmt/format.h>

#include <optional>

#include "app/connectors.h"
#include "base/log.h"
#include "sink/cassandra_schema.h"

namespace turntable {
cassandra::Options cassandra_options(const SinkSpec& sink) {
  return {.contact_points = sink.contact_points,
          .username = sink.username,
          .password = sink.password,
          .consistency = sink.consistency,
          .local_dc = sink.local_dc,
          .request_timeout = sink.request_timeout};
}

Result<cassandra::Session> connect_cassandra(const SinkSpec& sink, const StopToken& stop) {
  const cassandra::Options options = cassandra_options(sink);
  std::optional<cassandra::Session> session;
  RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
    ASSIGN_OR_RETURN(session, cassandra::Session::connect(options));
    return {};
  }));
  return std::move(*session);
}

Result<std::vector<std::string>> cassandra_ddl(const SinkSpec& sink) {
  ASSIGN_OR_RETURN(std::string keyspace, keyspace_ddl(sink.table.keyspace, sink.keyspace));
  return std::vector<std::string>{std::move(keyspace), table_ddl(sink.table, Dialect::cql)};
}

Status difference_error(const Difference& difference, const std::string& table) {
  if (difference.ok()) return {};
  std::string message = fmt::format("the table {} is not as the pipeline needs it:", table);
  for (const std::string& fault : difference.faults) message += "\n  " + fault;
  return fail(ErrorKind::schema, std::move(message));
}

Status check_cassandra_table(cassandra::Session& session, const SinkSpec& sink) {
  ASSIGN_OR_RETURN(const std::vector<LiveColumn> live, read_cassandra_columns(session, sink.table));
  if (live.empty())
    return fail(ErrorKind::schema, fmt::format("there is no table {} at {}; `turntable schema apply` makes it",
                                               sink.table.full_name(), sink.contact_points));
  const Difference difference = compare(sink.table, live, Dialect::cql);
  for (const std::string& note : difference.notes) log::info("{}: {}", sink.table.full_name(), note);
  return difference_error(difference, sink.table.full_name());
}

}  // namespace turntable
