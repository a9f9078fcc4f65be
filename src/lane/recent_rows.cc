#include "lane/recent_rows.h"

#include <algorithm>
#include <utility>

#include "base/micros.h"
#include "row/cell.h"

namespace turntable {
namespace {

// So often rows are taken from what goes to a store, …
constexpr Millis kTakeEvery{250};
// … so many at a time of each table. Those that no store takes are forgotten at the next time.
constexpr size_t kTakenLimit = 5;
constexpr size_t kShownValueLimit = 200;  // Bytes of one value.

std::optional<std::string> text_of(CellView cell, Type type, TimeUnit unit) {
  if (cell.is_null()) return std::nullopt;
  std::string text;
  if ((type == Type::timestamp || type == Type::timestamptz) && unit == TimeUnit::millis) {
    std::string micros;
    append_int64_cell(micros, cell.int64() * 1000);
    text = cell_text(CellReader(micros).next(), type);
  } else {
    text = cell_text(cell, type);
  }
  if (text.size() <= kShownValueLimit) return text;
  size_t end = kShownValueLimit;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

RecentRows::RecentRows(std::span<const ShownForm> forms, const Clock& clock)
    : forms_(forms), clock_(clock) {}

void RecentRows::submitted(std::span<const size_t> inserts, const RowBatches& rows) {
  if (forms_.empty() || clock_.now() < due_) return;
  due_ = clock_.now() + kTakeEvery;
  waiting_.clear();
  for (size_t table = 0; table < inserts.size(); ++table) {
    const RowBatch& batch = rows.tables[table];
    const ShownForm& form = forms_[inserts[table]];
    const size_t begin = batch.size() - std::min(batch.size(), kTakenLimit);
    for (size_t i = begin; i < batch.size(); ++i) {
      if (batch.kind(i) != RowKind::write) continue;
      Waiting& one = waiting_.emplace_back();
      one.origin = batch.origins[i];
      one.row.insert = inserts[table];
      CellReader cells(batch.row(i));
      for (const ColumnDef& column : form.columns)
        one.row.values.push_back(text_of(cells.next(), column.type, form.times));
    }
  }
}

void RecentRows::show(size_t insert, std::span<const Origin> origins) {
  const int64_t now_us = micros_of(clock_.wall());
  for (const Origin& origin : origins) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& one) {
      return one.row.insert == insert && one.origin.ticket == origin.ticket &&
             one.origin.partition == origin.partition && one.origin.epoch == origin.epoch;
    });
    if (found == waiting_.end()) continue;
    found->row.time_us = now_us;
    shown_.push_front(std::move(found->row));
    waiting_.erase(found);
    if (shown_.size() > kShownRowsLimit) shown_.pop_back();
    if (waiting_.empty()) return;
  }
}

}  // namespace turntable
