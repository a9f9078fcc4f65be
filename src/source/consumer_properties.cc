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

// The group protocol of KIP-848: the broker assigns, and decides these.
constexpr const char* kBrokerDecides[] = {"partition.assignment.strategy", "heartbeat.interval.ms",
                                          "session.timeout.ms", "group.protocol.type"};

bool is_set_to(const kafka::Properties& properties, const std::string& name,
               std::string_view value) {
  const auto found = properties.find(name);
  return found != properties.end() && lowercase(found->second) == value;
}

bool broker_assigns(const kafka::Properties& properties) {
  return is_set_to(properties, "group.protocol", "consumer");
}

// What the engine does not take of a user, whatever librdkafka would say.
std::vector<kafka::PropertyFault> engine_faults(const kafka::Properties& properties) {
  std::vector<kafka::PropertyFault> faults;
  for (const auto& [name, why] : kDecided)
    if (properties.contains(name))
      faults.push_back(
          {name, fmt::format("The option \"{}\" cannot be set on a source: {}", name, why)});
  if (is_set_to(properties, "auto.commit.interval.ms", "0"))
    faults.push_back({"auto.commit.interval.ms",
                      "The option \"auto.commit.interval.ms\" cannot be 0 on a source: stored "
                      "offsets would be committed at the end only"});
  if (!broker_assigns(properties)) return faults;
  for (const char* name : kBrokerDecides) {
    if (!properties.contains(name)) continue;
    const bool strategy = std::string_view(name) == "partition.assignment.strategy";
    faults.push_back(
        {name,
         fmt::format("The option \"{}\" does not go with \"group.protocol\" = 'consumer', "
                     "where {}: leave it out{}",
                     name, strategy ? "the broker assigns the partitions" : "the broker decides it",
                     strategy ? ", or write \"group.remote.assignor\"" : "")});
  }
  // A member of that protocol that was killed keeps its name until its session times out, and the
  // next of that name is refused for good.
  if (const auto name = properties.find("group.instance.id");
      name != properties.end() && !name->second.empty())
    faults.push_back(
        {"group.instance.id",
         "The option \"group.instance.id\" is not supported with \"group.protocol\" = 'consumer': "
         "leave one of the two out"});
  return faults;
}

// Of the user's own and the engine's: all that librdkafka is told but for what a run decides.
kafka::Properties with_defaults(const kafka::Properties& given) {
  kafka::Properties properties = defaults();
  if (broker_assigns(given))
    for (const char* name : kBrokerDecides) properties.erase(name);
  for (const auto& [name, value] : given) properties[name] = value;
  // As from '${POD_NAME:-}' where there is no such variable.
  if (const auto found = properties.find("group.instance.id");
      found != properties.end() && found->second.empty())
    properties.erase(found);
  return properties;
}

}  // namespace

std::vector<kafka::PropertyFault> consumer_faults(const kafka::Properties& properties,
                                                  bool with_files) {
  std::vector<kafka::PropertyFault> faults = engine_faults(properties);
  kafka::Properties others = properties;
  for (const kafka::PropertyFault& fault : faults) others.erase(fault.name);
  for (kafka::PropertyFault& fault : kafka::property_faults(others))
    faults.push_back(std::move(fault));
  for (const kafka::PropertyFault& fault : faults) others.erase(fault.name);
  if (!with_files) return faults;
  if (auto fault = kafka::contradiction_in(with_defaults(others), kafka::ClientKind::consumer))
    faults.push_back(std::move(*fault));
  return faults;
}

Result<kafka::Properties> consumer_properties(const KafkaSourceOptions& options) {
  for (kafka::PropertyFault& fault : engine_faults(options.properties))
    return fail(ErrorKind::usage, std::move(fault.text));
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
  kafka::Properties properties = with_defaults(options.properties);
  // A static member. Two lanes under one name would fence each other for ever. The number is there
  // for a single lane too: otherwise one more lane would leave a member behind that never comes
  // back, and a process that is named "a-1" could be the first lane of the process "a".
  if (const auto found = properties.find("group.instance.id"); found != properties.end())
    found->second += fmt::format("-{}", options.lane);
  properties["enable.auto.offset.store"] = "false";
  properties["enable.auto.commit"] = "true";
  properties["auto.offset.reset"] = "error";
  properties["enable.partition.eof"] = options.until_end ? "true" : "false";
  return properties;
}

}  // namespace turntable
