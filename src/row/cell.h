// Cells: how values leave the engine. A cell is a big-endian int32 length (-1 is NULL, -2 unset)
// and that many bytes in Cassandra's wire form (CQL binary protocol v4, section 6): big-endian
// integers and IEEE floats, one byte for a boolean, UTF-8 for text, a 64-bit count since 1970 for a
// timestamp, days since -5877641-06-23 for a date, nanoseconds for a time of day, a scale and a
// two's complement integer for a numeric, three vints for an interval, a list for an array, the
// cells of its fields for a composite value. Every sink takes rows in this form; what a timestamp
// counts, the sink says (TimeUnit).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/check.h"
#include "row/column.h"
#include "row/types.h"

namespace turntable {

inline constexpr int32_t kNullCell = -1;
// Cassandra only: the column stays as it is. Read back, it is NULL.
inline constexpr int32_t kUnsetCell = -2;

// What a timestamp's cell counts. The engine has microseconds, Cassandra keeps milliseconds.
enum class TimeUnit : uint8_t { micros, millis };

// Rounded down, also before 1970.
[[nodiscard]] constexpr int64_t millis_of(int64_t micros) {
  return micros / 1000 - (micros % 1000 < 0 ? 1 : 0);
}

inline void append_be32(std::string& out, uint32_t value) {
  value = __builtin_bswap32(value);
  out.append(reinterpret_cast<const char*>(&value), 4);
}
inline void append_be64(std::string& out, uint64_t value) {
  value = __builtin_bswap64(value);
  out.append(reinterpret_cast<const char*>(&value), 8);
}
[[nodiscard]] inline uint32_t read_be32(const char* at) {
  uint32_t value;
  std::memcpy(&value, at, 4);
  return __builtin_bswap32(value);
}
[[nodiscard]] inline uint64_t read_be64(const char* at) {
  uint64_t value;
  std::memcpy(&value, at, 8);
  return __builtin_bswap64(value);
}

inline void append_null_cell(std::string& out, int32_t absent = kNullCell) {
  append_be32(out, static_cast<uint32_t>(absent));
}
inline void append_view_cell(std::string& out, std::string_view bytes) {
  append_be32(out, static_cast<uint32_t>(bytes.size()));
  out.append(bytes);
}
inline void append_int32_cell(std::string& out, int32_t value) {
  append_be32(out, 4);
  append_be32(out, static_cast<uint32_t>(value));
}
inline void append_int64_cell(std::string& out, int64_t value) {
  append_be32(out, 8);
  append_be64(out, static_cast<uint64_t>(value));
}
inline void append_float32_cell(std::string& out, float value) {
  append_be32(out, 4);
  append_be32(out, std::bit_cast<uint32_t>(value));
}
inline void append_float64_cell(std::string& out, double value) {
  append_be32(out, 8);
  append_be64(out, std::bit_cast<uint64_t>(value));
}
inline void append_int16_cell(std::string& out, int16_t value) {
  append_be32(out, 2);
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}
// Days since 1970-01-01.
inline void append_date_cell(std::string& out, int32_t days) {
  append_be32(out, 4);
  append_be32(out, static_cast<uint32_t>(days) ^ 0x8000'0000U);
}
// Microseconds since midnight.
inline void append_time_cell(std::string& out, int64_t micros) {
  append_int64_cell(out, micros * 1000);
}
inline void append_uuid_cell(std::string& out, const Uuid& value) {
  append_be32(out, 16);
  out.append(reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size());
}
// NaN and the infinities, which Cassandra has no form for, have no integer behind their scale.
void append_numeric_cell(std::string& out, const Numeric& value);
void append_interval_cell(std::string& out, const Interval& value);
inline void append_bool_cell(std::string& out, bool value) {
  append_be32(out, 1);
  out.push_back(value ? 1 : 0);
}

// Appends the value of `column` at `row`, of the column's own type, a timestamp in microseconds;
// `absent` (kNullCell, kUnsetCell) where it is NULL.
void append_cell(std::string& out, const Column& column, size_t row, int32_t absent = kNullCell);

// The same for many rows at once, in two passes, so that memory for all of them is taken in
// between. The first adds the bytes of the cell of rows[k] to sizes[k]; the second writes that cell
// at at[k], and moves at[k] behind it.
void add_cell_sizes(const Column& column, std::span<const uint32_t> rows,
                    std::span<uint64_t> sizes);
void write_cells(const Column& column, std::span<const uint32_t> rows, int32_t absent,
                 TimeUnit unit, std::span<char*> at);

// One cell read back: nothing where it is NULL. The typed accessors expect the type that was
// written.
class CellView {
 public:
  CellView() = default;
  explicit CellView(std::string_view bytes) : bytes_(bytes), null_(false) {}

  [[nodiscard]] bool is_null() const { return null_; }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] int16_t int16() const {
    return static_cast<int16_t>(static_cast<uint8_t>(bytes_[0]) << 8 |
                                static_cast<uint8_t>(bytes_[1]));
  }
  [[nodiscard]] int32_t int32() const { return static_cast<int32_t>(read_be32(bytes_.data())); }
  [[nodiscard]] int64_t int64() const { return static_cast<int64_t>(read_be64(bytes_.data())); }
  [[nodiscard]] float float32() const { return std::bit_cast<float>(read_be32(bytes_.data())); }
  [[nodiscard]] double float64() const { return std::bit_cast<double>(read_be64(bytes_.data())); }
  [[nodiscard]] bool boolean() const { return bytes_[0] != 0; }
  // Days since 1970-01-01.
  [[nodiscard]] int32_t date() const {
    return static_cast<int32_t>(read_be32(bytes_.data()) ^ 0x8000'0000U);
  }
  // Microseconds since midnight.
  [[nodiscard]] int64_t time() const { return int64() / 1000; }
  [[nodiscard]] Numeric numeric() const;
  [[nodiscard]] Interval interval() const;
  [[nodiscard]] Uuid uuid() const {
    Uuid uuid;
    std::memcpy(uuid.bytes.data(), bytes_.data(), uuid.bytes.size());
    return uuid;
  }

 private:
  std::string_view bytes_;
  bool null_ = true;
};

// Walks the cells of one row. CHECKs that they are well formed: they are our own.
class CellReader {
 public:
  explicit CellReader(std::string_view row) : rest_(row) {}
  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] bool next_is_unset() const {
    return rest_.size() >= 4 && static_cast<int32_t>(read_be32(rest_.data())) == kUnsetCell;
  }
  [[nodiscard]] CellView next() {
    CHECK(rest_.size() >= 4);
    const auto length = static_cast<int32_t>(read_be32(rest_.data()));
    rest_.remove_prefix(4);
    if (length < 0) return CellView();
    CHECK(rest_.size() >= static_cast<size_t>(length));
    const CellView cell(rest_.substr(0, static_cast<size_t>(length)));
    rest_.remove_prefix(static_cast<size_t>(length));
    return cell;
  }

 private:
  std::string_view rest_;
};

// A value as people read it: what the console sink and dead letters show. NULL is "null";
// timestamps, which count microseconds, are ISO 8601 UTC: with milliseconds, and with microseconds
// where there are any.
[[nodiscard]] std::string cell_text(CellView cell, Type type);

}  // namespace turntable
