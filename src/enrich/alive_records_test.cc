#include "enrich/alive_records.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

InsertSet set(std::initializer_list<size_t> inserts) {
  InsertSet made;
  for (const size_t insert : inserts) made |= InsertSet::of(insert);
  return made;
}

TEST(AliveRecords, TheOnlyInsertsSelectionIsNotCopied) {
  AliveRecords alive(1);
  alive.in(0) = {1, 3};
  alive.spread(5);
  EXPECT_EQ(&alive.in_any(set({0})), &alive.in(0));
}

TEST(AliveRecords, UnitesWhatIsAliveInAnyInsert) {
  AliveRecords alive(3);
  for (int batch = 0; batch < 2; ++batch) {
    alive.in(0) = {0, 2, 4, 6, 8};
    alive.spread(9);
    EXPECT_EQ(alive.in(2), (Selection{0, 2, 4, 6, 8}));
    alive.in(0) = {2, 8};
    alive.in(1) = {0, 2};
    alive.in(2) = {};
    alive.narrowed();
    EXPECT_EQ(alive.in_any(set({0, 1})), (Selection{0, 2, 8}));
    EXPECT_EQ(alive.in_any(set({0, 1, 2})), (Selection{0, 2, 8}));
    EXPECT_EQ(alive.in_any(set({0, 2})), (Selection{2, 8}));
    EXPECT_EQ(&alive.in_any(set({2})), &alive.in(2));
    alive.in(0) = {8};
    alive.narrowed();
    EXPECT_EQ(alive.in_any(set({0, 1})), (Selection{0, 2, 8}));
    alive.in(1) = {};
    alive.narrowed();
    EXPECT_EQ(alive.in_any(set({0, 1})), (Selection{8}));
  }
}

TEST(AliveRecords, ASelectionThatLostNothingIsTheUnion) {
  AliveRecords alive(2);
  alive.in(0) = {0, 1, 2};
  alive.spread(3);
  alive.in(0) = {1};
  alive.narrowed();
  EXPECT_EQ(&alive.in_any(set({0, 1})), &alive.in(1));
}

}  // namespace
}  // namespace turntable
