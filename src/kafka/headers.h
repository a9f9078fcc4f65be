// A Kafka message's headers: as a JSON object, or one by one.
#pragma once

#include <string_view>

#include "kafka/librdkafka.h"
#include "row/arena.h"
#include "row/record.h"

namespace turntable::kafka {

// Fills record.headers (row/headers.h), "{}" without headers, or record.headers_too_large. A name
// that stands twice has its last value in the end, as in every JSON reader here. The text lives in
// `arena`.
void fill_headers(const rd_kafka_message_t* message, Record& record, Arena& arena);

// In their order, as they came. False where there are some and librdkafka does not read them: more
// than 100,000, or malformed.
[[nodiscard]] bool visit_headers(const rd_kafka_message_t* message, const HeaderVisitor& visit);

}  // namespace turntable::kafka
