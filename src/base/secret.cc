#include "base/secret.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace turntable {
namespace {

// Parts of options' names, in lower case. librdkafka's own list is that of _RK_SENSITIVE in its
// rdkafka_conf.c.
constexpr std::array<std::string_view, 8> kParts{
    "password", "passphrase", "secret",  "token",
    "jaas",     "key.pem",    "ssl.key", "sasl.oauthbearer.config"};

// So much of a secret gives it away, and is no word that a message would have anyway.
constexpr size_t kTellingBytes = 4;

}  // namespace

bool speaks_of_secrets(std::string_view text) {
  const std::string lower = lowercase(text);
  return std::any_of(kParts.begin(), kParts.end(), [&lower](std::string_view part) {
    return lower.find(part) != std::string::npos;
  });
}

bool is_secret(std::string_view option) {
  const std::string name = lowercase(option);
  if (name.ends_with(".location") || name == "sasl.oauthbearer.token.endpoint.url") return false;
  return speaks_of_secrets(name);
}

std::string without_secret(std::string message, std::string_view secret) {
  const std::string_view beginning = secret.substr(0, kTellingBytes);
  if (beginning.empty() || message.find(beginning) == std::string::npos) return message;
  return "its value cannot be taken (and is not shown: it is a secret)";
}

}  // namespace turntable
