// A producer, over librdkafka: idempotent, acknowledged by all in-sync replicas, with a bounded
// queue. Delivery reports are polled on the caller's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/stop.h"
#include "kafka/client.h"
#include "row/letter.h"

struct rd_kafka_message_s;
struct rd_kafka_topic_s;

namespace turntable::kafka {

// One thread. Values and keys are copied; nothing is allocated per record here.
class Producer final : public Client {
 public:
  struct Options {
    std::string topic;
    // librdkafka's; those of the guarantee (enable.idempotence, acks) and message.timeout.ms (no
    // end) have defaults here.
    Properties properties;
  };
  [[nodiscard]] static Result<std::unique_ptr<Producer>> open(const Options& options,
                                                              const Clock& clock);
  ~Producer();

  struct Message {
    std::string_view value;
    bool has_value = true;                     // False: a tombstone.
    std::optional<std::string_view> key = {};  // Records of one key go to one partition.
    PartitionId partition = -1;                // Negative: by key, or spread.
    int64_t timestamp_ms = kNoTimestamp;       // Without one: now.
    std::span<const Header> headers = {};
  };
  // False where the queue is full: poll() and try again. An Error where it can never be taken.
  [[nodiscard]] Result<bool> send(const Message& message);

  // Serves delivery reports, errors and the log, waiting up to `wait` for the first.
  void poll(Millis wait);

  // Waits until all that was sent is decided, up to `limit`; where it is not, an Error of kind
  // transient with the count.
  [[nodiscard]] Status flush(Millis limit);

  [[nodiscard]] uint64_t sent() const { return sent_; }
  [[nodiscard]] uint64_t acknowledged() const { return acknowledged_; }
  // Given up by librdkafka or refused by the broker. The first reason is in failure().
  [[nodiscard]] uint64_t failed() const { return failed_; }
  // One was refused for having no key: its topic is compacted.
  [[nodiscard]] bool wants_keys() const { return wants_keys_; }
  [[nodiscard]] uint64_t in_flight() const { return sent_ - acknowledged_ - failed_; }

 private:
  Producer(const Options& options, const Clock& clock);
  bool hear() override;
  [[nodiscard]] std::string why_refused(const rd_kafka_message_s& message);

  std::string topic_name_;
  const Clock& clock_;
  struct TopicDeleter {
    void operator()(rd_kafka_topic_s* topic) const;
  };
  std::unique_ptr<rd_kafka_topic_s, TopicDeleter> topic_;
  uint64_t sent_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t failed_ = 0;
  bool wants_keys_ = false;
};

}  // namespace turntable::kafka
