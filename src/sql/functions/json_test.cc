// jsonb. Expected values are PostgreSQL 15's; tests/test_expressions_postgres.py compares many
// more.
#include "sql/functions/json_support.h"
#include "sql/testing.h"

namespace turntable::sql {
namespace {

std::string value(const std::string& expression) {
  return evaluate_constant(expression);
}

TEST(Json, OperatorsFindParts) {
  EXPECT_EQ(value(R"('{"a":{"b":[1,2.50]}}'::jsonb -> 'a')"), R"({"b": [1, 2.50]})");
  EXPECT_EQ(value(R"('{"a":"x\u00e9","a":"y"}'::jsonb ->> 'a')"), "y");
  EXPECT_EQ(value(R"('{"a":null}'::jsonb ->> 'a')"), "NULL");
  EXPECT_EQ(value(R"('{"a":null}'::jsonb -> 'a')"), "null");
  EXPECT_EQ(value("'[1,2,3]'::jsonb -> -1"), "3");
  EXPECT_EQ(value(R"('{"a":[{"b":"c"}]}'::jsonb #>> '{a,0,b}')"), "c");
  EXPECT_EQ(value(R"('{"a":[1]}'::jsonb #> '{a,x}')"), "NULL");
  EXPECT_EQ(value(R"(jsonb_extract_path_text('{"a":{"b":1e2}}', 'a', 'b'))"), "100");
  EXPECT_EQ(value(R"('{"a":1}'::jsonb ? 'a')"), "true");
  EXPECT_EQ(value(R"('["a","b"]'::jsonb ?& ARRAY['a','c'])"), "false");
  EXPECT_EQ(value(R"('{"a":[1,2],"b":2}'::jsonb @> '{"a":[2.0]}')"), "true");
}

TEST(Json, OperatorsMakeValues) {
  EXPECT_EQ(value(R"('{"a":1,"b":2}'::jsonb || '{"b":3}')"), R"({"a": 1, "b": 3})");
  EXPECT_EQ(value("'[1]'::jsonb || '2'"), "[1, 2]");
  EXPECT_EQ(value(R"('{"a":1,"b":2}'::jsonb - 'a')"), R"({"b": 2})");
  EXPECT_EQ(value("'[1,2,3]'::jsonb - 1"), "[1, 3]");
  EXPECT_EQ(value(R"('{"a":[1,{"b":2}]}'::jsonb #- '{a,1,b}')"), R"({"a": [1, {}]})");
  EXPECT_EQ(value("jsonb_build_object('k', 1, 'l', ARRAY[true], 'm', NULL)"),
            R"({"k": 1, "l": [true], "m": null})");
  EXPECT_EQ(value("jsonb_build_array(1, 'a', NULL)"), R"([1, "a", null])");
  EXPECT_EQ(value("to_jsonb(1.5::double precision)"), "1.5");
  EXPECT_EQ(value(R"(jsonb_strip_nulls('{"a":null,"b":[null,{"c":null}]}'))"),
            R"({"b": [null, {}]})");
}

TEST(Json, ValuesAreComparedByWhatTheyHold) {
  EXPECT_EQ(value(R"('{"a":1,"b":2}'::jsonb = '{"b":2.0,"a":1}')"), "true");
  EXPECT_EQ(value("'[]'::jsonb < '1'::jsonb"), "true");
  EXPECT_EQ(value("'1'::jsonb < '[1]'::jsonb"), "true");
}

TEST(Json, IsCast) {
  EXPECT_EQ(value("cast('{\"b\":1,\"a\":2}' AS jsonb)"), R"({"a": 2, "b": 1})");
  EXPECT_EQ(value("cast('2.5'::jsonb AS int)"), "3");
  EXPECT_EQ(value("cast('true'::jsonb AS boolean)"), "true");
  EXPECT_EQ(value("cast('\"1\"'::jsonb AS int)"), "fault: a jsonb string cannot be cast to int");
  EXPECT_EQ(value("cast('{' AS jsonb)"), "fault: '{' is no jsonb");
}

// A catalogue's jsonb is kept as it came.
TEST(Json, BlanksAroundAStringAreNoPartOfIt) {
  JsonState state;
  Arena arena;
  for (const char* const json : {"\"a\"", " \"a\"", "\"a\" ", "\"a\"\t\n"}) {
    const auto text = state.as_text(json, arena);
    ASSERT_TRUE(text) << json;
    EXPECT_EQ(text->value, "a") << json;
  }
  EXPECT_FALSE(state.as_text("\"", arena));
}

TEST(Json, AJoinCannotLookItUp) {
  const BoundScript bound = bind_text(
      "CREATE TABLE s (j jsonb); CREATE TABLE l (); CREATE TABLE o ();"
      "INSERT INTO o SELECT s.j AS v FROM s JOIN l ON l.j = s.j;",
      {{"l", {.schema = Schema{{"j", Type::jsonb, false}}}}});
  EXPECT_FALSE(bound.program);
}

}  // namespace
}  // namespace turntable::sql
