#include "sql/value_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/iso_time.h"
#include "base/text.h"
#include "sql/calendar.h"

namespace turntable::sql {
namespace {

ShortText short_text(std::string_view text) {
  ShortText out;
  out.append(text);
  return out;
}

// d.ddd…e±xx, of digits and an exponent that std::to_chars wrote.
struct Scientific {
  std::array<char, 40> bytes{};
  size_t size = 0;
  [[nodiscard]] std::string_view text() const { return {bytes.data(), size}; }
};

template <class T, class... Precision>
Scientific scientific(T value, Precision... precision) {
  Scientific out;
  char* const begin = out.bytes.data();
  out.size = static_cast<size_t>(std::to_chars(begin, begin + out.bytes.size(), value,
                                               std::chars_format::scientific, precision...)
                                     .ptr -
                                 begin);
  return out;
}

__extension__ using Wide = unsigned __int128;

// A whole number times a power of two, odd but for 0.
struct Binary {
  Wide odd = 0;
  int exponent = 0;
  bool operator==(const Binary&) const = default;
};

Binary binary(Wide value, int exponent) {
  while (value != 0 && (value & 1) == 0) {
    value >>= 1;
    ++exponent;
  }
  return {value, exponent};
}

// True where the number in the text lies exactly in the middle between the value and one of its
// neighbours.
template <class T>
bool is_halfway(std::string_view text, T value) {
  const size_t e = text.find('e');
  uint64_t digits = 0;
  size_t places = 0;
  for (const char c : text.substr(0, e)) {
    if (c < '0' || c > '9') continue;
    digits = digits * 10 + static_cast<uint64_t>(c - '0');
    ++places;
  }
  int tens = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), tens);
  tens -= static_cast<int>(places) - 1;
  // Further away no middle has so few digits: it has as many factors of 5 as there are tens.
  constexpr int kMostTens = 24;
  if (tens < -kMostTens || tens > kMostTens) return false;
  Wide fives = 1;
  for (int i = 0; i < std::abs(tens); ++i) fives *= 5;
  int exponent = 0;
  const T fraction = std::frexp(std::fabs(value), &exponent);
  constexpr int kBits = std::numeric_limits<T>::digits;
  const auto mantissa = static_cast<uint64_t>(std::ldexp(fraction, kBits));
  // The middles are at a half of the last bit; below a power of two at a quarter.
  const int quarter = exponent - kBits - 2;
  const uint64_t below = (mantissa & (mantissa - 1)) == 0 ? 1 : 2;
  for (const uint64_t middle : {4 * mantissa + 2, 4 * mantissa - below}) {
    const Binary written = tens >= 0 ? binary(digits * fives, tens) : binary(digits, 0);
    const Binary there =
        tens >= 0 ? binary(middle, quarter) : binary(middle * fives, quarter - tens);
    if (written == there) return true;
  }
  return false;
}

// The digits that PostgreSQL writes: the fewest that are nearer to the value than to any other.
// std::to_chars also takes those in the middle between two, which are read as the even one.
template <class T>
Scientific fewest_digits(T value) {
  Scientific out = scientific(value);
  for (int precision = 0;
       is_halfway(out.text(), value) && precision < std::numeric_limits<T>::max_digits10;
       ++precision) {
    const Scientific longer = scientific(value, precision);
    T again = 0;
    std::from_chars(longer.bytes.data(), longer.bytes.data() + longer.size, again);
    if (again == value && longer.size > out.size) out = longer;
  }
  return out;
}

template <class T>
ShortText shortest(T value) {
  if (std::isnan(value)) return short_text("NaN");
  if (std::isinf(value)) return short_text(value < 0 ? "-Infinity" : "Infinity");
  if (value == 0) return short_text(std::signbit(value) ? "-0" : "0");
  // "d.ddde±xx": the digits and the exponent to lay out anew.
  const Scientific written = fewest_digits(value);
  const std::string_view text = written.text();
  const size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(),
                  exponent);
  // PostgreSQL turns to exponents below 1e-4 and from as many digits on as the type is sure to
  // hold.
  if (exponent < -4 || exponent >= std::numeric_limits<T>::digits10) return short_text(text);
  ShortText digits;
  for (const char c : text.substr(0, e))
    if (c >= '0' && c <= '9') digits.append(c);
  ShortText out;
  if (value < 0) out.append('-');
  if (exponent < 0) {
    out.append("0.");
    out.append(static_cast<size_t>(-exponent - 1), '0');
    out.append(digits.view());
    return out;
  }
  const auto whole = static_cast<size_t>(exponent + 1);
  out.append(digits.view().substr(0, whole));
  if (digits.view().size() <= whole) {
    out.append(whole - digits.view().size(), '0');
  } else {
    out.append('.');
    out.append(digits.view().substr(whole));
  }
  return out;
}

template <class T>
Parsed<T> parse_int(std::string_view text) {
  text = trim(text);
  // from_chars takes a minus but no plus.
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  T value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ptr != end || parsed.ec == std::errc::invalid_argument) return {};
  if (parsed.ec != std::errc()) return {std::nullopt, ParseFailure::range};
  return {value, {}};
}

template <class T>
Parsed<T> parse_float(std::string_view text) {
  text = trim(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const bool negative = !text.empty() && text[0] == '-';
  const std::string_view unsigned_text = negative ? text.substr(1) : text;
  constexpr size_t kLongestName = 8;  // Infinity
  const bool named =
      !unsigned_text.empty() && unsigned_text.size() <= kLongestName && unsigned_text[0] > '9';
  if (named) {
    const std::string name = lowercase(unsigned_text);
    const T infinity = std::numeric_limits<T>::infinity();
    if (name == "inf" || name == "infinity") return {negative ? -infinity : infinity, {}};
    if (name == "nan") return {std::numeric_limits<T>::quiet_NaN(), {}};
  }
  T value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, std::chars_format::general);
  if (parsed.ptr != end || parsed.ec == std::errc::invalid_argument) return {};
  if (parsed.ec != std::errc()) return {std::nullopt, ParseFailure::range};
  // What rounds to zero or to infinity is out of range too, whether the library says so or not.
  const auto zero_written = [&] {
    const size_t mantissa_end = std::min(text.find_first_of("eE"), text.size());
    return text.substr(0, mantissa_end).find_first_of("123456789") == std::string_view::npos;
  };
  if (std::isinf(value) || (value == 0 && !zero_written()))
    return {std::nullopt, ParseFailure::range};
  return {value, {}};
}

// There is no year 0: it is 1 BC, which stands behind it all.
void append_date(ShortText& out, const Date& date) {
  char buffer[48];
  const auto written =
      fmt::format_to_n(buffer, sizeof buffer, "{:04}-{:02}-{:02}",
                       date.year > 0 ? date.year : 1 - date.year, date.month, date.day);
  out.append(std::string_view(buffer, written.size));
}

void append_clock(ShortText& out, const Moment& moment) {
  char buffer[48];
  const auto written = fmt::format_to_n(buffer, sizeof buffer, "{:02}:{:02}:{:02}.{:06}",
                                        moment.hour, moment.minute, moment.second, moment.micros);
  out.append(std::string_view(buffer, written.size));
  out.trim_end('0');
  out.trim_end('.');
}

ShortText infinity_text(bool is_positive) {
  return short_text(is_positive ? "infinity" : "-infinity");
}

// `zone` stands before the era.
ShortText clock_text(int64_t micros, std::string_view zone) {
  if (is_infinite_time(micros)) return infinity_text(micros > 0);
  const Moment moment = moment_of(micros);
  ShortText out;
  append_date(out, moment.date);
  out.append(' ');
  append_clock(out, moment);
  out.append(zone);
  if (moment.date.year <= 0) out.append(" BC");
  return out;
}

}  // namespace

ShortText float_text(double value) {
  return shortest(value);
}
ShortText float_text(float value) {
  return shortest(value);
}

ShortText integer_text(int64_t value) {
  char buffer[24];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  return short_text({buffer, static_cast<size_t>(written.ptr - buffer)});
}

ShortText timestamp_text(int64_t micros) {
  return clock_text(micros, "+00");
}

ShortText local_timestamp_text(int64_t micros) {
  return clock_text(micros, "");
}

ShortText date_text(int32_t days) {
  if (is_infinite_time(days)) return infinity_text(days > 0);
  const Date date = date_of(days);
  ShortText out;
  append_date(out, date);
  if (date.year <= 0) out.append(" BC");
  return out;
}

ShortText time_text(int64_t micros) {
  ShortText out;
  // The end of the day is a time of its own.
  if (micros == kMicrosPerDay) {
    out.append("24:00:00");
  } else {
    append_clock(out, moment_of(micros));
  }
  return out;
}

Parsed<int16_t> parse_int16(std::string_view text) {
  return parse_int<int16_t>(text);
}
Parsed<int32_t> parse_int32(std::string_view text) {
  return parse_int<int32_t>(text);
}
Parsed<int64_t> parse_int64(std::string_view text) {
  return parse_int<int64_t>(text);
}
Parsed<float> parse_float32(std::string_view text) {
  return parse_float<float>(text);
}
Parsed<double> parse_float64(std::string_view text) {
  return parse_float<double>(text);
}

Parsed<uint8_t> parse_bool(std::string_view text) {
  text = trim(text);
  constexpr size_t kLongestWord = 5;  // false
  const std::string word = text.size() <= kLongestWord ? lowercase(text) : "";
  const auto begins = [&](std::string_view full, size_t least) {
    return word.size() >= least && full.substr(0, word.size()) == word;
  };
  // https://www.postgresql.org/docs/15/datatype-boolean.html: unique prefixes count too.
  if (begins("true", 1) || begins("yes", 1) || word == "on" || word == "1") return {uint8_t{1}, {}};
  if (begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0")
    return {uint8_t{0}, {}};
  return {};
}

Parsed<int64_t> parse_timestamp(std::string_view text) {
  return {parse_iso_time(trim(text)), {}};
}

Parsed<int64_t> parse_whole_timestamp(std::string_view text) {
  const auto time = read_iso_time(trim(text));
  if (!time) return {};
  if (time->cut) return {std::nullopt, ParseFailure::digits};
  return {time->micros, {}};
}

std::string_view bytes_text(std::string_view bytes, Arena& arena) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  char* const place = arena.allocate(2 + 2 * bytes.size());
  char* out = place;
  *out++ = '\\';
  *out++ = 'x';
  for (const char c : bytes) {
    *out++ = kDigits[static_cast<unsigned char>(c) >> 4];
    *out++ = kDigits[static_cast<unsigned char>(c) & 15];
  }
  return {place, static_cast<size_t>(out - place)};
}

std::optional<std::string_view> parse_bytes(std::string_view text, Arena& arena) {
  const auto hex = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  char* const place = arena.allocate(text.size());
  char* out = place;
  const auto written = [&] { return std::string_view(place, static_cast<size_t>(out - place)); };
  if (text.substr(0, 2) == "\\x") {
    for (size_t i = 2; i < text.size();) {
      // Blanks are allowed between pairs of digits.
      if (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
        ++i;
        continue;
      }
      const int high = hex(text[i]);
      const int low = i + 1 < text.size() ? hex(text[i + 1]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      *out++ = static_cast<char>(high * 16 + low);
      i += 2;
    }
    return written();
  }
  const auto octal = [&](size_t i, char limit) {
    return i < text.size() && text[i] >= '0' && text[i] <= limit ? text[i] - '0' : -1;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      *out++ = text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      *out++ = '\\';
      ++i;
    } else {
      const int a = octal(i + 1, '3');
      const int b = octal(i + 2, '7');
      const int c = octal(i + 3, '7');
      if (a < 0 || b < 0 || c < 0) return std::nullopt;
      *out++ = static_cast<char>(a * 64 + b * 8 + c);
      i += 3;
    }
  }
  return written();
}

}  // namespace turntable::sql
