// Events that were damaged at random, judged by simdjson's other parser: the DOM, which validates
// before it gives anything. The decoder must agree on what is JSON, and on the values. It differs
// knowingly in two places: a number too large for DOM's types is still a number, and half of a
// surrogate pair is no text.
#define SIMDJSON_EXCEPTIONS 0
#include <gtest/gtest.h>
#include <simdjson.h>

#include <limits>
#include <random>

#include "base/text.h"
#include "decode/testing.h"

namespace turntable {
namespace {

namespace dom = simdjson::dom;

constexpr uint32_t kSeed = 20240303;
constexpr int kRounds = 150'000;

const std::vector<std::string> kEvents = {
    R"({"id": 7, "name": "Ann", "song": "Memories", "time": "2024-03-03 10:15"})",
    R"({"song":"a \"b\" \u00e9 \ud83d\ude00\n","id":-12,"time":"","name":"Zoë"})",
    R"({"id":1,"id":2,"name":null,"x":{"a":[1,2.5e3,{"b":[]}],"c":true},"song":"s","y":[null,false,"\\"]})",
    R"({"i\u0064":2147483648,"name":[],"song":{"id":5},"time":"t","z":-0.0,"w":1e5})",
    R"( { "a" : [ [ ] , { } ] , "id" : 0 } )",
};

// What a careless writer, a cut connection or a mischievous one would put in.
const std::vector<std::string> kPieces = {"{",
                                          "}",
                                          "[",
                                          "]",
                                          ",",
                                          ":",
                                          "\"",
                                          "\\",
                                          " ",
                                          "\n",
                                          "0",
                                          "1",
                                          "-",
                                          ".",
                                          "e",
                                          "E+",
                                          "true",
                                          "null",
                                          "fals",
                                          "\\u00e9",
                                          "\\ud83d",
                                          "\\n",
                                          "\\x",
                                          "\t",
                                          "\x01",
                                          "\xC3",
                                          "\xA9",
                                          "\xED\xA0\x80",
                                          "{}",
                                          "[]",
                                          "\"id\":",
                                          "\"id\":3,",
                                          std::string(1, '\0')};

std::string damaged(std::mt19937& random) {
  std::string text = kEvents[random() % kEvents.size()];
  const auto place = [&] { return text.empty() ? 0 : random() % text.size(); };
  for (auto changes = 1 + random() % 3; changes > 0; --changes) {
    switch (random() % 6) {
      case 0:
        text.insert(place(), kPieces[random() % kPieces.size()]);
        break;
      case 1:
        text.erase(place(), 1 + random() % 3);
        break;
      case 2:
        text.replace(place(), 1, kPieces[random() % kPieces.size()]);
        break;
      case 3:
        text.resize(place());
        break;
      case 4:
        text.insert(place(), text.substr(place(), random() % 20));
        break;
      default:
        if (!text.empty()) std::swap(text[place()], text[place()]);
    }
  }
  return text;
}

class Judge {
 public:
  // The object, or nothing where the text is not JSON or no object.
  std::optional<dom::object> object(const std::string& text) {
    dom::object object;
    error_ = parser_.parse(text).get(object);
    if (error_) return std::nullopt;
    return object;
  }
  [[nodiscard]] simdjson::error_code error() const { return error_; }

 private:
  dom::parser parser_;
  simdjson::error_code error_ = simdjson::SUCCESS;
};

bool has_surrogate_escape(const std::string& text) {
  for (size_t at = text.find("\\u"); at != std::string::npos; at = text.find("\\u", at + 1))
    if (at + 2 < text.size() && (text[at + 2] == 'd' || text[at + 2] == 'D')) return true;
  return false;
}

// A run of digits that int64 cannot hold, or an exponent that double cannot.
bool has_huge_number(const std::string& text) {
  size_t run = 0;
  bool exponent = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      if (++run >= (exponent ? 3U : 19U)) return true;
      continue;
    }
    run = 0;
    exponent = c == 'e' || c == 'E' || (exponent && c == '+');
  }
  return false;
}

TEST(JsonDifferential, AgreesWithTheDomOnWhatIsJson) {
  std::mt19937 random(kSeed);
  DecoderHarness anything{Schema{}};
  Judge judge;
  int rows = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = damaged(random);
    if (text.empty()) continue;
    const auto fault = anything.fault(text);
    const bool accepted = judge.object(text).has_value();
    rows += accepted ? 1 : 0;
    if (accepted == !fault) continue;
    if (accepted && has_surrogate_escape(text)) continue;
    if (!accepted && judge.error() == simdjson::NUMBER_ERROR && has_huge_number(text)) continue;
    FAIL() << "seed " << kSeed << ", round " << round << ": the DOM says "
           << simdjson::error_message(judge.error()) << ", the decoder "
           << (fault ? reject_code_name(*fault) : "a row") << ": " << printable(text, 1000);
  }
  // Neither side may win by saying the same to everything.
  EXPECT_GT(rows, kRounds / 20);
  EXPECT_LT(rows, kRounds * 9 / 10);
}

// The last element of that name.
std::optional<dom::element> last(const dom::object& object, std::string_view name) {
  std::optional<dom::element> found;
  for (const auto field : object)
    if (field.key == name) found = field.value;
  return found;
}

void expect_int(const Column& column, std::optional<dom::element> element,
                const std::string& text) {
  ASSERT_EQ(column.is_null(0), !element || element->is_null()) << text;
  if (column.is_null(0)) return;
  int64_t number = 0;
  ASSERT_FALSE(element->get_int64().get(number)) << text;
  ASSERT_EQ(int64_t{column.get<int32_t>(0)}, number) << text;
}

void expect_text(const Column& column, std::optional<dom::element> element,
                 const std::string& text) {
  ASSERT_EQ(column.is_null(0), !element || element->is_null()) << text;
  if (column.is_null(0)) return;
  std::string_view characters;
  ASSERT_FALSE(element->get_string().get(characters)) << text;
  ASSERT_EQ(column.get<std::string_view>(0), characters) << text;
}

bool fits(std::optional<dom::element> element, bool integer) {
  if (!element || element->is_null()) return true;
  if (!integer) return element->is_string();
  int64_t number = 0;
  return !element->get_int64().get(number) && std::in_range<int32_t>(number);
}

TEST(JsonDifferential, AgreesWithTheDomOnTheValues) {
  std::mt19937 random(kSeed + 1);
  Schema schema = plays_schema();
  for (ColumnDef& column : schema) column.not_null = false;
  DecoderHarness plays(schema);
  Judge judge;
  int rows = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = damaged(random);
    const auto object = judge.object(text);
    if (!object || has_surrogate_escape(text)) continue;
    const auto fault = plays.fault(text);
    bool all_fit = true;
    bool any = false;  // An event with none of the fields is no row.
    for (size_t i = 0; i < schema.size(); ++i) {
      const auto element = last(*object, schema[i].name);
      any = any || element;
      all_fit = all_fit && fits(element, i == 0);
    }
    all_fit = all_fit && any;
    ASSERT_EQ(!fault, all_fit) << "seed " << kSeed << ", round " << round << ": "
                               << printable(text, 1000);
    if (fault) continue;
    ++rows;
    expect_int(plays.column(0), last(*object, "id"), text);
    for (size_t i = 1; i < schema.size(); ++i)
      expect_text(plays.column(i), last(*object, schema[i].name), text);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(rows, kRounds / 20);
}

}  // namespace
}  // namespace turntable
