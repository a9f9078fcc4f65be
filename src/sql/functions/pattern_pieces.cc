#include "sql/functions/pattern_pieces.h"

#include <fmt/format.h>

#include <utility>

namespace turntable::sql {
namespace {

// What is known of a piece's likes, as PostgreSQL's compiler has it. A preference is local: it says
// nothing about what the piece stands in, unless two of them meet there.
struct Likes {
  bool longest = false;
  bool shortest = false;
  bool mixed = false;     // Two preferences meet somewhere inside.
  bool captures = false;  // A group is somewhere inside.

  [[nodiscard]] bool any() const { return longest || shortest || mixed; }
  // Must be cut: it is no plain language.
  [[nodiscard]] bool is_intricate() const { return mixed || captures; }
};

Likes of(Preference preference) {
  return {.longest = preference == Preference::longest,
          .shortest = preference == Preference::shortest};
}

Likes both(Likes a, Likes b) {
  return {a.longest || b.longest, a.shortest || b.shortest, a.mixed || b.mixed,
          a.captures || b.captures};
}

// As seen from outside.
Likes outward(Likes likes) {
  return {.mixed = likes.mixed || (likes.longest && likes.shortest), .captures = likes.captures};
}

bool has_preference(Likes likes) {
  return likes.longest || likes.shortest;
}

// Of a followed by b: the first that has a preference gives it.
Likes combined(Likes a, Likes b) {
  Likes likes = outward(both(a, b));
  const Likes& first = has_preference(a) ? a : b;
  likes.longest = first.longest;
  likes.shortest = first.shortest;
  return likes;
}

struct Made {
  PatternPiece piece;
  Likes likes;
};

class PieceBuilder {
 public:
  explicit PieceBuilder(const WriteSet& write) : write_(write) {}

  Result<PatternPiece> build(const Pattern& pattern) {
    Made made = alternatives(pattern);
    if (!error_.empty()) return fail(ErrorKind::usage, std::move(error_));
    return std::move(made.piece);
  }

 private:
  // --- The languages

  std::string language_of(const Pattern& pattern) {
    std::string out;
    for (const PatternBranch& branch : pattern.branches) {
      if (&branch != pattern.branches.data()) out += '|';
      out += language_of(branch.atoms, 0, branch.atoms.size());
    }
    return out;
  }

  // Of the atoms [begin, end). What is around them is there when it matches: \m looks at it.
  std::string language_of(std::span<const Atom> atoms, size_t begin, size_t end) {
    std::string out;
    for (size_t i = begin; i < end; ++i)
      out += atoms[i].is_place() ? place(atoms, i) : repeated(once(atoms[i]), atoms[i]);
    return out;
  }

  std::string once(const Atom& atom) {
    return atom.kind == AtomKind::group ? fmt::format("(?:{})", language_of(*atom.inside))
                                        : write_(atom.characters);
  }

  static std::string repeated(std::string what, const Atom& atom) {
    return repeated(std::move(what), atom.min, atom.max);
  }
  static std::string repeated(std::string what, int min, int max) {
    if (min == 1 && max == 1) return what;
    if (max == 0) return "(?:)";
    if (min == 0 && max == 1) return what + "?";
    if (min == 0 && max == kUnlimited) return what + "*";
    if (min == 1 && max == kUnlimited) return what + "+";
    if (max == kUnlimited) return fmt::format("{}{{{},}}", what, min);
    return min == max ? fmt::format("{}{{{}}}", what, min)
                      : fmt::format("{}{{{},{}}}", what, min, max);
  }

  // RE2 has the border of a word, but not its start: that is a border where a word character
  // follows, so that it must be plain that one does.
  std::string place(std::span<const Atom> atoms, size_t at) {
    switch (atoms[at].kind) {
      case AtomKind::text_start:
        return "\\A";
      case AtomKind::text_end:
        return "\\z";
      case AtomKind::line_start:
        return "(?m:^)";
      case AtomKind::line_end:
        return "(?m:$)";
      case AtomKind::word_start:
        if (!begins_with_word(atoms.subspan(at + 1)))
          refuse("\\m is supported where a word character is sure to follow");
        return "\\b";
      case AtomKind::word_end:
        if (!ends_with_word(atoms.first(at)))
          refuse("\\M is supported where a word character is sure to stand before it");
        return "\\b";
      case AtomKind::word_border:
        return "\\b";
      default:
        return "\\B";
    }
  }

  void refuse(std::string_view sentence) {
    if (error_.empty()) error_ = sentence;
  }

  static bool is_word(const CharacterSet& set) {
    return !set.ranges().empty() && set.is_within(*character_class("word"));
  }
  template <class End>
  static bool all_branches(const Pattern& pattern, End end) {
    for (const PatternBranch& branch : pattern.branches)
      if (!end(branch.atoms)) return false;
    return true;
  }
  static bool begins_with_word(std::span<const Atom> atoms) {
    for (const Atom& atom : atoms) {
      if (atom.is_place()) continue;
      if (atom.min == 0) return false;
      return atom.kind == AtomKind::group ? all_branches(*atom.inside, begins_with_word)
                                          : is_word(atom.characters);
    }
    return false;
  }
  static bool ends_with_word(std::span<const Atom> atoms) {
    for (size_t i = atoms.size(); i-- > 0;) {
      if (atoms[i].is_place()) continue;
      if (atoms[i].min == 0) return false;
      return atoms[i].kind == AtomKind::group ? all_branches(*atoms[i].inside, ends_with_word)
                                              : is_word(atoms[i].characters);
    }
    return false;
  }

  // --- The tree. It is PostgreSQL's: which pieces stand in one plain piece together decides what
  // the groups behind them get.

  Made alternatives(const Pattern& pattern) {
    if (pattern.branches.size() == 1) return branch(pattern.branches[0].atoms, 0);
    Made made{.piece = {.join = PieceJoin::one_of}, .likes = {.longest = true}};
    for (const PatternBranch& one : pattern.branches) {
      Made part = branch(one.atoms, 0);
      made.likes = both(made.likes, outward(both(made.likes, part.likes)));
      made.piece.parts.push_back(std::move(part.piece));
    }
    if (!made.likes.is_intricate()) {
      made.piece.join = PieceJoin::none;
      made.piece.parts.clear();
    }
    made.piece.language = language_of(pattern);
    return finished(std::move(made));
  }

  static Made finished(Made made) {
    made.piece.is_shortest = made.likes.shortest;
    return made;
  }

  Made plain(std::span<const Atom> atoms, size_t begin, size_t end, Likes likes) {
    return finished({.piece = {.language = language_of(atoms, begin, end)}, .likes = likes});
  }

  static Made joined(Made left, Made right, Likes likes, std::string language) {
    Made made{.piece = {.join = PieceJoin::both, .language = std::move(language)}, .likes = likes};
    made.piece.parts.push_back(std::move(left.piece));
    made.piece.parts.push_back(std::move(right.piece));
    return finished(std::move(made));
  }

  // The atoms from number `begin` on.
  Made branch(std::span<const Atom> atoms, size_t begin) {
    Likes before;
    for (size_t i = begin; i < atoms.size(); ++i) {
      if (atoms[i].is_place()) continue;
      Made inside = atoms[i].kind == AtomKind::group
                        ? group(atoms[i])
                        : Made{.piece = {.language = write_(atoms[i].characters)}, .likes = {}};
      const Likes seen = both(both(before, of(atoms[i].preference)), inside.likes);
      if (atoms[i].capture == 0 && !outward(seen).is_intricate()) {
        before = seen;
        continue;
      }
      return around(atoms, begin, i, before, std::move(inside));
    }
    return plain(atoms, begin, atoms.size(), before);
  }

  Made group(const Atom& atom) {
    Made made = alternatives(*atom.inside);
    if (atom.capture == 0) return made;
    made.likes.captures = true;
    if (made.piece.capture != 0) {
      PatternPiece outer{.join = PieceJoin::wrapped, .language = made.piece.language};
      outer.parts.push_back(std::move(made.piece));
      made.piece = std::move(outer);
    }
    made.piece.capture = atom.capture;
    return finished(std::move(made));
  }

  // The atom at `at` must be cut out: what is before it, itself, what is behind it.
  Made around(std::span<const Atom> atoms, size_t begin, size_t at, Likes before, Made inside) {
    const Likes own = combined(of(atoms[at].preference), inside.likes);
    Made middle = quantified(atoms[at], std::move(inside));
    if (at + 1 == atoms.size()) {
      if (at == begin) return middle;
      const Likes likes = both(before, combined(before, middle.likes));
      return joined(plain(atoms, begin, at, before), std::move(middle), likes,
                    language_of(atoms, begin, atoms.size()));
    }
    Made rest = branch(atoms, at + 1);
    const Likes from_here = both(own, combined(own, rest.likes));
    const Likes likes = both(before, combined(before, from_here));
    std::string language = language_of(atoms, begin, atoms.size());
    if (at == begin) return joined(std::move(middle), std::move(rest), likes, std::move(language));
    const bool is_plain = middle.piece.join == PieceJoin::none && middle.piece.capture == 0 &&
                          rest.piece.join == PieceJoin::none && rest.piece.capture == 0 &&
                          !outward(both(middle.likes, rest.likes)).is_intricate();
    Made behind = is_plain ? plain(atoms, at, atoms.size(), combined(middle.likes, rest.likes))
                           : joined(std::move(middle), std::move(rest), from_here,
                                    language_of(atoms, at, atoms.size()));
    return joined(plain(atoms, begin, at, before), std::move(behind), likes, std::move(language));
  }

  Made quantified(const Atom& atom, Made inside) {
    const Likes wanted = of(atom.preference);
    const bool is_once = atom.min == 1 && atom.max == 1;
    if (is_once && (atom.preference == Preference::none || !inside.likes.any() ||
                    (!inside.likes.mixed && inside.likes.longest == wanted.longest &&
                     inside.likes.shortest == wanted.shortest)))
      return inside;
    const Likes likes = combined(wanted, inside.likes);
    std::string language = repeated(once(atom), atom);
    if (!inside.likes.captures)
      return finished({.piece = {.language = std::move(language)}, .likes = likes});
    if (atom.min > 0) {
      // Only the last time counts: the others are a plain piece.
      const int most = atom.max == kUnlimited ? kUnlimited : atom.max - 1;
      Made others = finished({.piece = {.language = repeated(once(atom), atom.min - 1, most)},
                              .likes = {.longest = likes.longest, .shortest = likes.shortest}});
      return joined(std::move(others), std::move(inside), likes, std::move(language));
    }
    Made made{
        .piece = {.join = PieceJoin::repeated, .max = atom.max, .language = std::move(language)},
        .likes = likes};
    made.piece.parts.push_back(std::move(inside.piece));
    return finished(std::move(made));
  }

  const WriteSet& write_;
  std::string error_;
};

}  // namespace

Result<PatternPiece> pieces_of(const Pattern& pattern, const WriteSet& write) {
  return PieceBuilder(write).build(pattern);
}

}  // namespace turntable::sql
