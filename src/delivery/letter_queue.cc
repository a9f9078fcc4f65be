#include "delivery/letter_queue.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace turntable {
namespace {

// Dead letters are made durable together, at least so often.
constexpr Millis kFlushEvery{200};
// Whether they are still there is asked so often at most, while positions behind them move.
constexpr Millis kAskEvery{100};

}  // namespace

LetterQueue::LetterQueue(std::unique_ptr<DeadLetters> letters, Ledger& ledger,
                         Accounting& accounting, const Clock& clock, Backoff::Options retry)
    : letters_(std::move(letters)),
      ledger_(ledger),
      accounting_(accounting),
      clock_(clock),
      retry_(retry) {}

void LetterQueue::add(const RecordBatch& batch, const Origin& origin, Reject fault) {
  const InsertSet awaited = ledger_.awaited(origin);
  const InsertSet concerned =
      fault.insert == kEveryInsert ? awaited : awaited & InsertSet::of(fault.insert);
  if (concerned.empty()) return;
  if (fault.drop) {
    settle(origin, concerned, Outcome::unmatched);
    settled(origin, awaited - concerned);
    return;
  }
  if (concerned == awaited) {
    write(batch, origin, std::span(&fault, 1), awaited);
    return;
  }
  Waiting& waiting = waiting_[origin];
  waiting.batch = &batch;
  const size_t bytes = sizeof(Reject) + fault.reason.size() +
                       (waiting.faults.empty() ? sizeof(Origin) + sizeof(Waiting) : 0);
  waiting.bytes += bytes;
  waiting_bytes_ += bytes;
  waiting.faults.push_back(std::move(fault));
  waiting.inserts |= concerned;
  look_at(origin, awaited);
}

// Where all that is awaited has a fault, the letter is complete.
void LetterQueue::look_at(const Origin& origin, InsertSet left) {
  const auto found = waiting_.find(origin);
  if (found == waiting_.end() || found->second.inserts != left) return;
  Waiting& waiting = found->second;
  std::sort(waiting.faults.begin(), waiting.faults.end(),
            [](const Reject& a, const Reject& b) { return a.insert < b.insert; });
  write(*waiting.batch, origin, waiting.faults, left);
  waiting_bytes_ -= waiting.bytes;
  waiting_.erase(found);
}

// `every_insert`: what a fault that is the record's own concerns.
void LetterQueue::write(const RecordBatch& batch, const Origin& origin,
                        std::span<const Reject> faults, InsertSet every_insert) {
  if (pending_.empty()) pending_since_ = clock_.now();
  letters_->add(batch, faults);
  Pending& pending = pending_.emplace_back();
  pending.origin = origin;
  pending.offset = batch.records[faults[0].row].offset;
  for (const Reject& fault : faults) {
    InsertSet& of = fault.code == RejectCode::unmatched ? pending.unmatched : pending.rejected;
    of |= fault.insert == kEveryInsert ? every_insert : InsertSet::of(fault.insert);
  }
}

InsertSet LetterQueue::settle(const Origin& origin, InsertSet inserts, Outcome outcome) {
  const Ledger::Settled settled = ledger_.settle(origin, inserts, outcome);
  accounting_.settled(settled, outcome);
  return settled.inserts;
}

Result<bool> LetterQueue::flush_if_due() {
  if (pending_.empty() || clock_.now() - pending_since_ < kFlushEvery) return false;
  return flush();
}

Result<bool> LetterQueue::flush() {
  if (pending_.empty() || !retry_.is_due(clock_.now())) return false;
  if (Status flushed = letters_->flush(); !flushed) {
    if (flushed.error().kind != ErrorKind::transient)
      return tl::unexpected<Error>(std::move(flushed.error()));
    if (retry_.failed(clock_.now()))
      log::warn("{}; trying again until it can", flushed.error().message);
    return false;
  }
  if (retry_.worked()) log::warn("dead letters are written again to {}", letters_->name());
  const bool keeps = letters_->keeps();
  for (const Pending& pending : pending_) {
    const InsertSet settled = settle(pending.origin, pending.unmatched, Outcome::unmatched) |
                              settle(pending.origin, pending.rejected, Outcome::rejected);
    if (settled.empty() || !keeps) continue;
    accounting_.dead_lettered(settled);
    Offset& last = ahead_[pending.origin.partition];
    last = std::max(last, pending.offset);
  }
  pending_.clear();
  return true;
}

bool LetterQueue::empty() const {
  return waiting_.empty() && pending_.empty();
}

bool LetterQueue::ahead_of(std::span<const Position> positions) const {
  return std::any_of(positions.begin(), positions.end(), [this](const Position& position) {
    return ahead_.contains(position.partition);
  });
}

Status LetterQueue::ask() {
  Status there;
  if (!ahead_.empty()) there = letters_->still_there();
  if (!there && there.error().kind != ErrorKind::transient) return there;
  if (!there && !in_doubt_)
    log::warn("{}; positions behind dead letters are held", there.error().message);
  if (there && in_doubt_)
    log::warn("positions behind dead letters in {} are not held any more", letters_->name());
  in_doubt_ = !there;
  return {};
}

Result<bool> LetterQueue::are_there() {
  const SteadyTime now = clock_.now();
  if (now < ask_at_) return false;
  ask_at_ = now + kAskEvery;
  RETURN_IF_ERROR(ask());
  return !in_doubt_;
}

void LetterQueue::passed(PartitionId partition, Offset next) {
  const auto last = ahead_.find(partition);
  if (last == ahead_.end() || last->second >= next) return;
  ahead_.erase(last);
  if (ahead_.empty()) letters_->let_go();
}

void LetterQueue::hurry() {
  ask_at_ = {};
  retry_.hurry();
}

void LetterQueue::forget(std::span<const PartitionId> partitions) {
  const auto given_back = [partitions](PartitionId partition) {
    return std::find(partitions.begin(), partitions.end(), partition) != partitions.end();
  };
  std::erase_if(waiting_, [&](const auto& entry) {
    if (!given_back(entry.first.partition)) return false;
    waiting_bytes_ -= entry.second.bytes;
    return true;
  });
  const bool any = !ahead_.empty();
  std::erase_if(ahead_, [&](const auto& entry) { return given_back(entry.first); });
  if (any && ahead_.empty()) letters_->let_go();
}

}  // namespace turntable
