// A sink that keeps nothing: for measuring all that comes before, and for trying a pipeline out.
#pragma once

#include "sink/sink.h"

namespace turntable {

// Acknowledges every row at once. It has as many tables as it is given rows of.
class NullSink final : public Sink {
 public:
  [[nodiscard]] Status submit(RowBatches& rows) override;
  [[nodiscard]] bool full() const override { return false; }
  [[nodiscard]] Result<Acks> reap(Millis wait) override;
  [[nodiscard]] size_t in_flight() const override { return rows_; }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return "nowhere"; }

 private:
  TakenRows taken_;     // Since the last reap().
  TakenRows reported_;  // What the last reap() gave out.
  size_t rows_ = 0;     // Of taken_.
};

}  // namespace turntable
