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
  EXPECT_EQ(cqlsh("map<int, frozen<list<text>>>",
                  be(1, 4) + sized(be(7, 4)) + sized(be(1, 4) + sized("a"))),
            "{7: ['a']}");
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
  EXPECT_EQ(json("double", f64(std::nan(""))), "null");
  EXPECT_EQ(json("double", f64(INFINITY)), "null");
  EXPECT_EQ(json("boolean", "\x01"), "true");
  EXPECT_EQ(json("text", ""), R"("")");
  EXPECT_EQ(json("text", "a\"\n"), R"("a\"\n")");
  EXPECT_EQ(json("timestamp", be(1'709'460'900'123, 8)), R"("2024-03-03 10:15:00.123Z")");
  EXPECT_EQ(json("blob", "\xca"), R"("0xca")");
}

}  // namespace
}  // namespace turntable
