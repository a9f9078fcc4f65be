// Decimal numbers: up to 38 digits and a scale, the digits behind the point that are shown.
// https://www.postgresql.org/docs/15/datatype-numeric.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace turntable {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

// 10^power, for 0 to 38.
[[nodiscard]] constexpr Int128 power_of_ten(int power) {
  Int128 value = 1;
  for (int i = 0; i < power; ++i) value *= 10;
  return value;
}

// PostgreSQL keeps many more digits; what needs them is out of range here.
inline constexpr int kNumericDigitsLimit = 38;
inline constexpr int kNumericScaleLimit = 76;

// digits / 10^scale, where |digits| < 10^38 and 0 <= scale <= 76. 1.0 and 1.00 are equal in SQL,
// and are two values here.
struct Numeric {
  enum class Kind : uint8_t { finite, nan, infinity, minus_infinity };

  Int128 digits = 0;
  uint16_t scale = 0;
  Kind kind = Kind::finite;

  // The same digits and scale. SQL's `=` takes 1.0 and 1.00 for equal.
  bool operator==(const Numeric&) const = default;
  [[nodiscard]] bool is_finite() const { return kind == Kind::finite; }
};

// The same value with the lowest scale, which is the same for equal values.
[[nodiscard]] Numeric without_trailing_zeros(Numeric value);

// "-12.50", "NaN", "Infinity".
[[nodiscard]] std::string numeric_text(const Numeric& value);

}  // namespace turntable
