// From a parsed pattern to the tree of pieces that a match is cut by (pattern_program.h).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sql/functions/pattern_syntax.h"

namespace turntable::sql {

// How a piece is made of its parts.
enum class PieceJoin : uint8_t {
  none,      // Nothing in it is asked for.
  both,      // parts[0], then parts[1].
  one_of,    // The first of `parts` that matches all of it.
  repeated,  // parts[0], any number of times up to `max`.
  wrapped,   // parts[0]: a group directly in a group.
};

struct PatternPiece {
  PieceJoin join = PieceJoin::none;
  size_t capture = 0;  // The group that it is, or 0.
  int max = kUnlimited;
  bool is_shortest = false;  // It prefers the shortest match.
  std::string language;      // For RE2.
  std::vector<PatternPiece> parts;
};

// How RE2 writes the characters of a set.
using WriteSet = std::function<std::string(const CharacterSet&)>;

// The error is a sentence.
[[nodiscard]] Result<PatternPiece> pieces_of(const Pattern& pattern, const WriteSet& write);

}  // namespace turntable::sql
