#include "source/kafka_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/log.h"
#include "base/text.h"
#include "source/consumer_properties.h"

namespace turntable {

namespace {

constexpr Millis kCommitWait{10'000};
constexpr Millis kCloseWait{10'000};
constexpr Millis kHopelessCloseWait{1'000};
constexpr int kBeyondEndTries =
    5;  // A new leader may for a moment know of less than was committed.

}  // namespace

KafkaSource::KafkaSource(KafkaSourceOptions options, AssignmentListener& listener,
                         const StopToken& stop, const Clock& clock)
    : options_(std::move(options)), listener_(listener), stop_(stop), clock_(clock) {}

Result<std::unique_ptr<Source>> KafkaSource::open(KafkaSourceOptions options,
                                                  AssignmentListener& listener,
                                                  const StopToken& stop, const Clock& clock) {
  ASSIGN_OR_RETURN(const kafka::Properties properties, consumer_properties(options));
  if (!options.topic_found) {
    ASSIGN_OR_RETURN(options.topic_found, await_source_topic(options, stop, clock));
  }
  std::unique_ptr<KafkaSource> source(new KafkaSource(std::move(options), listener, stop, clock));
  RETURN_IF_ERROR(source->begin(properties));
  return std::unique_ptr<Source>(std::move(source));
}

Status KafkaSource::begin(const kafka::Properties& properties) {
  ASSIGN_OR_RETURN(
      consumer_,
      kafka::Consumer::open({options_.topic, properties, options_.want_headers}, *this, clock_));
  watch_ = TopicWatch(options_.topic_found->id);
  parts_.resize(static_cast<size_t>(options_.topic_found->partitions));
  if (options_.until_end) RETURN_IF_ERROR(take_ends(options_.topic_found->partitions));
  return consumer_->subscribe();
}

// Inside of a callback, where a question has no answer yet.
Status KafkaSource::stay_assigned(const Error& unanswered) {
  if (consumer_->assignment_lost())
    return fail(ErrorKind::interrupted, "The assignment was lost while it was taken up");
  consumer_->health().warn("insist", fmt::format("{}; retrying", unanswered.message));
  return {};
}

KafkaSource::Part& KafkaSource::part_of(PartitionId partition) {
  const auto index = static_cast<size_t>(partition);
  if (index >= parts_.size()) {
    const size_t before = parts_.size();
    parts_.resize(index + 1);
    // A partition that is younger than open() has nothing that a run to the end of that time should
    // read.
    for (size_t i = before; options_.until_end && i < parts_.size(); ++i) parts_[i].end = 0;
  }
  return parts_[index];
}

// Rebalances happen in here.
Status KafkaSource::serve() {
  consumer_->serve();
  if (failure_) return tl::unexpected<Error>(*failure_);
  if (consumer_->failure()) return tl::unexpected<Error>(*consumer_->failure());
  return {};
}

Result<RecordBatch> KafkaSource::poll(size_t limit, Millis wait) {
  const SteadyTime deadline = clock_.now() + wait;
  while (true) {
    consumer_->listen();
    RETURN_IF_ERROR(serve());
    RETURN_IF_ERROR(restart_standing());
    RETURN_IF_ERROR(look_at_topic());
    RETURN_IF_ERROR(look_at_transactions());
    look_at_group();
    ASSIGN_OR_RETURN(const bool begun, commit_beginnings());
    RecordBatch batch;
    if (begun) {
      ASSIGN_OR_RETURN(batch, take(limit));
    }
    const SteadyTime now = clock_.now();
    if (!batch.empty() || now >= deadline || at_end() || stop_.requested()) return batch;
    consumer_->wait(std::min(kSlice, std::chrono::ceil<Millis>(deadline - now)));
  }
}

Result<RecordBatch> KafkaSource::take(size_t limit) {
  kafka::Drained drained = consumer_->drain(limit);
  for (const kafka::Notice& notice : drained.notices)
    if (notice.kind == kafka::Notice::Kind::broken) drop_behind(notice, drained.records);
  admit(drained.records);
  // What was read before a partition broke is handed on first.
  for (const kafka::Notice& notice : drained.notices) {
    if (Status heeded = heed(notice); !heeded) failure_ = std::move(heeded.error());
  }
  if (failure_ && drained.records.empty()) return tl::unexpected<Error>(*failure_);
  RecordBatch batch;
  batch.topic = options_.topic;
  if (drained.records.empty()) return batch;
  batch.records = std::move(drained.records);
  batch.owner = std::move(drained.owner);
  return batch;
}

// librdkafka goes on behind some batches that it cannot read. What comes from there must not be
// handed on, or the commit would pass over the hole.
void KafkaSource::drop_behind(const kafka::Notice& broken, std::vector<Record>& records) {
  std::erase_if(records, [&](const Record& record) {
    return record.partition == broken.partition && record.offset >= broken.offset;
  });
}

// Leaves only what is ours, new and before the end. What a rebalance or a pause inside of
// librdkafka let through twice, and what was fetched for a partition since given back, is dropped
// here.
void KafkaSource::admit(std::vector<Record>& records) {
  size_t kept = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    Part& part = part_of(record.partition);
    if (!part.owned || record.offset < part.next || part.standing != Standing::no) [[unlikely]]
      continue;
    if (record.offset >= part.end) [[unlikely]] {
      part.next = std::max(
          part.next, part.end);  // All before the end has come; what lies in between is a gap.
      pass_gap(part, record.partition);
      continue;
    }
    part.next = part.delivered = record.offset + 1;
    part.stable_end_since.reset();
    if (kept != i) records[kept] = record;
    ++kept;
  }
  records.resize(kept);
}

Status KafkaSource::heed(const kafka::Notice& notice) {
  Part& part = part_of(notice.partition);
  if (!part.owned) return {};
  switch (notice.kind) {
    case kafka::Notice::Kind::end:
      // Until the partition is restarted its records are not admitted. The restart reads them again
      // from `next`, which must not move past them here.
      if (part.standing != Standing::no) return {};
      if (std::min(notice.offset, part.end) > part.next) part.stable_end_since.reset();
      part.next = std::max(part.next, std::min(notice.offset, part.end));
      if (part.next == notice.offset && part.next < part.end && !part.stable_end_since)
        part.stable_end_since = clock_.now();
      pass_gap(part, notice.partition);
      doubt(part, notice.offset);
      return {};
    case kafka::Notice::Kind::out_of_range:
      part.standing = Standing::out_of_range;
      part.standing_text = notice.text;
      return {};
    case kafka::Notice::Kind::broken:
      return fail(notice.error, fmt::format("{}, partition {} cannot be read on at offset {}: {}",
                                            name(), notice.partition, part.next, notice.text));
    case kafka::Notice::Kind::passing:
      consumer_->health().warn(
          fmt::format("partition {}", notice.partition),
          fmt::format("{}, partition {}: {}", name(), notice.partition, notice.text));
      doubt(part, notice.offset);
      return {};
  }
  return {};
}

// librdkafka's batch call takes an event at an offset for the record there. Where the record has
// not come with the same batch, and still has to, the next rebalance could pass it over.
void KafkaSource::doubt(Part& part, Offset at) {
  if (part.standing == Standing::no && part.next <= at && at < part.end)
    part.standing = Standing::in_doubt;
}

// Offsets without records (marks of transactions, compacted ones) behind the last acknowledged
// record are passed over by storing the position behind them; or the group would seem to have
// something left to read.
void KafkaSource::pass_gap(Part& part, PartitionId partition) {
  if (part.stored != part.delivered || part.next <= part.delivered) return;
  part.delivered = part.next;
  store(partition, part.next);
}

Status KafkaSource::restart_standing() {
  const auto stands = [](const Part& part) { return part.owned && part.standing != Standing::no; };
  if (std::none_of(parts_.begin(), parts_.end(), stands)) return {};
  if (clock_.now() < next_restart_) return {};
  next_restart_ = clock_.now() + kLookEvery;
  for (PartitionId partition = 0; static_cast<size_t>(partition) < parts_.size(); ++partition) {
    Part& part = part_of(partition);
    if (!stands(part)) continue;
    if (part.standing == Standing::out_of_range) {
      ASSIGN_OR_RETURN(const bool found, find_position(partition));
      if (!found) continue;
    }
    std::vector<kafka::Position> positions;
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].owned) positions.push_back({static_cast<PartitionId>(i), parts_[i].next});
    }
    const Status restarted = consumer_->restart(positions, partition);
    // In the middle of a rebalance it is refused; that one may also take the partition away.
    if (!restarted && restarted.error().kind == ErrorKind::transient) continue;
    RETURN_IF_ERROR(restarted);
    part.standing = Standing::no;
  }
  return {};
}

// Where to read on: retention deleted what was to be read next, or the topic was made anew with
// less in it. False where the brokers give no answer.
Result<bool> KafkaSource::find_position(PartitionId partition) {
  Part& part = part_of(partition);
  const auto marks = consumer_->watermarks(options_.topic, partition, kQuestionWait);
  if (!marks) {
    if (marks.error().kind == ErrorKind::transient) return false;
    return tl::unexpected<Error>(marks.error());
  }
  if (part.next > marks->high)
    return tl::unexpected<Error>(beyond_end(partition, part.next, marks->high));
  if (part.next < marks->low) {
    say_lost(partition, part.next, marks->low);
    part.next = std::min(marks->low, part.end);
    // Or the next run would count them again.
    pass_gap(part, partition);
    listener_.on_passed(partition, part.next);
  } else if (!part.standing_text.empty()) {
    say_cut_back(partition);
  }
  part.standing_text.clear();
  return true;
}

void KafkaSource::say_lost(PartitionId partition, Offset from, Offset to) {
  lost_ += to - from;
  log::error(
      "{}, partition {}: up to {} records were deleted by the broker's retention before they were "
      "read (offsets {} to {}); "
      "reading on at {}",
      name(), partition, grouped(static_cast<uint64_t>(to - from)), from, to - 1, to);
}

// The broker has records at `next` again. How many others have come before it cannot be counted:
// where its log was cut back to is in the text at best.
void KafkaSource::say_cut_back(PartitionId partition) {
  const Part& part = part_of(partition);
  log::error(
      "{}, partition {}: the broker had no record at offset {} for a while: {}; reading on at {}. "
      "If "
      "its log was cut back, records that have been written anew below are not read; to read them, "
      "stop and reset the group's offsets",
      name(), partition, part.next, part.standing_text, part.next);
}

Error KafkaSource::beyond_end(PartitionId partition, Offset wanted, Offset end) const {
  return {ErrorKind::failed, fmt::format("{}, partition {}: the group is at offset {}, but the "
                                         "partition ends at {}; was the topic deleted and made "
                                         "anew? Use another group.id, or reset the group's offsets",
                                         name(), partition, wanted, end)};
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

Status KafkaSource::keep_alive() {
  // Records wait in the consumer's own queue, which librdkafka stops to fill at its bound; only
  // events are served. The signal that has brought us here is taken down, or who waits on wait_fd()
  // would not wait at all; poll() looks into the queue before anybody waits again, so no record is
  // missed.
  consumer_->listen();
  RETURN_IF_ERROR(serve());
  return look_at_topic();
}

void KafkaSource::store(PartitionId partition, Offset next) {
  Part& part = part_of(partition);
  if (!part.owned || next < part.stored) return;
  if (next == part.delivered) next = std::max(next, part.next);  // Nothing but a gap lies between.
  if (next == part.stored) return;
  part.stored = next;
  part.delivered = std::max(part.delivered, next);
  hold({partition, next});
}

// A group that rebalances takes no commits, and may be waiting for this member. What is stored for
// a partition that is lost meanwhile goes with it, and what is left is not all that was to be
// committed.
Status KafkaSource::commit() {
  const SteadyTime deadline = clock_.now() + kCommitWait;
  lost_partitions_ = false;
  RETURN_IF_ERROR(confirm(deadline, true));
  while (true) {
    const auto left = std::chrono::ceil<Millis>(deadline - clock_.now());
    Status status =
        consumer_->commit_stored(std::max(left, Millis(0)), kafka::Consumer::Meanwhile::serve);
    if (status && lost_partitions_)
      return fail(ErrorKind::transient,
                  fmt::format("The group gave partitions of {} away before their last offsets were "
                              "committed; the next owner reads on from the ones before",
                              name()));
    if (status || !consumer_->commit_met_rebalance() || clock_.now() >= deadline) return status;
    consumer_->listen();
    consumer_->serve();
    // That a partition cannot be read on is no reason against committing what was read.
    if (consumer_->failure()) return tl::unexpected<Error>(*consumer_->failure());
    consumer_->wait(kSlice);
  }
}

// Where to stop, or the last that is known; negative where nothing is.
Offset KafkaSource::end_of(size_t partition) const {
  return options_.until_end ? parts_[partition].end
                            : consumer_->cached_high(static_cast<PartitionId>(partition));
}

std::vector<Source::PartitionProgress> KafkaSource::progress() const {
  std::vector<PartitionProgress> all;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (!parts_[i].owned) continue;
    const Offset end = end_of(i);
    all.push_back({.partition = static_cast<PartitionId>(i),
                   .next = parts_[i].next,
                   .end = end < 0 || end == kNoEnd ? -1 : end});
  }
  return all;
}

std::string KafkaSource::trouble() const {
  if (!consumer_->health().any_away()) return {};
  return fmt::format("a broker of {} does not answer", name());
}

int64_t KafkaSource::lag() const {
  int64_t sum = 0;
  bool any = false;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    if (!part.owned) continue;
    const Offset end = end_of(i);
    if (end < 0) continue;
    sum += std::max<int64_t>(0, end - part.next);
    any = true;
  }
  return any ? sum : -1;
}

std::string KafkaSource::name() const {
  return fmt::format("topic {} at {}", options_.topic, consumer_ ? consumer_->bootstrap() : "?");
}

Status KafkaSource::close() {
  if (closing_) return {};
  closing_ = true;
  consumer_->serve();  // Tells whether brokers are away: then nobody can take the leave, and the
                       // session will time out.
  const bool away = consumer_->health().any_away();
  const Millis wait = away ? kHopelessCloseWait : kCloseWait;
  std::vector<PartitionId> owned;
  for (size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].owned) owned.push_back(static_cast<PartitionId>(i));
  std::vector<PartitionId> noted;
  if (!away) noted = store_notes(owned);
  // What is held after a failure; after an end there is nothing but notes.
  const Status confirmed = confirm(clock_.now() + std::min(wait, kQuestionWait), false);
  if (confirmed) commit_notes(noted);
  question_.reset();
  if (made_anew_under_us_) leave_note_of_change();
  const Status closed = consumer_->close(wait);
  return confirmed ? closed : confirmed;
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

}  // namespace turntable
