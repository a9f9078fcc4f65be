// A sink for people: every batch as an aligned, untruncated table, as Spark's console shows it.
#pragma once

#include <cstdio>

#include "sink/sink.h"

namespace turntable {

// A row counts as written when the stream has been flushed.
class ConsoleSink final : public Sink {
 public:
  // The stream must outlive the sink, which does not close it.
  explicit ConsoleSink(Schema columns, std::FILE* out = stdout);

  // An error where the stream takes no more: a closed pipe, a full disk.
  [[nodiscard]] Status submit(RowBatch& rows) override;
  [[nodiscard]] bool full() const override { return false; }
  [[nodiscard]] Result<Acks> reap(Millis wait) override;
  [[nodiscard]] size_t in_flight() const override { return written_.size(); }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return "the console"; }

 private:
  [[nodiscard]] std::string table(const RowBatch& rows) const;

  Schema columns_;
  std::FILE* out_;
  uint64_t batches_ = 0;
  std::vector<Origin> written_;   // Since the last reap().
  std::vector<Origin> reported_;  // What the last reap() gave out.
};

}  // namespace turntable
