#include "catalogue/csv_survey.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parallel.h"
#include "base/text.h"

namespace turntable {
namespace {

class Surveyor {
 public:
  Surveyor(std::string_view text, const CsvShape& shape, bool infer_types)
      : text_(text), shape_(shape), infer_types_(infer_types) {}

  struct Seen {
    size_t begin = 0;
    size_t end = 0;      // Where the next row begins.
    uint64_t lines = 0;  // That end in between.
    uint64_t rows = 0;
    bool utf8 = false;
    std::vector<TypeInference> types;
  };

  // The rows that begin in [begin, end). Thread-safe.
  [[nodiscard]] Seen look_at(size_t begin, size_t end) const {
    Seen seen{.begin = begin, .end = begin};
    if (begin >= end) return seen;
    if (infer_types_) seen.types.resize(shape_.names.size());
    const bool utf8 = is_utf8(text_.substr(begin, end - begin));
    Arena unquoted;
    CsvReader reader(text_, shape_.dialect, unquoted, {begin, end});
    while (const auto row = reader.next()) {
      ++seen.rows;
      // The last row may end behind what was looked at.
      if (infer_types_) add_types(*row, utf8 && reader.at() <= end, seen.types);
      unquoted.reset();
    }
    seen.end = reader.at();
    seen.utf8 = utf8 && seen.end <= end;
    seen.lines = reader.line() - 1;
    return seen;
  }

 private:
  void add_types(const CsvRow& row, bool utf8, std::vector<TypeInference>& types) const {
    if (row_fault(row, shape_)) return;
    if (!utf8 && !std::all_of(row.fields.begin(), row.fields.end(),
                              [](const CsvField& field) { return is_utf8(field.text); }))
      return;
    for (size_t i = 0; i < row.fields.size(); ++i) {
      const CsvField& field = row.fields[i];
      if (!field.quoted && field.text.empty()) continue;
      if (!shape_.nulls.empty() && shape_.is_null_text(field.text)) continue;
      types[i].add(field.text);
    }
  }

  std::string_view text_;
  const CsvShape& shape_;
  bool infer_types_;
};

// Where parts probably begin, and the text's end.
std::vector<size_t> guessed_begins(std::string_view text, size_t from, size_t part_bytes) {
  std::vector<size_t> begins{from};
  while (text.size() - begins.back() > part_bytes)
    begins.push_back(next_line(text, begins.back() + part_bytes));
  if (begins.back() < text.size()) begins.push_back(text.size());
  return begins;
}

// A quote behind a backslash ends the field in RFC 4180.
std::string escape_hint(const CsvRow& row, const CsvDialect& dialect) {
  if (dialect.escape || row.text.find("\\\"") == std::string_view::npos) return {};
  return R"(; where \" means a quote, as Spark writes it, set escape = '\')";
}

}  // namespace

std::string quoted(std::string_view text) {
  constexpr size_t kShownBytes = 60;
  return fmt::format("'{}'", printable(text, kShownBytes));
}

bool CsvShape::is_null_text(std::string_view text) const {
  return std::find(nulls.begin(), nulls.end(), text) != nulls.end();
}

std::string delimiter_hint(std::string_view only_field, const CsvDialect& dialect) {
  // The most frequent one; of two, the one that stands first here.
  char best = '\0';
  ptrdiff_t most = 0;
  for (const char candidate : {'\t', ';', '|', ','}) {
    const auto count = std::count(only_field.begin(), only_field.end(), candidate);
    if (candidate == dialect.delimiter || count <= most) continue;
    most = count;
    best = candidate;
  }
  if (best == '\0') return {};
  if (best == '\t') return "; if a tab is the delimiter, set delimiter = 'tab'";
  return fmt::format("; if '{0}' is the delimiter, set delimiter = '{0}'", best);
}

std::optional<std::string> row_fault(const CsvRow& row, const CsvShape& shape) {
  if (!row.fault.empty()) return std::string(row.fault) + escape_hint(row, shape.dialect);
  const size_t expected = shape.names.size();
  const size_t fields = row.fields.size();
  if (fields == expected || (shape.may_lack_last && fields + 1 == expected)) return std::nullopt;
  return fmt::format("{} {} where {} {}{}{}", fields, fields == 1 ? "field" : "fields",
                     shape.has_header ? "the header has" : "the table declares", expected,
                     fields == 1 ? delimiter_hint(row.fields[0].text, shape.dialect) : "",
                     escape_hint(row, shape.dialect));
}

std::optional<std::string> text_fault(std::string_view name, std::string_view text) {
  if (is_utf8(text)) return std::nullopt;
  return fmt::format("column {} is not valid UTF-8: {}", quoted(name), quoted(text));
}

CsvSurvey survey_csv(std::string_view text, CsvStretch from, const CsvShape& shape,
                     bool infer_types, size_t part_bytes) {
  const Surveyor surveyor(text, shape, infer_types);
  const std::vector<size_t> begins = guessed_begins(text, from.begin, part_bytes);
  std::vector<Surveyor::Seen> seen(begins.size() - 1);
  in_parallel(seen.size(),
              [&](size_t, size_t i) { seen[i] = surveyor.look_at(begins[i], begins[i + 1]); });

  CsvSurvey survey;
  if (infer_types) survey.types.resize(shape.names.size());
  CsvStretch part = from;
  for (size_t i = 0; i < seen.size(); ++i) {
    part.end = begins[i + 1];
    if (seen[i].begin != part.begin) seen[i] = surveyor.look_at(part.begin, part.end);
    if (seen[i].rows > 0) survey.parts.push_back({part, seen[i].end, seen[i].utf8, seen[i].rows});
    part.begin = seen[i].end;
    part.line += seen[i].lines;
    survey.rows += seen[i].rows;
    for (size_t column = 0; column < seen[i].types.size(); ++column)
      survey.types[column].add(seen[i].types[column]);
  }
  return survey;
}

}  // namespace turntable
