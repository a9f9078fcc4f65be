// Rows on their way to a sink: cells in the sink's column order, and where each row came from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "row/cell.h"
#include "row/types.h"

namespace turntable {

// Names one record of a lane's ledger, so that the sink's acknowledgement finds its way back.
struct Origin {
  PartitionId partition = 0;
  uint32_t epoch = 0;  // The assignment under which it was read; older ones are late and dropped.
  uint64_t ticket =
      0;  // The ledger's number for the record, ascending in delivery order per partition.
};

// What a row does to the one with its key that the table has.
enum class RowKind : uint8_t {
  write,     // Stands in its place.
  deletion,  // Removes it, for a tombstone. All cells are NULL but those of the key and the write
             // time.
};

// What a sink wants rows to look like beside its columns.
struct RowForm {
  int32_t absent = kNullCell;  // Stands for a value that is not there.
  TimeUnit times = TimeUnit::micros;
  // The number of the output that is the row's time to live, in seconds: an int, behind those that
  // are columns. NULL is none, and never `absent`.
  std::optional<size_t> ttl = {};
  // A last cell, bigint, with the record's write time.
  bool write_time = false;

  [[nodiscard]] int32_t absent_in(size_t output) const {
    return output == ttl ? kNullCell : absent;
  }
};

// Of a row's time to live: 20 years, as Cassandra has it.
inline constexpr int32_t kTtlSecondsLimit = 630'720'000;

// Of one row's cells. Cassandra takes no mutation of more than half a commit log's segment (16
// MiB), SQLite no row of more than 1 GB.
inline constexpr size_t kRowBytesLimit = size_t{64} << 20;

// All rows have the same columns. Cleared and refilled; memory is kept.
struct RowBatch {
  std::string cells;            // The rows' cells, one after another (row/cell.h).
  std::vector<uint64_t> ends;   // Row i is cells[ends[i-1], ends[i]).
  std::vector<Origin> origins;  // Of row i.
  std::vector<RowKind> kinds;   // Of row i; behind the end of it all are written.

  [[nodiscard]] size_t size() const { return ends.size(); }
  [[nodiscard]] bool empty() const { return ends.empty(); }
  [[nodiscard]] RowKind kind(size_t i) const {
    return i < kinds.size() ? kinds[i] : RowKind::write;
  }
  [[nodiscard]] std::string_view row(size_t i) const {
    const uint64_t begin = i == 0 ? 0 : ends[i - 1];
    return {cells.data() + begin, static_cast<size_t>(ends[i] - begin)};
  }
  void clear() {
    cells.clear();
    ends.clear();
    origins.clear();
    kinds.clear();
  }
};

// The rows of one flush on their way to a store: a batch for each table that the store has, by the
// table's number there.
struct RowBatches {
  std::vector<RowBatch> tables;

  [[nodiscard]] size_t size() const {
    size_t rows = 0;
    for (const RowBatch& table : tables) rows += table.size();
    return rows;
  }
  [[nodiscard]] size_t bytes() const {
    size_t bytes = 0;
    for (const RowBatch& table : tables) bytes += table.cells.size();
    return bytes;
  }
  [[nodiscard]] bool empty() const { return size() == 0; }
  void clear() {
    for (RowBatch& table : tables) table.clear();
  }
};

}  // namespace turntable
