#include "row/cell.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

#include "base/check.h"

namespace turntable {

void append_cell(std::string& out, const Column& column, size_t row, int32_t absent) {
  if (column.is_null(row)) return append_null_cell(out, absent);
  switch (column.type()) {
    case Type::boolean:
      return append_bool_cell(out, column.get<uint8_t>(row) != 0);
    case Type::int32:
      return append_int32_cell(out, column.get<int32_t>(row));
    case Type::int64:
      return append_int64_cell(out, column.get<int64_t>(row));
    case Type::float32:
      return append_float32_cell(out, column.get<float>(row));
    case Type::float64:
      return append_float64_cell(out, column.get<double>(row));
    case Type::text:
    case Type::bytes:
    case Type::jsonb:
      return append_view_cell(out, column.get<std::string_view>(row));
    case Type::timestamp: {
      // Microseconds become milliseconds, rounded down also before 1970.
      const int64_t micros = column.get<int64_t>(row);
      return append_int64_cell(out, micros / 1000 - (micros % 1000 < 0 ? 1 : 0));
    }
  }
}

CellView CellReader::next() {
  CHECK(rest_.size() >= 4);
  const auto length = static_cast<int32_t>(read_be32(rest_.data()));
  rest_.remove_prefix(4);
  if (length < 0) return CellView();
  CHECK(rest_.size() >= static_cast<size_t>(length));
  const CellView cell(rest_.substr(0, static_cast<size_t>(length)));
  rest_.remove_prefix(static_cast<size_t>(length));
  return cell;
}

std::string cell_text(CellView cell, Type type) {
  if (cell.is_null()) return "null";
  switch (type) {
    case Type::boolean:
      return cell.boolean() ? "true" : "false";
    case Type::int32:
      return fmt::to_string(cell.int32());
    case Type::int64:
      return fmt::to_string(cell.int64());
    case Type::float32:
      return fmt::to_string(cell.float32());
    case Type::float64:
      return fmt::to_string(cell.float64());
    case Type::text:
    case Type::jsonb:
      return std::string(cell.bytes());
    case Type::bytes: {
      std::string out = "0x";
      for (const char byte : cell.bytes()) out += fmt::format("{:02x}", static_cast<uint8_t>(byte));
      return out;
    }
    case Type::timestamp: {
      const int64_t millis = cell.int64();
      const int64_t seconds = millis / 1000 - (millis % 1000 < 0 ? 1 : 0);
      return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                         fmt::gmtime(static_cast<std::time_t>(seconds)),
                         (millis % 1000 + 1000) % 1000);
    }
  }
  return "";
}

}  // namespace turntable
