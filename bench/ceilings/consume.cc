// The ceilings of reading: what librdkafka alone takes to hand over a backlog, and, with --decode,
// what is left when each event is parsed by simdjson and its four fields are read. No join, no
// rows, no books.
//
// --api says by which of librdkafka's calls messages are had. The last line on standard output is
// one JSON object.
#include <simdjson.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "load/kafka.h"

namespace bench {
namespace {

using std::chrono::steady_clock;

struct Options {
  std::string bootstrap;
  std::string topic;
  bool decode = false;
  std::string api = "batch";
  std::vector<std::string> properties;
};

// What is done with a payload.
class Reader {
 public:
  explicit Reader(bool decode) : decode_(decode) {}

  void read(const void* payload, size_t size) {
    ++events_;
    bytes_ += size;
    decode_ ? decode(payload, size) : touch(payload, size);
  }

  [[nodiscard]] int64_t events() const { return events_; }
  [[nodiscard]] int64_t bytes() const { return bytes_; }
  [[nodiscard]] uint64_t checksum() const { return checksum_; }

 private:
  // Every byte is looked at, eight at a time.
  void touch(const void* payload, size_t size) {
    const auto* at = static_cast<const char*>(payload);
    uint64_t word = 0;
    for (; size >= sizeof word; at += sizeof word, size -= sizeof word) {
      std::memcpy(&word, at, sizeof word);
      checksum_ += word;
    }
    word = 0;
    std::memcpy(&word, at, size);
    checksum_ += word;
  }

  void decode(const void* payload, size_t size) {
    if (buffer_.size() < size + simdjson::SIMDJSON_PADDING)
      buffer_.resize(2 * size + simdjson::SIMDJSON_PADDING);
    std::memcpy(buffer_.data(), payload, size);
    simdjson::ondemand::document play = parser_.iterate(buffer_.data(), size, buffer_.size());
    const int64_t id = play["id"];
    const std::string_view name = play["name"];
    const std::string_view song = play["song"];
    const std::string_view time = play["time"];
    checksum_ += static_cast<uint64_t>(id) + name.size() + song.size() + time.size();
  }

  const bool decode_;
  simdjson::ondemand::parser parser_;
  std::string buffer_;
  int64_t events_ = 0;
  int64_t bytes_ = 0;
  uint64_t checksum_ = 0;
};

// The topic as it is now: all its partitions from their beginnings, and how many events that is.
int64_t assign_all(rd_kafka_t* consumer, const std::string& topic) {
  const int count = partitions_of(consumer, topic);
  rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(count);
  int64_t events = 0;
  for (int partition = 0; partition < count; ++partition) {
    int64_t low = 0;
    int64_t high = 0;
    rd_kafka_query_watermark_offsets(consumer, topic.c_str(), partition, &low, &high, 10'000);
    events += high - low;
    rd_kafka_topic_partition_list_add(all, topic.c_str(), partition)->offset = low;
  }
  rd_kafka_assign(consumer, all);
  rd_kafka_topic_partition_list_destroy(all);
  return events;
}

void read_and_destroy(rd_kafka_message_t* message, Reader& reader) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) give_up(rd_kafka_message_errstr(message));
  reader.read(message->payload, message->len);
  rd_kafka_message_destroy(message);
}

void read_batches(rd_kafka_queue_t* queue, int64_t events, Reader& reader) {
  std::array<rd_kafka_message_t*, 1'000> messages;
  while (reader.events() < events) {
    const auto wanted = std::min<int64_t>(events - reader.events(), messages.size());
    const ssize_t count =
        rd_kafka_consume_batch_queue(queue, 1'000, messages.data(), static_cast<size_t>(wanted));
    for (ssize_t i = 0; i < count; ++i) read_and_destroy(messages[static_cast<size_t>(i)], reader);
  }
}

void read_singly(rd_kafka_queue_t* queue, int64_t events, Reader& reader) {
  while (reader.events() < events) {
    rd_kafka_message_t* message = rd_kafka_consume_queue(queue, 1'000);
    if (message != nullptr) read_and_destroy(message, reader);
  }
}

void read_by_callback(rd_kafka_queue_t* queue, int64_t events, Reader& reader) {
  const auto on_message = [](rd_kafka_message_t* message, void* opaque) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) give_up(rd_kafka_message_errstr(message));
    static_cast<Reader*>(opaque)->read(message->payload, message->len);
  };
  while (reader.events() < events)
    rd_kafka_consume_callback_queue(queue, 1'000, on_message, &reader);
}

int consume(const Options& options) {
  const auto begun = steady_clock::now();
  std::vector<std::string> words{"bootstrap.servers=" + options.bootstrap,
                                 "group.id=ceiling",
                                 "enable.auto.commit=false",
                                 "queued.min.messages=1000000",
                                 "queued.max.messages.kbytes=131072",
                                 "fetch.message.max.bytes=8388608",
                                 "fetch.queue.backoff.ms=5"};
  words.insert(words.end(), options.properties.begin(), options.properties.end());
  rd_kafka_t* consumer = open_client(RD_KAFKA_CONSUMER, words, [](rd_kafka_conf_t*) {});
  Reader reader(options.decode);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(consumer);
  const auto asked = steady_clock::now();
  const int64_t events = assign_all(consumer, options.topic);

  // The clock starts with the first event, as the engine's does.
  rd_kafka_message_t* first = nullptr;
  while (events > 0 && first == nullptr) first = rd_kafka_consume_queue(queue, 1'000);
  const auto started = steady_clock::now();
  if (first != nullptr) read_and_destroy(first, reader);
  if (options.api == "batch") read_batches(queue, events, reader);
  if (options.api == "single") read_singly(queue, events, reader);
  if (options.api == "callback") read_by_callback(queue, events, reader);
  const auto ended = steady_clock::now();

  fmt::print(
      "{{\"consumed\": {}, \"matched\": {}, \"seconds\": {:.6f}, \"startup_seconds\": {:.6f}, "
      "\"bytes\": {}, \"checksum\": {}}}\n",
      reader.events(), reader.events(), seconds_between(started, ended),
      seconds_between(begun, asked), reader.bytes(), reader.checksum());
  std::fflush(stdout);
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Reads a topic to its end with librdkafka alone.");
  bench::Options options;
  app.add_option("--bootstrap", options.bootstrap, "brokers")->required();
  app.add_option("--topic", options.topic, "the backlog")->required();
  app.add_flag("--decode", options.decode, "parse the events and read their four fields");
  app.add_option("--api", options.api)->check(CLI::IsMember({"batch", "single", "callback"}));
  app.add_option("-X", options.properties, "name=value for librdkafka");
  CLI11_PARSE(app, argc, argv);
  return bench::consume(options);
}
