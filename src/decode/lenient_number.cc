#include "decode/lenient_number.h"

#include <limits>
#include <optional>
#include <utility>

#include "row/parse_numeric.h"
#include "sql/value_text.h"

namespace turntable {
namespace {

using Found = LenientNumber::Found;

// The number's amount times ten to the power of `shift`, split at the point.
struct Amount {
  std::optional<uint64_t> whole;  // Nothing where it is beyond 64 bits.
  bool fraction = false;          // Something stands behind the point.
};

Amount amount_of(const Decimal& number, int64_t shift) {
  // So many digits stand before the point; there may be fewer or more.
  const int64_t before = static_cast<int64_t>(number.whole.size()) + number.exponent + shift;
  const auto digits = static_cast<int64_t>(number.digits());
  Amount amount{.whole = 0};
  const auto push = [&amount](unsigned digit) {
    constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
    if (!amount.whole) return;
    if (*amount.whole > (kMost - digit) / 10) {
      amount.whole = std::nullopt;
    } else {
      amount.whole = *amount.whole * 10 + digit;
    }
  };
  for (int64_t i = 0; i < digits; ++i) {
    const unsigned digit = number.digit(static_cast<size_t>(i));
    if (i < before) {
      push(digit);
    } else if (digit != 0) {
      amount.fraction = true;
    }
  }
  // Zeros that the exponent adds; those behind a zero change nothing.
  for (int64_t i = digits; i < before && amount.whole && *amount.whole != 0; ++i) push(0);
  return amount;
}

// The next integer that is not above the number. Nothing where 64 bits cannot hold it.
std::optional<int64_t> floor_of(const Amount& amount, bool negative) {
  if (!amount.whole) return std::nullopt;
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  if (!negative) {
    if (*amount.whole > kMost) return std::nullopt;
    return static_cast<int64_t>(*amount.whole);
  }
  if (*amount.whole > kMost + 1 || (*amount.whole == kMost + 1 && amount.fraction))
    return std::nullopt;
  // Unsigned, where the smallest number has no counterpart.
  return static_cast<int64_t>(0 - *amount.whole - (amount.fraction ? 1 : 0));
}

LenientNumber integer_of(Type type, const Decimal& number) {
  const Amount amount = amount_of(number, 0);
  if (amount.fraction) return {};
  const auto integer = floor_of(amount, number.negative);
  if (!integer || (type == Type::int32 && !std::in_range<int32_t>(*integer)) ||
      (type == Type::int16 && !std::in_range<int16_t>(*integer)))
    return {.found = Found::out_of_range};
  return {.found = Found::value, .integer = *integer};
}

LenientNumber time_of(const Decimal& number, bool quoted) {
  constexpr uint64_t kSecondsBelow = 31'536'000'000;
  constexpr uint64_t kLeastInText = 100'000'000;
  constexpr int64_t kFirst = -62'135'596'800'000'000;  // 0001-01-01 00:00:00
  constexpr int64_t kLast = 253'402'300'799'999'999;   // 9999-12-31 23:59:59.999999
  const Amount amount = amount_of(number, 0);
  const uint64_t size = amount.whole.value_or(std::numeric_limits<uint64_t>::max());
  if (quoted && size < kLeastInText) return {};
  int64_t shift = 6;
  for (uint64_t below = kSecondsBelow; size >= below && shift > -3; below *= 1000) shift -= 3;
  const Amount in_micros = amount_of(number, shift);
  const auto micros = floor_of(in_micros, number.negative);
  if (!micros || *micros < kFirst || *micros > kLast) return {.found = Found::out_of_range};
  return {.found = Found::value, .integer = *micros, .cut = in_micros.fraction};
}

template <class T>
LenientNumber float_of(sql::Parsed<T> parsed) {
  if (!parsed.value) return {.found = Found::out_of_range};
  return {.found = Found::value, .real = *parsed.value};
}

}  // namespace

LenientNumber read_lenient_number(Type type, std::string_view text, bool quoted) {
  const auto number = read_decimal(text);
  if (!number) return {};
  switch (type) {
    case Type::int16:
    case Type::int32:
    case Type::int64:
      return integer_of(type, *number);
    case Type::numeric: {
      const ParsedNumeric parsed = parse_numeric(text);
      if (!parsed.value) return {.found = Found::out_of_range};
      return {.found = Found::value, .decimal = *parsed.value};
    }
    case Type::float32:
      return float_of(sql::parse_float32(text));
    case Type::float64:
      return float_of(sql::parse_float64(text));
    case Type::timestamptz:
      return time_of(*number, quoted);
    default:
      return {};
  }
}

}  // namespace turntable
