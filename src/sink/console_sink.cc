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

std::string drawn(const Schema& columns, const RowBatch& rows) {
  std::vector<std::string> cells;  // Row after row, the header first.
  std::vector<size_t> widths;
  for (const ColumnDef& column : columns) {
    cells.push_back(printable(column.name, kUntruncated));
    widths.push_back(display_width(cells.back()));
  }
  for (size_t row = 0; row < rows.size(); ++row) {
    CellReader reader(rows.row(row));
    for (size_t i = 0; i < columns.size(); ++i) {
      // Control characters could move the cursor or forge lines.
      cells.push_back(printable(cell_text(reader.next(), columns[i].type), kUntruncated));
      widths[i] = std::max(widths[i], display_width(cells.back()));
    }
  }
  const std::string line = rule(widths);
  std::string out = line;
  append_line(out, cells.data(), widths);
  out += line;
  for (size_t row = 1; row <= rows.size(); ++row)
    append_line(out, &cells[row * columns.size()], widths);
  return out + line;
}

}  // namespace

ConsoleSink::ConsoleSink(std::vector<Table> tables, Output& out)
    : tables_(std::move(tables)),
      out_(out),
      waiting_(tables_.size()),
      written_(tables_.size()),
      reported_(tables_.size()) {}

size_t ConsoleSink::size_of(const Origins& tables) {
  size_t rows = 0;
  for (const std::vector<Origin>& origins : tables) rows += origins.size();
  return rows;
}

Status ConsoleSink::submit(RowBatches& rows) {
  CHECK(!full() && rows.tables.size() <= tables_.size());
  if (rows.empty()) return {};
  const std::string bar(43, '-');
  for (size_t i = 0; i < rows.tables.size(); ++i) {
    const RowBatch& batch = rows.tables[i];
    if (batch.empty()) continue;
    const std::string of =
        tables_.size() == 1 ? "" : ", " + printable(tables_[i].name, kUntruncated);
    out_.add(fmt::format("{0}\nBatch: {1}{2}\n{0}\n{3}\n", bar, batches_++, of,
                         drawn(tables_[i].columns, batch)));
    waiting_[i].insert(waiting_[i].end(), batch.origins.begin(), batch.origins.end());
  }
  rows.clear();
  return hand_over(Millis(0));
}

Status ConsoleSink::hand_over(Millis wait) {
  if (size_of(waiting_) == 0) return {};
  Result<bool> all = out_.hand_over(wait);
  if (!all)
    return tl::unexpected<Error>(
        std::move(all.error()).with(fmt::format("{} rows are not shown", size_of(waiting_))));
  if (!*all) return {};
  for (size_t i = 0; i < waiting_.size(); ++i) {
    written_[i].insert(written_[i].end(), waiting_[i].begin(), waiting_[i].end());
    waiting_[i].clear();
  }
  return {};
}

Result<Acks> ConsoleSink::reap(Millis wait) {
  RETURN_IF_ERROR(hand_over(wait));
  for (std::vector<Origin>& origins : reported_) origins.clear();
  std::swap(reported_, written_);
  return Acks{.written = reported_, .refused = {}};
}

}  // namespace turntable
