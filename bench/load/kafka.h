// The least of librdkafka that programs of the bench share: a handle from "name=value" words.
#pragma once

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

namespace bench {

[[noreturn]] inline void give_up(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}

// Later words win. `configure`, where given, sets what is no word: callbacks.
template <class Configure>
[[nodiscard]] rd_kafka_t* open_client(rd_kafka_type_t type, const std::vector<std::string>& words,
                                      Configure configure) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char why[512];
  for (const std::string& word : words) {
    const size_t at = word.find('=');
    if (at == std::string::npos) give_up(word + " is not of the form name=value");
    if (rd_kafka_conf_set(conf, word.substr(0, at).c_str(), word.substr(at + 1).c_str(), why,
                          sizeof why) != RD_KAFKA_CONF_OK)
      give_up(why);
  }
  configure(conf);
  rd_kafka_t* client = rd_kafka_new(type, conf, why, sizeof why);
  if (client == nullptr) give_up(why);
  return client;
}

// How many partitions the topic has.
[[nodiscard]] inline int partitions_of(rd_kafka_t* client, const std::string& topic) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(client, 0, handle, &metadata, 10'000);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    give_up(fmt::format("topic {}: {}", topic, rd_kafka_err2str(code)));
  const int count = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(handle);
  if (count == 0) give_up(fmt::format("there is no topic {}", topic));
  return count;
}

[[nodiscard]] inline double seconds_between(std::chrono::steady_clock::time_point from,
                                            std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace bench
