#include "base/file_kind.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace turntable {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  FileKind kind;
};

// The first that fits counts: the mark of UTF-32 begins as that of UTF-16 does.
constexpr std::array kMagics{
    Magic{"\x1F\x8B"sv, {"compressed by gzip", "gunzip -c"}},
    Magic{"\x28\xB5\x2F\xFD"sv, {"compressed by zstd", "zstd -dc"}},
    Magic{"\xFD"
          "7zXZ\0"sv,
          {"compressed by xz", "xz -dc"}},
    Magic{"\x04\x22\x4D\x18"sv, {"compressed by lz4", "lz4 -dc"}},
    Magic{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, {"a workbook of Excel", ""}},
    Magic{"Obj\x01"sv, {"an Avro file", ""}},
    Magic{"SQLite format 3\0"sv, {"an SQLite database", ""}},
    Magic{"\xFF\xFE\0\0"sv, {"text in UTF-32", "iconv -f UTF-32 -t UTF-8"}},
    Magic{"\0\0\xFE\xFF"sv, {"text in UTF-32", "iconv -f UTF-32 -t UTF-8"}},
    Magic{"\xFF\xFE"sv, {"text in UTF-16", "iconv -f UTF-16 -t UTF-8"}},
    Magic{"\xFE\xFF"sv, {"text in UTF-16", "iconv -f UTF-16 -t UTF-8"}},
};

// The zero bytes at each of the four places of a group of four.
struct Zeros {
  std::array<size_t, 4> at{};
  size_t groups = 0;
};

Zeros zeros_in(std::string_view bytes) {
  Zeros zeros{.groups = bytes.size() / 4};
  for (size_t i = 0; i < zeros.groups * 4; ++i) zeros.at[i % 4] += bytes[i] == '\0' ? 1 : 0;
  return zeros;
}

// Text of most scripts has zero bytes in each line where a character takes two or four bytes: those
// of its delimiters, digits and line breaks at least. They stand at the characters' upper bytes,
// and nowhere else. Text in UTF-8 has none.
std::optional<FileKind> wide_text(std::string_view bytes) {
  const auto [at, groups] = zeros_in(bytes);
  if (groups < 2) return std::nullopt;  // Four bytes may be a number.
  if (at[2] == groups && at[3] == groups && at[0] == 0)
    return FileKind{"text in UTF-32", "iconv -f UTF-32LE -t UTF-8"};
  if (at[0] == groups && at[1] == groups && at[3] == 0)
    return FileKind{"text in UTF-32", "iconv -f UTF-32BE -t UTF-8"};
  const size_t even = at[0] + at[2];
  const size_t odd = at[1] + at[3];
  // One in eight characters: a text with that many zeros by mistake has them at all places.
  const size_t enough = std::max<size_t>(2, groups / 4);
  if (odd >= enough && even == 0) return FileKind{"text in UTF-16", "iconv -f UTF-16LE -t UTF-8"};
  if (even >= enough && odd == 0) return FileKind{"text in UTF-16", "iconv -f UTF-16BE -t UTF-8"};
  return std::nullopt;
}

// As a shell takes it for one word.
std::string shell_word(std::string_view path) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,:=@%+-";
  const std::string shown = printable(path, 4096);
  if (!shown.empty() && shown.find_first_not_of(kPlain) == std::string::npos) return shown;
  std::string word = "'";
  for (const char c : shown) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

// "data/songs.plain.csv" of "data/songs.csv", "data/songs.csv" of "data/songs.csv.gz".
std::string plain_path(std::string_view path) {
  for (const std::string_view ending : {".gz", ".zst", ".xz", ".lz4", ".bz2", ".zip"})
    if (path.size() > ending.size() && path.ends_with(ending))
      return std::string(path.substr(0, path.size() - ending.size()));
  const size_t name = path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1;
  const size_t dot = path.rfind('.');
  const size_t cut = dot == std::string_view::npos || dot <= name ? path.size() : dot;
  return fmt::format("{}.plain{}", path.substr(0, cut), path.substr(cut));
}

}  // namespace

std::string FileKind::sentence(std::string_view path) const {
  const bool piped = path == "-";
  const std::string file = piped ? "standard input" : printable(path, 4096);
  std::string out = fmt::format("{} is {}, expected text in UTF-8: ", file, what);
  if (command.empty()) return out + "export it as such";
  if (piped) return out + fmt::format("pipe it through {}", command);
  return out + fmt::format("{} {} > {}", command, shell_word(path), shell_word(plain_path(path)));
}

std::optional<FileKind> file_kind(std::string_view first_bytes) {
  const std::string_view bytes = first_bytes.substr(0, kFileKindBytes);
  for (const Magic& magic : kMagics)
    if (bytes.starts_with(magic.bytes)) return magic.kind;
  // Letters with which a text could begin: what stands behind them decides.
  if (bytes.starts_with("BZh") &&
      bytes.substr(std::min<size_t>(4, bytes.size())).starts_with("1AY&SY"))
    return FileKind{"compressed by bzip2", "bzip2 -dc"};
  if (bytes.starts_with("PAR1") && bytes.size() > 4 && bytes[4] == '\x15')
    return FileKind{"a Parquet file", ""};
  if (bytes.starts_with("PK\x03\x04")) {
    const bool workbook = bytes.find("[Content_Types].xml") != std::string_view::npos ||
                          bytes.find("xl/") != std::string_view::npos;
    if (workbook) return FileKind{"a workbook of Excel", ""};
    return FileKind{"compressed by zip", "funzip"};
  }
  return wide_text(bytes);
}

std::optional<FileKind> file_kind_of(int fd) {
  struct stat about {};
  if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  std::array<char, kFileKindBytes> bytes{};
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), ::lseek(fd, 0, SEEK_CUR));
  return file_kind({bytes.data(), static_cast<size_t>(std::max(got, ssize_t{0}))});
}

}  // namespace turntable
