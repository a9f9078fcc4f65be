#include "sql/source_text.h"

#include <algorithm>

namespace turntable::sql {
namespace {

bool is_name_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '_' || byte == '$' || byte >= 0x80;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

enum class TokenKind { space, name, quoted_name, other };

struct Token {
  TokenKind kind;
  size_t end;
};

// One past the closing quote, or the text's end where there is none. A doubled quote is a quote.
size_t quoted_end(std::string_view text, size_t open, bool backslashes) {
  const char quote = text[open];
  for (size_t i = open + 1; i < text.size(); ++i) {
    if (backslashes && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 < text.size() && text[i + 1] == quote) {
        ++i;
      } else {
        return i + 1;
      }
    }
  }
  return text.size();
}

size_t block_comment_end(std::string_view text, size_t open) {
  size_t depth = 0;
  for (size_t i = open; i + 1 < text.size(); ++i) {
    if (text[i] == '/' && text[i + 1] == '*') {
      ++depth;
      ++i;
    } else if (text[i] == '*' && text[i + 1] == '/') {
      ++i;
      if (--depth == 0) return i + 1;
    }
  }
  return text.size();
}

// $$…$$ and $tag$…$tag$; one past `open` where this is no such quote.
size_t dollar_quoted_end(std::string_view text, size_t open) {
  size_t tag_end = open + 1;
  while (tag_end < text.size() && text[tag_end] != '$' && is_name_char(text[tag_end])) ++tag_end;
  const bool digit_first = tag_end > open + 1 && text[open + 1] >= '0' && text[open + 1] <= '9';
  if (tag_end == text.size() || text[tag_end] != '$' || digit_first) return open + 1;
  const std::string_view tag = text.substr(open, tag_end + 1 - open);
  const size_t close = text.find(tag, tag_end + 1);
  return close == std::string_view::npos ? text.size() : close + tag.size();
}

// The token that begins at `begin`. https://www.postgresql.org/docs/15/sql-syntax-lexical.html
Token next_token(std::string_view text, size_t begin) {
  const char c = text[begin];
  const char next = begin + 1 < text.size() ? text[begin + 1] : '\0';
  if (is_space(c)) return {TokenKind::space, begin + 1};
  if (c == '-' && next == '-')
    return {TokenKind::space, std::min(text.find('\n', begin), text.size())};
  if (c == '/' && next == '*') return {TokenKind::space, block_comment_end(text, begin)};
  if (c == '\'') return {TokenKind::other, quoted_end(text, begin, false)};
  if (c == '"') return {TokenKind::quoted_name, quoted_end(text, begin, false)};
  if ((c == 'e' || c == 'E') && next == '\'')
    return {TokenKind::other, quoted_end(text, begin + 1, true)};
  if (c == '$') return {TokenKind::other, dollar_quoted_end(text, begin)};
  if (is_name_char(c)) {
    size_t end = begin + 1;
    while (end < text.size() && is_name_char(text[end])) ++end;
    return {TokenKind::name, end};
  }
  return {TokenKind::other, begin + 1};
}

// Bounds the depth of the syntax tree from above: an open parenthesis is a level, and so is every
// token since the last comma of its level (a chain of operators or joins grows the tree leftwards,
// one level each).
class NestingGauge {
 public:
  void token(char first) {
    switch (first) {
      case '(':
      case '[':
        open();
        break;
      case ')':
      case ']':
        close();
        break;
      case ',':
        depth_ -= levels_.back();
        levels_.back() = 0;
        break;
      default:
        ++levels_.back();
        ++depth_;
    }
    deepest_ = std::max(deepest_, depth_);
  }
  [[nodiscard]] size_t deepest() const { return deepest_; }

 private:
  void open() {
    levels_.push_back(1);
    ++depth_;
  }
  void close() {
    if (levels_.size() == 1) return;
    depth_ -= levels_.back();
    levels_.pop_back();
  }

  std::vector<size_t> levels_{0};  // The tokens of each open level since its last comma.
  size_t depth_ = 0;               // Their sum.
  size_t deepest_ = 0;
};

}  // namespace

SourceText::SourceText(std::string_view text) : text_(text) {
  line_starts_.push_back(0);
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') line_starts_.push_back(i + 1);
}

std::vector<StatementText> SourceText::statements() const {
  std::vector<StatementText> found;
  std::optional<StatementText> current;
  NestingGauge gauge;
  const auto finish = [&] {
    if (current) {
      current->nesting = gauge.deepest();
      found.push_back(*current);
    }
    current.reset();
    gauge = NestingGauge();
  };
  for (size_t i = 0; i < text_.size();) {
    const Token token = next_token(text_, i);
    if (token.kind != TokenKind::space) {
      if (text_[i] == ';') {
        finish();
      } else {
        if (!current)
          current = StatementText{.begin = i, .end = i, .nesting = 0, .long_name = std::nullopt};
        current->end = token.end;
        gauge.token(text_[i]);
        const size_t quotes = token.kind == TokenKind::quoted_name ? 2 : 0;
        const bool number = text_[i] >= '0' && text_[i] <= '9';
        const bool name = token.kind != TokenKind::other && !number;
        if (name && token.end - i > kNameBytesLimit + quotes && !current->long_name)
          current->long_name = i;
      }
    } else if (token.end == text_.size() && text_.substr(i, 2) == "/*" &&
               (current || !text_.ends_with("*/"))) {
      // A comment that is not closed belongs to the statement, or is one, whose parser says so.
      if (!current)
        current = StatementText{.begin = i, .end = i, .nesting = 0, .long_name = std::nullopt};
      current->end = token.end;
    }
    i = token.end;
  }
  finish();
  return found;
}

Location SourceText::at(size_t byte) const {
  byte = std::min(byte, text_.size());
  const auto line =
      std::upper_bound(line_starts_.begin(), line_starts_.end(), byte) - line_starts_.begin();
  int column = 1;
  for (size_t i = line_starts_[static_cast<size_t>(line - 1)]; i < byte; ++i)
    if (!is_continuation(text_[i])) ++column;
  return {static_cast<int>(line), column};
}

}  // namespace turntable::sql
