#include "catalogue/type_inference.h"

#include <gtest/gtest.h>

#include <initializer_list>

#include "row/cell.h"

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
  Arena made;
  return set_from_text(column, 0, text, made) && !column.is_null(0);
}

// The value as cell_text() shows it; "none" where the type cannot hold it.
std::string held(Type type, std::string_view text) {
  Column column(type);
  column.reset(1);
  Arena made;
  if (!set_from_text(column, 0, text, made)) return "none";
  std::string cell;
  append_cell(cell, column, 0);
  return cell_text(CellReader(cell).next(), type);
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

TEST(SetFromText, TakesEveryTypeInPostgresForm) {
  EXPECT_EQ(held(Type::int16, " -32768"), "-32768");
  EXPECT_EQ(held(Type::int16, "32768"), "none");
  EXPECT_EQ(held(Type::numeric, "12.500"), "12.500");
  EXPECT_EQ(held(Type::numeric, "NaN"), "NaN");
  EXPECT_EQ(held(Type::numeric, "1e38"), "none");
  EXPECT_EQ(held(Type::date, "2024-02-29"), "2024-02-29");
  EXPECT_EQ(held(Type::date, "2023-02-29"), "none");
  EXPECT_EQ(held(Type::time, "10:15"), "10:15:00.000");
  EXPECT_EQ(held(Type::time, "10:15:00.0000001"), "none");
  EXPECT_EQ(held(Type::timestamp, "2024-02-29 10:15"), "2024-02-29T10:15:00.000");
  EXPECT_EQ(held(Type::timestamp, "2024-02-29 10:15Z"), "none");
  EXPECT_EQ(held(Type::timestamp, "2024-02-29 10:15:00.0000001"), "none");
  EXPECT_EQ(held(Type::uuid, "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}"),
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  EXPECT_EQ(held(Type::uuid, "a0ee"), "none");
  EXPECT_EQ(held(Type::bytes, "\\x00ff"), "0x00ff");
  EXPECT_EQ(held(Type::bytes, "\\xf"), "none");
  EXPECT_EQ(held(Type::jsonb, R"({"a": [1]})"), R"({"a": [1]})");
  EXPECT_EQ(held(Type::jsonb, "{a}"), "none");
  EXPECT_FALSE(can_read_from_text(Type::interval));
  EXPECT_FALSE(can_read_from_text(array_of(Type::interval)));
}

TEST(SetFromText, TakesArraysInPostgresForm) {
  const Type texts = array_of(Type::text);
  EXPECT_EQ(held(texts, "{}"), "[]");
  EXPECT_EQ(held(texts, " { a , b c ,NULL} "), "[a, b c, null]");
  EXPECT_EQ(held(texts, R"({"a, \"b\"","","NULL",\N\U\L\L})"), R"([a, "b", , NULL, NULL])");
  EXPECT_EQ(held(array_of(Type::int32), "{1,null,-3}"), "[1, null, -3]");
  EXPECT_EQ(held(array_of(Type::bytes), R"({"\\x00","\\xff"})"), "[0x00, 0xff]");
  for (const char* text : {"", "a", "{a", "{a,}", "{,a}", "{{a}}", "{a} b", R"({"a)", R"({"a"b})",
                           "{a\\", "[0:1]={a,b}"})
    EXPECT_EQ(held(texts, text), "none") << text;
  EXPECT_EQ(held(array_of(Type::int32), "{1,x}"), "none");
}

}  // namespace
}  // namespace turntable
