#include "app/cassandra.h"

#include <fmt/format.h>

#include <optional>

#include "app/connectors.h"
#include "base/log.h"

namespace turntable {

cassandra::Options cassandra_options(const SinkSpec& sink) {
  return {.contact_points = sink.contact_points,
          .username = sink.username,
          .password = sink.password,
          .ca_file = sink.ca_file,
          .consistency = sink.consistency,
          .local_dc = sink.local_dc,
          .request_timeout = sink.request_timeout};
}

Result<cassandra::Session> connect_cassandra(const SinkSpec& sink, const StopToken& stop) {
  std::optional<cassandra::Session> session;
  RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
    ASSIGN_OR_RETURN(session, cassandra::Session::connect(cassandra_options(sink)));
    return {};
  }));
  return std::move(*session);
}

Status difference_error(const Difference& difference, const std::string& table) {
  for (const std::string& note : difference.notes) log::info("{}: {}", table, note);
  if (difference.ok()) return {};
  std::string message = fmt::format("the table {} is not as the pipeline needs it:", table);
  for (const std::string& fault : difference.faults) message += "\n  " + fault;
  return fail(ErrorKind::schema, std::move(message));
}

}  // namespace turntable
