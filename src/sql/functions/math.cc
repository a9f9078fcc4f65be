// Mathematical functions of floating-point and whole numbers:
// https://www.postgresql.org/docs/15/functions-math.html, table 9.5. Those of numeric are in
// numeric.cc.
#include <limits>
#include <numbers>
#include <type_traits>
#include <utility>

#include "sql/builtins.h"
#include "sql/functions/numbers.h"

namespace turntable::sql {
namespace {

using numbers::Checked;
using numbers::Computed;
using numbers::kBoundsEqual;
using numbers::kBoundsInfinite;
using numbers::kBoundsNaN;
using numbers::kLogarithmOfNegative;
using numbers::kLogarithmOfZero;
using numbers::kNegativeToFraction;
using numbers::kNoBuckets;
using numbers::kOutOfRange;
using numbers::kOverflow;
using numbers::kRadiansPerDegree;
using numbers::kRootOfNegative;
using numbers::kUnderflow;
using numbers::kZeroToNegative;
using numbers::of_doubles;
using numbers::Plain;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// --- Rounding

double round_to_even(double x) {
  return std::rint(x);
}
double round_up(double x) {
  return std::ceil(x);
}
double round_down(double x) {
  return std::floor(x);
}
double truncate(double x) {
  return std::trunc(x);
}
// Of NaN it is 0, in PostgreSQL too.
double sign(double x) {
  return x > 0 ? 1 : x < 0 ? -1 : 0;
}

// --- Roots, powers and logarithms

// A finite argument has no infinite result, and only `zero_at` gives zero.
Computed<double> checked(double result, double x, double zero_at) {
  if (std::isinf(result) && !std::isinf(x)) return kOverflow;
  if (result == 0 && x != zero_at) return kUnderflow;
  return result;
}

Computed<double> square_root(double x) {
  if (x < 0) return kRootOfNegative;
  return checked(std::sqrt(x), x, 0);
}

Computed<double> cube_root(double x) {
  return checked(std::cbrt(x), x, 0);
}

Computed<double> exponential(double x) {
  if (std::isnan(x)) return x;
  if (std::isinf(x)) return x > 0 ? x : 0;
  const double result = std::exp(x);
  if (std::isinf(result)) return kOverflow;
  if (result == 0) return kUnderflow;
  return result;
}

template <double (*logarithm)(double)>
Computed<double> logarithm_of(double x) {
  if (x == 0) return kLogarithmOfZero;
  if (x < 0) return kLogarithmOfNegative;
  return checked(logarithm(x), x, 1);
}

double natural(double x) {
  return std::log(x);
}
double decimal(double x) {
  return std::log10(x);
}

bool is_odd(double whole) {
  const double half = whole / 2;
  return std::floor(half) != half;
}

double power_of_infinite(double base, double exponent) {
  if (std::isinf(exponent)) {
    const double size = std::fabs(base);
    if (size == 1) return 1;
    return (size > 1) == (exponent > 0) ? kInfinity : 0;
  }
  if (exponent == 0) return 1;
  const double result = exponent > 0 ? kInfinity : 0;
  return base < 0 && is_odd(exponent) ? -result : result;
}

// PostgreSQL settles what C libraries do not agree about before it asks them.
Computed<double> power(double base, double exponent) {
  if (std::isnan(base)) return exponent == 0 ? 1 : kNaN;
  if (std::isnan(exponent)) return base == 1 ? 1 : kNaN;
  if (base == 0 && exponent < 0) return kZeroToNegative;
  if (base < 0 && std::floor(exponent) != exponent) return kNegativeToFraction;
  if (std::isinf(base) || std::isinf(exponent)) return power_of_infinite(base, exponent);
  const double result = std::pow(base, exponent);
  if (std::isinf(result)) return kOverflow;
  if (result == 0 && base != 0) return kUnderflow;
  return result;
}

// --- Angles

double pi() {
  return std::numbers::pi;
}
Computed<double> degrees(double x) {
  return numbers::divide(x, kRadiansPerDegree);
}
Computed<double> radians(double x) {
  return numbers::multiply(x, kRadiansPerDegree);
}

// --- Whole numbers

template <class T>
std::make_unsigned_t<T> size_of(T a) {
  using Unsigned = std::make_unsigned_t<T>;
  return a < 0 ? Unsigned{0} - static_cast<Unsigned>(a) : static_cast<Unsigned>(a);
}

template <class T>
std::make_unsigned_t<T> common_divisor(T a, T b) {
  auto larger = size_of(a);
  auto smaller = size_of(b);
  while (smaller != 0) larger = std::exchange(smaller, larger % smaller);
  return larger;
}

template <class T>
Computed<T> greatest_common_divisor(T a, T b) {
  const auto result = common_divisor(a, b);
  if (result > size_of(std::numeric_limits<T>::max())) return kOutOfRange;
  return static_cast<T>(result);
}

template <class T>
Computed<T> least_common_multiple(T a, T b) {
  if (a == 0 || b == 0) return T{0};
  std::make_unsigned_t<T> result = 0;
  if (__builtin_mul_overflow(size_of(a) / common_divisor(a, b), size_of(b), &result) ||
      result > size_of(std::numeric_limits<T>::max()))
    return kOutOfRange;
  return static_cast<T>(result);
}

// --- width_bucket

Computed<int32_t> width_bucket(double x, double low, double high, int32_t count) {
  if (count <= 0) return kNoBuckets;
  if (std::isnan(x) || std::isnan(low) || std::isnan(high)) return kBoundsNaN;
  if (std::isinf(low) || std::isinf(high)) return kBoundsInfinite;
  if (low == high) return kBoundsEqual;
  const bool ascending = low < high;
  if (ascending ? x < low : x > low) return 0;
  if (ascending ? x >= high : x <= high) {
    if (count == std::numeric_limits<int32_t>::max()) return kOutOfRange;
    return count + 1;
  }
  // Finite bounds may be further apart than any number is large; PostgreSQL 15 has no value there.
  const bool far = std::isinf(count * (high - low));
  const double scale = far ? 0x1p-34 : 1;
  const double from_low = ascending ? x * scale - low * scale : low * scale - x * scale;
  const double range = ascending ? high * scale - low * scale : low * scale - high * scale;
  // The quotient may be rounded to 1: then the bucket is the one behind the last.
  const double bucket = count * from_low / range + 1;
  if (bucket >= 0x1p31) return kOutOfRange;
  return static_cast<int32_t>(bucket);
}

// --- The table

template <Type type>
void add_divisors(std::vector<Function>& all) {
  using T = CppType<type>;
  const auto of_two = [](std::string_view name) {
    return Function{.name = name, .arguments = {type, type}, .result = type};
  };
  all.push_back(function_of<Checked<greatest_common_divisor<T>>>(of_two("gcd")));
  all.push_back(function_of<Checked<least_common_multiple<T>>>(of_two("lcm")));
}

}  // namespace

std::vector<Function> math_functions() {
  std::vector<Function> all = {
      function_of<Plain<round_to_even>>(of_doubles("round")),
      function_of<Plain<round_up>>(of_doubles("ceil")),
      function_of<Plain<round_up>>(of_doubles("ceiling")),
      function_of<Plain<round_down>>(of_doubles("floor")),
      function_of<Plain<truncate>>(of_doubles("trunc")),
      function_of<Plain<sign>>(of_doubles("sign")),
      function_of<Checked<square_root>>(of_doubles("sqrt")),
      function_of<Checked<cube_root>>(of_doubles("cbrt")),
      function_of<Checked<exponential>>(of_doubles("exp")),
      function_of<Checked<logarithm_of<natural>>>(of_doubles("ln")),
      function_of<Checked<logarithm_of<decimal>>>(of_doubles("log")),
      function_of<Checked<logarithm_of<decimal>>>(of_doubles("log10")),
      function_of<Checked<power>>(of_doubles("power", 2)),
      function_of<Checked<power>>(of_doubles("pow", 2)),
      function_of<Plain<pi>>(of_doubles("pi", 0)),
      function_of<Checked<degrees>>(of_doubles("degrees")),
      function_of<Checked<radians>>(of_doubles("radians")),
      function_of<Checked<width_bucket>>(
          {.name = "width_bucket",
           .arguments = {Type::float64, Type::float64, Type::float64, Type::int32},
           .result = Type::int32}),
  };
  add_divisors<Type::int32>(all);
  add_divisors<Type::int64>(all);
  const auto add_operator = [&](Function description) {
    description.kind = Kind::operation;
    all.push_back(std::move(description));
  };
  add_operator(function_of<Checked<power>>(of_doubles("^", 2)));
  add_operator(function_of<Checked<square_root>>(of_doubles("|/")));
  add_operator(function_of<Checked<cube_root>>(of_doubles("||/")));
  return all;
}

}  // namespace turntable::sql
