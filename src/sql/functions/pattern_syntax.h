// Regular expressions as PostgreSQL reads them ("advanced" ones), taken apart:
// https://www.postgresql.org/docs/15/functions-matching.html#FUNCTIONS-POSIX-REGEXP
//
// What PostgreSQL takes and we do not (look-around, back references, basic regular expressions) is
// an error here that names it. Characters stand as the sets that they match, with the other case
// already in them, so that what matches them need not know of options.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/functions/characters.h"

namespace turntable::sql {

// How long a part likes its match to be. What is nested can have another preference than what is
// around it.
enum class Preference : uint8_t { none, longest, shortest };

struct PatternBranch;

// Alternatives, between '|'.
struct Pattern {
  std::vector<PatternBranch> branches;
};

enum class AtomKind : uint8_t {
  characters,
  group,
  // The others match nothing but a place.
  text_start,
  text_end,
  line_start,  // The text's start, or behind a newline.
  line_end,
  word_start,
  word_end,
  word_border,
  no_word_border,
};

inline constexpr int kUnlimited = -1;

// What a branch is made of, with how often it repeats.
struct Atom {
  AtomKind kind = AtomKind::characters;
  CharacterSet characters = {};
  std::shared_ptr<const Pattern> inside = nullptr;  // A group's.
  size_t capture = 0;                               // The group's number; 0 for one without.
  int min = 1;
  int max = 1;
  Preference preference = Preference::none;  // Of the quantifier.

  [[nodiscard]] bool is_place() const { return kind > AtomKind::group; }
};

struct PatternBranch {
  std::vector<Atom> atoms;
};

struct ParsedPattern {
  Pattern pattern;
  size_t captures = 0;
  bool has_word_places = false;  // \m, \M, \y or \Y.
};

struct PatternOptions {
  bool ignore_case = false;
  bool advanced = true;          // Otherwise "extended": without most escapes and lazy quantifiers.
  bool literal = false;          // No character has a meaning.
  bool expanded = false;         // Blanks and comments are left out.
  bool newline_stops = false;    // '.' and [^…] do not match a newline.
  bool newline_anchors = false;  // ^ and $ match beside a newline.
  bool global = false;           // All matches; only for functions that take it.
  bool operator==(const PatternOptions&) const = default;
};

// As the letter changes them; nothing where it is no option.
[[nodiscard]] std::optional<PatternOptions> with_option(PatternOptions options, char32_t flag);

// The flags of a function's last argument, as in 'gi'. The error is a sentence.
[[nodiscard]] Result<PatternOptions> parse_pattern_flags(std::string_view flags);

// The error is a sentence, which names the character where it was met.
[[nodiscard]] Result<ParsedPattern> parse_pattern(std::string_view text, PatternOptions options);

}  // namespace turntable::sql
