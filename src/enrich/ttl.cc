#include "enrich/ttl.h"

#include <fmt/format.h>

#include "base/text.h"
#include "row/row_batch.h"

namespace turntable {

std::string ttl_fault(const Column& seconds, uint32_t row, const std::string& name) {
  if (seconds.is_null(row)) return "";
  const auto value = seconds.get<int32_t>(row);
  if (value >= 0 && value <= kTtlSecondsLimit) return "";
  return fmt::format("{} is {}: a time to live is from 0 to {} seconds", name, value,
                     grouped(kTtlSecondsLimit));
}

}  // namespace turntable
