#include "catalogue/csv_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/text.h"
#include "catalogue/type_inference.h"

namespace turntable {
namespace {

constexpr size_t kNotedFirst = 5;   // Findings of a kind that are shown in full.
constexpr size_t kShownBytes = 60;  // Of a value in a finding.

// `text` is called only for the findings that are shown.
template <class Text>
void note(LoadReport::Noted& noted, Text text) {
  if (++noted.count <= kNotedFirst) noted.first.push_back(text());
}

std::string lines(const CsvRow& row) {
  if (row.last_line == row.line) return fmt::format("line {}", row.line);
  return fmt::format("lines {} to {}", row.line, row.last_line);
}

std::string quoted(std::string_view text) {
  return fmt::format("'{}'", printable(text, kShownBytes));
}

// A bound on the rows of a text, for reserving room. Blank lines are no rows: a row of n fields has
// n bytes at least, delimiters and line end, and one of one field has two. Else a file of line
// breaks would ask for many times its size.
size_t most_rows(std::string_view text, size_t fields) {
  const auto line_ends = static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }));
  return std::min(line_ends, text.size() / std::max<size_t>(fields, 2)) + 1;
}

Column first_rows(const Column& column, size_t rows) {
  Column copy(column.type());
  copy.reset(rows);
  const auto copy_values = [&]<class T>(const T* from) { std::copy_n(from, rows, copy.data<T>()); };
  switch (column.type()) {
    case Type::boolean:
      copy_values(column.data<uint8_t>());
      break;
    case Type::int32:
      copy_values(column.data<int32_t>());
      break;
    case Type::int64:
    case Type::timestamp:
      copy_values(column.data<int64_t>());
      break;
    case Type::float32:
      copy_values(column.data<float>());
      break;
    case Type::float64:
      copy_values(column.data<double>());
      break;
    default:
      copy_values(column.data<std::string_view>());
      break;
  }
  std::copy_n(column.valid(), rows, copy.valid());
  return copy;
}

}  // namespace

Result<CsvTable> CsvLoader::load() {
  ASSIGN_OR_RETURN(table_.file, read_file_bytes(options_.path));
  const std::string_view text = table_.file.view();
  report_.bytes = text.size();
  all_utf8_ = is_utf8(text);

  Arena scratch;
  CsvReader reader(text, options_.delimiter, scratch);
  RETURN_IF_ERROR(read_header(reader));
  if (options_.declared.empty()) {
    infer_columns();
  } else {
    RETURN_IF_ERROR(take_declared_columns());
  }
  RETURN_IF_ERROR(find_key());
  RETURN_IF_ERROR(fill_columns());
  drop_unused_room();
  report_.rows = table_.rows;
  return std::move(table_);
}

Status CsvLoader::read_header(CsvReader& reader) {
  const auto row = reader.next();
  if (!row)
    return fail(ErrorKind::failed,
                fmt::format("{} is empty: a first line with the names of the columns was expected",
                            options_.path));
  header_line_ = row->line;
  if (!row->fault.empty())
    return fail(ErrorKind::failed, fmt::format("{}: in the header, {}", at_header(), row->fault));
  for (const CsvField& field : row->fields) {
    const size_t number = header_.size() + 1;
    if (field.text.empty())
      return fail(ErrorKind::failed, fmt::format("{}: column {} has no name", at_header(), number));
    if (!is_utf8(field.text))
      return fail(ErrorKind::failed, fmt::format("{}: the name of column {} is not valid UTF-8: {}",
                                                 at_header(), number, quoted(field.text)));
    const auto same = std::find(header_.begin(), header_.end(), field.text);
    if (same != header_.end())
      return fail(ErrorKind::failed,
                  fmt::format("{}: columns {} and {} are both named {}", at_header(),
                              same - header_.begin() + 1, number, quoted(field.text)));
    header_.emplace_back(field.text);
  }
  return {};
}

Status CsvLoader::take_declared_columns() {
  for (const ColumnDef& column : options_.declared) {
    const auto found = std::find(header_.begin(), header_.end(), column.name);
    if (found == header_.end())
      return fail(ErrorKind::usage,
                  fmt::format("{}: there is no column {}.{}", at_header(), quoted(column.name),
                              did_you_mean(column.name, header_)));
    if (!can_read_from_text(column.type))
      return fail(ErrorKind::usage,
                  fmt::format("the column {} of {} cannot be of type {}: declare it as text",
                              quoted(column.name), options_.path, sql_name(column.type)));
    table_.schema.push_back(column);
    fields_.push_back(static_cast<size_t>(found - header_.begin()));
  }
  return {};
}

void CsvLoader::infer_columns() {
  std::vector<TypeInference> types(header_.size());
  Arena scratch;
  CsvReader reader(table_.file.view(), options_.delimiter, scratch);
  (void)reader.next();  // The header.
  while (const auto row = reader.next()) {
    if (!fault(*row)) {
      for (size_t i = 0; i < types.size(); ++i) {
        const CsvField& field = row->fields[i];
        if (field.quoted || !field.text.empty()) types[i].add(field.text);
      }
    }
    scratch.reset();
  }
  for (size_t i = 0; i < types.size(); ++i) {
    table_.schema.push_back({header_[i], types[i].type(), false});
    fields_.push_back(i);
  }
}

Status CsvLoader::find_key() {
  const auto named = [&](const ColumnDef& column) { return column.name == options_.key; };
  const auto found = std::find_if(table_.schema.begin(), table_.schema.end(), named);
  if (found == table_.schema.end()) {
    const bool in_file = std::find(header_.begin(), header_.end(), options_.key) != header_.end();
    if (in_file)
      return fail(ErrorKind::usage,
                  fmt::format("the key {} of {} is not among the declared columns",
                              quoted(options_.key), options_.path));
    return fail(ErrorKind::usage,
                fmt::format("{}: there is no column {} to be the key.{}", at_header(),
                            quoted(options_.key), did_you_mean(options_.key, header_)));
  }
  if (!FlatIndex::can_index(found->type))
    return fail(ErrorKind::usage,
                fmt::format("the key {} of {} is of type {}, but a key must be text, int or "
                            "bigint: declare the columns",
                            quoted(options_.key), options_.path, sql_name(found->type)));
  table_.key = static_cast<uint32_t>(found - table_.schema.begin());
  return {};
}

Status CsvLoader::fill_columns() {
  const std::string_view text = table_.file.view();
  const size_t room = most_rows(text, header_.size());
  if (room >= std::numeric_limits<uint32_t>::max())
    return fail(ErrorKind::failed,
                fmt::format("{} has more lines than a catalogue can have rows", options_.path));
  for (const ColumnDef& column : table_.schema)
    table_.columns.emplace_back(column.type).reset(room);
  table_.index.emplace(room);

  CsvReader reader(text, options_.delimiter, table_.unquoted);
  (void)reader.next();  // The header.
  bool any = false;
  std::optional<std::string> cut_off;  // What is wrong with the last row, if that looks like a cut.
  while (const auto row = reader.next()) {
    any = true;
    cut_off = fault(*row);
    if (cut_off) *cut_off = fmt::format("{}: {}", lines(*row), *cut_off);
    RETURN_IF_ERROR(add_row(*row));
  }
  // Half a catalogue would load, and the plays of the other half would match nothing.
  if (cut_off && !text.ends_with('\n') && !text.ends_with('\r'))
    return fail(ErrorKind::failed,
                fmt::format("{} ends in the middle of a row, as if it were cut off: {}",
                            options_.path, *cut_off));
  if (!any)
    return fail(ErrorKind::failed, fmt::format("{} has a header but no rows", options_.path));
  if (table_.rows == 0) {
    const bool bad = report_.bad_rows.count > 0;
    return fail(
        ErrorKind::failed,
        fmt::format("{} has no row that can be used; the first: {}", options_.path,
                    bad ? report_.bad_rows.first[0] : report_.empty_keys.first[0] + " has no key"));
  }
  return {};
}

// Writes the row behind those that are kept, and keeps it if nothing speaks against that.
Status CsvLoader::add_row(const CsvRow& row) {
  const auto at = static_cast<uint32_t>(table_.rows);
  auto wrong = fault(row);
  if (!wrong) wrong = fill(row, at);
  if (wrong) {
    note(report_.bad_rows, [&] { return fmt::format("{}: {}", lines(row), *wrong); });
    return {};
  }
  const Column& keys = table_.columns[table_.key];
  if (keys.is_null(at) || (keys.type() == Type::text && keys.get<std::string_view>(at).empty())) {
    note(report_.empty_keys, [&] { return lines(row); });
    return {};
  }
  const uint32_t same = table_.index->find_or_add(keys, at);
  if (same == FlatIndex::kNoRow) {
    ++table_.rows;
    first_line_.push_back(row.line);
    return {};
  }
  if (options_.duplicate_key == DuplicateKey::error)
    return fail(
        ErrorKind::failed,
        fmt::format("{}:{}: the key {} stands on line {} already, and duplicate_key is 'error'",
                    options_.path, row.line, key_text(at), first_line_[same]));
  note(report_.duplicate_keys, [&] {
    return fmt::format("{}: {} stands on line {} already", lines(row), key_text(at),
                       first_line_[same]);
  });
  if (options_.duplicate_key == DuplicateKey::last) {
    CHECK(!fill(row, same));
    first_line_[same] = row.line;
  }
  return {};
}

std::optional<std::string> CsvLoader::fault(const CsvRow& row) const {
  if (!row.fault.empty()) return std::string(row.fault);
  if (row.fields.size() != header_.size())
    return fmt::format("{} {} where the header has {}", row.fields.size(),
                       row.fields.size() == 1 ? "field" : "fields", header_.size());
  if (all_utf8_) return std::nullopt;
  for (size_t i = 0; i < row.fields.size(); ++i)
    if (!is_utf8(row.fields[i].text))
      return fmt::format("column {} is not valid UTF-8: {}", quoted(header_[i]),
                         quoted(row.fields[i].text));
  return std::nullopt;
}

std::optional<std::string> CsvLoader::fill(const CsvRow& row, size_t at) {
  for (size_t i = 0; i < fields_.size(); ++i) {
    const CsvField& field = row.fields[fields_[i]];
    Column& column = table_.columns[i];
    const ColumnDef& declared = table_.schema[i];
    if (field.text.empty() && !field.quoted) {
      if (declared.not_null)
        return fmt::format("column {} is empty, but it must have a value", quoted(declared.name));
      column.set_null(at);
    } else if (!set_from_text(column, at, field.text)) {
      return fmt::format("column {} is {}, which {} cannot hold", quoted(declared.name),
                         quoted(field.text), sql_name(declared.type));
    }
  }
  return std::nullopt;
}

void CsvLoader::drop_unused_room() {
  for (Column& column : table_.columns) column = first_rows(column, table_.rows);
}

std::string CsvLoader::key_text(uint32_t row) const {
  const Column& keys = table_.columns[table_.key];
  switch (keys.type()) {
    case Type::int32:
      return std::to_string(keys.get<int32_t>(row));
    case Type::int64:
      return std::to_string(keys.get<int64_t>(row));
    default:
      return quoted(keys.get<std::string_view>(row));
  }
}

std::string CsvLoader::at_header() const {
  return fmt::format("{}:{}", options_.path, header_line_);
}

}  // namespace turntable
