// JSON values as jsonb has them: objects with their keys in order and each key once, numbers as
// numeric, strings without escapes. For functions that look into a value or make one; the decoder
// reads records without it (json_walk.h).
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turntable::json {

struct Member;

struct Value {
  // In the order in which PostgreSQL sorts values of different kinds.
  enum class Kind : uint8_t { null, string, number, boolean, array, object };

  Kind kind = Kind::null;
  bool boolean = false;
  std::string text;             // A string's characters, or a number in numeric's form.
  std::vector<Member> members;  // An array's elements, or an object's fields in the order of keys.

  [[nodiscard]] bool is_container() const { return kind >= Kind::array; }
  // An object's field of that name; null where there is none, or this is no object.
  [[nodiscard]] const Value* field(std::string_view key) const;
};

struct Member {
  std::string key;  // Empty in an array.
  Value value;
};

// jsonb's order of keys: shorter ones first, then by bytes.
[[nodiscard]] bool key_before(std::string_view left, std::string_view right);

// Brings fields into the order of keys; of those with one key the last one stands.
void sort_fields(std::vector<Member>& fields);

// As jsonb prints it: {"a": [1, "b"]}.
void append_text(std::string& out, const Value& value);
// On several lines, as jsonb_pretty() does. False where that has more bytes than the limit: lines
// are indented, so that a deep value is printed much longer than it is.
[[nodiscard]] bool append_pretty(std::string& out, const Value& value, size_t bytes_limit);
// A string with its quotes, escaped as PostgreSQL does it.
void append_string(std::string& out, std::string_view characters);

// PostgreSQL's order of jsonb values. https://www.postgresql.org/docs/15/datatype-json.html
[[nodiscard]] std::strong_ordering compare(const Value& left, const Value& right);

// The operator @>.
[[nodiscard]] bool contains(const Value& outer, const Value& inner);

// Reads texts. Keeps its memory from text to text; one thread.
class Reader {
 public:
  Reader();
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Nothing where the text is no JSON, nests deeper than kMaxJsonDepth, or has what jsonb cannot
  // hold: the character U+0000, a number beyond numeric.
  [[nodiscard]] std::optional<Value> read(std::string_view text);

  // The text of an object's last field of that name, as it stands in `text`; nothing where there is
  // none. Makes no tree. Nothing, too, where the text is no JSON.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view text, std::string_view key);
  // The text of an array's element, from 0; a negative one counts from the end.
  [[nodiscard]] std::optional<std::string_view> element(std::string_view text, int64_t index);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace turntable::json
