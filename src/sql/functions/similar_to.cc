#include "sql/functions/similar_to.h"

#include "sql/functions/characters.h"
#include "sql/functions/text_support.h"

namespace turntable::sql {

std::optional<std::string> of_similar(Text pattern, Text escape, std::string& error) {
  if (!escape.empty() && character_bytes(escape[0]) != escape.size()) {
    error = fmt::format("the escape '{}' is more than one character", printable(escape));
    return std::nullopt;
  }
  std::string out = "^(?:";
  bool escaped = false;
  bool in_brackets = false;
  int quotes = 0;
  for (size_t at = 0; at < pattern.size();) {
    const Text character = pattern.substr(at, character_bytes(pattern[at]));
    const char c = pattern[at];
    at += character.size();
    if (escaped) {
      escaped = false;
      if (c != '"' || in_brackets) {
        out += '\\';
        out += character;
      } else if (++quotes > 2) {
        error = "the pattern has more than two separators, the escape character and \"";
        return std::nullopt;
      } else {
        // The part before is as short as can be, the one behind takes what is left.
        out += quotes == 1 ? "){1,1}?(" : "){1,1}(?:";
      }
    } else if (!escape.empty() && character == escape) {
      escaped = true;
    } else if (in_brackets) {
      if (c == '\\') out += '\\';
      out += character;
      in_brackets = c != ']';
    } else if (c == '[') {
      out += c;
      in_brackets = true;
    } else if (c == '%') {
      out += ".*";
    } else if (c == '_') {
      out += '.';
    } else if (c == '(') {
      out += "(?:";
    } else {
      if (c == '\\' || c == '.' || c == '^' || c == '$') out += '\\';
      out += character;
    }
  }
  return out + ")$";
}

}  // namespace turntable::sql
