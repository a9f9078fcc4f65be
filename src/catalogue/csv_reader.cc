#include "catalogue/csv_reader.h"

#include <algorithm>

namespace turntable {
namespace {

// After a fault, what was read beyond its first line is read again. A text made for it could ask
// for that on every line; past this many times the stretch's size, or a field's, the reader goes on
// behind the fault instead.
constexpr size_t kReadAgainLimit = 8;

// A quoted field's, with every quote in it doubled.
constexpr size_t kQuotedBytesLimit = 2 * kCsvFieldBytesLimit;

uint64_t count_breaks(std::string_view text) {
  uint64_t breaks = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool crlf = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    breaks += text[i] == '\n' || (text[i] == '\r' && !crlf) ? 1 : 0;
  }
  return breaks;
}

}  // namespace

CsvReader::CsvReader(std::string_view text, CsvDialect dialect, Arena& arena, CsvStretch stretch)
    : text_(text),
      dialect_(dialect),
      arena_(arena),
      at_(stretch.begin),
      end_(std::min(stretch.end, text.size())),
      line_(stretch.line),
      may_read_again_(kReadAgainLimit * std::max(end_ - std::min(at_, end_), kCsvFieldBytesLimit)) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (at_ == 0 && text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
}

std::optional<CsvRow> CsvReader::next() {
  skip_blank_lines();
  if (at_ >= end_) return std::nullopt;
  const size_t begin = at_;
  fields_.clear();
  has_breaks_ = false;
  fault_ = {};
  while (read_field()) {
    if (at_ == text_.size() || at_break()) {
      skip_break();
      return finish(begin, {});
    }
    ++at_;  // The delimiter.
  }
  const size_t fault_at = at_;
  const size_t second_line = next_line(text_, begin);
  at_ = second_line;
  if (fault_at > second_line) {
    const size_t again = fault_at - second_line;
    if (again > may_read_again_) at_ = next_line(text_, fault_at);
    may_read_again_ -= std::min(again, may_read_again_);
  }
  return finish(begin, fault_);
}

CsvRow CsvReader::finish(size_t begin, std::string_view fault) {
  CsvRow row;
  row.line = line_;
  row.fault = fault;
  if (fault.empty()) row.fields = fields_;
  const std::string_view text = text_.substr(begin, at_ - begin);
  row.text = text;
  const bool ends_in_break = text.ends_with('\n') || text.ends_with('\r');
  line_ += has_breaks_ || !fault.empty() ? count_breaks(text) : (ends_in_break ? 1 : 0);
  row.last_line = ends_in_break ? line_ - 1 : line_;
  return row;
}

// False where the row cannot be read on; fault_ says why, at_ is where.
bool CsvReader::read_field() {
  if (at_ < text_.size() && text_[at_] == '"')
    return dialect_.escape ? read_quoted_with_escapes() : read_quoted();
  return read_plain();
}

bool CsvReader::add_field(std::string_view text, bool quoted) {
  if (text.size() > kCsvFieldBytesLimit) {
    fault_ = "a field has more than 1,048,576 bytes";
    return false;
  }
  if (fields_.size() == kCsvFieldsLimit) {
    fault_ = "it has more than 20,000 fields";
    return false;
  }
  // Filled in place: built on the stack and copied, it would wait for its own bytes.
  CsvField& field = fields_.emplace_back();
  field.text = text;
  field.quoted = quoted;
  return true;
}
static_assert(kCsvFieldsLimit == 20'000 && kCsvFieldBytesLimit == 1'048'576 &&
                  kQuotedBytesLimit == 2'097'152,
              "as the faults say");

// A quote inside an unquoted field is not RFC 4180's, but what it means is plain: itself.
bool CsvReader::read_plain() {
  const size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != dialect_.delimiter && !at_break()) ++at_;
  return add_field(text_.substr(begin, at_ - begin), false);
}

bool CsvReader::read_quoted() {
  const size_t begin = at_ + 1;
  size_t doubled = 0;
  size_t end = begin;
  const size_t limit = std::min(text_.size(), begin + kQuotedBytesLimit + 1);
  for (;; end += 2, ++doubled) {
    while (end < limit && text_[end] != '"') {
      has_breaks_ |= text_[end] == '\n' || text_[end] == '\r';
      ++end;
    }
    if (end >= limit) return refuse_open_quote(end);
    if (end + 1 == text_.size() || text_[end + 1] != '"') break;
  }
  at_ = end + 1;
  if (!ends_field()) return false;
  std::string_view text = text_.substr(begin, end - begin);
  if (doubled > 0) {
    char* place = arena_.allocate(text.size() - doubled);
    char* out = place;
    for (size_t i = 0; i < text.size(); ++i) {
      *out++ = text[i];
      if (text[i] == '"') ++i;
    }
    text = {place, static_cast<size_t>(out - place)};
  }
  return add_field(text, true);
}

// The same where an escape may stand before a quote. Without one in the field nothing is copied.
bool CsvReader::read_quoted_with_escapes() {
  const size_t begin = at_ + 1;
  const char escape = *dialect_.escape;
  size_t escapes = 0;  // Bytes that stand for nothing themselves.
  size_t end = begin;
  const size_t limit = std::min(text_.size(), begin + kQuotedBytesLimit + 1);
  const auto protects = [&](size_t at) {
    const char next = at + 1 < text_.size() ? text_[at + 1] : '\0';
    return text_[at] == '"' ? next == '"' : text_[at] == escape && (next == '"' || next == escape);
  };
  for (; end < limit; ++end) {
    if (protects(end)) {
      ++escapes;
      ++end;
    } else if (text_[end] == '"') {
      break;
    } else {
      has_breaks_ |= text_[end] == '\n' || text_[end] == '\r';
    }
  }
  if (end >= limit) return refuse_open_quote(end);
  at_ = end + 1;
  if (!ends_field()) return false;
  std::string_view text = text_.substr(begin, end - begin);
  if (escapes > 0) {
    char* place = arena_.allocate(text.size() - escapes);
    char* out = place;
    for (size_t i = begin; i < end; ++i) {
      if (protects(i)) ++i;
      *out++ = text_[i];
    }
    text = {place, static_cast<size_t>(out - place)};
  }
  return add_field(text, true);
}

bool CsvReader::refuse_open_quote(size_t end) {
  at_ = end;
  fault_ = at_ == text_.size() ? "a quote is opened that is never closed"
                               : "a quote is opened that is not closed within 2,097,152 bytes";
  return false;
}

// Behind a closing quote.
bool CsvReader::ends_field() {
  if (at_ == text_.size() || text_[at_] == dialect_.delimiter || at_break()) return true;
  fault_ = "text follows a closing quote";
  return false;
}

bool CsvReader::at_break() const {
  return text_[at_] == '\n' || text_[at_] == '\r';
}

void CsvReader::skip_break() {
  if (at_ == text_.size()) return;
  const bool crlf = text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n';
  at_ += crlf ? 2 : 1;
}

// A blank line is no row, even where a row has one column: its key would be empty.
void CsvReader::skip_blank_lines() {
  while (at_ < end_ && at_break()) {
    skip_break();
    ++line_;
  }
}

size_t next_line(std::string_view text, size_t from) {
  const size_t found = text.find_first_of("\r\n", from);
  if (found == std::string_view::npos) return text.size();
  const bool crlf = text[found] == '\r' && found + 1 < text.size() && text[found + 1] == '\n';
  return found + (crlf ? 2 : 1);
}

}  // namespace turntable
