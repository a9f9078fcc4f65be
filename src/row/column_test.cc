#include "row/column.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(Column, ARowHasAValueOrIsNullOrFailed) {
  Column column(Type::int32);
  column.reset(3);
  column.set<int32_t>(1, 7);
  column.states()[2] = State::failed;
  EXPECT_EQ(column.state(0), State::null);
  EXPECT_TRUE(column.is_null(0));
  EXPECT_EQ(column.state(1), State::value);
  EXPECT_EQ(column.get<int32_t>(1), 7);
  // What failed is not NULL.
  EXPECT_EQ(column.state(2), State::failed);
  EXPECT_FALSE(column.is_null(2));
  column.set_null(1);
  EXPECT_TRUE(column.is_null(1));
  column.set<int32_t>(2, 9);
  EXPECT_EQ(column.state(2), State::value);
}

TEST(Column, ResettingMakesAllRowsNullAndTruncatingKeepsTheFirst) {
  Column column(Type::text);
  column.reset(2);
  column.set(0, std::string_view("a"));
  column.states()[1] = State::failed;
  column.truncate(1);
  EXPECT_EQ(column.rows(), 1U);
  EXPECT_EQ(column.get<std::string_view>(0), "a");
  column.truncate(5);
  EXPECT_EQ(column.rows(), 1U);
  column.reset(4);
  for (size_t row = 0; row < 4; ++row) EXPECT_TRUE(column.is_null(row));
}

}  // namespace
}  // namespace turntable
