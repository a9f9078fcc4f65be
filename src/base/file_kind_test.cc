#include "base/file_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace turntable {
namespace {

using namespace std::string_view_literals;

std::string what(std::string_view bytes) {
  const auto kind = file_kind(bytes);
  return kind ? std::string(kind->what) + "|" + std::string(kind->command) : "text";
}

// The text with `behind` zero bytes behind each of its bytes, and `before` before it.
std::string widened(std::string_view text, size_t before, size_t behind) {
  std::string wide;
  for (const char c : text) wide += std::string(before, '\0') + c + std::string(behind, '\0');
  return wide;
}

TEST(FileKindTest, CompressedFilesAreKnownByTheirFirstBytes) {
  EXPECT_EQ(what("\x1F\x8B\x08\x00"sv), "compressed by gzip|gunzip -c");
  EXPECT_EQ(what("\x28\xB5\x2F\xFD\x24"sv), "compressed by zstd|zstd -dc");
  EXPECT_EQ(what("\xFD"
                 "7zXZ\0\0"sv),
            "compressed by xz|xz -dc");
  EXPECT_EQ(what("BZh91AY&SY\x12"sv), "compressed by bzip2|bzip2 -dc");
  EXPECT_EQ(what("\x04\x22\x4D\x18\x64"sv), "compressed by lz4|lz4 -dc");
  EXPECT_EQ(what("PK\x03\x04\x14\0\0\0\x08\0songs.csv"sv), "compressed by zip|funzip");
}

TEST(FileKindTest, FormatsOfOtherProgramsAreKnown) {
  EXPECT_EQ(what("PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml"sv),
            "a workbook of Excel|");
  EXPECT_EQ(what("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0"sv), "a workbook of Excel|");
  EXPECT_EQ(what("PAR1\x15\x04\x15\x10"sv), "a Parquet file|");
  EXPECT_EQ(what("Obj\x01\x04\x14"sv), "an Avro file|");
  EXPECT_EQ(what("SQLite format 3\0\x10"sv), "an SQLite database|");
}

TEST(FileKindTest, WideTextIsKnownWithAMarkAndWithout) {
  constexpr std::string_view kText = "name,x\nAlpha,1\n";
  EXPECT_EQ(what("\xFF\xFE" + widened(kText, 0, 1)), "text in UTF-16|iconv -f UTF-16 -t UTF-8");
  EXPECT_EQ(what("\xFE\xFF" + widened(kText, 1, 0)), "text in UTF-16|iconv -f UTF-16 -t UTF-8");
  EXPECT_EQ(what(widened(kText, 0, 1)), "text in UTF-16|iconv -f UTF-16LE -t UTF-8");
  EXPECT_EQ(what(widened(kText, 1, 0)), "text in UTF-16|iconv -f UTF-16BE -t UTF-8");
  EXPECT_EQ(what("\xFF\xFE\0\0"sv), "text in UTF-32|iconv -f UTF-32 -t UTF-8");
  EXPECT_EQ(what("\0\0\xFE\xFF"sv), "text in UTF-32|iconv -f UTF-32 -t UTF-8");
  EXPECT_EQ(what(widened(kText, 0, 3)), "text in UTF-32|iconv -f UTF-32LE -t UTF-8");
  EXPECT_EQ(what(widened(kText, 3, 0)), "text in UTF-32|iconv -f UTF-32BE -t UTF-8");
}

// "имя;x": Cyrillic letters have no zero byte, what stands between them has.
TEST(FileKindTest, WideTextOfOtherScriptsIsKnown) {
  EXPECT_EQ(what("\x38\x04\x3C\x04\x4F\x04;\0x\0\n\0\x10\x04;\0"sv),
            "text in UTF-16|iconv -f UTF-16LE -t UTF-8");
}

TEST(FileKindTest, WhatMayBeTextIsLeftToItsReader) {
  for (const std::string_view text :
       {""sv, "\n"sv, "{"sv, "name,x\n"sv, "\xEF\xBB\xBFname,x\n"sv, "BZh,x\n"sv, "BZh9"sv,
        "PAR1,PAR2\n"sv, "PAR1"sv, "PK"sv, "Obj,x\n"sv, "a\0b\n{}{}"sv, "\0\0\0\0\0\0\0\0"sv})
    EXPECT_EQ(what(text), "text") << text;
  // Latin-1, which is for whoever checks UTF-8.
  EXPECT_EQ(what("na\xEFve,x\n"), "text");
}

TEST(FileKindTest, ItsSentenceHasTheCommandThatMendsIt) {
  const FileKind gzip = *file_kind("\x1F\x8B");
  EXPECT_EQ(
      gzip.sentence("data/songs.csv"),
      "data/songs.csv is compressed by gzip, expected text in UTF-8: gunzip -c data/songs.csv "
      "> data/songs.plain.csv");
  EXPECT_EQ(gzip.sentence("songs.csv.gz"),
            "songs.csv.gz is compressed by gzip, expected text in UTF-8: gunzip -c songs.csv.gz > "
            "songs.csv");
  EXPECT_EQ(gzip.sentence("my 'best' songs"),
            "my 'best' songs is compressed by gzip, expected text in UTF-8: gunzip -c 'my "
            "'\\''best'\\'' songs' > 'my '\\''best'\\'' songs.plain'");
  EXPECT_EQ(gzip.sentence("-"),
            "standard input is compressed by gzip, expected text in UTF-8: pipe it through gunzip "
            "-c");
  EXPECT_EQ(file_kind("Obj\x01")->sentence("a.b/songs"),
            "a.b/songs is an Avro file, expected text in UTF-8: export it as such");
}

}  // namespace
}  // namespace turntable
