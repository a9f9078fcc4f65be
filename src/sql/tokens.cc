#include "sql/tokens.h"

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

}  // namespace

// https://www.postgresql.org/docs/15/sql-syntax-lexical.html
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

size_t skip_space(std::string_view text, size_t begin) {
  while (begin < text.size()) {
    const Token token = next_token(text, begin);
    if (token.kind != TokenKind::space) return begin;
    begin = token.end;
  }
  return text.size();
}

}  // namespace turntable::sql
