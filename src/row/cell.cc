#include "row/cell.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "row/array.h"

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
    case Type::int16:
      return 2;
    case Type::int32:
    case Type::float32:
    case Type::date:
      return 4;
    case Type::int64:
    case Type::float64:
    case Type::time:
    case Type::timestamp:
    case Type::timestamptz:
      return 8;
    case Type::uuid:
      return 16;
    case Type::numeric:
    case Type::interval:
    case Type::text:
    case Type::bytes:
    case Type::jsonb:
    case Type::composite:
      return 0;
  }
  return 0;
}

// --- numeric: a big-endian scale, then the digits as the shortest two's complement integer.

size_t bytes_of(Int128 value) {
  size_t bytes = 1;
  while (bytes < sizeof value && (value >> (8 * bytes - 1)) != (value < 0 ? -1 : 0)) ++bytes;
  return bytes;
}

// What a scale is that no number has.
constexpr int32_t scale_of(Numeric::Kind kind) {
  return -static_cast<int32_t>(kind);
}

size_t size_of(const Numeric& value) {
  return 4 + (value.is_finite() ? bytes_of(value.digits) : 0);
}

char* write_value(const Numeric& value, char* at) {
  if (!value.is_finite()) return write_be32(at, static_cast<uint32_t>(scale_of(value.kind)));
  at = write_be32(at, value.scale);
  for (size_t left = bytes_of(value.digits); left > 0; --left)
    *at++ = static_cast<char>(value.digits >> (8 * (left - 1)));
  return at;
}

// --- interval: months, days and nanoseconds as vints. CQL binary protocol v5, section 3 and 6.

constexpr uint64_t zigzag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

// The first byte has as many leading ones as bytes follow.
size_t vint_size(uint64_t value) {
  const int bits = 64 - std::countl_zero(value | 1);
  return bits > 56 ? 9 : static_cast<size_t>(bits + 6) / 7;
}

char* write_vint(uint64_t value, char* at) {
  const size_t size = vint_size(value);
  for (size_t i = size; i-- > 0;) {
    at[i] = static_cast<char>(value);
    value >>= 8;
  }
  if (size > 1) at[0] = static_cast<char>(static_cast<uint8_t>(at[0]) | ~(0xFFU >> (size - 1)));
  return at + size;
}

uint64_t read_vint(std::string_view& bytes) {
  const auto first = static_cast<uint8_t>(bytes[0]);
  const auto more = static_cast<size_t>(std::countl_one(first));
  uint64_t value = first & (0xFFU >> more);
  for (size_t i = 1; i <= more; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  bytes.remove_prefix(more + 1);
  return value;
}

// Cassandra counts nanoseconds. An interval that is too long for that keeps its microseconds, with
// a byte behind it that says so: no sink for Cassandra takes it.
struct Duration {
  uint64_t months;
  uint64_t days;
  uint64_t count;
  bool in_micros;
};

Duration duration_of(const Interval& value) {
  int64_t nanos = 0;
  const bool in_micros = __builtin_mul_overflow(value.micros, 1000, &nanos);
  return {zigzag(value.months), zigzag(value.days), zigzag(in_micros ? value.micros : nanos),
          in_micros};
}

size_t size_of(const Interval& value) {
  const Duration duration = duration_of(value);
  return vint_size(duration.months) + vint_size(duration.days) + vint_size(duration.count) +
         (duration.in_micros ? 1 : 0);
}

char* write_value(const Interval& value, char* at) {
  const Duration duration = duration_of(value);
  at = write_vint(duration.count, write_vint(duration.days, write_vint(duration.months, at)));
  if (duration.in_micros) *at++ = 0;
  return at;
}

size_t size_of(std::string_view value) {
  return value.size();
}

template <class T>
void add_sizes(const Column& column, std::span<const uint32_t> rows, std::span<uint64_t> sizes) {
  const T* const values = column.data<T>();
  const State* const states = column.states();
  for (size_t k = 0; k < rows.size(); ++k)
    sizes[k] += 4 + (states[rows[k]] == State::value ? size_of(values[rows[k]]) : 0);
}

template <class T>
void append_value(std::string& out, const T& value) {
  const size_t begin = out.size() + 4;
  const size_t size = size_of(value);
  append_be32(out, static_cast<uint32_t>(size));
  out.resize(begin + size);
  write_value(value, out.data() + begin);
}

// An array as it is, but with points in time in milliseconds.
char* write_narrowed(std::string_view array, char* at) {
  at = std::ranges::copy(array, at).out;
  char* place = at - array.size() + 4;
  while (place != at) {
    const auto length = static_cast<int32_t>(read_be32(place));
    place += 4;
    if (length < 0) continue;
    write_be64(place, static_cast<uint64_t>(millis_of(static_cast<int64_t>(read_be64(place)))));
    place += length;
  }
  return at;
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

// What expressions compute with, and no table has: "infinity", "-infinity".
template <class T>
std::optional<std::string> infinity_text(T time) {
  if (time == std::numeric_limits<T>::max()) return "infinity";
  return time == std::numeric_limits<T>::min() ? std::optional<std::string>("-infinity")
                                               : std::nullopt;
}

// Years before 1 have a sign, as in ISO 8601; the year 0 is 1 BC.
std::string date_text(int64_t days) {
  using namespace std::chrono;
  // 400 years are a whole number of days and weeks; std::chrono's years end at 32767.
  constexpr int64_t kDays = 146'097;
  const int64_t cycles = days / kDays - (days % kDays < 0 ? 1 : 0);
  const year_month_day date(sys_days(std::chrono::days(days - cycles * kDays)));
  const int64_t year = static_cast<int>(date.year()) + 400 * cycles;
  return fmt::format("{}{:04}-{:02}-{:02}", year < 0 ? "-" : "", year < 0 ? -year : year,
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

// Of microseconds since midnight: with milliseconds, and with microseconds where there are any.
std::string clock_text(int64_t micros) {
  const int64_t seconds = micros / 1'000'000;
  const int64_t rest = micros % 1'000'000;
  return fmt::format(
      "{:02}:{:02}:{:02}.{}", seconds / 3600, seconds / 60 % 60, seconds % 60,
      rest % 1000 == 0 ? fmt::format("{:03}", rest / 1000) : fmt::format("{:06}", rest));
}

std::string time_text(int64_t micros) {
  constexpr int64_t kDay = 86'400'000'000;
  const int64_t days = micros / kDay - (micros % kDay < 0 ? 1 : 0);
  // Unsigned: days * kDay may lie just below the smallest int64_t.
  const auto of_day = static_cast<int64_t>(static_cast<uint64_t>(micros) -
                                           static_cast<uint64_t>(days) * uint64_t{kDay});
  return date_text(days) + "T" + clock_text(of_day);
}

// [1, null, 3]
std::string array_text(CellView array, Type element) {
  std::string text = "[";
  for (ArrayReader elements(array.bytes()); !elements.done();)
    text += (text.size() == 1 ? "" : ", ") + cell_text(elements.next(), element);
  return text + "]";
}

// Of fields whose types are not known here: how many there are. value_text() knows them.
std::string fields_text(CellView composite) {
  size_t fields = 0;
  for (CellReader cells(composite.bytes()); !cells.done(); ++fields) (void)cells.next();
  return fmt::format("a row of {} fields", fields);
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
  if (column.type() == Type::numeric) return add_sizes<Numeric>(column, rows, sizes);
  if (column.type() == Type::interval) return add_sizes<Interval>(column, rows, sizes);
  add_sizes<std::string_view>(column, rows, sizes);
}

void write_cells(const Column& column, std::span<const uint32_t> rows, int32_t absent,
                 TimeUnit unit, std::span<char*> at) {
  CHECK(at.size() >= rows.size());
  const auto write = [&]<class T>(T, auto how) {
    write_cells_of<T>(column, rows, absent, at, how);
  };
  const auto write_micros = [&] {
    write(int64_t{}, [](int64_t value, char* to) {
      return write_be64(write_be32(to, 8), static_cast<uint64_t>(value));
    });
  };
  const auto write_sized = [&]<class T>(T) {
    write(T{}, [](const T& value, char* to) {
      return write_value(value, write_be32(to, static_cast<uint32_t>(size_of(value))));
    });
  };
  const auto is_point_in_time = [](Type type) {
    return type == Type::timestamp || type == Type::timestamptz;
  };
  switch (column.type()) {
    case Type::boolean:
      return write(uint8_t{}, [](uint8_t value, char* to) {
        to = write_be32(to, 1);
        *to = value != 0 ? 1 : 0;
        return to + 1;
      });
    case Type::int16:
      return write(int16_t{}, [](int16_t value, char* to) {
        to = write_be32(to, 2);
        *to++ = static_cast<char>(value >> 8);
        *to++ = static_cast<char>(value);
        return to;
      });
    case Type::int32:
      return write(int32_t{}, [](int32_t value, char* to) {
        return write_be32(write_be32(to, 4), static_cast<uint32_t>(value));
      });
    case Type::int64:
      return write_micros();
    case Type::float32:
      return write(float{}, [](float value, char* to) {
        return write_be32(write_be32(to, 4), std::bit_cast<uint32_t>(value));
      });
    case Type::float64:
      return write(double{}, [](double value, char* to) {
        return write_be64(write_be32(to, 8), std::bit_cast<uint64_t>(value));
      });
    case Type::numeric:
      return write_sized(Numeric{});
    case Type::interval:
      return write_sized(Interval{});
    case Type::date:
      return write(int32_t{}, [](int32_t value, char* to) {
        return write_be32(write_be32(to, 4), static_cast<uint32_t>(value) ^ 0x8000'0000U);
      });
    case Type::time:
      return write(int64_t{}, [](int64_t value, char* to) {
        return write_be64(write_be32(to, 8), static_cast<uint64_t>(value * 1000));
      });
    case Type::uuid:
      return write(Uuid{}, [](const Uuid& value, char* to) {
        return std::ranges::copy(value.bytes, write_be32(to, 16)).out;
      });
    case Type::timestamp:
    case Type::timestamptz:
      if (unit == TimeUnit::micros) return write_micros();
      return write(int64_t{}, [](int64_t value, char* to) {
        return write_be64(write_be32(to, 8), static_cast<uint64_t>(millis_of(value)));
      });
    case Type::text:
    case Type::bytes:
    case Type::jsonb:
    case Type::composite:
      break;
  }
  if (is_array(column.type()) && unit == TimeUnit::millis &&
      is_point_in_time(element_of(column.type())))
    return write(std::string_view{}, [](std::string_view value, char* to) {
      return write_narrowed(value, write_be32(to, static_cast<uint32_t>(value.size())));
    });
  write(std::string_view{}, [](std::string_view value, char* to) {
    to = write_be32(to, static_cast<uint32_t>(value.size()));
    return std::ranges::copy(value, to).out;
  });
}

void append_numeric_cell(std::string& out, const Numeric& value) {
  append_value(out, value);
}

void append_interval_cell(std::string& out, const Interval& value) {
  append_value(out, value);
}

Numeric CellView::numeric() const {
  const auto scale = static_cast<int32_t>(read_be32(bytes_.data()));
  if (bytes_.size() == 4) return {.digits = 0, .kind = static_cast<Numeric::Kind>(-scale)};
  Int128 digits = static_cast<int8_t>(bytes_[4]) < 0 ? -1 : 0;
  for (const char byte : bytes_.substr(4))
    digits = static_cast<Int128>(static_cast<Uint128>(digits) << 8 | static_cast<uint8_t>(byte));
  return {.digits = digits, .scale = static_cast<uint16_t>(scale)};
}

Interval CellView::interval() const {
  std::string_view rest = bytes_;
  Interval interval;
  interval.months = static_cast<int32_t>(unzigzag(read_vint(rest)));
  interval.days = static_cast<int32_t>(unzigzag(read_vint(rest)));
  const int64_t count = unzigzag(read_vint(rest));
  interval.micros = rest.empty() ? count / 1000 : count;
  return interval;
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
    case Type::int16:
      return fmt::to_string(cell.int16());
    case Type::numeric:
      return numeric_text(cell.numeric());
    case Type::interval:
      return interval_text(cell.interval());
    case Type::uuid:
      return uuid_text(cell.uuid());
    case Type::date:
      return infinity_text(cell.date()).value_or(date_text(cell.date()));
    case Type::time:
      return clock_text(cell.time());
    case Type::timestamp:
      return infinity_text(cell.int64()).value_or(time_text(cell.int64()));
    case Type::timestamptz:
      return infinity_text(cell.int64()).value_or(time_text(cell.int64()) + "Z");
    case Type::composite:
      return fields_text(cell);
  }
  return array_text(cell, element_of(type));
}

}  // namespace turntable
