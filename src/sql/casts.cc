#include "sql/casts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"
#include "sql/array_casts.h"
#include "sql/cast_row.h"
#include "sql/functions/json_support.h"
#include "sql/functions/numbers.h"
#include "sql/numeric_math.h"
#include "sql/time_casts.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

using Text = std::string_view;

template <class T>
Reason out_of_range(Type to, T value) {
  return {RejectCode::out_of_range,
          fmt::format("{} is out of range for {}", numbers::number_text(value), sql_name(to))};
}

// Every value of `from` has one of `to`.
template <Type from, Type to>
struct Widen {
  static CppType<to> call(CppType<from> value) { return static_cast<CppType<to>>(value); }
};

template <Type from, Type to>
struct Narrow {
  using From = CppType<from>;
  using To = CppType<to>;
  static std::optional<To> call(From value) {
    const auto narrow = static_cast<To>(value);
    return narrow == value ? std::optional(narrow) : std::nullopt;
  }
  static Reason why(From value) { return out_of_range(to, value); }
};

struct DoubleToReal {
  static std::optional<float> call(double value) {
    const auto narrow = static_cast<float>(value);
    const bool overflow = std::isinf(narrow) && !std::isinf(value);
    const bool underflow = narrow == 0 && value != 0;
    return overflow || underflow ? std::nullopt : std::optional(narrow);
  }
  static Reason why(double value) { return out_of_range(Type::float32, value); }
};

// Rounds half to even, as PostgreSQL's rint() does.
template <Type from, Type to>
struct FloatToInteger {
  using From = CppType<from>;
  using To = CppType<to>;
  static std::optional<To> call(From value) {
    const From rounded = std::rint(value);
    // The lowest integer is a power of two and exact; its negative is the first that is too large.
    // NaN fails both.
    constexpr auto kLowest = static_cast<From>(std::numeric_limits<To>::min());
    if (!(rounded >= kLowest && rounded < -kLowest)) return std::nullopt;
    return static_cast<To>(rounded);
  }
  static Reason why(From value) { return out_of_range(to, value); }
};

// --- numeric

template <class T>
struct WholeToNumeric {
  static Numeric call(T value) { return numeric_of(int64_t{value}); }
};

template <class T>
struct FloatToNumeric {
  static MaybeNumeric call(T value) { return numeric_of(value); }
  static Reason why(T value) {
    return {RejectCode::out_of_range, fmt::format("{} has more than the 38 digits of a numeric",
                                                  numbers::number_text(value))};
  }
};

template <Type to>
struct NumericToWhole {
  using To = CppType<to>;
  static std::optional<To> call(const Numeric& value) {
    // As most fields of times are.
    if (value.is_finite() && value.scale == 0) {
      const auto narrow = static_cast<To>(value.digits);
      return narrow == value.digits ? std::optional(narrow) : std::nullopt;
    }
    const std::optional<int64_t> whole = bigint_of(value);
    if (!whole || static_cast<To>(*whole) != *whole) return std::nullopt;
    return static_cast<To>(*whole);
  }
  static Reason why(const Numeric& value) { return out_of_range(to, value); }
};

struct NumericToDouble {
  static double call(const Numeric& value) { return double_of(value); }
};

struct NumericToReal {
  static std::optional<float> call(const Numeric& value) { return real_of(value); }
  static Reason why(const Numeric& value) { return out_of_range(Type::float32, value); }
};

struct IntToBoolean {
  static uint8_t call(int32_t value) { return value != 0 ? 1 : 0; }
};

// --- To text

template <class Number>
struct NumberToText {
  static Text call(Number value, Arena& arena) {
    if constexpr (std::is_integral_v<Number>) {
      return arena.copy(integer_text(value).view());
    } else {
      return arena.copy(float_text(value).view());
    }
  }
};

struct BooleanToText {
  static Text call(uint8_t value) { return value != 0 ? Text("true") : Text("false"); }
};

struct TimestampToText {
  static Text call(int64_t value, Arena& arena) { return arena.copy(timestamp_text(value).view()); }
};

template <class T, std::string (*text_of)(const T&)>
struct ValueToText {
  static Text call(const T& value, Arena& arena) { return arena.copy(text_of(value)); }
};

template <class T, ShortText (*text_of)(T)>
struct TimeToText {
  static Text call(T value, Arena& arena) { return arena.copy(text_of(value).view()); }
};

struct BytesToText {
  static Text call(Text value, Arena& arena) { return bytes_text(value, arena); }
};

// A jsonb is kept as it came; PostgreSQL prints another form of it.
struct JsonToText {
  static std::optional<Text> call(JsonState& state, Text value, Arena& arena) {
    return state.printed(value, arena);
  }
  static Reason why(JsonState&, Text value, Arena&) { return no_jsonb(value); }
};

// --- From text

// 'abc' is no int; '3000000000' is out of range for int.
Reason text_misfit(Type to, Text text, ParseFailure failure) {
  if (failure == ParseFailure::range)
    return {RejectCode::out_of_range,
            fmt::format("'{}' is out of range for {}", printable(text), sql_name(to))};
  return {RejectCode::bad_value, fmt::format("'{}' is no {}", printable(text), sql_name(to))};
}

template <Type to, Parsed<CppType<to>> (*parse)(Text)>
struct TextTo {
  static std::optional<CppType<to>> call(Text text) { return parse(text).value; }
  static Reason why(Text text) { return text_misfit(to, text, parse(text).failure); }
};

struct TextToNumeric {
  static MaybeNumeric call(Text text) { return parse_numeric(text).value; }
  static Reason why(Text text) {
    if (parse_numeric(text).failure == ParseFailure::syntax)
      return text_misfit(Type::numeric, text, ParseFailure::syntax);
    return {RejectCode::out_of_range,
            fmt::format("'{}' has more than the 38 digits of a numeric, or more than 76 behind the "
                        "point",
                        printable(text))};
  }
};

struct TextToBytes {
  static std::optional<Text> call(Text text, Arena& arena) { return parse_bytes(text, arena); }
  static Reason why(Text text) { return text_misfit(Type::bytes, text, ParseFailure::syntax); }
};

struct TextToUuid {
  static std::optional<Uuid> call(Text text) { return parse_uuid(text); }
  static Reason why(Text text) { return text_misfit(Type::uuid, text, ParseFailure::syntax); }
};

struct TextToJson {
  static std::optional<Text> call(JsonState& state, Text text, Arena& arena) {
    return state.printed(text, arena);
  }
  static Reason why(JsonState&, Text text, Arena&) { return no_jsonb(text); }
};

// --- From jsonb

template <Type to>
struct JsonToScalar {
  static std::optional<CppType<to>> call(JsonState& state, Text json) {
    const auto value = state.read(json);
    return value ? scalar_of<to>(*value) : std::nullopt;
  }
  static Reason why(JsonState& state, Text json) { return no_scalar(state, json, to); }
};

// --- The table

// pg_cast of PostgreSQL 15, and casts by way of text, which go into text in assignments and out of
// it on demand. One rule is stricter: PostgreSQL rounds a fraction that is assigned to an integer,
// unasked. Here that takes a written cast, since an event with 1.5 for an int is refused too.
std::vector<Cast> plain_casts() {
  using enum Type;
  using enum CastContext;
  return {
      cast_row<Widen<int32, int64>>(int32, int64, implicit),
      cast_row<Widen<int32, float32>>(int32, float32, implicit),
      cast_row<Widen<int32, float64>>(int32, float64, implicit),
      cast_row<Widen<int64, float32>>(int64, float32, implicit),
      cast_row<Widen<int64, float64>>(int64, float64, implicit),
      cast_row<Widen<float32, float64>>(float32, float64, implicit),
      cast_row<Widen<int16, int32>>(int16, int32, implicit),
      cast_row<Widen<int16, int64>>(int16, int64, implicit),
      cast_row<Widen<int16, float32>>(int16, float32, implicit),
      cast_row<Widen<int16, float64>>(int16, float64, implicit),
      cast_row<Narrow<int64, int32>>(int64, int32, assignment),
      cast_row<Narrow<int64, int16>>(int64, int16, assignment),
      cast_row<Narrow<int32, int16>>(int32, int16, assignment),
      cast_row<DoubleToReal>(float64, float32, assignment),
      cast_row<FloatToInteger<float32, int16>>(float32, int16, on_demand),
      cast_row<FloatToInteger<float64, int16>>(float64, int16, on_demand),
      cast_row<FloatToInteger<float32, int32>>(float32, int32, on_demand),
      cast_row<FloatToInteger<float32, int64>>(float32, int64, on_demand),
      cast_row<FloatToInteger<float64, int32>>(float64, int32, on_demand),
      cast_row<FloatToInteger<float64, int64>>(float64, int64, on_demand),
      cast_row<WholeToNumeric<int16_t>>(int16, numeric, implicit),
      cast_row<WholeToNumeric<int32_t>>(int32, numeric, implicit),
      cast_row<WholeToNumeric<int64_t>>(int64, numeric, implicit),
      cast_row<FloatToNumeric<float>>(float32, numeric, assignment),
      cast_row<FloatToNumeric<double>>(float64, numeric, assignment),
      cast_row<NumericToReal>(numeric, float32, implicit),
      cast_row<NumericToDouble>(numeric, float64, implicit),
      cast_row<NumericToWhole<int16>>(numeric, int16, on_demand),
      cast_row<NumericToWhole<int32>>(numeric, int32, on_demand),
      cast_row<NumericToWhole<int64>>(numeric, int64, on_demand),
      cast_row<Widen<boolean, int32>>(boolean, int32, on_demand),
      cast_row<IntToBoolean>(int32, boolean, on_demand),

      cast_row<BooleanToText>(boolean, text, assignment),
      cast_row<NumberToText<int32_t>>(int32, text, assignment),
      cast_row<NumberToText<int64_t>>(int64, text, assignment),
      cast_row<NumberToText<float>>(float32, text, assignment),
      cast_row<NumberToText<double>>(float64, text, assignment),
      cast_row<NumberToText<int16_t>>(int16, text, assignment),
      cast_row<ValueToText<Numeric, numeric_text>>(numeric, text, assignment),
      cast_row<TimeToText<int32_t, date_text>>(date, text, assignment),
      cast_row<TimeToText<int64_t, time_text>>(time, text, assignment),
      cast_row<TimeToText<int64_t, local_timestamp_text>>(timestamp, text, assignment),
      cast_row<TimestampToText>(timestamptz, text, assignment),
      cast_row<ValueToText<Interval, interval_text>>(interval, text, assignment),
      cast_row<ValueToText<Uuid, uuid_text>>(uuid, text, assignment),
      cast_row<BytesToText>(bytes, text, assignment),
      cast_row<JsonToText>(jsonb, text, assignment),

      cast_row<TextTo<boolean, parse_bool>>(text, boolean, on_demand),
      cast_row<TextTo<int32, parse_int32>>(text, int32, on_demand),
      cast_row<TextTo<int64, parse_int64>>(text, int64, on_demand),
      cast_row<TextTo<float32, parse_float32>>(text, float32, on_demand),
      cast_row<TextTo<float64, parse_float64>>(text, float64, on_demand),
      cast_row<TextToBytes>(text, bytes, on_demand),
      cast_row<TextTo<int16, parse_int16>>(text, int16, on_demand),
      cast_row<TextToNumeric>(text, numeric, on_demand),
      cast_row<TextToUuid>(text, uuid, on_demand),
      cast_row<TextToJson>(text, jsonb, on_demand),

      cast_row<JsonToScalar<boolean>>(jsonb, boolean, on_demand),
      cast_row<JsonToScalar<int16>>(jsonb, int16, on_demand),
      cast_row<JsonToScalar<int32>>(jsonb, int32, on_demand),
      cast_row<JsonToScalar<int64>>(jsonb, int64, on_demand),
      cast_row<JsonToScalar<float32>>(jsonb, float32, on_demand),
      cast_row<JsonToScalar<float64>>(jsonb, float64, on_demand),
      cast_row<JsonToScalar<numeric>>(jsonb, numeric, on_demand),
  };
}

const Cast* find_in(const std::vector<Cast>& table, Type from, Type to) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Cast& cast) {
    return cast.function.arguments[0] == from && cast.function.result == to;
  });
  return found == table.end() ? nullptr : &*found;
}

// PostgreSQL's categories of types (pg_type.typcategory).
enum class Category { boolean, number, string, time, span, other };

Category category_of(Type type) {
  switch (type) {
    case Type::boolean:
      return Category::boolean;
    case Type::int16:
    case Type::int32:
    case Type::int64:
    case Type::float32:
    case Type::float64:
    case Type::numeric:
      return Category::number;
    case Type::text:
      return Category::string;
    case Type::date:
    case Type::time:
    case Type::timestamp:
    case Type::timestamptz:
      return Category::time;
    case Type::interval:
      return Category::span;
    case Type::bytes:
    case Type::uuid:
    case Type::jsonb:
    case Type::composite:
      return Category::other;
  }
  return Category::other;
}

tl::unexpected<Error> no_common_type(Type a, Type b) {
  return fail(ErrorKind::usage, fmt::format("{} and {} have no common type; cast one of them",
                                            sql_name(a), sql_name(b)));
}

}  // namespace

const Cast* find_cast(Type from, Type to) {
  if (is_array(from) || is_array(to)) {
    // Made of the casts of their elements, which are found below.
    static const std::vector<Cast> kArrayCasts = array_casts();
    return find_in(kArrayCasts, from, to);
  }
  static const std::vector<Cast> kCasts = [] {
    std::vector<Cast> all = plain_casts();
    for (Cast& cast : time_casts()) all.push_back(std::move(cast));
    return all;
  }();
  return find_in(kCasts, from, to);
}

Result<Type> common_type(std::span<const ArgumentType> types) {
  std::optional<Type> candidate;
  for (const ArgumentType& type : types) {
    if (!type || type == candidate) continue;
    if (!candidate) {
      candidate = type;
    } else if (is_array(*candidate) != is_array(*type) ||
               category_of(*candidate) != category_of(*type)) {
      return no_common_type(*candidate, *type);
    } else if (!is_preferred(*candidate) && can_cast(*candidate, *type, CastContext::implicit) &&
               !can_cast(*type, *candidate, CastContext::implicit)) {
      candidate = type;
    }
  }
  if (!candidate) return Type::text;
  for (const ArgumentType& type : types)
    if (type && !can_cast(*type, *candidate, CastContext::implicit))
      return no_common_type(*candidate, *type);
  return *candidate;
}

bool is_preferred(Type type) {
  return type == Type::boolean || type == Type::float64 || type == Type::text ||
         type == Type::timestamptz || type == Type::interval;
}

bool same_category(Type a, Type b) {
  return category_of(a) == category_of(b);
}

bool can_cast(Type from, Type to, CastContext context) {
  if (from == to) return true;
  const Cast* cast = find_cast(from, to);
  return cast != nullptr && cast->context <= context;
}

}  // namespace turntable::sql
