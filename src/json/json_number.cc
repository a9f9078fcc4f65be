#include "json/json_number.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace turntable::json {
namespace {

// https://www.postgresql.org/docs/15/datatype-numeric.html
constexpr int64_t kDigitsBeforePointLimit = 131'072;
constexpr int64_t kDigitsBehindPointLimit = 16'383;

// Digits without a sign: those before the point, without leading zeros, and those behind it.
struct Parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
};

Parts parts_of(std::string_view number) {
  Parts parts;
  parts.negative = number.starts_with('-');
  if (parts.negative) number.remove_prefix(1);
  const size_t point = std::min(number.find('.'), number.size());
  parts.whole = number.substr(0, point);
  parts.whole.remove_prefix(std::min(parts.whole.find_first_not_of('0'), parts.whole.size()));
  parts.fraction = number.substr(std::min(point + 1, number.size()));
  return parts;
}

std::strong_ordering compare_sizes(const Parts& left, const Parts& right) {
  if (left.whole.size() != right.whole.size()) return left.whole.size() <=> right.whole.size();
  if (const int order = left.whole.compare(right.whole); order != 0) return order <=> 0;
  const auto without_zeros = [](std::string_view digits) {
    return digits.substr(0, digits.find_last_not_of('0') + 1);
  };
  return without_zeros(left.fraction).compare(without_zeros(right.fraction)) <=> 0;
}

bool is_zero(const Parts& parts) {
  return parts.whole.empty() && parts.fraction.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::optional<std::string> numeric_form(std::string_view number) {
  const size_t mantissa_end = std::min(number.find_first_of("eE"), number.size());
  int64_t exponent = 0;
  if (mantissa_end < number.size()) {
    std::string_view written = number.substr(mantissa_end + 1);
    if (written.starts_with('+')) written.remove_prefix(1);
    const auto read = std::from_chars(written.data(), written.data() + written.size(), exponent);
    if (read.ec != std::errc()) return std::nullopt;
    // PostgreSQL refuses them for zero too.
    if (exponent >= INT32_MAX / 2 || exponent <= -(INT32_MAX / 2)) return std::nullopt;
  }
  const Parts parts = parts_of(number.substr(0, mantissa_end));
  const auto fraction_size = static_cast<int64_t>(parts.fraction.size());
  const int64_t scale = std::max<int64_t>(fraction_size - exponent, 0);
  if (scale > kDigitsBehindPointLimit) return std::nullopt;
  std::string digits(parts.whole);
  digits += parts.fraction;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) {
    std::string zero = "0";
    if (scale > 0) zero += "." + std::string(static_cast<size_t>(scale), '0');
    return zero;
  }
  // The value is the digits times ten to this power.
  const int64_t power = exponent - fraction_size;
  if (static_cast<int64_t>(digits.size()) + power > kDigitsBeforePointLimit) return std::nullopt;
  if (power > 0) digits.append(static_cast<size_t>(power), '0');
  if (scale > 0) {
    const auto behind = static_cast<size_t>(scale);
    if (digits.size() <= behind) digits.insert(0, behind + 1 - digits.size(), '0');
    digits.insert(digits.size() - behind, ".");
  }
  return parts.negative ? "-" + digits : digits;
}

std::strong_ordering compare_numbers(std::string_view left, std::string_view right) {
  const Parts a = parts_of(left);
  const Parts b = parts_of(right);
  const bool a_below = a.negative && !is_zero(a);
  const bool b_below = b.negative && !is_zero(b);
  if (a_below != b_below)
    return a_below ? std::strong_ordering::less : std::strong_ordering::greater;
  return a_below ? compare_sizes(b, a) : compare_sizes(a, b);
}

}  // namespace turntable::json
