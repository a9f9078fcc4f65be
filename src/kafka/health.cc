#include "kafka/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
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

// By these a broker says that the client's certificate is not what it wants. In which step, and so
// with which of librdkafka's codes, depends on the version of TLS.
constexpr std::array<std::string_view, 7> kCertificateAlerts{
    "alert bad certificate",     "alert certificate required", "alert certificate unknown",
    "alert certificate expired", "alert certificate revoked",  "alert unsupported certificate",
    "alert unknown ca"};

std::optional<std::string_view> certificate_alert(std::string_view reason) {
  const auto alert = std::find_if(
      kCertificateAlerts.begin(), kCertificateAlerts.end(),
      [&](std::string_view words) { return reason.find(words) != std::string_view::npos; });
  if (alert == kCertificateAlerts.end()) return std::nullopt;
  return *alert;
}

// Whether a connection was ended by the broker as soon as it was made: "… Disconnected: … (after
// 1ms in state APIVERSION_QUERY)". In these states librdkafka holds it for established.
bool ended_at_once(std::string_view text) {
  constexpr std::string_view kAfter = "(after ";
  constexpr unsigned kAtOnceMs = 1'000;
  const size_t at = text.rfind(kAfter);
  if (at == std::string_view::npos || text.find("Disconnected") > at) return false;
  const char* const begin = text.data() + at + kAfter.size();
  unsigned millis = 0;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), millis);
  const std::string_view state(end, static_cast<size_t>(text.data() + text.size() - end));
  return error == std::errc() && millis < kAtOnceMs &&
         (state.starts_with("ms in state APIVERSION_QUERY") || state.starts_with("ms in state UP"));
}

// "[thrd:…]: " stands in front of log lines.
std::string_view without_thread(std::string_view text) {
  const size_t thread = text.find("]: ");
  return thread == std::string_view::npos ? text : text.substr(thread + 3);
}

// Whether nobody was there to connect to.
bool is_not_connected(std::string_view cause) {
  return cause.starts_with("Connect to ") || cause.starts_with("Failed to resolve");
}

std::string named(const std::string& broker) {
  return broker.empty() ? "a Kafka broker" : "Kafka broker " + printable(broker);
}

}  // namespace

Health::Health(std::string client, const Clock& clock, Judge judge)
    : client_(std::move(client)), clock_(clock), judge_(std::move(judge)) {}

void Health::on_error(int code, std::string_view reason) {
  const auto [broker, cause] = broker_and_cause(reason);
  if (const auto alert = certificate_alert(reason)) {
    return fail_for_good(
        {ErrorKind::auth,
         fmt::format("The {} is not let in by {}, which asks for a client's certificate and was "
                     "shown none or one that it does not trust ({}); set ssl.certificate.location "
                     "and ssl.key.location",
                     client_, named(broker), *alert)});
  }
  if (reason.find("certificate verify failed") != std::string_view::npos) {
    const std::string host = broker.substr(0, broker.rfind(':'));
    return fail_for_good(
        {ErrorKind::auth,
         fmt::format("The {} does not trust the certificate of {}: it is not signed by an "
                     "authority in ssl.ca.location, has expired, or does not name {}",
                     client_, named(broker), host.empty() ? "its host" : printable(host))});
  }
  if (!is_not_connected(cause) && is_no_broker(broker)) return;
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__SSL:  // Certificates apart, faults of TLS come and go with the network.
      on_away(reason);
      return;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return;  // Each of them has been said.
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      fail_for_good(
          {ErrorKind::auth,
           fmt::format("The {} was refused by {}: {}; check sasl.mechanism, sasl.username and "
                       "sasl.password",
                       client_, named(broker), printable(cause, 300))});
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
  if (quiet_) return;
  auto [broker, cause] = broker_and_cause(reason);
  const auto [outage, first] = away_.try_emplace(broker, Outage{clock_.now(), clock_.now()});
  outage->second.last_error = clock_.now();
  if (!first) return;
  log::warn("Kafka broker {} is away; retrying: {}", broker.empty() ? client_ : broker,
            printable(cause, 300));
}

void Health::on_log(int syslog_level, std::string_view facility, std::string_view text) {
  constexpr int kWarning = 4;
  if (facility == "FAIL" && ended_at_once(text)) {
    const auto [broker, cause] = broker_and_cause(without_thread(text));
    if (is_no_broker(broker)) return;
    return warn("ended at once",
                fmt::format("{} ends the connections of the {} as soon as they are "
                            "made; is security.protocol what its listener asks for?",
                            named(broker), client_));
  }
  // A server that does not know what to make of the first request says nothing, and a controller of
  // Kafka does not answer questions about topics.
  const bool unanswered =
      facility == "REQTMOUT" || text.find("feature not supported by broker") != text.npos;
  if (unanswered && is_no_broker(broker_and_cause(without_thread(text)).first)) return;
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
  if (!quiet_ && may_say(topic)) log::warn("{}", sentence);
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

bool Health::is_no_broker(const std::string& address) {
  constexpr size_t kAddressesLimit = 100;
  if (!judge_.what_is_wrong || address.empty() || judged_.size() > kAddressesLimit) return false;
  const auto [judged, first] = judged_.try_emplace(address);
  if (first) judged->second = judge_.what_is_wrong(address);
  if (judged->second.empty()) return false;
  const std::string sentence =
      fmt::format("The {} cannot use {}: {}", client_, printable(address), judged->second);
  if (judge_.only_address) {
    fail_for_good({ErrorKind::failed, sentence});
  } else {
    warn("no broker " + address, sentence);
  }
  return true;
}

void Health::fail_for_good(Error error) {
  if (!failure_) failure_ = std::move(error);
}

}  // namespace turntable::kafka
