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

TEST(LetterLine, TakesTheNameOfAHeaderFromItsBytesWhereTheyAreThere) {
  const auto letter = parse_letter_line(
      R"({"topic":"t","reason":"r","headers":[{"name_base64":"/w==","name":"?"},{"name":"b"}]})");
  ASSERT_TRUE(letter) << letter.error().message;
  ASSERT_EQ(letter->headers.size(), 2U);
  EXPECT_EQ(letter->headers[0].name, "\xff");
  EXPECT_EQ(letter->headers[1].name, "b");
}

TEST(LetterLine, TakesTheLastOfDuplicateFields) {
  const auto letter = parse_letter_line(
      R"({"topic":"t","reason":"r","time":5,"time":null,"key_base64":"aw==","key_base64":null,)"
      R"("headers":[{"name":"a"}],"headers":[{"name":"b"}]})");
  ASSERT_TRUE(letter) << letter.error().message;
  EXPECT_EQ(letter->timestamp_ms, kNoTimestamp);
  EXPECT_EQ(letter->key, std::nullopt);
  ASSERT_EQ(letter->headers.size(), 1U);
  EXPECT_EQ(letter->headers[0].name, "b");
}

TEST(LetterLine, SaysWhatEachInsertHadAgainstTheRecord) {
  const auto letter = parse_letter_line(
      R"({"topic":"t","reason":"r","inserts":[{"insert":"a","reason":"unmatched","detail":"no \u0022x\u0022"},)"
      R"({"later":{"a":[1]},"reason":"null_key","insert":"b"}]})");
  ASSERT_TRUE(letter) << letter.error().message;
  EXPECT_EQ(letter->inserts,
            (std::vector<LetterInsert>{{"a", "unmatched", "no \"x\""}, {"b", "null_key", ""}}));
  EXPECT_TRUE(parse_letter_line(R"({"topic":"t","reason":"r","inserts":[]})")->inserts.empty());
}

TEST(LetterLine, ReadsInsertsThatStandByThemselves) {
  const auto inserts = parse_letter_inserts(R"([{"insert":"a","reason":"r","detail":"d"}])");
  ASSERT_TRUE(inserts) << inserts.error().message;
  EXPECT_EQ(*inserts, (std::vector<LetterInsert>{{"a", "r", "d"}}));
  for (const char* json : {"", "x", "{}", "[1]", "[{}]", R"([{"insert":"a"}])", "[][]",
                           R"([{"insert":"a","reason":"r"})"}) {
    const auto none = parse_letter_inserts(json);
    ASSERT_FALSE(none) << json;
    EXPECT_EQ(none.error().kind, ErrorKind::row);
  }
}

TEST(LetterLine, TakesAWriteTimeThatNoRecordCanHaveForNone) {
  const auto with = [](const std::string& write_time) {
    return parse_letter_line(R"({"topic":"t","reason":"r","write_time":)" + write_time +
                             R"(,"offset":7})");
  };
  EXPECT_EQ(with("1733900000000001")->write_time_us, 1'733'900'000'000'001);
  EXPECT_EQ(with("0")->write_time_us, 0);
  for (const char* none : {"null", "-1", "-9223372036854775808", "1.5", "1e15", "\"5\"", "true",
                           "[5]", "{\"a\":5}", "99999999999999999999", "5,\"write_time\":null"}) {
    const auto letter = with(none);
    ASSERT_TRUE(letter) << none << ": " << letter.error().message;
    EXPECT_EQ(letter->write_time_us, kNoWriteTime) << none;
    EXPECT_EQ(letter->offset, 7) << none;
  }
  EXPECT_FALSE(with("tru"));
  EXPECT_FALSE(with("1e"));
}

TEST(LetterLine, RefusesWhatIsNone) {
  for (const char* line :
       {"", "x", "[]", "{}", R"({"topic":"t"})", R"({"topic":"t","reason":"r","partition":-1})",
        R"({"topic":"t","reason":"r","value_base64":"?"})",
        R"({"topic":"t","reason":"r","offset":"1"})", R"({"topic":"t","reason":"r","offset":-1})",
        // No topic has so many partitions, and no record the last of offsets.
        R"({"topic":"t","reason":"r","partition":2147483647})",
        R"({"topic":"t","reason":"r","offset":9223372036854775807})",
        R"({"topic":"t","reason":"r","time":"noon"})", R"({"topic":"t","reason":"r")",
        // Two letters whose line break was lost: the second must not vanish in silence.
        R"({"topic":"t","reason":"r"}{"topic":"t","reason":"r"})",
        R"({"topic":"t","reason":"r","value":tru})", R"({"topic":"t","reason":"r","value":[1,}})",
        R"({"topic":"t","reason":"r","time":nul})", R"({"topic":"t","reason":"r","x":1e})",
        R"({"topic":"t\udc00","reason":"r"})", R"({"topic":"t","reason":"r","\udc00":1})",
        R"({"topic":"t","reason":"r","headers":[{"name":"a","x":tru}]})",
        R"({"topic":"t","reason":"r","inserts":[{"insert":"a"}]})",
        R"({"topic":"t","reason":"r","inserts":"a"})"}) {
    const auto letter = parse_letter_line(line);
    ASSERT_FALSE(letter) << line;
    EXPECT_EQ(letter.error().kind, ErrorKind::row);
  }
}

}  // namespace
}  // namespace turntable
