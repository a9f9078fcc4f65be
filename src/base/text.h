// Small functions on text that the standard library and {fmt} lack.
#pragma once

#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace turntable {

// True where the bytes are well-formed UTF-8 (no overlong forms, no surrogates, up to U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view bytes);

// RFC 4648 base64 with padding.
[[nodiscard]] std::string base64(std::string_view bytes);
// Nothing where it is not that.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

// A JSON string literal with its quotes. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_quote(std::string_view text);

// The text with control characters escaped and cut to `limit` bytes (at a character), for messages
// and logs.
[[nodiscard]] std::string printable(std::string_view text, size_t limit = 120);

// The same for text of several lines, which stay lines; uncut.
[[nodiscard]] std::string printable_lines(std::string_view text);

// The candidate that differs least from `word`, if near enough to be a likely typing error.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);

// " Did you mean 'x'?" or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string> candidates);

[[nodiscard]] std::string lowercase(std::string_view text);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

// True where the whole text is a number of this type, as std::from_chars() reads one: without blanks
// and without a plus. `number` is set only then.
template <class Number>
[[nodiscard]] bool read_number(std::string_view text, Number& number) {
  Number read{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, read);
  if (error != std::errc() || stop != end) return false;
  number = read;
  return true;
}

// 1234567 as "1,234,567".
[[nodiscard]] std::string grouped(uint64_t number);

// Terminal columns of a UTF-8 text: wide characters count 2, combining marks 0.
[[nodiscard]] size_t display_width(std::string_view text);

}  // namespace turntable
