#include "catalogue/csv_block.h"

#include <fmt/format.h>

#include "catalogue/type_inference.h"

namespace turntable {

std::string lines_text(uint64_t first, uint64_t last) {
  if (last == first) return fmt::format("line {}", first);
  return fmt::format("lines {} to {}", first, last);
}

CsvBlock::CsvBlock(const CsvForm& form) : form_(form) {
  for (const ColumnDef& column : form.schema) columns_.emplace_back(column.type);
}

void CsvBlock::read(const CsvSurvey::Part& part) {
  rows_ = 0;
  lines_.clear();
  bad_rows_ = {};
  cut_off_.reset();
  unquoted_.reset();
  for (Column& column : columns_) column.reset(part.rows);

  CsvReader reader(form_.text, form_.delimiter, unquoted_, part.stretch);
  while (const auto row = reader.next()) add(*row, part.utf8);
}

// Writes the row behind those that are there, and keeps it if nothing speaks against that.
void CsvBlock::add(const CsvRow& row, bool utf8) {
  const auto lines = [&] { return lines_text(row.line, row.last_line); };
  auto wrong = row_fault(row, form_.header, utf8);
  cut_off_.reset();
  if (wrong) {
    cut_off_ = fmt::format("{}: {}", lines(), *wrong);
  } else {
    wrong = fill(row);
  }
  if (wrong) return note(bad_rows_, [&] { return fmt::format("{}: {}", lines(), *wrong); });
  for (size_t i = 0; i < columns_.size(); ++i)
    if (form_.kept[i] && columns_[i].type() == Type::text && !columns_[i].is_null(rows_))
      columns_[i].set(rows_, kept_texts_.copy(columns_[i].get<std::string_view>(rows_)));
  lines_.push_back({row.line, row.last_line});
  ++rows_;
}

std::optional<std::string> CsvBlock::fill(const CsvRow& row) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    const CsvField& field = row.fields[form_.fields[i]];
    const ColumnDef& declared = form_.schema[i];
    if (field.text.empty() && !field.quoted) {
      if (declared.not_null)
        return fmt::format("column {} is empty, but it must have a value", quoted(declared.name));
      columns_[i].set_null(rows_);
    } else if (!set_from_text(columns_[i], rows_, field.text)) {
      return fmt::format("column {} is {}, which {} cannot hold", quoted(declared.name),
                         quoted(field.text), sql_name(declared.type));
    }
  }
  return std::nullopt;
}

}  // namespace turntable
