// What to say where libpg_query could not read a statement. It stops at the first token that no
// rule takes and names that token only; this looks for what was meant, so that the person who wrote
// it learns what to write instead.
//
// The idea: change the statement where it stopped, as its writer might (a word in double quotes, a
// comma less, a semicolon more), and ask libpg_query again. A change with which the whole statement
// can be read names the fault; where it only gets further, the next one is looked for from there.
// For example
//
//   CREATE TABLE plays (id int, check text, user text)
//                                     ^ stopped here
//
// can be read once "check" and then "user" are in double quotes: two faults, each at its word.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace turntable::sql {

struct SyntaxFault {
  size_t byte = 0;  // Of the statement.
  std::string message;
};

struct Lookalikes {
  std::vector<SyntaxFault> faults;
  bool readable = true;  // The rest of the statement can be looked at.
};

// Finds characters outside of quotes that look like SQL and are none: no-break spaces, curly
// quotes, and the backticks of other dialects. Spaces and backticks are replaced by what was meant,
// byte for byte. `show`: names may be shown, see below.
[[nodiscard]] Lookalikes replace_lookalikes(std::string& statement, bool show);

// The faults of a statement that libpg_query stopped reading at a byte, with its message. One or
// more. `show`: pieces of the statement may be quoted; false in a file with secrets, where a
// missing quote could make one of them such a piece.
[[nodiscard]] std::vector<SyntaxFault> explain_syntax_error(const std::string& statement,
                                                            size_t stopped,
                                                            const std::string& message, bool show);

// The byte of the character with that number, from 0.
[[nodiscard]] size_t byte_of_character(std::string_view text, size_t character);

}  // namespace turntable::sql
