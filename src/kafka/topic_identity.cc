#include "kafka/topic_identity.h"

#include <fmt/format.h>

#include <array>

#include "kafka/client.h"
#include "kafka/librdkafka.h"

namespace turntable::kafka {
namespace {

constexpr int kAnswerWaitMs = 2'000;

struct TopicsDeleter {
  void operator()(rd_kafka_TopicCollection_t* topics) const {
    rd_kafka_TopicCollection_destroy(topics);
  }
};

Result<TopicIdentity> identity_in(rd_kafka_event_t* event, const std::string& what) {
  auto code = rd_kafka_event_error(event);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
  size_t count = 0;
  const auto** topics =
      rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event), &count);
  if (count == 0) return fail(ErrorKind::transient, what + ": the answer is empty");
  if (const rd_kafka_error_t* error = rd_kafka_TopicDescription_error(topics[0])) {
    code = rd_kafka_error_code(error);
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return TopicIdentity{};
    // Not all of its partitions have a leader yet: it is there, and has its id.
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
      return fail_with(code, what);
  }
  TopicIdentity identity{.exists = true};
  const rd_kafka_Uuid_t* id = rd_kafka_TopicDescription_topic_id(topics[0]);
  const bool known =
      rd_kafka_Uuid_least_significant_bits(id) != 0 || rd_kafka_Uuid_most_significant_bits(id) != 0;
  if (known) identity.id = rd_kafka_Uuid_base64str(id);
  return identity;
}

}  // namespace

struct TopicQuestion::Parts {
  Queue answers;
  std::string what;
};

TopicQuestion::TopicQuestion(rd_kafka_s* rk, int broker, const std::string& asking,
                             const std::string& topic)
    : parts_(std::make_unique<Parts>()) {
  parts_->answers.reset(rd_kafka_queue_new(rk));
  parts_->what = fmt::format("Asking {} which topic {} is", asking, topic);
  const char* name = topic.c_str();
  const std::unique_ptr<rd_kafka_TopicCollection_t, TopicsDeleter> topics(
      rd_kafka_TopicCollection_of_topic_names(&name, 1));
  const AdminOptions options(rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS));
  std::array<char, 256> why{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kAnswerWaitMs, why.data(), why.size());
  if (broker >= 0) rd_kafka_AdminOptions_set_broker(options.get(), broker, why.data(), why.size());
  rd_kafka_DescribeTopics(rk, topics.get(), options.get(), parts_->answers.get());
}

TopicQuestion::~TopicQuestion() = default;

std::unique_ptr<TopicQuestion> Client::ask_identity(const std::string& topic) {
  // In turn, so that one that hangs costs one answer.
  const int broker = brokers_.empty() ? -1 : brokers_[next_broker_++ % brokers_.size()];
  return std::make_unique<TopicQuestion>(handle(), broker, bootstrap_, topic);
}

Result<TopicIdentity> Client::identity(const std::string& topic, Millis wait) {
  constexpr Millis kStep{100};
  // Which brokers there are is learnt on the way.
  if (brokers_.empty()) {
    ASSIGN_OR_RETURN([[maybe_unused]] const int partitions, partition_count(topic, wait));
  }
  const auto question = ask_identity(topic);
  for (Millis left = wait; left > Millis(0); left -= kStep) {
    if (auto answer = question->answer(std::min(left, kStep))) return std::move(*answer);
    hear_quietly();
    if (failure()) return tl::unexpected<Error>(*failure());
  }
  return fail(ErrorKind::transient,
              fmt::format("Asking {} which topic {} is: no answer in time", bootstrap_, topic));
}

std::optional<Result<TopicIdentity>> TopicQuestion::answer(Millis wait) {
  const Event event(rd_kafka_queue_poll(parts_->answers.get(), static_cast<int>(wait.count())));
  if (!event) return std::nullopt;
  return identity_in(event.get(), parts_->what);
}

}  // namespace turntable::kafka
