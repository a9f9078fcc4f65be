// How partitions come and go: where each is read from, and what is committed of it when it is given
// back (source/kafka_source.h, source/start_rule.h, source/commit_note.h).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/log.h"
#include "source/kafka_source.h"

namespace turntable {
namespace {

constexpr int kBeyondEndTries =
    5;  // A new leader may for a moment know of less than was committed.

}  // namespace

// Inside serve(), on the lane's thread.
std::optional<std::vector<kafka::Position>> KafkaSource::on_assign(
    std::span<const PartitionId> partitions) {
  if (closing_) return std::nullopt;
  auto starts = insist(false, [&] { return resolve(partitions); });
  if (!starts) {
    if (starts.error().kind != ErrorKind::interrupted) failure_ = starts.error();
    if (made_anew_) not_taken_.insert(not_taken_.end(), partitions.begin(), partitions.end());
    return std::nullopt;
  }
  assigned_once_ = true;
  group_done_ = false;
  for (const kafka::Position& start : *starts) {
    Part& part = part_of(start.partition);
    part.owned = true;
    part.standing = Standing::no;
    part.stable_end_since.reset();
    part.next = part.delivered = part.stored = part.confirmed = start.offset;
  }
  if (partitions.empty()) return *starts;
  listener_.on_assigned(partitions);
  for (const PartitionId partition : partitions)
    if (const int64_t last_us = part_of(partition).write_time_us; last_us != kNoWriteTime)
      listener_.on_write_time(partition, last_us);
  // What was decided here goes into the sink's books too: what is lost is lost once.
  if (!listener_.keeps_positions()) return *starts;
  for (const kafka::Position& start : *starts) {
    const auto kept = listener_.kept_position(start.partition);
    if (!kept || kept->next != start.offset) listener_.on_passed(start.partition, start.offset);
  }
  return *starts;
}

void KafkaSource::on_revoke(std::span<const PartitionId> partitions, bool lost) {
  // At close() the lane has finished with everything: what it stored is committed, and there is
  // nothing to ask it.
  std::vector<PartitionId> owned;
  std::copy_if(partitions.begin(), partitions.end(), std::back_inserter(owned),
               [&](PartitionId id) { return part_of(id).owned; });
  std::vector<PartitionId> noted;
  if (!closing_ && !owned.empty()) {
    listener_.on_revoked(owned, lost);
    if (!lost) noted = store_notes(owned);
  }
  if (lost && !owned.empty()) lost_partitions_ = true;
  if (!lost && !closing_ && !owned.empty()) {
    const Status confirmed = confirm(clock_.now() + kQuestionWait, false);
    if (confirmed) commit_notes(noted);
    if (!confirmed) consumer_->health().warn("topic", confirmed.error().message);
  }
  for (const PartitionId partition : owned) {
    part_of(partition).owned = false;
    watch_.drop(partition);
  }
  std::vector<kafka::Position> leaving;
  std::erase_if(beginnings_, [&](const kafka::Position& position) {
    const bool leaves = !part_of(position.partition).owned;
    if (leaves) leaving.push_back(position);
    return leaves;
  });
  // The next owner would decide anew, and with start = 'latest' later. Where it cannot be committed
  // here either, that is what happens.
  if (!lost && !closing_ && !leaving.empty() && !made_anew_) {
    if (const Status status = consumer_->commit(leaving, kQuestionWait); !status)
      consumer_->health().warn("beginning", status.error().message);
  }
}

Result<std::vector<kafka::Position>> KafkaSource::resolve(std::span<const PartitionId> partitions) {
  std::vector<kafka::Position> positions;
  if (partitions.empty()) return positions;
  ASSIGN_OR_RETURN(const int count, consumer_->partition_count(options_.topic, kQuestionWait));
  const int known = std::max({count, *std::max_element(partitions.begin(), partitions.end()) + 1});
  std::vector<PartitionId> all(static_cast<size_t>(known));
  std::iota(all.begin(), all.end(), 0);
  ASSIGN_OR_RETURN(const std::vector<kafka::Committed> commits,
                   consumer_->committed(all, kQuestionWait));
  for (const kafka::Committed& commit : commits) {
    const auto note = parse_note(commit.metadata);
    if (watch_.watches() && commit.offset >= 0 && note && !note->topic_id.empty() &&
        note->topic_id != watch_.id())
      return stop_committing(note->topic_id, watch_.id());
  }
  std::optional<int> began_with = partitions_at_beginning(commits);
  // The topic had no partitions when the run came.
  if (!began_with && options_.topic_found->was_awaited && options_.start.at == Start::At::latest)
    began_with = 0;
  began_with_ = began_with.value_or(known);

  std::vector<kafka::Position> fresh;  // Not what is committed yet.
  std::vector<std::pair<kafka::Position, Offset>> lost;
  int not_kept = 0;
  int kept_by_group = 0;
  for (const PartitionId partition : partitions) {
    kafka::Committed commit = commits[static_cast<size_t>(partition)];
    const auto committed = commit.offset;
    const auto note = parse_note(commit.metadata);
    if (const auto kept = listener_.kept_position(partition)) {
      // Where no sink keeps positions any more, one may have had them: the lower one counts.
      const bool decides = listener_.keeps_positions() || committed < 0;
      commit.offset = decides ? kept->next : std::min(committed, kept->next);
    } else if (listener_.keeps_positions() && committed >= 0) {
      ++(note && note->names_store(listener_.store_ids()) ? kept_by_group : not_kept);
    }
    ASSIGN_OR_RETURN(const kafka::Watermarks marks,
                     consumer_->watermarks(options_.topic, partition, kQuestionWait));
    Offset offset = marks.low;
    switch (decide_start(partition, commit, began_with)) {
      case BeginAt::commit: {
        ASSIGN_OR_RETURN(offset, resolve_commit(partition, commit.offset, marks));
        if (offset > commit.offset) lost.push_back({{partition, commit.offset}, offset});
        break;
      }
      case BeginAt::first_record:
        log::info("{}, partition {} is new: reading it from its beginning", name(), partition);
        break;
      case BeginAt::start:
        if (options_.start.at == Start::At::latest) offset = marks.high;
        if (options_.start.at == Start::At::time) {
          const auto by_time = consumer_->offsets_at(options_.topic, {&partition, 1},
                                                     options_.start.time_ms, kQuestionWait);
          if (!by_time) return tl::unexpected<Error>(by_time.error());
          offset = by_time->front();
        }
        break;
    }
    Part& part = part_of(partition);
    part.write_time_us = part.noted_us = note ? note->write_time_us : kNoWriteTime;
    positions.push_back({partition, offset, note_of(partition)});
    // A commit that does not move may stand for long, and says which stores are written up to it.
    const std::string stores = stores_in_notes();
    if (offset != committed || (!stores.empty() && (!note || note->stores != stores)))
      fresh.push_back(positions.back());
  }
  // The positions just found may be those of a topic that was made anew since the run began.
  if (watch_.watches()) {
    ASSIGN_OR_RETURN(const kafka::TopicIdentity identity,
                     consumer_->identity(options_.topic, kQuestionWait));
    if (!identity.exists) return fail(ErrorKind::transient, name() + " does not exist any more");
    if (!identity.id.empty() && identity.id != watch_.id())
      return stop_committing(watch_.id(), identity.id);
  }
  // Committed before the first record is delivered: a crash from then on finds it, and begins at
  // the same place.
  beginnings_.insert(beginnings_.end(), fresh.begin(), fresh.end());
  for (const auto& [from, to] : lost) say_lost(from.partition, from.offset, to);
  if (kept_by_group > 0)
    log::info(
        "{}: reading on at the commits in {} partitions, up to which the sink was written together "
        "with other stores; it keeps positions of its own from here on",
        name(), kept_by_group);
  if (not_kept > 0)
    log::warn(
        "{}: the group has commits in {} partitions for which the sink keeps no position; reading "
        "on "
        "at the commits. What was read before is not in this sink, and two sinks of one group that "
        "keep positions write records twice: each needs a group.id of its own",
        name(), not_kept);
  return positions;
}

Result<Offset> KafkaSource::resolve_commit(PartitionId partition, Offset committed,
                                           kafka::Watermarks marks) {
  for (int attempt = 1; committed > marks.high; ++attempt) {
    if (attempt == kBeyondEndTries)
      return tl::unexpected<Error>(beyond_end(partition, committed, marks.high));
    for (Millis slept{0}; slept < kLookEvery && !stop_.requested(); slept += kSlice)
      clock_.sleep(kSlice);
    ASSIGN_OR_RETURN(marks, consumer_->watermarks(options_.topic, partition, kQuestionWait));
  }
  return std::max(committed,
                  marks.low);  // Below the first record there is, retention has been faster.
}

// Inside of a callback, where a question has no answer yet.
Status KafkaSource::stay_assigned(const Error& unanswered) {
  if (consumer_->assignment_lost())
    return fail(ErrorKind::interrupted, "The assignment was lost while it was taken up");
  consumer_->health().warn("insist", fmt::format("{}; retrying", unanswered.message));
  return {};
}

// True where every beginning is committed. Not done inside the rebalance that decides it: a broker
// refuses commits there when the next rebalance has already begun, and that one can only be joined
// after the callback.
Result<bool> KafkaSource::commit_beginnings() {
  if (beginnings_.empty()) return true;
  if (clock_.now() < next_beginning_) return false;
  const Status status = consumer_->commit(beginnings_, kQuestionWait);
  if (status) {
    beginnings_.clear();
    return true;
  }
  if (status.error().kind != ErrorKind::transient) return tl::unexpected<Error>(status.error());
  consumer_->health().warn("beginning", fmt::format("{}; retrying", status.error().message));
  next_beginning_ = clock_.now() + kSlice;
  return false;
}

// A store that keeps positions is asked for them, whatever is noted.
std::string KafkaSource::stores_in_notes() const {
  return listener_.keeps_positions() ? "" : listener_.store_ids();
}

std::string KafkaSource::note_of(PartitionId partition) {
  return note_text({.partitions = began_with_,
                    .topic_id = watch_.id(),
                    .write_time_us = part_of(partition).write_time_us,
                    .stores = stores_in_notes()});
}

// Where records behind the stored position have been given write times, the position is stored once
// more, to be committed with them: rows of these records may still be on their way, and those of
// the next owner are to stand over them.
std::vector<PartitionId> KafkaSource::store_notes(std::span<const PartitionId> partitions) {
  std::vector<PartitionId> noted;
  for (const PartitionId partition : partitions) {
    const Part& part = part_of(partition);
    if (part.noted_us == part.write_time_us) continue;
    hold({partition, part.stored});
    noted.push_back(partition);
  }
  return noted;
}

// What is stored is committed only where it is further than the last commit, and these may not be.
void KafkaSource::commit_notes(std::span<const PartitionId> noted) {
  if (noted.empty() || made_anew_) return;
  std::vector<kafka::Position> positions;
  for (const PartitionId partition : noted)
    positions.push_back({partition, part_of(partition).stored, note_of(partition)});
  if (const Status status = consumer_->commit(positions, kQuestionWait); !status)
    consumer_->health().warn("notes", status.error().message);
}

}  // namespace turntable
