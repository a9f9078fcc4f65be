#include "json/json_walk.h"

#include "base/number_form.h"
#include "base/text.h"
#include "json/depth.h"

namespace turntable::json {
namespace {

// simdjson 3.0 lets the second half of a surrogate pair stand alone, which is no character.
simdjson_result<std::string_view> checked(simdjson_result<std::string_view> text) {
  std::string_view characters;
  RETURN_IF_JSON_ERROR(std::move(text).get(characters));
  if (!is_utf8(characters)) return simdjson::STRING_ERROR;
  return characters;
}

error_code skip_scalar(ondemand::value& value, ondemand::json_type type, bool has_escapes) {
  const std::string_view text = token(value);
  switch (type) {
    case ondemand::json_type::string:
      // Escapes are all that can be wrong in a string that the parser found closed.
      if (has_escapes && text.find('\\') != std::string_view::npos) return unescaped(value).error();
      return value.get_raw_json_string().error();
    case ondemand::json_type::number:
      return number_form(text) == NumberForm::none ? simdjson::NUMBER_ERROR : simdjson::SUCCESS;
    case ondemand::json_type::boolean:
      return text == "true" || text == "false" ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
    default:
      return text == "null" ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
  }
}

error_code skip_array(ondemand::value& value, int depth, bool has_escapes) {
  ondemand::array array;
  RETURN_IF_JSON_ERROR(value.get_array().get(array));
  for (auto next : array) {
    RETURN_IF_JSON_ERROR(next.error());
    ondemand::value&& element = std::move(next).value_unsafe();
    RETURN_IF_JSON_ERROR(skip(element, depth, has_escapes));
  }
  return simdjson::SUCCESS;
}

error_code skip_object(ondemand::value& value, int depth, bool has_escapes) {
  ondemand::object object;
  RETURN_IF_JSON_ERROR(value.get_object().get(object));
  for (auto next : object) {
    RETURN_IF_JSON_ERROR(next.error());
    ondemand::field&& field = std::move(next).value_unsafe();
    if (has_escapes) RETURN_IF_JSON_ERROR(unescaped_key(field).error());
    RETURN_IF_JSON_ERROR(skip(field.value(), depth, has_escapes));
  }
  return simdjson::SUCCESS;
}

}  // namespace

simdjson_result<std::string_view> unescaped_key(ondemand::field& field) {
  return checked(field.unescaped_key());
}

simdjson_result<std::string_view> unescaped(ondemand::value& value) {
  return checked(value.get_string());
}

error_code skip(ondemand::value& value, int depth, bool has_escapes) {
  ondemand::json_type type;
  RETURN_IF_JSON_ERROR(value.type().get(type));
  const bool container = type == ondemand::json_type::array || type == ondemand::json_type::object;
  if (!container) return skip_scalar(value, type, has_escapes);
  if (depth >= kMaxJsonDepth) return simdjson::DEPTH_ERROR;
  return type == ondemand::json_type::array ? skip_array(value, depth + 1, has_escapes)
                                            : skip_object(value, depth + 1, has_escapes);
}

simdjson_result<std::string_view> raw_text(ondemand::value& value, int depth, bool has_escapes) {
  std::string_view first = token(value);
  RETURN_IF_JSON_ERROR(skip(value, depth, has_escapes));
  if (first != "[" && first != "{") return std::string_view(first);
  // The parser stands at what follows the container.
  const char* end = nullptr;
  RETURN_IF_JSON_ERROR(value.current_location().get(end));
  return without_trailing_space({first.data(), static_cast<size_t>(end - first.data())});
}

std::string_view what_is_wrong(error_code error) {
  switch (error) {
    case simdjson::EMPTY:
      return "it is only white space";
    case simdjson::UNCLOSED_STRING:
      return "a string is not closed";
    case simdjson::UNESCAPED_CHARS:
      return "a control character stands in a string unescaped";
    case simdjson::STRING_ERROR:
      return "a string has an escape that JSON does not know, or half of a surrogate pair";
    case simdjson::NUMBER_ERROR:
      return "a number is not in JSON's form";
    case simdjson::DEPTH_ERROR:
      return "it is nested too deep";
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return "it is too large";
    default:
      return "a comma, colon, bracket or value is missing, superfluous or misspelt";
  }
}

}  // namespace turntable::json
