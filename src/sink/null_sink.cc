#include "sink/null_sink.h"

#include <algorithm>
#include <utility>

namespace turntable {

Status NullSink::submit(RowBatches& rows) {
  taken_.resize(std::max(taken_.written.size(), rows.tables.size()));
  for (uint32_t table = 0; table < rows.tables.size(); ++table)
    taken_.add(table, rows.tables[table], 0, rows.tables[table].size());
  rows_ += rows.size();
  rows.clear();
  return {};
}

Result<Acks> NullSink::reap(Millis) {
  reported_.clear();
  std::swap(reported_, taken_);
  rows_ = 0;
  return Acks{.written = reported_.written, .refused = {}, .deleted = reported_.deleted};
}

}  // namespace turntable
