// Decimal numbers from their text.
#pragma once

#include <optional>
#include <string_view>

#include "row/numeric.h"

namespace turntable {

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
