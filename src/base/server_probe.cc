#include "base/server_probe.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace turntable {
namespace {

using namespace std::string_view_literals;

// Answers are recognised by their beginning. That of a broker lists its requests, some hundred of
// six bytes.
constexpr size_t kAnswerBytesLimit = 4096;

// ApiVersions, version 0, of a client without a name. Servers of every version answer it, and
// before a login too.
constexpr auto kKafkaQuestion = "\0\0\0\x0a\0\x12\0\0TURN\xff\xff"sv;
constexpr auto kKafkaCorrelation = "TURN"sv;
// OPTIONS, version 4 of the protocol.
constexpr auto kCassandraQuestion = "\x04\0\0\0\x05\0\0\0\0"sv;
constexpr auto kHttpQuestion = "GET / HTTP/1.0\r\n\r\n"sv;
// A ClientHello of TLS 1.2. Servers that want a later version refuse it in TLS's own form.
constexpr auto kTlsQuestion =
    "\x16\x03\x01\0\x5b"                // A record of a handshake, 91 bytes.
    "\x01\0\0\x57\x03\x03"              // A ClientHello, 87 bytes.
    "turntable asks what you speak..."  // 32 bytes that are to be random.
    "\0\0\x12\xc0\x2f\xc0\x30\xc0\x2b\xc0\x2c\0\x9c\0\x9d\0\x2f\0\x35\0\xff"  // No session,
                                                                              // ciphers.
    "\x01\0"                                                                  // No compression.
    "\0\x1c"                                                 // Extensions, 28 bytes:
    "\0\x0a\0\x04\0\x02\0\x17"                               // the curve P-256,
    "\0\x0b\0\x02\x01\0"                                     // uncompressed points,
    "\0\x0d\0\x0a\0\x08\x04\x01\x04\x03\x05\x01\x05\x03"sv;  // RSA and ECDSA with SHA-2.

unsigned number_at(std::string_view text, size_t at, size_t bytes) {
  unsigned number = 0;
  for (size_t i = at; i < at + bytes; ++i)
    number = number << 8 | static_cast<unsigned char>(text[i]);
  return number;
}

// Nothing while more of the answer is to come.
std::optional<Speaks> kafka_in(std::string_view answer) {
  constexpr size_t kSizeBytes = 4;
  constexpr size_t kHead = kSizeBytes + 4 + 2 + 4;  // Correlation, error, count of requests.
  constexpr size_t kEach = 6;
  constexpr unsigned kMetadata = 3;  // A question that brokers answer and controllers do not.
  const auto known = answer.substr(std::min(answer.size(), kSizeBytes), kKafkaCorrelation.size());
  if (known != kKafkaCorrelation.substr(0, known.size())) return Speaks::unknown;
  if (answer.size() < kHead) return std::nullopt;
  const size_t end = kHead + kEach * number_at(answer, kHead - 4, 4);
  for (size_t at = kHead; at + kEach <= std::min(end, answer.size()); at += kEach)
    if (number_at(answer, at, 2) == kMetadata) return Speaks::kafka_broker;
  if (answer.size() < std::min(end, kAnswerBytesLimit)) return std::nullopt;
  return Speaks::kafka_controller;
}

std::optional<Speaks> cassandra_in(std::string_view answer) {
  constexpr size_t kHeader = 9;
  constexpr unsigned kOldest = 0x83;
  constexpr unsigned kNewest = 0x86;
  constexpr unsigned kError = 0;
  constexpr unsigned kSupported = 6;
  if (answer.size() < kHeader) return std::nullopt;
  const unsigned version = number_at(answer, 0, 1);
  const unsigned kind = number_at(answer, 4, 1);
  const bool is =
      version >= kOldest && version <= kNewest && (kind == kError || kind == kSupported);
  return is ? Speaks::cassandra : Speaks::unknown;
}

std::optional<Speaks> http_in(std::string_view answer) {
  constexpr auto kBegin = "HTTP/"sv;
  if (answer.size() < kBegin.size()) return std::nullopt;
  return answer.starts_with(kBegin) ? Speaks::http : Speaks::unknown;
}

std::optional<Speaks> tls_in(std::string_view answer) {
  if (answer.size() < 2) return std::nullopt;
  const bool alert_or_handshake = answer[0] == '\x15' || answer[0] == '\x16';
  return alert_or_handshake && answer[1] == '\x03' ? Speaks::tls : Speaks::unknown;
}

struct Question {
  std::string_view text;
  std::optional<Speaks> (*read)(std::string_view answer);
};
constexpr std::array<Question, 4> kQuestions{{{kKafkaQuestion, kafka_in},
                                              {kCassandraQuestion, cassandra_in},
                                              {kTlsQuestion, tls_in},
                                              {kHttpQuestion, http_in}}};

// One question on its way.
class Asked {
 public:
  Asked(const Question& question, const addrinfo& to)
      : question_(question),
        socket_(::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    done_ =
        socket_ < 0 || (::connect(socket_, to.ai_addr, to.ai_addrlen) != 0 && errno != EINPROGRESS);
  }
  ~Asked() {
    if (socket_ >= 0) ::close(socket_);
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] Speaks found() const { return found_; }
  [[nodiscard]] pollfd wanted() const {
    return {done_ ? -1 : socket_, static_cast<short>(sent_ ? POLLIN : POLLOUT), 0};
  }

  void go_on() {
    if (!sent_) {
      const ssize_t sent =
          ::send(socket_, question_.text.data(), question_.text.size(), MSG_NOSIGNAL);
      sent_ = true;
      done_ = sent != static_cast<ssize_t>(question_.text.size());
      return;
    }
    std::array<char, kAnswerBytesLimit> part{};
    const ssize_t got = ::recv(socket_, part.data(), kAnswerBytesLimit - answer_.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0) answer_.append(part.data(), static_cast<size_t>(got));
    const auto read = question_.read(answer_);
    done_ = got <= 0 || read || answer_.size() == kAnswerBytesLimit;
    found_ = read.value_or(Speaks::unknown);
  }

 private:
  const Question& question_;
  const int socket_;
  bool sent_ = false;
  bool done_ = false;
  std::string answer_;
  Speaks found_ = Speaks::unknown;
};

struct AddressesDeleter {
  void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};

Speaks probe(const addrinfo& to, SteadyTime until) {
  std::vector<std::unique_ptr<Asked>> asked;
  for (const Question& question : kQuestions)
    asked.push_back(std::make_unique<Asked>(question, to));
  while (true) {
    std::vector<pollfd> wanted;
    for (const auto& each : asked) wanted.push_back(each->wanted());
    const auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0 ||
        std::all_of(asked.begin(), asked.end(), [](const auto& each) { return each->done(); }))
      return Speaks::unknown;
    if (::poll(wanted.data(), wanted.size(), static_cast<int>(left.count())) <= 0) continue;
    for (size_t i = 0; i < asked.size(); ++i) {
      if (wanted[i].revents == 0) continue;
      asked[i]->go_on();
      if (asked[i]->found() != Speaks::unknown) return asked[i]->found();
    }
  }
}

}  // namespace

Speaks probe_server(const std::string& address, Millis wait) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return Speaks::unknown;
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found) != 0)
    return Speaks::unknown;
  const std::unique_ptr<addrinfo, AddressesDeleter> addresses(found);
  const SteadyTime until = std::chrono::steady_clock::now() + wait;
  // Of a name with several addresses the first at which somebody answers.
  for (const addrinfo* to = addresses.get(); to != nullptr; to = to->ai_next)
    if (const Speaks speaks = probe(*to, until); speaks != Speaks::unknown) return speaks;
  return Speaks::unknown;
}

std::string what_speaks(Speaks speaks) {
  switch (speaks) {
    case Speaks::kafka_broker:
      return "a broker of Kafka";
    case Speaks::kafka_controller:
      return "a controller of Kafka";
    case Speaks::cassandra:
      return "a node of Cassandra";
    case Speaks::http:
      return "an HTTP server";
    case Speaks::tls:
      return "a server that asks for TLS";
    case Speaks::unknown:
      break;
  }
  return "an unknown server";
}

}  // namespace turntable
