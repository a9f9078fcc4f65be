#include "decode/json_paths.h"

#include <algorithm>

#include "json/depth.h"

namespace turntable {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

void JsonPaths::add(std::span<const std::string> keys, size_t column) {
  std::vector<Key>* level = &keys_;
  for (size_t i = 0; i < keys.size(); ++i) {
    auto known = std::find_if(level->begin(), level->end(),
                              [&](const Key& other) { return other.name == keys[i]; });
    if (known == level->end()) known = level->insert(known, Key{.name = keys[i]});
    if (i + 1 == keys.size()) known->column = column;
    level = &known->inside;
  }
}

void JsonPaths::forget(const std::vector<Key>& keys, std::span<Column> columns, uint32_t row) {
  for (const Key& key : keys) {
    if (key.column != kNoColumn) columns[key.column].set_null(row);
    forget(key.inside, columns, row);
  }
}

error_code JsonPaths::Walk::read(ondemand::value& value, const std::vector<Key>& keys,
                                 int depth) const {
  ondemand::json_type type;
  RETURN_IF_JSON_ERROR(value.type().get(type));
  if (type != ondemand::json_type::object) return json::skip(value, depth, has_escapes);
  if (depth >= kMaxJsonDepth) return simdjson::DEPTH_ERROR;
  ondemand::object object;
  RETURN_IF_JSON_ERROR(value.get_object().get(object));
  for (auto next : object) {
    RETURN_IF_JSON_ERROR(next.error());
    ondemand::field&& field = std::move(next).value_unsafe();
    const char* const begin = field.key().raw();
    const char* end = begin;
    // The parser has seen to it that every string is closed.
    while (*end != '"' && *end != '\\') ++end;
    std::string_view name(begin, static_cast<size_t>(end - begin));
    if (*end == '\\') {
      RETURN_IF_JSON_ERROR(json::unescaped_key(field).get(name));
    }
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [name](const Key& each) { return each.name == name; });
    if (key == keys.end()) {
      RETURN_IF_JSON_ERROR(json::skip(field.value(), depth + 1, has_escapes));
    } else {
      RETURN_IF_JSON_ERROR(read_at(field.value(), *key, depth + 1));
    }
  }
  return simdjson::SUCCESS;
}

error_code JsonPaths::Walk::read_at(ondemand::value& value, const Key& key, int depth) const {
  if (key.column == kNoColumn) {
    forget(key.inside, columns, row);
    return read(value, key.inside, depth);
  }
  std::string_view text;
  RETURN_IF_JSON_ERROR(json::raw_text(value, depth, has_escapes).get(text));
  columns[key.column].set(row, record.in_payload(text));
  return simdjson::SUCCESS;
}

}  // namespace turntable
