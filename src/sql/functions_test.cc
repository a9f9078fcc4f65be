// Expected values were taken from PostgreSQL 15 with the time zone UTC, except where a comment says
// otherwise.
#include "sql/functions.h"

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

TEST(Functions, SubstrCountsCharacters) {
  expect_all({
      {"substr('alphabet', 3)", "phabet"},
      {"substr('alphabet', 3, 2)", "ph"},
      {"substr('alphabet', 0, 3)", "al"},
      {"substr('alphabet', -1, 3)", "a"},
      {"substr('alphabet', -5)", "alphabet"},
      {"substr('alphabet', 9)", ""},
      {"substr('alphabet', 8, 100)", "t"},
      {"substr('alphabet', 2, 2147483647)", "lphabet"},
      {"substr('alphabet', 3, 0)", ""},
      {"substr('αβγδ', 2, 2)", "βγ"},
      {"substr('a😀b', 2, 1)", "😀"},
      {"substring('alphabet' FROM 3 FOR 2)", "ph"},
      {"substring('alphabet', 3)", "phabet"},
      {"substr('alphabet', 3, -1)", "fault: substr: the length -1 is negative"},
      {"substr(NULL, 3)", "NULL"},
      {"substr('x', NULL)", "NULL"},
  });
}

TEST(Functions, SplitPartCountsFromBothEnds) {
  expect_all({
      {"split_part('abc~@~def~@~ghi', '~@~', 2)", "def"},
      {"split_part('abc,def,ghi,jkl', ',', -2)", "ghi"},
      {"split_part('a,b', ',', 3)", ""},
      {"split_part('a,b', ',', -3)", ""},
      {"split_part('a,b', ',', 1)", "a"},
      {"split_part('a,b', ',', -1)", "b"},
      {"split_part('a,b', '', 1)", "a,b"},
      {"split_part('a,b', '', -1)", "a,b"},
      {"split_part('a,b', '', 2)", ""},
      {"split_part('', ',', 1)", ""},
      {"split_part('a', ',', -1)", "a"},
      {"split_part('aaa', 'aa', 2)", "a"},
      {"split_part('aaa', 'aa', -1)", "a"},
      {"split_part('aaa', 'aa', -2)", ""},
      {"split_part('a,b', ',', -2147483648)", ""},
      {"split_part('a,b', ',', 0)", "fault: split_part: the field's number is 0; the first is 1"},
  });
}

TEST(Functions, TextFunctionsKnowCharactersAndBytes) {
  expect_all({
      {"length('jose')", "4"},
      {"length('αβγ')", "3"},
      {"octet_length('αβγ')", "6"},
      {"char_length('')", "0"},
      {"trim('  a b ')", "a b"},
      {"ltrim('  a ') || '|'", "a |"},
      {"rtrim('  a ') || '|'", "  a|"},
      {"'a' || NULL", "NULL"},
      {"'' || 'b'", "b"},
      {"convert_from('\\x6162'::bytea, 'UTF8')", "ab"},
      {"convert_from('\\xff'::bytea, 'UTF8')", "fault: convert_from: '\\xff' is no UTF-8 text"},
  });
}

TEST(Functions, ExtractTakesTimesApart) {
  const std::string time = "'2001-02-16 20:38:40.12+00'::timestamptz";
  expect_all({
      {"extract(year FROM " + time + ")", "2001"},
      {"extract(month FROM " + time + ")", "2"},
      {"extract(day FROM " + time + ")", "16"},
      {"extract(hour FROM " + time + ")", "20"},
      {"extract(minute FROM " + time + ")", "38"},
      {"extract(dow FROM " + time + ")", "5"},
      {"extract(isodow FROM '2001-02-18 20:38:40+00'::timestamptz)", "7"},
      {"extract(doy FROM " + time + ")", "47"},
      {"extract(week FROM " + time + ")", "7"},
      {"extract(week FROM '2005-01-01'::timestamptz)", "53"},
      {"extract(isoyear FROM '2006-01-01'::timestamptz)", "2005"},
      {"extract(week FROM '2012-12-31'::timestamptz)", "1"},
      {"extract(quarter FROM " + time + ")", "1"},
      {"date_part('second', " + time + ")", "40.12"},
      {"date_part('milliseconds', " + time + ")", "40120"},
      {"date_part('microseconds', " + time + ")", "40120000"},
      {"date_part('epoch', " + time + ")", "982355920.12"},
      {"date_part('hour', '1969-12-31 23:59:59.999999+00'::timestamptz)", "23"},
      {"date_part('dow', '1969-12-31 23:59:59+00'::timestamptz)", "3"},
      {"date_part('HOUR', " + time + ")", "20"},
      {"date_part('hour', NULL::timestamptz)", "NULL"},
  });
}

TEST(Functions, ToTimestampOfSecondsRoundsToMicroseconds) {
  expect_all({
      {"to_timestamp(1284352323)", "2010-09-13 04:32:03+00"},
      {"to_timestamp(1284352323.5)", "2010-09-13 04:32:03.5+00"},
      {"to_timestamp(-0.25)", "1969-12-31 23:59:59.75+00"},
      {"to_timestamp(0)", "1970-01-01 00:00:00+00"},
      {"to_timestamp(253402300800)", "10000-01-01 00:00:00+00"},
      {"to_timestamp(-62167219200)", "0001-01-01 00:00:00+00 BC"},
      {"to_timestamp(-210866803200)", "4714-11-24 00:00:00+00 BC"},
      // PostgreSQL has infinite times.
      {"to_timestamp('inf'::double precision)",
       "fault: to_timestamp: Infinity seconds are out of range for timestamptz"},
      {"to_timestamp('nan'::double precision)",
       "fault: to_timestamp: NaN seconds are out of range for timestamptz"},
      {"to_timestamp(1e300)",
       "fault: to_timestamp: 1e+300 seconds are out of range for timestamptz"},
  });
}

TEST(Functions, ExtractGivesDoubleAndCastsToInt) {
  EXPECT_EQ(
      evaluate_over("cast(extract(hour FROM to_timestamp(x, 'YYYY-MM-DD HH24:MI')) AS int)",
                    {"2024-03-03 10:15", "2024-03-03 22:15", std::nullopt, "2024-13-01 10:00"}),
      (Values{
          "10", "22", "NULL",
          "reject: to_timestamp: '2024-13-01 10:00' does not fit the form 'YYYY-MM-DD HH24:MI'"}));
}

TEST(Functions, ResolveOverloadsAsPostgresDoes) {
  const auto found = [](std::string_view name, std::vector<ArgumentType> types) -> std::string {
    const auto function = find_function(name, Kind::function, types);
    return function ? signature(**function) : function.error().message;
  };
  EXPECT_EQ(found("to_timestamp", {Type::int32}), "to_timestamp(double precision)");
  EXPECT_EQ(found("to_timestamp", {Type::text, std::nullopt}), "to_timestamp(text, text)");
  EXPECT_EQ(found("octet_length", {std::nullopt}), "octet_length(text)");
  EXPECT_EQ(found("octet_length", {Type::bytes}), "octet_length(bytea)");
  EXPECT_EQ(
      found("substr", {Type::text, Type::int64}),
      "substr(text, bigint) does not exist; there is substr(text, int) or substr(text, int, int)");
  EXPECT_EQ(found("split_prt", {Type::text}),
            "there is no function split_prt. Did you mean 'split_part'?");
  EXPECT_EQ(found("to_char", {Type::int32, std::nullopt}),
            "to_char(int, unknown) does not exist; there is to_char(timestamptz, text)");
}

TEST(Functions, EveryRowOfTheTableCanBeCalled) {
  for (const Function& function : functions()) {
    EXPECT_NE(function.loop, nullptr) << signature(function);
    EXPECT_EQ(function.constant.has_value(), function.prepare != nullptr) << signature(function);
    EXPECT_TRUE(!function.constant || *function.constant < function.arguments.size())
        << signature(function);
  }
}

TEST(Functions, BoundTheTextsThatTheyMake) {
  const std::string half(kResultBytesLimit / 2, 'x');
  const Values values = evaluate_over("length(x || x)", {half, half + "y"});
  EXPECT_EQ(values[0], "67108864");
  EXPECT_EQ(values[1], "reject: x || x: a text has more than 67,108,864 bytes");
}

}  // namespace
}  // namespace turntable::sql
