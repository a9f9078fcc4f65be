#include "sql/functions/pattern_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace turntable::sql {
namespace {

constexpr int kRepeatLimit = 255;  // PostgreSQL's.
constexpr size_t kNestingLimit = 100;
constexpr char32_t kNewline = '\n';
constexpr char32_t kNothing = 0xFFFFFFFF;  // No character: the end of the text.

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}
bool is_ascii_letter(char32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
// Those that the option x passes over, and \s takes.
bool is_space(char32_t c) {
  const auto& ranges = character_class("space")->ranges();
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const auto& range) { return range.first <= c && c <= range.last; });
}

// Reads a pattern from left to right. After the first error everything reads as the end.
class PatternParser {
 public:
  PatternParser(std::string_view text, PatternOptions options) : options_(options) {
    for (size_t at = 0; at < text.size();) characters_.push_back(next_character(text, at));
  }

  Result<ParsedPattern> parse() {
    ParsedPattern parsed;
    if (options_.literal &&
        (options_.expanded || options_.newline_stops || options_.newline_anchors))
      return fail(ErrorKind::usage, "the flag 'q' cannot stand with 'n', 'p', 'w' or 'x'");
    read_prefixes();
    if (options_.literal) {
      parsed.pattern.branches.push_back({});
      for (; !at_end(); ++at_)
        parsed.pattern.branches[0].atoms.push_back({.characters = one(characters_[at_])});
    } else {
      parsed.pattern = alternatives(0);
      if (!failed() && !at_end()) invalid("parentheses () not balanced");
    }
    if (failed()) return fail(ErrorKind::usage, std::move(error_));
    parsed.captures = captures_;
    parsed.has_word_places = has_word_places_;
    return parsed;
  }

 private:
  [[nodiscard]] bool failed() const { return !error_.empty(); }
  [[nodiscard]] bool at_end() const { return failed() || at_ >= characters_.size(); }
  [[nodiscard]] char32_t peek(size_t ahead = 0) const {
    return failed() || at_ + ahead >= characters_.size() ? kNothing : characters_[at_ + ahead];
  }
  bool take(char32_t wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool sees(std::string_view ascii) const {
    for (size_t i = 0; i < ascii.size(); ++i)
      if (peek(i) != static_cast<unsigned char>(ascii[i])) return false;
    return true;
  }

  void invalid(std::string_view what) {
    if (!failed()) error_ = fmt::format("{}, at character {} of the pattern", what, at_ + 1);
  }
  void unsupported(std::string_view what) {
    if (!failed())
      error_ = fmt::format("{} is not supported, at character {} of the pattern", what, at_ + 1);
  }

  // --- What stands before the pattern

  void read_prefixes() {
    if (options_.literal) return;
    if (sees("***") && characters_.size() > 3) {
      if (peek(3) == '=') {
        options_.literal = true;
        at_ += 4;
        return;
      }
      if (peek(3) != ':') return invalid("quantifier operand invalid");
      options_.advanced = true;
      at_ += 4;
    }
    if (!options_.advanced || !sees("(?") || !is_ascii_letter(peek(2))) return;
    at_ += 2;
    for (; is_ascii_letter(peek()); ++at_) {
      if (peek() == 'b') return unsupported("a basic regular expression, (?b),");
      const auto changed = with_option(options_, peek());
      if (!changed) return invalid("invalid embedded option");
      options_ = *changed;
    }
    if (!take(')')) return invalid("invalid embedded option");
  }

  void skip_blanks() {
    for (;;) {
      if (options_.expanded) {
        while (is_space(peek())) ++at_;
        if (peek() == '#') {
          while (!at_end() && peek() != kNewline) ++at_;
          continue;
        }
      }
      if (!options_.advanced || !sees("(?#")) return;
      while (!at_end() && peek() != ')') ++at_;
      take(')');
    }
  }

  // --- Structure

  Pattern alternatives(size_t depth) {
    Pattern pattern;
    if (depth > kNestingLimit) {
      unsupported("a pattern that is nested so deeply");
      return pattern;
    }
    do {
      pattern.branches.push_back(branch(depth));
    } while (take('|'));
    return pattern;
  }

  PatternBranch branch(size_t depth) {
    PatternBranch branch;
    for (;;) {
      skip_blanks();
      if (at_end() || peek() == '|' || (peek() == ')' && (depth > 0 || options_.advanced)))
        return branch;
      Atom next = atom(depth);
      if (failed()) return branch;
      if (!next.is_place()) quantify(next);
      // {0} leaves out whatever it is about.
      if (next.max == 0) next = {.kind = AtomKind::group, .inside = nothing()};
      branch.atoms.push_back(std::move(next));
    }
  }

  static std::shared_ptr<const Pattern> nothing() {
    return std::make_shared<const Pattern>(Pattern{.branches = {PatternBranch()}});
  }

  Atom atom(size_t depth) {
    const char32_t c = peek();
    switch (c) {
      case '^':
        ++at_;
        return {.kind = options_.newline_anchors ? AtomKind::line_start : AtomKind::text_start};
      case '$':
        ++at_;
        return {.kind = options_.newline_anchors ? AtomKind::line_end : AtomKind::text_end};
      case '*':
      case '+':
      case '?':
        invalid("quantifier operand invalid");
        return {};
      case '{':
        if (begins_bound()) {
          invalid("quantifier operand invalid");
          return {};
        }
        ++at_;
        return {.characters = one(c)};
      case '.':
        ++at_;
        return {.characters = options_.newline_stops ? CharacterSet::all().without(kNewline)
                                                     : CharacterSet::all()};
      case '(':
        return group(depth);
      case '[':
        return bracket_or_border();
      case '\\':
        return escape();
      default:
        ++at_;
        return {.characters = one(c)};
    }
  }

  Atom group(size_t depth) {
    Atom atom{.kind = AtomKind::group};
    if (options_.advanced && sees("(?")) {
      const char32_t kind = peek(2);
      if (kind == '=' || kind == '!')
        unsupported(kind == '=' ? "look-ahead, (?=…)," : "look-ahead, (?!…),");
      if (kind == '<' && (peek(3) == '=' || peek(3) == '!'))
        unsupported(peek(3) == '=' ? "look-behind, (?<=…)," : "look-behind, (?<!…),");
      if (kind != ':') invalid("quantifier operand invalid");
      at_ += 3;
    } else {
      ++at_;
      atom.capture = ++captures_;
    }
    if (failed()) return atom;
    atom.inside = std::make_shared<const Pattern>(alternatives(depth + 1));
    if (!take(')')) invalid("parentheses () not balanced");
    return atom;
  }

  // Whether the brace at hand begins a bound. Otherwise it is an ordinary character.
  [[nodiscard]] bool begins_bound() const {
    size_t ahead = 1;
    while (options_.expanded && is_space(peek(ahead))) ++ahead;
    return is_digit(peek(ahead));
  }

  void quantify(Atom& atom) {
    skip_blanks();
    const char32_t c = peek();
    if (c == '{' && begins_bound()) return bound(atom);
    if (c != '*' && c != '+' && c != '?') return;
    ++at_;
    atom.min = c == '+' ? 1 : 0;
    atom.max = c == '?' ? 1 : kUnlimited;
    atom.preference = preference();
  }

  Preference preference() {
    return options_.advanced && take('?') ? Preference::shortest : Preference::longest;
  }

  void bound(Atom& atom) {
    ++at_;
    skip_expanded();
    atom.min = atom.max = number();
    skip_expanded();
    const bool ranged = take(',');
    if (ranged) {
      skip_expanded();
      atom.max = is_digit(peek()) ? number() : kUnlimited;
      skip_expanded();
    }
    if (peek() == kNothing) return invalid("braces {} not balanced");
    if (!take('}') || (atom.max != kUnlimited && atom.min > atom.max))
      return invalid("invalid repetition count(s)");
    const Preference given = preference();
    // {m} leaves the preference to what it repeats.
    if (ranged) atom.preference = given;
  }

  void skip_expanded() {
    if (options_.expanded) skip_blanks();
  }

  int number() {
    int value = 0;
    for (; is_digit(peek()); skip_expanded()) {
      value = value * 10 + static_cast<int>(peek() - '0');
      ++at_;
      if (value > kRepeatLimit) {
        invalid("invalid repetition count(s)");
        return 0;
      }
    }
    return value;
  }

  // --- Characters

  // PostgreSQL takes a character's lower and its upper case; one that is neither (ǅ) is left out.
  [[nodiscard]] CharacterSet one(char32_t c) const {
    CharacterSet set;
    if (options_.ignore_case && c <= kLastCharacter) {
      set.add(to_lower(c));
      set.add(to_upper(c));
    } else {
      set.add(c);
    }
    return set;
  }

  [[nodiscard]] CharacterSet range(char32_t first, char32_t last) const {
    CharacterSet set;
    set.add(first, last);
    if (!options_.ignore_case) return set;
    for (char32_t c = first; c <= std::min(last, kLastCharacter); ++c) {
      if (to_lower(c) != c) set.add(to_lower(c));
      if (to_upper(c) != c) set.add(to_upper(c));
    }
    return set;
  }

  [[nodiscard]] CharacterSet named_class(std::string_view name) const {
    const bool any_case = options_.ignore_case && (name == "upper" || name == "lower");
    return *character_class(any_case ? "alpha" : name);
  }

  // What a backslash and what follows it mean.
  struct Escape {
    std::optional<char32_t> character = {};
    std::string_view named = {};  // A class.
    bool complement = false;
    std::optional<AtomKind> place = {};
  };

  Atom escape() {
    const Escape read = read_escape();
    if (failed()) return {};
    if (read.place) {
      has_word_places_ |= *read.place >= AtomKind::word_start;
      return {.kind = *read.place};
    }
    if (read.character) return {.characters = one(*read.character)};
    CharacterSet set = named_class(read.named);
    return {.characters = read.complement ? set.complement() : set};
  }

  Escape read_escape() {
    ++at_;
    const char32_t c = peek();
    if (c == kNothing) {
      invalid("invalid escape \\ sequence");
      return {};
    }
    ++at_;
    if (!options_.advanced || !(is_ascii_letter(c) || is_digit(c))) return {.character = c};
    switch (c) {
      case 'a':
        return {.character = 7};
      case 'A':
        return {.place = AtomKind::text_start};
      case 'b':
        return {.character = '\b'};
      case 'B':
        return {.character = '\\'};
      case 'c':
        if (at_end()) break;
        return {.character = characters_[at_++] & 037U};
      case 'd':
      case 'D':
        return {.named = "digit", .complement = c == 'D'};
      case 'e':
        return {.character = 033};
      case 'f':
        return {.character = '\f'};
      case 'm':
        return {.place = AtomKind::word_start};
      case 'M':
        return {.place = AtomKind::word_end};
      case 'n':
        return {.character = '\n'};
      case 'r':
        return {.character = '\r'};
      case 's':
      case 'S':
        return {.named = "space", .complement = c == 'S'};
      case 't':
        return {.character = '\t'};
      case 'u':
        return {.character = digits(16, 4, 4)};
      case 'U':
        return {.character = digits(16, 8, 8)};
      case 'v':
        return {.character = '\v'};
      case 'w':
      case 'W':
        return {.named = "word", .complement = c == 'W'};
      case 'x':
        return {.character = digits(16, 1, 255)};
      case 'y':
        return {.place = AtomKind::word_border};
      case 'Y':
        return {.place = AtomKind::no_word_border};
      case 'Z':
        return {.place = AtomKind::text_end};
      default:
        if (is_digit(c)) return octal();
    }
    --at_;
    invalid("invalid escape \\ sequence");
    return {};
  }

  // Behind the backslash: \0 and up to two octal digits more, or a back reference.
  Escape octal() {
    --at_;
    if (peek() != '0') {
      size_t length = 0;
      size_t value = 0;
      for (; is_digit(peek(length)); ++length)
        value = std::min<size_t>(value * 10 + (peek(length) - '0'), 1'000'000);
      if (length == 1 || value <= captures_) {
        unsupported(fmt::format("a back reference, \\{},", value));
        return {};
      }
      if (peek() >= '8') {
        invalid("invalid escape \\ sequence");
        return {};
      }
    }
    char32_t value = digits(8, 1, 3);
    if (value > 0xFF) {
      --at_;
      value >>= 3;
    }
    return {.character = value};
  }

  char32_t digits(unsigned base, size_t least, size_t most) {
    const auto value_of = [](char32_t c) -> unsigned {
      if (is_digit(c)) return c - '0';
      if (c >= 'a' && c <= 'f') return c - 'a' + 10;
      return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
    };
    uint32_t value = 0;
    size_t count = 0;
    for (; count < most && value_of(peek()) < base; ++count, ++at_)
      value = value * base + value_of(peek());
    if (count < least || value > 0x7FFFFFFE) invalid("invalid escape \\ sequence");
    return value;
  }

  // --- Brackets

  Atom bracket_or_border() {
    for (const auto& [text, kind] :
         {std::pair<std::string_view, AtomKind>{"[[:<:]]", AtomKind::word_start},
          {"[[:>:]]", AtomKind::word_end}}) {
      if (!sees(text)) continue;
      at_ += text.size();
      has_word_places_ = true;
      return {.kind = kind};
    }
    ++at_;
    const bool complement = take('^');
    CharacterSet set;
    for (bool first = true; first || peek() != ']'; first = false) {
      if (at_end()) {
        invalid("brackets [] not balanced");
        return {};
      }
      bracket_item(set, first);
      if (failed()) return {};
    }
    ++at_;
    if (!complement) return {.characters = set};
    set = set.complement();
    return {.characters = options_.newline_stops ? set.without(kNewline) : set};
  }

  void bracket_item(CharacterSet& set, bool first) {
    if (peek() == '-' && !first && peek(1) != ']') return invalid("invalid character range");
    if (sees("[:")) {
      const std::string name = bracketed(':');
      if (failed()) return;
      if (character_class(name) == nullptr) return invalid("invalid character class");
      return set.add(named_class(name));
    }
    if (sees("[=")) {
      const char32_t c = element('=');
      if (!failed()) set.add(one(c));
      return;
    }
    if (peek() == '\\' && options_.advanced) {
      const size_t start = at_;
      const Escape read = read_escape();
      if (failed()) return;
      if (read.place) {
        at_ = start;
        return invalid("invalid escape \\ sequence");
      }
      if (!read.character) {
        const CharacterSet named = named_class(read.named);
        return set.add(read.complement ? named.complement() : named);
      }
      return bracket_range(set, *read.character, false);
    }
    if (sees("[.")) {
      const char32_t c = element('.');
      if (!failed()) bracket_range(set, c, true);
      return;
    }
    const char32_t c = peek();
    ++at_;
    bracket_range(set, c, false);
  }

  // Behind an item that may begin a range.
  void bracket_range(CharacterSet& set, char32_t first, bool is_element) {
    if (peek() != '-' || peek(1) == ']') {
      // PostgreSQL takes [.x.] for a range of one.
      return set.add(is_element ? range(first, first) : one(first));
    }
    ++at_;
    char32_t last = peek();
    if (last == kNothing) return invalid("brackets [] not balanced");
    if (sees("[:") || sees("[=")) return invalid("invalid character range");
    if (sees("[.")) {
      last = element('.');
    } else if (last == '\\' && options_.advanced) {
      const Escape read = read_escape();
      if (!failed() && !read.character) invalid("invalid character range");
      last = read.character.value_or(first);
    } else {
      ++at_;
    }
    if (failed()) return;
    if (first > last) return invalid("invalid character range");
    set.add(range(first, last));
  }

  // The name between "[:" and ":]".
  std::string bracketed(char32_t mark) {
    const size_t start = at_;
    std::string name;
    for (at_ += 2; !(peek() == mark && peek(1) == ']'); ++at_) {
      if (at_end()) {
        invalid("brackets [] not balanced");
        return {};
      }
      char bytes[4];
      name.append(bytes, put_character(std::min(peek(), kLastCharacter), bytes));
    }
    at_ += 2;
    if (name.empty()) {
      at_ = start;
      invalid(mark == ':' ? "invalid character class" : "invalid collating element");
    }
    return name;
  }

  char32_t element(char32_t mark) {
    const size_t start = at_;
    const std::string name = bracketed(mark);
    if (failed()) return 0;
    size_t behind = 0;
    const char32_t c = next_character(name, behind);
    if (behind != name.size()) {
      at_ = start;
      unsupported(fmt::format("a collating element's name, {},", printable(name)));
    }
    return c;
  }

  PatternOptions options_;
  std::u32string characters_;
  size_t at_ = 0;
  size_t captures_ = 0;
  bool has_word_places_ = false;
  std::string error_;
};

}  // namespace

Result<ParsedPattern> parse_pattern(std::string_view text, PatternOptions options) {
  return PatternParser(text, options).parse();
}

}  // namespace turntable::sql
