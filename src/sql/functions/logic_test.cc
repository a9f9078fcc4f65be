// AND, OR, NOT and the IS tests over all four states of a value.
#include "sql/builtins.h"
#include "sql/testing.h"

namespace turntable::sql {
namespace {

Argument truth(char letter) {
  switch (letter) {
    case 't':
      return boolean(true);
    case 'f':
      return boolean(false);
    case 'n':
      return null(Type::boolean);
    default:
      return failed(Type::boolean);
  }
}

char letter_of(const std::string& text) {
  return text == "NULL" ? 'n' : text == "failed" ? 'x' : text[0];
}

std::string connected(std::string_view name, std::string_view arguments) {
  std::vector<Argument> given;
  for (const char letter : arguments) given.push_back(truth(letter));
  return {letter_of(call(name, Kind::operation, given))};
}

TEST(Logic, AndIsDecidedByFalseThenByFailureThenByNull) {
  for (const auto& [arguments, expected] :
       std::vector<std::pair<std::string, std::string>>{{"tt", "t"},
                                                        {"tf", "f"},
                                                        {"tn", "n"},
                                                        {"tx", "x"},
                                                        {"ft", "f"},
                                                        {"ff", "f"},
                                                        {"fn", "f"},
                                                        {"fx", "f"},
                                                        {"nt", "n"},
                                                        {"nf", "f"},
                                                        {"nn", "n"},
                                                        {"nx", "x"},
                                                        {"xt", "x"},
                                                        {"xf", "f"},
                                                        {"xn", "x"},
                                                        {"xx", "x"}})
    EXPECT_EQ(connected("and", arguments), expected) << arguments;
}

TEST(Logic, OrIsDecidedByTrueThenByFailureThenByNull) {
  for (const auto& [arguments, expected] :
       std::vector<std::pair<std::string, std::string>>{{"tt", "t"},
                                                        {"tf", "t"},
                                                        {"tn", "t"},
                                                        {"tx", "t"},
                                                        {"ft", "t"},
                                                        {"ff", "f"},
                                                        {"fn", "n"},
                                                        {"fx", "x"},
                                                        {"nt", "t"},
                                                        {"nf", "n"},
                                                        {"nn", "n"},
                                                        {"nx", "x"},
                                                        {"xt", "t"},
                                                        {"xf", "x"},
                                                        {"xn", "x"},
                                                        {"xx", "x"}})
    EXPECT_EQ(connected("or", arguments), expected) << arguments;
}

TEST(Logic, ManyArgumentsAreTheSameAsPairsInAnyOrder) {
  const std::string letters = "tfnx";
  for (const std::string name : {"and", "or"})
    for (const char a : letters)
      for (const char b : letters)
        for (const char c : letters)
          for (const char d : letters) {
            const auto pair = [&](const std::string& left, const std::string& right) {
              return connected(name, left + right);
            };
            const std::string all = connected(name, std::string{a, b, c, d});
            const std::string left = pair(pair(pair({a}, {b}), {c}), {d});
            const std::string right = pair({d}, pair(pair({c}, {b}), {a}));
            EXPECT_EQ(all, left) << name << a << b << c << d;
            EXPECT_EQ(all, right) << name << a << b << c << d;
          }
}

TEST(Logic, TestsGiveAValueForNullAndPassOnAFailure) {
  struct Row {
    std::string name;
    std::string expected;  // For true, false, NULL, failed.
  };
  for (const Row& row : std::vector<Row>{{"not", "ftnx"},
                                         {"is true", "tffx"},
                                         {"is not true", "fttx"},
                                         {"is false", "ftfx"},
                                         {"is not false", "tftx"},
                                         {"is unknown", "fftx"},
                                         {"is not unknown", "ttfx"},
                                         {"is null", "fftx"},
                                         {"is not null", "ttfx"}}) {
    std::string got;
    for (const char letter : std::string("tfnx"))
      got += letter_of(call(row.name, Kind::operation, {truth(letter)}));
    EXPECT_EQ(got, row.expected) << row.name;
  }
}

TEST(Logic, EveryTypeIsTestedForNull) {
  for (const Type type :
       {Type::boolean, Type::int32, Type::int64, Type::float32, Type::float64, Type::text,
        Type::bytes, Type::timestamptz, Type::jsonb, array_of(Type::int32)}) {
    EXPECT_EQ(call("is null", Kind::operation, {null(type)}), "true") << sql_name(type);
    EXPECT_EQ(call("is not null", Kind::operation, {null(type)}), "false") << sql_name(type);
    EXPECT_EQ(call("is null", Kind::operation, {failed(type)}), "failed") << sql_name(type);
  }
  EXPECT_EQ(call("is null", Kind::operation, {text("")}), "false");
  EXPECT_EQ(call("is not null", Kind::operation, {integer(0)}), "true");
}

TEST(Logic, TakesBooleansOnly) {
  EXPECT_EQ(call("and", Kind::operation, {integer(1), boolean(true)}),
            "the operator and does not take (int, boolean); it takes boolean and boolean");
  EXPECT_EQ(call("not", Kind::operation, {text("t")}),
            "the operator not does not take (text); it takes not boolean");
  EXPECT_EQ(call("is true", Kind::operation, {integer(1)}),
            "the operator is true does not take (int); it takes boolean is true");
}

// PostgreSQL's answers.
TEST(Logic, IsPostgres) {
  for (const auto& [expression, expected] : std::vector<std::pair<std::string, std::string>>{
           {"true AND NULL", "NULL"},
           {"false AND NULL", "false"},
           {"NULL AND NULL", "NULL"},
           {"true OR NULL", "true"},
           {"false OR NULL OR false", "NULL"},
           {"NOT NULL::boolean", "NULL"},
           {"NOT 'yes'", "false"},
           {"'f' OR 'on'", "true"},
           {"true AND true AND false", "false"},
           {"NOT true = false", "true"},
           {"true OR true AND false", "true"},
           {"(true OR true) AND false", "false"},
           {"NULL IS NULL", "true"},
           {"'' IS NULL", "false"},
           {"1 IS NOT NULL", "true"},
           {"NULL::boolean IS UNKNOWN", "true"},
           {"NULL IS NOT TRUE", "true"},
           {"(1 = 2) IS FALSE", "true"},
           {"true IS NOT UNKNOWN", "true"},
           {"NULL::int = 1 IS NULL", "true"},
       })
    EXPECT_EQ(evaluate_constant(expression), expected) << expression;
}

}  // namespace
}  // namespace turntable::sql
