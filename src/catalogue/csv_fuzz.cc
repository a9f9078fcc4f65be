// Any bytes as a CSV file. What the reader finds can be written and read again and is the same;
// what the loader makes of it accounts for every row, finds every key, holds every value that stood
// there, and infers no type that would change one.
//
// An input is a byte of flags and the file.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/fuzz_input.h"
#include "base/fuzz_json.h"
#include "base/json_text.h"
#include "base/number_form.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "catalogue/csv_reader.h"
#include "catalogue/key_form.h"
#include "catalogue/type_inference.h"
#include "row/arena.h"
#include "row/array.h"
#include "sql/value_text.h"

namespace turntable {
namespace {

struct ReadField {
  std::string text;
  bool quoted = false;
  bool operator==(const ReadField&) const = default;
};
using ReadRow = std::vector<ReadField>;

struct Reading {
  std::vector<ReadRow> rows;  // Those without a fault.
  size_t faults = 0;
};

Reading read(std::string_view text, const CsvDialect& dialect) {
  Reading reading;
  Arena arena;
  CsvReader reader(text, dialect, arena);
  uint64_t last_line = 0;
  while (const auto row = reader.next()) {
    CHECK(row->line > last_line && row->last_line >= row->line);
    last_line = row->last_line;
    CHECK(row->fault.empty() != row->fields.empty());
    if (!row->fault.empty()) {
      ++reading.faults;
      continue;
    }
    ReadRow& fields = reading.rows.emplace_back();
    for (const CsvField& field : row->fields)
      fields.push_back({std::string(field.text), field.quoted});
  }
  CHECK(last_line <= text.size() + 1);
  return reading;
}

// By the dialect's own way where it has one.
std::string written(const std::vector<ReadRow>& rows, const CsvDialect& dialect) {
  std::string text;
  for (const ReadRow& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += dialect.delimiter;
      if (!row[i].quoted) {
        text += row[i].text;
        continue;
      }
      text += '"';
      for (const char c : row[i].text) {
        if (c == '"' || c == dialect.escape) text += dialect.escape.value_or('"');
        text += c;
      }
      text += '"';
    }
    text += "\r\n";
  }
  return text;
}

void check_reader(std::string_view text, const CsvDialect& dialect) {
  const Reading reading = read(text, dialect);
  std::string again_text = written(reading.rows, dialect);
  // A mark at the beginning would be taken for the text's.
  if (again_text.starts_with("\xEF\xBB\xBF")) again_text.insert(0, "\xEF\xBB\xBF");
  const Reading again = read(again_text, dialect);
  CHECK(again.faults == 0 && again.rows == reading.rows);
}

// A file without a name, so that many fuzzers can run in one folder.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : number_(::memfd_create("csv", MFD_CLOEXEC)) {
    CHECK(number_ >= 0);
    CHECK(::write(number_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { ::close(number_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(number_); }

 private:
  int number_;
};

// A value of a column whose type was inferred, compared with how it stood in the file.
void check_inferred(const Column& column, size_t row, const std::string& text) {
  switch (column.type()) {
    case Type::boolean:
      CHECK(text == (column.get<uint8_t>(row) != 0 ? "true" : "false"));
      return;
    case Type::int32:
      CHECK(text == std::to_string(column.get<int32_t>(row)));
      return;
    case Type::int64:
      CHECK(text == std::to_string(column.get<int64_t>(row)));
      return;
    case Type::float64: {
      const double value = column.get<double>(row);
      CHECK(number_form(text) != NumberForm::none);
      CHECK(sql::parse_float64(text).value == value);
      // An integer among fractions is still that integer.
      if (number_form(text) == NumberForm::integer && text != "-0") {
        const auto whole = sql::parse_int64(text).value;
        // long double holds every bigint.
        CHECK(whole && static_cast<long double>(value) == static_cast<long double>(*whole));
      }
      return;
    }
    default:
      CHECK(column.type() == Type::text && column.get<std::string_view>(row) == text);
  }
}

bool all_utf8(const ReadRow& row) {
  return std::all_of(row.begin(), row.end(),
                     [](const ReadField& field) { return is_utf8(field.text); });
}

// What the file is for the loader, found out again.
struct FileModel {
  CatalogueOptions options;
  std::vector<ReadRow> rows;       // Without the header.
  size_t fields = 0;               // Of a row.
  bool may_lack_last = false;      // The header ends with a delimiter.
  std::vector<std::string> names;  // Of the columns that can be asked for,
  std::vector<size_t> field_of;    // and where they are.

  [[nodiscard]] bool is_null(const ReadField& field, Type type) const {
    if (field.text.empty() && !field.quoted) return true;
    const auto& nulls = options.nulls;
    return std::find(nulls.begin(), nulls.end(), field.text) != nulls.end() &&
           (!field.quoted || type != Type::text);
  }
  // A row counts where each of its columns has a value of its type. Types that were inferred take
  // all values of rows that are UTF-8.
  [[nodiscard]] bool counts(const ReadRow& row, const Schema& schema) const {
    if (row.size() != fields && !(may_lack_last && row.size() + 1 == fields)) return false;
    for (size_t i = 0; i < names.size(); ++i) {
      const ReadField& field = row[field_of[i]];
      if (is_null(field, schema[i].type)) continue;
      if (!is_utf8(field.text)) return false;
      Column column(schema[i].type);
      column.reset(1);
      Arena made;
      if (!all_utf8(row) && !set_from_text(column, 0, field.text, made)) return false;
    }
    return true;
  }
};

FileModel model_of(const Reading& reading, CatalogueOptions options) {
  FileModel model{.options = std::move(options), .rows = reading.rows};
  if (reading.rows.empty()) return model;
  const ReadRow first = reading.rows[0];
  model.fields = first.size();
  if (!model.options.has_header) {
    for (size_t i = 0; i < first.size(); ++i) {
      model.names.push_back("c" + std::to_string(i));
      model.field_of.push_back(i);
    }
    return model;
  }
  model.rows.erase(model.rows.begin());
  model.may_lack_last = first.size() > 1 && first.back().text.empty();
  for (size_t i = 0; i < first.size(); ++i) {
    const std::string& name = first[i].text;
    const auto same = std::count_if(first.begin(), first.end(),
                                    [&](const ReadField& other) { return other.text == name; });
    if (name.empty() || !is_utf8(name) || same > 1) continue;
    model.names.push_back(name);
    model.field_of.push_back(i);
  }
  return model;
}

std::string fraction_key(double value) {
  return std::to_string(std::bit_cast<int64_t>(value == 0 ? 0.0 : value));
}

// Equal keys of a column have the same text here. As the file has the key:
std::string key_of(Type type, const std::string& text) {
  if (type != Type::float64) return text;
  const auto value = sql::parse_float64(text).value;
  CHECK(value.has_value());
  return fraction_key(*value);
}
// And as the column has it:
std::string key_of(const Column& keys, size_t row) {
  switch (keys.type()) {
    case Type::boolean:
      return keys.get<uint8_t>(row) != 0 ? "true" : "false";
    case Type::int32:
      return std::to_string(keys.get<int32_t>(row));
    case Type::int64:
      return std::to_string(keys.get<int64_t>(row));
    case Type::float64:
      return fraction_key(keys.get<double>(row));
    default:
      return std::string(keys.get<std::string_view>(row));
  }
}

// What the table must hold by its texts: the last or the first row of each key, computed again.
std::map<std::string, const ReadRow*> expected_rows(const FileModel& model, const Schema& schema,
                                                    size_t key) {
  std::map<std::string, const ReadRow*> rows;
  const Type type = schema[key].type;
  for (const ReadRow& row : model.rows) {
    if (!model.counts(row, schema)) continue;
    const ReadField& field = row[model.field_of[key]];
    if (model.is_null(field, type)) continue;
    if (model.options.duplicate_key == DuplicateKey::last) {
      rows[key_of(type, field.text)] = &row;
    } else {
      rows.emplace(key_of(type, field.text), &row);
    }
  }
  return rows;
}

// Every row of the table is the one that the file has for its key; the index finds it.
void check_table(const Catalogue& table, size_t key_column, const FileModel& model) {
  const Column& keys = table.columns()[key_column];
  Selection all;
  for (uint32_t row = 0; row < table.rows(); ++row) all.push_back(row);
  std::vector<uint32_t> matches(table.rows());
  KeyForm form({keys.type()});
  const Column* const parts[] = {&keys};
  table.indexes()[0].find(form.of(parts, all), all, matches);
  const auto expected = expected_rows(model, table.schema(), key_column);
  size_t found_rows = 0;
  for (const uint32_t row : all) {
    // A later one took its place.
    if (matches[row] != row) {
      CHECK(model.options.duplicate_key == DuplicateKey::last && matches[row] > row &&
            matches[row] < table.rows());
      continue;
    }
    ++found_rows;
    const auto found = expected.find(key_of(keys, row));
    CHECK(found != expected.end());
    for (size_t i = 0; i < table.columns().size(); ++i) {
      const Column& column = table.columns()[i];
      const ReadField& field = (*found->second)[model.field_of[i]];
      CHECK(column.is_null(row) == model.is_null(field, column.type()));
      if (!column.is_null(row)) check_inferred(column, row, field.text);
    }
  }
  CHECK(found_rows == expected.size());
}

std::string cell_of(const Column& column) {
  std::string cell;
  append_cell(cell, column, 0);
  return cell;
}

// The cell of what the text is for a column of the type; nothing where it is no value of it.
std::optional<std::string> value_of(Type type, std::string_view text) {
  Column column(type);
  column.reset(1);
  Arena made;
  if (!set_from_text(column, 0, text, made)) return std::nullopt;
  CHECK(!column.is_null(0));
  return cell_of(column);
}

// As PostgreSQL writes an array, with all elements in quotes.
std::string array_text(std::string_view array, Type element) {
  std::string text = "{";
  for (ArrayReader elements(array); !elements.done();) {
    if (text.size() > 1) text += ',';
    const CellView one = elements.next();
    if (one.is_null()) {
      text += "NULL";
      continue;
    }
    text += '"';
    for (const char c : cell_text(one, element)) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

// A value that is shown and read again is the same value.
void check_values(std::string_view text) {
  for (const Type type : {Type::int16, Type::numeric, Type::date, Type::time, Type::timestamp,
                          Type::timestamptz, Type::uuid}) {
    const auto cell = value_of(type, text);
    if (cell) CHECK(value_of(type, cell_text(CellReader(*cell).next(), type)) == cell);
    const auto array = value_of(array_of(type), text);
    if (array)
      CHECK(value_of(array_of(type), array_text(CellReader(*array).next().bytes(), type)) == array);
  }
  const auto texts = value_of(array_of(Type::text), text);
  if (texts)
    CHECK(value_of(array_of(Type::text),
                   array_text(CellReader(*texts).next().bytes(), Type::text)) == texts);
  (void)value_of(Type::bytes, text);
  // The judge has no bound on the depth, and reads no number that no double can hold.
  const JsonOpinion opinion = JsonJudge::opinion_of(text);
  if (!opinion.overflow && std::count_if(text.begin(), text.end(), [](char c) {
                             return c == '[' || c == '{';
                           }) <= kJsonTextDepthLimit)
    CHECK(is_json(text) == opinion.is_json);
}

void check_loader(std::string_view text, CatalogueOptions options, bool declared) {
  const MemoryFile file(text);
  options.path = file.path();
  const Reading reading = read(text, {.delimiter = options.delimiter, .escape = options.escape});
  FileModel model = model_of(reading, options);
  constexpr size_t kKey = 0;
  options.key = model.names.empty() ? "a" : model.names[kKey];
  if (declared || !options.has_header)
    for (const std::string& name : model.names)
      options.declared.push_back({name, Type::text, false});
  const auto loaded = load_csv_catalogue(options);
  // However small the parts are, they are the same whole.
  options.part_bytes = 1 + text.size() % 7;
  const auto in_parts = load_csv_catalogue(options);
  CHECK(in_parts.has_value() == loaded.has_value());
  if (!loaded) {
    CHECK(in_parts.error().message == loaded.error().message);
    CHECK(!loaded.error().message.empty() && is_utf8(loaded.error().message));
    return;
  }
  const LoadReport& report = loaded->report;
  CHECK(!model.names.empty());
  const LoadReport::Index& index = report.indexes.at(0);
  const size_t rows = model.rows.size() + reading.faults;
  CHECK(report.rows +
            (options.duplicate_key == DuplicateKey::last ? index.duplicate_keys.count : 0) ==
        loaded->catalogue->rows());
  CHECK(report.rows + report.bad_rows.count + index.empty_keys.count + index.duplicate_keys.count ==
        rows);
  CHECK(index.failed_keys.count == 0);
  CHECK(is_utf8(report.text("songs", options)));
  check_table(*loaded->catalogue, kKey, model);
  CHECK(loaded->catalogue->indexes()[0].left_out().unknown() <= report.bad_rows.count);
  LoadReport report_in_parts = in_parts->report;
  report_in_parts.seconds = report.seconds;
  CHECK(report_in_parts.text("songs", options) == report.text("songs", options));
  CHECK(in_parts->catalogue->rows() == loaded->catalogue->rows());
  check_table(*in_parts->catalogue, kKey, model);
}

}  // namespace
}  // namespace turntable

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  FuzzInput input(data, size);
  const uint8_t flags = input.byte();
  CatalogueOptions options;
  options.delimiter = ",;\t|"[flags & 3];
  options.duplicate_key = static_cast<DuplicateKey>((flags >> 2) % 3);
  const bool declared = (flags & 0x10) != 0;
  if ((flags & 0x20) != 0) options.escape = '\\';
  if ((flags & 0x40) != 0) options.nulls = {"NA", "\\N", ""};
  options.has_header = (flags & 0x80) == 0;
  options.max_left_out_ratio = 1;
  const std::string_view text = input.rest();
  check_reader(text, {.delimiter = options.delimiter, .escape = options.escape});
  check_loader(text, options, declared);
  check_values(text);
  return 0;
}
