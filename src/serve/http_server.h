// The HTTP server: it shows what was published, and nothing else. It is the bridge's, and runs on a
// thread of its own that takes nothing from a request into the program (bridge_http.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct bridge_http;

namespace turntable {

struct HttpOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;             // 0: any that is free.
  std::string token;             // Empty: none is asked for, which a loopback address alone allows.
  std::string certificate_file;  // With `key_file`: TLS.
  std::string key_file;
};

// A page's bytes in one form.
struct HttpBody {
  std::string_view content_type;
  std::string_view bytes;
  bool gzip = false;
};

struct HttpCounts {
  uint64_t connections = 0;  // Accepted, ever.
  uint64_t open = 0;
  uint64_t evicted = 0;
  uint64_t requests = 0;
  uint64_t refused = 0;
  uint64_t panics = 0;
  uint64_t live = 0;
  uint64_t live_dropped = 0;
};

// Thread-safe. No call but start() and the destructor waits, or takes a lock that a request can
// hold.
class HttpServer {
 public:
  // An error of kind usage where the options cannot be, and of kind failed where the port cannot be
  // listened on.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(const HttpOptions& options);
  // Ends answers in progress; waits up to 3 s.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "http://127.0.0.1:8080/".
  [[nodiscard]] const std::string& url() const { return url_; }

  // A request's Accept and Accept-Encoding choose among the bodies; the first, which is not gzip,
  // is the default. Paths and bodies are the program's own: what the server refuses is a bug.
  void publish(std::string_view path, std::span<const HttpBody> bodies) const;
  // The latest wins. In UTF-8.
  void publish_event(std::string_view text) const;
  // What /readyz and /healthz say, to anybody.
  void set_ready(bool ready, std::string_view reason) const;
  void set_healthy(bool healthy, std::string_view reason) const;

  [[nodiscard]] HttpCounts counts() const;

 private:
  explicit HttpServer(bridge_http* server) : server_(server) {}

  bridge_http* const server_;
  std::string url_;
};

}  // namespace turntable
