// Results as text: the four formats.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/row_stream.h"

namespace turntable {

enum class RowFormat {
  table,   // As cqlsh prints it when its output is no terminal.
  csv,     // RFC 4180 with a header; NULL is an empty field, the empty text is "".
  json,    // An array of objects.
  ndjson,  // An object a line.
};

// "table", "csv", "json", "ndjson".
[[nodiscard]] std::optional<RowFormat> row_format_from_name(std::string_view name);

// Where text goes. An error where it takes no more.
using TextOutput = std::function<Status(std::string_view)>;

// One result: begin() once, rows() for each page, end() once.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  [[nodiscard]] virtual Status begin(const std::vector<ResultColumn>& columns) = 0;
  [[nodiscard]] virtual Status rows(const ResultPage& page) = 0;
  [[nodiscard]] virtual Status end() = 0;
};

// A table's columns are as wide as their widest value, so that rows are held back until all are
// known, or until they are kTableBytesLimit: then what is held is printed, and the widths can only
// grow.
inline constexpr size_t kTableBytesLimit = size_t{64} << 20;

[[nodiscard]] std::unique_ptr<RowWriter> make_row_writer(
    RowFormat format, TextOutput out, size_t table_bytes_limit = kTableBytesLimit);

}  // namespace turntable
