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

// Why a row cannot be used, whatever the columns' types are, or nothing. `utf8`: that its text is
// UTF-8 is known.
[[nodiscard]] std::optional<std::string> row_fault(const CsvRow& row,
                                                   const std::vector<std::string>& header,
                                                   bool utf8);

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
// costs that part a second look.
[[nodiscard]] CsvSurvey survey_csv(std::string_view text, char delimiter, CsvStretch from,
                                   const std::vector<std::string>& header, bool infer_types,
                                   size_t part_bytes);

}  // namespace turntable
