// What the functions on numbers share: a result, or what is wrong with the arguments; and the
// checks of PostgreSQL's floating-point arithmetic, where a finite operation gives no infinity, and
// no zero of values that are none.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string>
#include <type_traits>

#include "sql/loops.h"
#include "sql/value_text.h"

namespace turntable::sql::numbers {

struct Fault {
  RejectCode code;
  const char* text;  // The arguments stand behind it in parentheses.
};

inline constexpr Fault kOverflow{RejectCode::out_of_range, "the result is too large for its type"};
inline constexpr Fault kUnderflow{RejectCode::out_of_range,
                                  "the result is too close to 0 for its type"};
inline constexpr Fault kDivisionByZero{RejectCode::bad_value, "division by zero"};
inline constexpr Fault kOutOfDomain{RejectCode::out_of_range,
                                    "the function has no value for this number"};
inline constexpr Fault kOutOfRange{RejectCode::out_of_range,
                                   "the result is out of range for its type"};
inline constexpr Fault kRootOfNegative{RejectCode::out_of_range,
                                       "a negative number has no square root"};
inline constexpr Fault kLogarithmOfZero{RejectCode::out_of_range, "zero has no logarithm"};
inline constexpr Fault kLogarithmOfNegative{RejectCode::out_of_range,
                                            "a negative number has no logarithm"};
inline constexpr Fault kZeroToNegative{RejectCode::out_of_range,
                                       "zero has no power with a negative exponent"};
inline constexpr Fault kNegativeToFraction{
    RejectCode::out_of_range, "a negative number has no power with an exponent that is not whole"};
inline constexpr Fault kNoBuckets{RejectCode::bad_value,
                                  "the count of buckets must be greater than 0"};
inline constexpr Fault kBoundsNaN{RejectCode::bad_value,
                                  "the number and the bounds must not be NaN"};
inline constexpr Fault kBoundsInfinite{RejectCode::bad_value, "the bounds must be finite"};
inline constexpr Fault kBoundsEqual{RejectCode::bad_value, "the bounds must not be equal"};

template <class T>
struct Computed {
  Computed(T given) : value(given) {}              // NOLINT: a value is a result.
  Computed(const Fault& given) : fault(&given) {}  // NOLINT: so is what is wrong.
  T value{};
  const Fault* fault = nullptr;
};

template <class T>
std::string number_text(T value) {
  if constexpr (std::is_integral_v<T>) {
    return std::string(integer_text(value).view());
  } else if constexpr (std::is_same_v<T, Numeric>) {
    return numeric_text(value);
  } else {
    return std::string(float_text(value).view());
  }
}

// The function that the registry wants, of one that gives a Computed.
template <auto compute>
struct Checked;
template <class T, class... A, Computed<T> (*compute)(A...)>
struct Checked<compute> {
  static std::optional<T> call(A... arguments) {
    const Computed<T> computed = compute(arguments...);
    return computed.fault == nullptr ? std::optional(computed.value) : std::nullopt;
  }
  static Reason why(A... arguments) {
    const Fault& fault = *compute(arguments...).fault;
    std::string texts;
    ((texts += (texts.empty() ? "" : ", ") + number_text(arguments)), ...);
    return {fault.code, fmt::format("{} ({})", fault.text, texts)};
  }
};

// One that takes all values of its arguments.
template <auto compute>
struct Plain;
template <class T, class... A, T (*compute)(A...)>
struct Plain<compute> {
  static T call(A... arguments) { return compute(arguments...); }
};

template <class T>
Computed<T> add(T a, T b) {
  const T result = a + b;
  if (std::isinf(result) && !std::isinf(a) && !std::isinf(b)) return kOverflow;
  return result;
}

template <class T>
Computed<T> subtract(T a, T b) {
  const T result = a - b;
  if (std::isinf(result) && !std::isinf(a) && !std::isinf(b)) return kOverflow;
  return result;
}

template <class T>
Computed<T> multiply(T a, T b) {
  const T result = a * b;
  if (std::isinf(result) && !std::isinf(a) && !std::isinf(b)) return kOverflow;
  if (result == 0 && a != 0 && b != 0) return kUnderflow;
  return result;
}

template <class T>
Computed<T> divide(T a, T b) {
  if (b == 0 && !std::isnan(a)) return kDivisionByZero;
  const T result = a / b;
  if (std::isinf(result) && !std::isinf(a)) return kOverflow;
  if (result == 0 && a != 0 && !std::isinf(b)) return kUnderflow;
  return result;
}

inline constexpr double kRadiansPerDegree = 0.0174532925199432957692;

inline Function of_doubles(std::string_view name, size_t arguments = 1) {
  return {.name = name,
          .arguments = std::vector<Type>(arguments, Type::float64),
          .result = Type::float64};
}

}  // namespace turntable::sql::numbers
