#include "base/json_text.h"

#include "base/number_form.h"
#include "base/text.h"

namespace turntable {
namespace {

// Takes values from the left of a text. After a fault nothing more is taken.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) { skip_blanks(); }

  [[nodiscard]] bool done() const { return rest_.empty(); }

  bool accept(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    skip_blanks();
    return true;
  }

  // The text of a value, which is looked at down to its ends.
  std::optional<std::string_view> value(int depth) {
    const std::string_view from = rest_;
    if (!take_value(depth)) return std::nullopt;
    std::string_view text = from.substr(0, from.size() - rest_.size());
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
  }

  std::optional<std::string> string() {
    if (!rest_.starts_with('"')) return std::nullopt;
    rest_.remove_prefix(1);
    std::string out;
    while (!rest_.empty() && rest_[0] != '"') {
      if (static_cast<unsigned char>(rest_[0]) < 0x20) return std::nullopt;
      if (rest_[0] != '\\') {
        out += rest_[0];
        rest_.remove_prefix(1);
      } else if (!take_escape(out)) {
        return std::nullopt;
      }
    }
    if (rest_.empty()) return std::nullopt;
    rest_.remove_prefix(1);
    skip_blanks();
    return out;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_[0])) rest_.remove_prefix(1);
  }

  bool take_word(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    skip_blanks();
    return true;
  }

  bool take_number() {
    const std::string_view token = rest_.substr(0, rest_.find_first_not_of("+-.0123456789eE"));
    if (number_form(token) == NumberForm::none) return false;
    rest_.remove_prefix(token.size());
    skip_blanks();
    return true;
  }

  bool take_value(int depth) {
    if (rest_.empty()) return false;
    switch (rest_[0]) {
      case '{':
      case '[':
        return depth < kJsonTextDepthLimit && take_container(depth + 1);
      case '"':
        return string().has_value();
      case 't':
        return take_word("true");
      case 'f':
        return take_word("false");
      case 'n':
        return take_word("null");
      default:
        return take_number();
    }
  }

  bool take_container(int depth) {
    const bool object = rest_[0] == '{';
    const char end = object ? '}' : ']';
    accept(rest_[0]);
    if (accept(end)) return true;
    do {
      if (object && (!string() || !accept(':'))) return false;
      if (!take_value(depth)) return false;
    } while (accept(','));
    return accept(end);
  }

  std::optional<unsigned> take_hex() {
    if (rest_.size() < 4) return std::nullopt;
    unsigned number = 0;
    for (const char c : rest_.substr(0, 4)) {
      const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                             : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                             : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                    : 16;
      if (digit == 16) return std::nullopt;
      number = number * 16 + digit;
    }
    rest_.remove_prefix(4);
    return number;
  }

  static void append_utf8(std::string& out, unsigned code) {
    const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6);
      put(0x80 | (code & 0x3F));
    } else if (code < 0x1'0000) {
      put(0xE0 | code >> 12);
      put(0x80 | (code >> 6 & 0x3F));
      put(0x80 | (code & 0x3F));
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
      put(0x80 | (code >> 6 & 0x3F));
      put(0x80 | (code & 0x3F));
    }
  }

  bool take_escape(std::string& out) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (rest_.size() < 2) return false;
    const char escape = rest_[1];
    rest_.remove_prefix(2);
    if (const size_t known = kEscapes.find(escape); known != std::string_view::npos) {
      out += kMeanings[known];
      return true;
    }
    if (escape != 'u') return false;
    auto code = take_hex();
    if (!code || (*code >= 0xDC00 && *code < 0xE000)) return false;
    if (*code >= 0xD800 && *code < 0xDC00) {
      if (!rest_.starts_with("\\u")) return false;
      rest_.remove_prefix(2);
      const auto low = take_hex();
      if (!low || *low < 0xDC00 || *low >= 0xE000) return false;
      code = 0x1'0000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    }
    append_utf8(out, *code);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

bool is_json(std::string_view text) {
  if (!is_utf8(text)) return false;
  Reader reader(text);
  return reader.value(0).has_value() && reader.done();
}

std::optional<std::vector<JsonMember>> json_members(std::string_view object) {
  Reader reader(object);
  std::vector<JsonMember> members;
  if (!reader.accept('{')) return std::nullopt;
  if (!reader.accept('}')) {
    do {
      auto name = reader.string();
      if (!name || !reader.accept(':')) return std::nullopt;
      const auto value = reader.value(1);
      if (!value) return std::nullopt;
      members.push_back({std::move(*name), *value});
    } while (reader.accept(','));
    if (!reader.accept('}')) return std::nullopt;
  }
  return reader.done() ? std::optional(std::move(members)) : std::nullopt;
}

std::optional<std::vector<std::string_view>> json_elements(std::string_view array) {
  Reader reader(array);
  std::vector<std::string_view> elements;
  if (!reader.accept('[')) return std::nullopt;
  if (!reader.accept(']')) {
    do {
      const auto value = reader.value(1);
      if (!value) return std::nullopt;
      elements.push_back(*value);
    } while (reader.accept(','));
    if (!reader.accept(']')) return std::nullopt;
  }
  return reader.done() ? std::optional(std::move(elements)) : std::nullopt;
}

std::optional<std::string> json_string(std::string_view string) {
  Reader reader(string);
  auto text = reader.string();
  return text && reader.done() ? std::move(text) : std::nullopt;
}

}  // namespace turntable
