#include "decode/json_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <new>
#include <random>

#include "decode/testing.h"
#include "row/cell.h"

namespace {
// Counts what this program allocates. Tests run one after another in one thread.
size_t allocations = 0;

void* allocate(size_t size) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}

void* allocate_or_abort(size_t size) {
  void* place = allocate(size);
  if (place == nullptr) std::abort();
  return place;
}
}  // namespace

void* operator new(size_t size) {
  return allocate_or_abort(size);
}
void* operator new[](size_t size) {
  return allocate_or_abort(size);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void operator delete(void* place) noexcept {
  std::free(place);
}
void operator delete[](void* place) noexcept {
  std::free(place);
}
void operator delete(void* place, size_t) noexcept {
  std::free(place);
}
void operator delete[](void* place, size_t) noexcept {
  std::free(place);
}
void operator delete(void* place, const std::nothrow_t&) noexcept {
  std::free(place);
}
void operator delete[](void* place, const std::nothrow_t&) noexcept {
  std::free(place);
}

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using std::string_view_literals::operator""sv;
using Code = RejectCode;

constexpr std::optional<RejectCode> kRow = std::nullopt;

std::string play(std::string_view id, std::string_view song = R"("Memories")") {
  return std::string(R"({"id": )")
      .append(id)
      .append(R"(, "name": "Ann", "song": )")
      .append(song)
      .append(R"(, "time": "2024-03-03 10:15"})");
}

TEST(JsonDecoder, FillsTypedColumns) {
  DecoderHarness plays(plays_schema());
  plays.decode({play("7"), play("-8", R"("Hello, \"you\" \u00e9\ud83d\ude00\n")")});
  EXPECT_THAT(plays.alive(), ElementsAre(0, 1));
  EXPECT_THAT(plays.rejects(), testing::IsEmpty());
  EXPECT_EQ(plays.column(0).get<int32_t>(0), 7);
  EXPECT_EQ(plays.column(0).get<int32_t>(1), -8);
  EXPECT_EQ(plays.column(1).get<std::string_view>(1), "Ann");
  EXPECT_EQ(plays.column(2).get<std::string_view>(0), "Memories");
  EXPECT_EQ(plays.column(2).get<std::string_view>(1), "Hello, \"you\" é😀\n");
  EXPECT_EQ(plays.column(3).get<std::string_view>(0), "2024-03-03 10:15");
}

TEST(JsonDecoder, TakesEveryTypeThatJsonCanGive) {
  DecoderHarness all({{"i", Type::int32},
                      {"l", Type::int64},
                      {"r", Type::float32},
                      {"d", Type::float64},
                      {"b", Type::boolean},
                      {"t", Type::text},
                      {"s", Type::timestamptz},
                      {"j", Type::jsonb}});
  EXPECT_EQ(all.fault(R"({"i":-0,"l":-9223372036854775808,"r":2.5,"d":3,"b":true,"t":"",)"
                      R"("s":"2024-03-03T10:15:00+02:00","j":{"a" : [1, "x\n"] } })"),
            kRow);
  EXPECT_EQ(all.column(0).get<int32_t>(0), 0);
  EXPECT_EQ(all.column(1).get<int64_t>(0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(all.column(2).get<float>(0), 2.5F);
  EXPECT_EQ(all.column(3).get<double>(0), 3.0);
  EXPECT_EQ(all.column(4).get<uint8_t>(0), 1);
  EXPECT_EQ(all.column(5).get<std::string_view>(0), "");
  EXPECT_FALSE(all.column(5).is_null(0));
  EXPECT_EQ(all.column(6).get<int64_t>(0), 1'709'453'700'000'000);
  EXPECT_EQ(all.column(7).get<std::string_view>(0), R"({"a" : [1, "x\n"] })");
  for (size_t i = 0; i < 8; ++i) EXPECT_FALSE(all.column(i).is_null(0));
}

TEST(JsonDecoder, KeepsTheTextOfEveryKindOfJsonb) {
  DecoderHarness json({{"j", Type::jsonb}});
  for (const char* text :
       {"1", "-1.5e3", "\"a\\\"b\"", "true", "false", "[]", "{}", "[1,\n2]", "{\"j\":{\"j\":2}}",
        "123456789012345678901234567890", "\"[\"", "\"{\""}) {
    const std::string event = std::string(R"({ "j" : )").append(text).append(" \n, \"k\":1}");
    EXPECT_EQ(json.fault(event), kRow) << event;
    EXPECT_EQ(json.column(0).get<std::string_view>(0), text);
    const std::string last = std::string(R"({"j":)").append(text).append("\t}\n");
    EXPECT_EQ(json.fault(last), kRow) << last;
    EXPECT_EQ(json.column(0).get<std::string_view>(0), text);
  }
  EXPECT_EQ(json.fault(R"({"j":null})"), kRow);
  EXPECT_TRUE(json.column(0).is_null(0));
  EXPECT_EQ(json.fault(R"({"j":[1,]})"), Code::json_syntax);
  EXPECT_EQ(json.fault(R"({"j":["\x"]})"), Code::json_syntax);
}

TEST(JsonDecoder, LeavesAbsentAndNullFieldsNull) {
  DecoderHarness rows({{"a", Type::int32}, {"b", Type::text}, {"c", Type::jsonb}});
  rows.decode({R"({"a":1,"b":"x","c":2})", R"({"b":null})", R"({"a":null,"b":null,"c":null})"});
  EXPECT_THAT(rows.alive(), ElementsAre(0, 1, 2));
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(rows.column(i).is_null(0));
    EXPECT_TRUE(rows.column(i).is_null(1));
    EXPECT_TRUE(rows.column(i).is_null(2));
  }
}

TEST(JsonDecoder, RejectsOnlyTheBadRecordsOfABatch) {
  DecoderHarness plays(plays_schema());
  plays.decode({play("1"), "nonsense", play("2"), "", R"({"id":3})", play("4")});
  EXPECT_THAT(plays.alive(), ElementsAre(0, 2, 5));
  ASSERT_EQ(plays.rejects().size(), 3U);
  EXPECT_EQ(plays.rejects()[0].row, 1U);
  EXPECT_EQ(plays.rejects()[1].row, 3U);
  EXPECT_EQ(plays.rejects()[2].row, 4U);
  EXPECT_EQ(plays.column(0).get<int32_t>(5), 4);
}

// The forms themselves are tested with iso_time.h.
TEST(JsonDecoder, TakesTimesInTheFormsThatAreInUse) {
  DecoderHarness times({{"at", Type::timestamptz}}, {.whole_times = {"at"}});
  for (const char* text : {"2024-03-03T10:15:30.5Z", "20240303T101530,5Z", "2024-03-03t10:15:30.5z",
                           "2024-03-03 12:15:30.500 +0200", "2024-03-03T08:15:30.5-02"}) {
    EXPECT_EQ(times.fault("{\"at\":\"" + std::string(text) + "\"}"), kRow) << text;
    EXPECT_EQ(times.column(0).get<int64_t>(0), 1'709'460'930'500'000) << text;
  }
  EXPECT_EQ(times.fault(R"({"at":"20240303T101530,1234567Z"})"), Code::out_of_range);
  EXPECT_EQ(times.fault(R"({"at":"20240230"})"), Code::bad_value);
}

TEST(JsonDecoder, CutsDigitsBeyondMicrosecondsAndSaysSoOnce) {
  DecoderHarness times({{"at", Type::timestamptz}, {"until", Type::timestamptz}});
  EXPECT_EQ(times.fault(R"({"at":"2024-03-03T10:15:00.123456000Z"})"), std::nullopt);
  EXPECT_TRUE(times.newly_cut().empty());
  EXPECT_EQ(times.fault(R"({"at":"2024-03-03T10:15:00.123456789Z"})"), std::nullopt);
  EXPECT_EQ(times.column(0).get<int64_t>(0), 1'709'460'900'123'456);
  EXPECT_EQ(times.newly_cut(), std::vector<std::string>{"at"});
  EXPECT_EQ(times.fault(R"({"at":"2024-03-03T10:15:00.123456789Z"})"), std::nullopt);
  EXPECT_TRUE(times.newly_cut().empty());
  EXPECT_EQ(times.fault(R"({"until":"2024-03-03T10:15:00.0000001Z"})"), std::nullopt);
  EXPECT_EQ(times.newly_cut(), std::vector<std::string>{"until"});
}

TEST(JsonDecoder, RefusesToCutATimeThatIsWantedWhole) {
  DecoderHarness times({{"at", Type::timestamptz}, {"until", Type::timestamptz}},
                       {.whole_times = {"at"}});
  const std::string event =
      R"({"at":"2024-03-03T10:15:00.000000100Z","until":"2024-03-03T10:15:00.000000100Z"})";
  EXPECT_EQ(times.fault(event), Code::out_of_range);
  EXPECT_EQ(times.reason(event),
            "The field 'at' is \"2024-03-03T10:15:00.000000100Z\", with digits beyond "
            "microseconds, which timestamptz cannot hold. It is in the key, where cut times fall "
            "together.");
  EXPECT_EQ(times.fault(R"({"at":"2024-03-03T10:15:00.123456000Z"})"), std::nullopt);
  // The last of duplicate keys counts.
  EXPECT_EQ(times.fault(R"({"at":"2024-03-03T10:15:00.0000001Z","at":"2024-03-03"})"),
            std::nullopt);
}

TEST(JsonDecoder, SaysWhatWasFoundAndWhatWasExpected) {
  DecoderHarness plays(plays_schema());
  EXPECT_EQ(plays.reason(""), "The record's value is empty.");
  EXPECT_EQ(plays.reason("\"\xff\""), "The value is not valid UTF-8.");
  EXPECT_EQ(plays.reason("[1]"), "The value is not a JSON object: [1]");
  EXPECT_EQ(plays.reason("  "), "The value is not JSON, it is only white space:   ");
  EXPECT_EQ(plays.reason(R"({"id":1,})"),
            "The value is not JSON, a comma, colon, bracket or value is missing, superfluous or "
            "misspelt: {\"id\":1,}");
  EXPECT_EQ(plays.reason(R"({"id":01})"),
            "The value is not JSON, a number is not in JSON's form: {\"id\":01}");
  EXPECT_EQ(plays.reason(R"({"id":1})"), "The field 'name' is missing, but it must have a value.");
  EXPECT_EQ(plays.reason(play("null")), "The field 'id' is null, but it must have a value.");
  EXPECT_EQ(plays.reason(play("1.5")), "The field 'id' is 1.5, but it must be of type int.");
  EXPECT_EQ(plays.reason(play("\"x\"")), "The field 'id' is \"x\", but it must be of type int.");
  EXPECT_EQ(plays.reason(play("[1]")), "The field 'id' is an array, but it must be of type int.");
  EXPECT_EQ(plays.reason(play("2147483648")),
            "The field 'id' is 2147483648, which the type int cannot hold.");
  EXPECT_EQ(plays.reason(play("1", "17")), "The field 'song' is 17, but it must be of type text.");
  EXPECT_EQ(plays.reason(play("\"" + std::string(500, 'x') + "\"")).size(),
            std::string("The field 'id' is , but it must be of type int.").size() + 80 + 3);
  DecoderHarness times({{"at", Type::timestamptz}});
  EXPECT_EQ(times.reason(R"({"at":"yesterday"})"),
            "The field 'at' is \"yesterday\", which is no time in ISO 8601.");
}

TEST(JsonDecoder, LetsNoControlCharacterIntoAReason) {
  DecoderHarness plays(plays_schema());
  EXPECT_EQ(plays.reason("\x1b[2J"), "The value is not a JSON object: \\u001b[2J");
  EXPECT_EQ(plays.reason("{\"id\":\"\x7f\"}"),
            "The field 'id' is \"\\u007f\", but it must be of type int.");
}

TEST(JsonDecoder, TellsATombstoneFromAnEmptyValue) {
  DecoderHarness plays(plays_schema());
  RecordBatch batch = batch_of({"", ""});
  batch.records[0].has_value = false;
  plays.decode(batch);
  ASSERT_EQ(plays.rejects().size(), 2U);
  EXPECT_EQ(plays.rejects()[0].code, Code::empty_value);
  EXPECT_THAT(plays.rejects()[0].reason, HasSubstr("tombstone"));
  EXPECT_EQ(plays.rejects()[1].code, Code::empty_value);
}

TEST(JsonDecoder, PassesOverAByteOrderMarkInFrontOfTheObject) {
  const std::string mark = "\xEF\xBB\xBF";
  DecoderHarness plays(plays_schema());
  EXPECT_EQ(plays.fault(mark + play("7")), kRow);
  EXPECT_EQ(plays.column(0).get<int32_t>(0), 7);
  EXPECT_EQ(plays.column(2).get<std::string_view>(0), "Memories");
  EXPECT_EQ(plays.fault(mark + " " + play("8", R"("a \"b\"")")), kRow);
  EXPECT_EQ(plays.column(2).get<std::string_view>(0), "a \"b\"");
  EXPECT_EQ(plays.reason(mark + play("\"x\"")),
            "The field 'id' is \"x\", but it must be of type int.");
  // Once, and in front of it only. In a string it is a character.
  EXPECT_EQ(plays.fault(mark + mark + play("1")), Code::json_syntax);
  EXPECT_EQ(plays.fault(" " + mark + play("1")), Code::json_syntax);
  EXPECT_EQ(plays.fault(play(mark + "1")), Code::json_syntax);
  EXPECT_EQ(plays.fault(play("1") + mark), Code::json_syntax);
  EXPECT_EQ(plays.fault(play("1", '"' + mark + '"')), kRow);
  EXPECT_EQ(plays.column(2).get<std::string_view>(0), mark);
  EXPECT_EQ(plays.reason(mark), "The value is not JSON, it is only white space: ");
  EXPECT_EQ(plays.fault("\xEF\xBB"), Code::invalid_utf8);
}

TEST(JsonDecoder, RejectsWhatFollowsTheObject) {
  DecoderHarness plays({});
  for (const char* event : {"{}{}", "{} {}", "{},", "{}}", "{}]", "{} x", "{} \"", "{}1", "{}\x01",
                            "}", "{", "{\"a\":{}"})
    EXPECT_EQ(plays.fault(event), Code::json_syntax) << event;
  EXPECT_EQ(plays.fault("{}\0"sv), Code::json_syntax);
  EXPECT_EQ(plays.fault(" \n{} \r\n\t"), kRow);
}

TEST(JsonDecoder, ReadsIntegersStrictly) {
  DecoderHarness ints({{"i", Type::int32}, {"l", Type::int64}});
  const auto i = [&](std::string_view text) {
    return ints.fault("{\"i\":" + std::string(text) + "}");
  };
  const auto l = [&](std::string_view text) {
    return ints.fault("{\"l\":" + std::string(text) + "}");
  };
  EXPECT_EQ(i("2147483647"), kRow);
  EXPECT_EQ(ints.column(0).get<int32_t>(0), 2147483647);
  EXPECT_EQ(i("-2147483648"), kRow);
  EXPECT_EQ(i("-0"), kRow);
  EXPECT_EQ(ints.column(0).get<int32_t>(0), 0);
  EXPECT_EQ(i("2147483648"), Code::out_of_range);
  EXPECT_EQ(i("-2147483649"), Code::out_of_range);
  EXPECT_EQ(i("9223372036854775808"), Code::out_of_range);
  EXPECT_EQ(i("-99999999999999999999999999"), Code::out_of_range);
  EXPECT_EQ(l("9223372036854775807"), kRow);
  EXPECT_EQ(l("-9223372036854775808"), kRow);
  EXPECT_EQ(l("9223372036854775808"), Code::out_of_range);
  EXPECT_EQ(l("-9223372036854775809"), Code::out_of_range);
  EXPECT_EQ(l("18446744073709551616"), Code::out_of_range);
  for (const char* text :
       {"1.0", "1e2", "1E2", "-1.5", "1e400", "\"1\"", "\"\"", "true", "[]", "{}"})
    EXPECT_EQ(i(text), Code::wrong_type) << text;
  for (const char* text : {"01", "+1", "-", "--1", "1.", ".5", "1e", "0x1", "1a", "NaN", "Infinity",
                           "tru", "truex", "nul", "nulll", "1 2", "'1'", ""})
    EXPECT_EQ(i(text), Code::json_syntax) << text;
}

TEST(JsonDecoder, ReadsFloatsAndTheirLimits) {
  DecoderHarness floats({{"r", Type::float32}, {"d", Type::float64}});
  const auto r = [&](std::string_view text) {
    return floats.fault("{\"r\":" + std::string(text) + "}");
  };
  const auto d = [&](std::string_view text) {
    return floats.fault("{\"d\":" + std::string(text) + "}");
  };
  EXPECT_EQ(r("0.748"), kRow);
  EXPECT_EQ(floats.column(0).get<float>(0), 0.748F);
  EXPECT_EQ(r("3.4028234e38"), kRow);
  EXPECT_EQ(r("3.5e38"), Code::out_of_range);
  EXPECT_EQ(r("-1e39"), Code::out_of_range);
  EXPECT_EQ(r("1e-46"), Code::out_of_range);
  EXPECT_EQ(d("1e308"), kRow);
  EXPECT_EQ(d("-0"), kRow);
  EXPECT_TRUE(std::signbit(floats.column(1).get<double>(0)));
  EXPECT_EQ(d("100000000000000000000000"), kRow);
  EXPECT_EQ(floats.column(1).get<double>(0), 1e23);
  EXPECT_EQ(d("1e400"), Code::out_of_range);
  EXPECT_EQ(d("-1e400"), Code::out_of_range);
  EXPECT_EQ(d("1e-400"), Code::out_of_range);
  EXPECT_EQ(d("0e-400"), kRow);
  EXPECT_EQ(floats.column(1).get<double>(0), 0.0);
  // Twenty digits and more, which simdjson 3.0 itself misreads behind "0.".
  EXPECT_EQ(d("0.56302074730167578890"), kRow);
  EXPECT_EQ(floats.column(1).get<double>(0), 0.56302074730167578890);
  EXPECT_EQ(d("-0.1000000000000000000000000000000000 "), kRow);
  EXPECT_EQ(floats.column(1).get<double>(0), -0.1);
  EXPECT_EQ(r("0.33333333333333333333333333e1"), kRow);
  EXPECT_EQ(floats.column(0).get<float>(0), 3.3333333F);
  EXPECT_EQ(d("0.00000000000000000000000000000001e-310"), Code::out_of_range);
  EXPECT_EQ(d("0.1000000000000000000000000000e400"), Code::out_of_range);
  EXPECT_EQ(d("0.1000000000000000000000000000e"), Code::json_syntax);
  EXPECT_EQ(d("\"1\""), Code::wrong_type);
  for (const char* text : {"01.5", "1.", ".5", "1.e1", "1e+", "1.5x", "nan", "-inf"})
    EXPECT_EQ(d(text), Code::json_syntax) << text;
}

TEST(JsonDecoder, ValidatesWhatNoColumnAsksFor) {
  DecoderHarness plays({{"id", Type::int32, true}});
  const auto extra = [&](std::string_view text) {
    const auto after = plays.fault("{\"id\":1,\"x\":" + std::string(text) + "}");
    const auto before = plays.fault("{\"x\":" + std::string(text) + ",\"id\":1}");
    EXPECT_EQ(after, before) << text;
    return after;
  };
  for (const char* text : {"1", "\"a\\n\"", "[]", "{}", "[1,[2,{\"a\":null}],true,false]", "1e400",
                           "99999999999999999999999", "\"\\ud83d\\ude00\""})
    EXPECT_EQ(extra(text), kRow) << text;
  for (const char* text : {"01",
                           "\"\\x\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ude00\\ud83d\"",
                           "\"\\u12\"",
                           "[1,]",
                           "[1 2]",
                           "[,]",
                           "{,}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{1:2}",
                           "tru",
                           "[tru]",
                           "[1}",
                           "{\"a\":1]",
                           "[\"\\x\"]",
                           "{\"\\x\":1}",
                           "{\"\\ud800\":1}",
                           "[nan]",
                           "\"\t\"",
                           "\"a\"\"b\"",
                           "\"a\":1",
                           "[\"a\":1]"})
    EXPECT_EQ(extra(text), Code::json_syntax) << text;
  EXPECT_EQ(extra("\"\xC0\xAF\""), Code::invalid_utf8);
}

TEST(JsonDecoder, BoundsTheDepth) {
  DecoderHarness plays({{"id", Type::int32, true}});
  const auto nested = [](size_t levels) {
    return "{\"id\":1,\"x\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_EQ(plays.fault(nested(kMaxJsonDepth - 1)), kRow);
  EXPECT_EQ(plays.fault(nested(kMaxJsonDepth)), Code::json_syntax);
  EXPECT_THAT(plays.rejects()[0].reason, HasSubstr("too deep"));
  EXPECT_EQ(plays.fault(nested(200'000)), Code::json_syntax);
  EXPECT_EQ(plays.fault("{\"id\":1,\"x\":" + std::string(200'000, '[')), Code::json_syntax);
  std::string objects = "1";
  for (int i = 1; i < kMaxJsonDepth; ++i) objects = "{\"x\":" + objects + "}";
  EXPECT_EQ(plays.fault("{\"id\":1,\"x\":" + objects + "}"), kRow);
  EXPECT_EQ(plays.fault("{\"id\":1,\"x\":[" + objects + "]}"), Code::json_syntax);
}

TEST(JsonDecoder, LetsTheLastOfDuplicateKeysWin) {
  DecoderHarness plays({{"id", Type::int32, true}, {"song", Type::text}});
  EXPECT_EQ(plays.fault(R"({"id":1,"id":2})"), kRow);
  EXPECT_EQ(plays.column(0).get<int32_t>(0), 2);
  EXPECT_EQ(plays.fault(R"({"id":"x","id":null,"id":[1],"id":1e9,"id":3})"), kRow);
  EXPECT_EQ(plays.column(0).get<int32_t>(0), 3);
  EXPECT_EQ(plays.fault(R"({"id":3,"id":"x"})"), Code::wrong_type);
  EXPECT_EQ(plays.fault(R"({"id":3,"id":null})"), Code::null_field);
  EXPECT_EQ(plays.fault(R"({"id":3,"id":3000000000})"), Code::out_of_range);
  EXPECT_EQ(plays.fault(R"({"id":1,"song":"a\n","song":null})"), kRow);
  EXPECT_TRUE(plays.column(1).is_null(0));
  EXPECT_EQ(plays.fault(R"({"id":1,"song":"a\n","song":"b\n"})"), kRow);
  EXPECT_EQ(plays.column(1).get<std::string_view>(0), "b\n");
  EXPECT_EQ(plays.fault(R"({"\u0069d":1,"id":2,"i\u0064":3})"), kRow);
  EXPECT_EQ(plays.column(0).get<int32_t>(0), 3);
}

TEST(JsonDecoder, MatchesKeysAfterUnescaping) {
  DecoderHarness odd({{"a\"b", Type::int32},
                      {"a\\n", Type::int32},
                      {"tab\t", Type::int32},
                      {"é😀", Type::int32},
                      {"", Type::int32}});
  odd.decode({R"({"a\"b":1,"a\\n":2,"tab\t":3,"\u00e9\ud83d\ude00":4,"":5})",
              R"({"a\u0022b":1,"a\u005cn":2,"tab\u0009":3,"é😀":4})", R"({"a\n":1,"":6})"});
  EXPECT_THAT(odd.alive(), ElementsAre(0, 1, 2));
  for (size_t i = 0; i < 5; ++i)
    EXPECT_EQ(odd.column(i).get<int32_t>(0), static_cast<int32_t>(i + 1));
  for (size_t i = 0; i < 4; ++i)
    EXPECT_EQ(odd.column(i).get<int32_t>(1), static_cast<int32_t>(i + 1));
  EXPECT_TRUE(odd.column(4).is_null(1));
  for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(odd.column(i).is_null(2));
}

TEST(JsonDecoder, KeepsNulBytesAndEmptyStrings) {
  DecoderHarness plays(plays_schema());
  EXPECT_EQ(plays.fault(play("1", R"("a\u0000b")")), kRow);
  EXPECT_EQ(plays.column(2).get<std::string_view>(0), "a\0b"sv);
  EXPECT_EQ(plays.fault(play("1", "\"a\0b\""sv)), Code::json_syntax);
  EXPECT_EQ(plays.fault(play("1", "\"\"")), kRow);
  EXPECT_FALSE(plays.column(2).is_null(0));
}

// The order that the decoder learned from one record must not matter for another.
TEST(JsonDecoder, FindsFieldsInAnyOrderAfterAnyOther) {
  const std::vector<std::string> names = {
      "id", "idx", "i", "song", "son", std::string(60, 'k'), std::string(47, 'k')};
  Schema schema;
  for (const std::string& name : names) schema.push_back({name, Type::int32, false});
  DecoderHarness harness(schema);
  std::mt19937 random(1);
  std::vector<std::string> events;
  std::vector<std::vector<std::optional<int32_t>>> expected;
  for (int event = 0; event < 2000; ++event) {
    std::vector<std::optional<int32_t>> row(names.size());
    std::string text = "{";
    const int fields = static_cast<int>(random() % 9);
    for (int k = 0; k < fields; ++k) {
      if (k > 0) text += ",";
      const size_t pick = random() % (names.size() + 2);
      const auto number = static_cast<int32_t>(random() % 1000);
      const std::string name = pick < names.size() ? names[pick] : "other" + std::to_string(pick);
      text += "\"" + name + "\":" + std::to_string(number);
      if (pick < names.size()) row[pick] = number;
    }
    const bool any =
        std::any_of(row.begin(), row.end(), [](const auto& value) { return value.has_value(); });
    if (!any) continue;  // No row: see FieldCensus.AnEventWithNoneOfTheFieldsIsNoRow.
    events.push_back(text + "}");
    expected.push_back(std::move(row));
  }
  harness.decode(events);
  ASSERT_EQ(harness.alive().size(), events.size());
  for (size_t row = 0; row < events.size(); ++row)
    for (size_t i = 0; i < names.size(); ++i) {
      ASSERT_EQ(harness.column(i).is_null(row), !expected[row][i]) << events[row];
      if (expected[row][i]) {
        ASSERT_EQ(harness.column(i).get<int32_t>(row), *expected[row][i]) << events[row];
      }
    }
}

TEST(JsonDecoder, ReadsMoreFieldsThanItLearns) {
  Schema schema;
  std::string event = "{";
  for (int i = 0; i < 200; ++i) {
    schema.push_back({"f" + std::to_string(i), Type::int32, true});
    event += (i > 0 ? ",\"f" : "\"f") + std::to_string(i) + "\":" + std::to_string(i);
  }
  DecoderHarness wide(schema);
  EXPECT_EQ(wide.fault(event + "}"), kRow);
  for (size_t i = 0; i < 200; ++i)
    EXPECT_EQ(wide.column(i).get<int32_t>(0), static_cast<int32_t>(i));
}

TEST(JsonDecoder, TakesLargeRecordsAmongSmallOnes) {
  DecoderHarness plays(plays_schema());
  const std::string large(3'000'000, 'x');
  plays.decode({play("1"), play("2", "\"" + large + "\\n\""), play("3")});
  EXPECT_THAT(plays.alive(), ElementsAre(0, 1, 2));
  EXPECT_EQ(plays.column(2).get<std::string_view>(1), large + "\n");
  EXPECT_EQ(plays.column(2).get<std::string_view>(2), "Memories");
}

TEST(JsonDecoder, AllocatesNothingForGoodRecordsOnceWarm) {
  DecoderHarness plays(plays_schema());
  std::vector<std::string> events;
  for (int i = 0; i < 1000; ++i)
    events.push_back(play(std::to_string(i), i % 3 == 0 ? R"("a \"b\" c")" : R"("Memories")"));
  const RecordBatch batch = batch_of(events);
  plays.decode(batch);
  const size_t before = allocations;
  for (int round = 0; round < 10; ++round) plays.decode(batch);
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(plays.alive().size(), events.size());
}

TEST(JsonDecoder, RefusesTypesThatJsonHasNoFormFor) {
  const auto decoder = make_json_decoder({{"raw", Type::bytes, false}});
  ASSERT_FALSE(decoder);
  EXPECT_EQ(decoder.error().kind, ErrorKind::usage);
  EXPECT_EQ(decoder.error().message,
            "The column 'raw' is bytea, which JSON has no form for: declare it as text.");
}

TEST(JsonDecoder, BoundsARecordsSize) {
  DecoderHarness plays({{"id", Type::int32, true}});
  const auto padded = [](size_t size) {
    std::string event = "{\"id\":1}";
    return event + std::string(size - event.size(), ' ');
  };
  EXPECT_EQ(plays.fault(padded(kRecordBytesLimit)), kRow);
  EXPECT_EQ(plays.fault(padded(kRecordBytesLimit + 1)), Code::too_large);
  EXPECT_EQ(plays.reason(padded(kRecordBytesLimit + 1)),
            "The value has 16,777,217 bytes, more than 16,777,216.");
}

std::string text_at(const DecoderHarness& harness, size_t i) {
  std::string cell;
  append_cell(cell, harness.column(i), 0);
  return cell_text(CellReader(cell).next(), harness.column(i).type());
}

TEST(JsonDecoder, TakesNumbersDatesTimesAndUuids) {
  DecoderHarness all({{"s", Type::int16},
                      {"n", Type::numeric},
                      {"d", Type::date},
                      {"c", Type::time},
                      {"t", Type::timestamp},
                      {"u", Type::uuid}});
  EXPECT_EQ(all.fault(R"({"s":-32768,"n":12.500,"d":"2024-02-29","c":"10:15:30.000001",)"
                      R"("t":"2024-02-29 10:15","u":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"})"),
            kRow);
  EXPECT_EQ(text_at(all, 0), "-32768");
  EXPECT_EQ(text_at(all, 1), "12.500");
  EXPECT_EQ(text_at(all, 2), "2024-02-29");
  EXPECT_EQ(text_at(all, 3), "10:15:30.000001");
  EXPECT_EQ(text_at(all, 4), "2024-02-29T10:15:00.000");
  EXPECT_EQ(text_at(all, 5), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  EXPECT_EQ(all.fault(R"({"n":1.5e-7})"), kRow);
  EXPECT_EQ(text_at(all, 1), "0.00000015");
  EXPECT_EQ(all.reason(R"({"s":32768})"),
            "The field 's' is 32768, which the type smallint cannot hold.");
  EXPECT_EQ(all.reason(R"({"n":1e38})"),
            "The field 'n' is 1e38, which the type numeric cannot hold.");
  EXPECT_EQ(all.reason(R"({"n":"1"})"),
            "The field 'n' is \"1\", but it must be of type numeric. With numbers = 'lenient' on "
            "its table it is taken as 1.");
  EXPECT_EQ(all.reason(R"({"d":"2023-02-29"})"),
            "The field 'd' is \"2023-02-29\", which is no date in ISO 8601.");
  EXPECT_EQ(all.reason(R"({"d":"2024-02-29T10:15"})"),
            "The field 'd' is \"2024-02-29T10:15\", which is no date in ISO 8601.");
  EXPECT_EQ(all.reason(R"({"c":"10:15Z"})"),
            "The field 'c' is \"10:15Z\", which is no time of day in ISO 8601.");
  EXPECT_EQ(all.reason(R"({"t":"2024-02-29 10:15Z"})"),
            "The field 't' is \"2024-02-29 10:15Z\", with an offset from UTC, which timestamp "
            "cannot hold: declare it as timestamptz.");
  EXPECT_EQ(all.reason(R"({"t":1})"), "The field 't' is 1, but it must be of type timestamp.");
  EXPECT_EQ(all.reason(R"({"u":"a0ee"})"), "The field 'u' is \"a0ee\", which is no uuid.");
}

TEST(JsonDecoder, TakesNumbersWithAllTheirDigitsFromStringsWhereAsked) {
  DecoderHarness all({{"s", Type::int16}, {"n", Type::numeric}}, {.lenient_numbers = true});
  EXPECT_EQ(all.fault(R"({"s":"7.0","n":" 12345678901234567890.50 "})"), kRow);
  EXPECT_EQ(text_at(all, 0), "7");
  EXPECT_EQ(text_at(all, 1), "12345678901234567890.50");
  EXPECT_EQ(all.reason(R"({"s":"32768"})"),
            "The field 's' is \"32768\", which the type smallint cannot hold.");
  EXPECT_EQ(all.reason(R"({"n":"NaN"})"),
            "The field 'n' is \"NaN\", but it must be of type numeric.");
}

TEST(JsonDecoder, TakesArraysOfOneLevel) {
  DecoderHarness all({{"i", array_of(Type::int32)},
                      {"t", array_of(Type::text)},
                      {"j", array_of(Type::jsonb)},
                      {"at", array_of(Type::timestamptz)}});
  EXPECT_EQ(all.fault(R"({"i":[1, null,-3 ],"t":[],"j":[{"a":[1]},"x",[2]],)"
                      R"("at":["1970-01-01T00:00:01Z"]})"),
            kRow);
  EXPECT_EQ(text_at(all, 0), "[1, null, -3]");
  EXPECT_EQ(text_at(all, 1), "[]");
  EXPECT_EQ(text_at(all, 2), R"([{"a":[1]}, "x", [2]])");
  EXPECT_EQ(text_at(all, 3), "[1970-01-01T00:00:01.000Z]");
  EXPECT_EQ(all.fault(R"({"t":["a\"b",null,"",null]})"), kRow);
  EXPECT_EQ(text_at(all, 1), "[a\"b, null, , null]");
  EXPECT_EQ(all.fault(R"({"i":null})"), kRow);
  EXPECT_TRUE(all.column(0).is_null(0));

  EXPECT_EQ(all.reason(R"({"i":[1,"2",3.5]})"),
            "Element 2 of the field 'i' is \"2\", but it must be of type int. With numbers = "
            "'lenient' on its table it is taken as 2.");
  EXPECT_EQ(all.reason(R"({"i":[2147483648]})"),
            "Element 1 of the field 'i' is 2147483648, which the type int cannot hold.");
  EXPECT_EQ(all.reason(R"({"i":[[1]]})"),
            "Element 1 of the field 'i' is an array, but it must be of type int.");
  EXPECT_EQ(all.reason(R"({"i":7})"), "The field 'i' is 7, but it must be of type int[].");
  EXPECT_EQ(all.reason(R"({"i":{"a":1}})"),
            "The field 'i' is an object, but it must be of type int[].");
  // A later field of the same name takes the place of a faulty one.
  EXPECT_EQ(all.fault(R"({"i":["x"],"i":[5]})"), kRow);
  EXPECT_EQ(text_at(all, 0), "[5]");
  EXPECT_EQ(all.fault(R"({"i":["x",nul]})"), RejectCode::json_syntax);
}

TEST(JsonDecoder, RefusesColumnsThatJsonHasNoFormFor) {
  EXPECT_EQ(no_form_in_json({"b", array_of(Type::bytes)}),
            "The column 'b' is bytea[], which JSON has no form for: declare it as text[].");
  EXPECT_TRUE(no_form_in_json({"i", Type::interval}));
  EXPECT_FALSE(no_form_in_json({"u", array_of(Type::uuid)}));
}

}  // namespace
}  // namespace turntable
