// Arrays. Expected values are PostgreSQL 15's; tests/test_expressions_postgres.py compares many
// more.
#include "sql/testing.h"

namespace turntable::sql {
namespace {

std::string value(const std::string& expression) {
  return evaluate_constant(expression);
}

TEST(Arrays, AreMadeOfElementsOfOneType) {
  EXPECT_EQ(value("ARRAY[1, 2, NULL]"), "{1,2,NULL}");
  EXPECT_EQ(value("ARRAY['a b', '', 'NULL', 'x']"), R"({"a b","","NULL",x})");
  EXPECT_EQ(value("ARRAY[1, 3000000000]"), "{1,3000000000}");
  EXPECT_EQ(value("ARRAY['1', '2']::int[]"), "{1,2}");
  EXPECT_EQ(value("ARRAY[]::int[]"), "{}");
  EXPECT_EQ(value("ARRAY[true, false]"), "{t,f}");
  EXPECT_TRUE(value("ARRAY[]").starts_with("fault: the type of an empty array is not known"));
  EXPECT_TRUE(value("ARRAY[1, true]").starts_with("fault: ARRAY: int and boolean"));
  EXPECT_TRUE(value("ARRAY[ARRAY[1]]").starts_with("fault: an array of arrays"));
}

TEST(Arrays, AreReadFromText) {
  EXPECT_EQ(value("cast(' { 1 , NULL,3 } ' AS int[])"), "{1,NULL,3}");
  EXPECT_EQ(value(R"(cast('{"a,b", c\,d ,"\"","null",null}' AS text[]))"),
            R"({"a,b","c,d","\"","null",NULL})");
  for (const char* bad : {"{", "a", "{a,}", "{a}x", "{\"a\"b}", "{{a}}", "[0:1]={a,b}", ""})
    EXPECT_TRUE(value(std::string("cast('") + bad + "' AS text[])").starts_with("fault: ")) << bad;
  EXPECT_EQ(value("cast('{1,x}' AS int[])"), "fault: 'x' is no int");
}

TEST(Arrays, AreCastElementByElement) {
  EXPECT_EQ(value("cast(ARRAY['1.5', '2.5']::double precision[] AS int[])"), "{2,2}");
  EXPECT_EQ(value("cast(ARRAY['1', NULL] AS bigint[])"), "{1,NULL}");
  EXPECT_EQ(value("ARRAY[1, 2] || cast(3 AS bigint)"), "{1,2,3}");
}

TEST(Arrays, SubscriptsBeginAtOne) {
  EXPECT_EQ(value("(ARRAY[7, 8, 9])[1]"), "7");
  EXPECT_EQ(value("(ARRAY[7, 8, 9])[0]"), "NULL");
  EXPECT_EQ(value("(ARRAY[7, 8, 9])[4]"), "NULL");
  EXPECT_EQ(value("(ARRAY[7, 8, 9])[2:]"), "{8,9}");
  EXPECT_EQ(value("(ARRAY[7, 8, 9])[:2]"), "{7,8}");
  EXPECT_EQ(value("(ARRAY[7, 8, 9])[3:1]"), "{}");
  EXPECT_EQ(value("(ARRAY[7, 8, 9])[cast(2 AS bigint)]"), "8");
  EXPECT_TRUE(value("(1 + 1)[1]").starts_with("fault: "));
}

TEST(Arrays, AnyAndAllCompareWithElements) {
  EXPECT_EQ(value("2 = ANY (ARRAY[1, 2])"), "true");
  EXPECT_EQ(value("2 = ANY (ARRAY[1, NULL])"), "NULL");
  EXPECT_EQ(value("2 = ANY ('{1,2}')"), "true");
  EXPECT_EQ(value("'a' = ANY (ARRAY['b', 'a'])"), "true");
  EXPECT_EQ(value("2 <> ALL (ARRAY[1, NULL])"), "NULL");
  EXPECT_EQ(value("2 <> ALL (ARRAY[2, NULL])"), "false");
  EXPECT_EQ(value("NULL::int = ANY (ARRAY[]::int[])"), "false");
  EXPECT_EQ(value("1 = ANY (ARRAY[1.0::double precision])"), "true");
  EXPECT_TRUE(value("1 = ANY (1)").starts_with("fault: ANY and ALL want an array"));
  EXPECT_TRUE(value("'a' LIKE ANY (ARRAY['a'])").starts_with("fault: "));
}

TEST(Arrays, AreComparedElementByElement) {
  EXPECT_EQ(value("ARRAY[1, 2] < ARRAY[1, 2, 0]"), "true");
  EXPECT_EQ(value("ARRAY[1, NULL] > ARRAY[1, 5]"), "true");
  EXPECT_EQ(value("ARRAY[1, NULL] = ARRAY[1, NULL]"), "true");
  EXPECT_EQ(value("'{1}' = ARRAY[1]"), "true");
  EXPECT_EQ(value("NULLIF(ARRAY[1], ARRAY[1])"), "NULL");
  EXPECT_EQ(value("ARRAY[1] IS DISTINCT FROM NULL"), "true");
  EXPECT_TRUE(value("ARRAY[1] = ARRAY['a']").starts_with("fault: "));
}

TEST(Arrays, ContainAndOverlap) {
  EXPECT_EQ(value("ARRAY[1, 2, 3] @> ARRAY[3, 1, 1]"), "true");
  EXPECT_EQ(value("ARRAY[1, NULL] @> ARRAY[NULL::int]"), "false");
  EXPECT_EQ(value("ARRAY[]::int[] <@ ARRAY[1]"), "true");
  EXPECT_EQ(value("ARRAY[1, 2] && ARRAY[2, 3]"), "true");
}

TEST(Arrays, FunctionsGiveWhatPostgresGives) {
  EXPECT_EQ(value("string_to_array('a,b,,c', ',', '')"), "{a,b,NULL,c}");
  EXPECT_EQ(value("string_to_array('añb', NULL)"), "{a,ñ,b}");
  EXPECT_EQ(value("string_to_array('', ',')"), "{}");
  EXPECT_EQ(value("string_to_array('a,b', '')"), R"({"a,b"})");
  EXPECT_EQ(value("array_to_string(ARRAY[1, NULL, 3], '-')"), "1-3");
  EXPECT_EQ(value("array_to_string(ARRAY[1, NULL, 3], '-', '*')"), "1-*-3");
  EXPECT_EQ(value("array_position(ARRAY['a', 'b', 'a'], 'a', 2)"), "3");
  EXPECT_EQ(value("array_positions(ARRAY[1, NULL, 1], NULL)"), "{2}");
  EXPECT_EQ(value("array_remove(ARRAY[1, 2, 1], 1)"), "{2}");
  EXPECT_EQ(value("array_replace(ARRAY[1, NULL], NULL, 5)"), "{1,5}");
  EXPECT_EQ(value("array_length(ARRAY[1, 2], 1)"), "2");
  EXPECT_EQ(value("array_length(ARRAY[]::int[], 1)"), "NULL");
  EXPECT_EQ(value("cardinality(ARRAY[]::int[])"), "0");
  EXPECT_EQ(value("trim_array(ARRAY[1, 2, 3], 2)"), "{1}");
  EXPECT_EQ(value("regexp_match('foobarbequebaz', '(bar)(beque)')"), "{bar,beque}");
  EXPECT_EQ(value("regexp_split_to_array('a1b22c', '[0-9]+')"), "{a,b,c}");
  EXPECT_TRUE(
      value("unnest(ARRAY[1])").starts_with("fault: there is no function unnest: it makes"));
}

TEST(Arrays, AnExpressionIsWrittenAsItIsRead) {
  const BoundScript bound = bind_text(
      "CREATE TABLE s (a int[], x int); CREATE TABLE o (); INSERT INTO o SELECT "
      "a[x] AS b, (a || ARRAY[1, x])[2:x] AS c, x + 1 = ANY (a) AS d FROM s;");
  ASSERT_TRUE(bound.program) << bound.faults.text();
  const auto& outputs = bound.program->inserts[0].outputs;
  EXPECT_EQ(bound.program->nodes[outputs[0].node].text, "a[x]");
  EXPECT_EQ(bound.program->nodes[outputs[1].node].text, "(a || ARRAY[1, x])[2:x]");
  EXPECT_EQ(bound.program->nodes[outputs[2].node].text, "x + 1 = ANY (a)");
}

}  // namespace
}  // namespace turntable::sql
