// Steps over simdjson's On-Demand values that the decoder, the validation of unread fields and the
// functions on jsonb share. Inside json/ and decode/ only.
#pragma once

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <string_view>

namespace turntable::json {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;
using simdjson::simdjson_result;

// It may stand in front of a value in UTF-8. RFC 8259, section 8.1, lets a parser pass over it.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

[[nodiscard]] inline std::string_view without_mark(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

[[nodiscard]] constexpr bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
[[nodiscard]] inline std::string_view without_leading_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}
[[nodiscard, gnu::always_inline]] inline std::string_view without_trailing_space(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// simdjson's token reaches to the next one; this one ends where it ends.
[[nodiscard, gnu::always_inline]] inline std::string_view token(ondemand::value& value) {
  return without_trailing_space(value.raw_json_token());
}

// A key or string with its escapes resolved, in the parser's own buffer: valid until the next
// record.
[[nodiscard]] simdjson_result<std::string_view> unescaped_key(ondemand::field& field);
[[nodiscard]] simdjson_result<std::string_view> unescaped(ondemand::value& value);

// Validates a value that nobody reads, all the way down. `depth` is that of the container in which
// it stands, the record's object being 1. `has_escapes` is false where the whole record is known to
// have no backslash.
[[nodiscard]] error_code skip(ondemand::value& value, int depth, bool has_escapes);

// The text of a value of any kind, validated.
[[nodiscard]] simdjson_result<std::string_view> raw_text(ondemand::value& value, int depth,
                                                         bool has_escapes);

// "a string is not closed": to stand in a sentence.
[[nodiscard]] std::string_view what_is_wrong(error_code error);

}  // namespace turntable::json

// Leaves the function with simdjson's error, if there is one.
#define RETURN_IF_JSON_ERROR(...)                                                   \
  do {                                                                              \
    if (const ::simdjson::error_code json_error = (__VA_ARGS__)) return json_error; \
  } while (false)
