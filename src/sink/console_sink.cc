#include "sink/console_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "row/cell.h"

namespace turntable {
namespace {

constexpr size_t kUntruncated = std::numeric_limits<size_t>::max();

std::string rule(const std::vector<size_t>& widths) {
  std::string out = "+";
  for (const size_t width : widths) out.append(width, '-').push_back('+');
  return out + "\n";
}

void append_line(std::string& out, const std::string* cells, const std::vector<size_t>& widths) {
  out.push_back('|');
  for (size_t i = 0; i < widths.size(); ++i) {
    out += cells[i];
    out.append(widths[i] - display_width(cells[i]), ' ').push_back('|');
  }
  out.push_back('\n');
}

}  // namespace

ConsoleSink::ConsoleSink(Schema columns, Output& out) : columns_(std::move(columns)), out_(out) {}

std::string ConsoleSink::table(const RowBatch& rows) const {
  std::vector<std::string> cells;  // Row after row, the header first.
  std::vector<size_t> widths;
  for (const ColumnDef& column : columns_) {
    cells.push_back(printable(column.name, kUntruncated));
    widths.push_back(display_width(cells.back()));
  }
  for (size_t row = 0; row < rows.size(); ++row) {
    CellReader reader(rows.row(row));
    for (size_t i = 0; i < columns_.size(); ++i) {
      // Control characters could move the cursor or forge lines.
      cells.push_back(printable(cell_text(reader.next(), columns_[i].type), kUntruncated));
      widths[i] = std::max(widths[i], display_width(cells.back()));
    }
  }
  const std::string line = rule(widths);
  std::string out = line;
  append_line(out, cells.data(), widths);
  out += line;
  for (size_t row = 1; row <= rows.size(); ++row)
    append_line(out, &cells[row * columns_.size()], widths);
  return out + line;
}

Status ConsoleSink::submit(RowBatch& rows) {
  CHECK(!full());
  if (rows.empty()) return {};
  const std::string bar(43, '-');
  out_.add(fmt::format("{0}\nBatch: {1}\n{0}\n{2}\n", bar, batches_++, table(rows)));
  waiting_.insert(waiting_.end(), rows.origins.begin(), rows.origins.end());
  rows.clear();
  return hand_over(Millis(0));
}

Status ConsoleSink::hand_over(Millis wait) {
  if (waiting_.empty()) return {};
  Result<bool> all = out_.hand_over(wait);
  if (!all)
    return tl::unexpected<Error>(
        std::move(all.error()).with(fmt::format("{} rows are not shown", waiting_.size())));
  if (!*all) return {};
  written_.insert(written_.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  return {};
}

Result<Acks> ConsoleSink::reap(Millis wait) {
  RETURN_IF_ERROR(hand_over(wait));
  reported_.clear();
  std::swap(reported_, written_);
  return Acks{.written = reported_, .refused = {}};
}

}  // namespace turntable
