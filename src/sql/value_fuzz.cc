// Any bytes as the text of a value, and any bits as a value: what is read from a text can be
// written and read again and is the same; what is written is as short as it is promised to be.
//
// An input is eight bytes, which are a value of every type, and a text.
#include <bit>
#include <cmath>
#include <string>

#include "base/check.h"
#include "base/fuzz_input.h"
#include "base/iso_time.h"
#include "base/text.h"
#include "row/arena.h"
#include "row/cell.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

template <class T>
bool same_number(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

template <class T>
void check_float(T value, Parsed<T> (*parse)(std::string_view)) {
  const ShortText text = float_text(value);
  const auto again = parse(text.view());
  CHECK(again.value && same_number(*again.value, value));
}

// The same number by the C library, which knows neither PostgreSQL's blanks nor its names.
void check_against_strtod(std::string_view text, double value) {
  const std::string trimmed(trim(text));
  char* end = nullptr;
  const double expected = std::strtod(trimmed.c_str(), &end);
  CHECK(end == trimmed.c_str() + trimmed.size() && same_number(expected, value));
}

void check_texts(std::string_view text) {
  if (const auto number = parse_int64(text).value)
    CHECK(parse_int64(integer_text(*number).view()).value == number);
  const auto narrow = parse_int32(text).value;
  const auto wide = parse_int64(text).value;
  CHECK(!narrow || (wide && *wide == *narrow));
  if (wide && parse_float64(text).value)
    CHECK(*parse_float64(text).value == static_cast<double>(*wide));
  if (const auto number = parse_float64(text).value) {
    check_against_strtod(text, *number);
    check_float(*number, parse_float64);
  }
  if (const auto number = parse_float32(text).value) {
    CHECK(parse_float64(text).value.has_value());
    check_float(*number, parse_float32);
  }
  (void)parse_bool(text);
  if (const auto micros = parse_timestamp(text).value) {
    // Years 1 to 9999, and a day of offset at most.
    CHECK(*micros >= -62'135'683'200'000'000 && *micros < 253'402'387'200'000'000);
    CHECK(parse_timestamp(timestamp_text(*micros).view()).value == micros ||
          *micros < -62'135'596'800'000'000 || *micros >= 253'402'300'800'000'000);
  }
  Arena arena;
  CHECK(parse_bytes(bytes_text(text, arena), arena) == text);
  if (const auto bytes = parse_bytes(text, arena)) CHECK(bytes->size() <= text.size());
}

void check_bits(uint64_t bits) {
  const auto whole = static_cast<int64_t>(bits);
  CHECK(parse_int64(integer_text(whole).view()).value == whole);
  check_float(std::bit_cast<double>(bits), parse_float64);
  check_float(std::bit_cast<float>(static_cast<uint32_t>(bits >> 32)), parse_float32);
  // A point in time far from any year that ISO 8601 writes.
  CHECK(!timestamp_text(whole).view().empty());
  std::string cell;
  append_int64_cell(cell, whole);
  for (const Type type : {Type::int64, Type::timestamptz, Type::float64})
    CHECK(!cell_text(CellReader(cell).next(), type).empty());
}

}  // namespace
}  // namespace turntable::sql

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace turntable;
  FuzzInput input(data, size);
  sql::check_bits(input.number());
  sql::check_texts(input.rest());
  return 0;
}
