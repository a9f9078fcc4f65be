// LIKE. Expected values were taken from PostgreSQL 15 in the locale C.UTF-8; where it has an error,
// there is a fault.
#include "sql/testing.h"

namespace turntable::sql {
namespace {

struct Case {
  std::string expression;
  std::string expected;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases)
    EXPECT_EQ(evaluate_constant(c.expression), c.expected) << c.expression;
}

TEST(Like, MatchesWholeTexts) {
  expect_all({
      {"'abc' LIKE 'abc'", "true"},     {"'abc' LIKE 'a%'", "true"},
      {"'abc' LIKE '%c'", "true"},      {"'abc' LIKE '%b%'", "true"},
      {"'abc' LIKE 'c'", "false"},      {"'abc' LIKE '_b_'", "true"},
      {"'abc' LIKE '__'", "false"},     {"'é😀' LIKE '__'", "true"},
      {"'' LIKE ''", "true"},           {"'' LIKE '%'", "true"},
      {"'' LIKE '_'", "false"},         {"'aXbXc' LIKE 'a%b%c'", "true"},
      {"'ab' LIKE 'ab%b'", "false"},    {"'aaab' LIKE '%a_b'", "true"},
      {"'aé' LIKE '%_é'", "true"},      {"'abcbc' LIKE '%bc'", "true"},
      {"'abc' NOT LIKE '%z%'", "true"}, {"NULL LIKE 'a'", "NULL"},
      {"'a' LIKE NULL", "NULL"},        {"'a b' LIKE 'a%%b'", "true"},
      {"E'a\\nb' LIKE 'a%b'", "true"},  {"'xay' LIKE '%_a_%'", "true"},
      {"'ay' LIKE '%_a_%'", "false"},   {"'mississippi' LIKE '%iss%ip%'", "true"},
  });
}

TEST(Like, KnowsEscapes) {
  expect_all({
      {"'a%b' LIKE 'a\\%b'", "true"},
      {"'axb' LIKE 'a\\%b'", "false"},
      {"'a_b' LIKE 'a#_b' ESCAPE '#'", "true"},
      {"'a#b' LIKE 'a##b' ESCAPE '#'", "true"},
      {"'a\\b' LIKE 'a\\b' ESCAPE ''", "true"},
      {"'10%' LIKE '10é%' ESCAPE 'é'", "true"},
      {"like_escape('a#%\\', '#')", "a\\%\\\\"},
      {"'a' LIKE 'a' ESCAPE 'xy'",
       "fault: like_escape: the escape 'xy' is more than one character"},
  });
}

TEST(Like, IgnoresCaseAsLowerDoes) {
  expect_all({
      {"'ABC' ILIKE 'abc'", "true"},
      {"'É' ILIKE 'é%'", "true"},
      {"'straße' ILIKE 'STRASSE'", "false"},
      {"'abc' NOT ILIKE '%B%'", "false"},
      {"'ǅ' ILIKE 'ǆ'", "true"},
      {"'ab' ~~* 'A_'", "true"},
      {"'ab' !~~ 'b%'", "true"},
  });
}

TEST(Like, TakesPatternsFromAColumn) {
  EXPECT_EQ(
      evaluate_over("'a%c' LIKE x", {"a%", "a\\%c", std::nullopt, "b%", "a\\", "", "a\\%"}),
      (Values{"true", "true", "NULL", "false",
              "reject: 'a%c' ~~ x: the pattern ends with the escape character", "false", "false"}));
}

// PostgreSQL fails where it comes to the escape character, and not before.
TEST(Like, FailsOnlyWhereItMeetsAnEscapeWithNothingBehindIt) {
  const std::string sentence = "the pattern ends with the escape character";
  EXPECT_EQ(evaluate_over("x LIKE x || '\\'", {"a"}), (Values{"false"}));
  EXPECT_EQ(evaluate_over("'abc' LIKE x", {"b\\", "abc\\", "%\\", "%bc\\"}),
            (Values{"false", "false", "reject: 'abc' ~~ x: " + sentence, "false"}));
  EXPECT_EQ(bind_expression("x LIKE 'b\\'").faults.list[0].message, "~~: " + sentence);
}

}  // namespace
}  // namespace turntable::sql
