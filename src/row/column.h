// A column: the values of one expression for the rows of a batch. This is what decoders fill and
// the evaluator computes on; rows leave it as cells (row/cell.h).
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/check.h"
#include "row/types.h"

namespace turntable {

// The rows of a batch that are still alive, as ascending indices. Steps compute for these only.
using Selection = std::vector<uint32_t>;

// The C++ type of a Type: bool as uint8_t, timestamp as int64_t (microseconds), text, bytes and
// jsonb as views.
template <Type type>
using CppType = std::conditional_t<
    type == Type::boolean, uint8_t,
    std::conditional_t<
        type == Type::int32, int32_t,
        std::conditional_t<type == Type::int64 || type == Type::timestamp, int64_t,
                           std::conditional_t<type == Type::float32, float,
                                              std::conditional_t<type == Type::float64, double,
                                                                 std::string_view>>>>>;

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
    switch (type) {
      case Type::boolean:
        values_.emplace<std::vector<uint8_t>>();
        break;
      case Type::int32:
        values_.emplace<std::vector<int32_t>>();
        break;
      case Type::int64:
      case Type::timestamp:
        values_.emplace<std::vector<int64_t>>();
        break;
      case Type::float32:
        values_.emplace<std::vector<float>>();
        break;
      case Type::float64:
        values_.emplace<std::vector<double>>();
        break;
      case Type::text:
      case Type::bytes:
      case Type::jsonb:
        values_.emplace<std::vector<std::string_view>>();
        break;
    }
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
  void set(size_t row, T value) {
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
  std::variant<std::vector<uint8_t>, std::vector<int32_t>, std::vector<int64_t>, std::vector<float>,
               std::vector<double>, std::vector<std::string_view>>
      values_;
};

}  // namespace turntable
