// Regular expressions. Expected values were taken from PostgreSQL 15 in the locale C.UTF-8; where
// it has an error, there is a fault.
#include "sql/builtins.h"
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

TEST(Pattern, MatchesAnywhere) {
  expect_all({
      {"'abc' ~ 'b'", "true"},
      {"'abc' ~ '^b'", "false"},
      {"'abc' !~ 'z'", "true"},
      {"'ABC' ~* 'bc'", "true"},
      {"'ABC' !~* 'bc'", "false"},
      {"'' ~ ''", "true"},
      {"NULL ~ 'a'", "NULL"},
      {"E'a\\nb' ~ 'a.b'", "true"},
      {"E'a\\nb' ~ '(?n)a.b'", "false"},
      {"E'a\\nb' ~ '(?n)^b'", "true"},
      {"E'a\\nb' ~ '^b'", "false"},
      {"E'a\\n' ~ 'a$'", "false"},
      {"'a.c' ~ '***=a.c'", "true"},
      {"'abc' ~ '***=a.c'", "false"},
      {"'a b' ~ '(?x) a \\s b # blanks'", "true"},
      {"'ab' ~ '(?q)a.'", "false"},
  });
}

TEST(Pattern, KnowsPostgresClasses) {
  expect_all({
      {"'é' ~ '^\\w$'", "true"},        {"'١' ~ '\\d'", "false"},
      {"'é' ~ '[[:alpha:]]'", "true"},  {"'É' ~ '[[:upper:]]'", "true"},
      {"'É' ~ '[[:lower:]]'", "false"}, {"'É' ~* '[[:lower:]]'", "true"},
      {"'É' ~* 'é'", "true"},           {"'ǅ' ~* 'ǅ'", "false"},
      {"'ǆ' ~* 'ǅ'", "true"},           {"'ſ' ~* 's'", "false"},
      {"'\u2028' ~ '\\s'", "true"},     {"'\u00A0' ~ '\\s'", "false"},
      {"'a' ~ '[[.a.]]'", "true"},      {"'é' ~ '[[=é=]]'", "true"},
      {"'é' ~ '\\u00e9'", "true"},      {"'A' ~ '\\x41'", "true"},
      {"'A' ~ '\\101'", "true"},        {"']' ~ '[]]'", "true"},
      {"'-' ~ '[a-]'", "true"},         {"E'\\n' ~ '(?n)[^a]'", "false"},
      {"E'\\n' ~ '(?n)\\W'", "true"},   {"'a{,2}' ~ 'a{,2}'", "true"},
  });
}

TEST(Pattern, KnowsWords) {
  expect_all({
      {"'foo bar' ~ '\\mbar\\M'", "true"},
      {"'foobar' ~ '\\mbar'", "false"},
      {"'ébar' ~ '\\mbar'", "false"},
      {"'é bar' ~ '[[:<:]]bar[[:>:]]'", "true"},
      {"'caféx' ~ 'café\\y'", "false"},
      {"'café!' ~ 'café\\y'", "true"},
      {"'ab' ~ 'a\\Yb'", "true"},
      {"regexp_replace('été là', '\\y', '|', 'g')", "|été| |là|"},
      {"regexp_instr('日本 é', '\\mé')", "4"},
  });
}

TEST(Pattern, FindsTheMatchThatPostgresFinds) {
  expect_all({
      {"regexp_substr('abcd', 'a|ab|abc')", "abc"},
      {"regexp_substr('xyzzz', 'xy+z*?')", "xyzzz"},
      {"regexp_substr('xyyzz', 'xy*?z+')", "xyyz"},
      {"regexp_substr('abcbc', 'a.*?c')", "abc"},
      {"regexp_substr('abcbc', '(?:a.*?c|x)')", "abcbc"},
      {"regexp_replace('abcd', '(a|ab)(c|bcd)', '<\\1|\\2>')", "<a|bcd>"},
      {"regexp_replace('XY1234Z', 'Y*?([0-9]{1,3})', '<\\1>')", "X<1>234Z"},
      {"regexp_replace('XY1234Z', 'Y*([0-9]{1,3})', '<\\1>')", "X<123>4Z"},
      {"regexp_replace('abc01234xyz', '(.*)([0-9]+)(.*)', '\\1|\\2|\\3')", "abc0123|4|xyz"},
      {"regexp_replace('abc01234xyz', '(.*?)([0-9]+)(.*)', '\\1|\\2|\\3')", "abc|0|1234xyz"},
      {"regexp_replace('abc01234xyz', '(?:(.*?)([0-9]+)(.*)){1,1}', '\\1|\\2|\\3')",
       "abc|01234|xyz"},
      {"regexp_replace('aab', '((a)|b)*', '\\1|\\2|')", "b||"},
      {"regexp_replace('', '(a|())*', '<\\1>')", "<>"},
  });
}

TEST(Pattern, Replaces) {
  expect_all({
      {"regexp_replace('Thomas', '.[mN]a.', 'M')", "ThM"},
      {"regexp_replace('foobarbaz', 'b..', 'X')", "fooXbaz"},
      {"regexp_replace('foobarbaz', 'b..', 'X', 'g')", "fooXX"},
      {"regexp_replace('foobarbaz', 'b(..)', 'X\\1Y', 'g')", "fooXarYXazY"},
      {"regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 0, 'i')",
       "X PXstgrXSQL fXnctXXn"},
      {"regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 3, 'i')",
       "A PostgrXSQL function"},
      {"regexp_replace('aaa', 'a', 'b', 2)", "aba"},
      {"regexp_replace('aaa', 'a', 'b', 9)", "aaa"},
      {"regexp_replace('abc', 'b', '[\\&]\\\\\\x')", "a[b]\\\\xc"},
      {"regexp_replace('abc', 'x*', '-', 'g')", "-a-b-c-"},
      {"regexp_replace('éa', 'x*', '-', 'g')", "-é-a-"},
      {"regexp_replace('abc', 'b', 'x', 'z')",
       "fault: regexp_replace: 'z' is no flag of a regular expression, in 'z'"},
      {"regexp_replace('abc', 'b', 'x', 0)", "fault: regexp_replace: the start 0 is not positive"},
      {"regexp_replace('abc', 'b', 'x', 1, -1)",
       "fault: regexp_replace: the number of the match, -1, is negative"},
      {"regexp_replace('abc', '(', 'x')",
       "fault: regexp_replace: the regular expression '(' cannot be used: parentheses () not "
       "balanced, at character 2 of the pattern"},
      {"regexp_replace('a', NULL, 'x')", "NULL"},
  });
}

TEST(Pattern, CountsAndFindsPlaces) {
  expect_all({
      {"regexp_count('ABCABCAXYaxy', 'A.')", "3"},
      {"regexp_count('ABCABCAXYaxy', 'A.', 1, 'i')", "4"},
      {"regexp_count('abc', 'x*')", "4"},
      {"regexp_count('abc', 'x*', 4)", "1"},
      {"regexp_count('abc', 'x*', 5)", "0"},
      {"regexp_count('a', 'a', 0)", "fault: regexp_count: the start 0 is not positive"},
      {"regexp_like('Hello World', 'world$', 'i')", "true"},
      {"regexp_like('a', 'a', 'g')", "fault: regexp_like: it does not take 'g'"},
      {"regexp_instr('number of your street, town zip, FR', '[^,]+', 1, 2)", "23"},
      {"regexp_instr('ABCDEFGHI', '(c..)(...)', 1, 1, 0, 'i', 2)", "6"},
      {"regexp_instr('ABCDEFGHI', '(c..)(...)', 1, 1, 1, 'i', 2)", "9"},
      {"regexp_instr('abc', 'b', 1, 1, 0, '', 1)", "2"},
      {"regexp_instr('abc', 'b', 1, 1, 0, '', 2)", "0"},
      {"regexp_instr('abc', 'z')", "0"},
      {"regexp_instr('abc', 'b', 1, 0)",
       "fault: regexp_instr: the number of the match, 0, is not positive"},
      {"regexp_instr('abc', 'b', 1, 1, 2)",
       "fault: regexp_instr: the choice of the match's start or end, 2, is not 0 or 1"},
      {"regexp_instr('abc', 'b', 1, 1, 0, '', -1)",
       "fault: regexp_instr: the number of the group, -1, is negative"},
      {"regexp_substr('number of your street, town zip, FR', '[^,]+', 1, 2)", " town zip"},
      {"regexp_substr('ABCDEFGHI', '(c..)(...)', 1, 1, 'i', 2)", "FGH"},
      {"regexp_substr('abc', '(z)?b', 1, 1, '', 1)", "NULL"},
      {"regexp_substr('abc', 'z')", "NULL"},
      {"regexp_substr(NULL, 'z')", "NULL"},
  });
}

TEST(Pattern, CutsOutOfATextByAPattern) {
  expect_all({
      {"substring('Thomas' FROM '...$')", "mas"},
      {"substring('foobar' FROM 'o(.)b')", "o"},
      {"substring('foobar' FROM 'z')", "NULL"},
      {"substring('ab' FROM '(z)?a')", "NULL"},
      {"substring('Thomas' SIMILAR '%#\"o_a#\"_' ESCAPE '#')", "oma"},
      {"substring('abc' SIMILAR 'z' ESCAPE '#')", "NULL"},
      {"'abc' SIMILAR TO 'abc'", "true"},
      {"'abc' SIMILAR TO 'a'", "false"},
      {"'abc' SIMILAR TO '%(b|d)%'", "true"},
      {"'abc' SIMILAR TO '(b|c)%'", "false"},
      {"'a.c' SIMILAR TO 'a#.c' ESCAPE '#'", "true"},
      {"'abc' NOT SIMILAR TO 'a_c'", "false"},
      {"similar_to_escape('a%_(b).[^]')", "^(?:a.*.(?:b)\\.[^])$"},
      {"'a' SIMILAR TO 'a' ESCAPE 'xy'",
       "fault: similar_to_escape: the escape 'xy' is more than one character"},
  });
}

TEST(Pattern, RefusesWhatItCannotMatchAlike) {
  expect_all({
      {"'a' ~ '(?=a)'",
       "fault: ~: the regular expression '(?=a)' cannot be used: look-ahead, (?=…), is not "
       "supported, at character 1 of the pattern"},
      {"'a' ~ '(?<!a)'",
       "fault: ~: the regular expression '(?<!a)' cannot be used: look-behind, (?<!…), is not "
       "supported, at character 1 of the pattern"},
      {"'aa' ~ '(a)\\1'",
       "fault: ~: the regular expression '(a)\\1' cannot be used: a back reference, \\1, is not "
       "supported, at character 5 of the pattern"},
      {"'a' ~ '(?b)a'",
       "fault: ~: the regular expression '(?b)a' cannot be used: a basic regular expression, (?b), "
       "is not supported, at character 3 of the pattern"},
      {"regexp_like('a', 'a', 'e')",
       "fault: regexp_like: the flag 'e', a basic regular expression, is not supported"},
      {"'a' ~ '[[.hyphen.]]'",
       "fault: ~: the regular expression '[[.hyphen.]]' cannot be used: a collating element's "
       "name, hyphen, is not supported, at character 2 of the pattern"},
      {"'a' ~ '\\m.*'",
       "fault: ~: the regular expression '\\m.*' cannot be used: \\m is supported where a word "
       "character is sure to follow"},
      {"'a' ~ '.*\\M'",
       "fault: ~: the regular expression '.*\\M' cannot be used: \\M is supported where a word "
       "character is sure to stand before it"},
      {"'a' ~ 'a**'",
       "fault: ~: the regular expression 'a**' cannot be used: quantifier operand invalid, at "
       "character 3 of the pattern"},
      {"'a' ~ '[b-a]'",
       "fault: ~: the regular expression '[b-a]' cannot be used: invalid character range, at "
       "character 5 of the pattern"},
      {"'a' ~ 'a{2,1}'",
       "fault: ~: the regular expression 'a{2,1}' cannot be used: invalid repetition count(s), at "
       "character 7 of the pattern"},
      {"'a' ~ 'a{256}'",
       "fault: ~: the regular expression 'a{256}' cannot be used: invalid repetition count(s), at "
       "character 6 of the pattern"},
      {"'a' ~ '[[:foo:]]'",
       "fault: ~: the regular expression '[[:foo:]]' cannot be used: invalid character class, at "
       "character 9 of the pattern"},
      {"'a' ~ 'a)'",
       "fault: ~: the regular expression 'a)' cannot be used: parentheses () not balanced, at "
       "character 2 of the pattern"},
      {"'a' ~ '\\q'",
       "fault: ~: the regular expression '\\q' cannot be used: invalid escape \\ sequence, at "
       "character 2 of the pattern"},
      {"'a' ~ '[a'",
       "fault: ~: the regular expression '[a' cannot be used: brackets [] not balanced, at "
       "character 3 of the pattern"},
      {"'a' ~ '(?z)a'",
       "fault: ~: the regular expression '(?z)a' cannot be used: invalid embedded option, at "
       "character 3 of the pattern"},
      {"'a' ~ '((((a{250}){250}){250}))'",
       "fault: ~: the regular expression '((((a{250}){250}){250}))' cannot be used: the pattern is "
       "too large, or repeats too often what repeats"},
  });
}

TEST(Pattern, TakesPatternsFromAColumn) {
  // More than are kept.
  std::vector<std::optional<std::string>> patterns;
  Values expected;
  for (int round = 0; round < 2; ++round)
    for (char c = 'a'; c <= 'm'; ++c) {
      patterns.emplace_back(std::string(1, c) + "+");
      expected.emplace_back(c <= 'c' ? "true" : "false");
    }
  EXPECT_EQ(evaluate_over("'abc' ~ x", patterns), expected);
  EXPECT_EQ(evaluate_over("regexp_replace('abcabc', x, '<\\&>', 'g')",
                          {"b", "(", std::nullopt, "b|c", "b"}),
            (Values{"a<b>ca<b>c",
                    "reject: regexp_replace: the regular expression '(' cannot be used: "
                    "parentheses () not balanced, at character 2 of the pattern",
                    "NULL", "a<b><c>a<b><c>", "a<b>ca<b>c"}));
  EXPECT_EQ(evaluate_over("regexp_substr(x, 'b(.)?', 1, 1, '', 1)", {"abc", "ab", "a"}),
            (Values{"c", "NULL", "NULL"}));
}

TEST(Pattern, AConstantThatIsNoneIsAFaultOfThePipeline) {
  EXPECT_EQ(
      bind_expression("x ~ '['").faults.text(),
      "p.sql:1:74: ~: the regular expression '[' cannot be used: brackets [] not balanced, at "
      "character 2 of the pattern");
  EXPECT_EQ(bind_expression("regexp_replace(x, 'a', 'b', 'y')").faults.list[0].message,
            "regexp_replace: 'y' is no flag of a regular expression, in 'y'");
}

TEST(Pattern, BoundsTheTextsThatItMakes) {
  const std::string half(kResultBytesLimit / 2, 'x');
  EXPECT_EQ(evaluate_over("length(regexp_replace(x, 'x*', '\\&\\&'))", {half, half + "x"}),
            (Values{"67108864", "reject: regexp_replace: a text has more than 67,108,864 bytes"}));
}

}  // namespace
}  // namespace turntable::sql
