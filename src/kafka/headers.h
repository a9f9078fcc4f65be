// A Kafka message's headers: as a JSON object, or one by one.
#pragma once

#include <string_view>

#include "kafka/librdkafka.h"
#include "row/arena.h"
#include "row/record.h"

namespace turntable::kafka {

// Fills record.headers (row/headers.h): "{}" without headers. A name that stands twice has its last
// value in the end, as in every JSON reader here. The text lives in `arena`.
void fill_headers(const rd_kafka_message_t* message, Record& record, Arena& arena);

// In their order, as they came.
void visit_headers(const rd_kafka_message_t* message, const HeaderVisitor& visit);

}  // namespace turntable::kafka
