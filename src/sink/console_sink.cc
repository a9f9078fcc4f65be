#include "sink/console_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "row/cell.h"
#include "row/composite.h"

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
  const bool has_deletions = !rows.kinds.empty();
  std::vector<std::string> cells;  // Row after row, the header first.
  std::vector<size_t> widths;
  const auto begin_row = [&](std::string_view kind) {
    if (has_deletions) cells.emplace_back(kind);
  };
  begin_row("");
  for (const ColumnDef& column : columns) cells.push_back(printable(column.name, kUntruncated));
  const size_t width = cells.size();
  for (size_t row = 0; row < rows.size(); ++row) {
    begin_row(rows.kind(row) == RowKind::deletion ? "delete" : "");
    CellReader reader(rows.row(row));
    // Control characters could move the cursor or forge lines.
    for (const ColumnDef& column : columns)
      cells.push_back(printable(value_text(reader.next(), column), kUntruncated));
  }
  widths.resize(width);
  for (size_t i = 0; i < cells.size(); ++i)
    widths[i % width] = std::max(widths[i % width], display_width(cells[i]));
  const std::string line = rule(widths);
  std::string out = line;
  append_line(out, cells.data(), widths);
  out += line;
  for (size_t row = 1; row <= rows.size(); ++row) append_line(out, &cells[row * width], widths);
  return out + line;
}

}  // namespace

ConsoleSink::ConsoleSink(std::vector<Table> tables, Output& out)
    : tables_(std::move(tables)),
      out_(out),
      waiting_(tables_.size()),
      taken_(tables_.size()),
      reported_(tables_.size()) {}

Status ConsoleSink::submit(RowBatches& rows) {
  CHECK(!full() && rows.tables.size() <= tables_.size());
  if (rows.empty()) return {};
  const std::string bar(43, '-');
  for (uint32_t i = 0; i < rows.tables.size(); ++i) {
    const RowBatch& batch = rows.tables[i];
    if (batch.empty()) continue;
    const std::string of =
        tables_.size() == 1 ? "" : ", " + printable(tables_[i].name, kUntruncated);
    out_.add(fmt::format("{0}\nBatch: {1}{2}\n{0}\n{3}\n", bar, batches_++, of,
                         drawn(tables_[i].columns, batch)));
    waiting_.add(i, batch, 0, batch.size());
  }
  rows.clear();
  return hand_over(Millis(0));
}

Status ConsoleSink::hand_over(Millis wait) {
  if (waiting_.size() == 0) return {};
  Result<bool> all = out_.hand_over(wait);
  if (!all)
    return tl::unexpected<Error>(
        std::move(all.error()).with(fmt::format("{} rows are not shown", waiting_.size())));
  if (!*all) return {};
  taken_.append(waiting_);
  waiting_.clear();
  return {};
}

Result<Acks> ConsoleSink::reap(Millis wait) {
  RETURN_IF_ERROR(hand_over(wait));
  reported_.clear();
  std::swap(reported_, taken_);
  return Acks{.written = reported_.written, .refused = {}, .deleted = reported_.deleted};
}

}  // namespace turntable
