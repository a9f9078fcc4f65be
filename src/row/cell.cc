#include "row/cell.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/check.h"

namespace turntable {

namespace {

char* write_be32(char* at, uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(at, &value, sizeof value);
  return at + sizeof value;
}
char* write_be64(char* at, uint64_t value) {
  value = __builtin_bswap64(value);
  std::memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

// Bytes of a value of a type whose values all have as many; 0 of another.
constexpr size_t width_of(Type type) {
  switch (type) {
    case Type::boolean:
      return 1;
    case Type::int32:
    case Type::float32:
      return 4;
    case Type::int64:
    case Type::float64:
    case Type::timestamp:
      return 8;
    case Type::text:
    case Type::bytes:
    case Type::jsonb:
      return 0;
  }
  return 0;
}

// `write(values[row], at)` gives the place behind what it has written.
template <class T, class Write>
void write_cells_of(const Column& column, std::span<const uint32_t> rows, int32_t absent,
                    std::span<char*> at, Write write) {
  const T* const values = column.data<T>();
  const State* const states = column.states();
  for (size_t k = 0; k < rows.size(); ++k) {
    const uint32_t row = rows[k];
    at[k] = states[row] == State::value ? write(values[row], at[k])
                                        : write_be32(at[k], static_cast<uint32_t>(absent));
  }
}

// What is no number as PostgreSQL writes it.
template <class Number>
std::string float_text(Number value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return fmt::to_string(value);
}

}  // namespace

void add_cell_sizes(const Column& column, std::span<const uint32_t> rows,
                    std::span<uint64_t> sizes) {
  CHECK(sizes.size() >= rows.size());
  const State* const states = column.states();
  if (const size_t width = width_of(column.type()); width > 0) {
    for (size_t k = 0; k < rows.size(); ++k)
      sizes[k] += 4 + (states[rows[k]] == State::value ? width : 0);
    return;
  }
  const auto* const values = column.data<std::string_view>();
  for (size_t k = 0; k < rows.size(); ++k)
    sizes[k] += 4 + (states[rows[k]] == State::value ? values[rows[k]].size() : 0);
}

void write_cells(const Column& column, std::span<const uint32_t> rows, int32_t absent,
                 TimeUnit unit, std::span<char*> at) {
  CHECK(at.size() >= rows.size());
  const auto write = [&]<class T>(T, auto how) {
    write_cells_of<T>(column, rows, absent, at, how);
  };
  switch (column.type()) {
    case Type::boolean:
      return write(uint8_t{}, [](uint8_t value, char* to) {
        to = write_be32(to, 1);
        *to = value != 0 ? 1 : 0;
        return to + 1;
      });
    case Type::int32:
      return write(int32_t{}, [](int32_t value, char* to) {
        return write_be32(write_be32(to, 4), static_cast<uint32_t>(value));
      });
    case Type::int64:
      return write(int64_t{}, [](int64_t value, char* to) {
        return write_be64(write_be32(to, 8), static_cast<uint64_t>(value));
      });
    case Type::float32:
      return write(float{}, [](float value, char* to) {
        return write_be32(write_be32(to, 4), std::bit_cast<uint32_t>(value));
      });
    case Type::float64:
      return write(double{}, [](double value, char* to) {
        return write_be64(write_be32(to, 8), std::bit_cast<uint64_t>(value));
      });
    case Type::text:
    case Type::bytes:
    case Type::jsonb:
      return write(std::string_view{}, [](std::string_view value, char* to) {
        to = write_be32(to, static_cast<uint32_t>(value.size()));
        return std::ranges::copy(value, to).out;
      });
    case Type::timestamp:
      if (unit == TimeUnit::millis)
        return write(int64_t{}, [](int64_t value, char* to) {
          return write_be64(write_be32(to, 8), static_cast<uint64_t>(millis_of(value)));
        });
      return write(int64_t{}, [](int64_t value, char* to) {
        return write_be64(write_be32(to, 8), static_cast<uint64_t>(value));
      });
  }
}

void append_cell(std::string& out, const Column& column, size_t row, int32_t absent) {
  const auto index = static_cast<uint32_t>(row);
  uint64_t size = 0;
  add_cell_sizes(column, {&index, 1}, {&size, 1});
  const size_t begin = out.size();
  out.resize(begin + size);
  char* at = out.data() + begin;
  write_cells(column, {&index, 1}, absent, TimeUnit::micros, {&at, 1});
}

std::string cell_text(CellView cell, Type type) {
  if (cell.is_null()) return "null";
  switch (type) {
    case Type::boolean:
      return cell.boolean() ? "true" : "false";
    case Type::int32:
      return fmt::to_string(cell.int32());
    case Type::int64:
      return fmt::to_string(cell.int64());
    case Type::float32:
      return float_text(cell.float32());
    case Type::float64:
      return float_text(cell.float64());
    case Type::text:
    case Type::jsonb:
      return std::string(cell.bytes());
    case Type::bytes: {
      std::string out = "0x";
      for (const char byte : cell.bytes()) out += fmt::format("{:02x}", static_cast<uint8_t>(byte));
      return out;
    }
    case Type::timestamp: {
      int64_t second = cell.int64() / 1'000'000;
      int64_t micros = cell.int64() % 1'000'000;
      if (micros < 0) {
        micros += 1'000'000;
        --second;
      }
      const std::string fraction =
          micros % 1000 == 0 ? fmt::format("{:03}", micros / 1000) : fmt::format("{:06}", micros);
      return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{}Z", fmt::gmtime(static_cast<std::time_t>(second)),
                         fraction);
    }
  }
  return "";
}

}  // namespace turntable
