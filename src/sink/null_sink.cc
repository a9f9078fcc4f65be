#include "sink/null_sink.h"

namespace turntable {

Status NullSink::submit(RowBatch& rows) {
  taken_.insert(taken_.end(), rows.origins.begin(), rows.origins.end());
  rows.clear();
  return {};
}

Result<Acks> NullSink::reap(Millis) {
  reported_.clear();
  std::swap(reported_, taken_);
  return Acks{.written = reported_, .refused = {}};
}

}  // namespace turntable
