#include "row/parse_numeric.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace turntable {
namespace {

// An exponent this far from 0 is as good as any that is further: no number has so many digits.
constexpr int64_t kFarExponent = int64_t{1} << 40;

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text[0] != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::string_view take_digits(std::string_view& text) {
  size_t count = 0;
  while (count < text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

// What stands behind an e.
std::optional<int64_t> take_exponent(std::string_view& text) {
  const bool negative = take(text, '-');
  if (!negative) (void)take(text, '+');
  const std::string_view digits = take_digits(text);
  if (digits.empty()) return std::nullopt;
  int64_t exponent = 0;
  for (const char c : digits) exponent = std::min(exponent * 10 + (c - '0'), kFarExponent);
  return negative ? -exponent : exponent;
}

// "nan", "inf" and "infinity", of which the first has no sign.
std::optional<Numeric> named(std::string_view text) {
  constexpr size_t kLongestName = 9;  // With its sign.
  text = trim(text);
  if (text.size() > kLongestName) return std::nullopt;
  const bool negative = take(text, '-');
  const bool is_signed = negative || take(text, '+');
  const std::string name = lowercase(text);
  if (name == "nan" && !is_signed) return Numeric{.digits = 0, .kind = Numeric::Kind::nan};
  if (name != "inf" && name != "infinity") return std::nullopt;
  return Numeric{.digits = 0,
                 .kind = negative ? Numeric::Kind::minus_infinity : Numeric::Kind::infinity};
}

}  // namespace

std::optional<Decimal> read_decimal(std::string_view text) {
  text = trim(text);
  Decimal number;
  number.negative = take(text, '-');
  if (!number.negative) (void)take(text, '+');
  number.whole = take_digits(text);
  if (take(text, '.')) number.fraction = take_digits(text);
  if (number.digits() == 0) return std::nullopt;
  if (take(text, 'e') || take(text, 'E')) {
    const auto exponent = take_exponent(text);
    if (!exponent) return std::nullopt;
    number.exponent = *exponent;
  }
  return text.empty() ? std::optional(number) : std::nullopt;
}

ParsedNumeric parse_numeric(std::string_view text) {
  const auto number = read_decimal(text);
  if (!number) return {.value = named(text)};
  Int128 digits = 0;
  int significant = 0;
  const auto push = [&](char c) {
    if (significant == 0 && c == '0') return;
    if (++significant > kNumericDigitsLimit) return;
    digits = digits * 10 + (c - '0');
  };
  for (const char c : number->whole) push(c);
  for (const char c : number->fraction) push(c);
  int64_t scale = static_cast<int64_t>(number->fraction.size()) - number->exponent;
  // Zeros that the exponent adds; those behind a zero change nothing.
  for (; scale < 0 && significant > 0 && significant <= kNumericDigitsLimit; ++scale) push('0');
  scale = std::max(scale, int64_t{0});
  if (significant > kNumericDigitsLimit || scale > kNumericScaleLimit)
    return {.out_of_range = true};
  return {.value = Numeric{.digits = number->negative ? -digits : digits,
                           .scale = static_cast<uint16_t>(scale)}};
}

}  // namespace turntable
