// Any bytes as the result of a CQL query: column types as a server names them, cells of any length.
// Every format takes them: JSON is JSON, CSV has its fields, a table its lines; bytes that do not
// fit their type are shown and not trusted. Numbers are compared with other ways to compute them.
//
// An input is types with commas between them and a line break behind them, and then cells: a byte
// that says how long one is, and its bytes. Everything else is filled up with NULL.
#include <bit>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/fuzz_input.h"
#include "base/fuzz_json.h"
#include "base/text.h"
#include "query/row_writer.h"
#include "query/value_text.h"
#include "row/cell.h"

namespace turntable {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr size_t kColumnsLimit = 6;
constexpr size_t kRowsLimit = 8;
constexpr uint8_t kNull = 0xFF;
constexpr uint8_t kWholeRest = 0xFE;

struct Table {
  std::vector<ResultColumn> columns;
  std::string cells;
  size_t rows = 0;
};

// Commas inside of <…> belong to a type.
std::vector<ResultColumn> columns_of(std::string_view text) {
  std::vector<ResultColumn> columns;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size() && columns.size() < kColumnsLimit; ++i) {
    const char c = i < text.size() ? text[i] : ',';
    depth += c == '<' ? 1 : c == '>' ? -1 : 0;
    if (c != ',' || (depth > 0 && i < text.size())) continue;
    const std::string type(text.substr(begin, i - begin));
    // The name comes from the server too.
    columns.push_back({.name = "c " + type, .type = type});
    begin = i + 1;
  }
  return columns;
}

void append_cell(FuzzInput& input, std::string& cells) {
  const uint8_t length = input.done() ? kNull : input.byte();
  if (length == kNull) return append_null_cell(cells);
  append_view_cell(cells, length == kWholeRest ? input.rest() : input.bytes(length));
}

Table table_of(FuzzInput& input) {
  Table table{.columns = columns_of(input.until('\n')), .cells = {}, .rows = 0};
  while (!input.done() && table.rows < kRowsLimit) {
    for (size_t i = 0; i < table.columns.size(); ++i) append_cell(input, table.cells);
    ++table.rows;
  }
  return table;
}

std::string written(const Table& table, RowFormat format, size_t held_bytes) {
  std::string text;
  const auto writer = make_row_writer(
      format,
      [&text](std::string_view piece) {
        text += piece;
        return Status();
      },
      held_bytes);
  CHECK(writer->begin(table.columns));
  CHECK(writer->rows({.cells = table.cells, .rows = table.rows}));
  CHECK(writer->end());
  return text;
}

void check_json(const Table& table) {
  const JsonOpinion array = JsonJudge::opinion_of(written(table, RowFormat::json, 0));
  CHECK(array.overflow || (array.is_json && array.value.is_array()));
  CHECK(array.overflow || array.value.size() == table.rows);
  const std::string lines = written(table, RowFormat::ndjson, 0);
  size_t row = 0;
  for (size_t begin = 0; begin < lines.size(); ++row) {
    const size_t end = lines.find('\n', begin);
    CHECK(end != std::string::npos);
    const JsonOpinion object =
        JsonJudge::opinion_of(std::string_view(lines).substr(begin, end - begin));
    begin = end + 1;
    if (object.overflow) continue;
    CHECK(object.is_json && object.value.is_object());
    CHECK(object.value.size() == table.columns.size());
    CHECK(array.overflow || object.value == array.value[row]);
  }
  CHECK(row == table.rows);
}

// Fields and rows, counted from the quotes alone.
void check_csv(const Table& table) {
  const std::string text = written(table, RowFormat::csv, 0);
  bool quoted = false;
  size_t fields = 0;
  size_t rows = 0;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == ',') ++fields;
    if (c != '\n') continue;
    ++rows;
    CHECK(fields + 1 == table.columns.size());
    fields = 0;
  }
  CHECK(!quoted && rows == table.rows + 1);
}

void check_table(const Table& table) {
  const std::string text = written(table, RowFormat::table, kTableBytesLimit);
  CHECK(text.ends_with("\n(" + std::to_string(table.rows) + " rows)\n"));
  (void)written(table, RowFormat::table, 16);
}

// A value of a type of fixed size, by another way than through bytes.
void check_number(const CqlType& type, CellView cell) {
  using Kind = CqlType::Kind;
  const std::string text = plain_text(type, cell);
  const size_t size = cell.bytes().size();
  if (type.kind == Kind::varint && size >= 1 && size <= 16) {
    // 128 bits from the bytes, and their decimal digits by division.
    Wide value = static_cast<int8_t>(cell.bytes()[0]) < 0 ? ~Wide{0} : Wide{0};
    for (const char byte : cell.bytes()) value = value << 8 | static_cast<uint8_t>(byte);
    const bool negative = value >> 127 != 0;
    Wide left = negative ? -value : value;
    std::string digits;
    do {
      digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(left % 10)));
      left /= 10;
    } while (left != 0);
    CHECK(text == (negative ? "-" : "") + digits);
  }
  if (type.kind == Kind::double_ && size == 8 && text.back() != 'N' && text.back() != 'y')
    CHECK(std::bit_cast<uint64_t>(std::strtod(text.c_str(), nullptr)) ==
          std::bit_cast<uint64_t>(cell.float64()));
  if (type.kind == Kind::bigint && size == 8) CHECK(text == std::to_string(cell.int64()));
  if (type.kind == Kind::blob) CHECK(text.size() == 2 + 2 * size);
}

void check_cells(const Table& table) {
  CellReader reader(table.cells);
  for (size_t i = 0; !reader.done(); ++i) {
    const CqlType type = parse_cql_type(table.columns[i % table.columns.size()].type);
    const CellView cell = reader.next();
    if (cell.is_null()) continue;
    check_number(type, cell);
    CHECK(is_utf8(cqlsh_text(type, cell)) && is_utf8(plain_text(type, cell)));
  }
}

}  // namespace
}  // namespace turntable

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  FuzzInput input(data, size);
  const Table table = table_of(input);
  check_json(table);
  check_csv(table);
  check_table(table);
  check_cells(table);
  return 0;
}
