#include "catalogue/key_form.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "base/check.h"
#include "catalogue/flat_index.h"

namespace turntable {
namespace {

int64_t form_of(uint8_t value) {
  return value != 0 ? 1 : 0;
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

// Calls use() with the column's values.
template <class Use>
void with_numbers(const Column& column, const Use& use) {
  switch (column.type()) {
    case Type::boolean:
      return use(column.data<uint8_t>());
    case Type::int32:
      return use(column.data<int32_t>());
    case Type::float32:
      return use(column.data<float>());
    case Type::float64:
      return use(column.data<double>());
    default:
      return use(column.data<int64_t>());
  }
}

// The state of a key with parts in these two states.
State both(State a, State b) {
  if (a == State::failed || b == State::failed) return State::failed;
  return a == State::value ? b : a;
}

void write(uint64_t number, char*& at) {
  std::memcpy(at, &number, sizeof number);
  at += sizeof number;
}

}  // namespace

KeyForm::KeyForm(const std::vector<Type>& types)
    : part_type_(types.at(0)),
      own_form_(types.size() == 1 && FlatIndex::can_index(types[0])),
      keys_(types.size() == 1 ? Type::int64 : Type::bytes) {}

const Column& KeyForm::of(std::span<const Column* const> parts, const Selection& rows) {
  CHECK(!parts.empty() && parts[0]->type() == part_type_);
  if (own_form_) return *parts[0];
  if (keys_.rows() < parts[0]->rows()) keys_.reset(parts[0]->rows());
  if (parts.size() > 1) {
    join_parts(parts, rows);
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

// Column by column: first how long each key is, then its bytes.
void KeyForm::join_parts(std::span<const Column* const> parts, const Selection& rows) {
  bytes_.reset();
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

}  // namespace turntable
