#include "catalogue/array_text.h"

#include "base/text.h"

namespace turntable {
namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text[0])) text.remove_prefix(1);
}

// What is behind the opening quote.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string out;
  while (!text.empty() && text[0] != '"') {
    if (text[0] == '\\') text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    out += text[0];
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  return out;
}

// Up to the next comma or bracket, without the blanks at its end.
std::optional<std::string> take_bare(std::string_view& text, bool& is_null) {
  std::string out;
  size_t written = 0;  // Without blanks at its end, but for those behind a backslash.
  bool escaped = false;
  while (!text.empty() && text[0] != ',' && text[0] != '}') {
    if (text[0] == '{' || text[0] == '"') return std::nullopt;
    const bool escape = text[0] == '\\';
    if (escape) text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    escaped |= escape;
    out += text[0];
    if (escape || !is_blank(text[0])) written = out.size();
    text.remove_prefix(1);
  }
  out.resize(written);
  if (out.empty()) return std::nullopt;
  is_null = !escaped && lowercase(out) == "null";
  return out;
}

}  // namespace

std::optional<std::vector<std::optional<std::string>>> split_array(std::string_view text) {
  std::vector<std::optional<std::string>> elements;
  skip_blanks(text);
  if (!text.starts_with('{')) return std::nullopt;
  text.remove_prefix(1);
  skip_blanks(text);
  const bool empty = text.starts_with('}');
  while (!empty) {
    skip_blanks(text);
    const bool quoted = text.starts_with('"');
    if (quoted) text.remove_prefix(1);
    bool is_null = false;
    auto element = quoted ? take_quoted(text) : take_bare(text, is_null);
    if (!element) return std::nullopt;
    elements.push_back(is_null ? std::nullopt : std::move(element));
    skip_blanks(text);
    if (!text.starts_with(',')) break;
    text.remove_prefix(1);
  }
  if (!text.starts_with('}')) return std::nullopt;
  text.remove_prefix(1);
  skip_blanks(text);
  return text.empty() ? std::optional(std::move(elements)) : std::nullopt;
}

}  // namespace turntable
