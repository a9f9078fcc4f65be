// Bytes as text and back, and digests. Expected values were taken from PostgreSQL 15 in the locale
// C.UTF-8; where it has an error, there is a fault.
#include "sql/testing.h"

namespace turntable::sql {
namespace {

struct Case {
  std::string expression;
  std::string expected;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases)
    EXPECT_EQ(evaluate_constant(c.expression), c.expected) << c.expression;
}

TEST(Encoding, Digests) {
  expect_all({
      {"md5('')", "d41d8cd98f00b204e9800998ecf8427e"},
      {"md5('abc')", "900150983cd24fb0d6963f7d28e17f72"},
      {"md5('\\x00ff'::bytea)", "d07d34efac6328007ad67c7e0a985e00"},
      {"encode(sha224('abc'), 'hex')", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
      {"sha256('abc')", "\\xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"sha256('')", "\\xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"encode(sha384(''), 'base64')",
       "OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLlb"},
      {"sha512('abc')",
       "\\xddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23"
       "a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
  });
}

TEST(Encoding, EncodesAndDecodes) {
  expect_all({
      {"encode('\\x00ff41'::bytea, 'hex')", "00ff41"},
      {"encode('\\x00ff41'::bytea, 'BASE64')", "AP9B"},
      {"encode('\\x00ff'::bytea, 'base64')", "AP8="},
      {"encode('\\x00ff5c41'::bytea, 'escape')", "\\000\\377\\\\A"},
      {"encode('', 'base64')", ""},
      {"length(encode(convert_to(repeat('x', 57), 'UTF8'), 'base64'))", "77"},
      {"length(encode(convert_to(repeat('x', 56), 'UTF8'), 'base64'))", "76"},
      {"length(encode(convert_to(repeat('x', 55), 'UTF8'), 'base64'))", "76"},
      {"encode(convert_to(repeat('x', 60), 'UTF8'), 'base64')",
       "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4\neHh4"},
      {"decode('00fF 41', 'hex')", "\\x00ff41"},
      {"decode('AP9B', 'base64')", "\\x00ff41"},
      {"decode(E'AP\\n8=', 'base64')", "\\x00ff"},
      {"decode('a\\\\\\000', 'escape')", "\\x615c00"},
      {"decode('0', 'hex')", "fault: decode: the number of hexadecimal digits is odd"},
      {"decode('0g', 'hex')", "fault: decode: 'g' is no hexadecimal digit"},
      {"decode('AP9', 'base64')",
       "fault: decode: the base64 text is cut off, or lacks the = at its end"},
      {"decode('A=', 'base64')", "fault: decode: an = stands where a base64 digit must"},
      {"decode('é', 'base64')", "fault: decode: 'é' is no base64 digit"},
      {"decode('a\\9', 'escape')",
       "fault: decode: a backslash stands without \\ or three octal digits behind it"},
      {"convert_to('é', 'UTF8')", "\\xc3a9"},
  });
}

TEST(Encoding, ReadsUnicodeEscapes) {
  expect_all({
      {"unistr('\\0441\\043B\\043E\\043D')", "слон"},
      {"unistr('d\\u0061t\\+000061')", "data"},
      {"unistr('\\U0001F600')", "😀"},
      {"unistr('\\D83D\\DE00')", "😀"},
      {"unistr('a\\\\b')", "a\\b"},
      {"unistr('\\D83D')", "fault: unistr: '\\D83D' has a Unicode escape that names no character"},
      {"unistr('\\DE00')", "fault: unistr: '\\DE00' has a Unicode escape that names no character"},
      {"unistr('\\0000')", "fault: unistr: '\\0000' has a Unicode escape that names no character"},
      {"unistr('\\00g1')", "fault: unistr: '\\00g1' has a Unicode escape that names no character"},
      {"unistr('\\')", "fault: unistr: '\\' has a Unicode escape that names no character"},
  });
}

}  // namespace
}  // namespace turntable::sql
