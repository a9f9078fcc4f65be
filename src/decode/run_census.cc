#include "decode/run_census.h"

#include <fmt/format.h>

#include "base/text.h"

namespace turntable {

std::vector<std::string> RunCensus::update(const Decoder& decoder) {
  FieldCensus census = decoder.census();
  const std::lock_guard lock(mutex_);
  if (told()) return {};
  of_lanes_[&decoder] = std::move(census);
  std::vector<FieldCensus> parts;
  for (const auto& [lane, part] : of_lanes_) parts.push_back(part);
  const FieldCensus sum = merged(parts);
  if (sum.records < kFieldsLookedAtAfter) return {};
  told_.store(true, std::memory_order_relaxed);
  return warnings_of(sum, table_);
}

std::optional<std::string> RunCensus::cut(const std::string& field) {
  const std::lock_guard lock(mutex_);
  if (!cut_.insert(field).second) return std::nullopt;
  return fmt::format("times of {} in the field '{}' have digits beyond microseconds, which are cut",
                     printable(table_), printable(field));
}

}  // namespace turntable
