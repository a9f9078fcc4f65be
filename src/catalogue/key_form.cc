#include "catalogue/key_form.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "base/check.h"
#include "catalogue/flat_index.h"
#include "row/cell.h"

namespace turntable {
namespace {

int64_t form_of(uint8_t value) {
  return value != 0 ? 1 : 0;
}
int64_t form_of(int16_t value) {
  return value;
}
int64_t form_of(int32_t value) {
  return value;
}
int64_t form_of(int64_t value) {
  return value;
}
int64_t form_of(float value) {
  if (std::isnan(value)) value = std::numeric_limits<float>::quiet_NaN();
  if (value == 0) value = 0;
  return std::bit_cast<int32_t>(value);
}
int64_t form_of(double value) {
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  if (value == 0) value = 0;
  return std::bit_cast<int64_t>(value);
}

// True for types whose values are neither numbers of eight bytes nor views.
bool is_wide(Type type) {
  return type == Type::numeric || type == Type::interval || type == Type::uuid;
}

// One value of each group that SQL takes for equal.
const Uuid& one_of_equals(const Uuid& value) {
  return value;
}
Numeric one_of_equals(const Numeric& value) {
  return without_trailing_zeros(value);
}
Interval one_of_equals(const Interval& value) {
  constexpr int64_t kMicrosPerDay = 86'400'000'000;
  const Int128 length = length_of(value);
  const Int128 days = length / kMicrosPerDay;
  return {.micros = static_cast<int64_t>(length % kMicrosPerDay),
          .days = static_cast<int32_t>(days % 30),
          .months = static_cast<int32_t>(days / 30)};
}

void append_cell_of(std::string& out, const Uuid& value) {
  append_uuid_cell(out, value);
}
void append_cell_of(std::string& out, const Numeric& value) {
  append_numeric_cell(out, value);
}
void append_cell_of(std::string& out, const Interval& value) {
  append_interval_cell(out, value);
}

// The bytes of its cell, by which it is compared. `cell` is for the call's own use.
template <class T>
std::string_view wide_bytes(const T& value, std::string& cell, Arena& arena) {
  cell.clear();
  append_cell_of(cell, one_of_equals(value));
  return arena.copy(std::string_view(cell).substr(4));
}

// Calls use() with the column's values, which are numbers.
template <class Use>
void with_numbers(const Column& column, const Use& use) {
  with_cpp_type(column.type(), [&]<class T>() {
    if constexpr (std::is_arithmetic_v<T>) {
      use(column.data<T>());
    } else {
      CHECK(false);
    }
  });
}

// The state of a key with parts in these two states.
State both(State a, State b) {
  if (a == State::failed || b == State::failed) return State::failed;
  return a == State::value ? b : a;
}

std::string text_of(const Column& column, size_t row) {
  std::string cell;
  append_cell(cell, column, row);
  return cell_text(CellReader(cell).next(), column.type());
}

// What form_of() was given.
std::string number_text(Type type, int64_t form) {
  Column column(type);
  column.reset(1);
  with_cpp_type(type, [&]<class T>() {
    if constexpr (std::is_same_v<T, float>) {
      column.set(0, std::bit_cast<float>(static_cast<int32_t>(form)));
    } else if constexpr (std::is_same_v<T, double>) {
      column.set(0, std::bit_cast<double>(form));
    } else if constexpr (std::is_integral_v<T>) {
      column.set(0, static_cast<T>(form));
    }
  });
  return text_of(column, 0);
}

// A view's bytes are its cell's, and a wide value is known by those of its cell.
std::string view_text(Type type, std::string_view value) {
  return cell_text(CellView(value), type);
}

uint64_t read_number(std::string_view& bytes) {
  uint64_t number = 0;
  CHECK(bytes.size() >= sizeof number);
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return number;
}

void write(uint64_t number, char*& at) {
  std::memcpy(at, &number, sizeof number);
  at += sizeof number;
}

}  // namespace

KeyForm::KeyForm(const std::vector<Type>& types)
    : part_type_(types.at(0)),
      own_form_(types.size() == 1 && FlatIndex::can_index(types[0])),
      keys_(types.size() == 1 && !is_wide(types[0]) ? Type::int64 : Type::bytes) {
  for (const Type type : types) wide_.emplace_back(is_wide(type) ? Type::bytes : type);
}

const Column& KeyForm::of(std::span<const Column* const> parts, const Selection& rows) {
  CHECK(!parts.empty() && parts[0]->type() == part_type_);
  if (own_form_) return *parts[0];
  bytes_.reset();
  if (parts.size() == 1 && is_wide(part_type_)) return as_views(*parts[0], rows, wide_[0]);
  if (keys_.rows() < parts[0]->rows()) keys_.reset(parts[0]->rows());
  if (parts.size() > 1) {
    std::vector<const Column*> plain(parts.begin(), parts.end());
    for (size_t i = 0; i < plain.size(); ++i)
      if (is_wide(plain[i]->type())) plain[i] = &as_views(*plain[i], rows, wide_[i]);
    join_parts(plain, rows);
    return keys_;
  }
  const State* const states = parts[0]->states();
  int64_t* const keys = keys_.data<int64_t>();
  with_numbers(*parts[0], [&](const auto* values) {
    for (const uint32_t row : rows) {
      keys_.states()[row] = states[row];
      if (states[row] == State::value) keys[row] = form_of(values[row]);
    }
  });
  return keys_;
}

const Column& KeyForm::as_views(const Column& part, const Selection& rows, Column& views) {
  if (views.rows() < part.rows()) views.reset(part.rows());
  with_cpp_type(part.type(), [&]<class T>() {
    if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string_view>) {
      for (const uint32_t row : rows) {
        views.states()[row] = part.state(row);
        if (part.state(row) == State::value)
          views.data<std::string_view>()[row] = wide_bytes(part.get<T>(row), cell_, bytes_);
      }
    }
  });
  return views;
}

// Column by column: first how long each key is, then its bytes.
void KeyForm::join_parts(std::span<const Column* const> parts, const Selection& rows) {
  sizes_.assign(rows.size(), parts.size() * sizeof(uint64_t));
  State* const states = keys_.states();
  for (const uint32_t row : rows) states[row] = State::value;
  for (const Column* part : parts) {
    for (const uint32_t row : rows) states[row] = both(states[row], part->state(row));
    if (!is_view(part->type())) continue;
    const auto* const values = part->data<std::string_view>();
    for (size_t k = 0; k < rows.size(); ++k)
      if (part->state(rows[k]) == State::value) sizes_[k] += values[rows[k]].size();
  }

  places_.assign(rows.size(), nullptr);
  std::string_view* const keys = keys_.data<std::string_view>();
  for (size_t k = 0; k < rows.size(); ++k) {
    if (states[rows[k]] != State::value) continue;
    places_[k] = bytes_.allocate(sizes_[k]);
    keys[rows[k]] = {places_[k], sizes_[k]};
  }
  for (const Column* part : parts) {
    if (is_view(part->type())) {
      const auto* const values = part->data<std::string_view>();
      for (size_t k = 0; k < rows.size(); ++k) {
        if (places_[k] == nullptr) continue;
        const std::string_view value = values[rows[k]];
        write(value.size(), places_[k]);
        places_[k] = std::copy(value.begin(), value.end(), places_[k]);
      }
    } else {
      with_numbers(*part, [&](const auto* values) {
        for (size_t k = 0; k < rows.size(); ++k)
          if (places_[k] != nullptr)
            write(static_cast<uint64_t>(form_of(values[rows[k]])), places_[k]);
      });
    }
  }
}

std::vector<std::string> key_texts(const std::vector<Type>& types, const Column& keys, size_t row) {
  if (types.size() == 1) {
    if (FlatIndex::can_index(types[0])) return {text_of(keys, row)};
    if (is_wide(types[0])) return {view_text(types[0], keys.get<std::string_view>(row))};
    return {number_text(types[0], keys.get<int64_t>(row))};
  }
  std::vector<std::string> texts;
  auto bytes = keys.get<std::string_view>(row);
  for (const Type type : types) {
    const uint64_t number = read_number(bytes);
    if (!is_view(type) && !is_wide(type)) {
      texts.push_back(number_text(type, static_cast<int64_t>(number)));
      continue;
    }
    texts.push_back(view_text(type, bytes.substr(0, number)));
    bytes.remove_prefix(number);
  }
  return texts;
}

}  // namespace turntable
