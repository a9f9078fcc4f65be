// What librdkafka is told for a pipeline's source: the user's options, our defaults, and what only
// the engine may decide.
#pragma once

#include "base/result.h"
#include "kafka/config.h"
#include "source/kafka_source.h"

namespace turntable {

// An error of kind usage names the option that is at fault, and why.
[[nodiscard]] Result<kafka::Properties> consumer_properties(const KafkaSourceOptions& options);

}  // namespace turntable
