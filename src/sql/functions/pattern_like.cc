// LIKE: https://www.postgresql.org/docs/15/functions-matching.html#FUNCTIONS-LIKE. ILIKE is LIKE of
// both sides in lower case, as PostgreSQL has it.
#include <algorithm>
#include <cstring>
#include <string>

#include "sql/functions/characters.h"
#include "sql/functions/text_support.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

// A pattern, ready to be matched: what stands between its %s.
class LikePattern {
 public:
  explicit LikePattern(Text pattern) : pattern_(pattern) {
    Part part;
    for (size_t at = 0; at < pattern.size(); ++at) {
      const char c = pattern[at];
      if (c == '%') {
        parts_.push_back(std::move(part));
        part = {};
      } else if (c == '_') {
        part.any.push_back(part.bytes.size());
        part.bytes += '_';
      } else if (c == '\\' && at + 1 == pattern.size()) {
        part.ends_with_escape = true;
      } else {
        part.bytes += c == '\\' ? pattern[++at] : c;
      }
    }
    parts_.push_back(std::move(part));
  }

  [[nodiscard]] const std::string& pattern() const { return pattern_; }
  [[nodiscard]] bool ends_with_escape() const { return parts_.back().ends_with_escape; }

  // Nothing where the matching comes to an escape character with nothing behind it. A text that
  // differs before that does not match, and that is no failure.
  [[nodiscard]] std::optional<bool> matches(Text text) const {
    const Part& first = parts_.front();
    const auto start = first.match(text, 0);
    if (parts_.size() == 1) {
      if (start && first.ends_with_escape && *start < text.size()) return std::nullopt;
      return start && !first.ends_with_escape && *start == text.size();
    }
    if (!start) return false;
    size_t at = *start;
    for (size_t i = 1; i + 1 < parts_.size(); ++i) {
      const auto found = parts_[i].find(text, at);
      if (!found) return false;
      at = *found;
    }
    return last(text, at);
  }

 private:
  struct Part {
    std::string bytes;
    std::vector<size_t> any;  // Where a '_' stands that means any character.
    bool ends_with_escape = false;

    // The end of the match that begins at `at`.
    [[nodiscard]] std::optional<size_t> match(Text text, size_t at) const {
      size_t from = 0;
      for (const size_t place : any) {
        const size_t bytes_before = place - from;
        if (text.compare(at, bytes_before, bytes, from, bytes_before) != 0) return std::nullopt;
        at += bytes_before;
        if (at >= text.size()) return std::nullopt;
        at = std::min(at + character_bytes(text[at]), text.size());
        from = place + 1;
      }
      const size_t rest = bytes.size() - from;
      if (text.compare(at, rest, bytes, from, rest) != 0) return std::nullopt;
      return at + rest;
    }

    // The end of the first match that begins at `at` or later.
    [[nodiscard]] std::optional<size_t> find(Text text, size_t at) const {
      if (any.empty()) {
        if (bytes.empty()) return at;
        const void* found = at >= text.size() ? nullptr
                                              : memmem(text.data() + at, text.size() - at,
                                                       bytes.data(), bytes.size());
        if (found == nullptr) return std::nullopt;
        return static_cast<size_t>(static_cast<const char*>(found) - text.data()) + bytes.size();
      }
      for (; at <= text.size(); at += at < text.size() ? character_bytes(text[at]) : 1)
        if (const auto end = match(text, at)) return end;
      return std::nullopt;
    }
  };

  // What stands behind the last %: it ends where the text does.
  [[nodiscard]] std::optional<bool> last(Text text, size_t at) const {
    const Part& part = parts_.back();
    if (part.ends_with_escape) {
      // PostgreSQL looks for a place where the rest begins, and meets the escape there.
      if (part.bytes.empty()) return std::nullopt;
      const auto found = part.find(text, at);
      if (found && *found < text.size()) return std::nullopt;
      return false;
    }
    if (part.any.empty())
      return text.size() - at >= part.bytes.size() && text.ends_with(part.bytes);
    // Counted from the end, in characters.
    const size_t tail = suffix_bytes(text, character_count(part.bytes));
    if (character_count(text.substr(at)) < character_count(part.bytes)) return false;
    const auto end = part.match(text, text.size() - tail);
    return end && *end == text.size();
  }

  std::string pattern_;
  std::vector<Part> parts_;
};

// The pattern that was seen last: mostly it is a constant.
struct LikeState final : FunctionState {
  const LikePattern& of(Text pattern) {
    if (!last || last->pattern() != pattern) last.emplace(pattern);
    return *last;
  }
  std::optional<LikePattern> last;
};

constexpr Text kEndsWithEscape = "the pattern ends with the escape character";

template <bool wanted>
struct Like {
  static std::optional<uint8_t> call(LikeState& state, Text text, Text pattern) {
    const auto matches = state.of(pattern).matches(text);
    if (!matches) return std::nullopt;
    return *matches == wanted ? 1 : 0;
  }
  static Reason why(LikeState&, Text, Text) { return bad_value(std::string(kEndsWithEscape)); }
};

struct LowerLikeState final : FunctionState {
  LikeState lowered_patterns;
  std::string pattern;  // As written, and what it is in lower case.
  std::string in_lower;
};

template <bool wanted>
struct LikeAnyCase {
  static std::optional<uint8_t> call(LowerLikeState& state, Text text, Text pattern, Arena& arena) {
    if (state.pattern != pattern || state.in_lower.empty()) {
      state.pattern = pattern;
      state.in_lower = lowered(pattern, arena);
    }
    const auto matches = state.lowered_patterns.of(state.in_lower).matches(lowered(text, arena));
    if (!matches) return std::nullopt;
    return *matches == wanted ? 1 : 0;
  }
  static Reason why(LowerLikeState&, Text, Text, Arena&) {
    return bad_value(std::string(kEndsWithEscape));
  }
};

std::optional<ConstantFault> check_like(ConstantArguments arguments) {
  if (!arguments[1] || !LikePattern(*arguments[1]).ends_with_escape()) return std::nullopt;
  return ConstantFault{1, std::string(kEndsWithEscape)};
}

// --- ESCAPE

// Whether the text is one character, or none.
bool is_escape(Text escape) {
  return escape.empty() || character_bytes(escape[0]) == escape.size();
}

// The pattern with `escape` in the place of the backslash.
struct LikeEscape {
  static std::optional<Text> call(Text pattern, Text escape, Arena& arena) {
    if (!is_escape(escape)) return std::nullopt;
    if (escape == "\\") return pattern;
    TextWriter writer(arena, 2 * pattern.size());
    bool escaped = false;
    for (size_t at = 0; at < pattern.size();) {
      const Text character = pattern.substr(at, character_bytes(pattern[at]));
      at += character.size();
      if (!escape.empty() && character == escape && !escaped) {
        writer.put('\\');
        escaped = true;
        continue;
      }
      if (character == "\\" && !escaped) writer.put('\\');
      writer.put(character);
      escaped = false;
    }
    return writer.text();
  }
  static Reason why(Text, Text escape, Arena&) {
    return bad_value(fmt::format("the escape '{}' is more than one character", printable(escape)));
  }
};

}  // namespace

std::vector<Function> like_functions() {
  constexpr Type text = Type::text;
  std::vector<Function> all;
  const auto operation = [](Text name) {
    return Function{.name = name,
                    .arguments = {text, text},
                    .result = Type::boolean,
                    .check = check_like,
                    .kind = Kind::operation};
  };
  all.push_back(function_of<Like<true>>(operation("~~")));
  all.push_back(function_of<Like<false>>(operation("!~~")));
  all.push_back(function_of<LikeAnyCase<true>>(operation("~~*")));
  all.push_back(function_of<LikeAnyCase<false>>(operation("!~~*")));
  all.push_back(
      function_of<LikeEscape>({.name = "like_escape", .arguments = {text, text}, .result = text}));
  return all;
}

}  // namespace turntable::sql
