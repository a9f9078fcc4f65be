// Holds positions back until it is known that what was read before them came from the topic with
// which the run began.
//
// A topic may be deleted and made anew under the run. The client goes on in the new one at the old
// offset, without an error where the new one is long enough, and the records before that offset
// would never be read. Only the topic's id tells the two apart. So a position is committed in two
// steps: it is held, and it is stored when a question that was *sent after that* has been answered
// with the id of the run. An id does not come back, so everything that was read before the question
// was sent came from the right topic.
//
//   hold(3, 100) → the question is sent → hold(3, 120) → the answer: same id → 100 may be stored,
//   and 120 waits for the next question.
//
// Knows nothing of clients: the source asks.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kafka/consumer.h"
#include "kafka/topic_identity.h"

namespace turntable {

class TopicWatch {
 public:
  // The topic of the run; where its id is empty nothing is held back: there is nothing to compare.
  explicit TopicWatch(std::string id) : id_(std::move(id)) {}

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] bool watches() const { return !id_.empty(); }

  void hold(kafka::Position position) { held_[position.partition].wanted = position.offset; }
  // The partition is not ours any more.
  void drop(PartitionId partition) { held_.erase(partition); }

  [[nodiscard]] bool holds_any() const { return !held_.empty(); }
  // Whether a question is due, such as there is one every kAskEvery while positions move.
  [[nodiscard]] bool question_due(SteadyTime now) const {
    return !asking_ && holds_any() && now >= next_question_;
  }
  // A question is on its way: an answer to one before no longer counts.
  void asked(SteadyTime now);

  enum class Answer {
    same,     // take() has what may be stored.
    gone,     // The name has no topic now: all is held on.
    another,  // Nothing of what is held may ever be committed.
  };
  [[nodiscard]] Answer answered(const kafka::TopicIdentity& identity);
  // There was no answer: what was asked for is asked for again.
  void unanswered() { asking_ = false; }

  // What may be stored now. Each position once.
  [[nodiscard]] std::vector<kafka::Position> take();

 private:
  struct Held {
    std::optional<Offset> wanted;     // Behind the last question.
    std::optional<Offset> asked;      // The last question was sent after it.
    std::optional<Offset> confirmed;  // It may be stored.
  };

  std::string id_;
  std::map<PartitionId, Held> held_;
  bool asking_ = false;
  SteadyTime next_question_{};
};

// While positions move, the topic's id is asked for so often.
inline constexpr Millis kTopicQuestionEvery{500};

}  // namespace turntable
