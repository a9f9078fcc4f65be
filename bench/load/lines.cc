// Sends each line of its standard input to a topic, as a record's value. The last line on standard
// output is one JSON object with what was sent.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <string>

#include "load/kafka.h"

namespace bench {
namespace {

struct Options {
  std::string bootstrap;
  std::string topic;
  std::string compression = "gzip";
};

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++*static_cast<uint64_t*>(opaque);
}

int send_lines(const Options& options) {
  uint64_t acknowledged = 0;
  rd_kafka_t* client = open_client(
      RD_KAFKA_PRODUCER,
      {"bootstrap.servers=" + options.bootstrap, "compression.type=" + options.compression,
       "enable.idempotence=true", "acks=all", "linger.ms=20", "batch.num.messages=10000",
       "queue.buffering.max.messages=500000"},
      [&](rd_kafka_conf_t* conf) {
        rd_kafka_conf_set_opaque(conf, &acknowledged);
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
      });
  const int partitions = partitions_of(client, options.topic);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client, options.topic.c_str(), nullptr);
  uint64_t sent = 0;
  uint64_t bytes = 0;
  for (std::string line; std::getline(std::cin, line); ++sent) {
    // Partition by partition in stretches, as a producer that fills its batches does.
    constexpr uint64_t kStretch = 2'000;
    const auto partition = static_cast<int>(sent / kStretch % static_cast<uint64_t>(partitions));
    while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, line.data(), line.size(),
                            nullptr, 0, nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        give_up(rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(client, 1);
    }
    bytes += line.size();
    rd_kafka_poll(client, 0);
  }
  rd_kafka_flush(client, 60'000);
  fmt::print("{{\"sent\": {}, \"acknowledged\": {}, \"bytes\": {}}}\n", sent, acknowledged, bytes);
  return acknowledged == sent ? 0 : 1;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  CLI::App app("Sends lines to a topic.");
  bench::Options options;
  app.add_option("--bootstrap", options.bootstrap, "brokers")->required();
  app.add_option("--topic", options.topic, "an existing topic")->required();
  app.add_option("--compression", options.compression, "none, gzip, lz4 or zstd");
  CLI11_PARSE(app, argc, argv);
  return bench::send_lines(options);
}
