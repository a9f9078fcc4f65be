#include "catalogue/csv_block.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "catalogue/left_out_rows.h"
#include "catalogue/type_inference.h"

namespace turntable {

std::string lines_text(uint64_t first, uint64_t last) {
  if (last == first) return fmt::format("line {}", first);
  return fmt::format("lines {} to {}", first, last);
}

namespace {

// What is written for NULL where nothing says so.
bool may_mean_null(const CsvField& field) {
  const std::string text = lowercase(field.text);
  for (const std::string_view known : {"", "na", "n/a", "\\n", "null", "none", "nil", "nan", "-"})
    if (text == known) return true;
  return false;
}

std::string null_hint(const CsvField& field, const CsvShape& shape) {
  if (!may_mean_null(field)) return {};
  const std::string_view text = field.text.empty() ? "\"\"" : field.text;
  if (!shape.nulls.empty()) return fmt::format("; where that means NULL, add {} to null", text);
  return fmt::format("; where that means NULL, set null = '{}'", text);
}

bool all_utf8(const CsvRow& row) {
  return std::all_of(row.fields.begin(), row.fields.end(),
                     [](const CsvField& field) { return is_utf8(field.text); });
}

}  // namespace

CsvBlock::CsvBlock(const CsvForm& form) : form_(form) {
  for (const ColumnDef& column : form.schema) columns_.emplace_back(column.type);
}

void CsvBlock::read(const CsvSurvey::Part& part) {
  rows_ = 0;
  lines_.clear();
  bad_rows_ = {};
  left_out_ = {};
  cut_off_.reset();
  unquoted_.reset();
  for (size_t i = 0; i < columns_.size(); ++i)
    if (form_.needed[i]) columns_[i].reset(part.rows);

  CsvReader reader(form_.text, form_.shape.dialect, unquoted_, part.stretch);
  while (const auto row = reader.next()) add(*row, part.utf8);
}

// Writes the row behind those that are there, and keeps it if nothing speaks against that.
void CsvBlock::add(const CsvRow& row, bool utf8) {
  const auto lines = [&] { return lines_text(row.line, row.last_line); };
  auto wrong = row_fault(row, form_.shape);
  cut_off_.reset();
  if (wrong) {
    cut_off_ = fmt::format("{}: {}", lines(), *wrong);
  } else {
    // A cut goes through a character too, in whatever column, or before a delimiter that the row
    // may lack.
    if (!utf8 && !all_utf8(row)) cut_off_ = fmt::format("{}: it is not valid UTF-8", lines());
    if (row.fields.size() < form_.shape.names.size())
      cut_off_ = fmt::format("{}: the delimiter at its end is missing", lines());
    wrong = fill(row, utf8);
  }
  if (wrong) return leave_out(row, fmt::format("{}: {}", lines(), *wrong));
  for (size_t i = 0; i < columns_.size(); ++i)
    if (form_.kept[i] && is_view(columns_[i].type()) && !columns_[i].is_null(rows_))
      columns_[i].set(rows_, kept_texts_.copy(columns_[i].get<std::string_view>(rows_)));
  lines_.push_back({row.line, row.last_line});
  ++rows_;
}

std::optional<std::string> CsvBlock::fill(const CsvRow& row, bool utf8) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!form_.needed[i]) continue;
    if (auto wrong = fill(i, row.fields[form_.fields[i]], utf8, columns_[i], rows_)) return wrong;
  }
  return std::nullopt;
}

// `utf8`: that the field is, is known.
std::optional<std::string> CsvBlock::fill(size_t column, const CsvField& field, bool utf8,
                                          Column& to, size_t at) {
  const ColumnDef& declared = form_.schema[column];
  if (form_.shape.is_null(field, declared.type)) {
    to.set_null(at);
    if (!declared.not_null) return std::nullopt;
    return fmt::format("column {} is {}, but it must have a value", quoted(declared.name),
                       field.text.empty() ? "empty" : quoted(field.text) + ", which means NULL");
  }
  if (!utf8)
    if (auto wrong = text_fault(declared.name, field.text)) return wrong;
  if (set_from_text(to, at, field.text, unquoted_)) return std::nullopt;
  return fmt::format("column {} is {}, which {} cannot hold{}", quoted(declared.name),
                     quoted(field.text), sql_name(declared.type), null_hint(field, form_.shape));
}

void CsvBlock::leave_out(const CsvRow& row, std::string why) {
  note(bad_rows_, [&] { return why; });
  const size_t at = left_out_.why.size();
  if (row.fields.empty() || at == LeftOutRows::kKeysLimit) {
    if (left_out_.unread++ == 0) left_out_.first_unread = std::move(why);
    return;
  }
  if (at == 0) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      Column& column = left_out_.columns.emplace_back(columns_[i].type());
      if (form_.needed[i]) column.reset(std::min(columns_[i].rows(), LeftOutRows::kKeysLimit));
    }
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    const size_t field = form_.fields[i];
    Column& column = left_out_.columns[i];
    if (!form_.needed[i] || field >= row.fields.size()) continue;
    if (fill(i, row.fields[field], false, column, at)) column.set_null(at);
  }
  left_out_.why.push_back(std::move(why));
}

}  // namespace turntable
