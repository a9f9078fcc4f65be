#include "sql/identifiers.h"

#include <gtest/gtest.h>

namespace turntable::sql {
namespace {

TEST(Identifiers, AreQuotedWhereSqlWouldReadThemOtherwise) {
  EXPECT_EQ(sql_identifier("song"), "song");
  EXPECT_EQ(sql_identifier("caf\u00E9_2"), "caf\u00E9_2");
  EXPECT_EQ(sql_identifier("LocationID"), "\"LocationID\"");
  EXPECT_EQ(sql_identifier("two words"), "\"two words\"");
  EXPECT_EQ(sql_identifier("2nd"), "\"2nd\"");
  EXPECT_EQ(sql_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(sql_identifier(""), "\"\"");
  // Reserved, or a function or type by its grammar.
  EXPECT_EQ(sql_identifier("user"), "\"user\"");
  EXPECT_EQ(sql_identifier("end"), "\"end\"");
  EXPECT_EQ(sql_identifier("left"), "\"left\"");
  // Keywords that can be names.
  EXPECT_EQ(sql_identifier("name"), "name");
  EXPECT_EQ(sql_identifier("time"), "time");
  EXPECT_EQ(sql_identifier("timestamp"), "timestamp");
}

TEST(Identifiers, KeywordsAreKnownInAnyCase) {
  for (const char* word : {"user", "USER", "Order", "check", "primary", "limit", "offset", "to",
                           "like", "left", "authorization"})
    EXPECT_TRUE(is_reserved_word(word)) << word;
  for (const char* word : {"song", "time", "value", "text", "name", ""})
    EXPECT_FALSE(is_reserved_word(word)) << word;
  EXPECT_TRUE(is_keyword("value"));
  EXPECT_TRUE(is_keyword("double"));
  EXPECT_FALSE(is_keyword("song"));
  EXPECT_FALSE(is_keyword(""));
}

TEST(Identifiers, HintsCanBeCopied) {
  const std::vector<std::string> names = {"LocationID", "tempo", "order"};
  EXPECT_EQ(did_you_mean_name("locationid", names), " Did you mean \"LocationID\"?");
  EXPECT_EQ(did_you_mean_name("tenpo", names), " Did you mean 'tempo'?");
  EXPECT_EQ(did_you_mean_name("ordre", names), " Did you mean \"order\"?");
  EXPECT_EQ(did_you_mean_name("nothing", names), "");
}

}  // namespace
}  // namespace turntable::sql
