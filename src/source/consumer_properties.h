// What librdkafka is told for a pipeline's source: the user's options, our defaults, and what only
// the engine may decide.
#pragma once

#include <vector>

#include "base/result.h"
#include "kafka/config.h"
#include "source/kafka_source.h"

namespace turntable {

// What is wrong with the user's properties: what only the engine decides, what librdkafka does not
// know or take, and what does not go together. All of them, found without a connection. What does
// not go together is found with the files that they name (certificates, keys) or, without
// `with_files`, not at all.
[[nodiscard]] std::vector<kafka::PropertyFault> consumer_faults(const kafka::Properties& properties,
                                                                bool with_files = true);

// An error of kind usage names the option that is at fault, and why. Unlike consumer_faults() it
// leaves to librdkafka what librdkafka finds.
[[nodiscard]] Result<kafka::Properties> consumer_properties(const KafkaSourceOptions& options);

}  // namespace turntable
