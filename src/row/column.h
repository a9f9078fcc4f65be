// A column: the values of one expression for the rows of a batch. This is what decoders fill and
// the evaluator computes on; rows leave it as cells (row/cell.h).
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/check.h"
#include "row/interval.h"
#include "row/numeric.h"
#include "row/types.h"
#include "row/uuid.h"

namespace turntable {

// The rows of a batch that are still alive, as ascending indices. Steps compute for these only.
using Selection = std::vector<uint32_t>;

namespace types {

template <Type type>
struct CppTypeOf {
  using Type = std::string_view;  // text, bytea, jsonb, composite types and arrays.
};
template <>
struct CppTypeOf<Type::boolean> {
  using Type = uint8_t;
};
template <>
struct CppTypeOf<Type::int16> {
  using Type = int16_t;
};
template <>
struct CppTypeOf<Type::int32> {
  using Type = int32_t;
};
template <>
struct CppTypeOf<Type::int64> {
  using Type = int64_t;
};
template <>
struct CppTypeOf<Type::float32> {
  using Type = float;
};
template <>
struct CppTypeOf<Type::float64> {
  using Type = double;
};
template <>
struct CppTypeOf<Type::numeric> {
  using Type = Numeric;
};
template <>
struct CppTypeOf<Type::date> {
  using Type = int32_t;
};
template <>
struct CppTypeOf<Type::time> {
  using Type = int64_t;
};
template <>
struct CppTypeOf<Type::timestamp> {
  using Type = int64_t;
};
template <>
struct CppTypeOf<Type::timestamptz> {
  using Type = int64_t;
};
template <>
struct CppTypeOf<Type::interval> {
  using Type = Interval;
};
template <>
struct CppTypeOf<Type::uuid> {
  using Type = Uuid;
};

}  // namespace types

// The C++ type of a Type: bool as uint8_t, dates as int32_t (days), times of day and points in time
// as int64_t (microseconds), text, bytes, jsonb, composite values and arrays as views.
template <Type type>
using CppType = typename types::CppTypeOf<type>::Type;

// Calls use.operator()<T>() with the C++ type of `type`, and gives what that gives.
template <class Use>
decltype(auto) with_cpp_type(Type type, Use&& use) {
  switch (type) {
    case Type::boolean:
      return use.template operator()<uint8_t>();
    case Type::int16:
      return use.template operator()<int16_t>();
    case Type::int32:
    case Type::date:
      return use.template operator()<int32_t>();
    case Type::int64:
    case Type::time:
    case Type::timestamp:
    case Type::timestamptz:
      return use.template operator()<int64_t>();
    case Type::float32:
      return use.template operator()<float>();
    case Type::float64:
      return use.template operator()<double>();
    case Type::numeric:
      return use.template operator()<Numeric>();
    case Type::interval:
      return use.template operator()<Interval>();
    case Type::uuid:
      return use.template operator()<Uuid>();
    case Type::text:
    case Type::bytes:
    case Type::jsonb:
    case Type::composite:
      break;
  }
  return use.template operator()<std::string_view>();
}

// What a row of a column has. A value that failed (an expression could not take its arguments) does
// not reject its record at once: it spreads through strict functions, and counts only where it
// reaches a filter, a join's key or an output. (What CASE or COALESCE does not choose must not
// reject.)
enum class State : uint8_t { null, value, failed };

// Only rows with State::value have a value; the others' values are unspecified, as are both for
// rows that are not selected. Views point into the record, an arena or a catalogue that outlives
// the batch. One thread.
class Column {
 public:
  explicit Column(Type type) : type_(type) {
    with_cpp_type(type, [this]<class T>() { values_.emplace<std::vector<T>>(); });
  }

  [[nodiscard]] Type type() const { return type_; }
  [[nodiscard]] size_t rows() const { return states_.size(); }

  // Makes room for `rows` rows, all of them NULL.
  void reset(size_t rows) {
    states_.assign(rows, State::null);
    std::visit([rows](auto& values) { values.resize(rows); }, values_);
  }

  // Forgets the rows behind the first `rows`.
  void truncate(size_t rows) {
    if (rows >= states_.size()) return;
    states_.resize(rows);
    std::visit([rows](auto& values) { values.resize(rows); }, values_);
  }

  [[nodiscard]] State state(size_t row) const { return states_[row]; }
  [[nodiscard]] bool is_null(size_t row) const { return states_[row] == State::null; }
  void set_null(size_t row) { states_[row] = State::null; }

  template <class T>
  [[gnu::always_inline]] void set(size_t row, T value) {
    data<T>()[row] = value;
    states_[row] = State::value;
  }

  template <class T>
  [[nodiscard]] T* data() {
    return std::get<std::vector<T>>(values_).data();
  }
  template <class T>
  [[nodiscard]] const T* data() const {
    return std::get<std::vector<T>>(values_).data();
  }
  template <class T>
  [[nodiscard]] T get(size_t row) const {
    return data<T>()[row];
  }

  [[nodiscard]] State* states() { return states_.data(); }
  [[nodiscard]] const State* states() const { return states_.data(); }

 private:
  Type type_;
  std::vector<State> states_;
  std::variant<std::vector<uint8_t>, std::vector<int16_t>, std::vector<int32_t>,
               std::vector<int64_t>, std::vector<float>, std::vector<double>, std::vector<Numeric>,
               std::vector<Interval>, std::vector<Uuid>, std::vector<std::string_view>>
      values_;
};

}  // namespace turntable
