// A lane: one thread, one loop, from the source to the sink. Read this first.
//
// A lane owns its source, its decoder, its enricher, its sink, its ledger and its dead letters;
// there is no queue and no lock inside. It polls a batch, takes it to the end, hands rows to the
// sink, collects acknowledgements, and stores positions that have no unfinished record before them.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "base/stop.h"
#include "decode/decoder.h"
#include "decode/run_census.h"
#include "delivery/accounting.h"
#include "delivery/dead_letters.h"
#include "delivery/ledger.h"
#include "delivery/reject_breaker.h"
#include "delivery/write_times.h"
#include "enrich/enricher.h"
#include "sink/sink.h"
#include "source/source.h"

namespace turntable {

struct LaneOptions {
  // How long an unfilled batch waits; 0: not at all, unless the sink is busy (then a moment).
  Millis flush_interval{1000};
  size_t flush_rows = 10'000;            // A batch is full at so many rows
  size_t flush_bytes = size_t{8} << 20;  // or bytes.
  size_t poll_records = 500;             // Taken from the source at once.
  double max_reject_ratio = 1;           // Above it, the lane finishes and stops; 1: never.
  WriteTimeRule write_times = WriteTimeRule::none;
  Millis drain_bound{5'000};       // How long a revoke waits for acknowledgements.
  Backoff::Options retry_backoff;  // Between tries to make dead letters or positions durable.
  // Lanes of one process that have not finished. A lane that has finished stays in its group until
  // they all have: a member that leaves while the others are still joining makes them join again,
  // and may leave unheard. Null: it is alone.
  std::shared_ptr<std::atomic<unsigned>> unfinished_lanes;
  std::function<void(size_t rows)>
      on_flush;        // Called on the lane's thread before rows go to the sink.
  // Shared by the lanes of a run: what they say once about the fields of events. Null: nothing.
  std::shared_ptr<RunCensus> census;
};

// Of records that are read and not settled: their bytes are held (see Held), and with large records
// and small rows they would be far more than flush_bytes. Above it, rows are flushed and nothing is
// read.
inline constexpr size_t kHeldBytesLimit = size_t{64} << 20;

// The parts of a lane but for its source, which needs the lane to listen to its assignments.
struct LaneParts {
  std::unique_ptr<Decoder> decoder;
  std::unique_ptr<Enricher> enricher;
  std::unique_ptr<Sink> sink;
  std::unique_ptr<DeadLetters> dead_letters;
};

// Moments that the statistics are made of; set by the lane, read after run() has returned.
struct LaneTimes {
  std::optional<SteadyTime> first_poll;
  std::optional<SteadyTime> first_record;
  std::optional<SteadyTime> last_outcome;  // When the last record's outcome became durable.
};

class Lane final : public AssignmentListener {
 public:
  // `stop` and `clock` outlive the lane.
  Lane(LaneOptions options, LaneParts parts, const StopToken& stop, const Clock& clock);

  // Runs until the source's end, a stop, or a failure. Leaves nothing in flight unless it failed.
  // Once. The source lives as long as the lane.
  [[nodiscard]] Status run(std::unique_ptr<Source> source);

  // Thread-safe while the lane runs.
  [[nodiscard]] Counts counts() const { return accounting_.read(); }
  [[nodiscard]] int64_t lag() const { return lag_.load(std::memory_order_relaxed); }
  // Records that its source lost before they were read.
  [[nodiscard]] int64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  // After run().
  [[nodiscard]] uint64_t in_flight() const { return ledger_.in_flight(); }
  [[nodiscard]] const LaneTimes& times() const { return times_; }
  [[nodiscard]] const std::map<PartitionId, Position>& positions() const { return stored_; }
  [[nodiscard]] FieldCensus census() const { return parts_.decoder->census(); }

  // From the source, inside poll().
  void on_assigned(std::span<const PartitionId> partitions) override;
  void on_revoked(std::span<const PartitionId> partitions, bool lost) override;
  void on_passed(PartitionId partition, Offset next) override;
  [[nodiscard]] bool keeps_positions() const override { return parts_.sink->keeps_positions(); }
  [[nodiscard]] std::optional<Position> kept_position(PartitionId partition) const override {
    return parts_.sink->kept_position(partition);
  }
  void on_write_time(PartitionId partition, int64_t last_us) override {
    write_times_.start_above(partition, last_us);
  }

 private:
  [[nodiscard]] Status work();
  [[nodiscard]] Status loop();
  [[nodiscard]] Result<bool> read();
  void transform(RecordBatch batch);
  void say_of_fields();
  void keep(const RecordBatch& batch, const Reject& reject, const Origin& origin);
  void refuse(std::span<const Acks::Refused> rows);
  void release();
  [[nodiscard]] bool holds_too_much() const;
  [[nodiscard]] bool rows_full() const;
  [[nodiscard]] SteadyTime flush_at() const;
  [[nodiscard]] bool flush_due() const;
  [[nodiscard]] Status flush();
  [[nodiscard]] Accompaniment positions_with_rows();
  [[nodiscard]] Position with_write_time(Position position) const;
  [[nodiscard]] Status collect(Millis wait);
  [[nodiscard]] Status flush_dead_letters();
  [[nodiscard]] Status letters_still_there();
  [[nodiscard]] bool moved_past_letters() const;
  void let_go_of_letters(PartitionId partition, Offset next);
  void settle(const Acks& acks);
  void gather_moved();
  [[nodiscard]] Status store_positions();
  [[nodiscard]] Result<bool> keep_positions();
  void note_write_times(std::span<const PartitionId> partitions);
  [[nodiscard]] bool blocked() const;
  [[nodiscard]] Status wait_blocked();
  [[nodiscard]] Status keep_alive();
  [[nodiscard]] Status wait_idle();
  [[nodiscard]] Status drain(SteadyTime deadline);
  [[nodiscard]] bool settled() const;
  [[nodiscard]] Status finish();
  void say_waiting() const;
  [[nodiscard]] Status stop_for_rejects();
  [[nodiscard]] Status stop_for_source(const Error& error);
  [[nodiscard]] Result<bool> given_more_to_read();

  // A record that did not become a row, until its dead letter is durable.
  struct Kept {
    Origin origin;
    Offset offset = 0;
    bool unmatched = false;
  };

  // A batch whose bytes are kept until all its records are settled: the sink may still refuse a
  // row, and its dead letter carries the record as it came.
  struct Held {
    RecordBatch batch;
    std::vector<Origin> origins;
    size_t bytes = 0;    // Of its records.
    size_t settled = 0;  // The first so many records are.
  };

  const LaneOptions options_;
  LaneParts parts_;
  std::unique_ptr<Source> source_;
  const StopToken& stop_;
  const Clock& clock_;

  Ledger ledger_;
  WriteTimes write_times_;
  RowBatch rows_;           // Not yet handed to the sink.
  SteadyTime rows_since_;   // When the first of rows_ came.
  std::vector<Kept> kept_;  // Dead letters that are not durable yet.
  SteadyTime kept_since_;
  // Durable dead letters without a stored position behind them: the last one of each partition.
  std::map<PartitionId, Offset> letters_ahead_;
  bool letters_in_doubt_ = false;  // Whether those are still there could not be found out.
  SteadyTime letters_ask_at_{};
  RejectBreaker breaker_;   // Of records, as they are read.
  RejectBreaker refusals_;  // Of rows, as the sink settles them: many at a time.
  Retry letters_retry_;
  Retry positions_retry_;
  std::optional<SteadyTime> blocked_since_;
  Status revoke_status_;                 // What went wrong inside a revoke; returned from the loop.
  std::optional<Error> source_failure_;  // It cannot go on: what it gave is being finished.

  std::deque<Held> held_;
  size_t held_bytes_ = 0;                           // The sum of theirs.
  std::vector<std::vector<Origin>> spare_origins_;  // Of released batches, for their memory.

  // Scratch of transform(), kept for its memory.
  Selection alive_;
  Rejects rejects_;

  Accounting accounting_;
  std::atomic<int64_t> lag_{-1};
  std::atomic<int64_t> lost_{0};
  LaneTimes times_;
  std::vector<Position> moved_;             // Positions that are not with the source yet.
  std::map<PartitionId, Position> stored_;  // And those that are.
};

}  // namespace turntable
