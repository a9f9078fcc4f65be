#include "source/consumer_properties.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/text.h"

namespace turntable {
namespace {

// Options that the engine decides, and why a user cannot.
constexpr std::array<std::pair<const char*, const char*>, 6> kDecided{{
    {"enable.auto.offset.store",
     "offsets are stored after the sink has acknowledged their records"},
    {"enable.auto.commit", "stored offsets are committed in the background and when the run ends"},
    {"auto.offset.reset",
     "use start = 'latest', 'earliest' or a time; lost records are counted and reported"},
    {"enable.partition.eof", "use --until-end"},
    {"log.queue", "the log is polled by the engine"},
    {"offset.store.method", "offsets are committed to the consumer group"},
}};

// Chosen by measurement or for safety; the user's own values win.
const kafka::Properties& defaults() {
  static const kafka::Properties properties{
      {"client.id", "turntable"},
      {"partition.assignment.strategy", "cooperative-sticky"},
      {"auto.commit.interval.ms", "1000"},
      {"heartbeat.interval.ms",
       "1000"},  // A member hears of a rebalance so late, and the others wait for it.
      {"check.crcs", "true"},
      // Enough that fetching does not pause while the queue is emptied. More only costs memory, and
      // time: what has waited long has left the processor's cache.
      {"queued.min.messages", "1000000"},
      {"queued.max.messages.kbytes", "8192"},
      {"fetch.message.max.bytes", "524288"},
      {"receive.message.max.bytes", std::to_string(kafka::kBatchBytesLimit)},
      {"fetch.queue.backoff.ms", "5"},
      {"topic.metadata.refresh.interval.ms", "10000"},  // New partitions are seen so soon.
      {"reconnect.backoff.max.ms", "2000"},
      {"socket.keepalive.enable", "true"},
  };
  return properties;
}

}  // namespace

Result<kafka::Properties> consumer_properties(const KafkaSourceOptions& options) {
  for (const auto& [name, why] : kDecided) {
    if (!options.properties.contains(name)) continue;
    return fail(ErrorKind::usage,
                fmt::format("The option \"{}\" cannot be set on a source: {}", name, why));
  }
  if (options.topic.empty()) return fail(ErrorKind::usage, "A kafka source needs the option topic");
  if (options.topic.starts_with('^')) {
    return fail(ErrorKind::usage, fmt::format("topic = '{}': a pattern of topics is not supported",
                                              printable(options.topic)));
  }
  if (!options.properties.contains("bootstrap.servers") &&
      !options.properties.contains("metadata.broker.list")) {
    return fail(ErrorKind::usage,
                fmt::format("The kafka source of topic {} needs the option \"bootstrap.servers\"",
                            options.topic));
  }
  if (!options.properties.contains("group.id")) {
    return fail(ErrorKind::usage, fmt::format("The kafka source of topic {} needs the option "
                                              "\"group.id\"",
                                              options.topic));
  }
  kafka::Properties properties = defaults();
  for (const auto& [name, value] : options.properties) properties[name] = value;
  if (properties["auto.commit.interval.ms"] == "0")
    return fail(ErrorKind::usage,
                "The option \"auto.commit.interval.ms\" cannot be 0 on a source: stored offsets "
                "would be committed at the end only");
  // The group protocol of KIP-848 assigns on the broker and refuses a strategy of the member's.
  if (const auto found = properties.find("group.protocol");
      found != properties.end() && found->second == "consumer") {
    if (!options.properties.contains("partition.assignment.strategy"))
      properties.erase("partition.assignment.strategy");
  }
  // A static member. Two lanes under one name would fence each other for ever. The number is there
  // for a single lane too: otherwise one more lane would leave a member behind that never comes
  // back, and a process that is named "a-1" could be the first lane of the process "a".
  if (const auto found = properties.find("group.instance.id"); found != properties.end()) {
    if (found->second.empty()) {
      properties.erase(found);
    } else {
      found->second += fmt::format("-{}", options.lane);
    }
  }
  properties["enable.auto.offset.store"] = "false";
  properties["enable.auto.commit"] = "true";
  properties["auto.offset.reset"] = "error";
  properties["enable.partition.eof"] = options.until_end ? "true" : "false";
  return properties;
}

}  // namespace turntable
