// librdkafka's headers and the owners of its objects. Included by the .cc files of this folder
// only.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "kafka/config.h"

// The system's librdkafka 2.0.2 loses messages around pause and rebalance; its header must not win
// by accident.
static_assert(RD_KAFKA_VERSION >= 0x020c0000, "librdkafka 2.12 or newer is needed");

namespace turntable::kafka {

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
using List = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, QueueDeleter>;

struct EventDeleter {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
using Event = std::unique_ptr<rd_kafka_event_t, EventDeleter>;

struct AdminOptionsDeleter {
  void operator()(rd_kafka_AdminOptions_t* options) const {
    rd_kafka_AdminOptions_destroy(options);
  }
};
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, AdminOptionsDeleter>;

struct RdErrorDeleter {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using RdError = std::unique_ptr<rd_kafka_error_t, RdErrorDeleter>;

// What may be done about an error of librdkafka or of a broker: the one place where this is
// decided.
[[nodiscard]] ErrorKind kind_of(rd_kafka_resp_err_t code);

// An Error in the form "<what>: <librdkafka's words>".
[[nodiscard]] tl::unexpected<Error> fail_with(rd_kafka_resp_err_t code, const std::string& what);

}  // namespace turntable::kafka
