#include "sql/node_pool.h"

#include <gtest/gtest.h>

#include "sql/functions.h"

namespace turntable::sql {
namespace {

Node column(uint32_t table, uint32_t number) {
  return {.type = Type::text, .what = ColumnRef{table, number}, .tables = 1U << table};
}

Node literal(Literal value) {
  return {.type = Type::float64, .what = std::move(value)};
}

Node call(const Function& function, std::vector<NodeId> arguments) {
  return {.type = Type::text,
          .what = Call{.function = &function, .arguments = std::move(arguments)}};
}

ColumnRef to_table_5(ColumnRef ref) {
  return {.table = 5, .column = ref.column};
}

class NodePoolTest : public testing::Test {
 protected:
  Function plain_{.name = "f"};
  Function other_{.name = "f"};
  Function volatile_{.name = "random", .is_volatile = true};
};

TEST_F(NodePoolTest, EqualNodesAreOne) {
  std::vector<Node> nodes;
  NodePool pool(nodes);
  const NodeId a = pool.add(column(0, 1));
  EXPECT_EQ(pool.add(column(0, 1)), a);
  EXPECT_NE(pool.add(column(1, 0)), a);
  EXPECT_NE(pool.add(literal(0.0)), pool.add(literal(-0.0)));
  const NodeId f = pool.add(call(plain_, {a, a}));
  EXPECT_EQ(pool.add(call(plain_, {a, a})), f);
  EXPECT_NE(pool.add(call(plain_, {a})), f);
  EXPECT_NE(pool.add(call(other_, {a, a})), f);
  EXPECT_EQ(pool.find(call(plain_, {a, a})), f);
  EXPECT_EQ(pool.find(column(3, 3)), std::nullopt);
}

TEST_F(NodePoolTest, TwoCallsOfAVolatileFunctionAreTwo) {
  std::vector<Node> nodes;
  NodePool pool(nodes);
  const NodeId first = pool.add(call(volatile_, {}));
  EXPECT_NE(pool.add(call(volatile_, {})), first);
  EXPECT_EQ(pool.find(call(volatile_, {})), std::nullopt);
}

TEST_F(NodePoolTest, CopiesWhatANodeNeedsAndNothingElse) {
  std::vector<Node> from;
  NodePool source(from);
  const NodeId a = source.add(column(0, 1));
  source.add(column(0, 2));
  const NodeId once = source.add(call(volatile_, {a}));
  const NodeId both = source.add(call(plain_, {once, once, a}));
  const NodeId stable = source.add(call(plain_, {a}));
  std::vector<Node> to;
  NodePool pool(to);
  NodeCopier copier(from, pool);
  EXPECT_EQ(copier.find(stable, to_table_5), std::nullopt);
  const NodeId copy = copier.copy(both, to_table_5);
  EXPECT_EQ(to.size(), 3U);
  EXPECT_EQ(to[copy].tables, 1U << 5);
  const auto& arguments = std::get<Call>(to[copy].what).arguments;
  EXPECT_EQ(arguments[0], arguments[1]);
  EXPECT_EQ(copier.copy(once, to_table_5), arguments[0]);
  EXPECT_EQ(copier.copy(stable, to_table_5), 3U);
  // Another copier finds what is there, but for what is volatile.
  const NodeCopier second(from, pool);
  EXPECT_EQ(second.find(stable, to_table_5), std::optional<NodeId>(3U));
  EXPECT_EQ(second.find(both, to_table_5), std::nullopt);
}

}  // namespace
}  // namespace turntable::sql
