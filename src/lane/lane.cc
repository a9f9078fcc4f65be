#include "lane/lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/micros.h"
#include "base/text.h"
#include "lane/lane_limits.h"

namespace turntable {
namespace {

// Both ascend; `other` is left as it is.
void add_sorted(const Selection& other, Selection& into) {
  const auto middle = static_cast<ptrdiff_t>(into.size());
  into.insert(into.end(), other.begin(), other.end());
  std::inplace_merge(into.begin(), into.begin() + middle, into.end());
}

// A producer's clock may be anywhere, and so may the timestamps that it writes.
int64_t latency_us(int64_t now_us, int64_t timestamp_ms) {
  constexpr int64_t kFurthest = std::numeric_limits<int64_t>::max() / 4'000;
  return now_us - std::clamp(timestamp_ms, -kFurthest, kFurthest) * 1000;
}

}  // namespace

Lane::Lane(LaneOptions options, LaneParts parts, const StopToken& stop, const Clock& clock)
    : options_(std::move(options)),
      decoder_(std::move(parts.decoder)),
      enricher_(std::move(parts.enricher)),
      positions_before_(std::move(parts.positions_before)),
      forget_positions_before_(std::move(parts.forget_positions_before)),
      stop_(stop),
      clock_(clock),
      ledger_(enricher_->inserts()),
      accounting_(enricher_->inserts()),
      write_times_(options_.write_times),
      held_(ledger_),
      stores_(std::move(parts.stores), std::move(parts.targets),
              {.flush = options_.flush,
               .max_refused_ratio = options_.max_reject_ratio,
               .least_room = enricher_->has_filters() ? kLeastRoomWithFilters : 1},
              clock),
      letters_(std::move(parts.dead_letters), ledger_, accounting_, clock, options_.retry_backoff),
      positions_({.ledger = ledger_,
                  .write_times = write_times_,
                  .letters = letters_,
                  .store = stores_.position_store(),
                  .clock = clock,
                  .retry = options_.retry_backoff}),
      rejects_breaker_(options_.max_reject_ratio),
      recent_rows_(options_.shown, clock) {
  CHECK(stores_.rows_by_insert(0).size() == enricher_->inserts());
  publish(LaneState::starting);
}

Status Lane::run(std::unique_ptr<Source> source) {
  source_ = std::move(source);
  positions_.set_source(*source_);
  const Status status = work();
  positions_.note_write_times(ledger_.partitions());
  publish(status ? LaneState::finishing : LaneState::failed);
  // After a failure what is unacknowledged stays unstored, so that the next run reads it again;
  // what is acknowledged is kept.
  const Status closed = source_->close();
  publish(status && closed ? LaneState::ended : LaneState::failed, true);
  return status ? closed : status;
}

// Reads to the end and finishes everything, until no lane of the process has anything to read.
Status Lane::work() {
  bool more = true;
  while (more) {
    RETURN_IF_ERROR(loop());
    RETURN_IF_ERROR(finish());
    ASSIGN_OR_RETURN(more, given_more_to_read());
  }
  return {};
}

// The loop: poll, transform, flush, collect, store.
Status Lane::loop() {
  if (!times_.first_poll) times_.first_poll = clock_.now();
  while (!stop_.requested()) {
    if (blocked()) {
      RETURN_IF_ERROR(wait_blocked());
    } else {
      Result<bool> got = true;
      if (batch_ == nullptr) {
        got = read();
      } else {
        transform();
      }
      if (!got) return stop_for_source(got.error());
      const bool got_records = *got;
      if (rejects_breaker_.tripped() || stores_.tripped()) return stop_for_rejects();
      if (!got_records && source_->at_end()) return {};
      RETURN_IF_ERROR(flush_what_is_due());
      if (!got_records) RETURN_IF_ERROR(wait_idle());
    }
    RETURN_IF_ERROR(collect(Millis(0)));
    RETURN_IF_ERROR(store_positions());
    publish(blocked_since_ ? LaneState::blocked : LaneState::running);
  }
  return {};
}

Result<bool> Lane::read() {
  blocked_since_.reset();
  const size_t room = std::min(stores_.room(), options_.poll_records);
  // Where the source has no descriptor to wait on, waiting is done inside poll().
  const Millis wait = source_->wait_fd() < 0 ? kWaitLimit : Millis(0);
  ASSIGN_OR_RETURN(RecordBatch batch, fetch(room, wait));
  RETURN_IF_ERROR(revoke_status_);
  lag_ = source_->lag();
  if (batch.empty()) return false;
  note_read(batch);
  if (!times_.first_record) times_.first_record = clock_.now();
  if (!positions_before_.empty()) RETURN_IF_ERROR(forget_positions_before());
  decode(std::move(batch));
  transform();
  return true;
}

Result<RecordBatch> Lane::fetch(size_t room, Millis wait) {
  const PhaseTimes::Scope fetching(phases_, Phase::fetch);
  Result<RecordBatch> batch = source_->poll(room, wait);
  // A source without a descriptor has waited inside.
  if (batch && batch->empty() && wait.count() > 0) phases_.count_as(Phase::wait);
  return batch;
}

// The source has given a record, so that it has committed where our partitions begin.
Status Lane::forget_positions_before() {
  std::erase_if(positions_before_, [this](const auto& one) { return ledger_.owns(one.first); });
  return positions_before_.empty() ? forget_positions_before_() : Status{};
}

void Lane::decode(RecordBatch records) {
  const PhaseTimes::Scope decoding(phases_, Phase::decode);
  batch_ = &enter(std::move(records));
  left_.clear();
  rejects_.clear();
  decoder_->decode(batch_->records, enricher_->declared(), left_, rejects_);
  if (options_.census) say_of_fields();
  take_tombstones();
  reject(batch_->records.size() - left_.size() - tombstones_.size());
  if (options_.tombstones == Tombstones::skip) settle_skipped();
  if (options_.tombstones == Tombstones::delete_row) add_sorted(tombstones_, left_);
}

// Takes the batch, or a part of it, to its end: in every INSERT each record becomes a row or a
// deletion that waits for its store, or is left out, or has a fault for its dead letter.
void Lane::transform() {
  const PhaseTimes::Scope joining(phases_, Phase::join);
  rejects_.clear();
  const std::chrono::nanoseconds encoded_before = enricher_->encoding_time();
  const size_t enriched = enrich_some();
  phases_.move(Phase::join, Phase::encode, enricher_->encoding_time() - encoded_before);
  settle_filtered();
  // Deletions are no part of the ratio of rejects.
  reject(enriched - deleted_.size());
  left_.erase(left_.begin(), left_.begin() + static_cast<ptrdiff_t>(enriched));
  if (left_.empty()) batch_ = nullptr;
}

// As many of the records that are left as their results have room for: how many. One that is too
// large by itself is rejected.
size_t Lane::enrich_some() {
  for (part_ = std::min(part_, left_.size()); part_ > 0 || left_.empty(); part_ /= 2) {
    if (!enrich_first(part_)) continue;
    const size_t enriched = part_;
    part_ = enriched == left_.size() ? SIZE_MAX : 2 * enriched;  // The others may be smaller.
    return enriched;
  }
  part_ = 1;
  rejects_.push_back({.row = left_[0],
                      .code = RejectCode::too_large,
                      .reason = fmt::format("Its expressions make texts of more than {} bytes.",
                                            grouped(enricher_->results_limit()))});
  return 1;
}

bool Lane::enrich_first(size_t records) {
  const std::span<RowBatch* const> rows = stores_.rows_by_insert(records);
  deleted_.clear();
  if (records == left_.size() && tombstones_.empty())
    return enricher_->enrich(batch_->records, batch_->origins, left_, rejects_, rows);
  alive_.clear();
  for (size_t i = 0; i < records; ++i)
    (is_tombstone(batch_->records.records[left_[i]]) ? deleted_ : alive_).push_back(left_[i]);
  return enricher_->enrich(batch_->records, batch_->origins, alive_, rejects_, rows, deleted_);
}

// The records are ours from here on: in the ledger, in the counts, with their write times, and held
// until they are settled.
const HeldRecords::Batch& Lane::enter(RecordBatch batch) {
  std::vector<Origin> origins = held_.spare_origins();
  // Only a replay has records for some INSERTs.
  InsertSet inserts = InsertSet::all();
  uint64_t count = 0;
  for (const Record& record : batch.records) {
    origins.push_back(
        ledger_.deliver(record.partition, record.offset, record.inserts, record.timestamp_ms));
    if (record.inserts != inserts) {
      accounting_.consumed(inserts, std::exchange(count, 0));
      inserts = record.inserts;
    }
    ++count;
  }
  accounting_.consumed(inserts, count);
  if (write_times_.wanted()) {
    const int64_t now_us = micros_of(clock_.wall());
    for (Record& record : batch.records) write_times_.give(record, now_us);
  }
  return held_.add(std::move(batch), std::move(origins));
}

// Times that lose digits, and names that differ by case only, which would make a column NULL in
// every row: nobody would notice.
void Lane::say_of_fields() {
  for (const std::string& field : decoder_->newly_cut())
    if (const auto warning = options_.census->cut(field)) log::warn("{}", *warning);
  if (options_.census->told()) return;
  for (const std::string& warning : options_.census->update(*decoder_)) log::warn("{}", warning);
}

// What a WHERE leaves out has its outcome at once.
void Lane::settle_filtered() {
  for (size_t insert = 0; insert < enricher_->inserts(); ++insert) {
    const Selection& filtered = enricher_->filtered(insert);
    if (filtered.empty()) continue;
    filtered_.clear();
    for (const uint32_t row : filtered) filtered_.push_back(batch_->origins[row]);
    settle(filtered_, insert, Outcome::filtered);
    times_.last_outcome = clock_.now();
  }
}

// The decoder finds no value in them. That is a fault only where they are to be dead letters.
void Lane::take_tombstones() {
  tombstones_.clear();
  std::erase_if(rejects_, [&](const Reject& fault) {
    if (!is_tombstone(batch_->records.records[fault.row])) return false;
    tombstones_.push_back(fault.row);
    return options_.tombstones != Tombstones::dead_letter;
  });
  std::sort(tombstones_.begin(), tombstones_.end());
}

// Records with a fault get a dead letter. A record counts once, in however many INSERTs it fails.
// Tombstones say nothing of what a producer makes of values: they are no part of the ratio.
// `records`: so many more have been looked at.
void Lane::reject(size_t records) {
  size_t rejected = 0;
  if (!rejects_.empty()) rejected_rows_.assign(batch_->records.size(), 0);
  for (Reject& fault : rejects_) {
    if (!is_tombstone(batch_->records.records[fault.row]) && fault.code != RejectCode::unmatched &&
        rejected_rows_[fault.row] == 0) {
      rejected_rows_[fault.row] = 1;
      ++rejected;
    }
    if (fault.drop) times_.last_outcome = clock_.now();
    letters_.add(batch_->records, batch_->origins[fault.row], std::move(fault));
  }
  rejects_breaker_.saw(records, rejected);
}

void Lane::settle_skipped() {
  if (tombstones_.empty()) return;
  skipped_.clear();
  for (const uint32_t row : tombstones_) skipped_.push_back(batch_->origins[row]);
  for (size_t insert = 0; insert < enricher_->inserts(); ++insert)
    settle(skipped_, insert, Outcome::tombstone);
  times_.last_outcome = clock_.now();
}

Status Lane::flush_what_is_due() {
  const bool hurry = holds_too_much();
  for (Store& store : stores_.all())
    if (stores_.flush_due(store, hurry)) RETURN_IF_ERROR(flush(store));
  return {};
}

Status Lane::flush(Store& store) {
  const PhaseTimes::Scope writing(phases_, Phase::write);
  const size_t rows = store.next_batch().size();
  flushes_.add(static_cast<int64_t>(rows));
  if (options_.on_flush) options_.on_flush(*store.sink, rows);
  recent_rows_.submitted(store.inserts, store.next_batch());
  if (positions_.are_beside_rows()) {
    RETURN_IF_ERROR(letters_.ask());
    RETURN_IF_ERROR(flush_letters(true));
    if (Accompaniment positions = positions_.with_rows(); !positions.empty())
      store.sink->accompany(std::move(positions));
  }
  return stores_.submit(store);
}

// Takes in what the stores and the dead letters have to report.
Status Lane::collect(Millis wait) {
  // With nothing in flight the stores return at once; what is waited for is the next try of the
  // dead letters.
  const PhaseTimes::Scope scope(phases_, wait.count() > 0 ? Phase::wait : Phase::write);
  if (wait.count() > 0 && stores_.in_flight() == 0) clock_.sleep(wait);
  RETURN_IF_ERROR(
      stores_.collect(wait, [this](Store& store, const Acks& acks) { settle(store, acks); }));
  return flush_letters(false);
}

void Lane::settle(Store& store, const Acks& acks) {
  size_t taken = 0;
  for (size_t table = 0; table < store.inserts.size(); ++table) {
    settle(acks.written_in(table), store.inserts[table], Outcome::written);
    settle(acks.deleted_in(table), store.inserts[table], Outcome::deleted);
    taken += acks.written_in(table).size() + acks.deleted_in(table).size();
  }
  if (taken + acks.refused.size() == 0) return;
  // Of rows that were made of values: tombstones are no part of a ratio.
  for (size_t table = 0; table < store.refusals.size(); ++table) {
    const auto refused = static_cast<size_t>(
        std::count_if(acks.refused.begin(), acks.refused.end(), [table](const Acks::Refused& row) {
          return row.table == table && row.kind == RowKind::write;
        }));
    const size_t written = acks.written_in(table).size();
    if (written + refused > 0) store.refusals[table].saw(written + refused, refused);
  }
  if (taken > 0) last_write_us_ = micros_of(clock_.wall());
  if (!acks.refused.empty()) refuse(store, acks.refused);
  times_.last_outcome = clock_.now();
}

// Records that have this outcome in the INSERT.
void Lane::settle(std::span<const Origin> origins, size_t insert, Outcome outcome) {
  if (origins.empty()) return;
  Accounting::Tally tally;
  const int64_t now_us = micros_of(clock_.wall());
  for (const Origin& origin : origins) {
    const Ledger::Settled settled = ledger_.settle(origin, insert, outcome);
    tally.add(settled);
    if (settled.record == Outcome::written && settled.timestamp_ms != kNoTimestamp)
      latencies_.add(latency_us(now_us, settled.timestamp_ms));
    if (!settled.left.empty()) letters_.settled(origin, settled.left);
  }
  accounting_.settled(insert, outcome, tally);
  if (outcome == Outcome::written) recent_rows_.written(insert, origins);
}

// Rows that a store will never take become dead letters like any other. There may be as many as a
// flush has.
void Lane::refuse(const Store& store, std::span<const Acks::Refused> rows) {
  std::vector<Origin> origins;
  for (const Acks::Refused& row : rows) origins.push_back(row.origin);
  const std::vector<HeldRecords::Place> places = held_.find(origins);
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t insert = store.inserts[rows[i].table];
    if (!ledger_.awaited(rows[i].origin).has(insert)) continue;
    CHECK(places[i].batch != nullptr && "a refused row is held until it is settled");
    letters_.add(*places[i].batch, rows[i].origin,
                 {.row = places[i].row,
                  .code = RejectCode::row_refused,
                  .reason = rows[i].reason,
                  .insert = static_cast<uint32_t>(insert)});
  }
}

// `now`: even if the first of them has not waited long.
Status Lane::flush_letters(bool now) {
  ASSIGN_OR_RETURN(const bool flushed, now ? letters_.flush() : letters_.flush_if_due());
  if (flushed) times_.last_outcome = clock_.now();
  return {};
}

Status Lane::store_positions() {
  const PhaseTimes::Scope committing(phases_, Phase::commit);
  held_.release();
  return positions_.store();
}

void Lane::on_assigned(std::span<const PartitionId> partitions) {
  ++rebalances_;
  assigned_ += partitions.size();
  letters_.forget(partitions);
  for (const PartitionId partition : partitions) {
    ledger_.assign(partition);
    if (const auto kept = kept_position(partition))
      write_times_.start_above(partition, kept->write_time_us);
    // Sources without commits, such as a file, have nothing else to start above; where records have
    // times of their own it is for those that have none.
    if (write_times_.wanted()) write_times_.start_above(partition, stores_.highest_write_time());
  }
}

// Finished like a record that had its outcome: the position moves over it in its turn.
void Lane::on_passed(PartitionId partition, Offset next) {
  ledger_.pass(partition, next);
}

// The partitions are ours until this returns: what is in flight gets a bounded time to finish, then
// the rest is given back, to be read again by the next owner.
void Lane::on_revoked(std::span<const PartitionId> partitions, bool lost) {
  ++rebalances_;
  revoked_ += partitions.size();
  if (!lost) {
    // Now or never.
    positions_.hurry();
    letters_.hurry();
    if (Status drained = drain(clock_.now() + options_.drain_bound); !drained)
      revoke_status_ = std::move(drained);
    positions_.note_write_times(partitions);
  }
  if (Status left = stores_.give_back(partitions); !left) revoke_status_ = std::move(left);
  positions_.forget(partitions);
  letters_.forget(partitions);
  forget_untransformed(partitions);
  for (const PartitionId partition : partitions) accounting_.returned(ledger_.revoke(partition));
}

// What is left of a batch, of these partitions.
void Lane::forget_untransformed(std::span<const PartitionId> partitions) {
  if (batch_ == nullptr) return;
  std::erase_if(left_, [&](uint32_t row) {
    return std::find(partitions.begin(), partitions.end(),
                     batch_->records.records[row].partition) != partitions.end();
  });
  if (left_.empty()) batch_ = nullptr;
}

}  // namespace turntable
