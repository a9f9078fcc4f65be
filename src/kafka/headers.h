// A Kafka message's headers: as a JSON object, or one by one.
#pragma once

#include <string_view>

#include "kafka/librdkafka.h"
#include "row/arena.h"
#include "row/record.h"

namespace turntable::kafka {

// {"trace": "abc", "raw": {"base64": "/w=="}, "none": null}: text where a value is UTF-8, else
// base64. "{}" without headers. A name that stands twice has its last value in the end, as in every
// JSON reader here. The text lives in `arena`.
[[nodiscard]] std::string_view headers_json(const rd_kafka_message_t* message, Arena& arena);

// In their order, as they came.
void visit_headers(const rd_kafka_message_t* message, const HeaderVisitor& visit);

}  // namespace turntable::kafka
