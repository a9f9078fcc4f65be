#include "decode/foreign_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "decode/testing.h"

namespace turntable {
namespace {

using testing::StartsWith;
using std::string_literals::operator""s;
using Code = RejectCode;

class ForeignValue : public testing::Test {
 protected:
  DecoderHarness plays_{Schema{{"id", Type::int32, true}}};
};

TEST_F(ForeignValue, NamesTheHeaderOfASchemaRegistry) {
  const std::string header("\0\0\0\x04\x52", 5);
  EXPECT_EQ(plays_.reason(header + R"({"id":1})"),
            "The value begins with the header of a schema registry (a zero byte and the schema id "
            "1106) in front of JSON Schema, but it must be plain JSON. Write it with a serializer "
            "without a registry: in Kafka Connect, value.converter = "
            "org.apache.kafka.connect.json.JsonConverter with value.converter.schemas.enable = "
            "false.");
  EXPECT_EQ(plays_.rejects()[0].code, Code::json_syntax);
  const std::string avro = header + "\x0E\x06Ann\x10Memories"s;
  EXPECT_THAT(plays_.reason(avro),
              StartsWith("The value begins with the header of a schema registry (a zero byte and "
                         "the schema id 1106) in front of Avro or Protobuf, but"));
  // Protobuf: the message's place in its file, then the fields.
  EXPECT_THAT(plays_.reason(header + "\0\x08\x01\x12\x03"s + "Ann"),
              testing::HasSubstr("the schema id 1106) in front of Avro or Protobuf"));
  // What is not UTF-8 keeps its code, so that letters are found by it.
  EXPECT_EQ(plays_.fault(header + "\xFF\xC8"), Code::invalid_utf8);
  EXPECT_THAT(plays_.rejects()[0].reason, testing::HasSubstr("the schema id 1106"));
  EXPECT_THAT(plays_.reason("\0\0\0\x04"s), StartsWith("The value is not"));
}

TEST_F(ForeignValue, NamesAnObjectThatWasEncodedTwice) {
  const std::string sentence =
      "The value is a JSON string whose text is a JSON object: it was encoded twice. Give the "
      "producer's JSON serializer the object, or send its text as it is.";
  for (const std::string& object :
       {R"({"id":1})"s, "{}"s, " {\"a\":[{\"b\":\"\\n\"}]} \n"s, R"({"id":"\"é\""})"s}) {
    EXPECT_EQ(plays_.reason(json_quote(object)), sentence) << object;
    EXPECT_EQ(plays_.reason(" " + json_quote(object) + "\n"), sentence) << object;
  }
  for (const std::string& text : {"play"s, "[1]"s, "{nope}"s, "{"s, R"({"id":})"s, ""s})
    EXPECT_THAT(plays_.reason(json_quote(text)), StartsWith("The value is not a JSON object: "))
        << text;
}

TEST_F(ForeignValue, NamesWhatIsCompressedOrUtf16) {
  EXPECT_EQ(plays_.reason("\x1F\x8B\x08\0\0\0\0\0\0\x03"s),
            "The value is compressed by gzip, but it must be JSON in UTF-8.");
  const std::string event = R"({"id":1})";
  std::string little;
  std::string big;
  for (const char c : event) {
    little += {c, '\0'};
    big += {'\0', c};
  }
  const std::string sentence = "The value is text in UTF-16, but it must be JSON in UTF-8.";
  EXPECT_EQ(plays_.reason(little), sentence);
  EXPECT_EQ(plays_.reason(big), sentence) << "it begins with a zero byte, but not with a header";
  EXPECT_EQ(plays_.reason("\xFF\xFE" + little), sentence);
  EXPECT_EQ(plays_.rejects()[0].code, Code::invalid_utf8);
}

TEST_F(ForeignValue, IsNothingElse) {
  for (const std::string& value : {"hello"s, "\0"s, "\0\0\0\0"s, "[1]"s, "\"\""s, "null"s,
                                   "\x01\0\0\0\x07{}"s, "\"\xC3\x28\""s})
    EXPECT_EQ(foreign_value(value), std::nullopt) << printable(value);
}

}  // namespace
}  // namespace turntable
