#include "base/json_text.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(JsonText, KnowsWhatIsJson) {
  for (const char* text :
       {"1", " -1.5e+3 ", "true", "null", "\"\"", "[]", "{}", "[1, [2, {\"a\": [null]}]]",
        R"({"a":1,"a":2})", R"("A\ud83d\ude00\n\/")"})
    EXPECT_TRUE(is_json(text)) << text;
  for (const char* text :
       {"",         " ",       "01",          "1.",          "tru",         "truex",
        "[1,]",     "[1",      "{\"a\"}",     "{a:1}",       "{\"a\":1,}",  "1 2",
        "\"\n\"",   R"("\x")", R"("\ud83d")", R"("\ude00")", R"("\u12g4")", "\"",
        "\"\xff\"", "]"})
    EXPECT_FALSE(is_json(text)) << text;
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '[') +
           std::string(static_cast<size_t>(depth), ']');
  };
  EXPECT_TRUE(is_json(nested(kJsonTextDepthLimit)));
  EXPECT_FALSE(is_json(nested(kJsonTextDepthLimit + 1)));
}

TEST(JsonText, GivesItsParts) {
  const auto members = json_members(R"( { "a\"b" : [1, 2] , "" : "x" } )");
  ASSERT_TRUE(members && members->size() == 2);
  EXPECT_EQ((*members)[0].name, "a\"b");
  EXPECT_EQ((*members)[0].value, "[1, 2]");
  EXPECT_EQ((*members)[1].value, "\"x\"");
  EXPECT_TRUE(json_members("{}")->empty());
  EXPECT_FALSE(json_members("[]"));
  EXPECT_FALSE(json_members("{} x"));
  const auto elements = json_elements("[1 , {\"a\":2},null]");
  ASSERT_TRUE(elements && elements->size() == 3);
  EXPECT_EQ((*elements)[1], "{\"a\":2}");
  EXPECT_TRUE(json_elements(" [ ] ")->empty());
  EXPECT_FALSE(json_elements("{}"));
  EXPECT_EQ(json_string(R"("Aé\u00df\t\ud83d\ude00")"), "Aé\xC3\x9F\t\xF0\x9F\x98\x80");
  EXPECT_FALSE(json_string("1"));
}

}  // namespace
}  // namespace turntable
