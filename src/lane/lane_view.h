// What a lane lets other threads see of it: the status line, the statistics, metrics and the HTTP
// server's answers are made of this and of nothing else.
//
// The lane publishes it once per turn of its loop (base/published.h), without a lock. All numbers
// of one reading are of the same moment, so that what was consumed is the sum of the outcomes and
// of what is in flight. What is larger (LaneDetails) is made anew several times a second only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/published.h"
#include "delivery/accounting.h"
#include "delivery/letter_queue.h"
#include "enrich/missed_keys.h"
#include "row/position.h"
#include "row/record.h"
#include "row/reject.h"
#include "sink/sink.h"
#include "source/source.h"

namespace turntable {

enum class LaneState : uint8_t {
  starting,  // Has not read yet.
  running,
  blocked,    // Reads nothing, because stores or dead letters have to take what there is first.
  finishing,  // Reads no more, and ends what it has begun.
  ended,
  failed,
};

// What a lane spends its time with.
enum class Phase : uint8_t {
  fetch,   // Taking records from the source.
  decode,  // Finding the columns in them.
  join,    // Filters, lookups and expressions.
  encode,  // Making the cells of rows.
  write,   // Handing rows to stores, and taking in what they report.
  commit,  // Making positions durable.
  wait,    // For the source, a store or time.
};
inline constexpr size_t kPhases = 7;
[[nodiscard]] std::string_view phase_name(Phase phase);

// From a record's timestamp until its row is durable, in microseconds. Kafka counts milliseconds.
inline constexpr std::array<int64_t, 21> kLatencyBounds{
    100,       200,        500,        1'000,      2'000,       5'000,       10'000,
    20'000,    50'000,     100'000,    200'000,    500'000,     1'000'000,   2'000'000,
    5'000'000, 10'000'000, 30'000'000, 60'000'000, 300'000'000, 900'000'000, 3'600'000'000};
// Records that are taken from the source at once, and rows of one flush.
inline constexpr std::array<int64_t, 10> kBatchBounds{1,   10,    50,    100,   250,
                                                      500, 1'000, 2'500, 5'000, 10'000};
using Latencies = Histogram<kLatencyBounds>;
using BatchSizes = Histogram<kBatchBounds>;

// How many rows are shown.
inline constexpr size_t kShownRowsLimit = 20;

// A row that is durable, for people to see.
struct ShownRow {
  size_t insert = 0;
  int64_t time_us = 0;                             // When it was found to be durable; since 1970.
  std::vector<std::optional<std::string>> values;  // In the order of its table's columns.
};

// What belongs to one lookup.
struct LookupFigures {
  std::string name;
  uint64_t hits = 0;  // Records for which a row was found; a lookup that is joined twice counts so.
  uint64_t misses = 0;
  std::vector<MissedKeys::Missed> most_missed;
};

struct PartitionFigures {
  PartitionId partition = 0;
  Offset position = -1;                   // Stored; -1: none yet.
  Offset next = -1;                       // The next record to be read.
  Offset end = -1;                        // Behind the last record, as far as is known.
  int64_t last_record_ms = kNoTimestamp;  // The timestamp of the last record that was read.
};

struct LaneDetails {
  std::vector<PartitionFigures> partitions;   // That are its own, ascending.
  std::map<PartitionId, Position> positions;  // All that it stored.
  std::vector<LookupFigures> lookups;
  // By the lookup's name, all that is kept of them; only once the lane has ended.
  std::map<std::string, MissedKeys> missed_keys;
  std::vector<ShownRow> rows;               // The newest first.
  std::vector<LetterQueue::Shown> letters;  // The newest first.
  // Empty where all is well: why it is tried again, in the words of the part.
  std::string source_trouble;
  std::string letters_trouble;
  std::vector<std::string> store_troubles;  // By store.
};

struct InsertFigures {
  Counts counts;
  uint64_t in_flight = 0;
};

// Moments that the statistics are made of.
struct LaneTimes {
  std::optional<SteadyTime> first_poll;
  std::optional<SteadyTime> first_record;
  std::optional<SteadyTime> last_outcome;  // When the last record's outcome became durable.
};

struct LaneFigures {
  LaneState state = LaneState::starting;
  uint64_t turns = 0;      // Of its loop. 0: it has not begun.
  SteadyTime turned_at{};  // When the last one ended.
  Counts counts;           // Each record once, as the worst that became of it.
  uint64_t in_flight = 0;  // Consumed, and without an outcome.
  std::vector<InsertFigures> inserts;
  int64_t lag = -1;  // Records that wait in the source; -1 where that is not known.
  int64_t lost = 0;  // Records that the source lost before they were read.
  LaneTimes times;
  int64_t last_record_us = 0;  // By the wall clock: when the last record came, …
  int64_t last_write_us = 0;   // … and when a store last took a row. 0: never.
  std::array<std::chrono::nanoseconds, kPhases> phases{};
  uint64_t window_used = 0;     // Rows or requests that stores have not answered,
  uint64_t window_allowed = 0;  // and how many there may be.
  uint64_t held_bytes = 0;      // Of records, rows and letters that are not settled.
  std::optional<size_t>
      stalled_store;      // Has reported nothing for some seconds, though it has rows.
  uint64_t assigned = 0;  // Partitions that came, ever,
  uint64_t revoked = 0;   // and that went.
  uint64_t rebalances = 0;
  SinkTries tries;
  uint64_t letter_retries = 0;
  Latencies latencies;
  BatchSizes batches;
  BatchSizes flushes;
  std::array<uint64_t, kRejectCodes> letters_by_reason{};
  std::shared_ptr<const LaneDetails> details;  // Null before the first turn.
};

using LaneView = Published<LaneFigures>;

}  // namespace turntable
