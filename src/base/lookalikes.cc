#include "base/lookalikes.h"

#include <fmt/format.h>

#include <cstdint>

namespace turntable {
namespace {

struct Range {
  char32_t first;
  char32_t last;
  char meant;
  std::string_view name;  // Of a space or of what cannot be seen.
};

constexpr Range kRanges[] = {
    {0x00A0, 0x00A0, ' ', "a no-break space"},
    {0x202F, 0x202F, ' ', "a narrow no-break space"},
    {0x3000, 0x3000, ' ', "an ideographic space"},
    {0x0085, 0x0085, ' ', "a next-line character"},
    {0x2028, 0x2028, ' ', "a line separator"},
    {0x2029, 0x2029, ' ', "a paragraph separator"},
    {0x1680, 0x1680, ' ', "a space that is not the plain one"},
    {0x2000, 0x200A, ' ', "a space that is not the plain one"},
    {0x205F, 0x205F, ' ', "a space that is not the plain one"},
    {0x00AD, 0x00AD, '\0', "a soft hyphen"},
    {0x200B, 0x200B, '\0', "a zero-width space"},
    {0x200C, 0x200C, '\0', "a zero-width non-joiner"},
    {0x200D, 0x200D, '\0', "a zero-width joiner"},
    {0x200E, 0x200F, '\0', "a mark for the direction of writing"},
    {0x061C, 0x061C, '\0', "a mark for the direction of writing"},
    {0x202A, 0x202E, '\0', "a mark for the direction of writing"},
    {0x2066, 0x2069, '\0', "a mark for the direction of writing"},
    {0xFEFF, 0xFEFF, '\0', "a byte order mark"},
    {0x034F, 0x034F, '\0', "an invisible character"},
    {0x115F, 0x1160, '\0', "an invisible character"},
    {0x180E, 0x180E, '\0', "an invisible character"},
    {0x2060, 0x2065, '\0', "an invisible character"},
    {0x206A, 0x206F, '\0', "an invisible character"},
    {0x3164, 0x3164, '\0', "an invisible character"},
    {0xFFA0, 0xFFA0, '\0', "an invisible character"},
    {0x2018, 0x201B, '\'', ""},
    {0x2032, 0x2032, '\'', ""},
    {0x00B4, 0x00B4, '\'', ""},
    {0x2039, 0x203A, '\'', ""},
    {0xFF07, 0xFF07, '\'', ""},
    {0x201C, 0x201F, '"', ""},
    {0x2033, 0x2033, '"', ""},
    {0x00AB, 0x00AB, '"', ""},
    {0x00BB, 0x00BB, '"', ""},
    {0xFF02, 0xFF02, '"', ""},
    {0x2010, 0x2015, '-', ""},
    {0x2212, 0x2212, '-', ""},
    {0xFF0D, 0xFF0D, '-', ""},
    {0xFF08, 0xFF08, '(', ""},
    {0xFF09, 0xFF09, ')', ""},
    {0xFF0A, 0xFF0A, '*', ""},
    {0xFF0C, 0xFF0C, ',', ""},
    {0x3001, 0x3001, ',', ""},
    {0xFF0E, 0xFF0E, '.', ""},
    {0xFF1B, 0xFF1B, ';', ""},
    {0xFF1C, 0xFF1C, '<', ""},
    {0xFF1D, 0xFF1D, '=', ""},
    {0xFF1E, 0xFF1E, '>', ""},
};

// The character of two or three bytes that the text begins with, and no other. The text is UTF-8.
std::optional<char32_t> first_character(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (text.size() >= 2 && (byte(0) & 0xE0) == 0xC0)
    return (char32_t{byte(0)} & 0x1F) << 6 | (byte(1) & 0x3F);
  if (text.size() >= 3 && (byte(0) & 0xF0) == 0xE0)
    return (char32_t{byte(0)} & 0x0F) << 12 | (char32_t{byte(1)} & 0x3F) << 6 | (byte(2) & 0x3F);
  return std::nullopt;
}

std::string fault_of(const Range& range, std::string_view character, char32_t code) {
  const std::string number = fmt::format("U+{:04X}", static_cast<uint32_t>(code));
  switch (range.meant) {
    case ' ':
      return fmt::format("{} ({}) stands here, which is not taken for a space: write a plain one",
                         range.name, number);
    case '\0':
      return fmt::format("{} ({}) stands here, which cannot be seen: take it away", range.name,
                         number);
    case '\'':
    case '"':
      return fmt::format("{} ({}) is no quote here: names stand between \" and texts between '",
                         character, number);
    default:
      return fmt::format("{} ({}) is not {}: write that", character, number, range.meant);
  }
}

}  // namespace

std::optional<Lookalike> lookalike_at(std::string_view text) {
  const std::optional<char32_t> code = first_character(text);
  if (!code) return std::nullopt;
  for (const Range& range : kRanges) {
    if (*code < range.first || *code > range.last) continue;
    const size_t bytes = *code < 0x800 ? 2 : 3;
    return Lookalike{.bytes = bytes,
                     .meant = range.meant,
                     .fault = fault_of(range, text.substr(0, bytes), *code)};
  }
  return std::nullopt;
}

}  // namespace turntable
