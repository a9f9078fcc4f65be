#include "row/uuid.h"

#include <algorithm>

namespace turntable {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

int digit_of(char c) {
  if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  const size_t place = kDigits.find(c);
  return place == std::string_view::npos ? -1 : static_cast<int>(place);
}

}  // namespace

std::string uuid_text(const Uuid& uuid) {
  std::string text;
  for (size_t i = 0; i < uuid.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[uuid.bytes[i] >> 4];
    text += kDigits[uuid.bytes[i] & 15];
  }
  return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.starts_with('{')) {
    if (!text.ends_with('}')) return std::nullopt;
    text = text.substr(1, text.size() - 2);
  }
  Uuid uuid;
  for (size_t i = 0; i < uuid.bytes.size(); ++i) {
    if (text.size() < 2) return std::nullopt;
    const int high = digit_of(text[0]);
    const int low = digit_of(text[1]);
    if (high < 0 || low < 0) return std::nullopt;
    uuid.bytes[i] = static_cast<uint8_t>(high * 16 + low);
    text.remove_prefix(2);
    if (i % 2 == 1 && i + 1 < uuid.bytes.size() && text.starts_with('-')) text.remove_prefix(1);
  }
  return text.empty() ? std::optional(uuid) : std::nullopt;
}

}  // namespace turntable
