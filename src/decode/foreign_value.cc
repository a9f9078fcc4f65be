#include "decode/foreign_value.h"

#include <fmt/format.h>

#include "base/file_kind.h"
#include "decode/json_decoder.h"
#include "json/json_walk.h"

namespace turntable {
namespace {

using json::error_code;
namespace ondemand = simdjson::ondemand;

// A zero byte and the schema's id in four, in front of what the schema describes:
// https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
std::optional<std::string> registry_record(std::string_view value) {
  constexpr size_t kHeaderBytes = 5;
  if (value.size() < kHeaderBytes || value[0] != '\0') return std::nullopt;
  uint32_t id = 0;
  for (const char c : value.substr(1, kHeaderBytes - 1)) id = id << 8 | static_cast<uint8_t>(c);
  const std::string_view framed = json::without_leading_space(value.substr(kHeaderBytes));
  // Avro and Protobuf cannot be told apart without the schema.
  const std::string_view form = framed.starts_with('{') ? "JSON Schema" : "Avro or Protobuf";
  return fmt::format(
      "The value begins with the header of a schema registry (a zero byte and the schema id {}) in "
      "front of {}, but it must be plain JSON. Write it with a serializer without a registry: in "
      "Kafka Connect, value.converter = org.apache.kafka.connect.json.JsonConverter with "
      "value.converter.schemas.enable = false.",
      id, form);
}

error_code read_string(std::string_view json, std::string& text) {
  const simdjson::padded_string padded(json);
  ondemand::parser parser;
  ondemand::document document;
  RETURN_IF_JSON_ERROR(parser.iterate(padded).get(document));
  std::string_view view;
  RETURN_IF_JSON_ERROR(document.get_string().get(view));
  text = view;
  return simdjson::SUCCESS;
}

error_code read_object(std::string_view json) {
  const simdjson::padded_string padded(json);
  ondemand::parser parser;
  RETURN_IF_JSON_ERROR(parser.allocate(json.size(), kMaxJsonDepth + 2));
  ondemand::document document;
  RETURN_IF_JSON_ERROR(parser.iterate(padded).get(document));
  ondemand::object object;
  RETURN_IF_JSON_ERROR(document.get_object().get(object));
  for (auto next : object) {
    RETURN_IF_JSON_ERROR(next.error());
    ondemand::field&& field = std::move(next).value_unsafe();
    RETURN_IF_JSON_ERROR(json::skip(field.value(), 1, true));
  }
  return simdjson::SUCCESS;
}

std::optional<std::string> encoded_twice(std::string_view value) {
  if (!json::without_leading_space(value).starts_with('"')) return std::nullopt;
  std::string text;
  if (read_string(value, text) || read_object(text)) return std::nullopt;
  return "The value is a JSON string whose text is a JSON object: it was encoded twice. Give the "
         "producer's JSON serializer the object, or send its text as it is.";
}

}  // namespace

std::optional<std::string> foreign_value(std::string_view value) {
  // Before the header of a registry: text in UTF-16 can begin with a zero byte, too.
  if (const auto kind = file_kind(value))
    return fmt::format("The value is {}, but it must be JSON in UTF-8.", kind->what);
  if (auto record = registry_record(value)) return record;
  return encoded_twice(value);
}

}  // namespace turntable
