#include "app/http.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "app/run_facts.h"
#include "base/log.h"
#include "base/text.h"

namespace turntable {
namespace {

constexpr uint64_t kHighestPort = 65'535;
// A longer token cannot be sent in a header.
constexpr size_t kTokenBytesLimit = 4'096;

bool is_address(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

// "8080", "0.0.0.0:8080", "[::]:8080", "localhost:8080".
Status read_place(const std::string& text, HttpOptions& options) {
  const size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  std::string address = colon == std::string::npos ? options.address : text.substr(0, colon);
  if (address == "localhost") address = "127.0.0.1";
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  uint64_t number = 0;
  if (!read_number(port, number) || number > kHighestPort || !is_address(address))
    return fail(ErrorKind::usage,
                fmt::format("--http: '{}' is not [ADDR:]PORT, such as 8080, 0.0.0.0:8080 or "
                            "[::]:8080; the address is an IP address or localhost, and the port "
                            "0 is any that is free",
                            printable(text)));
  options.address = std::move(address);
  options.port = static_cast<uint16_t>(number);
  return {};
}

Result<std::string> read_token(const std::string& option, const std::string& from_environment) {
  constexpr std::string_view kFile = "file:";
  if (option.empty()) return from_environment;
  // On the command line everybody on the machine could read it.
  if (!option.starts_with(kFile) || option.size() == kFile.size())
    return fail(ErrorKind::usage,
                "--http-token is file:PATH, a file that holds the token; or give the token itself "
                "in the variable TURNTABLE_HTTP_TOKEN");
  const std::string path = option.substr(kFile.size());
  std::ifstream file(path, std::ios::binary);
  std::string token(kTokenBytesLimit + 1, '\0');
  file.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<size_t>(file.gcount()));
  if (!file.is_open() || token.size() > kTokenBytesLimit)
    return fail(ErrorKind::usage,
                fmt::format("--http-token: cannot read a token from '{}'", printable(path)));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.empty())
    return fail(ErrorKind::usage,
                fmt::format("--http-token: the file '{}' is empty", printable(path)));
  return token;
}

}  // namespace

Result<HttpOptions> http_options(const RunOptions& options, const std::string& from_environment) {
  HttpOptions http;
  RETURN_IF_ERROR(read_place(options.http, http));
  ASSIGN_OR_RETURN(http.token, read_token(options.http_token, from_environment));
  if (http.token.empty() && !is_loopback(http.address))
    return fail(ErrorKind::usage,
                fmt::format("--http {}: other machines can connect there, so a token is needed: "
                            "give --http-token file:PATH, or TURNTABLE_HTTP_TOKEN in the "
                            "environment; 16 or more letters and digits, as 'openssl rand -hex "
                            "16' makes them",
                            printable(options.http)));
  if (options.http_certificate.empty() != options.http_key.empty())
    return fail(ErrorKind::usage, "--http-cert and --http-key are needed together");
  http.certificate_file = options.http_certificate;
  http.key_file = options.http_key;
  return http;
}

Result<std::unique_ptr<Reporter>> start_reporter(const RunOptions& options) {
  if (options.http.empty()) {
    if (options.http_token.empty() && options.http_certificate.empty() && options.http_key.empty())
      return std::unique_ptr<Reporter>();
    return fail(ErrorKind::usage,
                "--http-token, --http-cert and --http-key count only with --http [ADDR:]PORT");
  }
  const char* const token = std::getenv("TURNTABLE_HTTP_TOKEN");
  ASSIGN_OR_RETURN(const HttpOptions http, http_options(options, token == nullptr ? "" : token));
  ASSIGN_OR_RETURN(std::unique_ptr<HttpServer> server, HttpServer::start(http));
  log::info("the run is shown at {}", server->url());
  return std::make_unique<Reporter>(std::move(server), first_facts(options.pipeline));
}

}  // namespace turntable
