// A text of CQL as statements and words: just enough of its lexical rules to find the semicolons,
// to know where an error is, and to see what a SELECT list asks for.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace turntable {

// From 1. The column counts characters.
struct TextPlace {
  size_t line = 1;
  size_t column = 1;
};

struct CqlStatement {
  std::string text;  // Without the semicolon; comments are spaces, so that places in it stay.
  TextPlace at;      // Of its first word.

  // The place of a byte of `text` in the whole text.
  [[nodiscard]] TextPlace place_of(size_t byte) const;
};

// Splits at semicolons outside of quotes, $$ … $$ and comments (-- … // … /* … */), and of a batch:
// BEGIN [UNLOGGED | COUNTER] BATCH … APPLY BATCH is one statement. Empty statements are left out. A
// fault where a quote, a comment or a batch is not closed, and at a character that looks like a
// space or a quote and is none (base/lookalikes.h).
struct SplitFault {
  TextPlace at;
  std::string message;
};
[[nodiscard]] tl::expected<std::vector<CqlStatement>, SplitFault> split_statements(
    std::string_view text);

// A word, a name in quotes, a number, a text, or one character of anything else.
struct CqlToken {
  std::string_view text;
  size_t begin = 0;  // Byte in the statement.

  [[nodiscard]] bool is(std::string_view word) const;  // In any case of letters.
  // The name that it is: lower case, or what is in the double quotes. Nothing where it is no name.
  [[nodiscard]] std::optional<std::string> name() const;
};

// Whether the token is one of these words, which are in lower case.
[[nodiscard]] bool is_one_of(const CqlToken& token, std::span<const std::string_view> words);

// The tokens of a statement whose quotes are closed.
[[nodiscard]] std::vector<CqlToken> tokens_of(std::string_view statement);

// What stands behind the FROM of the SELECT at `select`, in tokens: its tables, their aliases and how
// they are joined. Empty where there is no FROM.
[[nodiscard]] std::span<const CqlToken> tables_of(std::span<const CqlToken> tokens, size_t select);

// The piece of `statement` from the first of these tokens of it to the last.
[[nodiscard]] std::string_view text_of(std::string_view statement,
                                       std::span<const CqlToken> tokens);

// What a SELECT asks for, where it is simple enough to be understood from its words.
struct SelectShape {
  struct Item {
    std::string function;  // In lower case; empty where the item is no call of one function.
    std::string argument;  // Its one argument: a column's name, "*" or a number.
    bool renamed = false;  // It has an AS.
  };
  bool all = false;         // SELECT *
  std::vector<Item> items;  // In order, where not `all`.
  std::string from;         // The table as it is written: spotify.listening_history.
};

// Nothing where it is no SELECT … FROM table, which may have an alias.
[[nodiscard]] std::optional<SelectShape> shape_of(std::string_view statement);

}  // namespace turntable
