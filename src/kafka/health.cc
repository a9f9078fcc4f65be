#include "kafka/health.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "kafka/librdkafka.h"

namespace turntable::kafka {

namespace {

constexpr Millis kSayAgainAfter{30'000};
constexpr Millis kProbeEvery{2'000};
constexpr Millis kQuietFor{10'000};  // As long as librdkafka waits between its attempts at most.
constexpr size_t kTopicsLimit =
    256;  // Of said_: messages name few things, but nothing here grows without a bound.

// Splits "sasl_ssl://localhost:29092/bootstrap: Connect to … failed: … (after 3ms in state
// CONNECT)" into the broker
// ("localhost:29092") and the cause.
std::pair<std::string, std::string> broker_and_cause(std::string_view reason) {
  const size_t colon = reason.find(": ");
  if (colon == std::string_view::npos) return {"", std::string(reason)};
  std::string_view name = reason.substr(0, colon);
  std::string_view cause = reason.substr(colon + 2);
  if (const size_t scheme = name.find("://"); scheme != std::string_view::npos)
    name.remove_prefix(scheme + 3);
  name = name.substr(0, name.find('/'));
  // "GroupCoordinator: localhost:29092: Disconnected": the group's coordinator is a broker under
  // another name.
  if (name == "GroupCoordinator" || name == "TxnCoordinator") return broker_and_cause(cause);
  if (const size_t after = cause.find(" (after "); after != std::string_view::npos)
    cause = cause.substr(0, after);
  return {std::string(name), std::string(cause)};
}

}  // namespace

Health::Health(std::string client, const Clock& clock)
    : client_(std::move(client)), clock_(clock) {}

void Health::on_error(int code, std::string_view reason) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      on_away(reason);
      return;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return;  // Each of them has been said.
    case RD_KAFKA_RESP_ERR__SSL:
      // A certificate that does not verify stays so; other faults of TLS come and go with the
      // network.
      if (reason.find("verif") == std::string_view::npos) return on_away(reason);
      fail_for_good(
          {ErrorKind::auth, fmt::format("The {} does not trust the broker's certificate: {}",
                                        client_, printable(reason, 400))});
      return;
    default:
      break;
  }
  const auto error = static_cast<rd_kafka_resp_err_t>(code);
  const ErrorKind kind = kind_of(error);
  const std::string text = fmt::format("{} ({})", printable(reason, 400), rd_kafka_err2str(error));
  if (kind == ErrorKind::auth) {
    fail_for_good({kind, fmt::format("The {} was refused: {}", client_, text)});
  } else if (kind == ErrorKind::failed) {
    fail_for_good({kind, fmt::format("The {} cannot go on: {}", client_, text)});
  } else {
    warn(rd_kafka_err2name(error), fmt::format("Kafka, {}: {}", client_, text));
  }
}

void Health::on_away(std::string_view reason) {
  auto [broker, cause] = broker_and_cause(reason);
  const auto [outage, first] = away_.try_emplace(broker, Outage{clock_.now(), clock_.now()});
  outage->second.last_error = clock_.now();
  if (!first) return;
  log::warn("Kafka broker {} is away; retrying: {}", broker.empty() ? client_ : broker,
            printable(cause, 300));
}

void Health::on_log(int syslog_level, std::string_view facility, std::string_view text) {
  constexpr int kWarning = 4;
  if (syslog_level > kWarning) {
    log::info("librdkafka {}: {}", facility,
              printable(text, 1000));  // Asked for with the option `debug`.
    return;
  }
  if (facility == "FAIL" || facility == "ERROR" || facility == "BROKER" ||
      facility == "REBOOTSTRAP")
    return;
  warn(std::string(facility), fmt::format("Kafka, {}: {}", client_, printable(text, 400)));
}

void Health::warn(const std::string& topic, const std::string& sentence) {
  if (may_say(topic)) log::warn("{}", sentence);
}

bool Health::may_say(const std::string& topic) {
  const SteadyTime now = clock_.now();
  if (said_.size() > kTopicsLimit) said_.clear();
  auto [at, first] = said_.emplace(topic, now);
  if (first) return true;
  if (now - at->second < kSayAgainAfter) return false;
  at->second = now;
  return true;
}

bool Health::probe_due() {
  if (away_.empty() || clock_.now() < next_probe_) return false;
  next_probe_ = clock_.now() + kProbeEvery;
  return true;
}

void Health::on_answer(const std::set<std::string>& listed) {
  const SteadyTime now = clock_.now();
  std::erase_if(away_, [&](const auto& entry) {
    const auto& [broker, outage] = entry;
    const double seconds = std::chrono::duration<double>(now - outage.since).count();
    if (!listed.contains(broker)) {
      // A bootstrap address under another name, or a broker that left the cluster: not missed while
      // others answer.
      log::info("Kafka answers again after {:.1f} s (broker {} is not among those it names)",
                seconds, broker.empty() ? "?" : broker);
      return true;
    }
    // Of several brokers another one may have answered, with a list from before this one went away.
    if (listed.size() > 1 && now - outage.last_error < kQuietFor) return false;
    log::info("Kafka broker {} is back after {:.1f} s", broker, seconds);
    return true;
  });
}

void Health::fail_for_good(Error error) {
  if (!failure_) failure_ = std::move(error);
}

}  // namespace turntable::kafka
