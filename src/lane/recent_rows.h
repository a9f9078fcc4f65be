// The last rows that became durable, as text for people.
//
// Rows are made into text when they are handed to a store, a few of them several times a second,
// and are shown once the store has taken them.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "base/clock.h"
#include "lane/lane_view.h"
#include "row/row_batch.h"
#include "row/types.h"

namespace turntable {

// How the rows of an INSERT are read back.
struct ShownForm {
  Schema columns;  // Of its table, in the order of the rows' cells.
  TimeUnit times = TimeUnit::micros;
};

// One lane's. One thread.
class RecentRows {
 public:
  // `forms`: by INSERT; empty: nothing is shown. The clock outlives this.
  RecentRows(std::span<const ShownForm> forms, const Clock& clock);

  // The rows of these INSERTs, by table, go to their store.
  void submitted(std::span<const size_t> inserts, const RowBatches& rows);
  // Rows of the INSERT are durable.
  void written(size_t insert, std::span<const Origin> origins) {
    if (!waiting_.empty()) show(insert, origins);
  }

  // The newest first.
  [[nodiscard]] const std::deque<ShownRow>& shown() const { return shown_; }

 private:
  struct Waiting {
    Origin origin;
    ShownRow row;
  };
  void show(size_t insert, std::span<const Origin> origins);

  const std::span<const ShownForm> forms_;
  const Clock& clock_;
  SteadyTime due_{};
  std::vector<Waiting> waiting_;
  std::deque<ShownRow> shown_;
};

}  // namespace turntable
