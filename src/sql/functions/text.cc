// Functions that measure texts and take them apart:
// https://www.postgresql.org/docs/15/functions-string.html. Positions and lengths count characters,
// not bytes. Text is UTF-8: decoders and catalogues take nothing else.
#include <algorithm>

#include "sql/functions/characters.h"
#include "sql/functions/text_support.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

// A text counts characters, bytes count bytes.
struct Characters {
  static size_t prefix(Text text, int64_t count) { return prefix_bytes(text, count); }
  static int32_t count(Text text) { return character_count(text); }
};
struct Bytes {
  static size_t prefix(Text bytes, int64_t count) {
    return static_cast<size_t>(std::clamp<int64_t>(count, 0, static_cast<int64_t>(bytes.size())));
  }
  static int32_t count(Text bytes) { return static_cast<int32_t>(bytes.size()); }
};

// The units [start, end), from 1; what lies outside of the text is not there.
template <class Unit>
Text slice(Text text, int64_t start, int64_t end) {
  start = std::max<int64_t>(start, 1);
  if (end <= start) return text.substr(0, 0);
  text.remove_prefix(Unit::prefix(text, start - 1));
  return text.substr(0, Unit::prefix(text, end - start));
}

template <class Unit>
struct SubstrFrom {
  static Text call(Text text, int32_t start) {
    return text.substr(Unit::prefix(text, std::max(int64_t{start} - 1, int64_t{0})));
  }
};

Reason negative_length(int32_t length) {
  return bad_value(fmt::format("the length {} is negative", length));
}

template <class Unit>
struct SubstrFromFor {
  static std::optional<Text> call(Text text, int32_t start, int32_t length) {
    // Characters before the first count towards the length, as the SQL standard has it.
    if (length < 0) return std::nullopt;
    return slice<Unit>(text, start, int64_t{start} + length);
  }
  static Reason why(Text, int32_t, int32_t length) { return negative_length(length); }
};

// Puts `with` in the place of `length` characters.
std::optional<Text> overlaid(Text text, Text with, int32_t start, int64_t length, Arena& arena) {
  // PostgreSQL computes the end as an int.
  if (start < 1 || start + length > INT32_MAX) return std::nullopt;
  const Text before = slice<Characters>(text, 1, start);
  const Text after = text.substr(prefix_bytes(text, std::max<int64_t>(start + length - 1, 0)));
  const size_t size = before.size() + with.size() + after.size();
  if (size > kResultBytesLimit) return std::nullopt;
  TextWriter writer(arena, size);
  writer.put(before);
  writer.put(with);
  writer.put(after);
  return writer.text();
}

Reason why_not_overlaid(int32_t start, int64_t length) {
  if (start < 1) return bad_value(fmt::format("the start {} is not positive", start));
  if (start + length > INT32_MAX)
    return {RejectCode::out_of_range, "the end is out of range for int"};
  return too_long();
}

struct Overlay {
  static std::optional<Text> call(Text text, Text with, int32_t start, Arena& arena) {
    return overlaid(text, with, start, character_count(with), arena);
  }
  static Reason why(Text, Text with, int32_t start, Arena&) {
    return why_not_overlaid(start, character_count(with));
  }
};

struct OverlayFor {
  static std::optional<Text> call(Text text, Text with, int32_t start, int32_t length,
                                  Arena& arena) {
    return overlaid(text, with, start, length, arena);
  }
  static Reason why(Text, Text, int32_t start, int32_t length, Arena&) {
    return why_not_overlaid(start, length);
  }
};

// The first characters; where the number is negative, all but so many at the other end.
struct Left {
  static Text call(Text text, int32_t count) {
    if (count >= 0) return text.substr(0, prefix_bytes(text, count));
    return text.substr(0, text.size() - suffix_bytes(text, -int64_t{count}));
  }
};
struct Right {
  static Text call(Text text, int32_t count) {
    if (count >= 0) return text.substr(text.size() - suffix_bytes(text, count));
    // PostgreSQL negates the number as an int, which the lowest does not survive.
    if (count == INT32_MIN) return text;
    return text.substr(prefix_bytes(text, -int64_t{count}));
  }
};

// The field with that number, from 1; from the end where it is negative. Empty where there is none.
Text split_field(Text text, Text delimiter, int32_t number) {
  const Text nothing = text.substr(0, 0);
  if (delimiter.empty()) return number == 1 || number == -1 ? text : nothing;
  if (number > 0) {
    for (; number > 1; --number) {
      const size_t found = text.find(delimiter);
      if (found == Text::npos) return nothing;
      text.remove_prefix(found + delimiter.size());
    }
    return text.substr(0, text.find(delimiter));
  }
  // Counted, not searched backwards: fields are found from the left, which matters where delimiters
  // could overlap.
  int64_t fields = 1;
  for (size_t at = text.find(delimiter); at != Text::npos;
       at = text.find(delimiter, at + delimiter.size()))
    ++fields;
  const int64_t from_left = fields + number + 1;
  return from_left < 1 ? nothing : split_field(text, delimiter, static_cast<int32_t>(from_left));
}

struct SplitPart {
  static std::optional<Text> call(Text text, Text delimiter, int32_t number) {
    if (number == 0) return std::nullopt;
    return split_field(text, delimiter, number);
  }
  static Reason why(Text, Text, int32_t) {
    return bad_value("the field's number is 0; the first is 1");
  }
};

template <class Unit>
struct Length {
  static int32_t call(Text text) { return Unit::count(text); }
};

struct BitLength {
  static std::optional<int32_t> call(Text bytes) {
    if (bytes.size() > INT32_MAX / 8) return std::nullopt;
    return static_cast<int32_t>(bytes.size() * 8);
  }
  static Reason why(Text) { return {RejectCode::out_of_range, "the length is out of range"}; }
};

// Where the part begins, from 1; 0 where it is not there.
template <class Unit>
struct Position {
  static int32_t call(Text text, Text part) {
    const size_t found = text.find(part);
    return found == Text::npos ? 0 : Unit::count(text.substr(0, found)) + 1;
  }
};

struct StartsWith {
  static uint8_t call(Text text, Text start) { return text.starts_with(start) ? 1 : 0; }
};

// The number of the first character; 0 where there is none.
struct Ascii {
  static int32_t call(Text text) {
    size_t at = 0;
    return text.empty() ? 0 : static_cast<int32_t>(next_character(text, at));
  }
};

// Trims spaces from the start, the end, or both.
template <bool start, bool end>
struct TrimBlanks {
  static Text call(Text text) {
    while (start && !text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (end && !text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
  }
};

// Trims characters that are in a set, given as a text of them.
template <class Unit, bool start, bool end>
struct TrimSet {
  static Text call(Text text, Text set) {
    const auto in_set = [&](Text character) { return set.find(character) != Text::npos; };
    while (start && !text.empty()) {
      const size_t first = Unit::prefix(text, 1);
      if (!in_set(text.substr(0, first))) break;
      text.remove_prefix(first);
    }
    while (end && !text.empty()) {
      size_t last = 1;
      if constexpr (std::is_same_v<Unit, Characters>) last = suffix_bytes(text, 1);
      if (!in_set(text.substr(text.size() - last))) break;
      text.remove_suffix(last);
    }
    return text;
  }
};

template <bool start, bool end>
void add_trim(std::vector<Function>& all, Text name) {
  constexpr Type text = Type::text;
  constexpr Type bytes = Type::bytes;
  all.push_back(
      function_of<TrimBlanks<start, end>>({.name = name, .arguments = {text}, .result = text}));
  all.push_back(function_of<TrimSet<Characters, start, end>>(
      {.name = name, .arguments = {text, text}, .result = text}));
  all.push_back(function_of<TrimSet<Bytes, start, end>>(
      {.name = name, .arguments = {bytes, bytes}, .result = bytes}));
}

template <class Unit>
void add_for_both(std::vector<Function>& all, Type type) {
  constexpr Type integer = Type::int32;
  for (const Text name : {"substr", "substring"}) {
    all.push_back(function_of<SubstrFrom<Unit>>(
        {.name = name, .arguments = {type, integer}, .result = type}));
    all.push_back(function_of<SubstrFromFor<Unit>>(
        {.name = name, .arguments = {type, integer, integer}, .result = type}));
  }
  all.push_back(
      function_of<Length<Unit>>({.name = "length", .arguments = {type}, .result = integer}));
  all.push_back(
      function_of<Length<Bytes>>({.name = "octet_length", .arguments = {type}, .result = integer}));
  all.push_back(
      function_of<BitLength>({.name = "bit_length", .arguments = {type}, .result = integer}));
  all.push_back(function_of<Position<Unit>>(
      {.name = "position", .arguments = {type, type}, .result = integer}));
}

}  // namespace

std::vector<Function> text_functions() {
  constexpr Type text = Type::text;
  constexpr Type integer = Type::int32;
  std::vector<Function> all;
  add_for_both<Characters>(all, text);
  add_for_both<Bytes>(all, Type::bytes);
  for (const Text name : {"char_length", "character_length"})
    all.push_back(
        function_of<Length<Characters>>({.name = name, .arguments = {text}, .result = integer}));
  all.push_back(function_of<Position<Characters>>(
      {.name = "strpos", .arguments = {text, text}, .result = integer}));
  all.push_back(function_of<Overlay>(
      {.name = "overlay", .arguments = {text, text, integer}, .result = text}));
  all.push_back(function_of<OverlayFor>(
      {.name = "overlay", .arguments = {text, text, integer, integer}, .result = text}));
  all.push_back(function_of<Left>({.name = "left", .arguments = {text, integer}, .result = text}));
  all.push_back(
      function_of<Right>({.name = "right", .arguments = {text, integer}, .result = text}));
  all.push_back(function_of<SplitPart>(
      {.name = "split_part", .arguments = {text, text, integer}, .result = text}));
  all.push_back(function_of<StartsWith>(
      {.name = "starts_with", .arguments = {text, text}, .result = Type::boolean}));
  all.push_back(function_of<StartsWith>(
      {.name = "^@", .arguments = {text, text}, .result = Type::boolean, .kind = Kind::operation}));
  all.push_back(function_of<Ascii>({.name = "ascii", .arguments = {text}, .result = integer}));
  add_trim<true, true>(all, "btrim");
  add_trim<true, false>(all, "ltrim");
  add_trim<false, true>(all, "rtrim");
  return all;
}

}  // namespace turntable::sql
