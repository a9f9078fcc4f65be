#include "sql/functions/json_support.h"

#include <charconv>
#include <limits>

#include "row/parse_numeric.h"
#include "sql/value_text.h"

namespace turntable::sql {
namespace {

using JsonKind = json::Value::Kind;

// Rounded half away from zero, as numeric is when it becomes an integer.
template <class Integer>
std::optional<Integer> rounded(Text number) {
  const size_t point = number.find('.');
  Int128 whole = 0;
  const bool negative = number.starts_with('-');
  for (const char digit : number.substr(negative ? 1 : 0, point - (negative ? 1 : 0))) {
    if (digit == '.') break;
    whole = whole * 10 + (digit - '0');
    if (whole > Int128{std::numeric_limits<int64_t>::max()} + 2) return std::nullopt;
  }
  if (point != Text::npos && number[point + 1] >= '5') ++whole;
  if (negative) whole = -whole;
  if (whole < std::numeric_limits<Integer>::min() || whole > std::numeric_limits<Integer>::max())
    return std::nullopt;
  return static_cast<Integer>(whole);
}

}  // namespace

std::string_view kind_text(json::Value::Kind kind) {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::string:
      return "string";
    case JsonKind::number:
      return "number";
    case JsonKind::boolean:
      return "boolean";
    case JsonKind::array:
      return "array";
    case JsonKind::object:
      return "object";
  }
  return "";
}

std::optional<Text> JsonState::printed(Text json, Arena& arena) {
  if (is_plain_integer(json)) return json;
  const auto value = reader_.read(json);
  if (!value) return std::nullopt;
  scratch_.clear();
  json::append_text(scratch_, *value);
  if (scratch_ == json) return json;
  if (scratch_.size() > kResultBytesLimit) return std::nullopt;
  return arena.copy(scratch_);
}

std::optional<Nullable<Text>> JsonState::as_text(Text json, Arena& arena) {
  if (json == "null") return Nullable<Text>();
  // Blanks may stand around a value that is kept as it came.
  if (json.size() > 1 && json.starts_with('"') && json.ends_with('"') &&
      json.find('\\') == Text::npos)
    return Nullable<Text>(json.substr(1, json.size() - 2));
  if (is_plain_integer(json)) return Nullable<Text>(json);
  const auto value = reader_.read(json);
  if (!value) return std::nullopt;
  if (value->kind == JsonKind::null) return Nullable<Text>();
  if (value->kind == JsonKind::string) return Nullable<Text>(arena.copy(value->text));
  scratch_.clear();
  json::append_text(scratch_, *value);
  if (scratch_.size() > kResultBytesLimit) return std::nullopt;
  return Nullable<Text>(arena.copy(scratch_));
}

Text printed_json(Text json, Arena& arena) {
  JsonState state;
  return state.printed(json, arena).value_or(json);
}

Text printed_json(const json::Value& value, Arena& arena) {
  std::string out;
  json::append_text(out, value);
  return arena.copy(out);
}

Reason no_jsonb(Text text) {
  return bad_value(fmt::format("'{}' is no jsonb", printable(text)));
}

bool is_plain_integer(Text json) {
  constexpr size_t kLongest = 18;
  const size_t sign = json.starts_with('-') ? 1 : 0;
  if (json.size() <= sign || json.size() > kLongest) return false;
  if (json[sign] == '0') return json.size() == 1;
  return json.find_first_not_of("0123456789", sign) == Text::npos;
}

template <Type to>
std::optional<CppType<to>> scalar_of(const json::Value& value) {
  if constexpr (to == Type::boolean) {
    if (value.kind != JsonKind::boolean) return std::nullopt;
    return static_cast<uint8_t>(value.boolean ? 1 : 0);
  } else {
    if (value.kind != JsonKind::number) return std::nullopt;
    if constexpr (to == Type::float32) {
      return parse_float32(value.text).value;
    } else if constexpr (to == Type::float64) {
      return parse_float64(value.text).value;
    } else if constexpr (to == Type::numeric) {
      return turntable::parse_numeric(value.text).value;
    } else {
      return rounded<CppType<to>>(value.text);
    }
  }
}
template std::optional<uint8_t> scalar_of<Type::boolean>(const json::Value&);
template std::optional<int16_t> scalar_of<Type::int16>(const json::Value&);
template std::optional<int32_t> scalar_of<Type::int32>(const json::Value&);
template std::optional<int64_t> scalar_of<Type::int64>(const json::Value&);
template std::optional<float> scalar_of<Type::float32>(const json::Value&);
template std::optional<double> scalar_of<Type::float64>(const json::Value&);
template std::optional<Numeric> scalar_of<Type::numeric>(const json::Value&);

Reason no_scalar(JsonState& state, Text json, Type to) {
  const auto value = state.read(json);
  if (!value) return no_jsonb(json);
  const JsonKind wanted = to == Type::boolean ? JsonKind::boolean : JsonKind::number;
  if (value->kind != wanted)
    return bad_value(
        fmt::format("a jsonb {} cannot be cast to {}", kind_text(value->kind), sql_name(to)));
  return {RejectCode::out_of_range,
          fmt::format("{} is out of range for {}", printable(value->text), sql_name(to))};
}

std::optional<int32_t> path_index(Text element) {
  while (!element.empty() && (element[0] == ' ' || (element[0] >= '\t' && element[0] <= '\r')))
    element.remove_prefix(1);
  if (element.starts_with('+')) {
    element.remove_prefix(1);
    if (element.starts_with('-')) return std::nullopt;
  }
  int32_t index = 0;
  if (!read_number(element, index)) return std::nullopt;
  return index;
}

}  // namespace turntable::sql
