// Options for librdkafka: checked by it, said in its words, with secrets masked.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct rd_kafka_conf_s;

namespace turntable::kafka {

// Of one batch of records as it is read (receive.message.max.bytes); inflated, where gzip or zstd
// has made it.
inline constexpr size_t kBatchBytesLimit = size_t{128} << 20;

// librdkafka's own names, as in "bootstrap.servers".
using Properties = std::map<std::string, std::string>;

struct ConfDeleter {
  void operator()(rd_kafka_conf_s* conf) const;
};
using Conf = std::unique_ptr<rd_kafka_conf_s, ConfDeleter>;

// An Error of kind usage for an unknown property (with a near one's name) or a value that it cannot
// take.
[[nodiscard]] Result<Conf> make_conf(const Properties& properties);

// The names of all properties that librdkafka knows.
[[nodiscard]] std::vector<std::string> property_names();

// What is wrong with a topic's name, to stand behind it in a sentence; nothing where a broker would
// take it.
[[nodiscard]] std::optional<std::string> topic_fault(std::string_view topic);

// The value of "bootstrap.servers", or "no broker": for messages.
[[nodiscard]] std::string bootstrap_of(const Properties& properties);

// librdkafka's version, and what it was built with: "gzip,snappy,ssl,…".
[[nodiscard]] std::string library_version();
[[nodiscard]] std::string library_features();

}  // namespace turntable::kafka
