// Positions: everything before a partition's position has its outcome, and is not read again.
//
// They go to the source, which commits them. A store that keeps positions beside its rows has them
// first, and the source's follow: whoever reads on asks the store. That is so only where the lane
// has one store. Of several, none could keep a position in the transaction that makes it true in
// the others, too.
//
// No position goes anywhere past a dead letter that may have been taken away (letter_queue.h), nor
// without the write times that were given (write_times.h).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "delivery/ledger.h"
#include "delivery/letter_queue.h"
#include "delivery/write_times.h"
#include "row/position.h"
#include "sink/sink.h"
#include "source/source.h"

namespace turntable {

// One lane's. One thread.
class PositionKeeper {
 public:
  // The parts outlive this.
  struct Parts {
    Ledger& ledger;
    WriteTimes& write_times;
    LetterQueue& letters;
    Sink* store = nullptr;  // That keeps positions beside its rows; null where none does.
    const Clock& clock;
    Backoff::Options retry;
  };
  explicit PositionKeeper(const Parts& parts) : parts_(parts), retry_(parts.retry) {}

  // Before anything else. The source outlives the last call.
  void set_source(Source& source) { source_ = &source; }

  // A store keeps positions beside its rows.
  [[nodiscard]] bool are_beside_rows() const { return parts_.store != nullptr; }
  [[nodiscard]] std::optional<Position> kept(PartitionId partition) const {
    return parts_.store == nullptr ? std::nullopt : parts_.store->kept_position(partition);
  }

  // Stores what has moved. A store that keeps positions takes them only while it has no rows at
  // hand. What is transient is said once and tried again later.
  [[nodiscard]] Status store();

  // What goes into the transaction of the rows that are flushed next. All rows that wait go with
  // them.
  [[nodiscard]] Accompaniment with_rows();

  // Tells the source how high the write times of these partitions have come.
  void note_write_times(std::span<const PartitionId> partitions);

  // The next try is due at once.
  void hurry() { retry_.hurry(); }
  // The partitions are not ours any more.
  void forget(std::span<const PartitionId> partitions);

  // Positions that have moved, as far as is known, and are not stored.
  [[nodiscard]] size_t waiting() const { return moved_.size(); }
  // And those that are: the last one of each partition.
  [[nodiscard]] const std::map<PartitionId, Position>& stored() const { return stored_; }

 private:
  void gather_moved();
  [[nodiscard]] Result<bool> keep_in_store();
  [[nodiscard]] Position with_write_time(Position position) const;

  const Parts parts_;
  Source* source_ = nullptr;
  Retry retry_;
  std::vector<Position> moved_;  // One of each partition.
  std::map<PartitionId, Position> stored_;
};

}  // namespace turntable
