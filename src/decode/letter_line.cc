#include "decode/letter_line.h"

#include <fmt/format.h>

#include "base/iso_time.h"
#include "base/text.h"
#include "decode/json_walk.h"

namespace turntable {
namespace {

using json::error_code;
using json::simdjson_result;
namespace ondemand = simdjson::ondemand;

// Base64, or nothing where the value is null.
error_code read_bytes(ondemand::value& value, std::optional<std::string>& bytes) {
  bool null = false;
  RETURN_IF_JSON_ERROR(value.is_null().get(null));
  if (null) return simdjson::SUCCESS;
  std::string_view text;
  RETURN_IF_JSON_ERROR(value.get_string().get(text));
  bytes = from_base64(text);
  return bytes ? simdjson::SUCCESS : simdjson::INCORRECT_TYPE;
}

// An ISO time; a number where the year is beyond what ISO writes; null.
error_code read_time(ondemand::value& value, int64_t& millis) {
  ondemand::json_type type{};
  RETURN_IF_JSON_ERROR(value.type().get(type));
  if (type == ondemand::json_type::null) return simdjson::SUCCESS;
  if (type == ondemand::json_type::number) return value.get_int64().get(millis);
  std::string_view text;
  RETURN_IF_JSON_ERROR(value.get_string().get(text));
  const auto micros = parse_iso_time(text);
  if (!micros) return simdjson::INCORRECT_TYPE;
  millis = *micros / 1000 - (*micros % 1000 < 0 ? 1 : 0);
  return simdjson::SUCCESS;
}

error_code read_headers(ondemand::value& value, std::vector<Header>& headers) {
  ondemand::array array;
  RETURN_IF_JSON_ERROR(value.get_array().get(array));
  for (auto element : array) {
    ondemand::object object;
    RETURN_IF_JSON_ERROR(element.get_object().get(object));
    Header& header = headers.emplace_back();
    for (auto next : object) {
      RETURN_IF_JSON_ERROR(next.error());
      std::string_view name;
      RETURN_IF_JSON_ERROR(next.unescaped_key().get(name));
      const bool is_name = name == "name";
      const bool is_value = name == "value_base64";
      ondemand::value field;
      RETURN_IF_JSON_ERROR(next.value().get(field));
      if (is_name) {
        RETURN_IF_JSON_ERROR(field.get_string().get(name));
        header.name = name;
      } else if (is_value) {
        RETURN_IF_JSON_ERROR(read_bytes(field, header.value));
      }
    }
  }
  return simdjson::SUCCESS;
}

error_code read_text(ondemand::value& value, std::string& text) {
  std::string_view view;
  RETURN_IF_JSON_ERROR(value.get_string().get(view));
  text = view;
  return simdjson::SUCCESS;
}

error_code read_field(std::string_view name, ondemand::value& value, Letter& letter) {
  if (name == "topic") return read_text(value, letter.topic);
  if (name == "reason") return read_text(value, letter.reason);
  if (name == "detail") return read_text(value, letter.detail);
  if (name == "offset") return value.get_int64().get(letter.offset);
  if (name == "time") return read_time(value, letter.timestamp_ms);
  if (name == "key_base64") return read_bytes(value, letter.key);
  if (name == "value_base64") return read_bytes(value, letter.value);
  if (name == "headers") return read_headers(value, letter.headers);
  if (name != "partition") return simdjson::SUCCESS;  // Such as value, for people.
  int64_t partition = 0;
  RETURN_IF_JSON_ERROR(value.get_int64().get(partition));
  letter.partition = static_cast<PartitionId>(partition);
  return partition == letter.partition && partition >= 0 ? simdjson::SUCCESS
                                                         : simdjson::NUMBER_OUT_OF_RANGE;
}

error_code read_letter(ondemand::parser& parser, simdjson::padded_string_view text,
                       Letter& letter) {
  ondemand::document document;
  RETURN_IF_JSON_ERROR(parser.iterate(text).get(document));
  ondemand::object object;
  RETURN_IF_JSON_ERROR(document.get_object().get(object));
  for (auto next : object) {
    RETURN_IF_JSON_ERROR(next.error());
    std::string_view view;
    RETURN_IF_JSON_ERROR(next.unescaped_key().get(view));
    const std::string name(view);
    ondemand::value value;
    RETURN_IF_JSON_ERROR(next.value().get(value));
    RETURN_IF_JSON_ERROR(read_field(name, value, letter));
  }
  return simdjson::SUCCESS;
}

}  // namespace

Result<Letter> parse_letter_line(std::string_view line) {
  ondemand::parser parser;
  const simdjson::padded_string padded(line);
  Letter letter;
  if (const error_code code = read_letter(parser, padded, letter))
    return fail(ErrorKind::row,
                fmt::format("it is no dead letter: {}", simdjson::error_message(code)));
  if (letter.topic.empty() || letter.reason.empty())
    return fail(ErrorKind::row, "it is no dead letter: topic or reason is missing");
  return letter;
}

}  // namespace turntable
