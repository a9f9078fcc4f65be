// No offset is committed that lies behind records of a topic which was made anew under the run
// (source/kafka_source.h, source/topic_watch.h).
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "source/kafka_source.h"

namespace turntable {

// Asks for the topic's id while positions move, and stores those that are known to be its own.
// Never waits.
Status KafkaSource::look_at_topic() {
  if (question_) {
    if (const auto answer = question_->answer(Millis(0))) RETURN_IF_ERROR(take_answer(*answer));
  }
  if (!watch_.question_due(clock_.now())) return {};
  question_ = consumer_->ask_identity(options_.topic);
  watch_.asked(clock_.now());
  return {};
}

Status KafkaSource::take_answer(const Result<kafka::TopicIdentity>& answer) {
  question_.reset();
  if (!answer) {
    watch_.unanswered();
    if (answer.error().kind != ErrorKind::transient) return tl::unexpected<Error>(answer.error());
    consumer_->health().warn("topic", fmt::format("{}; offsets are held", answer.error().message));
    return {};
  }
  switch (watch_.answered(*answer)) {
    case TopicWatch::Answer::same:
      for (const kafka::Position& position : watch_.take())
        store_confirmed(position.partition, position.offset);
      return {};
    case TopicWatch::Answer::gone:
      consumer_->health().warn("topic",
                               fmt::format("{} does not exist any more; offsets are held", name()));
      return {};
    case TopicWatch::Answer::another:
      return stop_committing(watch_.id(), answer->id);
  }
  return {};
}

void KafkaSource::hold(kafka::Position position) {
  if (!watch_.watches()) return store_confirmed(position.partition, position.offset);
  watch_.hold(position);
}

void KafkaSource::store_confirmed(PartitionId partition, Offset next) {
  Part& part = part_of(partition);
  part.confirmed = next;
  part.noted_us = part.write_time_us;
  consumer_->store({partition, next, note_of(partition)});
}

// Kafka deletes a group's commits together with a topic, and the next run would take the group for
// a new one. Our last offsets in the old topic, with its id in their notes, have it stop with the
// same sentence until somebody has decided.
void KafkaSource::leave_note_of_change() {
  std::vector<kafka::Position> positions;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const auto partition = static_cast<PartitionId>(i);
    const bool ours = parts_[i].owned || std::find(not_taken_.begin(), not_taken_.end(),
                                                   partition) != not_taken_.end();
    if (ours && parts_[i].confirmed >= 0)
      positions.push_back({partition, parts_[i].confirmed, note_of(partition)});
  }
  if (positions.empty()) return;
  if (const Status left = consumer_->commit(positions, kQuestionWait); !left)
    log::warn("{}; the next run may not notice that the topic was made anew", left.error().message);
}

// The topic whose records the group has read is not the one that has its name.
tl::unexpected<Error> KafkaSource::stop_committing(const std::string& was, const std::string& is) {
  made_anew_ = failure_ = made_anew(name(), was, is);
  made_anew_under_us_ = was == watch_.id();
  return tl::unexpected<Error>(*made_anew_);
}

// Asks anew, and waits until all positions are stored. `served`: outside of callbacks the client is
// polled meanwhile.
Status KafkaSource::confirm(SteadyTime deadline, bool served) {
  question_.reset();
  watch_.unanswered();
  while (watch_.holds_any()) {
    if (made_anew_) return tl::unexpected<Error>(*made_anew_);
    if (!question_) {
      question_ = consumer_->ask_identity(options_.topic);
      watch_.asked(clock_.now());
    }
    if (const auto answer = question_->answer(kSlice)) {
      RETURN_IF_ERROR(take_answer(*answer));
      // Not by wait(): records that nobody takes now would end it at once, again and again.
      if (watch_.holds_any()) clock_.sleep(kSlice);
    }
    if (served) {
      // That a partition cannot be read on is no reason against committing what was read.
      consumer_->serve();
      if (consumer_->failure()) return tl::unexpected<Error>(*consumer_->failure());
    }
    if (watch_.holds_any() && clock_.now() >= deadline)
      return fail(ErrorKind::transient,
                  fmt::format("Whether {} is still the one that was read is not known: no answer "
                              "in time. Its last offsets are not committed, and what lies behind "
                              "the ones before is read again",
                              name()));
  }
  return {};
}

}  // namespace turntable
