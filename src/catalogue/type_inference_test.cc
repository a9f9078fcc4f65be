#include "catalogue/type_inference.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace turntable {
namespace {

Type infer(std::initializer_list<std::string_view> values) {
  TypeInference inference;
  for (const std::string_view value : values) inference.add(value);
  return inference.type();
}

TEST(TypeInference, TakesTheNarrowestTypeThatHoldsAll) {
  EXPECT_EQ(infer({"1", "-2", "0", "2147483647", "-2147483648"}), Type::int32);
  EXPECT_EQ(infer({"1", "2147483648"}), Type::int64);
  EXPECT_EQ(infer({"9223372036854775807", "-9223372036854775808"}), Type::int64);
  EXPECT_EQ(infer({"1", "2.5", "1e-5", "-0.0"}), Type::float64);
  EXPECT_EQ(infer({"9007199254740992", "-9007199254740992", "0.5"}), Type::float64);
  EXPECT_EQ(infer({"-0", "7"}), Type::float64);
  EXPECT_EQ(infer({"true", "false"}), Type::boolean);
  EXPECT_EQ(infer({"x", "1"}), Type::text);
}

TEST(TypeInference, TakesForTextWhatANumberWouldChange) {
  for (const std::string_view value :
       {"",         "007",  "+1",  " 1", "1 ",    "NaN",  "nan",   "inf",
        "Infinity", "-inf", ".5",  "5.", "1e400", "0x10", "1,000", "9223372036854775808",
        "True",     "TRUE", "yes", "t",  "null"}) {
    EXPECT_EQ(infer({value}), Type::text) << value;
    EXPECT_EQ(infer({"1", value}), Type::text) << value;
    EXPECT_EQ(infer({value, "1.5"}), Type::text) << value;
    EXPECT_EQ(infer({"true", value}), Type::text) << value;
  }
}

TEST(TypeInference, RoundsNoIntegerAmongFractions) {
  EXPECT_EQ(infer({"9007199254740993", "0.5"}), Type::text);
  EXPECT_EQ(infer({"9223372036854775807", "0.5"}), Type::text);
  EXPECT_EQ(infer({"0.5", "-9007199254740993"}), Type::text);
  EXPECT_EQ(infer({"9007199254740993", "-0"}), Type::text);
}

TEST(TypeInference, MixesNoKinds) {
  EXPECT_EQ(infer({"true", "1"}), Type::text);
  EXPECT_EQ(infer({"1.5", "false"}), Type::text);
}

TEST(TypeInference, TakesAColumnWithoutValuesForText) {
  EXPECT_EQ(infer({}), Type::text);
}

bool holds(Type type, std::string_view text) {
  Column column(type);
  column.reset(1);
  return set_from_text(column, 0, text) && !column.is_null(0);
}

TEST(SetFromText, TakesWhatTheTypeCanHold) {
  EXPECT_TRUE(holds(Type::int32, "007"));
  EXPECT_FALSE(holds(Type::int32, "2147483648"));
  EXPECT_FALSE(holds(Type::int32, "1.0"));
  EXPECT_FALSE(holds(Type::int32, ""));
  EXPECT_TRUE(holds(Type::int64, "2147483648"));
  EXPECT_TRUE(holds(Type::float32, "3e38"));
  EXPECT_FALSE(holds(Type::float32, "4e38"));
  EXPECT_TRUE(holds(Type::float64, ".5"));
  EXPECT_FALSE(holds(Type::float64, "1e400"));
  EXPECT_FALSE(holds(Type::float64, "1,5"));
  EXPECT_TRUE(holds(Type::boolean, "false"));
  EXPECT_FALSE(holds(Type::boolean, "maybe"));
  EXPECT_TRUE(holds(Type::timestamptz, "2024-03-03 10:15"));
  EXPECT_FALSE(holds(Type::timestamptz, "2024-02-30"));
  EXPECT_TRUE(holds(Type::timestamptz, "2024-03-03 10:15:00.250000000"));
  EXPECT_FALSE(holds(Type::timestamptz, "2024-03-03 10:15:00.000000100"));
  EXPECT_TRUE(holds(Type::text, ""));
}

}  // namespace
}  // namespace turntable
