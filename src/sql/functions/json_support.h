// What the functions and casts of jsonb share. A value of type jsonb is JSON text: as it came in a
// declared column, in PostgreSQL's form where an expression made it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "json/json_value.h"
#include "sql/functions/text_support.h"
#include "sql/loops.h"

namespace turntable::sql {

// Reads JSON texts row by row.
class JsonState final : public FunctionState {
 public:
  // Nothing where the text is no JSON that jsonb can hold.
  [[nodiscard]] std::optional<json::Value> read(Text json) { return reader_.read(json); }
  // In PostgreSQL's form.
  [[nodiscard]] std::optional<Text> printed(Text json, Arena& arena);
  // What ->> gives for a value: a string's characters, NULL for null.
  [[nodiscard]] std::optional<Nullable<Text>> as_text(Text json, Arena& arena);
  [[nodiscard]] json::Reader& reader() { return reader_; }

 private:
  json::Reader reader_;
  std::string scratch_;
};

// For functions that describe themselves.
[[nodiscard]] inline std::unique_ptr<FunctionState> open_json() {
  return std::make_unique<JsonState>();
}

// As jsonb_typeof() names it.
[[nodiscard]] std::string_view kind_text(json::Value::Kind kind);

// The same as JsonState::printed() once, without a state; a text that is no JSON stays as it is.
[[nodiscard]] Text printed_json(Text json, Arena& arena);

[[nodiscard]] Text printed_json(const json::Value& value, Arena& arena);

[[nodiscard]] Reason no_jsonb(Text text);

// The value as a boolean or number: nothing where it is another kind of value, or out of range.
template <Type to>
[[nodiscard]] std::optional<CppType<to>> scalar_of(const json::Value& value);
[[nodiscard]] Reason no_scalar(JsonState& state, Text json, Type to);

// True where the text is a whole number without an exponent that is the same in PostgreSQL's form.
[[nodiscard]] bool is_plain_integer(Text json);

// The position that an element of a path names: an int as C reads it.
[[nodiscard]] std::optional<int32_t> path_index(Text element);

}  // namespace turntable::sql
