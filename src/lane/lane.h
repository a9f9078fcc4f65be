// A lane: one thread, one loop, from the source to the stores. Read this first.
//
// A lane owns its source, its decoder, its enricher, its stores, its ledger and its dead letters;
// there is no queue and no lock inside. It polls a batch, takes it to the end, hands rows to the
// stores, collects acknowledgements, and stores positions that have no unfinished record before
// them.
//
// What it has in hand is kept by four helpers: HeldRecords (the records' bytes), Stores (rows that
// wait for a flush), LetterQueue (faults and dead letters) and PositionKeeper. The ledger says of
// each record from which INSERTs an outcome is awaited.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "base/stop.h"
#include "decode/decoder.h"
#include "decode/run_census.h"
#include "delivery/accounting.h"
#include "delivery/dead_letters.h"
#include "delivery/held_records.h"
#include "delivery/ledger.h"
#include "delivery/letter_queue.h"
#include "delivery/reject_breaker.h"
#include "delivery/write_times.h"
#include "enrich/enricher.h"
#include "lane/lane_view.h"
#include "lane/phase_times.h"
#include "lane/position_keeper.h"
#include "lane/recent_rows.h"
#include "lane/stores.h"
#include "row/tombstones.h"
#include "sink/sink.h"
#include "source/source.h"

namespace turntable {

struct LaneOptions {
  // When each store is flushed, by its number; the last one counts for those behind it.
  std::vector<FlushOptions> flush = {{}};
  size_t poll_records = 500;    // Taken from the source at once.
  double max_reject_ratio = 1;  // Above it, the lane finishes and stops; 1: never.
  WriteTimeRule write_times = WriteTimeRule::none;
  Tombstones tombstones = Tombstones::dead_letter;
  Millis drain_bound{5'000};       // How long a revoke waits for acknowledgements.
  Backoff::Options retry_backoff;  // Between tries to make dead letters or positions durable.
  // Lanes of one process that have not finished. A lane that has finished stays in its group until
  // they all have: a member that leaves while the others are still joining makes them join again,
  // and may leave unheard. Null: it is alone.
  std::shared_ptr<std::atomic<unsigned>> unfinished_lanes;
  // Called on the lane's thread before rows go to a store.
  std::function<void(const Sink& store, size_t rows)> on_flush;
  // Shared by the lanes of a run: what they say once about the fields of events. Null: nothing.
  std::shared_ptr<RunCensus> census;
  // By INSERT: the form of rows that people may see. Empty: nobody looks.
  std::vector<ShownForm> shown;
};

// Of records that are read and not settled: their bytes are held (delivery/held_records.h), and
// with large records and small rows they would be far more than flush_bytes. Above it, rows are
// flushed and nothing is read. The same holds for rows that wait for a store which is away.
inline constexpr size_t kHeldBytesLimit = size_t{64} << 20;

// The parts of a lane but for its source, which needs the lane to listen to its assignments.
struct LaneParts {
  std::unique_ptr<Decoder> decoder;
  std::unique_ptr<Enricher> enricher;
  std::vector<std::unique_ptr<Sink>> stores;
  std::unique_ptr<DeadLetters> dead_letters;
  std::vector<RowTarget> targets = {{}};  // By INSERT. The default: one, into the only table.
  // Of several stores: positions that one of them had when it was alone. A partition is read from
  // there on where the source's commit lies behind it. Once the source has committed where it
  // begins, which is before the first record, `forget` is called, on the lane's thread.
  std::map<PartitionId, Position> positions_before = {};
  std::function<Status()> forget_positions_before = {};
};

class Lane final : public AssignmentListener {
 public:
  // `stop` and `clock` outlive the lane.
  Lane(LaneOptions options, LaneParts parts, const StopToken& stop, const Clock& clock);

  // Runs until the source's end, a stop, or a failure. Leaves nothing in flight unless it failed.
  // Once. The source lives as long as the lane.
  [[nodiscard]] Status run(std::unique_ptr<Source> source);

  // Thread-safe. What others may know of it: as it was when the last turn of its loop ended, and
  // after run() as it ended.
  [[nodiscard]] LaneFigures figures() const { return view_.read(); }
  // The names of its stores, by their number in the figures.
  [[nodiscard]] std::vector<std::string> store_names() const { return stores_.names(); }

  // Thread-safe. The counters as they are at this moment, between two turns too: for tests.
  [[nodiscard]] Counts counts() const { return accounting_.read(); }
  [[nodiscard]] Counts counts(size_t insert) const { return accounting_.read(insert); }
  // After run().
  [[nodiscard]] uint64_t in_flight() const { return ledger_.in_flight(); }
  [[nodiscard]] uint64_t in_flight(size_t insert) const { return ledger_.in_flight(insert); }
  [[nodiscard]] const std::map<PartitionId, Position>& positions() const {
    return positions_.stored();
  }
  [[nodiscard]] FieldCensus census() const { return decoder_->census(); }

  // From the source, inside poll().
  void on_assigned(std::span<const PartitionId> partitions) override;
  void on_revoked(std::span<const PartitionId> partitions, bool lost) override;
  void on_passed(PartitionId partition, Offset next) override;
  [[nodiscard]] bool keeps_positions() const override { return positions_.are_beside_rows(); }
  [[nodiscard]] std::optional<Position> kept_position(PartitionId partition) const override {
    const auto before = positions_before_.find(partition);
    return before == positions_before_.end() ? positions_.kept(partition) : before->second;
  }
  [[nodiscard]] std::string store_ids() const override { return stores_.ids(); }
  void on_write_time(PartitionId partition, int64_t last_us) override {
    write_times_.start_above(partition, last_us);
  }

 private:
  // One record's way, in lane.cc.
  [[nodiscard]] Status work();
  [[nodiscard]] Status loop();
  [[nodiscard]] Result<bool> read();
  [[nodiscard]] Result<RecordBatch> fetch(size_t room, Millis wait);
  void decode(RecordBatch records);
  void transform();
  [[nodiscard]] size_t enrich_some();
  [[nodiscard]] bool enrich_first(size_t records);
  [[nodiscard]] const HeldRecords::Batch& enter(RecordBatch batch);
  void forget_untransformed(std::span<const PartitionId> partitions);
  void say_of_fields();
  [[nodiscard]] Status forget_positions_before();
  void settle_filtered();
  void take_tombstones();
  void settle_skipped();
  void reject(size_t records);
  [[nodiscard]] Status flush_what_is_due();
  [[nodiscard]] Status flush(Store& store);
  [[nodiscard]] Status collect(Millis wait);
  void settle(Store& store, const Acks& acks);
  void settle(std::span<const Origin> origins, size_t insert, Outcome outcome);
  void refuse(const Store& store, std::span<const Acks::Refused> rows);
  [[nodiscard]] Status flush_letters(bool now);
  [[nodiscard]] Status store_positions();

  // How it waits and ends, in lane_waits.cc.
  [[nodiscard]] bool holds_too_much() const;
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

  // What it shows, in lane_figures.cc.
  void publish(LaneState state, bool last = false);
  [[nodiscard]] std::shared_ptr<const LaneDetails> details(bool last) const;
  void note_read(const RecordBatch& batch);

  const LaneOptions options_;
  const std::unique_ptr<Decoder> decoder_;
  const std::unique_ptr<Enricher> enricher_;
  std::unique_ptr<Source> source_;
  std::map<PartitionId, Position> positions_before_;  // As in LaneParts.
  std::function<Status()> forget_positions_before_;
  const StopToken& stop_;
  const Clock& clock_;

  Ledger ledger_;
  Accounting accounting_;
  WriteTimes write_times_;
  HeldRecords held_;
  Stores stores_;
  LetterQueue letters_;
  PositionKeeper positions_;
  RejectBreaker rejects_breaker_;  // Of records, as they are read.

  std::optional<SteadyTime> blocked_since_;
  Status revoke_status_;                 // What went wrong inside a revoke; returned from the loop.
  std::optional<Error> source_failure_;  // It cannot go on: what it gave is being finished.

  // The batch that is being transformed. It is done at once, unless what its expressions make takes
  // too much memory: then its records go in parts, with flushes between them.
  const HeldRecords::Batch* batch_ = nullptr;
  Selection left_;          // Those of its records that are not yet enriched.
  size_t part_ = SIZE_MAX;  // So many are tried at once.

  // Scratch of transform(), kept for its memory.
  Selection alive_;
  Selection deleted_;
  std::vector<Origin> filtered_;
  Selection tombstones_;
  std::vector<Origin> skipped_;  // Tombstones that are passed over.
  Rejects rejects_;
  std::vector<uint8_t> rejected_rows_;

  // What is shown and kept nowhere else.
  LaneView view_;
  int64_t lag_ = -1;
  LaneTimes times_;
  uint64_t turns_ = 0;
  PhaseTimes phases_;
  Latencies latencies_;
  BatchSizes batches_;
  BatchSizes flushes_;
  RecentRows recent_rows_;
  std::vector<int64_t> last_record_ms_;  // By partition.
  int64_t last_record_us_ = 0;
  int64_t last_write_us_ = 0;
  uint64_t assigned_ = 0;
  uint64_t revoked_ = 0;
  uint64_t rebalances_ = 0;
  std::shared_ptr<const LaneDetails> details_;
  SteadyTime details_due_{};
};

}  // namespace turntable
