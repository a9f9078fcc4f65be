// Puts the rows of one partition next to each other, so that they can be written by one request:
// Cassandra takes a batch that is one partition as a single mutation.
#pragma once

#include <cstdint>
#include <vector>

#include "row/row_batch.h"

namespace turntable {

// A row of a batch and a hash of its partition key. Rows of one partition have the same hash; that
// two partitions share one is possible, and costs a slower request, nothing else.
struct KeyedRow {
  uint64_t partition = 0;
  uint32_t row = 0;
  RowKind kind = RowKind::write;
};

class PartitionOrder {
 public:
  // `key_cells`: the places of the partition key's cells in a row.
  explicit PartitionOrder(std::vector<size_t> key_cells);

  // Fills `order` with all rows, partition by partition, each in the batch's order but with its
  // deletions behind its other rows: they are another statement, and write times settle which of
  // them stands. Keeps the memory of `order`.
  void arrange(const RowBatch& rows, std::vector<KeyedRow>& order) const;

 private:
  [[nodiscard]] uint64_t hash(std::string_view row) const;

  std::vector<size_t> key_cells_;  // Ascending.
};

}  // namespace turntable
