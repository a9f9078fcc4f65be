// What the lanes of a run know together about the fields of events, and say once. A lane reads some
// partitions only: a field that none of its records had may be in those of another lane.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "decode/decoder.h"

namespace turntable {

// After so many JSON objects a run says which declared fields none of them had.
inline constexpr uint64_t kFieldsLookedAtAfter = 1'000;

// Thread-safe.
class RunCensus {
 public:
  // `table` is the source's, for the warnings.
  explicit RunCensus(std::string table) : table_(std::move(table)) {}

  // True once the warnings have been given: lanes need not call update() any more.
  [[nodiscard]] bool told() const { return told_.load(std::memory_order_relaxed); }

  // Takes what a lane's decoder knows by now, on the lane's thread. Returns the warnings to the
  // lane with which all of them have read enough, once in the run, and nothing to all others.
  [[nodiscard]] std::vector<std::string> update(const Decoder& decoder);

  // The warning that times of this field are cut; nothing where the run has said so before.
  [[nodiscard]] std::optional<std::string> cut(const std::string& field);

 private:
  const std::string table_;
  std::atomic<bool> told_{false};
  std::mutex mutex_;
  std::map<const Decoder*, FieldCensus> of_lanes_;
  std::set<std::string> cut_;
};

}  // namespace turntable
