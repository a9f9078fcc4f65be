#include "kafka/topic_reader.h"

#include <fmt/format.h>

#include "kafka/librdkafka.h"
#include "kafka/messages.h"

namespace turntable::kafka {
namespace {

constexpr Millis kQuestionWait{5'000};

}  // namespace

TopicReader::TopicReader(const Options& options, const Clock& clock)
    : Client("reader of topic " + options.topic, options.properties, clock),
      topic_name_(options.topic) {}

TopicReader::~TopicReader() = default;

Result<std::unique_ptr<TopicReader>> TopicReader::open(const Options& options, const Clock& clock) {
  Properties properties = options.properties;
  properties["group.id"] = "turntable-reader";  // librdkafka asks for one; nothing is committed.
  properties.erase("group.instance.id");
  properties["enable.auto.commit"] = "false";
  properties["enable.auto.offset.store"] = "false";
  properties["enable.partition.eof"] = "true";
  properties["auto.offset.reset"] = "earliest";  // Retention may be faster than we are.
  properties["check.crcs"] = "true";
  properties["receive.message.max.bytes"] = std::to_string(kBatchBytesLimit);
  properties["log.queue"] = "true";  // So that the log is polled too, and no foreign thread enters.
  ASSIGN_OR_RETURN(Conf conf, make_conf(properties));
  std::unique_ptr<TopicReader> reader(new TopicReader(options, clock));
  RETURN_IF_ERROR(reader->start(std::move(conf), false));
  rd_kafka_poll_set_consumer(reader->handle());
  rd_kafka_set_log_queue(reader->handle(), nullptr);
  RETURN_IF_ERROR(reader->begin());
  return reader;
}

Status TopicReader::begin() {
  ASSIGN_OR_RETURN(const int partitions, partition_count(topic_name_, kQuestionWait));
  if (partitions == 0)
    return fail(ErrorKind::failed,
                fmt::format("There is no topic {} at {}", topic_name_, bootstrap()));
  List list(rd_kafka_topic_partition_list_new(partitions));
  for (PartitionId partition = 0; partition < partitions; ++partition) {
    ASSIGN_OR_RETURN(const Watermarks marks, watermarks(topic_name_, partition, kQuestionWait));
    if (marks.low >= marks.high) continue;
    left_[partition] = marks.high;
    next_[partition] = marks.low;
    offsets_ += marks.high - marks.low;
    rd_kafka_topic_partition_list_add(list.get(), topic_name_.c_str(), partition)->offset =
        marks.low;
  }
  const auto code = rd_kafka_assign(handle(), list.get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return fail_with(code, fmt::format("Reading topic {} at {}", topic_name_, bootstrap()));
}

// Before the partitions are assigned there are no records that it could take away.
bool TopicReader::hear() {
  while (rd_kafka_message_t* message = rd_kafka_consumer_poll(handle(), 0)) {
    health().on_error(message->err, rd_kafka_message_errstr(message));
    rd_kafka_message_destroy(message);
  }
  return true;
}

double TopicReader::share_read() const {
  if (offsets_ == 0) return 1;
  Offset left = 0;
  for (const auto& [partition, end] : left_) left += end - next_.at(partition);
  return 1 - static_cast<double>(left) / static_cast<double>(offsets_);
}

void TopicReader::pass(PartitionId partition, Offset next) {
  const auto found = left_.find(partition);
  if (found != left_.end()) next_[partition] = next;
  if (found != left_.end() && next >= found->second) left_.erase(found);
}

Result<RecordBatch> TopicReader::poll(size_t limit, Millis wait) {
  RecordBatch batch;
  batch.topic = topic_name_;
  auto owner = std::make_unique<Messages>();
  while (batch.size() < limit && !at_end()) {
    const int patience = batch.empty() ? static_cast<int>(wait.count()) : 0;
    rd_kafka_message_t* message = rd_kafka_consumer_poll(handle(), patience);
    if (message == nullptr) break;
    owner->keep(message);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      pass(message->partition, message->offset);
      continue;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      health().on_error(message->err, rd_kafka_message_errstr(message));
      continue;
    }
    const auto found = left_.find(message->partition);
    if (found == left_.end() || message->offset >= found->second) continue;  // Younger than open().
    const Record& record = batch.records.emplace_back(owner->last_record());
    pass(record.partition, record.offset + 1);
  }
  if (failure()) return tl::unexpected<Error>(*failure());
  batch.owner = std::move(owner);
  return batch;
}

}  // namespace turntable::kafka
