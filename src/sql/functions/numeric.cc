// Operators and functions of numeric: https://www.postgresql.org/docs/15/functions-math.html,
// tables 9.4 and 9.5. The arithmetic is in sql/numeric_math.h; this file says which arguments have
// no result.
#include <algorithm>
#include <limits>

#include "sql/builtins.h"
#include "sql/functions/numbers.h"
#include "sql/numeric_math.h"

namespace turntable::sql {
// Some of these have the names of functions of double precision.
namespace numerics {
namespace {

using numbers::Checked;
using numbers::Computed;
using numbers::Fault;
using numbers::kBoundsEqual;
using numbers::kBoundsInfinite;
using numbers::kBoundsNaN;
using numbers::kDivisionByZero;
using numbers::kLogarithmOfNegative;
using numbers::kLogarithmOfZero;
using numbers::kNegativeToFraction;
using numbers::kNoBuckets;
using numbers::kOutOfRange;
using numbers::kRootOfNegative;
using numbers::kZeroToNegative;
using numbers::Plain;

constexpr Fault kTooManyDigits{
    RejectCode::out_of_range,
    "the result has more than the 38 digits of a numeric, or more than 76 behind the point: cast "
    "the arguments to double precision, or round them"};

constexpr Numeric kOne{.digits = 1};

bool is_zero(const Numeric& value) {
  return value.is_finite() && value.digits == 0;
}
bool is_negative(const Numeric& value) {
  return !is_nan(value) && sign_of(value) < 0;
}

Computed<Numeric> checked(const MaybeNumeric& result) {
  if (!result) return kTooManyDigits;
  return *result;
}

// --- Operators

template <MaybeNumeric (*compute)(const Numeric&, const Numeric&)>
Computed<Numeric> of_two(Numeric a, Numeric b) {
  return checked(compute(a, b));
}

template <MaybeNumeric (*compute)(const Numeric&, const Numeric&)>
Computed<Numeric> quotient_of(Numeric a, Numeric b) {
  if (is_zero(b) && !is_nan(a)) return kDivisionByZero;
  return is_nan(a) ? kNumericNaN : checked(compute(a, b));
}

Numeric same(Numeric a) {
  return a;
}
Numeric opposite(Numeric a) {
  return negated(a);
}
Numeric absolute(Numeric a) {
  return is_negative(a) ? negated(a) : a;
}

// --- Rounding and scales

template <Rounding rounding>
Computed<Numeric> to_whole(Numeric a) {
  return checked(rounded(a, 0, rounding));
}

template <Rounding rounding>
Computed<Numeric> to_scale(Numeric a, int32_t scale) {
  // PostgreSQL's bounds; they keep the difference of two scales an int.
  constexpr int32_t kFurthest = 2000;
  return checked(rounded(a, std::clamp(scale, -kFurthest, kFurthest), rounding));
}

Numeric sign(Numeric a) {
  return is_nan(a) ? a : numeric_of(int64_t{sign_of(a)});
}

struct Scale {
  static Nullable<int32_t> call(Nullable<Numeric> a) {
    if (a.null || !a.value.is_finite()) return {};
    return int32_t{a.value.scale};
  }
};

struct MinScale {
  static Nullable<int32_t> call(Nullable<Numeric> a) {
    if (a.null || !a.value.is_finite()) return {};
    return int32_t{without_trailing_zeros(a.value).scale};
  }
};

Numeric trim_scale(Numeric a) {
  return a.is_finite() ? without_trailing_zeros(a) : a;
}

// --- Roots, powers and logarithms

Computed<Numeric> root(Numeric a) {
  if (is_negative(a)) return kRootOfNegative;
  return a.is_finite() ? checked(square_root(a)) : a;
}

Computed<Numeric> exponential_of(Numeric a) {
  if (a.kind == Numeric::Kind::minus_infinity) return Numeric();
  return a.is_finite() ? checked(exponential(a)) : a;
}

Computed<Numeric> natural(Numeric a) {
  if (is_zero(a)) return kLogarithmOfZero;
  if (is_negative(a)) return kLogarithmOfNegative;
  return a.is_finite() ? checked(natural_logarithm(a)) : a;
}

Computed<Numeric> logarithm_to_base(Numeric base, Numeric a) {
  if (is_nan(base) || is_nan(a)) return kNumericNaN;
  if (is_negative(base) || is_negative(a)) return kLogarithmOfNegative;
  if (is_zero(base) || is_zero(a)) return kLogarithmOfZero;
  if (!base.is_finite()) return a.is_finite() ? Numeric() : kNumericNaN;
  if (!a.is_finite()) return kNumericInfinity;
  if (order_of_numerics(base, kOne) == 0) return kDivisionByZero;
  return checked(logarithm(base, a));
}

Computed<Numeric> decimal(Numeric a) {
  return logarithm_to_base(Numeric{.digits = 10}, a);
}

bool is_odd(const Numeric& whole) {
  return without_trailing_zeros(whole).digits % 2 != 0;
}

// One of the two is infinite, and none is NaN.
Numeric power_of_infinite(const Numeric& base, const Numeric& exponent) {
  if (order_of_numerics(base, kOne) == 0 || is_zero(exponent)) return kOne;
  if (is_zero(base)) return Numeric();
  if (!exponent.is_finite()) {
    const auto size = order_of_numerics(absolute(base), kOne);
    if (size == 0) return kOne;
    return (size > 0) == (sign_of(exponent) > 0) ? kNumericInfinity : Numeric();
  }
  if (sign_of(exponent) < 0) return Numeric();
  return sign_of(base) < 0 && is_odd(exponent) ? kNumericMinusInfinity : kNumericInfinity;
}

Computed<Numeric> power_of(Numeric base, Numeric exponent) {
  if (is_nan(base)) return is_zero(exponent) ? kOne : kNumericNaN;
  if (is_nan(exponent)) return order_of_numerics(base, kOne) == 0 ? kOne : kNumericNaN;
  if (is_zero(base) && is_negative(exponent)) return kZeroToNegative;
  // An infinite exponent is whole.
  if (is_negative(base) && exponent.is_finite() && !is_whole(exponent)) return kNegativeToFraction;
  if (!base.is_finite() || !exponent.is_finite()) return power_of_infinite(base, exponent);
  return checked(power(base, exponent));
}

// --- Whole numbers

constexpr Fault kFactorialOfNegative{RejectCode::out_of_range,
                                     "a negative number has no factorial"};

Computed<Numeric> factorial(int64_t n) {
  if (n < 0) return kFactorialOfNegative;
  Numeric result = kOne;
  for (int64_t i = 2; i <= n; ++i) {
    const MaybeNumeric next = multiply(result, numeric_of(i));
    if (!next) return kTooManyDigits;
    result = *next;
  }
  return result;
}

// --- width_bucket

Computed<int32_t> width_bucket(Numeric x, Numeric low, Numeric high, int32_t count) {
  if (count <= 0) return kNoBuckets;
  if (is_nan(x) || is_nan(low) || is_nan(high)) return kBoundsNaN;
  if (!low.is_finite() || !high.is_finite()) return kBoundsInfinite;
  const auto bounds = order_of_numerics(low, high);
  if (bounds == 0) return kBoundsEqual;
  const bool ascending = bounds < 0;
  const auto from_low = order_of_numerics(x, low);
  if (ascending ? from_low < 0 : from_low > 0) return 0;
  const auto from_high = order_of_numerics(x, high);
  if (ascending ? from_high >= 0 : from_high <= 0) {
    if (count == std::numeric_limits<int32_t>::max()) return kOutOfRange;
    return count + 1;
  }
  const MaybeNumeric distance = subtract(x, low);
  const MaybeNumeric range = subtract(high, low);
  if (!distance || !range) return kTooManyDigits;
  const MaybeNumeric product = multiply(*distance, numeric_of(int64_t{count}));
  if (!product) return kTooManyDigits;
  // The quotient is rounded as any, so that just below the upper bound it may be the whole count.
  const MaybeNumeric quotient = divide(*product, *range);
  const MaybeNumeric bucket = quotient ? rounded(*quotient, 0, Rounding::down) : std::nullopt;
  if (!bucket) return kTooManyDigits;
  const int64_t number = bigint_of(*bucket).value_or(0) + 1;
  if (number > std::numeric_limits<int32_t>::max()) return kOutOfRange;
  return static_cast<int32_t>(number);
}

// --- The table

Function operation(std::string_view name, size_t arguments) {
  return {.name = name,
          .arguments = std::vector<Type>(arguments, Type::numeric),
          .result = Type::numeric,
          .kind = Kind::operation};
}

Function of_numerics(std::string_view name, size_t arguments) {
  return {.name = name,
          .arguments = std::vector<Type>(arguments, Type::numeric),
          .result = Type::numeric};
}

Function with_scale(std::string_view name) {
  return {.name = name, .arguments = {Type::numeric, Type::int32}, .result = Type::numeric};
}

Function scale_of(std::string_view name) {
  return {.name = name, .arguments = {Type::numeric}, .result = Type::int32};
}

std::vector<Function> all_functions() {
  return {
      function_of<Checked<of_two<add>>>(operation("+", 2)),
      function_of<Checked<of_two<subtract>>>(operation("-", 2)),
      function_of<Checked<of_two<multiply>>>(operation("*", 2)),
      function_of<Checked<quotient_of<divide>>>(operation("/", 2)),
      function_of<Checked<quotient_of<modulo>>>(operation("%", 2)),
      function_of<Checked<power_of>>(operation("^", 2)),
      function_of<Plain<same>>(operation("+", 1)),
      function_of<Plain<opposite>>(operation("-", 1)),
      function_of<Plain<absolute>>(operation("@", 1)),

      function_of<Plain<absolute>>(of_numerics("abs", 1)),
      function_of<Plain<sign>>(of_numerics("sign", 1)),
      function_of<Checked<quotient_of<modulo>>>(of_numerics("mod", 2)),
      function_of<Checked<quotient_of<divide_whole>>>(of_numerics("div", 2)),
      function_of<Checked<to_whole<Rounding::half_away>>>(of_numerics("round", 1)),
      function_of<Checked<to_whole<Rounding::to_zero>>>(of_numerics("trunc", 1)),
      function_of<Checked<to_whole<Rounding::down>>>(of_numerics("floor", 1)),
      function_of<Checked<to_whole<Rounding::up>>>(of_numerics("ceil", 1)),
      function_of<Checked<to_whole<Rounding::up>>>(of_numerics("ceiling", 1)),
      function_of<Checked<to_scale<Rounding::half_away>>>(with_scale("round")),
      function_of<Checked<to_scale<Rounding::to_zero>>>(with_scale("trunc")),
      function_of<Scale>(scale_of("scale")),
      function_of<MinScale>(scale_of("min_scale")),
      function_of<Plain<trim_scale>>(of_numerics("trim_scale", 1)),

      function_of<Checked<root>>(of_numerics("sqrt", 1)),
      function_of<Checked<exponential_of>>(of_numerics("exp", 1)),
      function_of<Checked<natural>>(of_numerics("ln", 1)),
      function_of<Checked<decimal>>(of_numerics("log", 1)),
      function_of<Checked<decimal>>(of_numerics("log10", 1)),
      function_of<Checked<logarithm_to_base>>(of_numerics("log", 2)),
      function_of<Checked<power_of>>(of_numerics("power", 2)),
      function_of<Checked<power_of>>(of_numerics("pow", 2)),

      function_of<Checked<of_two<greatest_common_divisor>>>(of_numerics("gcd", 2)),
      function_of<Checked<of_two<least_common_multiple>>>(of_numerics("lcm", 2)),
      function_of<Checked<factorial>>(
          {.name = "factorial", .arguments = {Type::int64}, .result = Type::numeric}),
      function_of<Checked<width_bucket>>(
          {.name = "width_bucket",
           .arguments = {Type::numeric, Type::numeric, Type::numeric, Type::int32},
           .result = Type::int32}),
  };
}

}  // namespace
}  // namespace numerics

std::vector<Function> numeric_functions() {
  return numerics::all_functions();
}

}  // namespace turntable::sql
