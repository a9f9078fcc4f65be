// The text of a pipeline file: where its statements begin and end, and what line and column a byte
// is in. It knows just enough of PostgreSQL's lexical rules to find the semicolons; what stands
// between them is libpg_query's.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sql/script.h"

namespace turntable::sql {

// PostgreSQL cuts longer names silently, so that they would never match a field or a column.
inline constexpr size_t kNameBytesLimit = 63;

// libpg_query recurses over its tree. Statements that nest deeper could exhaust the stack, and are
// refused.
inline constexpr size_t kNestingLimit = 1000;

struct StatementText {
  size_t begin = 0;                 // The first byte that is neither space nor comment.
  size_t end = 0;                   // One past the last byte, without the semicolon.
  size_t nesting = 0;               // No less than the depth of the syntax tree.
  std::optional<size_t> long_name;  // Where a name of more than kNameBytesLimit bytes begins.
};

// Views the text; it must outlive this. The text is well-formed UTF-8.
class SourceText {
 public:
  explicit SourceText(std::string_view text);

  // Statements that are not empty. A semicolon ends a statement even inside parentheses, so that
  // one that is not closed does not swallow the rest of the file.
  [[nodiscard]] std::vector<StatementText> statements() const;

  [[nodiscard]] Location at(size_t byte) const;
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  // The characters before a byte.
  [[nodiscard]] size_t characters_before(size_t byte) const;

  std::vector<size_t> line_starts_;
  // By kBlockBytes bytes, so that a place in a long line is found without reading all of it.
  std::vector<size_t> block_characters_;
};

}  // namespace turntable::sql
