#include "app/difference.h"

#include <fmt/format.h>

#include "base/log.h"

namespace turntable {

Status difference_error(const Difference& difference, const std::string& table) {
  for (const std::string& warning : difference.warnings) log::warn("{}", warning);
  for (const std::string& note : difference.notes) log::info("{}: {}", table, note);
  if (difference.ok()) return {};
  std::string message = fmt::format("the table {} is not as the pipeline needs it:", table);
  for (const std::string& fault : difference.faults) message += "\n  " + fault;
  return fail(ErrorKind::schema, std::move(message));
}

}  // namespace turntable
