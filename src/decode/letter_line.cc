#include "decode/letter_line.h"

#include <fmt/format.h>

#include "base/iso_time.h"
#include "base/text.h"
#include "json/json_walk.h"

namespace turntable {
namespace {

using json::error_code;
using json::simdjson_result;
namespace ondemand = simdjson::ondemand;

constexpr int kHeaderDepth = 3;  // A header is an object in an array in the letter.
constexpr int kInsertDepth = 3;  // So is an INSERT.

// Base64, or nothing where the value is null.
error_code read_bytes(ondemand::value& value, std::optional<std::string>& bytes) {
  bytes.reset();
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
  millis = kNoTimestamp;
  if (type == ondemand::json_type::null) return json::skip(value, 1, true);
  if (type == ondemand::json_type::number) return value.get_int64().get(millis);
  std::string_view text;
  RETURN_IF_JSON_ERROR(value.get_string().get(text));
  const auto micros = parse_iso_time(text);
  if (!micros) return simdjson::INCORRECT_TYPE;
  millis = *micros / 1000 - (*micros % 1000 < 0 ? 1 : 0);
  return simdjson::SUCCESS;
}

// Microseconds since 1970. It decides about no more than the order of rows: one that no record can
// have counts as none, and the letter is kept.
error_code read_write_time(ondemand::value& value, int64_t& micros) {
  micros = kNoWriteTime;
  int64_t number = 0;
  if (value.get_int64().get(number) != simdjson::SUCCESS) return json::skip(value, 1, true);
  if (number >= 0) micros = number;
  return simdjson::SUCCESS;
}

error_code read_text(ondemand::value& value, std::string& text) {
  std::string_view view;
  RETURN_IF_JSON_ERROR(json::unescaped(value).get(view));
  text = view;
  return simdjson::SUCCESS;
}

// Calls `read(name, value)` for every field.
template <class Read>
error_code read_fields(ondemand::object& object, Read read) {
  for (auto next : object) {
    RETURN_IF_JSON_ERROR(next.error());
    ondemand::field&& field = std::move(next).value_unsafe();
    std::string_view view;
    RETURN_IF_JSON_ERROR(json::unescaped_key(field).get(view));
    const std::string name(view);  // The parser's buffer is written over by the value.
    RETURN_IF_JSON_ERROR(read(name, field.value()));
  }
  return simdjson::SUCCESS;
}

error_code read_header(ondemand::object& object, Header& header) {
  std::optional<std::string> exact_name;
  RETURN_IF_JSON_ERROR(read_fields(object, [&](const std::string& name, ondemand::value& value) {
    if (name == "name") return read_text(value, header.name);
    if (name == "name_base64") return read_bytes(value, exact_name);
    if (name == "value_base64") return read_bytes(value, header.value);
    return json::skip(value, kHeaderDepth, true);
  }));
  if (exact_name) header.name = std::move(*exact_name);
  return simdjson::SUCCESS;
}

// Null where they could not be read.
error_code read_headers(ondemand::value& value, Letter& letter) {
  letter.headers.clear();  // The last of duplicate fields counts.
  RETURN_IF_JSON_ERROR(value.is_null().get(letter.headers_unread));
  if (letter.headers_unread) return simdjson::SUCCESS;
  ondemand::array array;
  RETURN_IF_JSON_ERROR(value.get_array().get(array));
  for (auto element : array) {
    ondemand::object object;
    RETURN_IF_JSON_ERROR(element.get_object().get(object));
    RETURN_IF_JSON_ERROR(read_header(object, letter.headers.emplace_back()));
  }
  return simdjson::SUCCESS;
}

error_code read_insert(ondemand::object& object, LetterInsert& insert) {
  RETURN_IF_JSON_ERROR(read_fields(object, [&](const std::string& name, ondemand::value& value) {
    if (name == "insert") return read_text(value, insert.name);
    if (name == "reason") return read_text(value, insert.reason);
    if (name == "detail") return read_text(value, insert.detail);
    return json::skip(value, kInsertDepth, true);
  }));
  return insert.name.empty() || insert.reason.empty() ? simdjson::INCORRECT_TYPE
                                                      : simdjson::SUCCESS;
}

// A value, or a document of its own.
template <class Value>
error_code read_inserts(Value& value, std::vector<LetterInsert>& inserts) {
  inserts.clear();
  ondemand::array array;
  RETURN_IF_JSON_ERROR(value.get_array().get(array));
  for (auto element : array) {
    ondemand::object object;
    RETURN_IF_JSON_ERROR(element.get_object().get(object));
    RETURN_IF_JSON_ERROR(read_insert(object, inserts.emplace_back()));
  }
  return simdjson::SUCCESS;
}

error_code read_field(std::string_view name, ondemand::value& value, Letter& letter) {
  if (name == "topic") return read_text(value, letter.topic);
  if (name == "topic_id") return read_text(value, letter.topic_id);
  if (name == "reason") return read_text(value, letter.reason);
  if (name == "detail") return read_text(value, letter.detail);
  if (name == "offset") return value.get_int64().get(letter.offset);
  if (name == "time") return read_time(value, letter.timestamp_ms);
  if (name == "write_time") return read_write_time(value, letter.write_time_us);
  if (name == "key_base64") return read_bytes(value, letter.key);
  if (name == "value_base64") return read_bytes(value, letter.value);
  if (name == "headers") return read_headers(value, letter);
  if (name == "inserts") return read_inserts(value, letter.inserts);
  if (name != "partition") return json::skip(value, 1, true);  // Such as value, for people.
  int64_t partition = 0;
  RETURN_IF_JSON_ERROR(value.get_int64().get(partition));
  letter.partition = static_cast<PartitionId>(partition);
  return is_place(partition, 0) ? simdjson::SUCCESS : simdjson::NUMBER_OUT_OF_RANGE;
}

error_code read_letter(ondemand::parser& parser, simdjson::padded_string_view text,
                       Letter& letter) {
  ondemand::document document;
  RETURN_IF_JSON_ERROR(parser.iterate(text).get(document));
  ondemand::object object;
  RETURN_IF_JSON_ERROR(document.get_object().get(object));
  RETURN_IF_JSON_ERROR(
      read_fields(object, [&letter](const std::string& name, ondemand::value& value) {
        return read_field(name, value, letter);
      }));
  // Two letters whose line break was lost are none: the second must not vanish in silence.
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

}  // namespace

Result<std::vector<LetterInsert>> parse_letter_inserts(std::string_view json) {
  ondemand::parser parser;
  const simdjson::padded_string padded(json);
  ondemand::document document;
  std::vector<LetterInsert> inserts;
  error_code code = parser.iterate(padded).get(document);
  if (code == simdjson::SUCCESS) code = read_inserts(document, inserts);
  if (code == simdjson::SUCCESS && document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    code = simdjson::TAPE_ERROR;
  if (code != simdjson::SUCCESS)
    return fail(ErrorKind::row,
                fmt::format("they are no INSERTs: {}", simdjson::error_message(code)));
  return inserts;
}

Result<Letter> parse_letter_line(std::string_view line) {
  ondemand::parser parser;
  const simdjson::padded_string padded(json::without_mark(line));
  Letter letter;
  if (const error_code code = read_letter(parser, padded, letter))
    return fail(ErrorKind::row,
                fmt::format("it is no dead letter: {}", simdjson::error_message(code)));
  if (letter.topic.empty() || letter.reason.empty())
    return fail(ErrorKind::row, "it is no dead letter: topic or reason is missing");
  if (!is_place(letter.partition, letter.offset))
    return fail(ErrorKind::row, "it is no dead letter: no record can have its offset");
  return letter;
}

}  // namespace turntable
