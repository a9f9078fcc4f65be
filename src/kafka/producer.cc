#include "kafka/producer.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "kafka/librdkafka.h"

namespace turntable::kafka {

namespace {

// What holds unless the user says otherwise. A record waits for its broker as long as it takes: an
// outage is said by Health, and it is the caller that gives up.
const Properties& defaults() {
  static const Properties properties{
      {"enable.idempotence", "true"},
      {"acks", "all"},
      // A partition whose broker knows nothing of this producer takes any sequence number as its
      // first (KAFKA-15591). Were a second batch on its way when the first is sent back, it would
      // be appended alone, and librdkafka would take its acknowledgement for the first one's too:
      // an acknowledged record would be lost.
      {"max.in.flight.requests.per.connection", "1"},
      {"message.timeout.ms", "0"},
      {"queue.buffering.max.messages", "100000"},
      {"queue.buffering.max.kbytes", "65536"},
      {"linger.ms", "5"},
      {"log.queue", "true"},
  };
  return properties;
}

}  // namespace

void Producer::TopicDeleter::operator()(rd_kafka_topic_s* topic) const {
  rd_kafka_topic_destroy(topic);
}

Producer::Producer(const Options& options, const Clock& clock)
    : Client("producer to topic " + options.topic, options.properties, clock),
      topic_name_(options.topic),
      clock_(clock) {}

Producer::~Producer() {
  if (!handle()) return;
  // What is still queued is given up: flush() before, to have it sent.
  rd_kafka_purge(
      handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

Result<std::unique_ptr<Producer>> Producer::open(const Options& options, const Clock& clock) {
  if (const auto wrong = topic_fault(options.topic))
    return fail(ErrorKind::usage, fmt::format("'{}' {}", printable(options.topic), *wrong));
  Properties properties = defaults();
  for (const auto& [name, value] : options.properties) {
    // librdkafka knows these under two names each; only one of the two may be given to it.
    if (name == "request.required.acks") properties.erase("acks");
    if (name == "delivery.timeout.ms") properties.erase("message.timeout.ms");
    if (name == "queue.buffering.max.ms") properties.erase("linger.ms");
    properties[name] = value;
  }
  properties["log.queue"] = "true";
  ASSIGN_OR_RETURN(Conf conf, make_conf(properties));
  rd_kafka_conf_set_dr_msg_cb(
      conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
        auto* self = static_cast<Producer*>(static_cast<Client*>(opaque));
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
          ++self->acknowledged_;
          return;
        }
        ++self->failed_;
        ErrorKind kind = kind_of(message->err);
        if (kind == ErrorKind::transient)
          kind = ErrorKind::failed;  // librdkafka has stopped to retry.
        self->health().fail_for_good(
            {kind, fmt::format("A record for topic {} was not taken by {}: {}", self->topic_name_,
                               self->bootstrap(), self->why_refused(*message))});
      });

  std::unique_ptr<Producer> producer(new Producer(options, clock));
  RETURN_IF_ERROR(producer->start(std::move(conf), true));
  rd_kafka_set_log_queue(producer->handle(), nullptr);
  producer->topic_.reset(rd_kafka_topic_new(producer->handle(), options.topic.c_str(), nullptr));
  if (!producer->topic_) {
    return fail(ErrorKind::usage,
                fmt::format("'{}' is no name for a topic: {}", printable(options.topic),
                            rd_kafka_err2str(rd_kafka_last_error())));
  }
  return producer;
}

// The broker's own sentence is not always there, and is about its log.
std::string Producer::why_refused(const rd_kafka_message_s& message) {
  if (message.err == RD_KAFKA_RESP_ERR_INVALID_RECORD && message.key == nullptr) {
    wants_keys_ = true;
    return "it has no key, and a topic that is compacted (cleanup.policy = compact) takes no "
           "record "
           "without one";
  }
  return rd_kafka_err2str(message.err);
}

Result<bool> Producer::send(const Message& message) {
  void* value = message.has_value ? const_cast<char*>(message.value.data()) : nullptr;
  // librdkafka takes a null pointer for a tombstone, so an empty value needs an address.
  static constexpr char kEmpty = 0;
  if (message.has_value && value == nullptr) value = const_cast<char*>(&kEmpty);
  const char* key =
      message.key ? (message.key->data() != nullptr ? message.key->data() : &kEmpty) : nullptr;
  const size_t key_size = message.key ? message.key->size() : 0;
  const PartitionId partition = message.partition < 0 ? RD_KAFKA_PARTITION_UA : message.partition;

  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (message.headers.empty() && message.timestamp_ms == kNoTimestamp) {
    const int failed = rd_kafka_produce(topic_.get(), partition, RD_KAFKA_MSG_F_COPY, value,
                                        message.value.size(), key, key_size, nullptr);
    if (failed != 0) code = rd_kafka_last_error();
  } else {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
    for (const auto& [name, bytes] : message.headers) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                          bytes ? bytes->data() : nullptr,
                          bytes ? static_cast<ssize_t>(bytes->size()) : 0);
    }
    std::array<rd_kafka_vu_t, 7> parts{};
    parts[0].vtype = RD_KAFKA_VTYPE_RKT;
    parts[0].u.rkt = topic_.get();
    parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    parts[1].u.i32 = partition;
    parts[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[2].u.i = RD_KAFKA_MSG_F_COPY;
    parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[3].u.mem = {value, message.value.size()};
    parts[4].vtype = RD_KAFKA_VTYPE_KEY;
    parts[4].u.mem = {const_cast<char*>(key), key_size};
    parts[5].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[5].u.headers = headers;
    parts[6].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    parts[6].u.i64 = message.timestamp_ms == kNoTimestamp ? 0 : message.timestamp_ms;
    const RdError error(rd_kafka_produceva(handle(), parts.data(), parts.size()));
    if (error) code = rd_kafka_error_code(error.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
  }
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++sent_;
    return true;
  }
  if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return false;
  // librdkafka's own word on a fatal state comes with its cause by failure(), which the caller sees
  // after poll().
  const ErrorKind kind = kind_of(code) == ErrorKind::transient ? ErrorKind::failed : kind_of(code);
  return fail(kind, fmt::format("A record for topic {} cannot be sent: {}", topic_name_,
                                rd_kafka_err2str(code)));
}

void Producer::poll(Millis wait) {
  rd_kafka_poll(handle(), static_cast<int>(wait.count()));
  look_after_brokers();
}

bool Producer::hear() {
  rd_kafka_poll(handle(), 0);
  return true;
}

Status Producer::flush(Millis limit) {
  constexpr Millis kStep{50};
  const SteadyTime deadline = clock_.now() + limit;
  while (in_flight() > 0 && clock_.now() < deadline) {
    // rd_kafka_flush() serves the delivery reports too, and sends without lingering.
    rd_kafka_flush(handle(), static_cast<int>(kStep.count()));
    look_after_brokers();
  }
  if (in_flight() == 0) return {};
  return fail(ErrorKind::transient,
              fmt::format("{} records for topic {} were not acknowledged by {} in time",
                          in_flight(), topic_name_, bootstrap()));
}

}  // namespace turntable::kafka
