// A uuid: 16 bytes, in the order in which they are written.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turntable {

struct Uuid {
  std::array<uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
};

// "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
[[nodiscard]] std::string uuid_text(const Uuid& uuid);

// PostgreSQL's forms: 32 hexadecimal digits in either case, with a hyphen behind any four of them
// or none, in braces or not. https://www.postgresql.org/docs/15/datatype-uuid.html
[[nodiscard]] std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace turntable
