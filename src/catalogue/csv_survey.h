// The first of two passes over a CSV text: where its rows begin, so that the second can work on
// many stretches of them at once, how many there are, and what types their values have. Inside
// catalogue/ only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/csv_reader.h"
#include "catalogue/type_inference.h"

namespace turntable {

// A name or a value as a finding shows it: in quotes, and not all of a long one.
[[nodiscard]] std::string quoted(std::string_view text);

// How a CSV text is read, and what one of its rows consists of.
struct CsvShape {
  CsvDialect dialect;
  std::vector<std::string> nulls;  // Texts that stand for NULL.
  std::vector<std::string> names;  // Of the fields; a header may leave out some.
  bool has_header = true;          // The names are the header's, else the declared columns'.
  // The header ends with a delimiter: the field behind it has no name, and rows may lack it.
  bool may_lack_last = false;

  // What stands for NULL, where the column is text: nothing at all, and the texts of `nulls` that
  // stand without quotes. Those in quotes are NULL in columns of other types, which could not hold
  // them.
  [[nodiscard]] bool is_null(const CsvField& field, Type type) const {
    if (field.text.empty() && !field.quoted) return true;
    return !nulls.empty() && (!field.quoted || type != Type::text) && is_null_text(field.text);
  }
  [[nodiscard]] bool is_null_text(std::string_view text) const;
};

// Why a row cannot be used, whatever its columns and their types are, or nothing.
[[nodiscard]] std::optional<std::string> row_fault(const CsvRow& row, const CsvShape& shape);

// Why a field cannot be used as a text, or nothing.
[[nodiscard]] std::optional<std::string> text_fault(std::string_view name, std::string_view text);

// "; if ';' is the delimiter, set delimiter = ';'" where one field of a row that has only one holds
// what may be the delimiter; else nothing.
[[nodiscard]] std::string delimiter_hint(std::string_view only_field, const CsvDialect& dialect);

struct CsvSurvey {
  struct Part {
    CsvStretch stretch;
    size_t text_end = 0;  // Of its last row.
    bool utf8 = false;    // That all of it is UTF-8 is known.
    uint64_t rows = 0;    // Those with faults included.
  };
  std::vector<Part> parts;           // One behind the other, none without rows.
  std::vector<TypeInference> types;  // By field; none where they were not asked for.
  uint64_t rows = 0;                 // Of all parts.
};

// `from` begins behind the header. Works on all processors, on about `part_bytes` of the text at a
// time, and guesses where rows begin: behind a line break. A guess that stood within a quoted field
// costs that part a second look. A row with a fault has no say in the types, nor has one of which a
// field is not UTF-8.
[[nodiscard]] CsvSurvey survey_csv(std::string_view text, CsvStretch from, const CsvShape& shape,
                                   bool infer_types, size_t part_bytes);

}  // namespace turntable
