#include "kafka/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/secret.h"
#include "base/text.h"
#include "kafka/librdkafka.h"

namespace turntable::kafka {

void ConfDeleter::operator()(rd_kafka_conf_s* conf) const {
  rd_kafka_conf_destroy(conf);
}

namespace {

// What librdkafka lists for a configuration, as name and value.
Properties dump(rd_kafka_conf_t* conf) {
  size_t count = 0;
  const char** entries = rd_kafka_conf_dump(conf, &count);
  Properties properties;
  for (size_t i = 0; i + 1 < count; i += 2) properties.emplace(entries[i], entries[i + 1]);
  rd_kafka_conf_dump_free(entries, count);
  return properties;
}

// What people bring along from other clients, and what to write here.
struct Foreign {
  std::string_view name;
  std::string_view instead;
};
constexpr Foreign kForeign[] = {
    {"key.deserializer", "leave it out: keys are bytes, read as kafka_key"},
    {"value.deserializer", "leave it out: the source's option format says what values are"},
    {"key.serializer", "leave it out"},
    {"value.serializer", "leave it out"},
    {"max.poll.records",
     "leave it out: as much is read as the sink takes; flush_rows and flush_bytes of the sink say "
     "how much that is at once"},
    {"fetch.max.wait.ms", "write \"fetch.wait.max.ms\""},
    {"default.api.timeout.ms", "leave it out: brokers that are away are waited for"},
    {"receive.buffer.bytes", "write \"socket.receive.buffer.bytes\""},
    {"send.buffer.bytes", "write \"socket.send.buffer.bytes\""},
    {"ssl.truststore.location",
     "write \"ssl.ca.location\", a file of certificates in PEM form (keytool -exportcert -rfc)"},
    {"ssl.truststore.certificates", "write \"ssl.ca.pem\""},
    {"ssl.truststore.password", "leave it out: the file of \"ssl.ca.location\" needs none"},
    {"ssl.truststore.type", "leave it out: \"ssl.ca.location\" is a file in PEM form"},
    {"ssl.keystore.type",
     "leave it out: \"ssl.keystore.location\" is a file in PKCS#12 form, and in PEM form there are "
     "\"ssl.certificate.location\" and \"ssl.key.location\""},
    {"ssl.keystore.key", "write \"ssl.key.pem\""},
    {"ssl.keystore.certificate.chain", "write \"ssl.certificate.pem\""},
    {"ssl.protocol", "leave it out"},
    {"ssl.enabled.protocols", "leave it out"},
    {"sasl.jaas.config", "write \"sasl.username\" and \"sasl.password\""},
    {"sasl.login.callback.handler.class", "leave it out"},
    {"sasl.client.callback.handler.class", "leave it out"},
    {"interceptor.classes", "leave it out"},
    {"metric.reporters", "leave it out: --stats-json writes a run's figures"},
    {"exclude.internal.topics", "leave it out: one topic is read, by its name"},
    {"allow.auto.topic.creation", "write \"allow.auto.create.topics\""},
    {"schema.registry.url", "leave it out: values with a registry's header are not read"},
    {"value.format", "write format, without a prefix"},
    {"scan.startup.mode", "write start = 'latest', 'earliest' or a time"},
};

// Spark and Flink write an option of Kafka's client behind these.
constexpr std::string_view kPrefixes[] = {"kafka.", "properties."};

const Foreign* find_foreign(std::string_view name) {
  const auto* found = std::find_if(std::begin(kForeign), std::end(kForeign),
                                   [&](const Foreign& foreign) { return foreign.name == name; });
  return found == std::end(kForeign) ? nullptr : found;
}

// What to write in place of an unknown name: advice, or the name that is nearest; or nothing.
struct Meant {
  std::string advice;  // " Write …", to stand behind the sentence that the name is unknown.
  std::string near;
};

Meant meant_by(const std::string& name) {
  if (const Foreign* foreign = find_foreign(name))
    return {fmt::format(" {}{}.", static_cast<char>(foreign->instead[0] - 'a' + 'A'),
                        foreign->instead.substr(1)),
            ""};
  const std::vector<std::string> known = property_names();
  for (const std::string_view prefix : kPrefixes) {
    if (!name.starts_with(prefix)) continue;
    const std::string rest = name.substr(prefix.size());
    if (std::find(known.begin(), known.end(), rest) != known.end())
      return {fmt::format(" Write \"{}\", without the prefix.", rest), ""};
    Meant meant = meant_by(rest);
    if (!meant.advice.empty() || !meant.near.empty()) return meant;
  }
  return {"", nearest(name, known).value_or("")};
}

// The assignors of Kafka's own client by what librdkafka calls them; "" where it has no such one.
std::string assignor_meant_by(std::string_view value) {
  constexpr std::pair<std::string_view, std::string_view> kAssignors[] = {
      {"RangeAssignor", "range"},
      {"RoundRobinAssignor", "roundrobin"},
      {"CooperativeStickyAssignor", "cooperative-sticky"},
      {"StickyAssignor", "cooperative-sticky"}};
  for (const auto& [java, ours] : kAssignors)
    if (value.find(java) != std::string_view::npos) return fmt::format(". Write '{}'", ours);
  return "";
}

std::optional<PropertyFault> set(rd_kafka_conf_t* conf, const std::string& name,
                                 const std::string& value) {
  std::array<char, 512> why{};
  // librdkafka has names of its own for some of these too, to refuse them.
  const auto outcome =
      find_foreign(name) != nullptr
          ? RD_KAFKA_CONF_UNKNOWN
          : rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size());
  switch (outcome) {
    case RD_KAFKA_CONF_OK:
      break;
    case RD_KAFKA_CONF_UNKNOWN: {
      Meant meant = meant_by(name);
      return PropertyFault{name,
                           fmt::format("'{}' is no option of Kafka's client (librdkafka {}).{}",
                                       printable(name), library_version(), meant.advice),
                           std::move(meant.near)};
    }
    case RD_KAFKA_CONF_INVALID: {
      const std::string said = printable(why.data(), 500);
      return PropertyFault{name, fmt::format("The Kafka option '{}' was refused: {}", name,
                                             is_secret(name) ? without_secret(said, value) : said)};
    }
  }
  return std::nullopt;
}

}  // namespace

Result<Conf> make_conf(const Properties& properties) {
  Conf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties)
    if (auto fault = set(conf.get(), name, value))
      return fail(ErrorKind::usage, fault->near.empty() ? std::move(fault->text)
                                                        : fmt::format("{} Did you mean '{}'?",
                                                                      fault->text, fault->near));
  return conf;
}

std::vector<PropertyFault> property_faults(const Properties& properties) {
  const Conf conf(rd_kafka_conf_new());
  std::vector<PropertyFault> faults;
  for (const auto& [name, value] : properties)
    if (auto fault = set(conf.get(), name, value)) faults.push_back(std::move(*fault));
  return faults;
}

std::optional<PropertyFault> contradiction_in(const Properties& properties, ClientKind kind) {
  // librdkafka asks for such a token as soon as there is a client, over the network.
  if (const auto method = properties.find("sasl.oauthbearer.method");
      method != properties.end() && lowercase(method->second) == "oidc")
    return std::nullopt;
  Properties asked = properties;
  for (const char* name : {"bootstrap.servers", "metadata.broker.list", "debug", "log.queue",
                           "plugin.library.paths", "test.mock.num.brokers"})
    asked.erase(name);
  auto conf = make_conf(asked);
  if (!conf) return std::nullopt;  // One of property_faults().
  rd_kafka_conf_set_log_cb(conf->get(), nullptr);
  std::array<char, 512> why{};
  const auto type = kind == ClientKind::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
  if (rd_kafka_t* client = rd_kafka_new(type, conf->get(), why.data(), why.size())) {
    [[maybe_unused]] auto* taken = conf->release();  // It belongs to the client now.
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return std::nullopt;
  }
  PropertyFault fault{.name = "", .text = printable(why.data(), 500)};
  for (const auto& [name, value] : properties) {
    if (is_secret(name)) fault.text = without_secret(fault.text, value);
    // Of two names the longer one: "ssl.key.location" is none of "ssl.key".
    if (fault.text.find(name) != std::string::npos && name.size() > fault.name.size())
      fault.name = name;
  }
  if (fault.name.empty() && properties.contains("security.protocol") &&
      (fault.text.find("SASL") != std::string::npos || fault.text.find("SSL") != std::string::npos))
    fault.name = "security.protocol";
  fault.text = fmt::format("Kafka's client cannot be set up with these options: {}", fault.text);
  if (fault.name == "partition.assignment.strategy")
    fault.text += assignor_meant_by(properties.at(fault.name));
  return fault;
}

std::vector<std::string> property_names() {
  Conf conf(rd_kafka_conf_new());
  std::vector<std::string> names;
  for (auto& [name, value] : dump(conf.get())) names.push_back(name);
  // What is not set has no line in the dump; these are what people most often mean to set.
  for (const char* name : {"bootstrap.servers",
                           "client.rack",
                           "debug",
                           "group.id",
                           "group.instance.id",
                           "sasl.jaas.config",
                           "sasl.password",
                           "sasl.username",
                           "ssl.ca.location",
                           "ssl.ca.pem",
                           "ssl.certificate.location",
                           "ssl.certificate.pem",
                           "ssl.key.location",
                           "ssl.key.password",
                           "ssl.key.pem",
                           "compression.codec",
                           "compression.type",
                           "sasl.mechanism",
                           "sasl.mechanisms",
                           "transactional.id"}) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  }
  return names;
}

// As Apache Kafka's own check (org.apache.kafka.common.internals.Topic) has it.
std::optional<std::string> topic_fault(std::string_view topic) {
  constexpr size_t kTopicBytesLimit = 249;
  if (topic.size() > kTopicBytesLimit)
    return fmt::format("is no name for a topic: it is longer than {} characters", kTopicBytesLimit);
  const bool legal = std::all_of(topic.begin(), topic.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (legal && !topic.empty() && topic != "." && topic != "..") return std::nullopt;
  return "is no name for a topic: letters, digits, '.', '_' and '-' are";
}

std::string bootstrap_of(const Properties& properties) {
  for (const char* name : {"bootstrap.servers", "metadata.broker.list"}) {
    if (const auto found = properties.find(name); found != properties.end()) return found->second;
  }
  return "no broker";
}

std::string library_version() {
  return rd_kafka_version_str();
}

std::string library_features() {
  Conf conf(rd_kafka_conf_new());
  std::array<char, 512> text{};
  size_t size = text.size();
  if (rd_kafka_conf_get(conf.get(), "builtin.features", text.data(), &size) != RD_KAFKA_CONF_OK)
    return {};
  return text.data();
}

ErrorKind kind_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return ErrorKind::auth;

    case RD_KAFKA_RESP_ERR__DESTROY:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return ErrorKind::failed;

    // All else passes: a broker away, an election, a rebalance, a topic not there yet.
    default:
      return ErrorKind::transient;
  }
}

tl::unexpected<Error> fail_with(rd_kafka_resp_err_t code, const std::string& what) {
  return fail(kind_of(code), fmt::format("{}: {}", what, rd_kafka_err2str(code)));
}

}  // namespace turntable::kafka
