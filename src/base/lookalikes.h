// Characters that look like a space, a quote or a sign of SQL and are none, or that cannot be seen
// at all. They come into a file by copying from a page, a PDF or a chat; a parser takes them for
// letters of a name, and its message shows a name that looks right.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace turntable {

struct Lookalike {
  size_t bytes = 0;   // Of the character.
  char meant = '\0';  // What stands for it in SQL; NUL where nothing does.
  std::string fault;  // A sentence: what stands there, and what to write instead.
};

// What the text begins with, where that is such a character.
[[nodiscard]] std::optional<Lookalike> lookalike_at(std::string_view text);

}  // namespace turntable
