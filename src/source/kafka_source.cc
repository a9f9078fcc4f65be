#include "source/kafka_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <thread>

#include "base/backoff.h"
#include "base/log.h"
#include "base/text.h"
#include "source/consumer_properties.h"

namespace turntable {

namespace {

constexpr Millis kQuestionWait{2'000};  // For one answer of a broker; then it is asked again.
constexpr Millis kCommitWait{10'000};
constexpr Millis kCloseWait{10'000};
constexpr Millis kHopelessCloseWait{1'000};
constexpr Millis kLookEvery{1'000};
constexpr Millis kSlice{100};  // A stop is noticed so soon.
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
  std::unique_ptr<KafkaSource> source(new KafkaSource(std::move(options), listener, stop, clock));
  RETURN_IF_ERROR(source->begin(properties));
  return std::unique_ptr<Source>(std::move(source));
}

Status KafkaSource::begin(const kafka::Properties& properties) {
  ASSIGN_OR_RETURN(
      consumer_,
      kafka::Consumer::open({options_.topic, properties, options_.want_headers}, *this, clock_));
  // Where bootstrap servers were never reached, the wait for the topic is what says so.
  ASSIGN_OR_RETURN(const int partitions, await_topic());
  parts_.resize(static_cast<size_t>(partitions));
  if (options_.until_end) RETURN_IF_ERROR(take_ends(partitions));
  return consumer_->subscribe();
}

template <class Question>
auto KafkaSource::insist(bool served, Question question) -> decltype(question()) {
  Backoff backoff(Backoff::Options{.first = Millis(100), .limit = Millis(2'000)});
  while (true) {
    if (stop_.requested())
      return fail(ErrorKind::interrupted, fmt::format("Interrupted while waiting for {}", name()));
    auto answer = question();
    if (answer || answer.error().kind != ErrorKind::transient) return answer;
    if (!served) {
      if (consumer_->assignment_lost())
        return fail(ErrorKind::interrupted, "The assignment was lost while it was taken up");
      consumer_->health().warn("insist", fmt::format("{}; retrying", answer.error().message));
    }
    const SteadyTime until = clock_.now() + backoff.next();
    while (clock_.now() < until && !stop_.requested()) {
      if (served) RETURN_IF_ERROR(serve());
      std::this_thread::sleep_for(std::min<SteadyTime::duration>(kSlice, until - clock_.now()));
    }
  }
}

Result<int> KafkaSource::await_topic() {
  bool said = false;
  return insist(true, [&]() -> Result<int> {
    ASSIGN_OR_RETURN(const int partitions,
                     consumer_->partition_count(options_.topic, kQuestionWait));
    if (partitions > 0) {
      if (said) log::info("Topic {} is there now", options_.topic);
      return partitions;
    }
    if (!said)
      log::warn("Topic {} does not exist at {}; waiting for it", options_.topic,
                consumer_->bootstrap());
    said = true;
    return fail(ErrorKind::transient, "no topic");
  });
}

Status KafkaSource::take_ends(int partitions) {
  for (PartitionId partition = 0; partition < partitions; ++partition) {
    ASSIGN_OR_RETURN(const kafka::Watermarks marks, insist(true, [&] {
                       return consumer_->watermarks(options_.topic, partition, kQuestionWait);
                     }));
    part_of(partition).end = marks.high;
    part_of(partition).low_at_open = marks.low;
  }
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
      part.next = std::max(part.next, std::min(notice.offset, part.end));
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
  const Status status = consumer_->commit(beginnings_, note_, kQuestionWait);
  if (status) {
    beginnings_.clear();
    return true;
  }
  if (status.error().kind != ErrorKind::transient) return tl::unexpected<Error>(status.error());
  consumer_->health().warn("beginning", fmt::format("{}; retrying", status.error().message));
  next_beginning_ = clock_.now() + kSlice;
  return false;
}

// A member without partitions is done when the others have read everything: until then it may still
// get some.
void KafkaSource::look_at_group() {
  if (!options_.until_end || !assigned_once_ || group_done_ || clock_.now() < next_look_) return;
  if (std::any_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.owned; }))
    return;
  next_look_ = clock_.now() + kLookEvery;
  std::vector<PartitionId> all(parts_.size());
  std::iota(all.begin(), all.end(), 0);
  const auto commits = consumer_->committed(all, kSlice * 5);
  if (!commits) return;
  for (size_t i = 0; i < all.size(); ++i) {
    const Part& part = parts_[i];
    if (part.end > part.low_at_open && (*commits)[i].offset < part.end) return;
  }
  group_done_ = true;
}

Status KafkaSource::keep_alive() {
  // Records wait in the consumer's own queue, which librdkafka stops to fill at its bound; only
  // events are served. The signal that has brought us here is taken down, or who waits on wait_fd()
  // would not wait at all; poll() looks into the queue before anybody waits again, so no record is
  // missed.
  consumer_->listen();
  return serve();
}

void KafkaSource::store(PartitionId partition, Offset next) {
  Part& part = part_of(partition);
  if (!part.owned || next < part.stored) return;
  if (next == part.delivered) next = std::max(next, part.next);  // Nothing but a gap lies between.
  if (next == part.stored) return;
  part.stored = next;
  part.delivered = std::max(part.delivered, next);
  consumer_->store({partition, next}, note_);
}

// A group that rebalances takes no commits, and may be waiting for this member. What is stored for
// a partition that is lost meanwhile goes with it, and what is left is not all that was to be
// committed.
Status KafkaSource::commit() {
  const SteadyTime deadline = clock_.now() + kCommitWait;
  lost_partitions_ = false;
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

bool KafkaSource::at_end() const {
  if (!options_.until_end || !assigned_once_) return false;
  bool any = false;
  for (const Part& part : parts_) {
    if (!part.owned) continue;
    if (part.next < part.end) return false;
    any = true;
  }
  return any || group_done_;
}

int64_t KafkaSource::lag() const {
  int64_t sum = 0;
  bool any = false;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    if (!part.owned) continue;
    const Offset end =
        options_.until_end ? part.end : consumer_->cached_high(static_cast<PartitionId>(i));
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
  return consumer_->close(consumer_->health().any_away() ? kHopelessCloseWait : kCloseWait);
}

// Inside serve(), on the lane's thread.
std::optional<std::vector<kafka::Position>> KafkaSource::on_assign(
    std::span<const PartitionId> partitions) {
  if (closing_) return std::nullopt;
  auto starts = insist(false, [&] { return resolve(partitions); });
  if (!starts) {
    if (starts.error().kind != ErrorKind::interrupted) failure_ = starts.error();
    return std::nullopt;
  }
  assigned_once_ = true;
  group_done_ = false;
  for (const kafka::Position& start : *starts) {
    Part& part = part_of(start.partition);
    part.owned = true;
    part.standing = Standing::no;
    part.next = part.delivered = part.stored = start.offset;
  }
  if (partitions.empty()) return *starts;
  listener_.on_assigned(partitions);
  // What was decided here goes into the sink's books too: what is lost is lost once.
  for (const kafka::Position& start : *starts)
    if (listener_.keeps_positions() && listener_.kept_position(start.partition) != start.offset)
      listener_.on_passed(start.partition, start.offset);
  return *starts;
}

void KafkaSource::on_revoke(std::span<const PartitionId> partitions, bool lost) {
  // At close() the lane has finished with everything: what it stored is committed, and there is
  // nothing to ask it.
  std::vector<PartitionId> owned;
  std::copy_if(partitions.begin(), partitions.end(), std::back_inserter(owned),
               [&](PartitionId id) { return part_of(id).owned; });
  if (!closing_ && !owned.empty()) listener_.on_revoked(owned, lost);
  if (lost && !owned.empty()) lost_partitions_ = true;
  for (const PartitionId partition : owned) part_of(partition).owned = false;
  std::vector<kafka::Position> leaving;
  std::erase_if(beginnings_, [&](const kafka::Position& position) {
    const bool leaves = !part_of(position.partition).owned;
    if (leaves) leaving.push_back(position);
    return leaves;
  });
  // The next owner would decide anew, and with start = 'latest' later. Where it cannot be committed
  // here either, that is what happens.
  if (!lost && !closing_ && !leaving.empty()) {
    if (const Status status = consumer_->commit(leaving, note_, kQuestionWait); !status)
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
  const std::optional<int> began_with = partitions_at_beginning(commits);
  note_ = start_note(began_with.value_or(known));

  std::vector<kafka::Position> fresh;  // Not what is committed yet.
  std::vector<std::pair<kafka::Position, Offset>> lost;
  int not_kept = 0;
  for (const PartitionId partition : partitions) {
    kafka::Committed commit = commits[static_cast<size_t>(partition)];
    const auto committed = commit.offset;
    if (const auto kept = listener_.kept_position(partition)) {
      commit.offset = *kept;
    } else if (listener_.keeps_positions() && committed >= 0) {
      ++not_kept;
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
    positions.push_back({partition, offset});
    if (offset != committed) fresh.push_back(positions.back());
  }
  // Committed before the first record is delivered: a crash from then on finds it, and begins at
  // the same place.
  beginnings_.insert(beginnings_.end(), fresh.begin(), fresh.end());
  for (const auto& [from, to] : lost) say_lost(from.partition, from.offset, to);
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
      std::this_thread::sleep_for(kSlice);
    ASSIGN_OR_RETURN(marks, consumer_->watermarks(options_.topic, partition, kQuestionWait));
  }
  return std::max(committed,
                  marks.low);  // Below the first record there is, retention has been faster.
}

}  // namespace turntable
