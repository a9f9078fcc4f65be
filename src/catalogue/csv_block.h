// The second pass over a CSV text: one part of it as typed columns. Inside catalogue/ only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/csv_survey.h"
#include "row/arena.h"
#include "row/column.h"

namespace turntable {

// Counts a finding; `text` is called only for those that are shown.
template <class Text>
void note(LoadReport::Noted& noted, Text text) {
  constexpr size_t kShown = 5;
  if (++noted.count <= kShown) noted.first.push_back(text());
}

// "line 3", or "lines 3 to 5" where quoted fields have breaks.
[[nodiscard]] std::string lines_text(uint64_t first, uint64_t last);

// How the file's text becomes columns.
struct CsvForm {
  std::string_view text;
  CsvShape shape;
  Schema schema;
  std::vector<size_t> fields;  // Of schema column i: which field of a row.
  // By schema column: somebody reads its values. What stands in the others is not looked at.
  std::vector<bool> needed;
  std::vector<bool> kept;  // Of those: its texts are wanted when the file is gone.
};

// Rows that cannot be used, as far as they can be read, for LeftOutRows.
struct LeftOutBlock {
  std::vector<Column> columns;   // What cannot be read is NULL.
  std::vector<std::string> why;  // By row: "line 2: …".
  uint64_t unread = 0;           // Further ones, of which no field can be told.
  std::string first_unread;
};

// One thread's, for one part after another; memory is kept.
class CsvBlock {
 public:
  explicit CsvBlock(const CsvForm& form);

  // Forgets the part before.
  void read(const CsvSurvey::Part& part);

  // Of the part that was read last; columns that are not needed have no rows. Texts of kept columns
  // lie in `kept_texts`; those of the others in the file or in this block, until the next read().
  [[nodiscard]] std::span<const Column> columns() const { return columns_; }
  [[nodiscard]] size_t rows() const { return rows_; }  // All of them can be used.
  [[nodiscard]] uint64_t first_line(size_t row) const { return lines_[row].first; }
  [[nodiscard]] std::string lines(size_t row) const {
    return lines_text(lines_[row].first, lines_[row].last);
  }
  // What is left out.
  [[nodiscard]] const LoadReport::Noted& bad_rows() const { return bad_rows_; }
  [[nodiscard]] const LeftOutBlock& left_out() const { return left_out_; }
  // What is wrong with the last row, in a way that a cut would explain; or nothing.
  [[nodiscard]] const std::optional<std::string>& cut_off() const { return cut_off_; }

  // Of all parts.
  [[nodiscard]] Arena take_kept_texts() { return std::move(kept_texts_); }

 private:
  struct Lines {
    uint64_t first = 0;
    uint64_t last = 0;
  };

  void add(const CsvRow& row, bool utf8);
  // What does not fit, or nothing.
  [[nodiscard]] std::optional<std::string> fill(const CsvRow& row, bool utf8);
  [[nodiscard]] std::optional<std::string> fill(size_t column, const CsvField& field, bool utf8,
                                                Column& to, size_t at);
  void leave_out(const CsvRow& row, std::string why);

  const CsvForm& form_;
  std::vector<Column> columns_;
  size_t rows_ = 0;
  std::vector<Lines> lines_;  // By row.
  LoadReport::Noted bad_rows_;
  LeftOutBlock left_out_;
  std::optional<std::string> cut_off_;
  Arena unquoted_;  // Fields in which "" became ", and values that are no part of the text.
  Arena kept_texts_;
};

}  // namespace turntable
