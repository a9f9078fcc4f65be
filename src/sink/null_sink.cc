#include "sink/null_sink.h"

#include <algorithm>
#include <utility>

namespace turntable {

Status NullSink::submit(RowBatches& rows) {
  taken_.resize(std::max(taken_.size(), rows.tables.size()));
  for (size_t table = 0; table < rows.tables.size(); ++table) {
    const std::vector<Origin>& origins = rows.tables[table].origins;
    taken_[table].insert(taken_[table].end(), origins.begin(), origins.end());
    rows_ += origins.size();
  }
  rows.clear();
  return {};
}

Result<Acks> NullSink::reap(Millis) {
  for (std::vector<Origin>& origins : reported_) origins.clear();
  std::swap(reported_, taken_);
  rows_ = 0;
  return Acks{.written = reported_, .refused = {}};
}

}  // namespace turntable
