#include "cassandra/wrong_server.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "base/server_probe.h"
#include "base/text.h"

namespace turntable::cassandra {
namespace {

std::string with_port(std::string_view point) {
  const size_t colon = point.rfind(':');
  const bool is_ipv6 = colon != std::string_view::npos && point.find(':') != colon;
  if (is_ipv6 && !point.starts_with('[')) return fmt::format("[{}]:9042", point);
  const bool has_port = colon != std::string_view::npos && !point.ends_with(']');
  return fmt::format("{}{}", point, has_port ? "" : ":9042");
}

// Empty where it may be a node.
std::string what_is_wrong(const std::string& address, bool tls) {
  const Speaks speaks = probe_server(address);
  switch (speaks) {
    case Speaks::unknown:
    case Speaks::cassandra:  // With TLS asked for, the bridge's own error says it.
      return "";
    case Speaks::tls:
      if (tls) return "";
      return fmt::format("{} asks for TLS; set ca_file, if a node of Cassandra is behind it",
                         printable(address));
    case Speaks::kafka_broker:
    case Speaks::kafka_controller:
    case Speaks::http:
      break;
  }
  return fmt::format(
      "{} is {}, not a node of Cassandra; write a node's address into contact_points",
      printable(address), what_speaks(speaks));
}

}  // namespace

Error told_apart(Error error, const Options& options) {
  if (error.kind == ErrorKind::usage || error.kind == ErrorKind::schema) return error;
  size_t points = 0;
  std::vector<std::string> wrong;
  for (const std::string_view part : split(options.contact_points, ',')) {
    if (trim(part).empty()) continue;
    ++points;
    if (auto what = what_is_wrong(with_port(trim(part)), !options.ca_file.empty()); !what.empty())
      wrong.push_back(std::move(what));
  }
  if (wrong.empty()) return error;
  if (wrong.size() == points) return {ErrorKind::failed, fmt::format("{}", fmt::join(wrong, "; "))};
  error.message += fmt::format("; {}", fmt::join(wrong, "; "));
  return error;
}

}  // namespace turntable::cassandra
