// How a lane waits where it cannot read, how it comes to its end, and what it says meanwhile.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/log.h"
#include "lane/lane.h"
#include "lane/lane_limits.h"

namespace turntable {

// Rows of flush_bytes may hold as much again in records.
bool Lane::holds_too_much() const {
  return std::max(held_.bytes() + letters_.waiting_bytes(), stores_.most_bytes()) >=
         kHeldBytesLimit + stores_.most_flush_bytes();
}

// Back-pressure: while this holds, nothing is read.
bool Lane::blocked() const {
  const bool too_much = holds_too_much();
  return too_much || stores_.all_full(too_much) ||
         letters_.pending_bytes() >= kDeadLetterBytesLimit;
}

Status Lane::wait_blocked() {
  const SteadyTime now = clock_.now();
  if (!blocked_since_) blocked_since_ = now;
  if (now - *blocked_since_ >= kKeepAliveAfter) {
    RETURN_IF_ERROR(keep_alive());
  }
  RETURN_IF_ERROR(collect(kWaitLimit));
  // A store that keeps positions takes them only between two batches: under load this is the only
  // moment at which it is not full.
  RETURN_IF_ERROR(store_positions());
  return flush_what_is_due();
}

// Rebalances happen in here, and what goes wrong inside one is told by them. A source that has
// failed says so again each time.
Status Lane::keep_alive() {
  if (Status alive = source_->keep_alive(); !alive && !source_failure_) return alive;
  return revoke_status_;
}

// Nothing to read: sleeps until the source or a store has something, or a flush is due.
Status Lane::wait_idle() {
  if (source_->wait_fd() < 0) return {};
  Millis wait = kWaitLimit;
  // Where a store is full, a flush is due when it has an outcome; a retry of its own may start as
  // late as this wait ends.
  if (const auto flush_at = stores_.next_flush())
    wait = std::clamp(std::chrono::ceil<Millis>(*flush_at - clock_.now()), Millis(0), wait);
  std::vector<pollfd> descriptors{{source_->wait_fd(), POLLIN, 0}};
  stores_.add_descriptors(descriptors);
  const PhaseTimes::Scope waiting(phases_, Phase::wait);
  // A negative descriptor is ignored by poll(2). An interrupted wait is as good as a finished one.
  if (::poll(descriptors.data(), descriptors.size(), static_cast<int>(wait.count())) < 0 &&
      errno != EINTR)
    return fail(ErrorKind::failed, "cannot wait for the source and the sink: poll(2) failed");
  return {};
}

// Flushes and waits until nothing is in flight and all positions are with the source, or until the
// deadline, give or take one wait.
Status Lane::drain(SteadyTime deadline) {
  while (true) {
    RETURN_IF_ERROR(store_positions());
    if (settled() || clock_.now() >= deadline) return {};
    if (batch_ != nullptr && !blocked()) transform();
    for (Store& store : stores_.all())
      if (stores_.flush_due(store, true)) RETURN_IF_ERROR(flush(store));
    RETURN_IF_ERROR(flush_letters(true));
    const bool waits = stores_.in_flight() > 0 || letters_.failing() || positions_.waiting() > 0;
    RETURN_IF_ERROR(collect(waits ? kWaitLimit : Millis(0)));
    publish(LaneState::finishing);
  }
}

bool Lane::settled() const {
  return ledger_.in_flight() == 0 && positions_.waiting() == 0;
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
  const PhaseTimes::Scope committing(phases_, Phase::commit);
  RETURN_IF_ERROR(source_->commit());
  return revoke_status_;
}

void Lane::say_waiting() const {
  if (source_failure_)
    log::warn("{}; what was read before is finished first", source_failure_->message);
  if (const std::string names = stores_.unfinished_names(); !names.empty()) {
    log::warn(
        "waiting for {} records that {} has not acknowledged; a second signal leaves at once, "
        "and the next run reads them again",
        ledger_.in_flight(), names);
  } else if (ledger_.in_flight() > 0) {
    log::warn(
        "waiting for {} to take the dead letters of {} records; a second signal leaves at once, "
        "and the next run reads them again",
        letters_.name(), ledger_.in_flight());
  } else if (letters_.in_doubt()) {
    log::warn(
        "waiting for {} to say whether the dead letters are there; a second signal leaves at once, "
        "and the next run reads again what lies behind them",
        letters_.name());
  } else {
    log::warn(
        "waiting for {} to keep the positions of {} partitions; a second signal leaves at once, "
        "and the next run reads again what lies behind the ones before",
        stores_.all().front().name, positions_.waiting());
  }
}

// What was read is accounted for and committed first: after the cause is mended, the next run goes
// on behind it.
Status Lane::stop_for_rejects() {
  RETURN_IF_ERROR(finish());
  if (const auto tripped = stores_.tripped())
    return fail(
        ErrorKind::failed,
        fmt::format("{} of the last {} rows were refused by {}, more than max_reject_ratio = {} "
                    "allows: does its table take what the pipeline makes? The records are in {}",
                    tripped->refusals->rejected(), tripped->refusals->records(),
                    tripped->store->name, options_.max_reject_ratio, letters_.name()));
  return fail(
      ErrorKind::failed,
      fmt::format("{} of the last {} records of {} were rejected, more than max_reject_ratio = "
                  "{} allows: is it the right topic, and the right format? They are in {}",
                  rejects_breaker_.rejected(), rejects_breaker_.records(), source_->name(),
                  options_.max_reject_ratio, letters_.name()));
}

// Where the source cannot go on (a batch that cannot be read, say), what it gave before is
// finished, however slow the stores are, or every next run would begin with the same records and
// end as this one.
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
    publish(LaneState::finishing);
  }
  return false;
}

}  // namespace turntable
