#include "row/numeric.h"

#include <fmt/format.h>

namespace turntable {

Numeric without_trailing_zeros(Numeric value) {
  if (value.digits == 0) value.scale = 0;
  while (value.scale > 0 && value.digits % 10 == 0) {
    value.digits /= 10;
    --value.scale;
  }
  return value;
}

std::string numeric_text(const Numeric& value) {
  switch (value.kind) {
    case Numeric::Kind::nan:
      return "NaN";
    case Numeric::Kind::infinity:
      return "Infinity";
    case Numeric::Kind::minus_infinity:
      return "-Infinity";
    case Numeric::Kind::finite:
      break;
  }
  const bool negative = value.digits < 0;
  std::string text = fmt::to_string(negative ? -static_cast<Uint128>(value.digits)
                                             : static_cast<Uint128>(value.digits));
  if (value.scale > 0) {
    if (text.size() <= value.scale) text.insert(0, value.scale + 1 - text.size(), '0');
    text.insert(text.size() - value.scale, ".");
  }
  return negative ? "-" + text : text;
}

}  // namespace turntable
