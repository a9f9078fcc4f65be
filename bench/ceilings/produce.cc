// The ceiling of sending: librdkafka's own producer loop over events that lie ready in memory, with
// the guarantees that `turntable produce` has (acks=all, idempotent). The last line on standard
// output is one JSON object.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "load/kafka.h"
#include "load/plays.h"

namespace bench {
namespace {

using std::chrono::steady_clock;

struct Options {
  std::string bootstrap;
  std::string topic;
  uint64_t count = 1'000'000;
  std::string compression = "gzip";
  std::vector<std::string> properties;
};

int produce(const Options& options) {
  constexpr uint64_t kDifferent = 200'000;
  std::vector<std::string> events;
  Plays plays({.songs = 100'000});
  for (uint64_t i = 0; i < std::min(options.count, kDifferent); ++i)
    events.emplace_back(plays.next());

  uint64_t acknowledged = 0;
  std::vector<std::string> words{"bootstrap.servers=" + options.bootstrap,
                                 "compression.type=" + options.compression,
                                 "enable.idempotence=true",
                                 "acks=all",
                                 "linger.ms=5",
                                 "queue.buffering.max.messages=500000"};
  words.insert(words.end(), options.properties.begin(), options.properties.end());
  rd_kafka_t* producer =
      open_client(RD_KAFKA_PRODUCER, words, [&acknowledged](rd_kafka_conf_t* conf) {
        rd_kafka_conf_set_opaque(conf, &acknowledged);
        rd_kafka_conf_set_dr_msg_cb(
            conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
              if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
                give_up(rd_kafka_err2str(message->err));
              ++*static_cast<uint64_t*>(opaque);
            });
      });
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, options.topic.c_str(), nullptr);
  const auto started = steady_clock::now();
  for (uint64_t i = 0; i < options.count; ++i) {
    std::string& event = events[i % events.size()];
    // The events stay where they are until the end, so nothing is copied.
    while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, 0, event.data(), event.size(), nullptr, 0,
                            nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        give_up(rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(producer, 10);
    }
    if (i % 1024 == 0) rd_kafka_poll(producer, 0);
  }
  rd_kafka_flush(producer, 60'000);
  const auto ended = steady_clock::now();
  fmt::print("{{\"consumed\": {}, \"matched\": {}, \"seconds\": {:.6f}, \"startup_seconds\": 0}}\n",
             acknowledged, acknowledged, seconds_between(started, ended));
  std::fflush(stdout);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
  return acknowledged == options.count ? 0 : 1;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Sends events to a topic with librdkafka alone.");
  bench::Options options;
  app.add_option("--bootstrap", options.bootstrap, "brokers")->required();
  app.add_option("--topic", options.topic, "where to")->required();
  app.add_option("--count", options.count, "events");
  app.add_option("--compression", options.compression, "none, gzip, lz4 or zstd");
  app.add_option("-X", options.properties, "name=value for librdkafka");
  CLI11_PARSE(app, argc, argv);
  return bench::produce(options);
}
