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
#include <vector>

#include "base/check.h"
#include "base/fuzz_input.h"
#include "base/number_form.h"
#include "base/text.h"
#include "catalogue/catalogue.h"
#include "catalogue/csv_reader.h"
#include "catalogue/key_form.h"
#include "row/arena.h"
#include "sql/value_text.h"

namespace turntable {
namespace {

struct ReadField {
  std::string text;
  bool quoted = false;
  bool operator==(const ReadField&) const = default;
  [[nodiscard]] bool is_null() const { return text.empty() && !quoted; }
};
using ReadRow = std::vector<ReadField>;

struct Reading {
  std::vector<ReadRow> rows;  // Those without a fault.
  size_t faults = 0;
};

Reading read(std::string_view text, char delimiter) {
  Reading reading;
  Arena arena;
  CsvReader reader(text, delimiter, arena);
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

std::string written(const std::vector<ReadRow>& rows, char delimiter) {
  std::string text;
  for (const ReadRow& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += delimiter;
      if (!row[i].quoted) {
        text += row[i].text;
        continue;
      }
      text += '"';
      for (const char c : row[i].text) text.append(c == '"' ? 2 : 1, c);
      text += '"';
    }
    text += "\r\n";
  }
  return text;
}

void check_reader(std::string_view text, char delimiter) {
  const Reading reading = read(text, delimiter);
  std::string again_text = written(reading.rows, delimiter);
  // A mark at the beginning would be taken for the text's.
  if (again_text.starts_with("\xEF\xBB\xBF")) again_text.insert(0, "\xEF\xBB\xBF");
  const Reading again = read(again_text, delimiter);
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
std::map<std::string, const ReadRow*> expected_rows(const Reading& reading, size_t key, Type type,
                                                    DuplicateKey rule) {
  std::map<std::string, const ReadRow*> rows;
  for (size_t i = 1; i < reading.rows.size(); ++i) {
    const ReadRow& row = reading.rows[i];
    if (row.size() != reading.rows[0].size() || !all_utf8(row) || row[key].is_null()) continue;
    if (rule == DuplicateKey::last) {
      rows[key_of(type, row[key].text)] = &row;
    } else {
      rows.emplace(key_of(type, row[key].text), &row);
    }
  }
  return rows;
}

// Every row of the table is the one that the file has for its key; the index finds it.
void check_table(const Catalogue& table, size_t key_column, const Reading& reading,
                 DuplicateKey rule) {
  const Column& keys = table.columns()[key_column];
  Selection all;
  for (uint32_t row = 0; row < table.rows(); ++row) all.push_back(row);
  std::vector<uint32_t> matches(table.rows());
  KeyForm form({keys.type()});
  const Column* const parts[] = {&keys};
  table.indexes()[0].find(form.of(parts, all), all, matches);
  const auto expected = expected_rows(reading, key_column, keys.type(), rule);
  size_t found_rows = 0;
  for (const uint32_t row : all) {
    // A later one took its place.
    if (matches[row] != row) {
      CHECK(rule == DuplicateKey::last && matches[row] > row && matches[row] < table.rows());
      continue;
    }
    ++found_rows;
    const auto found = expected.find(key_of(keys, row));
    CHECK(found != expected.end());
    for (size_t i = 0; i < table.columns().size(); ++i) {
      const Column& column = table.columns()[i];
      const ReadField& field = (*found->second)[i];
      CHECK(column.is_null(row) == field.is_null());
      if (!column.is_null(row)) check_inferred(column, row, field.text);
    }
  }
  CHECK(found_rows == expected.size());
}

void check_loader(std::string_view text, CatalogueOptions options, bool declared) {
  const MemoryFile file(text);
  options.path = file.path();
  const Reading reading = read(text, options.delimiter);
  const bool has_header = !reading.rows.empty();
  constexpr size_t kKey = 0;
  options.key = has_header ? reading.rows[0][kKey].text : "a";
  if (declared && has_header)
    for (const ReadField& field : reading.rows[0])
      options.declared.push_back({field.text, Type::text, false});
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
  const LoadReport::Index& index = report.indexes.at(0);
  const size_t rows = reading.rows.size() + reading.faults - 1;
  CHECK(report.rows +
            (options.duplicate_key == DuplicateKey::last ? index.duplicate_keys.count : 0) ==
        loaded->catalogue->rows());
  CHECK(report.rows + report.bad_rows.count + index.empty_keys.count +
            index.duplicate_keys.count ==
        rows);
  CHECK(index.failed_keys.count == 0);
  CHECK(is_utf8(report.text("songs", options)));
  check_table(*loaded->catalogue, kKey, reading, options.duplicate_key);
  LoadReport report_in_parts = in_parts->report;
  report_in_parts.seconds = report.seconds;
  CHECK(report_in_parts.text("songs", options) == report.text("songs", options));
  CHECK(in_parts->catalogue->rows() == loaded->catalogue->rows());
  check_table(*in_parts->catalogue, kKey, reading, options.duplicate_key);
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
  const std::string_view text = input.rest();
  check_reader(text, options.delimiter);
  check_loader(text, options, declared);
  return 0;
}
