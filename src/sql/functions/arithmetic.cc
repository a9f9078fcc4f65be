// Operators on numbers: https://www.postgresql.org/docs/15/functions-math.html, table 9.4. Of mixed
// numbers PostgreSQL has operators for int and bigint, which is here a cast, and for real and
// double precision.
#include <limits>
#include <type_traits>

#include "sql/builtins.h"
#include "sql/functions/numbers.h"

namespace turntable::sql {
namespace {

using numbers::Checked;
using numbers::Computed;
using numbers::kOutOfRange;
using numbers::Plain;

// --- Whole numbers

template <class T>
Computed<T> add_whole(T a, T b) {
  T result = 0;
  if (__builtin_add_overflow(a, b, &result)) return kOutOfRange;
  return result;
}

template <class T>
Computed<T> subtract_whole(T a, T b) {
  T result = 0;
  if (__builtin_sub_overflow(a, b, &result)) return kOutOfRange;
  return result;
}

template <class T>
Computed<T> multiply_whole(T a, T b) {
  T result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return kOutOfRange;
  return result;
}

template <class T>
Computed<T> divide_whole(T a, T b) {
  if (b == 0) return numbers::kDivisionByZero;
  if (b == -1) return subtract_whole<T>(0, a);
  return static_cast<T>(a / b);
}

template <class T>
Computed<T> modulo(T a, T b) {
  if (b == 0) return numbers::kDivisionByZero;
  // The processor's division of the lowest number by -1 overflows.
  return b == -1 ? T{0} : static_cast<T>(a % b);
}

template <class T>
Computed<T> negate_whole(T a) {
  return subtract_whole<T>(0, a);
}

template <class T>
Computed<T> absolute_whole(T a) {
  return a < 0 ? subtract_whole<T>(0, a) : Computed<T>(a);
}

template <class T>
T bits_and(T a, T b) {
  return static_cast<T>(a & b);
}
template <class T>
T bits_or(T a, T b) {
  return static_cast<T>(a | b);
}
template <class T>
T bits_xor(T a, T b) {
  return static_cast<T>(a ^ b);
}
template <class T>
T bits_not(T a) {
  return static_cast<T>(~a);
}

// What a smallint is shifted as: C's integer promotion in PostgreSQL makes it an int.
template <class T>
using Shifted = std::conditional_t<sizeof(T) < sizeof(int32_t), int32_t, T>;

// Of the distance only as many bits count as the processor takes: by 33 an int is shifted by 1.
template <class T>
T shift_left(T a, int32_t distance) {
  using Unsigned = std::make_unsigned_t<Shifted<T>>;
  constexpr auto kMask = static_cast<uint32_t>(std::numeric_limits<Unsigned>::digits - 1);
  return static_cast<T>(static_cast<Unsigned>(a) << (static_cast<uint32_t>(distance) & kMask));
}
template <class T>
T shift_right(T a, int32_t distance) {
  using Unsigned = std::make_unsigned_t<Shifted<T>>;
  constexpr auto kMask = static_cast<uint32_t>(std::numeric_limits<Unsigned>::digits - 1);
  return static_cast<T>(Shifted<T>{a} >> (static_cast<uint32_t>(distance) & kMask));
}

// --- Both

template <class T>
T same(T a) {
  return a;
}
template <class T>
T negate_float(T a) {
  return -a;
}
template <class T>
T absolute_float(T a) {
  return std::fabs(a);
}

// --- A real and a double precision

template <class A, class B, Computed<double> (*compute)(double, double)>
Computed<double> in_double(A a, B b) {
  return compute(static_cast<double>(a), static_cast<double>(b));
}

Function operation(std::string_view name, std::vector<Type> arguments, Type result) {
  return {
      .name = name, .arguments = std::move(arguments), .result = result, .kind = Kind::operation};
}

template <Type type>
void add_float(std::vector<Function>& all) {
  using T = CppType<type>;
  all.push_back(function_of<Checked<numbers::add<T>>>(operation("+", {type, type}, type)));
  all.push_back(function_of<Checked<numbers::subtract<T>>>(operation("-", {type, type}, type)));
  all.push_back(function_of<Checked<numbers::multiply<T>>>(operation("*", {type, type}, type)));
  all.push_back(function_of<Checked<numbers::divide<T>>>(operation("/", {type, type}, type)));
  all.push_back(function_of<Plain<same<T>>>(operation("+", {type}, type)));
  all.push_back(function_of<Plain<negate_float<T>>>(operation("-", {type}, type)));
  all.push_back(function_of<Plain<absolute_float<T>>>(operation("@", {type}, type)));
  all.push_back(
      function_of<Plain<absolute_float<T>>>({.name = "abs", .arguments = {type}, .result = type}));
}

template <Type a, Type b>
void add_mixed(std::vector<Function>& all) {
  using A = CppType<a>;
  using B = CppType<b>;
  constexpr Type result = Type::float64;
  all.push_back(
      function_of<Checked<in_double<A, B, numbers::add<double>>>>(operation("+", {a, b}, result)));
  all.push_back(function_of<Checked<in_double<A, B, numbers::subtract<double>>>>(
      operation("-", {a, b}, result)));
  all.push_back(function_of<Checked<in_double<A, B, numbers::multiply<double>>>>(
      operation("*", {a, b}, result)));
  all.push_back(function_of<Checked<in_double<A, B, numbers::divide<double>>>>(
      operation("/", {a, b}, result)));
}

template <Type type>
void add_whole(std::vector<Function>& all) {
  using T = CppType<type>;
  all.push_back(function_of<Checked<add_whole<T>>>(operation("+", {type, type}, type)));
  all.push_back(function_of<Checked<subtract_whole<T>>>(operation("-", {type, type}, type)));
  all.push_back(function_of<Checked<multiply_whole<T>>>(operation("*", {type, type}, type)));
  all.push_back(function_of<Checked<divide_whole<T>>>(operation("/", {type, type}, type)));
  all.push_back(function_of<Checked<modulo<T>>>(operation("%", {type, type}, type)));
  all.push_back(function_of<Plain<same<T>>>(operation("+", {type}, type)));
  all.push_back(function_of<Checked<negate_whole<T>>>(operation("-", {type}, type)));
  all.push_back(function_of<Checked<absolute_whole<T>>>(operation("@", {type}, type)));
  all.push_back(function_of<Plain<bits_and<T>>>(operation("&", {type, type}, type)));
  all.push_back(function_of<Plain<bits_or<T>>>(operation("|", {type, type}, type)));
  all.push_back(function_of<Plain<bits_xor<T>>>(operation("#", {type, type}, type)));
  all.push_back(function_of<Plain<bits_not<T>>>(operation("~", {type}, type)));
  all.push_back(function_of<Plain<shift_left<T>>>(operation("<<", {type, Type::int32}, type)));
  all.push_back(function_of<Plain<shift_right<T>>>(operation(">>", {type, Type::int32}, type)));
  all.push_back(
      function_of<Checked<modulo<T>>>({.name = "mod", .arguments = {type, type}, .result = type}));
  all.push_back(function_of<Checked<absolute_whole<T>>>(
      {.name = "abs", .arguments = {type}, .result = type}));
}

}  // namespace

// The type that PostgreSQL prefers where an argument's type is open, double precision, is first.
std::vector<Function> arithmetic_functions() {
  std::vector<Function> all;
  add_float<Type::float64>(all);
  add_float<Type::float32>(all);
  add_mixed<Type::float32, Type::float64>(all);
  add_mixed<Type::float64, Type::float32>(all);
  add_whole<Type::int32>(all);
  add_whole<Type::int16>(all);
  add_whole<Type::int64>(all);
  return all;
}

}  // namespace turntable::sql
