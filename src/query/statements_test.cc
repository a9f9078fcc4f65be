#include "query/statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turntable {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(std::string_view text) {
  const auto statements = split_statements(text);
  EXPECT_TRUE(statements) << (statements ? "" : statements.error().message);
  std::vector<std::string> out;
  for (const CqlStatement& statement : *statements) out.push_back(statement.text);
  return out;
}

TEST(Statements, SplitsAtSemicolonsOutsideOfQuotesAndComments) {
  EXPECT_THAT(texts("SELECT 1; SELECT ';' ;\n ; SELECT \";\"\"x\" ; SELECT 'it''s;' -- no; \n+ 1 "
                    "// neither;\n/* ; \n */;$$ ; $$"),
              ElementsAre("SELECT 1", "SELECT ';'", "SELECT \";\"\"x\"",
                          "SELECT 'it''s;'        \n+ 1", "$$ ; $$"));
  EXPECT_THAT(texts(""), ElementsAre());
  EXPECT_THAT(texts(" -- only a comment"), ElementsAre());
  EXPECT_THAT(texts("\xef\xbb\xbfSELECT 1"), ElementsAre("SELECT 1"));
}

TEST(Statements, KeepsABatchTogether) {
  const std::string batch =
      "BEGIN BATCH\n  INSERT INTO t (id, a) VALUES (1, 'a;b');\n  UPDATE t SET a = '' WHERE id = "
      "2;\nAPPLY BATCH";
  EXPECT_THAT(texts("SELECT 1; " + batch + ";\nSELECT 2"),
              ElementsAre("SELECT 1", batch, "SELECT 2"));
  EXPECT_THAT(
      texts("begin unlogged batch a; apply batch; BEGIN COUNTER BATCH b; APPLY BATCH"),
      ElementsAre("begin unlogged batch a; apply batch", "BEGIN COUNTER BATCH b; APPLY BATCH"));
  // The last statement needs no semicolon, and there may be only one.
  EXPECT_THAT(texts("BEGIN BATCH USING TIMESTAMP 1 a; b APPLY BATCH; SELECT 1"),
              ElementsAre("BEGIN BATCH USING TIMESTAMP 1 a; b APPLY BATCH", "SELECT 1"));
  EXPECT_THAT(texts("BEGIN BATCH a APPLY BATCH; SELECT 1"),
              ElementsAre("BEGIN BATCH a APPLY BATCH", "SELECT 1"));
  // The words elsewhere, and the transaction of another database.
  EXPECT_THAT(texts("SELECT 'BEGIN BATCH'; SELECT batch; BEGIN; SELECT 1"),
              ElementsAre("SELECT 'BEGIN BATCH'", "SELECT batch", "BEGIN", "SELECT 1"));
}

TEST(Statements, KnowsThePlaceOfEveryStatementAndByte) {
  const auto statements = split_statements("-- é\n  SELECT 1;\n/* a\n b */ SELECT 'é', x\nFROM t");
  ASSERT_EQ(statements->size(), 2U);
  EXPECT_EQ(statements->at(0).at.line, 2U);
  EXPECT_EQ(statements->at(0).at.column, 3U);
  const CqlStatement& second = statements->at(1);
  EXPECT_EQ(second.at.line, 4U);
  EXPECT_EQ(second.at.column, 7U);
  EXPECT_EQ(second.place_of(second.text.find('x')).column, 19U) << "in characters, not bytes";
  EXPECT_EQ(second.place_of(second.text.find("FROM")).line, 5U);
  EXPECT_EQ(second.place_of(second.text.find("FROM")).column, 1U);
}

TEST(Statements, SaysWhatIsNotClosedAndWhereItBegan) {
  const auto check = [](std::string_view text, std::string_view message, size_t line,
                        size_t column) {
    const auto statements = split_statements(text);
    ASSERT_FALSE(statements);
    EXPECT_EQ(statements.error().message, message);
    EXPECT_EQ(statements.error().at.line, line);
    EXPECT_EQ(statements.error().at.column, column);
  };
  check("SELECT 1;\nSELECT 'abc;", "the text is not closed by '", 2, 8);
  check("SELECT \"abc", "the name is not closed by \"", 1, 8);
  check("/* abc", "the comment /* is not closed by */", 1, 1);
  check("$$ abc", "the text $$ is not closed by $$", 1, 1);
  check("SELECT 1;\n BEGIN BATCH a; b;", "the batch is not closed by APPLY BATCH", 2, 2);
  check("BEGIN BATCH a", "the batch is not closed by APPLY BATCH", 1, 1);
}

TEST(Statements, NamesCharactersThatOnlyLookLikeSpacesAndQuotes) {
  const auto statements = split_statements("SELECT '\u00A0', \"\u2019\"; -- \u00A0\n\u00E9\u00A0");
  ASSERT_FALSE(statements);
  EXPECT_EQ(statements.error().message,
            "a no-break space (U+00A0) stands here, which is not taken for a space: write a plain "
            "one");
  EXPECT_EQ(statements.error().at.line, 2U);
  EXPECT_EQ(statements.error().at.column, 2U);
  EXPECT_EQ(split_statements("SELECT \u2018a\u2019").error().message,
            "\u2018 (U+2018) is no quote here: names stand between \" and texts between '");
}

TEST(Statements, SeesWhatASelectAsksFor) {
  const auto shape = shape_of(
      "select name, AVG( \"Tempo\" ), count(*), max(a) as b, f(a, b), 1 FROM spotify . history "
      "WHERE x = 1");
  ASSERT_TRUE(shape);
  EXPECT_FALSE(shape->all);
  EXPECT_EQ(shape->from, "spotify . history");
  ASSERT_EQ(shape->items.size(), 6U);
  EXPECT_EQ(shape->items[0].function, "");
  EXPECT_EQ(shape->items[1].function, "avg");
  EXPECT_EQ(shape->items[1].argument, "Tempo");
  EXPECT_EQ(shape->items[2].argument, "*");
  EXPECT_TRUE(shape->items[3].renamed);
  EXPECT_EQ(shape->items[3].function, "max");
  EXPECT_EQ(shape->items[4].function, "");

  EXPECT_TRUE(shape_of("SELECT * FROM t LIMIT 5")->all);
  EXPECT_FALSE(shape_of("SELECT a FROM t, u"));
  EXPECT_FALSE(shape_of("SELECT a FROM t JOIN u"));
  EXPECT_FALSE(shape_of("SELECT a FROM t x JOIN u y"));
  EXPECT_FALSE(shape_of("SELECT a FROM t AS x, u"));
  EXPECT_FALSE(shape_of("SELECT a FROM t LEFT JOIN u ON (t.a = u.a) WHERE a = 1"));
  EXPECT_EQ(shape_of("SELECT a FROM k.t AS x WHERE a IN (1, 2)")->from, "k.t");
  EXPECT_EQ(shape_of("SELECT a FROM t x ORDER BY a, b")->from, "t");
  EXPECT_EQ(shape_of("SELECT a IS DISTINCT FROM 3 AS d, b FROM t")->from, "t");
  EXPECT_FALSE(shape_of("SELECT *, a FROM t"));
  EXPECT_FALSE(shape_of("SELECT 1"));
  EXPECT_FALSE(shape_of("INSERT INTO t"));
  EXPECT_FALSE(shape_of("SELECT a FROM"));
}

}  // namespace
}  // namespace turntable
