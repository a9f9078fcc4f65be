// Regular expressions that match as PostgreSQL's do, on RE2.
//
// RE2 decides whether a text is in a language, and where its longest match ends; both are as in
// PostgreSQL once the characters of each set are spelled out (pattern_syntax.h). What it would
// decide otherwise is decided here:
//
//   - How long a match is. PostgreSQL prefers the longest or the shortest for the pattern as a
//     whole, by the first quantifier that it meets, not quantifier by quantifier as Perl does.
//   - What groups capture. PostgreSQL takes the match apart from left to right: in `(a|ab)(c|bcd)`
//     the first group gets as much of the match as leaves a match for the second one, where RE2
//     gives it the first alternative. So the pattern is a tree of pieces, as in PostgreSQL: each
//     is an RE2 of its own, and the match is cut where the pieces' matches end.
//   - What a word is. RE2's \b knows ASCII words. A pattern with \m, \M, \y or \Y is matched on the
//     text with every character replaced by a byte, its kind: characters which no set of the
//     pattern tells apart are one kind, and kinds of word characters are ASCII letters.
#pragma once

#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/functions/pattern_syntax.h"

namespace turntable::sql {

// A part of the text that matched, in bytes.
struct Span {
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();
  size_t begin = kNone;
  size_t end = kNone;
  [[nodiscard]] bool is_set() const { return begin != kNone; }
  [[nodiscard]] std::string_view of(std::string_view text) const {
    return text.substr(begin, end - begin);
  }
};

class PatternProgram {
 public:
  // The error is a sentence.
  static Result<std::unique_ptr<const PatternProgram>> compile(std::string_view text,
                                                               PatternOptions options);
  ~PatternProgram();
  PatternProgram(const PatternProgram&) = delete;
  PatternProgram& operator=(const PatternProgram&) = delete;

  [[nodiscard]] size_t captures() const;

  // Whether there is a match anywhere.
  [[nodiscard]] bool is_in(std::string_view text) const;

 private:
  friend class PatternSearch;
  struct Implementation;
  explicit PatternProgram(std::unique_ptr<const Implementation> implementation);
  std::unique_ptr<const Implementation> implementation_;
};

// The matches in one text, one after the other. Both must outlive it.
class PatternSearch {
 public:
  PatternSearch(const PatternProgram& program, std::string_view text);

  // The first match that begins at byte `from` or later. groups[0] becomes the whole match, the
  // others what the groups with those numbers captured; as many as the caller wants.
  [[nodiscard]] bool find(size_t from, std::span<Span> groups) const;

 private:
  const PatternProgram& program_;
  std::string_view text_;  // What RE2 sees.
  std::string kinds_;
  std::vector<size_t>
      places_;  // Where each kind's character begins; empty where both are the same.
};

}  // namespace turntable::sql
