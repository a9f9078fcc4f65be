// Functions and operators of regular expressions:
// https://www.postgresql.org/docs/15/functions-matching.html. How they match is in
// pattern_program.h. A pattern that is a constant is tried when the pipeline is bound; one that is
// not is compiled when a record brings it.
#include <string>
#include <vector>

#include "sql/functions/characters.h"
#include "sql/functions/pattern_program.h"
#include "sql/functions/pattern_state.h"
#include "sql/functions/similar_to.h"
#include "sql/functions/text_support.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

// What a function takes beside the text and the pattern. Zero means that it is not given.
struct Wanted {
  int32_t start = 1;       // Where the search begins, from 1.
  int32_t number = 1;      // Which match.
  int32_t end_option = 0;  // 1: behind the match.
  Text flags = {};
  int32_t group = 0;  // Which part of the match.
};

// Why the call fails, for whatever text it is about; or nothing.
std::optional<std::string> problem(const PatternState::Entry& entry, const Wanted& wanted,
                                   bool takes_global, int32_t least_number) {
  if (wanted.start < 1) return fmt::format("the start {} is not positive", wanted.start);
  if (wanted.number < least_number)
    return fmt::format("the number of the match, {}, is {}", wanted.number,
                       least_number == 0 ? "negative" : "not positive");
  if (wanted.end_option != 0 && wanted.end_option != 1)
    return fmt::format("the choice of the match's start or end, {}, is not 0 or 1",
                       wanted.end_option);
  if (wanted.group < 0)
    return fmt::format("the number of the group, {}, is negative", wanted.group);
  if (!entry.error.empty()) return entry.error;
  if (entry.global && !takes_global) return "it does not take the flag 'g'";
  return std::nullopt;
}

// The byte at which the search begins, or one beyond the text.
size_t first_byte(Text text, int32_t start) {
  const size_t byte = prefix_bytes(text, int64_t{start} - 1);
  const bool beyond = byte == text.size() && start > 1 && character_count(text) < start - 1;
  return beyond ? text.size() + 1 : byte;
}

// --- Is there a match?

template <bool ignore_case, bool wanted>
struct Matches {
  static std::optional<uint8_t> call(PatternState& state, Text text, Text pattern) {
    const auto& entry = state.of(pattern, {}, ignore_case);
    if (entry.program == nullptr) return std::nullopt;
    return entry.program->is_in(text) == wanted ? 1 : 0;
  }
  static Reason why(PatternState& state, Text, Text pattern) {
    return bad_value(state.of(pattern, {}, ignore_case).error);
  }
};

struct RegexpLike {
  static std::optional<uint8_t> call(PatternState& state, Text text, Text pattern, Text flags) {
    const auto& entry = state.of(pattern, flags, false);
    if (problem(entry, {}, false, 1)) return std::nullopt;
    return entry.program->is_in(text) ? 1 : 0;
  }
  static Reason why(PatternState& state, Text, Text pattern, Text flags) {
    return bad_value(*problem(state.of(pattern, flags, false), {}, false, 1));
  }
};

// --- Counting and finding

std::optional<int32_t> count(PatternState& state, Text text, Text pattern, const Wanted& wanted) {
  const auto& entry = state.of(pattern, wanted.flags, false);
  if (problem(entry, wanted, false, 1)) return std::nullopt;
  state.groups.assign(1, Span());
  int32_t found = 0;
  each_match(PatternSearch(*entry.program, text), text, first_byte(text, wanted.start),
             state.groups, [&] {
               ++found;
               return true;
             });
  return found;
}

// The group that is asked for in the match that is asked for; unset where there is none. Without
// groups in the pattern the match itself is group 1.
std::optional<Span> found(PatternState& state, Text text, Text pattern, const Wanted& wanted) {
  const auto& entry = state.of(pattern, wanted.flags, false);
  if (problem(entry, wanted, false, 1)) return std::nullopt;
  const size_t captures = entry.program->captures();
  auto group = static_cast<size_t>(wanted.group);
  if (group > std::max<size_t>(captures, 1)) return Span();
  if (captures == 0) group = 0;
  state.groups.assign(group + 1, Span());
  int32_t left = wanted.number;
  each_match(PatternSearch(*entry.program, text), text, first_byte(text, wanted.start),
             state.groups, [&] { return --left > 0; });
  return left == 0 ? state.groups[group] : Span();
}

std::optional<int32_t> place(PatternState& state, Text text, Text pattern, const Wanted& wanted) {
  const auto span = found(state, text, pattern, wanted);
  if (!span) return std::nullopt;
  if (!span->is_set()) return 0;
  return character_count(text.substr(0, wanted.end_option == 1 ? span->end : span->begin)) + 1;
}

std::optional<Nullable<Text>> part(PatternState& state, Text text, Text pattern,
                                   const Wanted& wanted) {
  const auto span = found(state, text, pattern, wanted);
  if (!span) return std::nullopt;
  return span->is_set() ? Nullable<Text>(span->of(text)) : Nullable<Text>();
}

// A function of text, pattern and further arguments, which make a Wanted.
template <auto compute, class... More>
struct Searching {
  static auto call(PatternState& state, Text text, Text pattern, More... more) {
    return compute(state, text, pattern, Wanted{more...});
  }
  static Reason why(PatternState& state, Text, Text pattern, More... more) {
    const Wanted given{more...};
    return bad_value(*problem(state.of(pattern, given.flags, false), given, false, 1));
  }
};

struct CountWithFlags {
  static std::optional<int32_t> call(PatternState& state, Text text, Text pattern, int32_t start,
                                     Text flags) {
    return count(state, text, pattern, {.start = start, .flags = flags});
  }
  static Reason why(PatternState& state, Text, Text pattern, int32_t start, Text flags) {
    return bad_value(
        *problem(state.of(pattern, flags, false), {.start = start, .flags = flags}, false, 1));
  }
};

// regexp_substr gives NULL, and so sees it.
template <size_t given>
struct Substr {
  using Result = std::optional<Nullable<Text>>;
  static Result compute(PatternState& state, Nullable<Text> text, Text pattern,
                        const Wanted& wanted) {
    return text.null ? Nullable<Text>() : part(state, text.value, pattern, wanted);
  }
  static Reason reason(PatternState& state, Text pattern, const Wanted& wanted) {
    return bad_value(*problem(state.of(pattern, wanted.flags, false), wanted, false, 1));
  }
};

struct Substr2 : Substr<2> {
  static Result call(PatternState& state, Nullable<Text> text, Text pattern) {
    return compute(state, text, pattern, {});
  }
  static Reason why(PatternState& state, Nullable<Text>, Text pattern) {
    return reason(state, pattern, {});
  }
};
struct Substr3 : Substr<3> {
  static Result call(PatternState& state, Nullable<Text> text, Text pattern, int32_t start) {
    return compute(state, text, pattern, {.start = start});
  }
  static Reason why(PatternState& state, Nullable<Text>, Text pattern, int32_t start) {
    return reason(state, pattern, {.start = start});
  }
};
struct Substr4 : Substr<4> {
  static Result call(PatternState& state, Nullable<Text> text, Text pattern, int32_t start,
                     int32_t number) {
    return compute(state, text, pattern, {.start = start, .number = number});
  }
  static Reason why(PatternState& state, Nullable<Text>, Text pattern, int32_t start,
                    int32_t number) {
    return reason(state, pattern, {.start = start, .number = number});
  }
};
struct Substr5 : Substr<5> {
  static Result call(PatternState& state, Nullable<Text> text, Text pattern, int32_t start,
                     int32_t number, Text flags) {
    return compute(state, text, pattern, {.start = start, .number = number, .flags = flags});
  }
  static Reason why(PatternState& state, Nullable<Text>, Text pattern, int32_t start,
                    int32_t number, Text flags) {
    return reason(state, pattern, {.start = start, .number = number, .flags = flags});
  }
};
struct Substr6 : Substr<6> {
  static Result call(PatternState& state, Nullable<Text> text, Text pattern, int32_t start,
                     int32_t number, Text flags, int32_t group) {
    return compute(state, text, pattern,
                   {.start = start, .number = number, .flags = flags, .group = group});
  }
  static Reason why(PatternState& state, Nullable<Text>, Text pattern, int32_t start,
                    int32_t number, Text flags, int32_t group) {
    return reason(state, pattern,
                  {.start = start, .number = number, .flags = flags, .group = group});
  }
};

// substring(text FROM pattern): the first group, where the pattern has one, or else the match.
std::optional<Nullable<Text>> first_group(PatternState& state, Text text, Text pattern) {
  const auto& entry = state.of(pattern, {}, false);
  if (entry.program == nullptr) return std::nullopt;
  return part(state, text, pattern, {.group = entry.program->captures() > 0 ? 1 : 0});
}

struct SubstringOfPattern {
  static std::optional<Nullable<Text>> call(PatternState& state, Nullable<Text> text,
                                            Text pattern) {
    return text.null ? Nullable<Text>() : first_group(state, text.value, pattern);
  }
  static Reason why(PatternState& state, Nullable<Text>, Text pattern) {
    return bad_value(state.of(pattern, {}, false).error);
  }
};

// --- Replacing

// Puts the replacement for the match at hand: \1 to \9 and \& stand for what was found.
void append_replacement(std::string& out, Text replacement, Text text,
                        std::span<const Span> groups) {
  size_t at = 0;
  for (size_t escape = replacement.find('\\'); escape != Text::npos;
       escape = replacement.find('\\', at)) {
    out += replacement.substr(at, escape - at);
    const char next = escape + 1 < replacement.size() ? replacement[escape + 1] : '\0';
    if ((next >= '1' && next <= '9') || next == '&') {
      const size_t group = next == '&' ? 0 : static_cast<size_t>(next - '0');
      if (group < groups.size() && groups[group].is_set()) out += groups[group].of(text);
      at = escape + 2;
    } else {
      out += '\\';
      at = escape + (next == '\\' ? 2 : 1);
    }
  }
  out += replacement.substr(at);
}

// Number 0 is all matches. Nothing where the text becomes too long.
std::optional<Text> replaced(PatternState& state, const PatternState::Entry& entry, Text text,
                             Text replacement, int32_t start, int32_t number, Arena& arena) {
  const bool has_escapes = replacement.find('\\') != Text::npos;
  state.groups.assign(has_escapes ? entry.program->captures() + 1 : 1, Span());
  std::string& out = state.made;
  out.clear();
  size_t copied = 0;
  int32_t met = 0;
  bool any = false;
  bool too_large = false;
  each_match(PatternSearch(*entry.program, text), text, first_byte(text, start), state.groups, [&] {
    ++met;
    if (number > 0 && met != number) return true;
    any = true;
    out += text.substr(copied, state.groups[0].begin - copied);
    if (has_escapes) {
      append_replacement(out, replacement, text, state.groups);
    } else {
      out += replacement;
    }
    copied = state.groups[0].end;
    too_large = out.size() > kResultBytesLimit;
    return number == 0 && !too_large;
  });
  if (!any) return text;
  out += text.substr(copied);
  if (too_large || out.size() > kResultBytesLimit) return std::nullopt;
  return arena.copy(out);
}

struct Replacing {
  static std::optional<Text> compute(PatternState& state, Text text, Text pattern, Text replacement,
                                     const Wanted& wanted, std::optional<int32_t> number,
                                     Arena& arena) {
    const auto& entry = state.of(pattern, wanted.flags, false);
    if (problem(entry, wanted, true, 0)) return std::nullopt;
    return replaced(state, entry, text, replacement, wanted.start,
                    number.value_or(entry.global ? 0 : 1), arena);
  }
  static Reason reason(PatternState& state, Text pattern, const Wanted& wanted) {
    const auto why = problem(state.of(pattern, wanted.flags, false), wanted, true, 0);
    return why ? bad_value(*why) : too_long();
  }
};

struct RegexpReplace : Replacing {
  static std::optional<Text> call(PatternState& state, Text text, Text pattern, Text replacement,
                                  Arena& arena) {
    return compute(state, text, pattern, replacement, {}, {}, arena);
  }
  static Reason why(PatternState& state, Text, Text pattern, Text, Arena&) {
    return reason(state, pattern, {});
  }
};
struct RegexpReplaceFlags : Replacing {
  static std::optional<Text> call(PatternState& state, Text text, Text pattern, Text replacement,
                                  Text flags, Arena& arena) {
    return compute(state, text, pattern, replacement, {.flags = flags}, {}, arena);
  }
  static Reason why(PatternState& state, Text, Text pattern, Text, Text flags, Arena&) {
    return reason(state, pattern, {.flags = flags});
  }
};
struct RegexpReplaceFrom : Replacing {
  static std::optional<Text> call(PatternState& state, Text text, Text pattern, Text replacement,
                                  int32_t start, Arena& arena) {
    return compute(state, text, pattern, replacement, {.start = start}, {}, arena);
  }
  static Reason why(PatternState& state, Text, Text pattern, Text, int32_t start, Arena&) {
    return reason(state, pattern, {.start = start});
  }
};
struct RegexpReplaceNumber : Replacing {
  static std::optional<Text> call(PatternState& state, Text text, Text pattern, Text replacement,
                                  int32_t start, int32_t number, Arena& arena) {
    return compute(state, text, pattern, replacement, {.start = start, .number = number}, number,
                   arena);
  }
  static Reason why(PatternState& state, Text, Text pattern, Text, int32_t start, int32_t number,
                    Arena&) {
    return reason(state, pattern, {.start = start, .number = number});
  }
};
struct RegexpReplaceNumberFlags : Replacing {
  static std::optional<Text> call(PatternState& state, Text text, Text pattern, Text replacement,
                                  int32_t start, int32_t number, Text flags, Arena& arena) {
    return compute(state, text, pattern, replacement,
                   {.start = start, .number = number, .flags = flags}, number, arena);
  }
  static Reason why(PatternState& state, Text, Text pattern, Text, int32_t start, int32_t number,
                    Text flags, Arena&) {
    return reason(state, pattern, {.start = start, .number = number, .flags = flags});
  }
};

// --- SIMILAR TO

struct SimilarEscape {
  static std::optional<Text> call(Text pattern, Text escape, Arena& arena) {
    std::string error;
    const auto made = of_similar(pattern, escape, error);
    return made ? std::optional(arena.copy(*made)) : std::nullopt;
  }
  static Reason why(Text pattern, Text escape, Arena&) {
    std::string error;
    static_cast<void>(of_similar(pattern, escape, error));
    return bad_value(std::move(error));
  }
};

struct Similar {
  static std::optional<Text> call(Text pattern, Arena& arena) {
    return SimilarEscape::call(pattern, "\\", arena);
  }
  static Reason why(Text pattern, Arena& arena) { return SimilarEscape::why(pattern, "\\", arena); }
};

// substring(text FROM pattern FOR escape): what stands between the separators.
struct SubstringSimilar {
  static std::optional<Nullable<Text>> call(PatternState& state, Nullable<Text> text, Text pattern,
                                            Text escape) {
    std::string error;
    const auto made = of_similar(pattern, escape, error);
    if (!made) return std::nullopt;
    return text.null ? Nullable<Text>() : first_group(state, text.value, *made);
  }
  static Reason why(PatternState& state, Nullable<Text>, Text pattern, Text escape) {
    std::string error;
    const auto made = of_similar(pattern, escape, error);
    return bad_value(made ? state.of(*made, {}, false).error : error);
  }
};

// --- Constants

constexpr size_t kNoFlags = 0;

template <size_t flags, bool ignore_case, bool takes_global>
std::optional<ConstantFault> check_pattern(ConstantArguments arguments) {
  if constexpr (flags != kNoFlags) {
    if (arguments[flags]) {
      const auto options = parse_pattern_flags(*arguments[flags]);
      if (!options) return ConstantFault{flags, options.error().message};
      if (options->global && !takes_global) return ConstantFault{flags, "it does not take 'g'"};
    } else {
      return std::nullopt;
    }
  }
  if (!arguments[1]) return std::nullopt;
  const Text given = flags == kNoFlags ? Text() : *arguments[flags];
  auto entry = PatternState::compiled(*arguments[1], given, ignore_case);
  if (entry.program != nullptr) return std::nullopt;
  return ConstantFault{1, std::move(entry.error)};
}

std::optional<ConstantFault> check_similar(ConstantArguments arguments) {
  if (!arguments[1] || !arguments[2]) return std::nullopt;
  std::string error;
  const auto pattern = of_similar(*arguments[1], *arguments[2], error);
  if (pattern) error = PatternState::compiled(*pattern, {}, false).error;
  return error.empty() ? std::nullopt : std::optional(ConstantFault{1, std::move(error)});
}

}  // namespace

std::vector<Function> pattern_functions() {
  constexpr Type text = Type::text;
  constexpr Type integer = Type::int32;
  std::vector<Function> all;
  const auto add = [&all]<class F>(std::type_identity<F>, Text name, std::vector<Type> arguments,
                                   Type result, Check check) {
    all.push_back(function_of<F>({.name = name,
                                  .arguments = std::move(arguments),
                                  .result = result,
                                  .check = check,
                                  .costly = true}));
  };
  const auto add_operator = [&all]<class F>(std::type_identity<F>, Text name, Check check) {
    all.push_back(function_of<F>({.name = name,
                                  .arguments = {text, text},
                                  .result = Type::boolean,
                                  .check = check,
                                  .kind = Kind::operation,
                                  .costly = true}));
  };
  constexpr Check kPlain = check_pattern<kNoFlags, false, false>;
  constexpr Check kAnyCase = check_pattern<kNoFlags, true, false>;
  add_operator(std::type_identity<Matches<false, true>>(), "~", kPlain);
  add_operator(std::type_identity<Matches<false, false>>(), "!~", kPlain);
  add_operator(std::type_identity<Matches<true, true>>(), "~*", kAnyCase);
  add_operator(std::type_identity<Matches<true, false>>(), "!~*", kAnyCase);

  add(std::type_identity<Matches<false, true>>(), "regexp_like", {text, text}, Type::boolean,
      kPlain);
  add(std::type_identity<RegexpLike>(), "regexp_like", {text, text, text}, Type::boolean,
      check_pattern<2, false, false>);

  add(std::type_identity<Searching<count>>(), "regexp_count", {text, text}, integer, kPlain);
  add(std::type_identity<Searching<count, int32_t>>(), "regexp_count", {text, text, integer},
      integer, kPlain);
  add(std::type_identity<CountWithFlags>(), "regexp_count", {text, text, integer, text}, integer,
      check_pattern<3, false, false>);

  add(std::type_identity<Searching<place>>(), "regexp_instr", {text, text}, integer, kPlain);
  add(std::type_identity<Searching<place, int32_t>>(), "regexp_instr", {text, text, integer},
      integer, kPlain);
  add(std::type_identity<Searching<place, int32_t, int32_t>>(), "regexp_instr",
      {text, text, integer, integer}, integer, kPlain);
  add(std::type_identity<Searching<place, int32_t, int32_t, int32_t>>(), "regexp_instr",
      {text, text, integer, integer, integer}, integer, kPlain);
  add(std::type_identity<Searching<place, int32_t, int32_t, int32_t, Text>>(), "regexp_instr",
      {text, text, integer, integer, integer, text}, integer, check_pattern<5, false, false>);
  add(std::type_identity<Searching<place, int32_t, int32_t, int32_t, Text, int32_t>>(),
      "regexp_instr", {text, text, integer, integer, integer, text, integer}, integer,
      check_pattern<5, false, false>);

  add(std::type_identity<Substr2>(), "regexp_substr", {text, text}, text, kPlain);
  add(std::type_identity<Substr3>(), "regexp_substr", {text, text, integer}, text, kPlain);
  add(std::type_identity<Substr4>(), "regexp_substr", {text, text, integer, integer}, text, kPlain);
  add(std::type_identity<Substr5>(), "regexp_substr", {text, text, integer, integer, text}, text,
      check_pattern<4, false, false>);
  add(std::type_identity<Substr6>(), "regexp_substr", {text, text, integer, integer, text, integer},
      text, check_pattern<4, false, false>);
  add(std::type_identity<SubstringOfPattern>(), "substring", {text, text}, text, kPlain);
  add(std::type_identity<SubstringSimilar>(), "substring", {text, text, text}, text, check_similar);

  add(std::type_identity<RegexpReplace>(), "regexp_replace", {text, text, text}, text, kPlain);
  add(std::type_identity<RegexpReplaceFlags>(), "regexp_replace", {text, text, text, text}, text,
      check_pattern<3, false, true>);
  add(std::type_identity<RegexpReplaceFrom>(), "regexp_replace", {text, text, text, integer}, text,
      kPlain);
  add(std::type_identity<RegexpReplaceNumber>(), "regexp_replace",
      {text, text, text, integer, integer}, text, kPlain);
  add(std::type_identity<RegexpReplaceNumberFlags>(), "regexp_replace",
      {text, text, text, integer, integer, text}, text, check_pattern<5, false, true>);

  add(std::type_identity<Similar>(), "similar_to_escape", {text}, text, nullptr);
  add(std::type_identity<SimilarEscape>(), "similar_to_escape", {text, text}, text, nullptr);
  return all;
}

}  // namespace turntable::sql
