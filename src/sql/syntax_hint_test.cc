// Most of what is said is in tests/golden/sql_faults.txt; here is what a golden file cannot show.
#include "sql/syntax_hint.h"

#include <gtest/gtest.h>

#include "sql/testing.h"

namespace turntable::sql {
namespace {

std::string faults_of(std::string_view sql) {
  return bind_text(sql).faults.text();
}

TEST(SyntaxHint, QuotesNothingInAFileWithSecrets) {
  const std::string secret = "hunter2";
  for (const std::string& option :
       {"password = `" + secret + "`", "password = [" + secret + "]", "password = " + secret + "/x",
        "'" + secret + "' = 'x', password = 'y'", "password = 'x' '" + secret + "'",
        "password = \u2018" + secret + "\u2019", "password = 'x' " + secret + " = 'y'"}) {
    const std::string faults = faults_of("CREATE TABLE a (x int) WITH (" + option + ");");
    EXPECT_NE(faults.substr(0, 8), "p.sql:0:") << option;
    EXPECT_EQ(faults.find(secret), std::string::npos) << option << "\n" << faults;
  }
}

TEST(SyntaxHint, ReplacesSpacesAndBackticksByteForByte) {
  std::string text = "SELECT\u00A0`a` -- \u00A0`\nFROM t";
  const Lookalikes found = replace_lookalikes(text, true);
  EXPECT_EQ(text, "SELECT  \"a\" -- \u00A0`\nFROM t");
  EXPECT_TRUE(found.readable);
  ASSERT_EQ(found.faults.size(), 2U);
  EXPECT_EQ(found.faults[0].byte, 6U);
  EXPECT_EQ(found.faults[1].byte, 8U);
  EXPECT_EQ(found.faults[1].message,
            "names are quoted by double quotes, not by backticks: write \"a\"");
}

TEST(SyntaxHint, CountsWhatStandsOftenInAStatement) {
  std::string text = "a\u00A0b\u00A0c\u00A0d";
  const Lookalikes found = replace_lookalikes(text, true);
  ASSERT_EQ(found.faults.size(), 1U);
  EXPECT_EQ(found.faults[0].message,
            "a no-break space (U+00A0) stands here, which is not taken for a space: write a plain "
            "one; 2 more in this statement");
}

TEST(SyntaxHint, LeavesWhatIsInQuotes) {
  std::string text = "SELECT 'a\u00A0`b`', \"c\u2019`\" FROM t";
  const std::string before = text;
  EXPECT_TRUE(replace_lookalikes(text, true).faults.empty());
  EXPECT_EQ(text, before);
}

// A word that holds statements together is taken for a name only where nothing else is at fault.
TEST(SyntaxHint, TakesAMissingNameForNoReservedWord) {
  EXPECT_EQ(faults_of("INSERT INTO o SELECT x FROM a JOIN b WHERE x > 1;"),
            "p.sql:1:38: syntax error at or near \"WHERE\"");
  EXPECT_EQ(faults_of("INSERT INTO SELECT x FROM a;"),
            "p.sql:1:13: syntax error at or near \"SELECT\"");
}

TEST(SyntaxHint, KnowsTheNamesOfTypes) {
  const auto proposes = [](const std::string& type, const std::string& name) {
    const std::string faults = faults_of("CREATE TABLE a (x " + type + ");");
    return faults.find(" Did you mean '" + name + "'?") != std::string::npos ? "" : faults;
  };
  EXPECT_EQ(proposes("itn", "int"), "");
  EXPECT_EQ(proposes("integr", "integer"), "");
  EXPECT_EQ(proposes("boool", "bool"), "");
  EXPECT_EQ(proposes("decmal(3, 1)", "decimal"), "");
  EXPECT_EQ(proposes("varchr(10)", "varchar"), "");
  EXPECT_EQ(proposes("timestmp", "timestamp"), "");
  EXPECT_EQ(proposes("charcter varying", "character varying"), "");
  EXPECT_EQ(proposes("charcter varying(3), y int", "character varying"), "");
  EXPECT_EQ(proposes("duoble precision", "double precision"), "");
  EXPECT_EQ(proposes("timestmp with time zone", "timestamp"), "");
}

TEST(SyntaxHint, AStatementOfAnySizeIsAnswered) {
  std::string many = "CREATE TABLE a (";
  for (int i = 0; i < 200; ++i) many += "user text, ";
  EXPECT_FALSE(faults_of(many + "x int);").empty());
  EXPECT_FALSE(faults_of(many + std::string(100'000, ' ') + "x int);").empty());
  EXPECT_FALSE(faults_of(std::string(300, '(') + ";").empty());
}

}  // namespace
}  // namespace turntable::sql
