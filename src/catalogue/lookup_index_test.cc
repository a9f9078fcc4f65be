// Several indexes over one catalogue, and keys of several columns.
#include "catalogue/lookup_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "catalogue/key_form.h"
#include "catalogue/testing.h"

namespace turntable {
namespace {

using testing::ElementsAre;

// What the load of a file with such indexes, each over columns, finds.
class LookupIndexTest : public CatalogueTest {
 protected:
  Result<LoadedCatalogue> load_with(std::string_view text,
                                    const std::vector<std::vector<uint32_t>>& keys) {
    std::ofstream(options_.path, std::ios::binary) << text;
    options_.key.clear();
    const auto file = open_csv_catalogue(options_);
    if (!file) return tl::unexpected<Error>(file.error());
    LoadOrder order;
    for (const auto& columns : keys) {
      IndexRule& rule = order.indexes.emplace_back(IndexRule{.names = {}, .columns = columns});
      for (const uint32_t column : columns) rule.names.push_back((*file)->schema()[column].name);
    }
    for (uint32_t i = 0; i < (*file)->schema().size(); ++i) order.kept.push_back(i);
    return (*file)->load(order);
  }
  // The rows that an index over two texts has for these.
  static std::vector<uint32_t> find_pairs(
      const Catalogue& catalogue, size_t index,
      const std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
    Column first(Type::text);
    Column second(Type::text);
    first.reset(pairs.size());
    second.reset(pairs.size());
    Selection all;
    for (uint32_t i = 0; i < pairs.size(); ++i) {
      first.set(i, pairs[i].first);
      second.set(i, pairs[i].second);
      all.push_back(i);
    }
    KeyForm form({Type::text, Type::text});
    const Column* const parts[] = {&first, &second};
    std::vector<uint32_t> rows(pairs.size());
    catalogue.indexes()[index].find(form.of(parts, all), all, rows);
    for (uint32_t& row : rows)
      if (row == catalogue.null_row()) row = kNone;
    return rows;
  }
};

TEST_F(LookupIndexTest, SeveralColumnsAreOneKey) {
  const auto table = load_with("a,b\nx,yz\nxy,z\n,z\nx,\nx,yz\nx,\"\"\n", {{0, 1}});
  ASSERT_TRUE(table) << table.error().message;
  const Catalogue& catalogue = *table->catalogue;
  EXPECT_EQ(catalogue.rows(), 3U);
  EXPECT_THAT(find_pairs(catalogue, 0, {{"xy", "z"}, {"x", "yz"}, {"x", ""}, {"xyz", ""}}),
              ElementsAre(1, 0, 2, kNone));
  EXPECT_EQ(report(*table),
            "songs: 3 rows from t.csv (30 bytes) in 0.04 s\n"
            "songs: 2 rows left out, because 'a' or 'b' is empty:\n"
            "  line 4\n"
            "  line 5\n"
            "songs: 1 row with a 'a' and 'b' seen before; the first of each counts "
            "(duplicate_key = 'first'):\n"
            "  line 6: 'x', 'yz' stands on line 2 already\n");
}

TEST_F(LookupIndexTest, ARowIsKeptWhereAnIndexLeadsToIt) {
  for (const DuplicateKey rule : {DuplicateKey::first, DuplicateKey::last}) {
    options_.duplicate_key = rule;
    const auto table = load_with("a,b\nx,1\nx,2\ny,1\nx,1\n,\nz,3\n", {{0}, {1}});
    ASSERT_TRUE(table) << table.error().message;
    const Catalogue& catalogue = *table->catalogue;
    const auto by_a = find(catalogue, {"x", "y", "z", "w"});
    Column numbers(Type::int32);
    numbers.reset(4);
    for (int32_t i = 0; i < 4; ++i) numbers.set(static_cast<size_t>(i), i);
    std::vector<uint32_t> by_b(4);
    catalogue.indexes()[1].find(numbers, {0, 1, 2, 3}, by_b);
    const auto& [a, b] = std::tie(table->report.indexes[0], table->report.indexes[1]);
    EXPECT_EQ(a.duplicate_keys.count, 2U);
    EXPECT_EQ(b.duplicate_keys.count, 2U);
    EXPECT_EQ(a.empty_keys.count + b.empty_keys.count, 2U);
    if (rule == DuplicateKey::first) {
      EXPECT_EQ(catalogue.rows(), 4U) << "line 5 has nothing new for either";
      EXPECT_EQ(table->report.rows, 4U);
      EXPECT_THAT(by_a, ElementsAre(0, 2, 3, kNone));
      EXPECT_THAT(by_b, ElementsAre(catalogue.null_row(), 0, 1, 3));
    } else {
      EXPECT_EQ(catalogue.rows(), 5U);
      EXPECT_EQ(table->report.rows, 4U) << "nothing leads to line 2 any more";
      EXPECT_THAT(by_a, ElementsAre(3, 2, 4, kNone));
      EXPECT_THAT(by_b, ElementsAre(catalogue.null_row(), 3, 1, 4));
    }
  }
}

TEST_F(LookupIndexTest, DuplicatesAreErrorsForEachIndex) {
  options_.duplicate_key = DuplicateKey::error;
  const std::string text = "a,b\nx,1\ny,2\nz,1\n";
  EXPECT_TRUE(load_with(text, {{0}}));
  EXPECT_EQ(message(load_with(text, {{0}, {1}})),
            "t.csv:4: the key 1 stands on line 2 already, and duplicate_key is 'error'");
}

TEST_F(LookupIndexTest, AreTheSameWholeInPartsOfAnySize) {
  std::string text = "a,b\n";
  for (int i = 0; i < 60; ++i)
    text +=
        "x" + std::to_string(i % 13) + "," + (i % 7 == 0 ? "" : "y" + std::to_string(i % 5)) + "\n";
  for (const DuplicateKey rule : {DuplicateKey::first, DuplicateKey::last}) {
    options_.duplicate_key = rule;
    options_.part_bytes = text.size();
    const auto whole = load_with(text, {{0, 1}, {1}});
    ASSERT_TRUE(whole);
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    for (size_t row = 0; row < whole->catalogue->rows(); ++row)
      pairs.emplace_back(texts(*whole->catalogue, 0)[row], texts(*whole->catalogue, 1)[row]);
    for (size_t part_bytes = 1; part_bytes < 40; part_bytes += 3) {
      options_.part_bytes = part_bytes;
      const auto parts = load_with(text, {{0, 1}, {1}});
      ASSERT_TRUE(parts);
      ASSERT_EQ(report(*parts), report(*whole));
      ASSERT_EQ(find_pairs(*parts->catalogue, 0, pairs), find_pairs(*whole->catalogue, 0, pairs));
    }
  }
}

// Why a row with that key was left out; "" where none was.
std::string why(const LoadedCatalogue& table, size_t index, std::string_view key) {
  Column keys(Type::text);
  keys.reset(1);
  keys.set(0, key);
  const std::string* found = table.catalogue->indexes()[index].left_out().find(keys, 0);
  return found == nullptr ? "" : *found;
}

TEST_F(LookupIndexTest, RemembersTheRowsThatWereLeftOut) {
  options_.declared = {
      {"k", Type::text, false}, {"l", Type::text, false}, {"n", Type::int32, true}};
  for (const size_t part_bytes : {size_t{1}, size_t{100000}}) {
    options_.part_bytes = part_bytes;
    const auto table = load_with(
        "k,l,n\na,A,1\nb,B,x\nb,C,\nc\n,D,y\n\"d\" d,E,5\ne,F,6,7\n\xff,G,8\n", {{0}, {1}});
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_EQ(why(*table, 0, "a"), "");
    EXPECT_EQ(why(*table, 0, "b"), "line 3: column 'n' is 'x', which int cannot hold")
        << "the first";
    EXPECT_EQ(why(*table, 1, "C"), "line 4: column 'n' is empty, but it must have a value");
    EXPECT_EQ(why(*table, 0, "c"), "line 5: 1 field where the header has 3");
    EXPECT_EQ(why(*table, 1, "D"), "line 6: column 'n' is 'y', which int cannot hold");
    EXPECT_EQ(why(*table, 0, "e"), "line 8: 4 fields where the header has 3");
    EXPECT_EQ(why(*table, 1, "G"), "line 9: column 'k' is not valid UTF-8: '\\xff'");
    EXPECT_EQ(why(*table, 0, ""), "");
    // Those of line 6, without a key, of line 7, which is no row, and of line 9.
    const LeftOutRows& left_out = table->catalogue->indexes()[0].left_out();
    EXPECT_EQ(left_out.unknown(), 3U);
    EXPECT_THAT(left_out.unknown_example(),
                testing::StartsWith(part_bytes == 1 ? "line 6" : "line "));
  }
}

TEST_F(LookupIndexTest, RemembersSoManyRowsThatWereLeftOut) {
  constexpr size_t kBeyond = 5;
  options_.declared = {{"k", Type::text, false}, {"n", Type::int32, false}};
  std::string text = "k,n\ngood,1\n";
  for (size_t i = 0; i < LeftOutRows::kKeysLimit + kBeyond; ++i)
    text += "key" + std::to_string(i) + ",x\n";
  for (const size_t part_bytes : {size_t{1000}, size_t{10000000}}) {
    options_.part_bytes = part_bytes;
    const auto table = load_with(text, {{0}});
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_EQ(why(*table, 0, "key9999"), "line 10002: column 'n' is 'x', which int cannot hold");
    EXPECT_EQ(why(*table, 0, "key10000"), "");
    const LeftOutRows& left_out = table->catalogue->indexes()[0].left_out();
    EXPECT_EQ(left_out.unknown(), kBeyond);
    EXPECT_EQ(left_out.unknown_example(), "line 10003: column 'n' is 'x', which int cannot hold");
  }
  // Long ones reach another limit.
  text = "k,n\ngood,1\n";
  for (char c = 'a'; c <= 'h'; ++c) text += std::string(1'000'000, c) + ",x\n";
  const auto table = load_with(text, {{0}});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->catalogue->indexes()[0].left_out().unknown(), 4U);
}

}  // namespace
}  // namespace turntable
