#include "source/kafka_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "source/consumer_properties.h"

namespace turntable {

namespace {

constexpr Millis kCommitWait{10'000};
constexpr Millis kCloseWait{10'000};
constexpr Millis kHopelessCloseWait{1'000};

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

}  // namespace turntable
