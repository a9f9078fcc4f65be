// JSON texts (RFC 8259) outside of events: what columns of type jsonb have, and what arrays are in
// stores that know none. The parts of a value are views of its text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turntable {

// The object or array itself is level 1.
inline constexpr int kJsonTextDepthLimit = 1024;

// Whether the text, blanks around it included, is one JSON value in UTF-8, nested no deeper than
// kJsonTextDepthLimit.
[[nodiscard]] bool is_json(std::string_view text);

// What a JSON text has inside, one level down. Nothing where it is no JSON, or of another kind.
struct JsonMember {
  std::string name;
  std::string_view value;  // Its text, without blanks around it.
};
[[nodiscard]] std::optional<std::vector<JsonMember>> json_members(std::string_view object);
[[nodiscard]] std::optional<std::vector<std::string_view>> json_elements(std::string_view array);
// The characters of a string, its escapes resolved.
[[nodiscard]] std::optional<std::string> json_string(std::string_view string);

}  // namespace turntable
