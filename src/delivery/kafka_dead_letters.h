// Dead letters in a Kafka topic: key, value, timestamp and headers as they came, and behind them
// Kafka Connect's headers of its dead letter queues, so that tools made for those read ours
// (`__connect.errors.topic`, …), with our stable reason in `turntable.reason`, and what each of
// several INSERTs had against the record in `turntable.inserts`, as letter_inserts_json() has it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "delivery/dead_letters.h"
#include "kafka/config.h"
#include "kafka/topic_identity.h"

namespace turntable {

// Of a letter with its headers. All that a batch can hold which may be read fits,
// but for the last megabyte; compressed, it takes no more than the record took.
inline constexpr size_t kLetterBytesLimit = kafka::kBatchBytesLimit - (size_t{1} << 20);

struct KafkaDeadLettersOptions {
  std::string topic;
  kafka::Properties properties;   // The source's: where the brokers are and how to log in.
  std::string pipeline;           // Told in the header `__connect.errors.connector.name`.
  std::string source_topic = {};  // Whose records become letters.
  std::string topic_id = {};  // As prepare_dead_letters_topic() gave it; empty: it is not compared.
  std::string source_topic_id = {};       // Stands in the letters; empty: it is not known.
  std::vector<std::string> inserts = {};  // As in letter_of().
};

// Errors: usage for properties that librdkafka does not take.
[[nodiscard]] Result<std::unique_ptr<DeadLetters>> dead_letters_in_kafka(
    const KafkaDeadLettersOptions& options, const Clock& clock);

// Whether the topic is there; it is made where it is not and the broker allows it. Settings of one
// that is there and may lose or refuse letters are warned of. The topic's id, empty where brokers
// have none, or may not be asked, which is said. An error of kind transient where no broker answers
// in time, or none knows the topic.
[[nodiscard]] Result<std::string> prepare_dead_letters_topic(const KafkaDeadLettersOptions& options,
                                                             const Clock& clock);

// What `ask` finds. A broker that does not know a topic, as one that has just been made, is asked
// again for five seconds.
[[nodiscard]] Result<kafka::TopicIdentity> await_topic_identity(
    const std::function<Result<kafka::TopicIdentity>()>& ask, const Clock& clock);

// Which topic the name of the options' source_topic has now. Errors: transient where no broker
// answers in time.
[[nodiscard]] Result<kafka::TopicIdentity> source_topic_identity(
    const KafkaDeadLettersOptions& options, const Clock& clock);

// What in the settings of a topic may lose or refuse letters, a sentence each, with the setting
// that mends it as kafka-configs.sh takes it. `source`: the settings of the topic that is read, as
// far as they are known. What is in neither is not judged.
struct LettersTopicFault {
  std::string what;
  std::string mended_by;
};
[[nodiscard]] std::vector<LettersTopicFault> letters_topic_faults(const kafka::Properties& topic,
                                                                  const kafka::Properties& source);

// Of a consumer's properties those that a client without a group needs too: addresses, security.
[[nodiscard]] kafka::Properties connection_properties(const kafka::Properties& properties);

// The headers that tell of the letter, behind the record's own.
[[nodiscard]] std::vector<Header> letter_headers(const Letter& letter, const std::string& pipeline);

// Reads a letter back from a record of such a topic. An error of kind row where the headers are not
// there.
[[nodiscard]] Result<Letter> letter_from(const RecordBatch& batch, const Record& record);

}  // namespace turntable
