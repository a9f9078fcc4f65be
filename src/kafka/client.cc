#include "kafka/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/server_probe.h"
#include "base/text.h"
#include "kafka/librdkafka.h"

namespace turntable::kafka {

namespace {

// The first wait for an answer, after which it is looked whether there can be one. Later ones are
// each twice as long, so that a slow broker's answer is not missed time and again.
constexpr Millis kFirstWait{250};

int milliseconds(Millis wait) {
  return static_cast<int>(wait.count());
}

struct MetadataDeleter {
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, MetadataDeleter>;

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};

// The code of such a state tells no more than that there is one.
std::string cause_of_fatal_state(rd_kafka_t* rk) {
  std::array<char, 512> why{};
  const auto cause = rd_kafka_fatal_error(rk, why.data(), why.size());
  return fmt::format("{} ({})", why.data(), rd_kafka_err2name(cause));
}

std::vector<std::string> addresses_in(const std::string& bootstrap) {
  constexpr std::string_view kPort = ":9092";  // librdkafka's default.
  std::vector<std::string> addresses;
  for (const std::string_view part : split(bootstrap, ',')) {
    std::string_view address = trim(part);
    if (const size_t scheme = address.find("://"); scheme != std::string_view::npos)
      address.remove_prefix(scheme + 3);
    if (address.empty()) continue;
    const size_t colon = address.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && address.find(']', colon) == std::string_view::npos;
    addresses.push_back(fmt::format("{}{}", address, has_port ? "" : kPort));
  }
  return addresses;
}

// What is wrong with an address that can be connected to and is no broker's.
Judge judge_of(const Properties& properties) {
  const auto protocol = properties.find("security.protocol");
  const bool tls =
      protocol != properties.end() && lowercase(protocol->second).find("ssl") != std::string::npos;
  Judge judge{.only_address = addresses_in(bootstrap_of(properties)).size() == 1};
  judge.what_is_wrong = [tls](const std::string& address) -> std::string {
    const Speaks speaks = probe_server(address);
    switch (speaks) {
      case Speaks::unknown:
        return "";
      case Speaks::kafka_broker:
        if (!tls) return "";
        return "it is a broker of Kafka that does not use TLS on this port, which "
               "\"security.protocol\" asks for; write 'PLAINTEXT' or 'SASL_PLAINTEXT' there, or "
               "the "
               "port that uses TLS into \"bootstrap.servers\"";
      case Speaks::tls:
        if (tls) return "";
        return "it asks for TLS; set \"security.protocol\" = 'SSL' or 'SASL_SSL', and "
               "\"ssl.ca.location\", if a broker of Kafka is behind it";
      case Speaks::kafka_controller:
      case Speaks::cassandra:
      case Speaks::http:
        break;
    }
    return fmt::format(
        "it is {}, not a broker; write the address of a broker of Kafka into "
        "\"bootstrap.servers\"",
        what_speaks(speaks));
  };
  return judge;
}

}  // namespace

Client::Client(std::string name, const Properties& properties, const Clock& clock)
    : name_(name),
      bootstrap_(bootstrap_of(properties)),
      health_(std::move(name), clock, judge_of(properties)) {}

void Client::HandleDeleter::operator()(rd_kafka_s* handle) const {
  // Consumers that wanted to leave their group have closed themselves by now; nothing may wait for
  // a broker here.
  rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

tl::unexpected<Error> Client::refused(int code, const std::string& what) const {
  if (code != RD_KAFKA_RESP_ERR__FATAL)
    return fail_with(static_cast<rd_kafka_resp_err_t>(code), what);
  return fail(ErrorKind::failed,
              fmt::format("{}: {}", what, printable(cause_of_fatal_state(handle()), 600)));
}

Status Client::start(Conf conf, bool producer) {
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_error_cb(conf.get(),
                             [](rd_kafka_t* rk, int code, const char* reason, void* opaque) {
                               auto& health = static_cast<Client*>(opaque)->health_;
                               if (code != RD_KAFKA_RESP_ERR__FATAL)
                                 return health.on_error(code, reason);
                               health.on_error(RD_KAFKA_RESP_ERR__FATAL, cause_of_fatal_state(rk));
                             });
  rd_kafka_conf_set_log_cb(
      conf.get(), [](const rd_kafka_t* rk, int level, const char* facility, const char* text) {
        // Before rd_kafka_new() has returned there is no handle to ask for its opaque.
        if (rk != nullptr)
          static_cast<Client*>(rd_kafka_opaque(rk))->health_.on_log(level, facility, text);
      });

  std::array<char, 512> why{};
  rd_kafka_t* rk = rd_kafka_new(producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf.get(),
                                why.data(), why.size());
  if (rk == nullptr) {
    return fail(ErrorKind::usage, fmt::format("The {} at {} cannot be set up: {}", name_,
                                              bootstrap_, printable(why.data(), 500)));
  }
  [[maybe_unused]] auto* taken = conf.release();  // It belongs to the handle now.
  handle_.reset(rk);
  return {};
}

Result<int> Client::partition_count(const std::string& topic, Millis wait) {
  std::unique_ptr<rd_kafka_topic_t, TopicDeleter> local(
      rd_kafka_topic_new(handle(), topic.c_str(), nullptr));
  if (!local) {
    return fail(ErrorKind::usage, fmt::format("'{}' is no name for a topic: {}", printable(topic),
                                              rd_kafka_err2str(rd_kafka_last_error())));
  }
  const rd_kafka_metadata_t* answer = nullptr;
  const int code = ask(wait, [&](int wait_ms) {
    return rd_kafka_metadata(handle(), 0, local.get(), &answer, wait_ms);
  });
  Metadata metadata(answer);
  const std::string what =
      fmt::format("Asking {} for the partitions of topic {}", bootstrap_, topic);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return unanswered(code, what);
  remember_brokers(*metadata);
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& found = metadata->topics[i];
    if (found.topic != topic) continue;
    if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR &&
        found.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
      return fail_with(found.err, what);
    }
    return found.partition_cnt;
  }
  return 0;
}

Result<Watermarks> Client::watermarks(const std::string& topic, PartitionId partition,
                                      Millis wait) {
  Watermarks marks;
  const auto code = rd_kafka_query_watermark_offsets(handle(), topic.c_str(), partition, &marks.low,
                                                     &marks.high, milliseconds(wait));
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return marks;
  return fail_with(code, fmt::format("Asking {} for the ends of topic {}, partition {}", bootstrap_,
                                     topic, partition));
}

Result<std::vector<Offset>> Client::offsets_at(const std::string& topic,
                                               std::span<const PartitionId> partitions,
                                               int64_t time_ms, Millis wait) {
  List list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const PartitionId partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = time_ms;
  }
  const std::string what =
      fmt::format("Asking {} for offsets of topic {} by time", bootstrap_, topic);
  const auto code = rd_kafka_offsets_for_times(handle(), list.get(), milliseconds(wait));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);

  std::vector<Offset> offsets;
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& found = list->elems[i];
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(found.err, what);
    if (found.offset >= 0) {
      offsets.push_back(found.offset);
      continue;
    }
    ASSIGN_OR_RETURN(const Watermarks marks, watermarks(topic, found.partition, wait));
    offsets.push_back(marks.high);  // No record is as young as that.
  }
  return offsets;
}

void Client::remember_brokers(const struct rd_kafka_metadata& metadata) {
  health_.on_cluster();
  brokers_.clear();
  for (int i = 0; i < metadata.broker_cnt; ++i) brokers_.push_back(metadata.brokers[i].id);
}

bool Client::hear_quietly() {
  health_.set_quiet(true);
  const bool heard = hear();
  health_.set_quiet(false);
  return heard;
}

int Client::ask(Millis wait, const std::function<int(int)>& question) {
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;
  for (Millis step = kFirstWait; wait > Millis(0); step *= 2) {
    const Millis now = hear_quietly() ? std::min(step, wait) : wait;
    if (failure()) break;
    code = static_cast<rd_kafka_resp_err_t>(question(milliseconds(now)));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || kind_of(code) != ErrorKind::transient) return code;
    wait -= now;
  }
  hear_quietly();
  return code;
}

tl::unexpected<Error> Client::unanswered(int code, const std::string& what) {
  // A controller answers that it does not know the question.
  if (code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
    for (const std::string& address : addresses_in(bootstrap_)) health_.is_no_broker(address);
  if (failure()) return tl::unexpected<Error>(*failure());
  return refused(code, what);
}

void Client::look_after_brokers() {
  if (!health_.probe_due()) return;
  // Short: an outage must not keep the caller from its other work.
  constexpr int kProbeMs = 200;
  const rd_kafka_metadata_t* answer = nullptr;
  if (rd_kafka_metadata(handle(), 0, nullptr, &answer, kProbeMs) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return;
  Metadata metadata(answer);
  remember_brokers(*metadata);
  std::set<std::string> listed;
  for (int i = 0; i < metadata->broker_cnt; ++i) {
    listed.insert(fmt::format("{}:{}", metadata->brokers[i].host, metadata->brokers[i].port));
  }
  health_.on_answer(listed);
}

}  // namespace turntable::kafka
