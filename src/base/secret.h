// Which options hold secrets, and how messages speak of them.
#pragma once

#include <string>
#include <string_view>

namespace turntable {

// What stands in a message where a secret would.
inline constexpr const char* kMasked = "***";

// True for passwords, secrets, tokens, keys and JAAS lines, ours and librdkafka's: their values are
// never shown. The path of a file is no secret.
[[nodiscard]] bool is_secret(std::string_view option);

// True where a text names such an option: what stands near it may be a secret's value.
[[nodiscard]] bool speaks_of_secrets(std::string_view text);

// A message by a library about an option. Where it shows the secret, or so much as its beginning
// (libraries cut long texts), nothing is left of it.
[[nodiscard]] std::string without_secret(std::string message, std::string_view secret);

}  // namespace turntable
