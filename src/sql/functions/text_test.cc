// Functions that measure texts and take them apart. Expected values were taken from PostgreSQL 15
// in the locale C.UTF-8; where it has an error, there is a fault.
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

TEST(Text, CutsByCharactersAtBothEnds) {
  expect_all({
      {"left('😀é日b', 2)", "😀é"},
      {"left('abc', -1)", "ab"},
      {"left('abc', -5)", ""},
      {"left('abc', 0)", ""},
      {"left('abc', -2147483648)", ""},
      {"right('😀é日b', 2)", "日b"},
      {"right('abc', -1)", "bc"},
      {"right('abc', 9)", "abc"},
      {"right('abc', -2147483647)", ""},
      {"right('abc', -2147483648)", "abc"},
      {"left('', 3)", ""},
      {"left(NULL, 3)", "NULL"},
      {"substr('\\xc3a9616263'::bytea, 2, 2)", "\\xa961"},
      {"substring('\\x616263'::bytea FROM -1 FOR 3)", "\\x61"},
      {"substring('Thomas' FOR 2)", "Th"},
  });
}

TEST(Text, PutsOneTextIntoAnother) {
  expect_all({
      {"overlay('Txxxxas' placing 'hom' from 2 for 4)", "Thomas"},
      {"overlay('abc' placing 'é' from 2)", "aéc"},
      {"overlay('abc' placing 'XY' from 9)", "abcXY"},
      {"overlay('abc' placing '' from 1 for -1)", "abc"},
      {"overlay('abc' placing 'x' from 0)", "fault: overlay: the start 0 is not positive"},
      {"overlay('abc' placing 'x' from 2 for 2147483647)",
       "fault: overlay: the end is out of range for int"},
  });
}

TEST(Text, FindsParts) {
  expect_all({
      {"position('om' in 'Thomas')", "3"},
      {"position('' in 'abc')", "1"},
      {"position('x' in 'abc')", "0"},
      {"strpos('e\u0301é', 'é')", "3"},
      {"strpos('', '')", "1"},
      {"position('\\x62'::bytea in '\\xff62'::bytea)", "2"},
      {"starts_with('alphabet', 'alph')", "true"},
      {"starts_with('a', 'ab')", "false"},
      {"'alphabet' ^@ ''", "true"},
      {"ascii('')", "0"},
      {"ascii('😀')", "128512"},
      {"ascii('é')", "233"},
  });
}

TEST(Text, MeasuresTextsAndBytes) {
  expect_all({
      {"length('e\u0301')", "2"},
      {"length('\\x0001ff'::bytea)", "3"},
      {"bit_length('é')", "16"},
      {"bit_length('\\x00'::bytea)", "8"},
      {"octet_length('😀')", "4"},
      {"character_length('😀')", "1"},
  });
}

TEST(Text, TrimsSetsOfCharacters) {
  expect_all({
      {"btrim('xyxtrimyyx', 'xyz')", "trim"},
      {"ltrim('zzzytest', 'xyz')", "test"},
      {"rtrim('testxxzx', 'xyz')", "test"},
      {"trim(both 'é' from 'éaéé')", "a"},
      {"trim(leading 'x' from 'xxabcxx')", "abcxx"},
      {"trim(trailing from 'ab  ')", "ab"},
      {"btrim('abc', '')", "abc"},
      {"btrim('', 'a')", ""},
      {"btrim('aaa', 'a')", ""},
      {"trim('😀' from '😀b😀')", "b"},
      {"btrim('\\x00616200'::bytea, '\\x00'::bytea)", "\\x6162"},
      {"btrim(E'\\t a')", "\t a"},
      {"btrim(NULL, 'a')", "NULL"},
      {"btrim('a', NULL)", "NULL"},
  });
}

}  // namespace
}  // namespace turntable::sql
