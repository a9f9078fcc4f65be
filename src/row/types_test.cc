#include "row/types.h"

#include <gtest/gtest.h>

#include "row/arena.h"

namespace turntable {
namespace {

TEST(Types, KnowsPostgresNamesAndAliases) {
  EXPECT_EQ(type_from_sql("int4"), Type::int32);
  EXPECT_EQ(type_from_sql("double precision"), Type::float64);
  EXPECT_EQ(type_from_sql("strng"), std::nullopt);
  for (const Type type : {Type::boolean, Type::int32, Type::int64, Type::float32, Type::float64,
                          Type::text, Type::bytes, Type::timestamptz, Type::jsonb})
    EXPECT_EQ(type_from_sql(sql_name(type)), type);
  for (const std::string& name : type_names()) EXPECT_TRUE(type_from_sql(name)) << name;
  EXPECT_EQ(type_names().front(), sql_name(Type::boolean));
}

TEST(Types, DrawsTheSchemaAsATree) {
  EXPECT_EQ(schema_tree({{"id", Type::int32, true}, {"name", Type::text, false}}),
            "root\n |-- id: int (nullable = false)\n |-- name: text (nullable = true)\n");
}

TEST(Arena, KeepsViewsUntilResetAndReusesItsMemory) {
  Arena arena;
  const std::string_view first = arena.copy("hello");
  const std::string big(200'000, 'x');
  EXPECT_EQ(arena.copy(big), big);
  EXPECT_EQ(first, "hello");
  const size_t capacity = arena.capacity();
  for (int i = 0; i < 100; ++i) {
    arena.reset();
    EXPECT_EQ(arena.copy(big), big);
    EXPECT_EQ(arena.copy("hello"), "hello");
  }
  EXPECT_EQ(arena.capacity(), capacity);
}

TEST(Arena, TakesNoMoreThanItsLimit) {
  Arena arena(1'000'000);
  for (int round = 0; round < 3; ++round) {
    size_t taken = 0;
    const auto fill = [&] {
      for (size_t size = 300'000;; size = size == 300'000 ? 100 : 300'000) {
        (void)arena.allocate(size);
        taken += size;
      }
    };
    EXPECT_THROW(fill(), ArenaFull);
    EXPECT_GE(taken, 900'000U);
    EXPECT_LE(taken, 1'000'000U);
    arena.reset();
  }
}

}  // namespace
}  // namespace turntable
