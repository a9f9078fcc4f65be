// For tests of sinks: rows of one table on their way into a store, and how many came back.
#pragma once

#include <utility>

#include "row/row_batch.h"
#include "sink/sink.h"

namespace turntable {

// Hands over rows of one table, and gives the memory back.
[[nodiscard]] inline Status submit_to(Sink& sink, RowBatch& rows, uint32_t table = 0) {
  RowBatches all;
  all.tables.resize(size_t{table} + 1);
  std::swap(all.tables[table], rows);
  Status status = sink.submit(all);
  std::swap(all.tables[table], rows);
  return status;
}

// Of all tables.
[[nodiscard]] inline size_t written_rows(const Acks& acks) {
  size_t rows = 0;
  for (const std::vector<Origin>& origins : acks.written) rows += origins.size();
  return rows;
}

}  // namespace turntable
