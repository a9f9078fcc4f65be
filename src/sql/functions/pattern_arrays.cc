// Functions of regular expressions that give arrays:
// https://www.postgresql.org/docs/15/functions-matching.html.
#include <string>
#include <vector>

#include "row/array.h"
#include "sql/functions/pattern_state.h"

namespace turntable::sql {
namespace {

using ArrayResult = std::optional<Nullable<Text>>;

void add_text(ArrayWriter& writer, Text text) {
  append_view_cell(writer.elements(), text);
  writer.count_element();
}

Reason no_pattern(const PatternState::Entry& entry) {
  if (!entry.error.empty()) return bad_value(entry.error);
  if (entry.global) return bad_value("it does not take the flag 'g'");
  return too_long();
}

// The groups of the first match; the whole match where the pattern has no group.
ArrayResult first_match(PatternState& state, Nullable<Text> text, Text pattern, Text flags,
                        Arena& arena) {
  if (text.null) return Nullable<Text>();
  const auto& entry = state.of(pattern, flags, false);
  if (entry.program == nullptr || entry.global) return std::nullopt;
  state.groups.assign(entry.program->captures() + 1, Span());
  const PatternSearch search(*entry.program, text.value);
  if (!search.find(0, state.groups)) return Nullable<Text>();
  ArrayWriter writer;
  const size_t first = state.groups.size() == 1 ? 0 : 1;
  for (size_t i = first; i < state.groups.size(); ++i) {
    if (state.groups[i].is_set()) {
      add_text(writer, state.groups[i].of(text.value));
    } else {
      append_null_cell(writer.elements());
      writer.count_element();
    }
  }
  const std::string array = writer.finish();
  if (array.size() > kResultBytesLimit) return std::nullopt;
  return Nullable<Text>(arena.copy(array));
}

struct RegexpMatch {
  static ArrayResult call(PatternState& state, Nullable<Text> text, Text pattern, Arena& arena) {
    return first_match(state, text, pattern, {}, arena);
  }
  static Reason why(PatternState& state, Nullable<Text>, Text pattern, Arena&) {
    return no_pattern(state.of(pattern, {}, false));
  }
};
struct RegexpMatchFlags {
  static ArrayResult call(PatternState& state, Nullable<Text> text, Text pattern, Text flags,
                          Arena& arena) {
    return first_match(state, text, pattern, flags, arena);
  }
  static Reason why(PatternState& state, Nullable<Text>, Text pattern, Text flags, Arena&) {
    return no_pattern(state.of(pattern, flags, false));
  }
};

// An empty match at the beginning, at the end or behind another match splits nothing.
std::optional<Text> split_at_matches(PatternState& state, Text text, Text pattern, Text flags,
                                     Arena& arena) {
  const auto& entry = state.of(pattern, flags, false);
  if (entry.program == nullptr || entry.global) return std::nullopt;
  state.groups.assign(1, Span());
  const PatternSearch search(*entry.program, text);
  ArrayWriter writer;
  size_t begin = 0;
  each_match(search, text, 0, state.groups, [&] {
    const Span match = state.groups[0];
    const bool splits = match.begin < text.size() && match.end > begin;
    if (!splits) return true;
    add_text(writer, text.substr(begin, match.begin - begin));
    begin = match.end;
    return true;
  });
  add_text(writer, text.substr(begin));
  const std::string array = writer.finish();
  if (array.size() > kResultBytesLimit) return std::nullopt;
  return arena.copy(array);
}

struct RegexpSplit {
  static std::optional<Text> call(PatternState& state, Text text, Text pattern, Arena& arena) {
    return split_at_matches(state, text, pattern, {}, arena);
  }
  static Reason why(PatternState& state, Text, Text pattern, Arena&) {
    return no_pattern(state.of(pattern, {}, false));
  }
};
struct RegexpSplitFlags {
  static std::optional<Text> call(PatternState& state, Text text, Text pattern, Text flags,
                                  Arena& arena) {
    return split_at_matches(state, text, pattern, flags, arena);
  }
  static Reason why(PatternState& state, Text, Text pattern, Text flags, Arena&) {
    return no_pattern(state.of(pattern, flags, false));
  }
};

// A constant pattern is tried when the pipeline is bound, as with the other functions.
template <bool has_flags>
std::optional<ConstantFault> check_constant_pattern(ConstantArguments arguments) {
  Text flags;
  if constexpr (has_flags) {
    if (!arguments[2]) return std::nullopt;
    flags = *arguments[2];
    const auto options = parse_pattern_flags(flags);
    if (!options) return ConstantFault{2, options.error().message};
    if (options->global) return ConstantFault{2, "it does not take 'g'"};
  }
  if (!arguments[1]) return std::nullopt;
  auto entry = PatternState::compiled(*arguments[1], flags, false);
  if (entry.program != nullptr) return std::nullopt;
  return ConstantFault{1, std::move(entry.error)};
}

template <class Plain, class WithFlags>
void add_both(std::vector<Function>& all, std::string_view name) {
  constexpr Type text = Type::text;
  constexpr Type texts = array_of(Type::text);
  all.push_back(function_of<Plain>({.name = name,
                                    .arguments = {text, text},
                                    .result = texts,
                                    .check = check_constant_pattern<false>,
                                    .costly = true}));
  all.push_back(function_of<WithFlags>({.name = name,
                                        .arguments = {text, text, text},
                                        .result = texts,
                                        .check = check_constant_pattern<true>,
                                        .costly = true}));
}

}  // namespace

std::vector<Function> pattern_array_functions() {
  std::vector<Function> all;
  add_both<RegexpMatch, RegexpMatchFlags>(all, "regexp_match");
  add_both<RegexpSplit, RegexpSplitFlags>(all, "regexp_split_to_array");
  return all;
}

}  // namespace turntable::sql
