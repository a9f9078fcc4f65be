// A sink for people: every batch as an aligned, untruncated table, as Spark's console shows it.
// Where rows of several tables go to it, each table's are a batch of their own that names the
// table. A batch with deletions has a first column without a name, which says which rows they are.
#pragma once

#include "base/output.h"
#include "sink/sink.h"

namespace turntable {

// A row counts as written when the output has taken it. One whose reader stops reading is waited
// for as a store that is away: the lane reads nothing more, and stays a member of its group.
class ConsoleSink final : public Sink {
 public:
  struct Table {
    std::string name;
    Schema columns;
  };
  // The tables by their number; at least one. The output outlives the sink, and is for all lanes.
  ConsoleSink(std::vector<Table> tables, Output& out);

  // An error where the output takes no more: a closed pipe, a full disk. The rows are what was
  // asked for, so that this ends the run.
  [[nodiscard]] Status submit(RowBatches& rows) override;
  [[nodiscard]] bool full() const override { return waiting_.size() > 0; }
  [[nodiscard]] Result<Acks> reap(Millis wait) override;
  [[nodiscard]] size_t in_flight() const override { return waiting_.size() + taken_.size(); }
  [[nodiscard]] int wait_fd() const override { return -1; }
  [[nodiscard]] std::string name() const override { return "the console"; }

 private:
  [[nodiscard]] Status hand_over(Millis wait);

  std::vector<Table> tables_;
  Output& out_;
  uint64_t batches_ = 0;
  TakenRows waiting_;   // For the output's reader.
  TakenRows taken_;     // Since the last reap().
  TakenRows reported_;  // What the last reap() gave out.
};

}  // namespace turntable
