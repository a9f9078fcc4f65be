#include "sink/partition_order.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "row/cell.h"

namespace turntable {

PartitionOrder::PartitionOrder(std::vector<size_t> key_cells) : key_cells_(std::move(key_cells)) {
  std::sort(key_cells_.begin(), key_cells_.end());
}

void PartitionOrder::arrange(const RowBatch& rows, std::vector<KeyedRow>& order) const {
  order.resize(rows.size());
  for (size_t i = 0; i < rows.size(); ++i)
    order[i] = {hash(rows.row(i)), static_cast<uint32_t>(i), rows.kind(i)};
  std::sort(order.begin(), order.end(), [](const KeyedRow& a, const KeyedRow& b) {
    return std::tie(a.partition, a.kind, a.row) < std::tie(b.partition, b.kind, b.row);
  });
}

uint64_t PartitionOrder::hash(std::string_view row) const {
  // Mixes the cells' hashes so that their order counts; the factor is 2^64 divided by the golden
  // ratio.
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;
  uint64_t mixed = 0;
  CellReader cells(row);
  size_t place = 0;
  for (const size_t key_cell : key_cells_) {
    for (; place < key_cell; ++place) static_cast<void>(cells.next());
    mixed = (mixed ^ std::hash<std::string_view>{}(cells.next().bytes())) * kFactor;
    ++place;
  }
  return mixed;
}

}  // namespace turntable
