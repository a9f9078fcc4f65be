#include "sql/functions/pattern_program.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>

#include "sql/functions/pattern_pieces.h"

namespace turntable::sql {
// Not an unnamed one: what is in it is part of a PatternProgram.
namespace pattern_program {

// For one piece of a pattern: what RE2 may take for its program and for the states it has met.
constexpr int64_t kMemoryLimit = int64_t{8} << 20;

// RE2 takes a null pointer for a text that is missing.
re2::StringPiece as_piece(std::string_view text) {
  return text.empty() ? re2::StringPiece("", 0) : re2::StringPiece(text.data(), text.size());
}

// --- How sets are written

// As UTF-8.
std::string write_set(const CharacterSet& set) {
  if (set.ranges().empty()) return "[^\\x{0}-\\x{10ffff}]";
  if (set.ranges().size() == 1 && set.ranges()[0].first == set.ranges()[0].last)
    return fmt::format("\\x{{{:x}}}", static_cast<uint32_t>(set.ranges()[0].first));
  std::string out = "[";
  for (const auto& [first, last] : set.ranges())
    out += fmt::format("\\x{{{:x}}}-\\x{{{:x}}}", static_cast<uint32_t>(first),
                       static_cast<uint32_t>(last));
  return out + "]";
}

// Gives each character the byte of its kind. Characters are of one kind where no set of the
// pattern, nor \w, tells them apart.
class Kinds {
 public:
  // Nothing where there are more kinds than bytes.
  static std::optional<Kinds> of(const Pattern& pattern) {
    std::vector<const CharacterSet*> sets{character_class("word"), &newline()};
    collect(pattern, sets);
    std::vector<char32_t> starts{0};
    for (const CharacterSet* set : sets)
      for (const auto& [first, last] : set->ranges()) {
        starts.push_back(first);
        if (last < kLastCharacter) starts.push_back(last + 1);
      }
    std::sort(starts.begin(), starts.end());
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    Kinds kinds;
    std::map<std::vector<bool>, char> known;
    std::string words = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    std::string others;
    for (int byte = 255; byte > 0; --byte)
      if (byte != '\n' && words.find(static_cast<char>(byte)) == std::string::npos)
        others += static_cast<char>(byte);
    for (const char32_t start : starts) {
      std::vector<bool> membership;
      for (const CharacterSet* set : sets) membership.push_back(set->contains(start));
      auto found = known.find(membership);
      if (found == known.end()) {
        std::string& free = membership[0] ? words : others;
        if (free.empty()) return std::nullopt;
        char byte = free.back();
        if (membership[1]) {
          byte = '\n';  // So that ^ and $ know it.
        } else {
          free.pop_back();
        }
        found = known.emplace(std::move(membership), byte).first;
      }
      kinds.starts_.push_back(start);
      kinds.bytes_.push_back(found->second);
    }
    for (char32_t c = 0; c < kinds.ascii_.size(); ++c) kinds.ascii_[c] = kinds.look_up(c);
    return kinds;
  }

  [[nodiscard]] char kind(char32_t c) const { return c < ascii_.size() ? ascii_[c] : look_up(c); }

  // The bytes of the kinds in a set, for RE2. A kind is in it as a whole or not at all.
  [[nodiscard]] std::string write(const CharacterSet& set) const {
    std::array<bool, 256> in{};
    for (size_t i = 0; i < starts_.size(); ++i)
      if (set.contains(starts_[i])) in[static_cast<unsigned char>(bytes_[i])] = true;
    std::string out = "[";
    for (size_t byte = 0; byte < in.size(); ++byte)
      if (in[byte]) out += fmt::format("\\x{:02x}", byte);
    return out == "[" ? "[^\\x00-\\xff]" : out + "]";
  }

 private:
  static const CharacterSet& newline() {
    static const CharacterSet kSet = [] {
      CharacterSet set;
      set.add('\n');
      static_cast<void>(set.ranges());
      return set;
    }();
    return kSet;
  }
  static void collect(const Pattern& pattern, std::vector<const CharacterSet*>& sets) {
    for (const PatternBranch& branch : pattern.branches)
      for (const Atom& atom : branch.atoms) {
        if (atom.kind == AtomKind::characters) sets.push_back(&atom.characters);
        if (atom.kind == AtomKind::group) collect(*atom.inside, sets);
      }
  }
  [[nodiscard]] char look_up(char32_t c) const {
    const auto behind = std::upper_bound(starts_.begin(), starts_.end(), c);
    return bytes_[static_cast<size_t>(behind - starts_.begin()) - 1];
  }

  std::vector<char32_t> starts_;  // Where a range of one kind begins,
  std::vector<char> bytes_;       // and which that is.
  std::array<char, 128> ascii_{};
};

// --- The pieces, compiled

struct Piece {
  PieceJoin join = PieceJoin::none;
  size_t capture = 0;
  int max = kUnlimited;
  bool is_shortest = false;
  std::unique_ptr<const RE2> language;
  std::vector<Piece> parts;

  // The longest match that begins at `begin` and ends at `limit` or before; its end.
  [[nodiscard]] size_t longest(std::string_view text, size_t begin, size_t limit) const {
    re2::StringPiece found;
    if (!language->Match(as_piece(text), begin, limit, RE2::ANCHOR_START, &found, 1))
      return Span::kNone;
    return begin + found.size();
  }
  // Whether all of [begin, end) matches.
  [[nodiscard]] bool is_all(std::string_view text, size_t begin, size_t end) const {
    return language->Match(as_piece(text), begin, end, RE2::ANCHOR_BOTH, nullptr, 0);
  }
};

Result<Piece> compiled(PatternPiece from, bool is_latin, bool with_parts) {
  RE2::Options options(RE2::Quiet);
  options.set_encoding(is_latin ? RE2::Options::EncodingLatin1 : RE2::Options::EncodingUTF8);
  options.set_longest_match(true);
  options.set_max_mem(kMemoryLimit);
  Piece piece{.join = from.join,
              .capture = from.capture,
              .max = from.max,
              .is_shortest = from.is_shortest,
              .language = std::make_unique<const RE2>(as_piece(from.language), options)};
  if (!piece.language->ok())
    return fail(ErrorKind::usage, "the pattern is too large, or repeats too often what repeats");
  if (!with_parts) return piece;
  for (PatternPiece& part : from.parts) {
    ASSIGN_OR_RETURN(Piece made, compiled(std::move(part), is_latin, true));
    piece.parts.push_back(std::move(made));
  }
  return piece;
}

// Finds what the groups captured in a match.
class Cut {
 public:
  Cut(std::string_view text, std::span<Span> groups, bool is_utf8)
      : text_(text), groups_(groups), is_utf8_(is_utf8) {}

  // All of [begin, end) matches the piece.
  void cut(const Piece& piece, size_t begin, size_t end) {
    switch (piece.join) {
      case PieceJoin::none:
        break;
      case PieceJoin::both:
        cut_in_two(piece, begin, end);
        break;
      case PieceJoin::one_of:
        for (const Piece& part : piece.parts) {
          if (!part.is_all(text_, begin, end)) continue;
          cut(part, begin, end);
          break;
        }
        break;
      case PieceJoin::repeated:
        cut_repeated(piece, begin, end);
        break;
      case PieceJoin::wrapped:
        cut(piece.parts[0], begin, end);
        break;
    }
    if (piece.capture != 0 && piece.capture < groups_.size()) groups_[piece.capture] = {begin, end};
  }

 private:
  [[nodiscard]] size_t behind(size_t at) const {
    return is_utf8_ ? std::min(at + character_bytes(text_[at]), text_.size()) : at + 1;
  }
  [[nodiscard]] size_t before(size_t at) const {
    --at;
    while (is_utf8_ && at > 0 && !begins_character(text_[at])) --at;
    return at;
  }

  // The ends of the piece's matches from `begin` on, within [low, high], in the order of its
  // preference, until one is taken.
  template <class Take>
  bool each_end(const Piece& piece, size_t begin, size_t low, size_t high, Take take) const {
    if (piece.is_shortest) {
      for (size_t end = low;; end = behind(end)) {
        if (piece.is_all(text_, begin, end) && take(end)) return true;
        if (end >= high) return false;
      }
    }
    for (size_t limit = high;; limit = before(limit)) {
      const size_t end = piece.longest(text_, begin, limit);
      if (end == Span::kNone || end < low) return false;
      if (take(end)) return true;
      if (end <= low || end == begin) return false;
      limit = end;
    }
  }

  void cut_in_two(const Piece& piece, size_t begin, size_t end) {
    const Piece& left = piece.parts[0];
    const Piece& right = piece.parts[1];
    each_end(left, begin, begin, end, [&](size_t middle) {
      if (!right.is_all(text_, middle, end)) return false;
      cut(left, begin, middle);
      cut(right, middle, end);
      return true;
    });
  }

  // Every time takes something, and the last one's groups count. An empty match is one time where
  // the part can be empty and prefers to be long, as PostgreSQL has it, and otherwise none.
  void cut_repeated(const Piece& piece, size_t begin, size_t end) {
    const Piece& part = piece.parts[0];
    if (begin == end) {
      if (!part.is_shortest && part.is_all(text_, begin, end)) cut(part, begin, end);
      return;
    }
    // Where each time begins, and which places led nowhere: with a bound, after so many times.
    struct Step {
      size_t begin;
      size_t tried;  // The last end that was tried, or kNone.
    };
    std::vector<Step> steps{{begin, Span::kNone}};
    std::unordered_set<size_t> dead;
    const auto key = [&](size_t place) {
      return piece.max == kUnlimited ? place : place * 256 + steps.size();
    };
    while (!steps.empty()) {
      Step& step = steps.back();
      std::optional<size_t> next;
      const size_t low = part.is_shortest && step.tried != Span::kNone ? behind_or_none(step.tried)
                                                                       : behind(step.begin);
      const size_t high = !part.is_shortest && step.tried != Span::kNone ? before(step.tried) : end;
      if (low != Span::kNone && low <= high)
        each_end(part, step.begin, low, high, [&](size_t found) {
          next = found;
          return true;
        });
      if (!next) {
        const size_t place = step.begin;
        steps.pop_back();
        dead.insert(key(place));
        continue;
      }
      step.tried = *next;
      if (*next == end) return cut(part, step.begin, end);
      const bool more = piece.max == kUnlimited || static_cast<int>(steps.size()) < piece.max;
      if (more && !dead.contains(key(*next))) steps.push_back({*next, Span::kNone});
    }
  }
  [[nodiscard]] size_t behind_or_none(size_t at) const {
    return at >= text_.size() ? Span::kNone : behind(at);
  }

  std::string_view text_;
  std::span<Span> groups_;
  bool is_utf8_;
};

// The shortest match that begins at `begin`, where there is one: a longer part of the text has one
// too, so that its end can be searched by halves.
size_t shortest_end(const RE2& language, std::string_view text, size_t begin, size_t longest) {
  size_t low = begin;
  size_t high = longest;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (language.Match(as_piece(text), begin, middle, RE2::ANCHOR_START, nullptr, 0)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace pattern_program

using namespace pattern_program;

struct PatternProgram::Implementation {
  std::optional<Kinds> kinds;  // Where the pattern asks what a word is.
  Piece whole;
  size_t captures = 0;
};

PatternProgram::PatternProgram(std::unique_ptr<const Implementation> implementation)
    : implementation_(std::move(implementation)) {}
PatternProgram::~PatternProgram() = default;

size_t PatternProgram::captures() const {
  return implementation_->captures;
}

Result<std::unique_ptr<const PatternProgram>> PatternProgram::compile(std::string_view text,
                                                                      PatternOptions options) {
  ASSIGN_OR_RETURN(const ParsedPattern parsed, parse_pattern(text, options));
  auto made = std::make_unique<Implementation>();
  made->captures = parsed.captures;
  if (parsed.has_word_places) {
    made->kinds = Kinds::of(parsed.pattern);
    if (!made->kinds)
      return fail(ErrorKind::usage,
                  "a pattern with \\m, \\M, \\y or \\Y and so many different "
                  "characters is not supported");
  }
  const WriteSet write =
      made->kinds ? WriteSet([&](const CharacterSet& set) { return made->kinds->write(set); })
                  : WriteSet(write_set);
  ASSIGN_OR_RETURN(PatternPiece pieces, pieces_of(parsed.pattern, write));
  ASSIGN_OR_RETURN(made->whole,
                   compiled(std::move(pieces), made->kinds.has_value(), parsed.captures > 0));
  return std::unique_ptr<const PatternProgram>(new PatternProgram(std::move(made)));
}

bool PatternProgram::is_in(std::string_view text) const {
  if (!implementation_->kinds)
    return implementation_->whole.language->Match(as_piece(text), 0, text.size(), RE2::UNANCHORED,
                                                  nullptr, 0);
  return PatternSearch(*this, text).find(0, {});
}

PatternSearch::PatternSearch(const PatternProgram& program, std::string_view text)
    : program_(program), text_(text) {
  const auto& kinds = program.implementation_->kinds;
  if (!kinds) return;
  const bool places = !is_ascii(text);
  kinds_.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    if (places) places_.push_back(at);
    kinds_ += kinds->kind(next_character(text, at));
  }
  if (places) places_.push_back(text.size());
  text_ = kinds_;
}

bool PatternSearch::find(size_t from, std::span<Span> groups) const {
  const auto& what = *program_.implementation_;
  const Piece& whole = what.whole;
  if (!places_.empty())
    from = static_cast<size_t>(std::lower_bound(places_.begin(), places_.end(), from) -
                               places_.begin());
  re2::StringPiece found;
  if (!whole.language->Match(as_piece(text_), from, text_.size(), RE2::UNANCHORED, &found,
                             groups.empty() ? 0 : 1))
    return false;
  if (groups.empty()) return true;
  std::fill(groups.begin(), groups.end(), Span());
  const auto begin = text_.empty() ? 0 : static_cast<size_t>(found.data() - text_.data());
  size_t end = begin + found.size();
  if (whole.is_shortest) end = shortest_end(*whole.language, text_, begin, end);
  if (what.captures > 0 && groups.size() > 1)
    Cut(text_, groups, !what.kinds).cut(whole, begin, end);
  groups[0] = {begin, end};
  if (!places_.empty())
    for (Span& group : groups)
      if (group.is_set()) group = {places_[group.begin], places_[group.end]};
  return true;
}

}  // namespace turntable::sql
