#include "sql/casts.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "sql/loops.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

using Why = std::pair<RejectCode, std::string>;

template <class T>
std::string number_text(T value) {
  if constexpr (std::is_integral_v<T>) {
    return std::string(integer_text(value).view());
  } else {
    return std::string(float_text(value).view());
  }
}

template <Type to, class T>
Why out_of_range(T value) {
  return {RejectCode::out_of_range,
          fmt::format("{} is out of range for {}", number_text(value), sql_name(to))};
}

// Every value of From has one of To.
template <Type from, Type to>
void widen(Frame& frame) {
  map_rows<CppType<to>, CppType<from>>(frame,
                                       [](auto value) { return static_cast<CppType<to>>(value); });
}

void bigint_to_int(Frame& frame) {
  map_rows_or_fail<int32_t, int64_t>(
      frame,
      [](int64_t value) {
        const auto narrow = static_cast<int32_t>(value);
        return narrow == value ? std::optional(narrow) : std::nullopt;
      },
      out_of_range<Type::int32, int64_t>);
}

void double_to_real(Frame& frame) {
  map_rows_or_fail<float, double>(
      frame,
      [](double value) -> std::optional<float> {
        const auto narrow = static_cast<float>(value);
        const bool overflow = std::isinf(narrow) && !std::isinf(value);
        const bool underflow = narrow == 0 && value != 0;
        return overflow || underflow ? std::nullopt : std::optional(narrow);
      },
      out_of_range<Type::float32, double>);
}

// Rounds half to even, as PostgreSQL's rint() does.
template <Type from, Type to>
void float_to_integer(Frame& frame) {
  using From = CppType<from>;
  using To = CppType<to>;
  map_rows_or_fail<To, From>(
      frame,
      [](From value) -> std::optional<To> {
        const From rounded = std::rint(value);
        // The lowest integer is a power of two and exact; its negative is the first that is too
        // large. NaN fails both.
        constexpr auto kLowest = static_cast<From>(std::numeric_limits<To>::min());
        if (!(rounded >= kLowest && rounded < -kLowest)) return std::nullopt;
        return static_cast<To>(rounded);
      },
      out_of_range<to, From>);
}

void int_to_boolean(Frame& frame) {
  map_rows<uint8_t, int32_t>(frame, [](int32_t value) { return static_cast<uint8_t>(value != 0); });
}

// --- To text
// -------------------------------------------------------------------------------------------------------

template <class From>
void number_to_text(Frame& frame) {
  Arena& arena = frame.arena;
  map_rows<std::string_view, From>(frame, [&arena](From value) {
    if constexpr (std::is_integral_v<From>) {
      return arena.copy(integer_text(value).view());
    } else {
      return arena.copy(float_text(value).view());
    }
  });
}

void boolean_to_text(Frame& frame) {
  map_rows<std::string_view, uint8_t>(frame, [](uint8_t value) {
    return value != 0 ? std::string_view("true") : std::string_view("false");
  });
}

void timestamp_to_text(Frame& frame) {
  Arena& arena = frame.arena;
  map_rows<std::string_view, int64_t>(
      frame, [&arena](int64_t value) { return arena.copy(timestamp_text(value).view()); });
}

void bytes_to_text(Frame& frame) {
  Arena& arena = frame.arena;
  map_rows<std::string_view, std::string_view>(
      frame, [&arena](std::string_view value) { return bytes_text(value, arena); });
}

// A jsonb is the text as it came.
void same_view(Frame& frame) {
  map_rows<std::string_view, std::string_view>(frame, [](std::string_view value) { return value; });
}

// --- From text
// -----------------------------------------------------------------------------------------------------

// 'abc' is no int; '3000000000' is out of range for int.
template <Type to>
Why text_misfit(std::string_view text, ParseFailure failure) {
  if (failure == ParseFailure::range)
    return {RejectCode::out_of_range,
            fmt::format("'{}' is out of range for {}", printable(text), sql_name(to))};
  return {RejectCode::bad_value, fmt::format("'{}' is no {}", printable(text), sql_name(to))};
}

void text_to_whole_time(Frame& frame) {
  map_rows_or_fail<int64_t, std::string_view>(
      frame, [](std::string_view text) { return parse_whole_timestamp(text).value; },
      [](std::string_view text) {
        if (parse_whole_timestamp(text).failure == ParseFailure::syntax)
          return text_misfit<Type::timestamp>(text, ParseFailure::syntax);
        return Why(RejectCode::out_of_range,
                   fmt::format("'{}' has digits beyond microseconds, which timestamptz cannot "
                               "hold; it is in the key, where cut times fall together",
                               printable(text)));
      });
}

template <Type to, Parsed<CppType<to>> (*parse)(std::string_view)>
void text_to(Frame& frame) {
  map_rows_or_fail<CppType<to>, std::string_view>(
      frame, [](std::string_view text) { return parse(text).value; },
      [](std::string_view text) { return text_misfit<to>(text, parse(text).failure); });
}

void text_to_bytes(Frame& frame) {
  Arena& arena = frame.arena;
  map_rows_or_fail<std::string_view, std::string_view>(
      frame, [&arena](std::string_view text) { return parse_bytes(text, arena); },
      [](std::string_view text) { return text_misfit<Type::bytes>(text, ParseFailure::syntax); });
}

// --- The table
// -----------------------------------------------------------------------------------------------------

Cast row(Type from, Type to, CastContext context, Loop loop) {
  return {context,
          {.name = "cast", .arguments = {from}, .result = to, .loop = loop, .kind = Kind::cast}};
}

// pg_cast of PostgreSQL 15, and casts by way of text, which go into text in assignments and out of
// it on demand. One rule is stricter: PostgreSQL rounds a fraction that is assigned to an integer,
// unasked. Here that takes a written cast, since an event with 1.5 for an int is refused too.
const std::vector<Cast>& casts() {
  using enum Type;
  using enum CastContext;
  static const std::vector<Cast> kCasts = {
      row(int32, int64, implicit, widen<int32, int64>),
      row(int32, float32, implicit, widen<int32, float32>),
      row(int32, float64, implicit, widen<int32, float64>),
      row(int64, float32, implicit, widen<int64, float32>),
      row(int64, float64, implicit, widen<int64, float64>),
      row(float32, float64, implicit, widen<float32, float64>),
      row(int64, int32, assignment, bigint_to_int),
      row(float64, float32, assignment, double_to_real),
      row(float32, int32, on_demand, float_to_integer<float32, int32>),
      row(float32, int64, on_demand, float_to_integer<float32, int64>),
      row(float64, int32, on_demand, float_to_integer<float64, int32>),
      row(float64, int64, on_demand, float_to_integer<float64, int64>),
      row(boolean, int32, on_demand, widen<boolean, int32>),
      row(int32, boolean, on_demand, int_to_boolean),

      row(boolean, text, assignment, boolean_to_text),
      row(int32, text, assignment, number_to_text<int32_t>),
      row(int64, text, assignment, number_to_text<int64_t>),
      row(float32, text, assignment, number_to_text<float>),
      row(float64, text, assignment, number_to_text<double>),
      row(timestamp, text, assignment, timestamp_to_text),
      row(bytes, text, assignment, bytes_to_text),
      row(jsonb, text, assignment, same_view),

      row(text, boolean, on_demand, text_to<boolean, parse_bool>),
      row(text, int32, on_demand, text_to<int32, parse_int32>),
      row(text, int64, on_demand, text_to<int64, parse_int64>),
      row(text, float32, on_demand, text_to<float32, parse_float32>),
      row(text, float64, on_demand, text_to<float64, parse_float64>),
      row(text, timestamp, on_demand, text_to<timestamp, parse_timestamp>),
      row(text, bytes, on_demand, text_to_bytes),
  };
  return kCasts;
}

}  // namespace

const Cast* find_cast(Type from, Type to) {
  for (const Cast& cast : casts())
    if (cast.function.arguments[0] == from && cast.function.result == to) return &cast;
  return nullptr;
}

const Function& whole_time_cast() {
  static const Cast kCast =
      row(Type::text, Type::timestamp, CastContext::on_demand, text_to_whole_time);
  return kCast.function;
}

bool can_cast(Type from, Type to, CastContext context) {
  if (from == to) return true;
  const Cast* cast = find_cast(from, to);
  return cast != nullptr && cast->context <= context;
}

}  // namespace turntable::sql
