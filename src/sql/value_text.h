// Values as text and back, in PostgreSQL's own forms: what casts to and from text are made of. Also
// used to say a value in a message.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "row/arena.h"

namespace turntable::sql {

// A short text without an allocation.
class ShortText {
 public:
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }
  void append(char c) { bytes_[size_++] = c; }
  void append(std::string_view text) {
    for (const char c : text) append(c);
  }
  void append(size_t count, char c) {
    while (count-- > 0) append(c);
  }
  void trim_end(char c) {
    while (size_ > 0 && bytes_[size_ - 1] == c) --size_;
  }

 private:
  std::array<char, 48> bytes_;
  size_t size_ = 0;
};

// The shortest digits that read back as the same number; exponents as PostgreSQL writes them
// ("1e+15", "NaN").
[[nodiscard]] ShortText float_text(double value);
[[nodiscard]] ShortText float_text(float value);
[[nodiscard]] ShortText integer_text(int64_t value);
[[nodiscard]] ShortText timestamp_text(int64_t micros);        // "2024-03-03 10:15:00.25+00"
[[nodiscard]] ShortText local_timestamp_text(int64_t micros);  // "2024-03-03 10:15:00.25"
[[nodiscard]] ShortText date_text(int32_t days);               // "0044-03-15 BC"
[[nodiscard]] ShortText time_text(int64_t micros);             // "10:15:00.25"

enum class ParseFailure {
  syntax,
  range,
  digits,  // Digits beyond microseconds, where the whole time was asked for.
};

// A value, or why there is none.
template <class T>
struct Parsed {
  std::optional<T> value;
  ParseFailure failure = ParseFailure::syntax;
};

// Blanks around the value are allowed, as in PostgreSQL.
[[nodiscard]] Parsed<int16_t> parse_int16(std::string_view text);
[[nodiscard]] Parsed<int32_t> parse_int32(std::string_view text);
[[nodiscard]] Parsed<int64_t> parse_int64(std::string_view text);
[[nodiscard]] Parsed<float> parse_float32(std::string_view text);
[[nodiscard]] Parsed<double> parse_float64(std::string_view text);
[[nodiscard]] Parsed<uint8_t> parse_bool(std::string_view text);

// ISO 8601 (base/iso_time.h). PostgreSQL knows many more forms, some of which depend on settings.
// Digits beyond microseconds are cut.
[[nodiscard]] Parsed<int64_t> parse_timestamp(std::string_view text);
// A time that would be cut is none.
[[nodiscard]] Parsed<int64_t> parse_whole_timestamp(std::string_view text);

// bytea: \x and hexadecimal digits.
[[nodiscard]] std::string_view bytes_text(std::string_view bytes, Arena& arena);
// Also the older form, text with \ooo and \\.
[[nodiscard]] std::optional<std::string_view> parse_bytes(std::string_view text, Arena& arena);

}  // namespace turntable::sql
