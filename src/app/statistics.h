// The figures of a run, for people (the verdict line) and for programs (--stats-json).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delivery/accounting.h"
#include "lane/lane.h"

namespace turntable {

struct Statistics {
  Counts counts;
  uint64_t in_flight = 0;      // 0 but after a failure.
  uint64_t lost = 0;           // Never consumed: the source had them no more.
  double startup_seconds = 0;  // From the start of the process to the first poll.
  double seconds = 0;          // From the first record to the last durable outcome.
  std::vector<std::pair<PartitionId, Offset>> positions;  // Stored, ascending by partition.

  // consumed = written + filtered + unmatched + rejected + returned + in flight, where each was
  // counted by itself.
  [[nodiscard]] bool adds_up() const { return counts.consumed == counts.ended() + in_flight; }
};

// After the lanes have ended.
[[nodiscard]] Statistics collect_statistics(const std::vector<const Lane*>& lanes,
                                            SteadyTime process_start);

// One object: consumed, written, filtered, unmatched, rejected, returned, dead_lettered, lost,
// startup_seconds, seconds and offsets by partition. Written beside the path and renamed.
[[nodiscard]] Status write_statistics(const Statistics& statistics, const std::string& path);

// "Done: 10 consumed = 8 written + 0 filtered + 1 unmatched + 1 rejected + 0 returned; 2 dead
// letters in x; 0.4 s, 25 records/s"
[[nodiscard]] std::string verdict(const Statistics& statistics, const std::string& dead_letters,
                                  const std::string& word);

}  // namespace turntable
