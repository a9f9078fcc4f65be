#include "sql/source_text.h"

#include <algorithm>

#include "sql/nesting_gauge.h"
#include "sql/tokens.h"

namespace turntable::sql {
namespace {

constexpr size_t kBlockBytes = 256;

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

SourceText::SourceText(std::string_view text) : text_(text) {
  line_starts_.push_back(0);
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i % kBlockBytes == 0) block_characters_.push_back(characters);
    if (!is_continuation(text[i])) ++characters;
    if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
  if (text.size() % kBlockBytes == 0) block_characters_.push_back(characters);
}

std::vector<StatementText> SourceText::statements() const {
  std::vector<StatementText> found;
  std::optional<StatementText> current;
  NestingGauge gauge;
  const auto finish = [&] {
    if (current) {
      current->nesting = gauge.depth();
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
        gauge.token(text_.substr(i, token.end - i));
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

size_t SourceText::characters_before(size_t byte) const {
  const size_t block = byte / kBlockBytes;
  size_t characters = block_characters_[block];
  for (size_t i = block * kBlockBytes; i < byte; ++i)
    if (!is_continuation(text_[i])) ++characters;
  return characters;
}

Location SourceText::at(size_t byte) const {
  byte = std::min(byte, text_.size());
  const auto line =
      std::upper_bound(line_starts_.begin(), line_starts_.end(), byte) - line_starts_.begin();
  const size_t start = line_starts_[static_cast<size_t>(line - 1)];
  const size_t column = characters_before(byte) - characters_before(start) + 1;
  return {static_cast<int>(line), static_cast<int>(column)};
}

}  // namespace turntable::sql
