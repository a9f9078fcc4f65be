#include "decode/letter_line.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(LetterLine, GivesTheRecordBackAsItWas) {
  const auto letter = parse_letter_line(
      R"({"topic":"plays","partition":2,"offset":41,"time":"2024-03-03T10:15:00.123Z","reason":"json_syntax",)"
      R"("detail":"it ends \"too\" early","key_base64":"aw==","key":"k","value_base64":"eyJhIjox","value":"{\"a\":1",)"
      R"("headers":[{"name":"trace","value_base64":"/w=="},{"name":"none"}]})");
  ASSERT_TRUE(letter) << letter.error().message;
  EXPECT_EQ(letter->topic, "plays");
  EXPECT_EQ(letter->partition, 2);
  EXPECT_EQ(letter->offset, 41);
  EXPECT_EQ(letter->timestamp_ms, 1'709'460'900'123);
  EXPECT_EQ(letter->reason, "json_syntax");
  EXPECT_EQ(letter->detail, "it ends \"too\" early");
  EXPECT_EQ(letter->key, "k");
  EXPECT_EQ(letter->value, "{\"a\":1");
  ASSERT_EQ(letter->headers.size(), 2U);
  EXPECT_EQ(letter->headers[0].name, "trace");
  EXPECT_EQ(letter->headers[0].value, "\xff");
  EXPECT_EQ(letter->headers[1].value, std::nullopt);
}

TEST(LetterLine, TellsATombstoneFromAnEmptyValue) {
  constexpr const char* kStart =
      R"({"topic":"t","partition":0,"offset":1,"time":null,"reason":"r","value_base64":)";
  EXPECT_EQ(parse_letter_line(std::string(kStart) + "null}")->value, std::nullopt);
  EXPECT_EQ(parse_letter_line(std::string(kStart) + "\"\"}")->value, "");
  EXPECT_EQ(parse_letter_line(std::string(kStart) + "null}")->timestamp_ms, kNoTimestamp);
}

TEST(LetterLine, RefusesWhatIsNone) {
  for (const char* line :
       {"", "x", "[]", "{}", R"({"topic":"t"})", R"({"topic":"t","reason":"r","partition":-1})",
        R"({"topic":"t","reason":"r","value_base64":"?"})",
        R"({"topic":"t","reason":"r","offset":"1"})", R"({"topic":"t","reason":"r","time":"noon"})",
        R"({"topic":"t","reason":"r")"}) {
    const auto letter = parse_letter_line(line);
    ASSERT_FALSE(letter) << line;
    EXPECT_EQ(letter.error().kind, ErrorKind::row);
  }
}

}  // namespace
}  // namespace turntable
