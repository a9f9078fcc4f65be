#include "kafka/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

}  // namespace

Result<Conf> make_conf(const Properties& properties) {
  Conf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    std::array<char, 512> why{};
    switch (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size())) {
      case RD_KAFKA_CONF_OK:
        break;
      case RD_KAFKA_CONF_UNKNOWN:
        return fail(
            ErrorKind::usage,
            fmt::format("'{}' is no option of Kafka's client (librdkafka {}).{}", printable(name),
                        library_version(), did_you_mean(name, property_names())));
      case RD_KAFKA_CONF_INVALID:
        return fail(ErrorKind::usage,
                    fmt::format("The Kafka option '{}' was refused: {}", name,
                                is_secret(name) ? without_secret(printable(why.data(), 500), value)
                                                : printable(why.data(), 500)));
    }
  }
  return conf;
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
