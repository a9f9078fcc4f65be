#include "lane/lane.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <map>
#include <tuple>

#include "base/check.h"
#include "base/log.h"
#include "base/micros.h"

namespace turntable {
namespace {

// The longest wait anywhere in the loop: how late a stop may be noticed.
constexpr Millis kWaitLimit{100};
// A lane that could not read for so long tells the group that it is alive.
constexpr Millis kKeepAliveAfter{1000};
// How much longer than flush_interval rows may wait for others while the sink is busy.
constexpr Millis kGatherLimit{20};
// Dead letters are made durable together, at least so often.
constexpr Millis kDeadLetterInterval{200};
// Whether they are still there is asked so often at most, while positions behind them move.
constexpr Millis kLettersQuestionEvery{100};
// More than this in unwritten dead letters, and the lane stops reading.
constexpr size_t kDeadLetterBytesLimit = size_t{32} << 20;

}  // namespace

Lane::Lane(LaneOptions options, LaneParts parts, const StopToken& stop, const Clock& clock)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      stop_(stop),
      clock_(clock),
      write_times_(options_.write_times),
      breaker_(options_.max_reject_ratio),
      refusals_(options_.max_reject_ratio),
      letters_retry_(options_.retry_backoff),
      positions_retry_(options_.retry_backoff) {}

Status Lane::run(std::unique_ptr<Source> source) {
  source_ = std::move(source);
  const Status status = work();
  lost_.store(source_->lost(), std::memory_order_relaxed);
  note_write_times(ledger_.partitions());
  // After a failure what is unacknowledged stays unstored, so that the next run reads it again;
  // what is acknowledged is kept.
  const Status closed = source_->close();
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
      auto got = read();
      if (!got) return stop_for_source(got.error());
      const bool got_records = *got;
      if (breaker_.tripped() || refusals_.tripped()) return stop_for_rejects();
      if (!got_records && source_->at_end()) return {};
      if (flush_due()) RETURN_IF_ERROR(flush());
      if (!got_records) RETURN_IF_ERROR(wait_idle());
    }
    RETURN_IF_ERROR(collect(Millis(0)));
    RETURN_IF_ERROR(store_positions());
  }
  return {};
}

Result<bool> Lane::read() {
  blocked_since_.reset();
  const size_t room = std::clamp(options_.flush_rows - std::min(rows_.size(), options_.flush_rows),
                                 size_t{1}, options_.poll_records);
  // Where the source has no descriptor to wait on, waiting is done inside poll().
  const Millis wait = source_->wait_fd() < 0 ? Millis(kWaitLimit) : Millis(0);
  ASSIGN_OR_RETURN(RecordBatch batch, source_->poll(room, wait));
  RETURN_IF_ERROR(revoke_status_);
  lag_.store(source_->lag(), std::memory_order_relaxed);
  lost_.store(source_->lost(), std::memory_order_relaxed);
  if (batch.empty()) return false;
  if (!times_.first_record) times_.first_record = clock_.now();
  transform(std::move(batch));
  return true;
}

// Takes a batch to its end: every record becomes a row in rows_ or a dead letter.
void Lane::transform(RecordBatch batch) {
  accounting_.consumed(batch.size());
  std::vector<Origin> origins;
  if (!spare_origins_.empty()) {
    origins = std::move(spare_origins_.back());
    spare_origins_.pop_back();
  }
  size_t bytes = 0;
  for (const Record& record : batch.records) {
    origins.push_back(ledger_.deliver(record.partition, record.offset));
    bytes += record.value.size() + record.key.size() + record.headers.size();
  }
  if (write_times_.wanted()) {
    const int64_t now_us = micros_of(clock_.wall());
    for (Record& record : batch.records) write_times_.give(record, now_us);
  }

  if (rows_.empty()) rows_since_ = clock_.now();
  alive_.clear();
  rejects_.clear();
  parts_.decoder->decode(batch, parts_.enricher->declared(), alive_, rejects_);
  if (options_.census) say_of_fields();
  parts_.enricher->enrich(batch, origins, alive_, rejects_, rows_);
  for (const Reject& reject : rejects_) keep(batch, reject, origins[reject.row]);
  const auto unmatched = std::count_if(rejects_.begin(), rejects_.end(), [](const Reject& reject) {
    return reject.code == RejectCode::unmatched;
  });
  breaker_.saw(batch.size(), rejects_.size() - static_cast<size_t>(unmatched));
  held_.push_back({.batch = std::move(batch), .origins = std::move(origins), .bytes = bytes});
  held_bytes_ += bytes;
}

// Times that lose digits, and names that differ by case only, which would make a column NULL in
// every row: nobody would notice.
void Lane::say_of_fields() {
  for (const std::string& field : parts_.decoder->newly_cut())
    if (const auto warning = options_.census->cut(field)) log::warn("{}", *warning);
  if (options_.census->told()) return;
  for (const std::string& warning : options_.census->update(*parts_.decoder))
    log::warn("{}", warning);
}

void Lane::keep(const RecordBatch& batch, const Reject& reject, const Origin& origin) {
  if (kept_.empty()) kept_since_ = clock_.now();
  parts_.dead_letters->add(batch, reject);
  kept_.push_back({origin, batch.records[reject.row].offset, reject.code == RejectCode::unmatched});
}

// Rows that the sink will never take become dead letters like any other. There may be as many as a
// flush has.
void Lane::refuse(std::span<const Acks::Refused> rows) {
  std::map<std::tuple<PartitionId, uint32_t, uint64_t>, const Acks::Refused*> wanted;
  const auto identity = [](const Origin& origin) {
    return std::tuple(origin.partition, origin.epoch, origin.ticket);
  };
  for (const Acks::Refused& row : rows)
    if (!ledger_.settled(row.origin)) wanted.emplace(identity(row.origin), &row);
  for (const Held& held : held_) {
    if (wanted.empty()) return;
    for (size_t i = held.settled; i < held.origins.size(); ++i) {
      const auto found = wanted.find(identity(held.origins[i]));
      if (found == wanted.end()) continue;
      keep(held.batch, {static_cast<uint32_t>(i), RejectCode::row_refused, found->second->reason},
           held.origins[i]);
      wanted.erase(found);
    }
  }
  CHECK(wanted.empty() && "a refused row is held until it is settled");
}

// Lets go of the bytes of batches that are settled, in the order in which they came.
void Lane::release() {
  while (!held_.empty()) {
    Held& oldest = held_.front();
    while (oldest.settled < oldest.origins.size() &&
           ledger_.settled(oldest.origins[oldest.settled]))
      ++oldest.settled;
    if (oldest.settled < oldest.origins.size()) return;
    held_bytes_ -= oldest.bytes;
    oldest.origins.clear();
    spare_origins_.push_back(std::move(oldest.origins));
    held_.pop_front();
  }
}

// Rows of flush_bytes may hold as much again in records.
bool Lane::holds_too_much() const {
  return held_bytes_ >= kHeldBytesLimit + options_.flush_bytes;
}

// So many rows that they go whether or not others come.
bool Lane::rows_full() const {
  return rows_.size() >= options_.flush_rows || rows_.cells.size() >= options_.flush_bytes ||
         holds_too_much();
}

// When rows that do not fill a batch have waited long enough.
SteadyTime Lane::flush_at() const {
  return rows_since_ + options_.flush_interval + (parts_.sink->busy() ? kGatherLimit : Millis(0));
}

bool Lane::flush_due() const {
  if (rows_.empty() || parts_.sink->full()) return false;
  return rows_full() || clock_.now() >= flush_at();
}

Status Lane::flush() {
  if (options_.on_flush) options_.on_flush(rows_.size());
  if (parts_.sink->keeps_positions()) {
    RETURN_IF_ERROR(letters_still_there());
    RETURN_IF_ERROR(flush_dead_letters());
    if (Accompaniment positions = positions_with_rows(); !positions.empty())
      parts_.sink->accompany(std::move(positions));
  }
  return parts_.sink->submit(rows_);
}

// What is kept in the transaction of the rows at hand. The write times of the rows must not be in
// the file without them beside a position. Positions themselves go along where these rows are all
// that is unfinished: then everything delivered has its outcome with them. (The ledger's count
// would not tell: rows of partitions that were given back are none of it.)
Accompaniment Lane::positions_with_rows() {
  Accompaniment positions;
  if (write_times_.wanted()) {
    gather_moved();
    // One position of each partition: of two the one that is written last would stand.
    std::map<PartitionId, Position> latest;
    for (const PartitionId partition : write_times_.partitions())
      if (const auto kept = kept_position(partition)) latest[partition] = *kept;
    if (!letters_in_doubt_)
      for (const Position& moved : moved_) latest[moved.partition] = moved;
    for (const auto& [partition, position] : latest)
      positions.in_any_case.push_back(with_write_time(position));
  }
  if (letters_in_doubt_) return positions;
  if (kept_.empty() && parts_.sink->in_flight() == 0) {
    for (const PartitionId partition : ledger_.partitions())
      if (const auto next = ledger_.delivered_to(partition))
        positions.if_all_written.push_back(with_write_time({partition, *next}));
  }
  return positions;
}

Position Lane::with_write_time(Position position) const {
  position.write_time_us = write_times_.last(position.partition);
  return position;
}

// Takes in what the sink and the dead letters have to report.
Status Lane::collect(Millis wait) {
  // With nothing in flight the sink returns at once; what is waited for is the next try of the dead
  // letters.
  if (wait.count() > 0 && parts_.sink->in_flight() == 0) clock_.sleep(wait);
  ASSIGN_OR_RETURN(const Acks acks, parts_.sink->reap(wait));
  settle(acks);
  if (!kept_.empty() && clock_.now() - kept_since_ >= kDeadLetterInterval)
    return flush_dead_letters();
  return {};
}

void Lane::settle(const Acks& acks) {
  if (acks.written.empty() && acks.refused.empty()) return;
  uint64_t written = 0;
  for (const Origin& origin : acks.written) written += ledger_.finish(origin) ? 1 : 0;
  accounting_.written(written);
  refusals_.saw(acks.written.size() + acks.refused.size(), acks.refused.size());
  if (!acks.refused.empty()) refuse(acks.refused);
  times_.last_outcome = clock_.now();
}

// Makes dead letters durable and finishes their records. What is transient is said once and tried
// again later.
Status Lane::flush_dead_letters() {
  if (kept_.empty() || !letters_retry_.is_due(clock_.now())) return {};
  if (Status flushed = parts_.dead_letters->flush(); !flushed) {
    if (flushed.error().kind != ErrorKind::transient) return flushed;
    if (letters_retry_.failed(clock_.now()))
      log::warn("{}; trying again until it can", flushed.error().message);
    return {};
  }
  if (letters_retry_.worked())
    log::warn("dead letters are written again to {}", parts_.dead_letters->name());
  const bool keeps = parts_.dead_letters->keeps();
  uint64_t unmatched = 0;
  uint64_t rejected = 0;
  for (const Kept& kept : kept_) {
    if (!ledger_.finish(kept.origin)) continue;
    ++(kept.unmatched ? unmatched : rejected);
    if (!keeps) continue;
    Offset& last = letters_ahead_[kept.origin.partition];
    last = std::max(last, kept.offset);
  }
  accounting_.unmatched(unmatched);
  accounting_.rejected(rejected);
  if (keeps) accounting_.dead_lettered(unmatched + rejected);
  kept_.clear();
  times_.last_outcome = clock_.now();
  return {};
}

// Positions behind letters that somebody has taken away meanwhile are not stored anywhere. Where
// nobody can say now whether they are there, letters_in_doubt_ is true, and it is asked again.
Status Lane::letters_still_there() {
  Status there;
  if (!letters_ahead_.empty()) there = parts_.dead_letters->still_there();
  if (!there && there.error().kind != ErrorKind::transient) return there;
  if (!there && !letters_in_doubt_)
    log::warn("{}; positions behind dead letters are held", there.error().message);
  if (there && letters_in_doubt_)
    log::warn("positions behind dead letters in {} are not held any more",
              parts_.dead_letters->name());
  letters_in_doubt_ = !there;
  return {};
}

// Whether a position that is to be stored may lie behind letters.
bool Lane::moved_past_letters() const {
  return std::any_of(moved_.begin(), moved_.end(), [this](const Position& moved) {
    return letters_ahead_.contains(moved.partition);
  });
}

void Lane::let_go_of_letters(PartitionId partition, Offset next) {
  const auto last = letters_ahead_.find(partition);
  if (last == letters_ahead_.end() || last->second >= next) return;
  letters_ahead_.erase(last);
  if (letters_ahead_.empty()) parts_.dead_letters->let_go();
}

// A sink that keeps positions has them first, when it has no rows at hand: the source's commit
// follows. What is transient is said once and tried again later.
Status Lane::store_positions() {
  release();
  gather_moved();
  if (moved_.empty() || !positions_retry_.is_due(clock_.now())) return {};
  const bool sink_keeps = parts_.sink->keeps_positions();
  if (sink_keeps && parts_.sink->full()) return {};
  if (moved_past_letters()) {
    const SteadyTime now = clock_.now();
    if (now < letters_ask_at_) return {};
    letters_ask_at_ = now + kLettersQuestionEvery;
    RETURN_IF_ERROR(letters_still_there());
    if (letters_in_doubt_) return {};
  }
  if (sink_keeps) {
    ASSIGN_OR_RETURN(const bool kept, keep_positions());
    if (!kept) return {};
  }
  for (const Position& position : moved_) {
    if (write_times_.wanted()) source_->note_write_time(position.partition, position.write_time_us);
    source_->store(position.partition, position.next);
    let_go_of_letters(position.partition, position.next);
    stored_[position.partition] = position;
  }
  moved_.clear();
  return {};
}

// Or the next owner, whose clock may be behind, could give lower times to later records.
void Lane::note_write_times(std::span<const PartitionId> partitions) {
  if (!write_times_.wanted()) return;
  for (const PartitionId partition : partitions)
    source_->note_write_time(partition, write_times_.last(partition));
}

// Takes from the ledger what has moved.
void Lane::gather_moved() {
  for (const PartitionId partition : ledger_.partitions()) {
    const std::optional<Offset> next = ledger_.advance(partition);
    if (!next) continue;
    std::erase_if(moved_, [partition](const Position& old) { return old.partition == partition; });
    moved_.push_back(with_write_time({partition, *next}));
  }
}

// Positions that the sink keeps, before the source has them. False where they have to be tried
// again later.
Result<bool> Lane::keep_positions() {
  if (Status kept = parts_.sink->keep_positions(moved_); !kept) {
    if (kept.error().kind != ErrorKind::transient) return tl::unexpected(std::move(kept.error()));
    if (positions_retry_.failed(clock_.now()))
      log::warn("{}; positions are tried again until they are written", kept.error().message);
    return false;
  }
  if (positions_retry_.worked())
    log::warn("positions are written again to {}", parts_.sink->name());
  return true;
}

// Back-pressure: while this holds, nothing is read.
bool Lane::blocked() const {
  return (parts_.sink->full() && rows_full()) || holds_too_much() ||
         parts_.dead_letters->pending_bytes() >= kDeadLetterBytesLimit;
}

Status Lane::wait_blocked() {
  const SteadyTime now = clock_.now();
  if (!blocked_since_) blocked_since_ = now;
  if (now - *blocked_since_ >= kKeepAliveAfter) {
    RETURN_IF_ERROR(keep_alive());
  }
  RETURN_IF_ERROR(collect(kWaitLimit));
  // A sink that keeps positions takes them only between two batches: under load this is the only
  // moment at which it is not full.
  RETURN_IF_ERROR(store_positions());
  return flush_due() ? flush() : Status{};
}

// Rebalances happen in here, and what goes wrong inside one is told by them. A source that has
// failed says so again each time.
Status Lane::keep_alive() {
  if (Status alive = source_->keep_alive(); !alive && !source_failure_) return alive;
  return revoke_status_;
}

// Nothing to read: sleeps until the source or the sink has something, or a flush is due.
Status Lane::wait_idle() {
  if (source_->wait_fd() < 0) return {};
  Millis wait = kWaitLimit;
  // Where the sink is full, a flush is due when it has an outcome; a retry of its own may start as
  // late as this wait ends.
  if (!rows_.empty() && !parts_.sink->full())
    wait = std::clamp(std::chrono::ceil<Millis>(flush_at() - clock_.now()), Millis(0), wait);
  std::array<pollfd, 2> descriptors{
      {{source_->wait_fd(), POLLIN, 0}, {parts_.sink->wait_fd(), POLLIN, 0}}};
  // A negative descriptor is ignored by poll(2). An interrupted wait is as good as a finished one.
  if (::poll(descriptors.data(), descriptors.size(), static_cast<int>(wait.count())) < 0 &&
      errno != EINTR)
    return fail(ErrorKind::failed, "cannot wait for the source and the sink: poll(2) failed");
  return {};
}

void Lane::on_assigned(std::span<const PartitionId> partitions) {
  for (const PartitionId partition : partitions) {
    ledger_.assign(partition);
    if (const auto kept = kept_position(partition))
      write_times_.start_above(partition, kept->write_time_us);
    // Sources without commits, such as a file, have nothing else to start above; where records have
    // times of their own it is for those that have none.
    if (write_times_.wanted())
      write_times_.start_above(partition, parts_.sink->highest_write_time());
  }
}

// Finished like a record that had its outcome: the position moves over it in its turn.
void Lane::on_passed(PartitionId partition, Offset next) {
  ledger_.pass(partition, next);
}

// The partitions are ours until this returns: what is in flight gets a bounded time to finish, then
// the rest is given back, to be read again by the next owner.
void Lane::on_revoked(std::span<const PartitionId> partitions, bool lost) {
  if (!lost) {
    // Now or never.
    letters_ask_at_ = {};
    positions_retry_.hurry();
    letters_retry_.hurry();
    if (Status drained = drain(clock_.now() + options_.drain_bound); !drained)
      revoke_status_ = std::move(drained);
    note_write_times(partitions);
  }
  if (Status left = parts_.sink->give_back(partitions); !left) revoke_status_ = std::move(left);
  std::erase_if(moved_, [&](const Position& position) {
    return std::find(partitions.begin(), partitions.end(), position.partition) != partitions.end();
  });
  uint64_t given_back = 0;
  for (const PartitionId partition : partitions) {
    given_back += ledger_.revoke(partition);
    let_go_of_letters(partition, std::numeric_limits<Offset>::max());
  }
  accounting_.returned(given_back);
}

// Flushes and waits until nothing is in flight and all positions are with the source, or until the
// deadline, give or take one wait.
Status Lane::drain(SteadyTime deadline) {
  while (true) {
    RETURN_IF_ERROR(store_positions());
    if (settled() || clock_.now() >= deadline) return {};
    if (!rows_.empty() && !parts_.sink->full()) RETURN_IF_ERROR(flush());
    RETURN_IF_ERROR(flush_dead_letters());
    const bool waits = parts_.sink->in_flight() > 0 || letters_retry_.failing() || !moved_.empty();
    RETURN_IF_ERROR(collect(waits ? kWaitLimit : Millis(0)));
  }
}

bool Lane::settled() const {
  return ledger_.in_flight() == 0 && moved_.empty();
}

// Clean end: everything that was read is finished before the group is left.
Status Lane::finish() {
  // 1. From here on nothing new is read. Rows and dead letters that are held are sent and waited
  // for, and positions are stored.
  const SteadyTime begun = clock_.now();
  bool told = false;
  while (true) {
    RETURN_IF_ERROR(drain(clock_.now() + kKeepAliveAfter));
    if (settled()) break;
    RETURN_IF_ERROR(keep_alive());
    if (!told && clock_.now() - begun >= kKeepAliveAfter * 5) {
      say_waiting();
      told = true;
    }
  }
  // 2. From here on nothing is in flight. Positions are made durable.
  RETURN_IF_ERROR(source_->commit());
  return revoke_status_;
}

void Lane::say_waiting() const {
  if (source_failure_)
    log::warn("{}; what was read before is finished first", source_failure_->message);
  if (ledger_.in_flight() > 0) {
    log::warn(
        "waiting for {} records that {} has not acknowledged; a second signal leaves at once, "
        "and the next run reads them again",
        ledger_.in_flight(), parts_.sink->name());
  } else if (letters_in_doubt_) {
    log::warn(
        "waiting for {} to say whether the dead letters are there; a second signal leaves at once, "
        "and the next run reads again what lies behind them",
        parts_.dead_letters->name());
  } else {
    log::warn(
        "waiting for {} to keep the positions of {} partitions; a second signal leaves at once, "
        "and the next run reads again what lies behind the ones before",
        parts_.sink->name(), moved_.size());
  }
}

// What was read is accounted for and committed first: after the cause is mended, the next run goes
// on behind it.
Status Lane::stop_for_rejects() {
  RETURN_IF_ERROR(finish());
  if (refusals_.tripped())
    return fail(
        ErrorKind::failed,
        fmt::format("{} of the last {} rows were refused by {}, more than max_reject_ratio = {} "
                    "allows: does its table take what the pipeline makes? The records are in {}",
                    refusals_.rejected(), refusals_.records(), parts_.sink->name(),
                    options_.max_reject_ratio, parts_.dead_letters->name()));
  return fail(
      ErrorKind::failed,
      fmt::format("{} of the last {} records of {} were rejected, more than max_reject_ratio = "
                  "{} allows: is it the right topic, and the right format? They are in {}",
                  breaker_.rejected(), breaker_.records(), source_->name(),
                  options_.max_reject_ratio, parts_.dead_letters->name()));
}

// Where the source cannot go on (a batch that cannot be read, say), what it gave before is
// finished, however slow the sink is, or every next run would begin with the same records and end
// as this one.
Status Lane::stop_for_source(const Error& error) {
  if (error.kind == ErrorKind::failed && revoke_status_) {
    source_failure_ = error;
    if (const Status finished = finish(); !finished)
      log::warn("what was read before is not all committed: {}", finished.error().message);
  }
  return tl::unexpected<Error>(error);
}

// Waits, as a living member of the group, until all lanes have finished. True where a partition
// that is not at its end came over meanwhile.
Result<bool> Lane::given_more_to_read() {
  if (!options_.unfinished_lanes) return false;
  --*options_.unfinished_lanes;
  while (!stop_.requested()) {
    RETURN_IF_ERROR(keep_alive());
    if (!source_->at_end()) {
      ++*options_.unfinished_lanes;
      return true;
    }
    if (*options_.unfinished_lanes == 0) return false;
    RETURN_IF_ERROR(wait_idle());
  }
  return false;
}

}  // namespace turntable
