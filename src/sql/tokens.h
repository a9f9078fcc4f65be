// PostgreSQL's lexical rules, as far as they are needed to find where tokens begin and end. What
// the tokens mean is libpg_query's.
#pragma once

#include <cstddef>
#include <string_view>

namespace turntable::sql {

enum class TokenKind {
  space,        // A comment too.
  name,         // A keyword or a number too.
  quoted_name,  // In double quotes.
  other,        // A sign, or a text.
};

struct Token {
  TokenKind kind = TokenKind::other;
  size_t end = 0;  // One past its last byte.
};

// The token that begins at `begin`, which is inside the text. One that is not closed, such as a
// text or a comment, ends where the text ends.
[[nodiscard]] Token next_token(std::string_view text, size_t begin);

// The first byte from `begin` on that is in no space and no comment; the text's end if there is
// none.
[[nodiscard]] size_t skip_space(std::string_view text, size_t begin);

}  // namespace turntable::sql
