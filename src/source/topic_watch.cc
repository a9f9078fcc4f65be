#include "source/topic_watch.h"

namespace turntable {

void TopicWatch::asked(SteadyTime now) {
  asking_ = true;
  next_question_ = now + kTopicQuestionEvery;
  for (auto& [partition, held] : held_) {
    if (held.wanted) held.asked = held.wanted;
    held.wanted.reset();
  }
}

TopicWatch::Answer TopicWatch::answered(const kafka::TopicIdentity& identity) {
  asking_ = false;
  if (!identity.exists) return Answer::gone;
  // A broker that is older than ids, amid others that have them, says nothing against it.
  if (!identity.id.empty() && identity.id != id_) return Answer::another;
  for (auto& [partition, held] : held_) {
    if (held.asked) held.confirmed = held.asked;
    held.asked.reset();
  }
  return Answer::same;
}

std::vector<kafka::Position> TopicWatch::take() {
  std::vector<kafka::Position> positions;
  for (auto found = held_.begin(); found != held_.end();) {
    Held& held = found->second;
    if (held.confirmed) positions.push_back({found->first, *held.confirmed});
    held.confirmed.reset();
    found = held.wanted || held.asked ? std::next(found) : held_.erase(found);
  }
  return positions;
}

}  // namespace turntable
