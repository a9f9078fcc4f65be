// Decimal numbers from their text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "row/numeric.h"

namespace turntable {

// A number in decimal notation, taken apart: -12.50e3 is negative, with the digits "12" and "50"
// and the exponent 3. The digits are views into its text.
struct Decimal {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;  // Of one that is beyond 2^40 that number.

  [[nodiscard]] size_t digits() const { return whole.size() + fraction.size(); }
  [[nodiscard]] unsigned digit(size_t i) const {
    const char c = i < whole.size() ? whole[i] : fraction[i - whole.size()];
    return static_cast<unsigned>(c - '0');
  }
};

// "12", "-12.50", "+.5", "1.", "1.5e-3", with blanks around it; nothing where it is none.
[[nodiscard]] std::optional<Decimal> read_decimal(std::string_view text);

// A number, or why there is none.
struct ParsedNumeric {
  std::optional<Numeric> value = {};
  bool out_of_range = false;  // It is a number, and has more digits than a Numeric.
};

// "12", "-12.50", ".5", "1.5e-3", "NaN", "Infinity", in any case and with blanks around it, as
// PostgreSQL reads them. The digits behind the point are kept, as are zeros at their end:
// "1.50e1" is 15.0.
[[nodiscard]] ParsedNumeric parse_numeric(std::string_view text);

}  // namespace turntable
