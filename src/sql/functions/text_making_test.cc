// Functions that make a text of others. Expected values were taken from PostgreSQL 15 in the locale
// C.UTF-8; where it has an error, there is a fault.
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

TEST(TextMaking, RepeatsAndReplaces) {
  expect_all({
      {"repeat('ab', 3)", "ababab"},
      {"repeat('ab', 0)", ""},
      {"repeat('ab', -1)", ""},
      {"repeat('', 2147483647)", ""},
      {"replace('abcdefabcdef', 'cd', 'XX')", "abXXefabXXef"},
      {"replace('aaa', 'aa', 'b')", "ba"},
      {"replace('abc', '', 'x')", "abc"},
      {"replace('abc', 'b', '')", "ac"},
      {"replace('éé', 'é', '😀')", "😀😀"},
      {"translate('12345', '143', 'ax')", "a2x5"},
      {"translate('abcabc', 'aa', 'xy')", "xbcxbc"},
      {"translate('é日', '日é', 'ab')", "ba"},
      {"translate('abc', '', 'x')", "abc"},
      {"reverse('a😀é')", "é😀a"},
      {"reverse('')", ""},
      {"reverse('e\u0301')", "\u0301e"},
  });
}

TEST(TextMaking, PadsAndCuts) {
  expect_all({
      {"lpad('hi', 5, 'xy')", "xyxhi"},
      {"lpad('hi', 5)", "   hi"},
      {"lpad('hello', 2)", "he"},
      {"lpad('hi', 0, 'x')", ""},
      {"lpad('hi', -5)", ""},
      {"lpad('hi', 5, '')", "hi"},
      {"rpad('hi', 5, 'xy')", "hixyx"},
      {"rpad('é', 3, '日本')", "é日本"},
      {"rpad('', 3, 'ab')", "aba"},
      {"lpad('😀', 2, 'é')", "é😀"},
      {"lpad('abc', -2147483648)", ""},
      {"rpad('hi', 2147483647)", "fault: rpad: a text has more than 67,108,864 bytes"},
  });
}

TEST(TextMaking, MakesCharactersAndHexNumbers) {
  expect_all({
      {"chr(65)", "A"},
      {"chr(233)", "é"},
      {"chr(128512)", "😀"},
      {"ascii(chr(1114111))", "1114111"},
      {"chr(0)", "fault: chr: no text holds the character 0"},
      {"chr(-1)", "fault: chr: there is no character -1"},
      {"chr(55296)", "fault: chr: there is no character 55296"},
      {"chr(1114112)", "fault: chr: there is no character 1114112"},
      {"to_hex(255)", "ff"},
      {"to_hex(0)", "0"},
      {"to_hex(-1)", "ffffffff"},
      {"to_hex(-2147483648)", "80000000"},
      {"to_hex(9223372036854775807)", "7fffffffffffffff"},
      {"to_hex((-1)::bigint)", "ffffffffffffffff"},
  });
}

TEST(TextMaking, KnowsTheOtherCase) {
  expect_all({
      {"lower('ÀÉ ẞ İ Σ Ⱥ')", "àé ß i σ ⱥ"},
      {"upper('àé ß ı ς ǆ ŉ ⱥ')", "ÀÉ ß I Σ Ǆ ŉ Ⱥ"},
      {"initcap('hELLO wORLD-foo_bar 2nd ǆx éa')", "Hello World-Foo_Bar 2nd Ǆx Éa"},
      {"initcap('')", ""},
      {"lower('')", ""},
      {"upper('abc-XYZ@[`{')", "ABC-XYZ@[`{"},
      {"lower('ABC-xyz@[`{')", "abc-xyz@[`{"},
      {"initcap('o''neil 3x')", "O'Neil 3x"},
  });
}

TEST(TextMaking, NormalizesUnicode) {
  expect_all({
      {"normalize('e\u0301')", "é"},
      {"normalize('é', NFD) = 'e\u0301'", "true"},
      {"normalize('ﬁ', NFKC)", "fi"},
      {"normalize('①', NFKD)", "1"},
      {"normalize('가')", "가"},
      {"'é' is normalized", "true"},
      {"'e\u0301' is normalized", "false"},
      {"'e\u0301' is NFD normalized", "true"},
      {"'a' is not normalized", "false"},
  });
}

TEST(TextMaking, JoinsValuesOfAnyType) {
  expect_all({
      {"concat('a', 1, NULL, true, 2.5::real, '\\x00'::bytea)", "a1t2.5\\x00"},
      {"concat(NULL)", ""},
      {"concat_ws(', ', 'a', NULL, 3)", "a, 3"},
      {"concat_ws(NULL, 'a')", "NULL"},
      {"concat_ws('-', NULL)", ""},
      {"1 || 'x'", "1x"},
      {"'x' || true", "xtrue"},
      {"false || 'x'", "falsex"},
      {"9223372036854775807 || 'x'", "9223372036854775807x"},
      {"'x' || 0.1::double precision", "x0.1"},
      {"'\\x61'::bytea || '\\x62'::bytea", "\\x6162"},
      {"NULL::int || 'x'", "NULL"},
      {"1.50 || 'x'", "1.50x"},
      {"'x' || 1.50", "x1.50"},
      {"3::smallint || 'x'", "3x"},
      {"date '2024-01-01' || 'x'", "2024-01-01x"},
      {"time '10:00' || 'x'", "10:00:00x"},
      {"timestamp '2024-01-01' || 'x'", "2024-01-01 00:00:00x"},
      {"'x' || timestamptz '2024-01-01T00:00:00Z'", "x2024-01-01 00:00:00+00"},
      {"interval '1 day' || 'x'", "1 dayx"},
      {"uuid '00000000-0000-0000-0000-000000000001' || 'x'",
       "00000000-0000-0000-0000-000000000001x"},
      {"'\\xab'::bytea || 'x'::text", "\\xabx"},
      {"'x'::text || '{\"a\":1}'::jsonb", "x{\"a\": 1}"},
      {"'\\xab'::bytea || 'x'", "\\xab78"},
  });
}

TEST(TextMaking, Formats) {
  expect_all({
      {"format('Hello %s, %1$s', 'World')", "Hello World, World"},
      {"format('%%')", "%"},
      {"format('[%10s]', 'é')", "[         é]"},
      {"format('[%-10s]', 'x')", "[x         ]"},
      {"format('[%*s]', -5, 'x')", "[x    ]"},
      {"format('[%-*s]', 5, 'x')", "[x    ]"},
      {"format('[%2$*1$s]', 4, 'x')", "[   x]"},
      {"format('%I %I %I', 'abc', 'A b', 'select')", "abc \"A b\" \"select\""},
      {"format('%I', 'a\"b')", "\"a\"\"b\""},
      {"format('%L %L', 'O''Reilly', NULL)", "'O''Reilly' NULL"},
      {"format('%L', E'a\\\\b')", "E'a\\\\b'"},
      {"format('%s|', NULL)", "|"},
      {"format('%3$s %1$s', 1, 2, 3)", "3 1"},
      {"format('%2$s %s', 1, 2, 3)", "2 3"},
      {"format(NULL, 1)", "NULL"},
      {"format('%s')", "fault: format: the format asks for more arguments than there are"},
      {"format('%')", "fault: format: the format ends within a specifier; write %% for a single %"},
      {"format('%x', 1)", "fault: format: 'x' is no type of a specifier; there are s, I and L"},
      {"format('%I', NULL)", "fault: format: NULL is no identifier"},
      {"format('%0$s', 1)", "fault: format: the format names argument 0; the first is 1"},
      {"format('%1', 1)",
       "fault: format: the format ends within a specifier; write %% for a single %"},
  });
}

TEST(TextMaking, QuotesForSql) {
  expect_all({
      {"quote_literal('O''Reilly')", "'O''Reilly'"},
      {"quote_literal(E'a\\\\b')", "E'a\\\\b'"},
      {"quote_literal('')", "''"},
      {"quote_ident('foo')", "foo"},
      {"quote_ident('Foo bar')", "\"Foo bar\""},
      {"quote_ident('user')", "\"user\""},
      {"quote_ident('a\"b')", "\"a\"\"b\""},
      {"quote_ident('')", "\"\""},
      {"quote_ident('1a')", "\"1a\""},
      {"quote_ident('_a1')", "_a1"},
      {"quote_nullable(NULL::text)", "NULL"},
      {"quote_nullable('x')", "'x'"},
      {"quote_literal(NULL::text)", "NULL"},
  });
}

TEST(TextMaking, AFailedArgumentFailsWhatIsMadeOfIt) {
  EXPECT_EQ(evaluate_over("concat('a', cast(x AS int), x)", {"1", "z", std::nullopt}),
            (Values{"a11", "reject: x: 'z' is no int", "a"}));
  EXPECT_EQ(evaluate_over("cast(x AS int) || '!'", {"1", "z", std::nullopt}),
            (Values{"1!", "reject: x: 'z' is no int", "NULL"}));
  EXPECT_EQ(
      evaluate_over("format(x, 1)", {"%s", "%s%s", std::nullopt}),
      (Values{"1", "reject: format: the format asks for more arguments than there are", "NULL"}));
}

TEST(TextMaking, BoundsTheTextsThatItMakes) {
  const std::string too_long = "a text has more than 67,108,864 bytes";
  const auto length = [](const std::string& made) {
    return evaluate_over("length(" + made + ")", {"x"})[0];
  };
  EXPECT_EQ(length("repeat(x, 67108864)"), "67108864");
  EXPECT_EQ(length("repeat(x, 67108865)"), "reject: repeat: " + too_long);
  EXPECT_EQ(length("lpad(x, 67108864)"), "67108864");
  EXPECT_EQ(length("rpad(x, 67108865)"), "reject: rpad: " + too_long);
  EXPECT_EQ(length("replace(repeat(x, 8193), x, repeat('y', 8192))"),
            "reject: replace: " + too_long);
  EXPECT_EQ(length("concat(repeat(x, 67108864), 1)"), "reject: concat: " + too_long);
  EXPECT_EQ(length("format('%*s', 67108865, x)"), "reject: format: " + too_long);
}

}  // namespace
}  // namespace turntable::sql
