// Expected values were taken from PostgreSQL 15 with the time zone UTC.
#include "sql/casts.h"

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

TEST(Casts, TextBecomesIntegersInWholeOrNotAtAll) {
  expect_all({
      {"'42'::int", "42"},
      {"' -42 '::int", "-42"},
      {"'+7'::int", "7"},
      {"'007'::bigint", "7"},
      {"'2147483647'::int", "2147483647"},
      {"'-2147483648'::int", "-2147483648"},
      {"'2147483648'::int", "fault: '2147483648' is out of range for int"},
      {"'9223372036854775807'::bigint", "9223372036854775807"},
      {"'9223372036854775808'::bigint", "fault: '9223372036854775808' is out of range for bigint"},
      {"'4.2'::int", "fault: '4.2' is no int"},
      {"''::int", "fault: '' is no int"},
      {"'+-4'::int", "fault: '+-4' is no int"},
      {"'4x'::bigint", "fault: '4x' is no bigint"},
  });
}

TEST(Casts, TextBecomesFloats) {
  expect_all({
      {"'1.5'::double precision", "1.5"},
      {"' 1e3 '::real", "1000"},
      {"'.5'::real", "0.5"},
      {"'5.'::real", "5"},
      {"'+5'::real", "5"},
      {"'-0'::double precision", "-0"},
      {"'NaN'::real", "NaN"},
      {"'-Infinity'::double precision", "-Infinity"},
      {"'inf'::double precision", "Infinity"},
      {"'1e400'::double precision", "fault: '1e400' is out of range for double precision"},
      {"'1e-400'::double precision", "fault: '1e-400' is out of range for double precision"},
      {"'1e39'::real", "fault: '1e39' is out of range for real"},
      {"'1e-46'::real", "fault: '1e-46' is out of range for real"},
      {"'1e-45'::real", "1e-45"},
      {"'0e999'::double precision", "0"},
      {"'4.9e-324'::double precision", "5e-324"},
      {"'1,5'::real", "fault: '1,5' is no real"},
      {"'infin'::real", "fault: 'infin' is no real"},
      {"''::double precision", "fault: '' is no double precision"},
  });
}

TEST(Casts, FloatsBecomeTheShortestText) {
  expect_all({
      {"0.1::double precision", "0.1"},
      {"0.1::real", "0.1"},
      {"1e15::double precision", "1e+15"},
      {"123456789012345::double precision", "123456789012345"},
      {"1234567890123456::double precision", "1.234567890123456e+15"},
      {"0.0001::double precision", "0.0001"},
      {"0.00001::double precision", "1e-05"},
      {"1e100::double precision", "1e+100"},
      {"123456::real", "123456"},
      {"1234567::real", "1.234567e+06"},
      {"(-2.5)::real", "-2.5"},
      {"0.123::real::double precision", "0.12300000339746475"},
      {"12345.678::double precision", "12345.678"},
      {"1.7976931348623157e308::double precision", "1.7976931348623157e+308"},
      {"100000::real", "100000"},
      {"0::real", "0"},
  });
}

TEST(Casts, FloatsRoundHalfToEven) {
  expect_all({
      {"0.5::double precision::int", "0"},
      {"1.5::double precision::int", "2"},
      {"2.5::double precision::int", "2"},
      {"(-2.5)::real::bigint", "-2"},
      {"2147483647.4::double precision::int", "2147483647"},
      {"2147483647.5::double precision::int", "fault: 2147483647.5 is out of range for int"},
      {"(-2147483648.5)::double precision::int", "-2147483648"},
      {"2147483648::real::int", "fault: 2.1474836e+09 is out of range for int"},
      {"9223372036854775807::double precision::bigint",
       "fault: 9.223372036854776e+18 is out of range for bigint"},
      {"'-9223372036854775808'::double precision::bigint", "-9223372036854775808"},
      {"'NaN'::real::int", "fault: NaN is out of range for int"},
      {"'inf'::double precision::bigint", "fault: Infinity is out of range for bigint"},
  });
}

TEST(Casts, NumbersThatDoNotFitAreOutOfRange) {
  expect_all({
      {"3000000000::int", "fault: 3000000000 is out of range for int"},
      {"1e39::double precision::real", "fault: 1e+39 is out of range for real"},
      {"1e-60::double precision::real", "fault: 1e-60 is out of range for real"},
      {"'inf'::double precision::real", "Infinity"},
      {"16777217::real", "1.6777216e+07"},
      {"9007199254740993::double precision", "9.007199254740992e+15"},
  });
}

TEST(Casts, BooleansHaveManySpellings) {
  for (const std::string text : {"t", "true", "TRUE", " tru ", "y", "yes", "on", "1"})
    EXPECT_EQ(evaluate_constant("'" + text + "'::boolean"), "true") << text;
  for (const std::string text : {"f", "false", "n", "No", "of", "off", "0", "fal"})
    EXPECT_EQ(evaluate_constant("'" + text + "'::boolean"), "false") << text;
  for (const std::string text : {"o", "", "2", "truee", "offf", "yess"})
    EXPECT_EQ(evaluate_constant("'" + text + "'::boolean"), "fault: '" + text + "' is no boolean");
  expect_all({{"true::int", "1"}, {"0::boolean", "false"}, {"7::boolean", "true"}});
}

TEST(Casts, TimesAndBytesHaveTheirText) {
  expect_all({
      {"'2024-03-03'::timestamptz", "2024-03-03 00:00:00+00"},
      {"'2024-03-03 10:15:00.250+02:00'::timestamptz", "2024-03-03 08:15:00.25+00"},
      {"'2024-03-03T10:15:00Z'::timestamptz", "2024-03-03 10:15:00+00"},
      {"'2024-03-03 10:15:00+00'::timestamptz::text::timestamptz", "2024-03-03 10:15:00+00"},
      {"timestamptz '2024-02-30'", "fault: '2024-02-30' is no timestamptz"},
      {"'\\x00ff'::bytea", "\\x00ff"},
      {"'\\x0 0'::bytea", "fault: '\\x0 0' is no bytea"},
      {"'a\\\\b\\001'::bytea", "\\x615c6201"},
      {"'\\xabc'::bytea", "fault: '\\xabc' is no bytea"},
  });
}

TEST(Casts, WhatIsAllowedUnasked) {
  EXPECT_TRUE(can_cast(Type::int32, Type::float64, CastContext::implicit));
  EXPECT_FALSE(can_cast(Type::float64, Type::float32, CastContext::implicit));
  EXPECT_TRUE(can_cast(Type::float64, Type::float32, CastContext::assignment));
  EXPECT_TRUE(can_cast(Type::int32, Type::text, CastContext::assignment));
  EXPECT_FALSE(can_cast(Type::int32, Type::text, CastContext::implicit));
  EXPECT_FALSE(can_cast(Type::text, Type::int32, CastContext::assignment));
  EXPECT_FALSE(can_cast(Type::boolean, Type::int32, CastContext::assignment));
  EXPECT_EQ(find_cast(Type::timestamptz, Type::int64), nullptr);
}

// https://www.postgresql.org/docs/15/typeconv-union-case.html
TEST(Casts, TypesThatStandForOneAnotherHaveACommonOne) {
  const auto common = [](const std::vector<ArgumentType>& types) {
    const auto type = common_type(types);
    return type ? std::string(sql_name(*type)) : type.error().message;
  };
  EXPECT_EQ(common({}), "text");
  EXPECT_EQ(common({std::nullopt, std::nullopt}), "text");
  EXPECT_EQ(common({std::nullopt, Type::bytes}), "bytea");
  EXPECT_EQ(common({Type::int32, Type::int32}), "int");
  EXPECT_EQ(common({Type::int32, std::nullopt, Type::int64}), "bigint");
  EXPECT_EQ(common({Type::int64, Type::int32}), "bigint");
  EXPECT_EQ(common({Type::int64, Type::float32, Type::int32}), "real");
  EXPECT_EQ(common({Type::int32, Type::float32, Type::float64}), "double precision");
  EXPECT_EQ(common({Type::float64, Type::float32}), "double precision");
  EXPECT_EQ(common({Type::jsonb, std::nullopt, Type::jsonb}), "jsonb");
  EXPECT_EQ(common({Type::timestamptz, Type::timestamptz}), "timestamptz");
  EXPECT_EQ(common({Type::int32, Type::text}),
            "int and text have no common type; cast one of them");
  EXPECT_EQ(common({Type::boolean, Type::int32}),
            "boolean and int have no common type; cast one of them");
  EXPECT_EQ(common({Type::jsonb, Type::bytes}),
            "jsonb and bytea have no common type; cast one of them");
  EXPECT_EQ(common({Type::text, Type::timestamptz}),
            "text and timestamptz have no common type; cast one of them");
}

TEST(Casts, RejectsNameWhatWasCast) {
  EXPECT_EQ(evaluate_over("x::int", {"1", "x", "99999999999", std::nullopt}),
            (Values{"1", "reject: x: 'x' is no int",
                    "reject: x: '99999999999' is out of range for int", "NULL"}));
  EXPECT_EQ(evaluate_over("cast(x AS double precision)::real", {"1e300"}),
            (Values{"reject: cast(x AS double precision): 1e+300 is out of range for real"}));
}

}  // namespace
}  // namespace turntable::sql
