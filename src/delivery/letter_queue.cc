#include "delivery/letter_queue.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/micros.h"

namespace turntable {
namespace {

// Dead letters are made durable together, at least so often.
constexpr Millis kFlushEvery{200};
// Whether they are still there is asked so often at most, while positions behind them move.
constexpr Millis kAskEvery{100};

// At most so many characters of a text in UTF-8. Other bytes count as whoever shows them sees them.
std::string_view beginning_of(std::string_view text, size_t characters) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool continues = (static_cast<uint8_t>(text[at]) & 0xC0U) == 0x80U;
    if (!continues && characters-- == 0) break;
  }
  return text.substr(0, at);
}

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
  // As letter_of() has it: the first that rejected the record, or else the first without a match.
  const auto rejected = std::find_if(faults.begin(), faults.end(), [](const Reject& fault) {
    return fault.code != RejectCode::unmatched;
  });
  const Reject& worst = rejected == faults.end() ? faults.front() : *rejected;
  pending.code = worst.code;
  if (letters_->keeps()) remember(batch.records[worst.row], worst);
}

// Records may be large and letters many: only the beginning of the last ones is kept.
void LetterQueue::remember(const Record& record, const Reject& fault) {
  if (being_written_.size() == kShownLimit) being_written_.pop_front();
  // Four bytes are the most that a character has.
  const std::string_view begin = record.value.substr(0, 4 * kShownCharactersLimit);
  being_written_.push_back({.code = fault.code,
                            .detail = fault.reason,
                            .partition = record.partition,
                            .offset = record.offset,
                            .text = std::string(beginning_of(begin, kShownCharactersLimit))});
}

void LetterQueue::show_written() {
  const int64_t now_us = micros_of(clock_.wall());
  for (Shown& shown : being_written_) {
    shown.time_us = now_us;
    if (shown_.size() == kShownLimit) shown_.pop_front();
    shown_.push_back(std::move(shown));
  }
  being_written_.clear();
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
    ++retries_;
    trouble_ = flushed.error().message;
    if (retry_.failed(clock_.now())) log::warn("{}; trying again until it can", trouble_);
    return false;
  }
  if (retry_.worked()) log::warn("dead letters are written again to {}", letters_->name());
  const bool keeps = letters_->keeps();
  for (const Pending& pending : pending_) {
    const InsertSet settled = settle(pending.origin, pending.unmatched, Outcome::unmatched) |
                              settle(pending.origin, pending.rejected, Outcome::rejected);
    if (settled.empty() || !keeps) continue;
    accounting_.dead_lettered(settled);
    ++by_reason_[static_cast<size_t>(pending.code)];
    Offset& last = ahead_[pending.origin.partition];
    last = std::max(last, pending.offset);
  }
  pending_.clear();
  show_written();
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
