#include "serve/http_server.h"

#include <bridge_http.h>
#include <fmt/format.h>

#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace turntable {
namespace {

// A lane's thread never waits for the HTTP server's, but they share processors.
constexpr int kNiceness = 5;
// The reporter publishes every second. Its own end is seen by /healthz after so long.
constexpr uint32_t kStaleAfterMs = 60'000;

bridge_text to_bridge(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpOptions& options) {
  bridge_http_options given{};
  given.address = to_bridge(options.address);
  given.token = to_bridge(options.token);
  given.certificate_file = to_bridge(options.certificate_file);
  given.key_file = to_bridge(options.key_file);
  given.version = to_bridge(TURNTABLE_VERSION);
  given.port = options.port;
  given.stale_after_ms = kStaleAfterMs;
  given.nice = kNiceness;
  bridge_error error{};
  bridge_http* const server = bridge_http_start(&given, &error);
  if (server == nullptr)
    return fail(error.code == BRIDGE_ARGUMENT ? ErrorKind::usage : ErrorKind::failed,
                fmt::format("--http: {}", std::string_view(error.message, error.length)));
  std::unique_ptr<HttpServer> made(new HttpServer(server));
  const bool bracketed = options.address.find(':') != std::string::npos;
  made->url_ = fmt::format("{}://{}{}{}:{}/", options.certificate_file.empty() ? "http" : "https",
                           bracketed ? "[" : "", options.address, bracketed ? "]" : "",
                           bridge_http_port(server));
  return made;
}

HttpServer::~HttpServer() {
  bridge_http_stop(server_);
}

void HttpServer::publish(std::string_view path, std::span<const HttpBody> bodies) const {
  std::vector<bridge_http_body> given;
  for (const HttpBody& body : bodies)
    given.push_back({.content_type = to_bridge(body.content_type),
                     .content_encoding = to_bridge(body.gzip ? "gzip" : ""),
                     .data = reinterpret_cast<const uint8_t*>(body.bytes.data()),
                     .length = body.bytes.size()});
  CHECK(bridge_http_publish(server_, to_bridge(path), given.data(),
                            static_cast<uint32_t>(given.size()), 0, nullptr) == 0);
}

void HttpServer::publish_event(std::string_view text) const {
  CHECK(bridge_http_publish_event(server_, to_bridge(text), nullptr) == 0);
}

void HttpServer::set_ready(bool ready, std::string_view reason) const {
  CHECK(bridge_http_set_ready(server_, ready ? 1 : 0, to_bridge(reason)) == 0);
}

void HttpServer::set_healthy(bool healthy, std::string_view reason) const {
  CHECK(bridge_http_set_healthy(server_, healthy ? 1 : 0, to_bridge(reason)) == 0);
}

HttpCounts HttpServer::counts() const {
  bridge_http_counts counts{};
  bridge_http_counters(server_, &counts);
  return {.connections = counts.connections,
          .open = counts.open,
          .evicted = counts.evicted,
          .requests = counts.requests,
          .refused = counts.refused,
          .panics = counts.panics,
          .live = counts.live,
          .live_dropped = counts.live_dropped};
}

}  // namespace turntable
