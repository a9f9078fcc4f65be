// What the functions of regular expressions keep from row to row, and how they go from match to
// match.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sql/functions/characters.h"
#include "sql/functions/pattern_program.h"
#include "sql/functions/text_support.h"
#include "sql/loops.h"

namespace turntable::sql {

// Patterns and flags that an evaluator has compiled, for one expression.
class PatternState final : public FunctionState {
 public:
  struct Entry {
    std::string pattern;
    std::string flags;
    bool global = false;
    std::unique_ptr<const PatternProgram> program;  // None where there is an error.
    std::string error;
  };

  const Entry& of(Text pattern, Text flags, bool ignore_case) {
    // Mostly the pattern is a constant.
    if (last_ < entries_.size() && is(entries_[last_], pattern, flags)) return entries_[last_];
    for (last_ = 0; last_ < entries_.size(); ++last_)
      if (is(entries_[last_], pattern, flags)) return entries_[last_];
    if (entries_.size() < kKept) {
      entries_.push_back(compiled(pattern, flags, ignore_case));
    } else {
      last_ = oldest_++ % kKept;
      entries_[last_] = compiled(pattern, flags, ignore_case);
    }
    return entries_[last_];
  }

  static Entry compiled(Text pattern, Text flags, bool ignore_case) {
    Entry entry{.pattern = std::string(pattern), .flags = std::string(flags)};
    auto options = parse_pattern_flags(flags);
    if (!options) {
      entry.error = options.error().message;
      return entry;
    }
    entry.global = options->global;
    options->ignore_case |= ignore_case;
    auto program = PatternProgram::compile(pattern, *options);
    if (program) {
      entry.program = std::move(*program);
    } else {
      entry.error = fmt::format("the regular expression '{}' cannot be used: {}",
                                printable(pattern), program.error().message);
    }
    return entry;
  }

  // Of the matches at hand: the whole one and its groups.
  std::vector<Span> groups;
  std::string made;  // A text in the making.

 private:
  static constexpr size_t kKept = 8;
  static bool is(const Entry& entry, Text pattern, Text flags) {
    return entry.pattern == pattern && entry.flags == flags;
  }
  std::vector<Entry> entries_;
  size_t last_ = 0;
  size_t oldest_ = 0;
};

// Where the search goes on behind a match. An empty one is found once.
inline size_t behind(Text text, Span match) {
  if (match.begin != match.end) return match.end;
  return match.end + (match.end < text.size() ? character_bytes(text[match.end]) : 1);
}

// Calls `take` with each match, until it returns false.
template <class Take>
void each_match(const PatternSearch& search, Text text, size_t from, std::span<Span> groups,
                Take take) {
  while (from <= text.size() && search.find(from, groups) && take()) from = behind(text, groups[0]);
}

}  // namespace turntable::sql
