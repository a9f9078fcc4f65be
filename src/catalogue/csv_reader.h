// Splits a CSV text into rows and fields, as RFC 4180 says: quoted fields may hold delimiters, line
// breaks and doubled quotes. LF, CRLF and CR end a row; a byte order mark and blank lines are
// skipped. It knows nothing of headers and types.
//
// A dialect with an escape character reads what Spark and MySQL write: within quotes the escape
// before a quote or before itself stands for that character ("say \"hi\""). Before anything else,
// and outside of quotes, it is a character as others are. Doubled quotes are read as before.
//
// A fault (an unclosed quote, text after a closing quote, a field or a row beyond its limit) costs
// the line on which its row begins, and no more: reading goes on at the next line, so that one
// stray quote cannot swallow the rest of a file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "row/arena.h"

namespace turntable {

// Of one row. Spreadsheets end at 16,384 columns.
inline constexpr size_t kCsvFieldsLimit = 20'000;
// Of one field, without its quotes.
inline constexpr size_t kCsvFieldBytesLimit = size_t{1} << 20;

struct CsvDialect {
  char delimiter = ',';
  std::optional<char> escape = {};  // None: RFC 4180. It is neither a quote nor the delimiter.
};

struct CsvField {
  std::string_view text;  // Without the quotes, what they protect as it is meant.
  bool quoted = false;    // Tells "" from nothing.
};

struct CsvRow {
  uint64_t line = 0;                 // Where it begins, from 1.
  uint64_t last_line = 0;            // Where it ends, or how far the text was left out.
  std::span<const CsvField> fields;  // Valid until the next call.
  std::string_view fault;  // What is wrong, to stand in a sentence; empty where the row is good.
  std::string_view text;   // As it stands in the file, up to where reading goes on.
};

// A stretch of a text that begins where a row begins: its rows are those that begin in it, though
// the last of them may end behind it.
struct CsvStretch {
  size_t begin = 0;
  size_t end = std::string_view::npos;
  uint64_t line = 1;  // The line that begins there.
};

// One thread. The text and the arena must outlive the reader; fields point into either.
class CsvReader {
 public:
  CsvReader(std::string_view text, CsvDialect dialect, Arena& arena, CsvStretch stretch = {});

  // Nothing at the end.
  [[nodiscard]] std::optional<CsvRow> next();

  // Where the next row begins, or a blank line before it; and which line that is.
  [[nodiscard]] size_t at() const { return at_; }
  [[nodiscard]] uint64_t line() const { return line_; }

 private:
  void skip_blank_lines();
  [[nodiscard]] bool read_field();
  [[nodiscard]] bool read_quoted();
  [[nodiscard]] bool read_quoted_with_escapes();
  [[nodiscard]] bool refuse_open_quote(size_t end);
  [[nodiscard]] bool ends_field();
  [[nodiscard]] bool read_plain();
  [[nodiscard]] bool add_field(std::string_view text, bool quoted);
  [[nodiscard]] bool at_break() const;
  void skip_break();
  [[nodiscard]] CsvRow finish(size_t begin, std::string_view fault);

  std::string_view text_;
  CsvDialect dialect_;
  Arena& arena_;
  size_t at_;
  size_t end_;
  uint64_t line_;
  size_t may_read_again_;  // Bytes, after faults.

  // Of the row at hand.
  std::vector<CsvField> fields_;
  bool has_breaks_ = false;  // Inside its quotes.
  std::string_view fault_;
};

// Behind the first line break at or after `from`, or at the end.
[[nodiscard]] size_t next_line(std::string_view text, size_t from);

}  // namespace turntable
