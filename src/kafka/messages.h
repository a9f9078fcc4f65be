// librdkafka's messages as the records of a batch. Inside kafka/ only.
#pragma once

#include <vector>

#include "kafka/headers.h"
#include "kafka/librdkafka.h"
#include "row/record.h"

namespace turntable::kafka {

// Keeps messages, and with them the fetched blocks that the records' views point into.
class Messages : public RecordOwner {
 public:
  Messages() = default;
  ~Messages() override {
    for (rd_kafka_message_t* message : messages_) rd_kafka_message_destroy(message);
  }
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  void reserve(size_t messages) { messages_.reserve(messages); }
  void keep(rd_kafka_message_t* message) { messages_.push_back(message); }

  // The message that was kept last, which carries no error.
  [[nodiscard]] Record last_record() const {
    const rd_kafka_message_t* message = messages_.back();
    Record record;
    record.index = static_cast<uint32_t>(messages_.size() - 1);
    record.value = {static_cast<const char*>(message->payload), message->len};
    record.key = {static_cast<const char*>(message->key), message->key_len};
    record.has_value = message->payload != nullptr;
    record.has_key = message->key != nullptr;
    record.offset = message->offset;
    record.partition = message->partition;
    rd_kafka_timestamp_type_t type;
    if (const int64_t at = rd_kafka_message_timestamp(message, &type); at >= 0)
      record.timestamp_ms = at;
    return record;
  }

  bool visit_headers(const Record& record, const HeaderVisitor& visit) const override {
    return kafka::visit_headers(messages_[record.index], visit);
  }

 private:
  std::vector<rd_kafka_message_t*> messages_;
};

}  // namespace turntable::kafka
