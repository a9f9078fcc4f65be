#include "query/cassandra_store.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(CassandraStore, TurnsPlacesInAStatementIntoPlacesInTheText) {
  const CqlStatement statement{.text = "SELECT 1\n FORM t", .at = {.line = 3, .column = 5}};
  std::string message = "the CQL is not valid: line 2:1 mismatched input 'FORM'";
  const auto second = take_place(message, statement);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->line, 4U);
  EXPECT_EQ(second->column, 2U);
  EXPECT_EQ(message, "the CQL is not valid: mismatched input 'FORM'");

  message = "line 1:7 no viable alternative";
  const auto first = take_place(message, statement);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->line, 3U);
  EXPECT_EQ(first->column, 12U);

  for (std::string other :
       {"no place", "line ", "line x", "line 1", "line 0:1 x", "line 1:", "line 1:2"}) {
    const std::string before = other;
    EXPECT_FALSE(take_place(other, statement)) << before;
    EXPECT_EQ(other, before);
  }
}

}  // namespace
}  // namespace turntable
