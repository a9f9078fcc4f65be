// Roots, exponentials, logarithms and powers of numeric. They are computed in fixed point with many
// more binary digits than a result can show, and rounded once. How many digits a result shows is
// PostgreSQL's estimate, formula by formula (src/backend/utils/adt/numeric.c of PostgreSQL 15).
#include <algorithm>
#include <cmath>

#include "sql/natural.h"
#include "sql/numeric_math.h"

namespace turntable::sql {
namespace {

// Binary digits behind the point: some 96 decimal ones. A result has 76 at most.
constexpr int kFraction = 320;
// e^88 and 10^38 have too many digits for a numeric.
constexpr double kLargestExponent = 88;
constexpr double kLog10OfE = 0.434294481903252;

// value / 2^kFraction.
struct Fixed {
  Natural value;
  bool negative = false;
};

Natural fixed_one() {
  Natural result(1);
  result.shift_left(kFraction);
  return result;
}

Natural fixed_product(const Natural& a, const Natural& b) {
  Natural result = a * b;
  result.shift_right(kFraction);
  return result;
}

// value * 10^scale / 2^fraction, rounded.
std::optional<Uint128> decimal_digits(const Natural& value, int fraction, int scale) {
  Natural digits = value * Natural::power_of_ten(scale);
  if (fraction <= 0) return std::nullopt;
  Natural half(1);
  half.shift_left(fraction - 1);
  digits.add(half);
  digits.shift_right(fraction);
  return digits.to_uint128();
}

// z + z^3 / 3 + z^5 / 5 + …
Natural inverse_hyperbolic_tangent(const Natural& z) {
  const Natural square = fixed_product(z, z);
  Natural power = z;
  Natural sum = z;
  for (uint32_t n = 3;; n += 2) {
    power = fixed_product(power, square);
    Natural term = power;
    term.divide_small(n);
    if (term.is_zero()) return sum;
    sum.add(term);
  }
}

const Natural& logarithm_of_two() {
  static const Natural kLogarithm = [] {
    Natural third = fixed_one();
    third.divide_small(3);
    Natural half = inverse_hyperbolic_tangent(third);
    half.shift_left(1);
    return half;
  }();
  return kLogarithm;
}

// The value of the logarithm of a positive number: of 2^k * m, where m is from 3/4 to 3/2, it is
// k ln 2 + 2 artanh((m - 1) / (m + 1)).
Fixed logarithm_of(const Numeric& value) {
  const Natural divisor = Natural::power_of_ten(value.scale);
  Natural mantissa(magnitude(value));
  int exponent = mantissa.bits() - divisor.bits();
  mantissa.shift_left(kFraction - exponent);
  mantissa = Natural::divide_rounded(mantissa, divisor);
  Natural three_halves = fixed_one();
  three_halves.add(fixed_one());
  three_halves.add(fixed_one());
  Natural three_quarters = three_halves;
  three_halves.shift_right(1);
  three_quarters.shift_right(2);
  if (mantissa > three_halves) {
    mantissa.shift_right(1);
    ++exponent;
  } else if (mantissa < three_quarters) {
    mantissa.shift_left(1);
    --exponent;
  }
  const bool below_one = mantissa < fixed_one();
  Natural numerator = below_one ? fixed_one() : mantissa;
  numerator.subtract(below_one ? mantissa : fixed_one());
  numerator.shift_left(kFraction);
  Natural denominator = mantissa;
  denominator.add(fixed_one());
  Fixed result{inverse_hyperbolic_tangent(Natural::divide(numerator, denominator).quotient),
               below_one};
  result.value.shift_left(1);
  Natural twos = logarithm_of_two();
  twos.multiply_small(static_cast<uint32_t>(std::abs(exponent)));
  if ((exponent < 0) == result.negative) {
    result.value.add(twos);
  } else if (result.value >= twos) {
    result.value.subtract(twos);
  } else {
    twos.subtract(result.value);
    result = {twos, exponent < 0};
  }
  return result;
}

// e^x with so many digits behind the point; nothing where they are too many.
std::optional<Uint128> exponential_of(const Fixed& x, int scale) {
  auto [twos, rest] = Natural::divide(x.value, logarithm_of_two());
  auto exponent = static_cast<int>(twos.to_uint128().value_or(Uint128{1} << 20) & 0xFFFFF);
  if (x.negative && !rest.is_zero()) {
    Natural complement = logarithm_of_two();
    complement.subtract(rest);
    rest = complement;
    ++exponent;
  }
  // Of a smaller number the series is shorter; the result is squared as often as it was halved.
  constexpr int kHalvings = 8;
  rest.shift_right(kHalvings);
  Natural term = fixed_one();
  Natural sum = fixed_one();
  for (uint32_t n = 1; !term.is_zero(); ++n) {
    term = fixed_product(term, rest);
    term.divide_small(n);
    sum.add(term);
  }
  for (int i = 0; i < kHalvings; ++i) sum = fixed_product(sum, sum);
  if (!x.negative) return decimal_digits(sum, kFraction - exponent, scale);
  constexpr int kVanished = 1000;
  if (exponent > kVanished) return Uint128{0};
  return decimal_digits(sum, kFraction + exponent, scale);
}

Fixed fixed_of(const Numeric& value) {
  Natural digits(magnitude(value));
  digits.shift_left(kFraction);
  return {Natural::divide_rounded(digits, Natural::power_of_ten(value.scale)), value.digits < 0};
}

double double_of(const Fixed& value) {
  Natural top = value.value;
  const int shift = std::max(top.bits() - 64, 0);
  top.shift_right(shift);
  const double size = std::ldexp(static_cast<double>(*top.to_uint128()), shift - kFraction);
  return value.negative ? -size : size;
}

// PostgreSQL's estimate_ln_dweight(): the power of ten of the logarithm's first digit.
int logarithm_weight(const Numeric& value) {
  const Numeric low{.digits = 9, .scale = 1};
  const Numeric high{.digits = 11, .scale = 1};
  if (order_of_numerics(value, low) >= 0 && order_of_numerics(value, high) <= 0) {
    const auto distance = subtract(value, Numeric{.digits = 1});
    if (!distance || distance->digits == 0) return 0;
    const NumericSize size = size_of(*distance);
    return size.weight * kBaseDigits + static_cast<int>(std::log10(size.first_digit));
  }
  // By its first two digits to the base 10,000.
  const NumericSize size = size_of(value);
  if (size.first_digit == 0) return 0;
  int digits = size.first_digit;
  int power = size.weight * kBaseDigits;
  const int first_place = power + count_digits(static_cast<Uint128>(digits)) - 1;
  const int places = count_digits(magnitude(value));
  // Without the zeros behind it, it may have one digit only.
  const Numeric trimmed = without_trailing_zeros(value);
  const int last_place = first_place - places + 1 + (places - count_digits(magnitude(trimmed)));
  if (last_place < power) {
    const int wanted_last = power - kBaseDigits;
    const int drop = wanted_last + value.scale;
    Uint128 whole = magnitude(value);
    for (int i = 0; i < drop; ++i) whole /= 10;
    for (int i = 0; i > drop; --i) whole *= 10;
    digits = static_cast<int>(whole);
    power = wanted_last;
  }
  const double logarithm = std::log(static_cast<double>(digits)) + power * 2.302585092994046;
  return static_cast<int>(std::log10(std::fabs(logarithm)));
}

}  // namespace

MaybeNumeric square_root(const Numeric& value) {
  const int result_weight = (size_of(value).weight + 1) * kBaseDigits / 2 - 1;
  const int scale = std::max({kSignificantDigits - result_weight, int{value.scale}, 0});
  // One digit more than is shown says how to round: no square root has more digits than half of
  // its number's unless it never ends.
  const int power = 2 * (scale + 1) - value.scale;
  const Natural digits = Natural(magnitude(value)) * Natural::power_of_ten(power);
  const auto root = Natural::square_root(digits).to_uint128();
  if (!root) return std::nullopt;
  return make_numeric(false, (*root + 5) / 10, scale);
}

MaybeNumeric exponential(const Numeric& value) {
  const double approximate = double_of(value);
  if (approximate >= kLargestExponent) return std::nullopt;
  const double weight = std::max(approximate * kLog10OfE, -2000.0);
  const int scale = std::max({kSignificantDigits - static_cast<int>(weight), int{value.scale}, 0});
  if (scale > kNumericScaleLimit) return std::nullopt;
  return make_numeric(false, exponential_of(fixed_of(value), scale), scale);
}

MaybeNumeric natural_logarithm(const Numeric& value) {
  const int scale = std::max({kSignificantDigits - logarithm_weight(value), int{value.scale}, 0});
  if (scale > kNumericScaleLimit) return std::nullopt;
  const Fixed logarithm = logarithm_of(value);
  return make_numeric(logarithm.negative, decimal_digits(logarithm.value, kFraction, scale), scale);
}

MaybeNumeric logarithm(const Numeric& base, const Numeric& value) {
  const int weight = logarithm_weight(value) - logarithm_weight(base);
  const int scale = std::max({kSignificantDigits - weight, int{base.scale}, int{value.scale}, 0});
  if (scale > kNumericScaleLimit) return std::nullopt;
  const Fixed dividend = logarithm_of(value);
  const Fixed divisor = logarithm_of(base);
  const Natural digits =
      Natural::divide_rounded(dividend.value * Natural::power_of_ten(scale), divisor.value);
  return make_numeric(dividend.negative != divisor.negative, digits.to_uint128(), scale);
}

namespace {

// base^exponent by its logarithm, for a base that is not 0. Its sign is left out.
MaybeNumeric power_by_logarithm(const Numeric& base, const Numeric& exponent, int scale,
                                bool negative) {
  Numeric size = base;
  if (size.digits < 0) size.digits = -size.digits;
  const Fixed logarithm = logarithm_of(size);
  Natural times = logarithm.value * Natural(magnitude(exponent));
  times = Natural::divide_rounded(times, Natural::power_of_ten(exponent.scale));
  const Fixed x{times, logarithm.negative != (exponent.digits < 0)};
  const double approximate = double_of(x);
  if (approximate >= kLargestExponent) return std::nullopt;
  if (approximate <= -kLargestExponent * 3) return make_numeric(false, Uint128{0}, scale);
  return make_numeric(negative, exponential_of(x, scale), scale);
}

// With a whole exponent. PostgreSQL gives it 16 digits behind the point, or the base's if they are
// more.
MaybeNumeric whole_power(const Numeric& base, int64_t exponent, int scale) {
  const bool negative = base.digits < 0 && exponent % 2 != 0;
  if (exponent == 0) return rounded(Numeric{.digits = 1}, scale, Rounding::half_away);
  if (base.digits == 0) return make_numeric(false, Uint128{0}, scale);
  const Numeric least = without_trailing_zeros(base);
  const int64_t times = exponent < 0 ? -exponent : exponent;
  // Exact, where the digits of numerator and denominator are not too many.
  constexpr int64_t kExactDigits = 200;
  const int64_t tens = least.scale * times;
  if (count_digits(magnitude(least)) * times > kExactDigits || tens > kExactDigits)
    return power_by_logarithm(base, numeric_of(exponent), scale, negative);
  Natural digits(1);
  const Natural factor(magnitude(least));
  for (int64_t i = 0; i < times; ++i) digits = digits * factor;
  Natural numerator = exponent > 0 ? digits : Natural::power_of_ten(static_cast<int>(tens));
  numerator = numerator * Natural::power_of_ten(scale);
  const Natural denominator = exponent > 0 ? Natural::power_of_ten(static_cast<int>(tens)) : digits;
  return make_numeric(negative, Natural::divide_rounded(numerator, denominator).to_uint128(),
                      scale);
}

}  // namespace

MaybeNumeric power(const Numeric& base, const Numeric& exponent) {
  const bool whole = is_whole(exponent);
  if (const auto times = whole ? bigint_of(exponent) : std::nullopt;
      times && static_cast<int32_t>(*times) == *times)
    return whole_power(base, *times, std::max(kSignificantDigits, int{base.scale}));
  if (base.digits == 0) return make_numeric(false, Uint128{0}, kSignificantDigits);
  const bool odd = whole && without_trailing_zeros(exponent).digits % 2 != 0;
  Numeric size = base;
  if (size.digits < 0) size.digits = -size.digits;
  const double weight = double_of(exponent) * double_of(logarithm_of(size)) * kLog10OfE;
  if (weight >= kNumericDigitsLimit) return std::nullopt;
  const int scale = std::max({kSignificantDigits - static_cast<int>(std::max(weight, -2000.0)),
                              int{base.scale}, int{exponent.scale}, 0});
  if (scale > kNumericScaleLimit) return std::nullopt;
  return power_by_logarithm(base, exponent, scale, base.digits < 0 && odd);
}

}  // namespace turntable::sql
