#include "query/value_text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "base/text.h"

namespace turntable {
namespace {

using Kind = CqlType::Kind;

// Significant digits behind the integer part that cqlsh shows of floats and doubles.
constexpr int kFloatPrecision = 5;

std::string blob_text(std::string_view bytes) {
  std::string out = "0x";
  for (const char byte : bytes)
    fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<uint8_t>(byte));
  return out;
}

// A big-endian signed integer of up to eight bytes.
int64_t small_integer(std::string_view bytes) {
  int64_t value = static_cast<int8_t>(bytes[0]) < 0 ? -1 : 0;
  for (const char byte : bytes)
    value = static_cast<int64_t>((static_cast<uint64_t>(value) << 8) | static_cast<uint8_t>(byte));
  return value;
}

// A big-endian signed integer of any length, in decimal.
std::string big_integer(std::string_view bytes) {
  if (bytes.size() <= 8) return fmt::to_string(small_integer(bytes));
  const bool negative = static_cast<int8_t>(bytes[0]) < 0;
  std::vector<uint32_t> digits;  // In base 10^9, lowest first.
  for (const char byte : bytes) {
    // Of a negative number the digits of -(x + 1), which is ~x; the 1 is added below.
    uint64_t carry = negative ? static_cast<uint8_t>(~byte) : static_cast<uint8_t>(byte);
    for (uint32_t& digit : digits) {
      carry += uint64_t{digit} << 8;
      digit = static_cast<uint32_t>(carry % 1'000'000'000);
      carry /= 1'000'000'000;
    }
    if (carry != 0) digits.push_back(static_cast<uint32_t>(carry));
  }
  if (negative) {
    size_t i = 0;
    while (i < digits.size() && digits[i] == 999'999'999) digits[i++] = 0;
    if (i == digits.size()) digits.push_back(0);
    ++digits[i];
  }
  if (digits.empty()) return "0";
  std::string out = fmt::format("{}{}", negative ? "-" : "", digits.back());
  for (size_t i = digits.size() - 1; i-- > 0;) out += fmt::format("{:09}", digits[i]);
  return out;
}

// As Python writes a Decimal: https://docs.python.org/3/library/decimal.html
std::string decimal_text(std::string_view bytes) {
  const int64_t exponent = -int64_t{static_cast<int32_t>(read_be32(bytes.data()))};
  std::string digits = big_integer(bytes.substr(4));
  std::string sign;
  if (digits[0] == '-') {
    sign = "-";
    digits.erase(0, 1);
  }
  const auto count = static_cast<int64_t>(digits.size());
  const int64_t adjusted = exponent + count - 1;
  if (exponent <= 0 && adjusted >= -6) {
    if (exponent == 0) return sign + digits;
    const int64_t point = count + exponent;
    if (point > 0) return sign + digits.insert(static_cast<size_t>(point), 1, '.');
    return sign + "0." + std::string(static_cast<size_t>(-point), '0') + digits;
  }
  if (count > 1) digits.insert(1, 1, '.');
  return fmt::format("{}{}E{:+}", sign, digits, adjusted);
}

std::string date_text(int64_t days_since_1970) {
  using namespace std::chrono;
  constexpr int64_t kFirst = -719'162;  // 0001-01-01
  constexpr int64_t kLast = 2'932'896;  // 9999-12-31
  if (days_since_1970 < kFirst || days_since_1970 > kLast) return fmt::to_string(days_since_1970);
  const year_month_day date{sys_days{days{days_since_1970}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

// `micros` behind the millisecond: 0 to 999. cqlsh shows microseconds and a numeric zone,
// Cassandra's own JSON milliseconds and Z; microseconds, which Cassandra has not, are shown where
// there are any. Outside of the years 1 to 9999, which is all that Python knows, the milliseconds
// since 1970, with microseconds as a fraction.
std::string timestamp_text(int64_t millis, int64_t micros, bool cqlsh) {
  constexpr int64_t kDay = 86'400'000;
  const int64_t day = millis / kDay - (millis % kDay < 0 ? 1 : 0);
  const std::string date = date_text(day);
  if (day < -719'162 || day > 2'932'896) {
    if (micros == 0) return fmt::to_string(millis);
    // 500 microseconds behind -2 milliseconds are -1.500.
    return millis < 0 ? fmt::format("-{}.{:03}", -(millis + 1), 1000 - micros)
                      : fmt::format("{}.{:03}", millis, micros);
  }
  const int64_t rest = millis - day * kDay;
  const std::string zone = cqlsh         ? fmt::format("{:03}+0000", micros)
                           : micros == 0 ? "Z"
                                         : fmt::format("{:03}Z", micros);
  return fmt::format("{} {:02}:{:02}:{:02}.{:03}{}", date, rest / 3'600'000, rest / 60'000 % 60,
                     rest / 1000 % 60, rest % 1000, zone);
}

std::string time_text(int64_t nanos) {
  return fmt::format("{:02}:{:02}:{:02}.{:09}", nanos / 3'600'000'000'000,
                     nanos / 60'000'000'000 % 60, nanos / 1'000'000'000 % 60,
                     nanos % 1'000'000'000);
}

std::string uuid_text(std::string_view bytes) {
  const std::string hex = blob_text(bytes).substr(2);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

std::string inet_text(std::string_view bytes) {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

// One of Cassandra's variable-length integers. Nothing where bytes are missing.
std::optional<uint64_t> take_unsigned_vint(std::string_view& bytes) {
  if (bytes.empty()) return std::nullopt;
  const auto first = static_cast<uint8_t>(bytes[0]);
  const auto more = static_cast<size_t>(std::countl_one(first));
  if (bytes.size() < 1 + more) return std::nullopt;
  uint64_t value = more >= 8 ? 0 : first & (0xffU >> more);
  for (size_t i = 1; i <= more; ++i) value = (value << 8) | static_cast<uint8_t>(bytes[i]);
  bytes.remove_prefix(1 + more);
  return value;
}

// The same, zigzag-coded, as durations have them.
std::optional<int64_t> take_vint(std::string_view& bytes) {
  const auto value = take_unsigned_vint(bytes);
  if (!value) return std::nullopt;
  return static_cast<int64_t>(*value >> 1) ^ -static_cast<int64_t>(*value & 1);
}

std::optional<std::string> duration_text(std::string_view bytes) {
  const auto months = take_vint(bytes);
  const auto days = take_vint(bytes);
  const auto nanos = take_vint(bytes);
  if (!months || !days || !nanos || !bytes.empty()) return std::nullopt;
  std::string out = *months < 0 || *days < 0 || *nanos < 0 ? "-" : "";
  const auto magnitude = [](int64_t value) {
    return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  };
  struct Unit {
    uint64_t size;
    std::string_view name;
  };
  const auto put = [&out](uint64_t value, std::initializer_list<Unit> units) {
    for (const Unit& unit : units) {
      if (value >= unit.size) out += fmt::format("{}{}", value / unit.size, unit.name);
      value %= unit.size;
    }
  };
  put(magnitude(*months), {{12, "y"}, {1, "mo"}});
  put(magnitude(*days), {{1, "d"}});
  put(magnitude(*nanos), {{3'600'000'000'000, "h"},
                          {60'000'000'000, "m"},
                          {1'000'000'000, "s"},
                          {1'000'000, "ms"},
                          {1'000, "us"},
                          {1, "ns"}});
  return out;
}

// printf's %g with more digits the longer the integer part is: cqlsh's rule.
std::string cqlsh_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  int precision = kFloatPrecision;
  if (std::fabs(value) > std::numeric_limits<double>::epsilon()) {
    const int exponent = static_cast<int>(std::log10(std::fabs(value)));
    if (exponent >= -4 && exponent < precision) precision += exponent + 1;
  }
  return fmt::format("{:.{}g}", value, precision);
}

template <class Float>
std::string shortest_float(Float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return fmt::to_string(value);
}

// How many bytes a value of the kind has; 0 where it varies.
size_t fixed_size(Kind kind) {
  switch (kind) {
    case Kind::boolean:
    case Kind::tinyint:
      return 1;
    case Kind::smallint:
      return 2;
    case Kind::date:
    case Kind::float_:
    case Kind::int_:
      return 4;
    case Kind::bigint:
    case Kind::counter:
    case Kind::double_:
    case Kind::time:
    case Kind::timestamp:
    case Kind::timestamp_micros:
    case Kind::timestamp_local:
      return 8;
    case Kind::timeuuid:
    case Kind::uuid:
      return 16;
    default:
      return 0;
  }
}

// NaN and the infinities as SQLite files have them and row/cell.h writes them. Cassandra has none.
bool is_no_number(std::string_view bytes) {
  if (bytes.size() != 4) return false;
  const auto scale = static_cast<int32_t>(read_be32(bytes.data()));
  return scale < 0 && scale >= -3;
}

bool fits(Kind kind, std::string_view bytes) {
  const size_t size = fixed_size(kind);
  if (size != 0) return bytes.size() == size;
  switch (kind) {
    case Kind::ascii:
    case Kind::text:
      return is_utf8(bytes);
    case Kind::inet:
      return bytes.size() == 4 || bytes.size() == 16;
    case Kind::varint:
      return !bytes.empty();
    case Kind::decimal:
      return bytes.size() > 4 || is_no_number(bytes);
    case Kind::interval:
      return !bytes.empty();
    default:
      return true;
  }
}

bool is_collection(const CqlType& type) {
  return type.kind >= Kind::list && type.kind <= Kind::vector;
}

// True where every element has a type of its own.
bool has_parts(const CqlType& type) {
  return type.kind == Kind::tuple || type.kind == Kind::udt;
}

// How many bytes each element of a vector has; 0 where its length stands in front of it, which
// Cassandra does for some types that are always as long, too.
size_t size_in_vector(const CqlType& type) {
  switch (type.kind) {
    case Kind::bigint:
    case Kind::boolean:
    case Kind::double_:
    case Kind::float_:
    case Kind::int_:
    case Kind::timestamp:
    case Kind::timeuuid:
    case Kind::uuid:
      return fixed_size(type.kind);
    case Kind::vector: {
      size_t size = 0;
      const bool overflow =
          __builtin_mul_overflow(size_in_vector(type.parts[0]), type.elements, &size);
      return overflow ? 0 : size;
    }
    default:
      return 0;
  }
}

std::optional<std::vector<CellView>> elements_of_vector(const CqlType& type,
                                                        std::string_view bytes) {
  std::vector<CellView> cells;
  if (const size_t size = size_in_vector(type.parts[0]); size > 0) {
    // Divided, since the number of elements is the server's and its product may be too large.
    if (bytes.size() % size != 0 || bytes.size() / size != type.elements) return std::nullopt;
    for (size_t i = 0; i < type.elements; ++i) cells.emplace_back(bytes.substr(i * size, size));
    return cells;
  }
  while (!bytes.empty()) {
    const auto length = take_unsigned_vint(bytes);
    if (!length || *length > bytes.size()) return std::nullopt;
    cells.emplace_back(bytes.substr(0, *length));
    bytes.remove_prefix(*length);
  }
  return cells.size() == type.elements ? std::optional(std::move(cells)) : std::nullopt;
}

// The elements of a collection, in the order of the wire; nothing where the bytes do not hold
// together.
std::optional<std::vector<CellView>> elements_of(const CqlType& type, std::string_view bytes) {
  if (type.kind == Kind::vector) return elements_of_vector(type, bytes);
  std::vector<CellView> cells;
  size_t expected = type.parts.size();
  if (!has_parts(type)) {
    if (bytes.size() < 4) return std::nullopt;
    expected = size_t{read_be32(bytes.data())} * (type.kind == Kind::map ? 2 : 1);
    bytes.remove_prefix(4);
  }
  while (!bytes.empty()) {
    if (bytes.size() < 4) return std::nullopt;
    const auto length = static_cast<int32_t>(read_be32(bytes.data()));
    bytes.remove_prefix(4);
    if (length < 0) {
      cells.emplace_back();
      continue;
    }
    if (bytes.size() < static_cast<size_t>(length)) return std::nullopt;
    cells.emplace_back(bytes.substr(0, static_cast<size_t>(length)));
    bytes.remove_prefix(static_cast<size_t>(length));
  }
  if (has_parts(type)) {
    // A value that was written when its type had fewer parts ends early.
    if (cells.size() > expected) return std::nullopt;
    cells.resize(expected);
  }
  return cells.size() == expected ? std::optional(std::move(cells)) : std::nullopt;
}

const CqlType& element_type(const CqlType& type, size_t i) {
  if (type.kind == Kind::map) return type.parts[i % 2];
  return has_parts(type) ? type.parts[i] : type.parts[0];
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

enum class Style { cqlsh, plain };

std::string value(const CqlType& type, CellView cell, Style style, bool nested);

std::string collection(const CqlType& type, std::string_view bytes, Style style) {
  const auto elements = elements_of(type, bytes);
  if (!elements) return blob_text(bytes);
  const bool square = type.kind == Kind::list || type.kind == Kind::vector;
  std::string out = square ? "[" : type.kind == Kind::tuple ? "(" : "{";
  for (size_t i = 0; i < elements->size(); ++i) {
    if (i > 0) out += type.kind == Kind::map && i % 2 == 1 ? ": " : ", ";
    if (type.kind == Kind::udt)
      out += (style == Style::cqlsh ? cqlsh_escape(type.names[i]) : type.names[i]) + ": ";
    out += value(element_type(type, i), (*elements)[i], style, true);
  }
  return out + (square ? "]" : type.kind == Kind::tuple ? ")" : "}");
}

// A value with neither quotes nor escapes, as both styles and JSON's strings have it. The bytes fit
// the type.
std::string scalar(const CqlType& type, CellView cell, Style style) {
  const std::string_view bytes = cell.bytes();
  const bool cqlsh = style == Style::cqlsh;
  switch (type.kind) {
    case Kind::ascii:
    case Kind::text:
      return std::string(bytes);
    case Kind::bigint:
    case Kind::counter:
    case Kind::int_:
    case Kind::smallint:
    case Kind::tinyint:
      return fmt::to_string(small_integer(bytes));
    case Kind::boolean:
      return cell.boolean() ? (cqlsh ? "True" : "true") : (cqlsh ? "False" : "false");
    case Kind::date:
      return date_text(int64_t{read_be32(bytes.data())} - (int64_t{1} << 31));
    case Kind::decimal:
      return is_no_number(bytes) ? numeric_text(cell.numeric()) : decimal_text(bytes);
    case Kind::double_:
      return cqlsh ? cqlsh_float(cell.float64()) : shortest_float(cell.float64());
    case Kind::duration:
      return duration_text(bytes).value_or(blob_text(bytes));
    case Kind::float_:
      return cqlsh ? cqlsh_float(static_cast<double>(cell.float32()))
                   : shortest_float(cell.float32());
    case Kind::inet:
      return inet_text(bytes);
    case Kind::time:
      return time_text(cell.int64());
    case Kind::timestamp:
      return timestamp_text(cell.int64(), 0, cqlsh);
    case Kind::timestamp_micros: {
      const int64_t rest = cell.int64() % 1000;
      return timestamp_text(millis_of(cell.int64()), rest < 0 ? rest + 1000 : rest, cqlsh);
    }
    case Kind::timestamp_local: {
      std::string text = cell_text(cell, Type::timestamp);
      if (const size_t at = text.find('T'); at != std::string::npos) text[at] = ' ';
      return text;
    }
    case Kind::interval:
      return interval_text(cell.interval());
    case Kind::timeuuid:
    case Kind::uuid:
      return uuid_text(bytes);
    case Kind::varint:
      return big_integer(bytes);
    default:
      return blob_text(bytes);
  }
}

// Inside of a collection.
bool is_quoted(Kind kind) {
  return kind == Kind::timestamp || kind == Kind::timestamp_micros ||
         kind == Kind::timestamp_local || kind == Kind::inet;
}

std::string value(const CqlType& type, CellView cell, Style style, bool nested) {
  if (cell.is_null()) return style == Style::cqlsh || nested ? "null" : "";
  const bool text = type.kind == Kind::text || type.kind == Kind::ascii;
  // Cassandra lets every type have an empty value, which is not NULL.
  if (cell.bytes().empty() && !text && type.kind != Kind::blob) return "";
  if (!fits(type.kind, cell.bytes())) return blob_text(cell.bytes());
  if (is_collection(type)) return collection(type, cell.bytes(), style);
  std::string out = scalar(type, cell, style);
  if (nested && (text || is_quoted(type.kind))) out = in_quotes(out);
  return text && style == Style::cqlsh ? cqlsh_escape(out) : out;
}

bool is_number(Kind kind) {
  switch (kind) {
    case Kind::bigint:
    case Kind::counter:
    case Kind::decimal:
    case Kind::double_:
    case Kind::float_:
    case Kind::int_:
    case Kind::smallint:
    case Kind::tinyint:
    case Kind::varint:
      return true;
    default:
      return false;
  }
}

// What is no text is written as JSON inside of the name, as Cassandra does.
std::string json_name(const CqlType& type, CellView key) {
  if (!is_collection(type)) return value(type, key, Style::plain, false);
  std::string out;
  append_json(out, type, key);
  return out;
}

// As Cassandra's JSON has it, and as it reads it again: one that needs quotes keeps them.
std::string field_name(const std::string& name) {
  return lowercase(name) == name ? name : '"' + name + '"';
}

void append_json_collection(std::string& out, const CqlType& type, CellView cell) {
  const auto elements = elements_of(type, cell.bytes());
  if (!elements) {
    out += json_quote(blob_text(cell.bytes()));
    return;
  }
  const bool map = type.kind == Kind::map;
  const bool object = map || type.kind == Kind::udt;
  out.push_back(object ? '{' : '[');
  for (size_t i = 0; i < elements->size(); ++i) {
    if (i > 0) out.push_back(map && i % 2 == 1 ? ':' : ',');
    if (type.kind == Kind::udt) out += json_quote(field_name(type.names[i])) + ":";
    if (map && i % 2 == 0) {
      out += json_quote(json_name(type.parts[0], (*elements)[i]));
    } else {
      append_json(out, element_type(type, i), (*elements)[i]);
    }
  }
  out.push_back(object ? '}' : ']');
}

}  // namespace

std::string cqlsh_escape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    // U+0080 to U+00A0 are C2 and the character's number.
    const auto next = i + 1 < text.size() ? static_cast<uint8_t>(text[i + 1]) : uint8_t{0};
    if (byte == '\\') {
      out += "\\\\";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xc2 && next >= 0x80 && next <= 0xa0) {
      out += fmt::format("\\x{:02x}", next);
      ++i;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string cqlsh_text(const CqlType& type, CellView cell) {
  return value(type, cell, Style::cqlsh, false);
}

std::string plain_text(const CqlType& type, CellView cell) {
  return value(type, cell, Style::plain, false);
}

void append_json(std::string& out, const CqlType& type, CellView cell) {
  const bool text = type.kind == Kind::text || type.kind == Kind::ascii;
  if (cell.is_null()) {
    out += "null";
    return;
  }
  if (cell.bytes().empty() && !text && type.kind != Kind::blob) {
    out += R"("")";
    return;
  }
  if (!fits(type.kind, cell.bytes())) {
    out += json_quote(blob_text(cell.bytes()));
    return;
  }
  if (is_collection(type)) return append_json_collection(out, type, cell);
  const std::string plain = scalar(type, cell, Style::plain);
  const bool finite = plain.empty() || (plain.back() != 'N' && plain.back() != 'y');
  const bool bare = type.kind == Kind::boolean || (is_number(type.kind) && finite);
  // Readers of JSON take -0 for an integer, which has no sign.
  out += bare ? (plain == "-0" ? "-0.0" : plain) : json_quote(plain);
}

}  // namespace turntable
