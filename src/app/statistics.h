// The figures of a run, for people (the verdict line) and for programs (--stats-json).
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delivery/accounting.h"
#include "enrich/enrich_plan.h"
#include "enrich/missed_keys.h"
#include "lane/lane.h"

namespace turntable {

// What became of the records in one INSERT.
struct TableStatistics {
  std::string name;  // The table's in the pipeline.
  Counts counts;
  uint64_t in_flight = 0;
};

// So many keys are named for each lookup.
inline constexpr size_t kMissedKeysShown = 10;

struct Statistics {
  Counts counts;  // Each record once, as the worst that became of it.
  std::vector<TableStatistics> tables;
  // By the lookup's name: keys that records looked for and did not find.
  std::map<std::string, MissedKeys> missed_keys;
  // By the lookup's name, where next to nothing matched: a key that was missed, beside the nearest.
  std::map<std::string, std::string> nearest_keys;
  uint64_t in_flight = 0;      // 0 but after a failure.
  uint64_t lost = 0;           // Never consumed: the source had them no more.
  double startup_seconds = 0;  // From the start of the process to the first poll.
  double seconds = 0;          // From the first record to the last durable outcome.
  std::vector<std::pair<PartitionId, Offset>> positions;  // Stored, ascending by partition.

  // consumed = written + deleted + filtered + tombstones + unmatched + rejected + returned + in
  // flight, where each was counted by itself: for the records, and in each table.
  [[nodiscard]] bool adds_up() const;
};

// After the lanes have ended. `names`: of the INSERTs, by their number.
[[nodiscard]] Statistics collect_statistics(const std::vector<const Lane*>& lanes,
                                            const std::vector<std::string>& names,
                                            SteadyTime process_start);

// Fills in `nearest_keys`.
void compare_missed_keys(const EnrichPlan& plan, Statistics& statistics);

// Whether write_statistics() can write there, without leaving anything behind: found out before the
// run, not behind it. An error of kind usage where it cannot.
[[nodiscard]] Status check_statistics_path(const std::string& path);

// One object: consumed, written, deleted, filtered, tombstones, unmatched, rejected, returned,
// dead_lettered, lost, startup_seconds, seconds, offsets by partition, and tables by name, each
// with the counts of its INSERT, and lookups by name, each with how many records found no row and
// the keys that were missed most often. Written beside the path and renamed.
[[nodiscard]] Status write_statistics(const Statistics& statistics, const std::string& path);

// "Done: 10 consumed = 8 written + 0 filtered + 1 unmatched + 1 rejected + 0 returned; 2 dead
// letters in x; 0.4 s, 25 records/s". Before it come a line for each of several tables,
// "  by_song: 10 = 8 written + …", and one for each lookup without a row for some records: "  songs
// has no row for 1 record: name = 'x' (1)", with the nearest keys below it. Tombstones stand in it
// where some were passed over.
[[nodiscard]] std::string verdict(const Statistics& statistics, const std::string& dead_letters,
                                  const std::string& word);

}  // namespace turntable
