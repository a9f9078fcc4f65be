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

// An Error of kind usage for the first of property_faults().
[[nodiscard]] Result<Conf> make_conf(const Properties& properties);

struct PropertyFault {
  std::string name;       // Of the property. Empty: it cannot be said which one it is.
  std::string text;       // A whole sentence, without a secret's value.
  std::string near = {};  // The property that is meant, where the name is likely a typing error.
};

// Unknown properties (with what to write instead, where that is known) and values that they cannot
// take: all of them.
[[nodiscard]] std::vector<PropertyFault> property_faults(const Properties& properties);

// Where properties that are right one by one do not go together, or name a file that cannot be
// used: what librdkafka has against them when it sets a client up. A client is made for the answer
// and given no broker, so nothing is connected.
enum class ClientKind { consumer, producer };
[[nodiscard]] std::optional<PropertyFault> contradiction_in(const Properties& properties,
                                                            ClientKind kind);

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
