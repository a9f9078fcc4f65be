#include "lane/position_keeper.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace turntable {

Status PositionKeeper::store() {
  gather_moved();
  if (moved_.empty() || !retry_.is_due(parts_.clock.now())) return {};
  if (are_beside_rows() && parts_.store->full()) return {};
  if (parts_.letters.ahead_of(moved_)) {
    ASSIGN_OR_RETURN(const bool there, parts_.letters.are_there());
    if (!there) return {};
  }
  if (are_beside_rows()) {
    ASSIGN_OR_RETURN(const bool kept, keep_in_store());
    if (!kept) return {};
  }
  for (const Position& position : moved_) {
    if (parts_.write_times.wanted())
      source_->note_write_time(position.partition, position.write_time_us);
    source_->store(position.partition, position.next);
    parts_.letters.passed(position.partition, position.next);
    stored_[position.partition] = position;
  }
  moved_.clear();
  return {};
}

// Takes from the ledger what has moved.
void PositionKeeper::gather_moved() {
  for (const PartitionId partition : parts_.ledger.partitions()) {
    const std::optional<Offset> next = parts_.ledger.advance(partition);
    if (!next) continue;
    std::erase_if(moved_, [partition](const Position& old) { return old.partition == partition; });
    moved_.push_back(with_write_time({partition, *next}));
  }
}

// False where they have to be tried again later.
Result<bool> PositionKeeper::keep_in_store() {
  Sink& store = *parts_.store;
  if (Status kept = store.keep_positions(moved_); !kept) {
    if (kept.error().kind != ErrorKind::transient)
      return tl::unexpected<Error>(std::move(kept.error()));
    if (retry_.failed(parts_.clock.now()))
      log::warn("{}; positions are tried again until they are written", kept.error().message);
    return false;
  }
  if (retry_.worked()) log::warn("positions are written again to {}", store.name());
  return true;
}

// The write times of the rows must not be in the file without them beside a position. Positions
// themselves go along where these rows are all that is unfinished: then everything delivered has
// its outcome with them. (The ledger's count would not tell: rows of partitions that were given
// back are none of it.)
Accompaniment PositionKeeper::with_rows() {
  Accompaniment positions;
  const bool in_doubt = parts_.letters.in_doubt();
  if (parts_.write_times.wanted()) {
    gather_moved();
    // One position of each partition: of two the one that is written last would stand.
    std::map<PartitionId, Position> latest;
    for (const PartitionId partition : parts_.write_times.partitions())
      if (const auto before = kept(partition)) latest[partition] = *before;
    if (!in_doubt)
      for (const Position& moved : moved_) latest[moved.partition] = moved;
    for (const auto& [partition, position] : latest)
      positions.in_any_case.push_back(with_write_time(position));
  }
  if (in_doubt) return positions;
  if (parts_.letters.empty() && parts_.store->in_flight() == 0) {
    for (const PartitionId partition : parts_.ledger.partitions())
      if (const auto next = parts_.ledger.delivered_to(partition))
        positions.if_all_written.push_back(with_write_time({partition, *next}));
  }
  return positions;
}

Position PositionKeeper::with_write_time(Position position) const {
  position.write_time_us = parts_.write_times.last(position.partition);
  return position;
}

// Or the next owner, whose clock may be behind, could give lower times to later records.
void PositionKeeper::note_write_times(std::span<const PartitionId> partitions) {
  if (!parts_.write_times.wanted()) return;
  for (const PartitionId partition : partitions)
    source_->note_write_time(partition, parts_.write_times.last(partition));
}

void PositionKeeper::forget(std::span<const PartitionId> partitions) {
  std::erase_if(moved_, [partitions](const Position& position) {
    return std::find(partitions.begin(), partitions.end(), position.partition) != partitions.end();
  });
}

}  // namespace turntable
