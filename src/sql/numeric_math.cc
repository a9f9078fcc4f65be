#include "sql/numeric_math.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include "base/check.h"
#include "row/parse_numeric.h"
#include "sql/natural.h"

namespace turntable::sql {
namespace {

constexpr auto kNumericTens = [] {
  std::array<Uint128, kNumericDigitsLimit + 1> tens{};
  for (int i = 0; i <= kNumericDigitsLimit; ++i)
    tens[static_cast<size_t>(i)] = static_cast<Uint128>(power_of_ten(i));
  return tens;
}();

Uint128 ten_to(int power) {
  return kNumericTens[static_cast<size_t>(power)];
}

Numeric infinite_numeric(int sign) {
  return sign < 0 ? kNumericMinusInfinity : kNumericInfinity;
}

bool is_infinite(const Numeric& value) {
  return value.kind == Numeric::Kind::infinity || value.kind == Numeric::Kind::minus_infinity;
}

// digits * 10^power; nothing where 128 bits do not hold it, which is beyond any sum's need.
std::optional<Uint128> raised(Uint128 digits, int power) {
  if (digits == 0) return digits;
  if (power > kNumericDigitsLimit) return std::nullopt;
  Uint128 result = 0;
  if (__builtin_mul_overflow(digits, ten_to(power), &result)) return std::nullopt;
  return result;
}

struct Aligned {
  std::optional<Uint128> a;
  std::optional<Uint128> b;
  int scale = 0;
};

Aligned aligned(const Numeric& a, const Numeric& b) {
  const int scale = std::max(a.scale, b.scale);
  return {raised(magnitude(a), scale - a.scale), raised(magnitude(b), scale - b.scale), scale};
}

Natural raised_natural(Uint128 digits, int power) {
  return power == 0 ? Natural(digits) : Natural(digits) * Natural::power_of_ten(power);
}

// digits / 10^power. From 39 places on nothing is left, not even to be rounded.
Uint128 lowered(Uint128 digits, int power, bool negative, Rounding rounding) {
  if (power > kNumericDigitsLimit) {
    const bool away = rounding == Rounding::up ? !negative : rounding == Rounding::down && negative;
    return away && digits != 0 ? 1 : 0;
  }
  const Uint128 divisor = ten_to(power);
  const Uint128 whole = digits / divisor;
  const Uint128 rest = digits % divisor;
  switch (rounding) {
    case Rounding::half_away:
      return whole + (rest >= divisor - rest && rest != 0 ? 1U : 0U);
    case Rounding::to_zero:
      return whole;
    case Rounding::down:
      return whole + (negative && rest != 0 ? 1U : 0U);
    case Rounding::up:
      return whole + (!negative && rest != 0 ? 1U : 0U);
  }
  return whole;
}

}  // namespace

// --- Parts

Uint128 magnitude(const Numeric& value) {
  return value.digits < 0 ? -static_cast<Uint128>(value.digits)
                          : static_cast<Uint128>(value.digits);
}

int count_digits(Uint128 value) {
  return static_cast<int>(std::upper_bound(kNumericTens.begin(), kNumericTens.end(), value) -
                          kNumericTens.begin());
}

MaybeNumeric make_numeric(bool negative, std::optional<Uint128> digits, int scale) {
  if (!digits || *digits >= ten_to(kNumericDigitsLimit) || scale < 0 || scale > kNumericScaleLimit)
    return std::nullopt;
  const auto value = static_cast<Int128>(*digits);
  return Numeric{.digits = negative ? -value : value, .scale = static_cast<uint16_t>(scale)};
}

NumericSize size_of(const Numeric& value) {
  const Uint128 digits = magnitude(value);
  if (digits == 0) return {};
  const int exponent = count_digits(digits) - 1 - value.scale;
  const int weight =
      exponent >= 0 ? exponent / kBaseDigits : -((kBaseDigits - 1 - exponent) / kBaseDigits);
  // The first digit to the base 10,000 has `shown` decimal digits, the places of the number's own
  // and zeros that the number does not have.
  const int shown = exponent - weight * kBaseDigits + 1;
  const int missing = shown - count_digits(digits);
  const Uint128 first = missing >= 0 ? digits * ten_to(missing) : digits / ten_to(-missing);
  return {weight, static_cast<int>(first)};
}

int sign_of(const Numeric& value) {
  if (value.kind == Numeric::Kind::infinity) return 1;
  if (value.kind == Numeric::Kind::minus_infinity) return -1;
  return value.digits > 0 ? 1 : value.digits < 0 ? -1 : 0;
}

bool is_whole(const Numeric& value) {
  return value.is_finite() && without_trailing_zeros(value).scale == 0;
}

// --- Text and other numbers

Parsed<Numeric> parse_numeric(std::string_view text) {
  const ParsedNumeric parsed = turntable::parse_numeric(text);
  return {parsed.value, parsed.out_of_range ? ParseFailure::range : ParseFailure::syntax};
}

Numeric numeric_of(int64_t value) {
  return {.digits = value};
}

namespace {

MaybeNumeric numeric_of_float(double value, int significant_digits) {
  if (std::isnan(value)) return kNumericNaN;
  if (std::isinf(value)) return infinite_numeric(value < 0 ? -1 : 1);
  std::array<char, 40> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*g", significant_digits, value);
  return parse_numeric({text.data(), static_cast<size_t>(size)}).value;
}

// The nearest number to digits / 10^scale.
template <class Float>
std::optional<Float> nearest(const Numeric& value) {
  const std::string text = numeric_text(value);
  Float result = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), result);
  if (read.ec != std::errc() || (result == 0 && value.digits != 0)) return std::nullopt;
  return result;
}

}  // namespace

MaybeNumeric numeric_of(double value) {
  return numeric_of_float(value, std::numeric_limits<double>::digits10);
}
MaybeNumeric numeric_of(float value) {
  return numeric_of_float(static_cast<double>(value), std::numeric_limits<float>::digits10);
}

double double_of(const Numeric& value) {
  if (is_nan(value)) return std::numeric_limits<double>::quiet_NaN();
  if (is_infinite(value)) return sign_of(value) * std::numeric_limits<double>::infinity();
  // Both are exact, so that their quotient is the nearest number.
  constexpr int kExactTens = 22;
  if (value.scale <= kExactTens && magnitude(value) < Uint128{1} << 53) {
    double ten_to_scale = 1;
    for (int i = 0; i < value.scale; ++i) ten_to_scale *= 10;
    return static_cast<double>(static_cast<int64_t>(value.digits)) / ten_to_scale;
  }
  return nearest<double>(value).value_or(0);
}

std::optional<float> real_of(const Numeric& value) {
  if (!value.is_finite()) return static_cast<float>(double_of(value));
  return nearest<float>(value);
}

std::optional<int64_t> bigint_of(const Numeric& value) {
  if (!value.is_finite()) return std::nullopt;
  const Uint128 size =
      lowered(magnitude(value), value.scale, value.digits < 0, Rounding::half_away);
  const Int128 whole = value.digits < 0 ? -static_cast<Int128>(size) : static_cast<Int128>(size);
  const auto narrow = static_cast<int64_t>(whole);
  return narrow == whole ? std::optional(narrow) : std::nullopt;
}

// --- Order

std::strong_ordering order_of_numerics(const Numeric& a, const Numeric& b) {
  if (!a.is_finite() || !b.is_finite()) {
    const auto rank = [](const Numeric& value) {
      return is_nan(value) ? 2 : value.is_finite() ? 0 : sign_of(value);
    };
    return rank(a) <=> rank(b);
  }
  if (a.scale == b.scale) return a.digits <=> b.digits;
  const int sign = sign_of(a);
  if (sign != sign_of(b)) return sign <=> sign_of(b);
  const Aligned both = aligned(a, b);
  // What 128 bits do not hold is the larger one; it is one of them at most.
  const std::strong_ordering sizes = !both.a   ? std::strong_ordering::greater
                                     : !both.b ? std::strong_ordering::less
                                               : *both.a <=> *both.b;
  return sign >= 0 ? sizes : 0 <=> sizes;
}

// --- Operators

Numeric negated(const Numeric& value) {
  Numeric result = value;
  result.digits = -value.digits;
  if (is_infinite(value)) result = infinite_numeric(-sign_of(value));
  return result;
}

MaybeNumeric add(const Numeric& a, const Numeric& b) {
  if (!a.is_finite() || !b.is_finite()) {
    if (is_nan(a) || is_nan(b)) return kNumericNaN;
    if (is_infinite(a) && is_infinite(b)) return a.kind == b.kind ? a : kNumericNaN;
    return is_infinite(a) ? a : b;
  }
  const Aligned both = aligned(a, b);
  // The other one is too small to bring the sum back into range.
  if (!both.a || !both.b) return std::nullopt;
  const bool negative_a = a.digits < 0;
  const bool negative_b = b.digits < 0;
  if (negative_a == negative_b) {
    Uint128 sum = 0;
    if (__builtin_add_overflow(*both.a, *both.b, &sum)) return std::nullopt;
    return make_numeric(negative_a, sum, both.scale);
  }
  return *both.a >= *both.b ? make_numeric(negative_a, *both.a - *both.b, both.scale)
                            : make_numeric(negative_b, *both.b - *both.a, both.scale);
}

MaybeNumeric subtract(const Numeric& a, const Numeric& b) {
  return add(a, negated(b));
}

MaybeNumeric multiply(const Numeric& a, const Numeric& b) {
  if (!a.is_finite() || !b.is_finite()) {
    if (is_nan(a) || is_nan(b)) return kNumericNaN;
    const int sign = sign_of(a) * sign_of(b);
    return sign == 0 ? kNumericNaN : infinite_numeric(sign);
  }
  Uint128 product = 0;
  if (__builtin_mul_overflow(magnitude(a), magnitude(b), &product)) return std::nullopt;
  return make_numeric((a.digits < 0) != (b.digits < 0), product, a.scale + b.scale);
}

MaybeNumeric quotient(const Numeric& a, const Numeric& b, int scale, bool round) {
  const Uint128 dividend = magnitude(a);
  const Uint128 divisor = magnitude(b);
  CHECK(divisor != 0);
  const bool negative = (a.digits < 0) != (b.digits < 0);
  const int power = scale + b.scale - a.scale;
  // With more digits than these the quotient has too many, and below as many it is 0.
  constexpr int kMostDigits = 2 * kNumericDigitsLimit + 1;
  if (power > 0 && dividend != 0 && count_digits(dividend) + power > kMostDigits)
    return std::nullopt;
  if (power < 0 && count_digits(divisor) - power > kMostDigits)
    return make_numeric(false, Uint128{0}, scale);
  if (dividend == 0) return make_numeric(false, Uint128{0}, scale);
  const Natural numerator = raised_natural(dividend, std::max(power, 0));
  const Natural denominator = raised_natural(divisor, std::max(-power, 0));
  const Natural result = round ? Natural::divide_rounded(numerator, denominator)
                               : Natural::divide(numerator, denominator).quotient;
  return make_numeric(negative, result.to_uint128(), scale);
}

namespace {

// Where one of the two is not finite, the quotient is settled.
std::optional<Numeric> quotient_of_special(const Numeric& a, const Numeric& b) {
  if (a.is_finite() && b.is_finite()) return std::nullopt;
  if (is_nan(a) || is_nan(b)) return kNumericNaN;
  if (is_infinite(a))
    return is_infinite(b) ? kNumericNaN : infinite_numeric(sign_of(a) * sign_of(b));
  return Numeric();
}

// PostgreSQL's select_div_scale(): at least 16 significant digits.
int division_scale(const Numeric& a, const Numeric& b) {
  const NumericSize left = size_of(a);
  const NumericSize right = size_of(b);
  int weight = left.weight - right.weight;
  if (left.first_digit <= right.first_digit) --weight;
  return std::max({kSignificantDigits - weight * kBaseDigits, int{a.scale}, int{b.scale}, 0});
}

}  // namespace

MaybeNumeric divide(const Numeric& a, const Numeric& b) {
  if (const auto special = quotient_of_special(a, b)) return special;
  return quotient(a, b, division_scale(a, b), true);
}

MaybeNumeric divide_whole(const Numeric& a, const Numeric& b) {
  if (const auto special = quotient_of_special(a, b)) return special;
  return quotient(a, b, 0, false);
}

MaybeNumeric modulo(const Numeric& a, const Numeric& b) {
  if (is_nan(a) || is_nan(b) || is_infinite(a)) return kNumericNaN;
  if (is_infinite(b)) return a;
  const int scale = std::max(a.scale, b.scale);
  const Natural dividend = raised_natural(magnitude(a), scale - a.scale);
  const Natural divisor = raised_natural(magnitude(b), scale - b.scale);
  return make_numeric(a.digits < 0, Natural::divide(dividend, divisor).remainder.to_uint128(),
                      scale);
}

MaybeNumeric greatest_common_divisor(const Numeric& a, const Numeric& b) {
  if (!a.is_finite() || !b.is_finite()) return kNumericNaN;
  const int scale = std::max(a.scale, b.scale);
  Natural larger = raised_natural(magnitude(a), scale - a.scale);
  Natural smaller = raised_natural(magnitude(b), scale - b.scale);
  while (!smaller.is_zero())
    larger = std::exchange(smaller, Natural::divide(larger, smaller).remainder);
  return make_numeric(false, larger.to_uint128(), scale);
}

MaybeNumeric least_common_multiple(const Numeric& a, const Numeric& b) {
  if (!a.is_finite() || !b.is_finite()) return kNumericNaN;
  const int scale = std::max(a.scale, b.scale);
  if (a.digits == 0 || b.digits == 0) return make_numeric(false, Uint128{0}, scale);
  const MaybeNumeric divisor = greatest_common_divisor(a, b);
  if (!divisor) return std::nullopt;
  const MaybeNumeric times = quotient(a, *divisor, 0, false);
  if (!times) return std::nullopt;
  const MaybeNumeric result = multiply(*times, b);
  if (!result) return std::nullopt;
  const auto digits = raised(magnitude(*result), scale - result->scale);
  return make_numeric(false, digits, scale);
}

MaybeNumeric rounded(const Numeric& value, int scale, Rounding rounding) {
  if (!value.is_finite()) return value;
  const bool negative = value.digits < 0;
  if (scale >= value.scale)
    return make_numeric(negative, raised(magnitude(value), scale - value.scale), scale);
  const Uint128 digits = lowered(magnitude(value), value.scale - scale, negative, rounding);
  if (scale >= 0) return make_numeric(negative, digits, scale);
  return make_numeric(negative, raised(digits, -scale), 0);
}

}  // namespace turntable::sql
