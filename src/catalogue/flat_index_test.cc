#include "catalogue/flat_index.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <string>

namespace turntable {
namespace {

Column ints(const std::vector<int32_t>& values) {
  Column column(Type::int32);
  column.reset(values.size());
  for (size_t i = 0; i < values.size(); ++i) column.set(i, values[i]);
  return column;
}

Selection all(size_t rows) {
  Selection alive;
  for (uint32_t i = 0; i < rows; ++i) alive.push_back(i);
  return alive;
}

TEST(FlatIndex, FindsTheRowThatWasAddedFirst) {
  const Column keys = ints({5, 7, 5});
  FlatIndex index(3);
  EXPECT_EQ(index.find_or_add(keys, 0), FlatIndex::kNoRow);
  EXPECT_EQ(index.find_or_add(keys, 1), FlatIndex::kNoRow);
  EXPECT_EQ(index.find_or_add(keys, 2), 0U);
}

TEST(FlatIndex, MatchesNothingToNullAndLeavesOthersAlone) {
  const Column stored = ints({0, 1});
  FlatIndex index(2);
  for (uint32_t row = 0; row < 2; ++row)
    EXPECT_EQ(index.find_or_add(stored, row), FlatIndex::kNoRow);
  Column keys = ints({1, 0, 0, 2});
  keys.set_null(1);
  std::vector<uint32_t> rows(4, 99);
  index.find(stored, keys, {0, 1, 3}, rows);
  EXPECT_EQ(rows, (std::vector<uint32_t>{1, FlatIndex::kNoRow, 99, FlatIndex::kNoRow}));
  index.find(stored, keys, {}, rows);
}

TEST(FlatIndex, FindsNothingWhereNothingWasAdded) {
  const Column stored = ints({});
  const FlatIndex index(0);
  std::vector<uint32_t> rows(100);
  index.find(stored, ints(std::vector<int32_t>(100, 1)), all(100), rows);
  EXPECT_EQ(rows, std::vector<uint32_t>(100, FlatIndex::kNoRow));
}

// Fills an index from `stored`, asks for `probes`, and compares with std::map.
template <class Key>
void compare_with_map(Type type, const std::vector<Key>& stored, const std::vector<Key>& probes) {
  Column keys(type);
  keys.reset(stored.size());
  FlatIndex index(stored.size());
  std::map<Key, uint32_t> model;
  for (uint32_t row = 0; row < stored.size(); ++row) {
    keys.set(row, stored[row]);
    const auto [place, added] = model.emplace(stored[row], row);
    ASSERT_EQ(index.find_or_add(keys, row), added ? FlatIndex::kNoRow : place->second);
  }
  Column asked(type);
  asked.reset(probes.size());
  for (size_t i = 0; i < probes.size(); ++i) asked.set(i, probes[i]);
  Selection alive;
  for (uint32_t i = 0; i < probes.size(); ++i)
    if (i % 5 != 3) alive.push_back(i);
  std::vector<uint32_t> rows(probes.size(), 12345678);
  index.find(keys, asked, alive, rows);
  for (const uint32_t i : alive) {
    const auto found = model.find(probes[i]);
    ASSERT_EQ(rows[i], found == model.end() ? FlatIndex::kNoRow : found->second);
  }
  for (uint32_t i = 3; i < probes.size(); i += 5) ASSERT_EQ(rows[i], 12345678U);
}

TEST(FlatIndex, AgreesWithAMapForEveryKeyType) {
  std::mt19937_64 random(1);
  for (const size_t size : {1U, 2U, 31U, 32U, 33U, 1000U, 50'000U}) {
    std::vector<int32_t> small;
    std::vector<int64_t> large;
    std::deque<std::string> texts;
    std::vector<std::string_view> views;
    const auto range = size * 2;
    for (size_t i = 0; i < size * 2; ++i) {
      const auto number = random() % range;
      small.push_back(static_cast<int32_t>(number) - 10);
      large.push_back(static_cast<int64_t>(number << 40));
      views.push_back(texts.emplace_back(number % 3 == 0 ? "song " + std::to_string(number)
                                                         : std::to_string(number)));
    }
    const auto half = [&](const auto& values) {
      using Values = std::decay_t<decltype(values)>;
      const auto middle = values.begin() + static_cast<ptrdiff_t>(size);
      return std::pair(Values(values.begin(), middle), Values(middle, values.end()));
    };
    const auto [small_stored, small_asked] = half(small);
    compare_with_map(Type::int32, small_stored, small_asked);
    const auto [large_stored, large_asked] = half(large);
    compare_with_map(Type::int64, large_stored, large_asked);
    const auto [text_stored, text_asked] = half(views);
    compare_with_map(Type::text, text_stored, text_asked);
  }
}

}  // namespace
}  // namespace turntable
