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

std::string text_of(const Column& column, size_t row) {
  std::string cell;
  append_cell(cell, column, row);
  return cell_text(CellReader(cell).next(), column.type());
}

// What form_of() was given.
std::string number_text(Type type, int64_t form) {
  Column column(type);
  column.reset(1);
  switch (type) {
    case Type::boolean:
      column.set(0, static_cast<uint8_t>(form));
      break;
    case Type::int32:
      column.set(0, static_cast<int32_t>(form));
      break;
    case Type::float32:
      column.set(0, std::bit_cast<float>(static_cast<int32_t>(form)));
      break;
    case Type::float64:
      column.set(0, std::bit_cast<double>(form));
      break;
    default:
      column.set(0, form);
  }
  return text_of(column, 0);
}

std::string view_text(Type type, std::string_view value) {
  Column column(type);
  column.reset(1);
  column.set(0, value);
  return text_of(column, 0);
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

std::vector<std::string> key_texts(const std::vector<Type>& types, const Column& keys, size_t row) {
  if (types.size() == 1) {
    if (FlatIndex::can_index(types[0])) return {text_of(keys, row)};
    return {number_text(types[0], keys.get<int64_t>(row))};
  }
  std::vector<std::string> texts;
  auto bytes = keys.get<std::string_view>(row);
  for (const Type type : types) {
    const uint64_t number = read_number(bytes);
    if (!is_view(type)) {
      texts.push_back(number_text(type, static_cast<int64_t>(number)));
      continue;
    }
    texts.push_back(view_text(type, bytes.substr(0, number)));
    bytes.remove_prefix(number);
  }
  return texts;
}

}  // namespace turntable
