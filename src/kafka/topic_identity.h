// Which topic has a name now. A topic that is deleted and made anew under the same name is another
// one, and only its id says so: offsets go on as if nothing had happened.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

struct rd_kafka_s;

namespace turntable::kafka {

struct TopicIdentity {
  bool exists = false;
  // As brokers and their tools write it, in base64. Empty where it is not known: brokers have ids
  // since Kafka 2.8.
  std::string id;
};

// A question to the cluster that is on its way: Client::ask_identity().
class TopicQuestion {
 public:
  // `broker`: by its number; negative: the one that the cluster calls its controller. `asking`: for
  // messages.
  TopicQuestion(rd_kafka_s* client, int broker, const std::string& asking,
                const std::string& topic);
  ~TopicQuestion();
  TopicQuestion(const TopicQuestion&) = delete;
  TopicQuestion& operator=(const TopicQuestion&) = delete;

  // The answer, waiting up to `wait` for it; nothing where it has not come. Once. No answer in two
  // seconds is an Error of kind transient.
  [[nodiscard]] std::optional<Result<TopicIdentity>> answer(Millis wait);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace turntable::kafka
