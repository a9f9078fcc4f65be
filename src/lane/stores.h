// The stores of a lane, each with the rows that wait for its next flush.
//
// Each store is flushed by itself, when its rows are many or old enough and it takes them. While
// one of several is away the others go on, and its rows wait in batches of the usual size, until
// they or the records behind them take too much memory; then the lane reads no more. The batches
// are flushed one after the other: what a store acknowledges of the first is settled, however much
// waits.
#pragma once

#include <poll.h>

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delivery/reject_breaker.h"
#include "sink/sink.h"

namespace turntable {

// When the rows of a store go.
struct FlushOptions {
  // How long an unfilled batch waits; 0: not at all, unless the sink is busy (then a moment).
  Millis interval{1000};
  size_t rows = 10'000;            // A batch is full at so many rows
  size_t bytes = size_t{8} << 20;  // or bytes.
};

// Where the rows of an INSERT go.
struct RowTarget {
  size_t store = 0;
  uint32_t table = 0;  // Its number in the store.
};

struct Store {
  Store(std::unique_ptr<Sink> its_sink, const FlushOptions& its_flush)
      : sink(std::move(its_sink)), name(sink->name()), flush(its_flush) {}

  const std::unique_ptr<Sink> sink;
  const std::string name;
  const FlushOptions flush;
  // What is handed to the sink next: the oldest batch.
  [[nodiscard]] RowBatches& next_batch() {
    return full_batches.empty() ? rows : full_batches.front();
  }
  [[nodiscard]] bool has_rows() const { return !full_batches.empty() || !rows.empty(); }

  std::vector<size_t> inserts;  // By table: whose rows it takes.
  // Not yet handed to the sink. A batch that is full stands aside when others come, while another
  // store goes on. Where there is one store alone all its rows go at once, for the positions that
  // may go with them are behind all of them.
  std::deque<RowBatches> full_batches;
  size_t full_bytes = 0;
  RowBatches rows;          // Behind them.
  SteadyTime rows_since{};  // When the first of `rows` came.
  // By table: of its rows, as the sink settles them, many at a time.
  std::vector<RejectBreaker> refusals;
  // Since when it has had rows and has reported nothing of them.
  std::optional<SteadyTime> silent_since;
};

// One lane's. One thread, but for names().
class Stores {
 public:
  struct Options {
    // By store; the last one counts for those behind it.
    std::vector<FlushOptions> flush = {{}};
    double max_refused_ratio = 1;
    // So many records are asked for at least, however few rows a batch lacks.
    size_t least_room = 1;
  };
  // `targets`: by INSERT. The clock outlives this.
  Stores(std::vector<std::unique_ptr<Sink>> sinks, std::vector<RowTarget> targets, Options options,
         const Clock& clock);

  [[nodiscard]] std::deque<Store>& all() { return stores_; }
  [[nodiscard]] const std::deque<Store>& all() const { return stores_; }
  // The one that keeps positions beside its rows; null where there are several, or it keeps none.
  [[nodiscard]] Sink* position_store() const;
  [[nodiscard]] int64_t highest_write_time() const;
  // Of those that have one, with commas between them.
  [[nodiscard]] std::string ids() const;

  // For the rows of the next batch of so many records, by INSERT. Valid until the next submit().
  [[nodiscard]] std::span<RowBatch* const> rows_by_insert(size_t records);

  // So many records make a full batch with the rows that are there, and no batch more than full.
  [[nodiscard]] size_t room() const;
  // So many rows that they go whether or not others come: those of one record more may be too many.
  [[nodiscard]] bool rows_full(const Store& store) const;
  // When rows that do not fill a batch have waited long enough.
  [[nodiscard]] SteadyTime flush_at(const Store& store) const;
  // `hurry`: however few they are.
  [[nodiscard]] bool flush_due(const Store& store, bool hurry) const;
  // When the first of those that take rows is to be flushed; nothing where none is.
  [[nodiscard]] std::optional<SteadyTime> next_flush() const;
  // Hands the oldest batch to the sink.
  [[nodiscard]] Status submit(Store& store);

  // No store takes the rows that wait for it.
  [[nodiscard]] bool all_full(bool hurry) const;
  // The most that waits for one store.
  [[nodiscard]] size_t most_bytes() const;
  // The largest batch that one of them asks for.
  [[nodiscard]] size_t most_flush_bytes() const;
  // Rows that stores have taken and not reported.
  [[nodiscard]] size_t in_flight() const;

  // Waits up to `wait` for outcomes, and calls `settle(store, acks)` for each store.
  template <class Settle>
  [[nodiscard]] Status collect(Millis wait, Settle settle) {
    wait = wait_for_each(wait);
    for (size_t number = 0; number < stores_.size(); ++number) {
      Store& store = stores_[number];
      ASSIGN_OR_RETURN(const Acks acks,
                       store.sink->reap(store.sink->in_flight() > 0 ? wait : Millis(0)));
      note_silence(number, acks);
      settle(store, acks);
    }
    return {};
  }

  [[nodiscard]] Status give_back(std::span<const PartitionId> partitions);

  // For poll(2): readable where a store has something to report.
  void add_descriptors(std::vector<pollfd>& descriptors) const;

  // The first table whose refusals say that it takes nothing that the pipeline makes.
  struct Tripped {
    const Store* store = nullptr;
    const RejectBreaker* refusals = nullptr;
  };
  [[nodiscard]] std::optional<Tripped> tripped() const;

  // "spotify.history", "spotify.history and history.db": those that have not acknowledged rows.
  [[nodiscard]] std::string unfinished_names() const;
  // The number of a store that has reported nothing for some seconds, though it has rows.
  [[nodiscard]] std::optional<size_t> stalled() const;
  [[nodiscard]] std::vector<std::string> names() const;

  // For people, of all of them together.
  [[nodiscard]] SinkTries tries() const;
  [[nodiscard]] SinkWindow window() const;
  [[nodiscard]] std::vector<std::string> troubles() const;
  // Of the rows that wait.
  [[nodiscard]] size_t waiting_bytes() const;

 private:
  [[nodiscard]] Millis wait_for_each(Millis wait) const;
  void note_silence(size_t number, const Acks& acks);

  const Options options_;
  const Clock& clock_;
  const std::vector<RowTarget> targets_;
  std::deque<Store> stores_;  // They cannot be moved.
  std::vector<RowBatch*> rows_by_insert_;
  std::optional<size_t> stalled_;
};

}  // namespace turntable
