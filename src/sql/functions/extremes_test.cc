// Expected values were taken from PostgreSQL 15.
#include "sql/testing.h"

namespace turntable::sql {
namespace {

std::string greatest(std::vector<Argument> arguments) {
  return call("greatest", Kind::function, std::move(arguments));
}
std::string least(std::vector<Argument> arguments) {
  return call("least", Kind::function, std::move(arguments));
}

TEST(Extremes, PassOverNullAndFailWithAnArgumentThatFailed) {
  EXPECT_EQ(greatest({integer(1), integer(3), integer(2)}), "3");
  EXPECT_EQ(least({integer(2), integer(1), integer(3)}), "1");
  EXPECT_EQ(greatest({null(Type::int32), integer(2), null(Type::int32)}), "2");
  EXPECT_EQ(least({null(Type::int32), null(Type::int32)}), "NULL");
  EXPECT_EQ(greatest({integer(1), failed(Type::int32), integer(2)}), "failed");
  EXPECT_EQ(least({failed(Type::int32), null(Type::int32)}), "failed");
  EXPECT_EQ(least({null(Type::int32), failed(Type::int32)}), "failed");
}

TEST(Extremes, OrderAsComparisonsDo) {
  EXPECT_EQ(greatest({precise(std::numeric_limits<double>::quiet_NaN()), precise(1)}), "NaN");
  EXPECT_EQ(least({precise(std::numeric_limits<double>::quiet_NaN()), precise(1)}), "1");
  // Of equal values the first stands.
  EXPECT_EQ(greatest({precise(-0.0), precise(0)}), "-0");
  EXPECT_EQ(least({precise(0), precise(-0.0)}), "0");
  EXPECT_EQ(greatest({text("B"), text("a")}), "a");
  EXPECT_EQ(least({text("é"), text("z")}), "z");
  EXPECT_EQ(greatest({boolean(false), boolean(true)}), "true");
}

TEST(Extremes, MakeTheirArgumentsValuesOfOneType) {
  EXPECT_EQ(evaluate_constant("greatest(1, 2::bigint)"), "2");
  EXPECT_EQ(evaluate_constant("greatest(1, cast('2.5' AS double precision))"), "2.5");
  EXPECT_EQ(evaluate_constant("greatest('10', 9)"), "10");
  EXPECT_EQ(evaluate_constant("least('b', 'a')"), "a");
  EXPECT_EQ(evaluate_constant("least(1, 'x')"), "fault: 'x' is no int");
  EXPECT_EQ(evaluate_constant("greatest(1, 1.5)"), "1.5");
  EXPECT_EQ(evaluate_constant("least(1, true)"),
            "fault: LEAST: int and boolean have no common type; cast one of them");
}

}  // namespace
}  // namespace turntable::sql
