#include "sqlite/array_json.h"

#include <limits>

#include "base/json_text.h"
#include "base/number_form.h"
#include "base/text.h"
#include "row/array.h"
#include "sqlite/value_forms.h"

namespace turntable::sqlite {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string hex_text(std::string_view bytes) {
  std::string out = "\\x";
  for (const char byte : bytes) {
    out += kHexDigits[static_cast<uint8_t>(byte) >> 4];
    out += kHexDigits[static_cast<uint8_t>(byte) & 15];
  }
  return out;
}

std::optional<std::string> bytes_of(std::string_view hex) {
  if (!hex.starts_with("\\x") || hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 2; i < hex.size(); i += 2) {
    const size_t high = kHexDigits.find(hex[i]);
    const size_t low = kHexDigits.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace

std::string element_json(CellView cell, Type type) {
  if (cell.is_null()) return "null";
  switch (type) {
    case Type::boolean:
    case Type::int16:
    case Type::int32:
    case Type::int64:
    case Type::jsonb:
      return cell_text(cell, type);
    case Type::float32:
    case Type::float64:
    case Type::numeric: {
      std::string text = cell_text(cell, type);
      return number_form(text) == NumberForm::none ? json_quote(text) : text;
    }
    case Type::text:
      return json_quote(cell.bytes());
    case Type::bytes:
      return json_quote(hex_text(cell.bytes()));
    default:
      break;
  }
  if (const auto form = form_of(cell, type)) return json_quote(*form);
  return std::to_string(type == Type::date ? int64_t{cell.date()} : cell.int64());
}

namespace {

template <class T>
std::optional<T> integer_of(std::string_view json) {
  T value = 0;
  return read_number(json, value) ? std::optional(value) : std::nullopt;
}

// A number, or one of the strings that element_json() writes of what is none.
template <class T>
std::optional<T> float_of(std::string_view json) {
  if (json == "\"NaN\"") return std::numeric_limits<T>::quiet_NaN();
  if (json == "\"Infinity\"") return std::numeric_limits<T>::infinity();
  if (json == "\"-Infinity\"") return -std::numeric_limits<T>::infinity();
  T value = 0;
  return read_number(json, value) ? std::optional(value) : std::nullopt;
}

// `append(out, value)`, where there is one.
template <class T, class Append>
bool appended(std::string& out, const std::optional<T>& value, Append append) {
  if (value) append(out, *value);
  return value.has_value();
}

}  // namespace

bool append_element(std::string& out, std::string_view json, Type type) {
  if (json == "null") {
    append_null_cell(out);
    return true;
  }
  switch (type) {
    case Type::boolean:
      if (json != "true" && json != "false") return false;
      append_bool_cell(out, json == "true");
      return true;
    case Type::int16:
      return appended(out, integer_of<int16_t>(json), append_int16_cell);
    case Type::int32:
      return appended(out, integer_of<int32_t>(json), append_int32_cell);
    case Type::int64:
      return appended(out, integer_of<int64_t>(json), append_int64_cell);
    case Type::float32:
      return appended(out, float_of<float>(json), append_float32_cell);
    case Type::float64:
      return appended(out, float_of<double>(json), append_float64_cell);
    case Type::jsonb:
      append_view_cell(out, json);
      return true;
    default:
      break;
  }
  if (const auto number = integer_of<int64_t>(json);
      number && type != Type::numeric && !json.starts_with('"'))
    return append_from_number(out, *number, type);
  if (type == Type::numeric && !json.starts_with('"')) return append_from_form(out, json, type);
  const auto text = json_string(json);
  if (!text) return false;
  if (type == Type::text) {
    append_view_cell(out, *text);
    return true;
  }
  if (type == Type::bytes) return appended(out, bytes_of(*text), append_view_cell);
  return append_from_form(out, *text, type);
}

std::string array_json(std::string_view array, Type element) {
  std::string text = "[";
  for (ArrayReader elements(array); !elements.done();)
    text += (text.size() == 1 ? "" : ",") + element_json(elements.next(), element);
  return text + "]";
}

std::optional<std::string> array_from_json(std::string_view text, Type element) {
  const auto elements = json_elements(text);
  if (!elements) return std::nullopt;
  ArrayWriter writer;
  for (const std::string_view json : *elements) {
    if (!append_element(writer.elements(), json, element)) return std::nullopt;
    writer.count_element();
  }
  return writer.finish();
}

}  // namespace turntable::sqlite
