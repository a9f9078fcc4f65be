#include "app/cassandra.h"

#include <fmt/format.h>

#include <optional>

#include "app/connectors.h"
#include "base/log.h"

namespace turntable {

Result<cassandra::Session> connect_cassandra(const SinkSpec& sink, const StopToken& stop) {
  std::optional<cassandra::Session> session;
  RETURN_IF_ERROR(retry_transient(stop, [&]() -> Status {
    ASSIGN_OR_RETURN(session, cassandra::Session::connect(sink.connection));
    return {};
  }));
  return std::move(*session);
}

Status difference_error(const Difference& difference, const std::string& table) {
  for (const std::string& warning : difference.warnings) log::warn("{}", warning);
  for (const std::string& note : difference.notes) log::info("{}: {}", table, note);
  if (difference.ok()) return {};
  std::string message = fmt::format("the table {} is not as the pipeline needs it:", table);
  for (const std::string& fault : difference.faults) message += "\n  " + fault;
  return fail(ErrorKind::schema, std::move(message));
}

}  // namespace turntable
