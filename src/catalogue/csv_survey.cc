#include "catalogue/csv_survey.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parallel.h"
#include "base/text.h"

namespace turntable {
namespace {

class Surveyor {
 public:
  Surveyor(std::string_view text, char delimiter, const std::vector<std::string>& header,
           bool infer_types)
      : text_(text), delimiter_(delimiter), header_(header), infer_types_(infer_types) {}

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
    if (infer_types_) seen.types.resize(header_.size());
    const bool utf8 = is_utf8(text_.substr(begin, end - begin));
    Arena unquoted;
    CsvReader reader(text_, delimiter_, unquoted, {begin, end});
    while (const auto row = reader.next()) {
      ++seen.rows;
      // The last row may end behind what was looked at.
      if (infer_types_ && !row_fault(*row, header_, utf8 && reader.at() <= end)) {
        for (size_t i = 0; i < header_.size(); ++i) {
          const CsvField& field = row->fields[i];
          if (field.quoted || !field.text.empty()) seen.types[i].add(field.text);
        }
      }
      unquoted.reset();
    }
    seen.end = reader.at();
    seen.utf8 = utf8 && seen.end <= end;
    seen.lines = reader.line() - 1;
    return seen;
  }

 private:
  std::string_view text_;
  char delimiter_;
  const std::vector<std::string>& header_;
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

}  // namespace

std::string quoted(std::string_view text) {
  constexpr size_t kShownBytes = 60;
  return fmt::format("'{}'", printable(text, kShownBytes));
}

std::optional<std::string> row_fault(const CsvRow& row, const std::vector<std::string>& header,
                                     bool utf8) {
  if (!row.fault.empty()) return std::string(row.fault);
  if (row.fields.size() != header.size())
    return fmt::format("{} {} where the header has {}", row.fields.size(),
                       row.fields.size() == 1 ? "field" : "fields", header.size());
  if (utf8) return std::nullopt;
  for (size_t i = 0; i < row.fields.size(); ++i)
    if (!is_utf8(row.fields[i].text))
      return fmt::format("column {} is not valid UTF-8: {}", quoted(header[i]),
                         quoted(row.fields[i].text));
  return std::nullopt;
}

CsvSurvey survey_csv(std::string_view text, char delimiter, CsvStretch from,
                     const std::vector<std::string>& header, bool infer_types, size_t part_bytes) {
  const Surveyor surveyor(text, delimiter, header, infer_types);
  const std::vector<size_t> begins = guessed_begins(text, from.begin, part_bytes);
  std::vector<Surveyor::Seen> seen(begins.size() - 1);
  in_parallel(seen.size(),
              [&](size_t, size_t i) { seen[i] = surveyor.look_at(begins[i], begins[i + 1]); });

  CsvSurvey survey;
  if (infer_types) survey.types.resize(header.size());
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
