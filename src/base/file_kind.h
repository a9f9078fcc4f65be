// What a file is that should be text in UTF-8 and is something else, told by its first bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace turntable {

struct FileKind {
  // What a sentence says of the file: "compressed by gzip", "a Parquet file".
  std::string_view what;
  // The command of a shell that makes it text, to which the file's path is added, and which reads
  // its standard input without one. Empty where there is none that everybody has.
  std::string_view command;

  // "data/songs.csv is compressed by gzip, expected text in UTF-8: gunzip -c data/songs.csv >
  // data/songs.plain.csv". The path "-" is standard input.
  [[nodiscard]] std::string sentence(std::string_view path) const;
};

// The first bytes of a file at which file_kind() looks.
inline constexpr size_t kFileKindBytes = 64;

// What begins with these bytes, at most kFileKindBytes of which are looked at; give it all of a
// shorter file. Known are gzip, zstd, xz, bzip2, lz4, zip, Excel's workbooks, Parquet, Avro,
// SQLite, and text in UTF-16 and UTF-32, with a byte order mark and without. Nothing where it may
// be text in UTF-8, which may begin with a byte order mark of its own.
[[nodiscard]] std::optional<FileKind> file_kind(std::string_view first_bytes);

// The same of what lies behind the place of an open file, which stays where it is. Only a regular
// file is looked at: a pipe would have to be read for that.
[[nodiscard]] std::optional<FileKind> file_kind_of(int fd);

}  // namespace turntable
