#include "query/row_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "query/value_text.h"
#include "row/cell.h"
#include "sink/cql_type.h"

namespace turntable {
namespace {

// Rows become text a piece at a time.
constexpr size_t kPieceBytes = 64 * 1024;

std::vector<CqlType> types_of(const std::vector<ResultColumn>& columns) {
  std::vector<CqlType> types;
  for (const ResultColumn& column : columns) types.push_back(parse_cql_type(column.type));
  return types;
}

// What the formats have in common: the types, and text that goes out in pieces.
class TextWriter : public RowWriter {
 public:
  explicit TextWriter(TextOutput out) : out_(std::move(out)) {}

 protected:
  Status flush() {
    if (text_.empty()) return {};
    const Status status = out_(text_);
    text_.clear();
    return status;
  }
  Status flush_piece() { return text_.size() < kPieceBytes ? Status() : flush(); }

  std::string text_;
  std::vector<CqlType> types_;

 private:
  TextOutput out_;
};

class TableWriter final : public TextWriter {
 public:
  TableWriter(TextOutput out, size_t bytes_limit)
      : TextWriter(std::move(out)), bytes_limit_(bytes_limit) {}

  Status begin(const std::vector<ResultColumn>& columns) override {
    types_ = types_of(columns);
    for (const ResultColumn& column : columns) {
      names_.push_back(cqlsh_escape(column.name));
      widths_.push_back(display_width(names_.back()));
    }
    text_ = "\n";
    return {};
  }

  Status rows(const ResultPage& page) override {
    CellReader cells(page.cells);
    for (size_t row = 0; row < page.rows; ++row, ++count_) {
      for (size_t i = 0; i < types_.size(); ++i) {
        const std::string value = cqlsh_text(types_[i], cells.next());
        const size_t width = display_width(value);
        widths_[i] = std::max(widths_[i], width);
        held_ += value;
        held_cells_.push_back({static_cast<uint32_t>(value.size()), static_cast<uint32_t>(width)});
      }
      if (held_.size() + held_cells_.size() * sizeof(HeldCell) > bytes_limit_)
        RETURN_IF_ERROR(print_held());
    }
    return {};
  }

  Status end() override {
    RETURN_IF_ERROR(print_held());
    // An empty table has one line more: so does cqlsh's.
    text_ += count_ == 0 ? "\n\n" : "\n";
    text_ += fmt::format("({} rows)\n", count_);
    return flush();
  }

 private:
  struct HeldCell {
    uint32_t bytes;
    uint32_t width;
  };

  void print_header() {
    std::string names;
    std::string rule;
    for (size_t i = 0; i < names_.size(); ++i) {
      names += (i == 0 ? " " : " | ") + names_[i] +
               std::string(widths_[i] - display_width(names_[i]), ' ');
      rule += (i == 0 ? "-" : "-+-") + std::string(widths_[i], '-');
    }
    names.erase(names.find_last_not_of(' ') + 1);
    text_ += names + "\n" + rule + "-\n";
  }

  Status print_held() {
    if (!std::exchange(header_printed_, true)) print_header();
    std::string_view rest = held_;
    for (size_t cell = 0; cell < held_cells_.size(); ++cell) {
      const size_t column = cell % widths_.size();
      text_ += column == 0 ? " " : " | ";
      text_.append(widths_[column] - held_cells_[cell].width, ' ')
          .append(rest.substr(0, held_cells_[cell].bytes));
      rest.remove_prefix(held_cells_[cell].bytes);
      if (column + 1 < widths_.size()) continue;
      text_.push_back('\n');
      RETURN_IF_ERROR(flush_piece());
    }
    held_.clear();
    held_cells_.clear();
    return {};
  }

  size_t bytes_limit_;
  std::vector<std::string> names_;
  std::vector<size_t> widths_;
  std::string held_;  // The text of the cells that are not printed yet, one after another.
  std::vector<HeldCell> held_cells_;
  bool header_printed_ = false;
  uint64_t count_ = 0;
};

class CsvWriter final : public TextWriter {
 public:
  using TextWriter::TextWriter;

  Status begin(const std::vector<ResultColumn>& columns) override {
    types_ = types_of(columns);
    for (size_t i = 0; i < columns.size(); ++i) append_field(i, columns[i].name);
    text_ += "\r\n";
    return {};
  }

  Status rows(const ResultPage& page) override {
    CellReader cells(page.cells);
    for (size_t row = 0; row < page.rows; ++row) {
      for (size_t i = 0; i < types_.size(); ++i) {
        const CellView cell = cells.next();
        if (cell.is_null()) {
          if (i > 0) text_.push_back(',');
        } else {
          append_field(i, plain_text(types_[i], cell));
        }
      }
      text_ += "\r\n";
      RETURN_IF_ERROR(flush_piece());
    }
    return {};
  }

  Status end() override { return flush(); }

 private:
  void append_field(size_t column, std::string_view field) {
    if (column > 0) text_.push_back(',');
    // Quoted where it must be, and where it is empty, since an unquoted nothing is NULL.
    if (!field.empty() && field.find_first_of("\",\r\n") == std::string_view::npos) {
      text_ += field;
      return;
    }
    text_.push_back('"');
    for (const char c : field) text_.append(c == '"' ? 2 : 1, c);
    text_.push_back('"');
  }
};

class JsonWriter final : public TextWriter {
 public:
  JsonWriter(TextOutput out, bool lines) : TextWriter(std::move(out)), lines_(lines) {}

  Status begin(const std::vector<ResultColumn>& columns) override {
    types_ = types_of(columns);
    // An object's names must differ as they are written; a column that stands twice gets a number.
    std::set<std::string> seen;
    for (const ResultColumn& column : columns) {
      std::string name = json_quote(column.name);
      for (int n = 2; !seen.insert(name).second; ++n)
        name = json_quote(fmt::format("{}_{}", column.name, n));
      names_.push_back(std::move(name));
    }
    if (!lines_) text_ = "[";
    return {};
  }

  Status rows(const ResultPage& page) override {
    CellReader cells(page.cells);
    for (size_t row = 0; row < page.rows; ++row) {
      if (!lines_) text_ += std::exchange(first_, false) ? "\n  " : ",\n  ";
      for (size_t i = 0; i < types_.size(); ++i) {
        text_ += (i == 0 ? "{" : ",") + names_[i] + ":";
        append_json(text_, types_[i], cells.next());
      }
      text_ += lines_ ? "}\n" : "}";
      RETURN_IF_ERROR(flush_piece());
    }
    return {};
  }

  Status end() override {
    if (!lines_) text_ += first_ ? "]\n" : "\n]\n";
    return flush();
  }

 private:
  bool lines_;
  bool first_ = true;
  std::vector<std::string> names_;
};

}  // namespace

std::optional<RowFormat> row_format_from_name(std::string_view name) {
  if (name == "table") return RowFormat::table;
  if (name == "csv") return RowFormat::csv;
  if (name == "json") return RowFormat::json;
  if (name == "ndjson") return RowFormat::ndjson;
  return std::nullopt;
}

std::unique_ptr<RowWriter> make_row_writer(RowFormat format, TextOutput out,
                                           size_t table_bytes_limit) {
  switch (format) {
    case RowFormat::table:
      return std::make_unique<TableWriter>(std::move(out), table_bytes_limit);
    case RowFormat::csv:
      return std::make_unique<CsvWriter>(std::move(out));
    case RowFormat::json:
      return std::make_unique<JsonWriter>(std::move(out), false);
    case RowFormat::ndjson:
      return std::make_unique<JsonWriter>(std::move(out), true);
  }
  return nullptr;
}

}  // namespace turntable
