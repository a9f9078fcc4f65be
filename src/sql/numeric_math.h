// Arithmetic on numeric, with the digits and display scales that PostgreSQL 15 gives. Results with
// more digits than row/numeric.h holds are nothing.
// https://www.postgresql.org/docs/15/datatype-numeric.html
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "row/numeric.h"
#include "sql/value_text.h"

namespace turntable::sql {

using MaybeNumeric = std::optional<Numeric>;

inline constexpr Numeric kNumericNaN{.kind = Numeric::Kind::nan};
inline constexpr Numeric kNumericInfinity{.kind = Numeric::Kind::infinity};
inline constexpr Numeric kNumericMinusInfinity{.kind = Numeric::Kind::minus_infinity};

[[nodiscard]] inline bool is_nan(const Numeric& value) {
  return value.kind == Numeric::Kind::nan;
}

// As PostgreSQL reads it: "1.50", "-.5e-3", "NaN", "inf". Too many digits are out of range.
[[nodiscard]] Parsed<Numeric> parse_numeric(std::string_view text);

[[nodiscard]] Numeric numeric_of(int64_t value);
// By 15 significant digits of a double precision, by 6 of a real.
[[nodiscard]] MaybeNumeric numeric_of(double value);
[[nodiscard]] MaybeNumeric numeric_of(float value);
// The nearest one. What is too small for a real is nothing.
[[nodiscard]] double double_of(const Numeric& value);
[[nodiscard]] std::optional<float> real_of(const Numeric& value);
// Halves away from zero; nothing for what is beyond bigint or not finite.
[[nodiscard]] std::optional<int64_t> bigint_of(const Numeric& value);

// NaN equals itself and is greater than all others.
[[nodiscard]] std::strong_ordering order_of_numerics(const Numeric& a, const Numeric& b);
// -1, 0 or 1; not for NaN.
[[nodiscard]] int sign_of(const Numeric& value);
[[nodiscard]] bool is_whole(const Numeric& value);

[[nodiscard]] Numeric negated(const Numeric& value);
[[nodiscard]] MaybeNumeric add(const Numeric& a, const Numeric& b);
[[nodiscard]] MaybeNumeric subtract(const Numeric& a, const Numeric& b);
[[nodiscard]] MaybeNumeric multiply(const Numeric& a, const Numeric& b);
// For these `b` is not 0, unless one of them is NaN.
[[nodiscard]] MaybeNumeric divide(const Numeric& a, const Numeric& b);
[[nodiscard]] MaybeNumeric divide_whole(const Numeric& a, const Numeric& b);
[[nodiscard]] MaybeNumeric modulo(const Numeric& a, const Numeric& b);
[[nodiscard]] MaybeNumeric greatest_common_divisor(const Numeric& a, const Numeric& b);
[[nodiscard]] MaybeNumeric least_common_multiple(const Numeric& a, const Numeric& b);

enum class Rounding { half_away, to_zero, down, up };
// To `scale` digits behind the point, or to tens, hundreds and so on where it is negative.
[[nodiscard]] MaybeNumeric rounded(const Numeric& value, int scale, Rounding rounding);

// --- Of finite numbers only (sql/numeric_series.cc)

[[nodiscard]] MaybeNumeric square_root(const Numeric& value);  // Not of negative numbers.
[[nodiscard]] MaybeNumeric exponential(const Numeric& value);
[[nodiscard]] MaybeNumeric natural_logarithm(const Numeric& value);  // Of positive numbers.
// Of positive numbers; `base` is not 1.
[[nodiscard]] MaybeNumeric logarithm(const Numeric& base, const Numeric& value);
// Not of 0 with a negative exponent, nor of a negative number with a fraction.
[[nodiscard]] MaybeNumeric power(const Numeric& base, const Numeric& exponent);

// --- What both files use

struct NumericSize {
  // As PostgreSQL keeps it, in digits to the base 10,000: the first one, and its power of 10,000.
  int weight = 0;
  int first_digit = 0;
};
[[nodiscard]] NumericSize size_of(const Numeric& value);
[[nodiscard]] Uint128 magnitude(const Numeric& value);
[[nodiscard]] int count_digits(Uint128 value);  // 0 for 0.
// Nothing where it has too many digits.
[[nodiscard]] MaybeNumeric make_numeric(bool negative, std::optional<Uint128> digits, int scale);
// The quotient with so many digits behind the point, halves away from zero or cut.
[[nodiscard]] MaybeNumeric quotient(const Numeric& a, const Numeric& b, int scale, bool round);

inline constexpr int kSignificantDigits = 16;  // NUMERIC_MIN_SIG_DIGITS
inline constexpr int kBaseDigits = 4;          // DEC_DIGITS

}  // namespace turntable::sql
