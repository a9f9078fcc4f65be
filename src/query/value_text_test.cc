// The live comparison with what cqlsh printed is query_cassandra_test.cc; here are the same rules
// without a server.
#include "query/value_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace turntable {
namespace {

using namespace std::string_literals;

std::string be(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}
std::string sized(std::string_view bytes) {
  return be(bytes.size(), 4) + std::string(bytes);
}
std::string f32(float value) {
  return be(std::bit_cast<uint32_t>(value), 4);
}
std::string f64(double value) {
  return be(std::bit_cast<uint64_t>(value), 8);
}

std::string cqlsh(std::string_view type, const std::string& bytes) {
  return cqlsh_text(parse_cql_type(type), CellView(bytes));
}
std::string plain(std::string_view type, const std::string& bytes) {
  return plain_text(parse_cql_type(type), CellView(bytes));
}
std::string json(std::string_view type, const std::string& bytes) {
  std::string out;
  append_json(out, parse_cql_type(type), CellView(bytes));
  return out;
}

TEST(ValueText, ShowsFloatsAsCqlshDoes) {
  EXPECT_EQ(cqlsh("float", f32(0.748F)), "0.748");
  EXPECT_EQ(cqlsh("float", f32(122.036F)), "122.036");
  EXPECT_EQ(cqlsh("float", f32(-2.634F)), "-2.634");
  EXPECT_EQ(cqlsh("float", f32(99999.96F)), "99999.96094");
  EXPECT_EQ(cqlsh("float", f32(123456.789F)), "1.2346e+05");
  EXPECT_EQ(cqlsh("float", f32(1e10F)), "1e+10");
  EXPECT_EQ(cqlsh("float", f32(0.00421F)), "0.00421");
  EXPECT_EQ(cqlsh("double", f64(0.00012345678)), "0.000123");
  EXPECT_EQ(cqlsh("double", f64(122.036123)), "122.03612");
  EXPECT_EQ(cqlsh("double", f64(0)), "0");
  EXPECT_EQ(cqlsh("double", f64(-0.0)), "-0");
  EXPECT_EQ(cqlsh("double", f64(std::nan(""))), "NaN");
  EXPECT_EQ(cqlsh("float", f32(-std::numeric_limits<float>::infinity())), "-Infinity");
}

TEST(ValueText, ShowsEveryTypeAsCqlshDoes) {
  EXPECT_EQ(cqlsh("int", be(0xffffffff, 4)), "-1");
  EXPECT_EQ(cqlsh("bigint", be(0x8000000000000000, 8)), "-9223372036854775808");
  EXPECT_EQ(cqlsh("smallint", be(0xfffd, 2)), "-3");
  EXPECT_EQ(cqlsh("tinyint", "\x04"), "4");
  EXPECT_EQ(cqlsh("boolean", "\x01"), "True");
  EXPECT_EQ(cqlsh("blob", "\xca\xfe"), "0xcafe");
  EXPECT_EQ(cqlsh("blob", ""), "0x");
  EXPECT_EQ(cqlsh("timestamp", be(1'709'460'900'123, 8)), "2024-03-03 10:15:00.123000+0000");
  EXPECT_EQ(cqlsh("timestamp", be(static_cast<uint64_t>(-1), 8)),
            "1969-12-31 23:59:59.999000+0000");
  EXPECT_EQ(cqlsh("timestamp", be(INT64_MAX, 8)), "9223372036854775807");
  EXPECT_EQ(cqlsh("date", be(0x80000000 + 19785, 4)), "2024-03-03");
  EXPECT_EQ(cqlsh("time", be(36'900'500'000'000, 8)), "10:15:00.500000000");
  EXPECT_EQ(cqlsh("uuid", "\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00"s),
            "123e4567-e89b-12d3-a456-426614174000");
  EXPECT_EQ(cqlsh("inet", "\x7f\x00\x00\x01"s), "127.0.0.1");
  EXPECT_EQ(cqlsh("inet", std::string(15, '\0') + "\x01"), "::1");
  EXPECT_EQ(cqlsh("duration", "\x1c\x06\xff\x00\x00\x00\x00\x00\x00\x00\x0a"s), "1y2mo3d5ns");
  EXPECT_EQ(cqlsh("int", ""), "") << "an empty value, which is not NULL";
  EXPECT_EQ(cqlsh_text(parse_cql_type("int"), CellView()), "null");
}

TEST(ValueText, ShowsNumbersOfAnyLength) {
  EXPECT_EQ(cqlsh("varint", be(0, 1)), "0");
  EXPECT_EQ(cqlsh("varint", "\x02\x9d\x42\xb6\x4e\x76\x71\x42\x44\xcb"s),
            "12345678901234567890123");
  EXPECT_EQ(cqlsh("varint", "\xfd\x62\xbd\x49\xb1\x89\x8e\xbd\xbb\x35"s),
            "-12345678901234567890123");
  EXPECT_EQ(cqlsh("varint", "\xff" + std::string(9, '\0')), "-4722366482869645213696");
  EXPECT_EQ(cqlsh("decimal", be(2, 4) + "\xff\x6a"), "-1.50");
  EXPECT_EQ(cqlsh("decimal", be(0, 4) + "\x0c"), "12");
  EXPECT_EQ(cqlsh("decimal", be(10, 4) + "\x7b"), "1.23E-8");
  EXPECT_EQ(cqlsh("decimal", be(3, 4) + "\x05"), "0.005");
  EXPECT_EQ(cqlsh("decimal", be(0xfffffffb, 4) + "\x0c"), "1.2E+6");
}

TEST(ValueText, EscapesTextInTablesOnly) {
  EXPECT_EQ(cqlsh("text", "a\\b\tc\nd\x1b\x7f"), "a\\\\b\\tc\\nd\\x1b\\x7f");
  EXPECT_EQ(cqlsh("text", "nul \0"s), "nul \\x00");
  EXPECT_EQ(cqlsh("text", "\xc2\x85|\xc2\xa0|é日"), "\\x85|\\xa0|é日");
  EXPECT_EQ(plain("text", "a\\b\tc"), "a\\b\tc");
  EXPECT_EQ(cqlsh("text", "\xff"), "0xff") << "no UTF-8";
}

TEST(ValueText, ShowsCollections) {
  const std::string list = be(2, 4) + sized(f32(1.5F)) + sized(f32(0.1F));
  EXPECT_EQ(cqlsh("list<float>", list), "[1.5, 0.1]");
  EXPECT_EQ(cqlsh("frozen<set<float>>", list), "{1.5, 0.1}");
  EXPECT_EQ(json("list<float>", list), "[1.5,0.1]");
  const std::string map =
      be(2, 4) + sized("a'b") + sized(f32(3)) + sized("x\\y") + sized(f32(1.25F));
  EXPECT_EQ(cqlsh("map<text, float>", map), "{'a''b': 3, 'x\\\\y': 1.25}");
  EXPECT_EQ(json("map<text, float>", map), R"({"a'b":3,"x\\y":1.25})");
  EXPECT_EQ(cqlsh("tuple<int, text>", sized(be(1, 4)) + sized("z")), "(1, 'z')");
  EXPECT_EQ(cqlsh("tuple<int, text>", sized(be(1, 4))), "(1, null)");
  EXPECT_EQ(cqlsh("vector<float, 3>", f32(1) + f32(2.5F) + f32(3)), "[1, 2.5, 3]");
  // What Cassandra 5 sends: some elements have their length in front.
  EXPECT_EQ(cqlsh("vector<text, 2>", "\x01x\x02yz"), "['x', 'yz']");
  EXPECT_EQ(cqlsh("vector<smallint, 2>", "\x02\x00\x01\x02\x00\x02"s), "[1, 2]");
  EXPECT_EQ(json("vector<vector<float, 1>, 2>", f32(1) + f32(2)), "[[1],[2]]");
  EXPECT_EQ(json("vector<frozen<list<int>>, 1>", "\x0c" + be(1, 4) + sized(be(7, 4))), "[[7]]");
  EXPECT_EQ(cqlsh("vector<text, 2>", "\x01x"), "0x0178");
  EXPECT_EQ(cqlsh("vector<text, 1>", "\x09x"), "0x0978");
  EXPECT_EQ(cqlsh("map<int, frozen<list<text>>>",
                  be(1, 4) + sized(be(7, 4)) + sized(be(1, 4) + sized("a"))),
            "{7: ['a']}");
}

// All of them as they would be written in a statement.
TEST(ValueText, QuotesTimesInsideOfCollections) {
  const std::string times = be(1, 4) + sized(be(1'709'460'900'123, 8));
  EXPECT_EQ(cqlsh("list<timestamp>", times), "['2024-03-03 10:15:00.123000+0000']");
  const std::string micros = be(1, 4) + sized(be(1'709'460'900'123'800, 8));
  EXPECT_EQ(cqlsh("list<timestamp(6)>", micros), "['2024-03-03 10:15:00.123800+0000']");
  EXPECT_EQ(plain("list<timestamp(6)>", micros), "['2024-03-03 10:15:00.123800Z']");
  EXPECT_EQ(cqlsh("list<timestamp without time zone>", micros), "['2024-03-03 10:15:00.123800']");
  EXPECT_EQ(json("list<timestamp(6)>", micros), R"(["2024-03-03 10:15:00.123800Z"])");
}

TEST(ValueText, ShowsUsersOwnTypesWithTheirFields) {
  const std::string type = R"(udt<"street": text, "zip": int>)";
  const std::string main = sized("Main") + sized(be(5, 4));
  EXPECT_EQ(cqlsh(type, main), "{street: 'Main', zip: 5}");
  EXPECT_EQ(plain(type, main), "{street: 'Main', zip: 5}");
  EXPECT_EQ(json(type, main), R"({"street":"Main","zip":5})");
  const std::string null = std::string("\xff\xff\xff\xff");
  EXPECT_EQ(cqlsh(type, null + sized(be(5, 4))), "{street: null, zip: 5}");
  EXPECT_EQ(json(type, null + sized(be(5, 4))), R"({"street":null,"zip":5})");
  // Written before the type had its second field.
  EXPECT_EQ(json(type, sized("Main")), R"({"street":"Main","zip":null})");
  EXPECT_EQ(json("list<" + type + ">", be(1, 4) + sized(main)), R"([{"street":"Main","zip":5}])");
  EXPECT_EQ(cqlsh("list<" + type + ">", be(1, 4) + sized(main)), "[{street: 'Main', zip: 5}]");
  EXPECT_EQ(json("map<" + type + ", int>", be(1, 4) + sized(main) + sized(be(2, 4))),
            R"({"{\"street\":\"Main\",\"zip\":5}":2})");
  // Names of any kind, and a type inside of a type.
  const std::string odd = R"(udt<"a, b<": int, "q""": udt<"x: y>": tuple<int, text>>>)";
  const std::string inner = sized(sized(sized(be(1, 4)) + sized("z")));
  EXPECT_EQ(cqlsh(odd, sized(be(1, 4)) + inner), R"({a, b<: 1, q": {x: y>: (1, 'z')}})");
  EXPECT_EQ(json(odd, sized(be(1, 4)) + inner), R"({"a, b<":1,"q\"":{"x: y>":[1,"z"]}})");
  // More than the type has, or no type at all: bytes.
  EXPECT_EQ(cqlsh(R"(udt<"a": int>)", sized("abcd") + sized("")), "0x000000046162636400000000");
  for (const char* name : {"udt<>", "udt<a: int>", "udt<\"a: int>", "udt<\"a\" int>", "udt<\"a\">",
                           "udt<\"\xff\": int>"})
    EXPECT_EQ(cqlsh(name, sized("abcd")), "0x0000000461626364") << name;
}

TEST(ValueText, ShowsMicrosecondsWhereTheyAre) {
  const std::string whole = be(1'709'460'900'123'000, 8);
  const std::string finer = be(1'709'460'900'123'800, 8);
  EXPECT_EQ(cqlsh("timestamp(6)", whole), "2024-03-03 10:15:00.123000+0000");
  EXPECT_EQ(cqlsh("timestamp(6)", finer), "2024-03-03 10:15:00.123800+0000");
  EXPECT_EQ(plain("timestamp(6)", whole), "2024-03-03 10:15:00.123Z");
  EXPECT_EQ(json("timestamp(6)", finer), R"("2024-03-03 10:15:00.123800Z")");
  EXPECT_EQ(cqlsh("timestamp(6)", be(static_cast<uint64_t>(-1), 8)),
            "1969-12-31 23:59:59.999999+0000");
  EXPECT_EQ(cqlsh("timestamp(6)", be(253'402'300'800'000'001, 8)), "253402300800000.001");
  const auto before_year_1 = [](int64_t micros) {
    return cqlsh("timestamp(6)", be(static_cast<uint64_t>(micros), 8));
  };
  EXPECT_EQ(before_year_1(-62'135'596'800'000'000), "0001-01-01 00:00:00.000000+0000");
  EXPECT_EQ(before_year_1(-62'135'596'800'000'001), "-62135596800000.001");
  EXPECT_EQ(before_year_1(-62'135'596'800'000'500), "-62135596800000.500");
  EXPECT_EQ(before_year_1(-62'135'596'800'001'000), "-62135596800001");
  EXPECT_EQ(before_year_1(-62'135'596'800'001'999), "-62135596800001.999");
  EXPECT_EQ(before_year_1(INT64_MIN), "-9223372036854775.808");
}

TEST(ValueText, ShowsBytesThatDoNotFitTheirTypeAsABlob) {
  EXPECT_EQ(cqlsh("int", "abc"), "0x616263");
  EXPECT_EQ(cqlsh("list<int>", "ab"), "0x6162");
  EXPECT_EQ(cqlsh("list<int>", be(1'000'000, 4)), "0x000f4240");
  EXPECT_EQ(cqlsh("list<int>", be(1, 4) + be(100, 4) + "a"), "0x000000010000006461");
  EXPECT_EQ(cqlsh("duration", "\xff"), "0xff");
  EXPECT_EQ(cqlsh("my_own_type", "a"), "0x61");
  EXPECT_EQ(json("int", "abc"), R"("0x616263")");
  EXPECT_EQ(cqlsh("list<" + std::string(100, '<'), "a"), "0x61");
  // As many elements as times 16 is 16 again.
  EXPECT_EQ(cqlsh("vector<uuid, 1152921504606846977>", std::string(16, 'a')),
            "0x61616161616161616161616161616161");
}

TEST(ValueText, WritesJson) {
  EXPECT_EQ(json("float", f32(0.1F)), "0.1") << "as short as the float is exact";
  EXPECT_EQ(json("double", f64(0.1)), "0.1");
  EXPECT_EQ(json("double", f64(std::nan(""))), R"("NaN")");
  EXPECT_EQ(json("double", f64(INFINITY)), R"("Infinity")");
  EXPECT_EQ(json("float", f32(-INFINITY)), R"("-Infinity")");
  EXPECT_EQ(json("double", f64(-0.0)), "-0.0");
  EXPECT_EQ(json("double", f64(0.0)), "0");
  EXPECT_EQ(json("list<double>", be(2, 4) + sized(f64(std::nan(""))) + sized(f64(0.5))),
            R"(["NaN",0.5])");
  EXPECT_EQ(json("map<float, int>", be(1, 4) + sized(f32(INFINITY)) + sized(be(1, 4))),
            R"({"Infinity":1})");
  EXPECT_EQ(json("int", ""), R"("")") << "an empty value, which is not NULL";
  EXPECT_EQ(json("map<frozen<list<int>>, int>",
                 be(1, 4) + sized(be(1, 4) + sized(be(7, 4))) + sized(be(1, 4))),
            R"({"[7]":1})");
  EXPECT_EQ(json("bigint", be(9'007'199'254'740'993, 8)), "9007199254740993");
  EXPECT_EQ(json("boolean", "\x01"), "true");
  EXPECT_EQ(json("text", ""), R"("")");
  EXPECT_EQ(json("text", "a\"\n"), R"("a\"\n")");
  EXPECT_EQ(json("timestamp", be(1'709'460'900'123, 8)), R"("2024-03-03 10:15:00.123Z")");
  EXPECT_EQ(json("blob", "\xca"), R"("0xca")");
}

}  // namespace
}  // namespace turntable
