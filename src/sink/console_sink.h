// A sink for people: every batch as an aligned, untruncated table, as Spark's console shows it.
#pragma once

#include "base/output.h"
#include "sink/sink.h"

namespace turntable {

// A row counts as written when the output has taken it. One whose reader stops reading is waited
// for as a store that is away: the lane reads nothing more, and stays a member of its group.
class ConsoleSink final : public Sink {
 public:
  // The output outlives the sink, and is for all lanes.
  ConsoleSink(Schema columns, Output& out);

  // An error where the output takes no more: a closed pipe, a full disk. The rows are what was
  // asked for, so that this ends the run.
  [[nodiscard]] Status submit(RowBatch& rows) override;
  [[nodiscard]] bool full() const override { return !waiting_.empty(); }
  [[nodiscard]] Result<Acks> reap(Millis wait) override;
  [[nodiscard]] size_t in_flight() const override { return waiting_.size() + written_.size(); }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return "the console"; }

 private:
  [[nodiscard]] std::string table(const RowBatch& rows) const;
  [[nodiscard]] Status hand_over(Millis wait);

  Schema columns_;
  Output& out_;
  uint64_t batches_ = 0;
  std::vector<Origin> waiting_;   // For the output's reader.
  std::vector<Origin> written_;   // Since the last reap().
  std::vector<Origin> reported_;  // What the last reap() gave out.
};

}  // namespace turntable
