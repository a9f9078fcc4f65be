#include "sqlite/composite_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace turntable::sqlite {
namespace {

std::shared_ptr<const CompositeType> inner() {
  return std::make_shared<const CompositeType>(CompositeType{
      .name = "inner", .fields = {{"tempo", Type::float32}, {"a \"b\"", Type::text}}});
}

CompositeType outer() {
  return {.name = "outer",
          .fields = {{"n", Type::int64},
                     {.name = "in", .type = Type::composite, .composite = inner()},
                     {"price", Type::numeric},
                     {"raw", Type::bytes},
                     {"j", Type::jsonb},
                     {"l", array_of(Type::int32)},
                     {"good", Type::boolean},
                     {"at", Type::timestamptz}}};
}

std::string value_of(float tempo) {
  std::string in;
  append_float32_cell(in, tempo);
  append_view_cell(in, "\xC3\xA4\"\n");
  std::string value;
  append_int64_cell(value, std::numeric_limits<int64_t>::min());
  append_view_cell(value, in);
  append_numeric_cell(value, {.digits = 1250, .scale = 2});
  append_view_cell(value, std::string_view("\0\xFF", 2));
  append_view_cell(value, "\"text\"");
  append_view_cell(value, std::string_view("\0\0\0\1\0\0\0\4\0\0\0\7", 12));
  append_bool_cell(value, true);
  append_null_cell(value);
  return value;
}

TEST(CompositeJson, ComesBackAsItWas) {
  for (const float tempo :
       {0.5F, 0.554F, -0.0F, 1e-45F, 3.4028235e38F, std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    const std::string value = value_of(tempo);
    const std::string json = composite_json(value, outer());
    const auto back = composite_from_json(json, outer());
    ASSERT_TRUE(back) << json;
    EXPECT_EQ(*back, value) << json;
  }
  const auto not_a_number = composite_from_json(composite_json(value_of(NAN), outer()), outer());
  ASSERT_TRUE(not_a_number);
  CellReader cells(*not_a_number);
  (void)cells.next();
  EXPECT_TRUE(std::isnan(CellReader(cells.next().bytes()).next().float32()));
}

TEST(CompositeJson, HasValuesAsColumnsHaveThem) {
  EXPECT_EQ(composite_json(value_of(0.5F), outer()),
            R"({"n":-9223372036854775808,"in":{"tempo":0.5,"a \"b\"":"ä\"\n"},"price":"12.50",)"
            R"("raw":"\\x00ff","j":"\"text\"","l":"[7]","good":true,"at":null})");
}

TEST(CompositeJson, FieldsThatAreMissingAreNull) {
  std::string nulls;
  for (size_t i = 0; i < outer().fields.size(); ++i) append_null_cell(nulls);
  EXPECT_EQ(composite_from_json("{}", outer()), nulls);
  EXPECT_FALSE(composite_from_json("[]", outer()));
  EXPECT_FALSE(composite_from_json(R"({"n":"x"})", outer()));
}

TEST(CompositeJson, TheDeclarationSaysTheFields) {
  const ColumnDef column{.name = "c",
                         .type = Type::composite,
                         .composite = std::make_shared<const CompositeType>(outer())};
  const std::string declared = declared_type(column);
  const auto back = composite_from_declaration(declared);
  ASSERT_NE(back, nullptr) << declared;
  EXPECT_EQ(declared_type({.name = "c", .type = Type::composite, .composite = back}), declared);
  EXPECT_EQ(back->fields[1].composite->fields[1].name, "a \"b\"");
  for (const char* other : {"text", "\"composite<\"", "\"composite<\"\"a\"\" int\"",
                            "\"composite<\"\"a\"\" strange>\"", "composite<a int>"})
    EXPECT_EQ(composite_from_declaration(other), nullptr) << other;
}

}  // namespace
}  // namespace turntable::sqlite
