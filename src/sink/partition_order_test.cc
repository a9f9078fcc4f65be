#include "sink/partition_order.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "row/cell.h"

namespace turntable {
namespace {

// Rows (value int, name text, hour int or NULL); the key is (hour, name).
void add(RowBatch& rows, int32_t value, std::string_view name, std::optional<int32_t> hour) {
  append_int32_cell(rows.cells, value);
  append_view_cell(rows.cells, name);
  hour ? append_int32_cell(rows.cells, *hour) : append_null_cell(rows.cells);
  rows.ends.push_back(rows.cells.size());
  rows.origins.push_back({});
}

TEST(PartitionOrder, PutsRowsOfOnePartitionTogetherInTheirOrder) {
  std::mt19937 random(7);
  RowBatch rows;
  std::vector<std::string> keys;
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "name" + std::to_string(random() % 40);
    const auto hour = static_cast<int32_t>(random() % 5);
    add(rows, static_cast<int32_t>(random()), name, hour);
    keys.push_back(name + "/" + std::to_string(hour));
  }
  std::vector<KeyedRow> order;
  PartitionOrder({2, 1}).arrange(rows, order);

  ASSERT_EQ(order.size(), rows.size());
  std::set<uint32_t> seen;
  std::map<std::string, uint32_t> last;
  std::string current;
  for (const KeyedRow& keyed : order) {
    EXPECT_TRUE(seen.insert(keyed.row).second);
    const std::string& key = keys[keyed.row];
    if (key == current) {
      EXPECT_LT(last[key], keyed.row);
    } else {
      EXPECT_FALSE(last.contains(key)) << "partition " << key << " stands in two places";
    }
    last[key] = keyed.row;
    current = key;
  }
}

TEST(PartitionOrder, TellsApartWhatOnlyDiffersInPlaceOrNull) {
  RowBatch rows;
  add(rows, 1, "a", 1);
  add(rows, 1, "", std::nullopt);
  add(rows, 2, "b", 1);
  add(rows, 3, "a", 2);
  std::vector<KeyedRow> order;
  PartitionOrder({1, 2}).arrange(rows, order);
  std::set<uint64_t> partitions;
  for (const KeyedRow& keyed : order) partitions.insert(keyed.partition);
  EXPECT_EQ(partitions.size(), 4U);
}

TEST(PartitionOrder, TakesAnEmptyBatch) {
  std::vector<KeyedRow> order(3);
  PartitionOrder({0}).arrange(RowBatch{}, order);
  EXPECT_TRUE(order.empty());
}

}  // namespace
}  // namespace turntable
