// Functions on text: https://www.postgresql.org/docs/15/functions-string.html. Positions and
// lengths count characters, not bytes. Text is UTF-8: decoders and catalogues take nothing else.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "sql/builtins.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

using Text = std::string_view;

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

int32_t character_count(Text text) {
  return static_cast<int32_t>(std::count_if(text.begin(), text.end(), begins_character));
}

// The bytes of the text's first `characters` characters.
size_t prefix_bytes(Text text, int64_t characters) {
  if (characters >= static_cast<int64_t>(text.size())) return text.size();
  size_t byte = 0;
  for (; byte < text.size(); ++byte)
    if (begins_character(text[byte]) && characters-- == 0) break;
  return byte;
}

// The characters [start, end), from 1; what lies outside of the text is not there.
Text slice(Text text, int64_t start, int64_t end) {
  start = std::max<int64_t>(start, 1);
  if (end <= start) return text.substr(0, 0);
  text.remove_prefix(prefix_bytes(text, start - 1));
  return text.substr(0, prefix_bytes(text, end - start));
}

struct SubstrFrom {
  static Text call(Text text, int32_t start) {
    return text.substr(prefix_bytes(text, std::max(int64_t{start} - 1, int64_t{0})));
  }
};

struct SubstrFromFor {
  static std::optional<Text> call(Text text, int32_t start, int32_t length) {
    // Characters before the first count towards the length, as the SQL standard has it.
    if (length < 0) return std::nullopt;
    return slice(text, start, int64_t{start} + length);
  }
  static Reason why(Text, int32_t, int32_t length) {
    return {RejectCode::bad_value, fmt::format("the length {} is negative", length)};
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
    return {RejectCode::bad_value, "the field's number is 0; the first is 1"};
  }
};

struct CharLength {
  static int32_t call(Text text) { return character_count(text); }
};

struct OctetLength {
  static int32_t call(Text bytes) { return static_cast<int32_t>(bytes.size()); }
};

// Trims blanks (spaces only) from the start, the end, or both.
template <bool start, bool end>
struct TrimBlanks {
  static Text call(Text text) {
    while (start && !text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (end && !text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
  }
};

// The only function that makes a text longer than those it is given.
struct Concatenate {
  static std::optional<Text> call(Text left, Text right, Arena& arena) {
    if (left.empty()) return right;
    if (right.empty()) return left;
    const size_t size = left.size() + right.size();
    if (size > kResultBytesLimit) [[unlikely]]
      return std::nullopt;
    char* place = arena.allocate(size);
    std::memcpy(place, left.data(), left.size());
    std::memcpy(place + left.size(), right.data(), right.size());
    return Text(place, size);
  }
  static Reason why(Text, Text) {
    return {RejectCode::too_large,
            fmt::format("a text has more than {} bytes", grouped(kResultBytesLimit))};
  }
};

// Bytes as UTF-8 text. The encoding is a constant, so that one that is not known is a fault of the
// pipeline.
struct ConvertFrom {
  static std::optional<Text> call(Text bytes) {
    if (!is_utf8(bytes) || bytes.find('\0') != Text::npos) return std::nullopt;
    return bytes;
  }
  static Reason why(Text bytes) {
    return {RejectCode::bad_value, fmt::format("'{}' is no UTF-8 text", printable(bytes))};
  }
};

Result<std::shared_ptr<const Prepared>> prepare_encoding(std::string_view name) {
  const std::string lower = lowercase(name);
  if (lower == "utf8" || lower == "utf-8") return std::make_shared<const Prepared>();
  return fail(ErrorKind::usage,
              fmt::format("the encoding {} is not supported; expected UTF8", printable(name)));
}

}  // namespace

std::vector<Function> text_functions() {
  constexpr Type text = Type::text;
  constexpr Type bytes = Type::bytes;
  constexpr Type integer = Type::int32;
  std::vector<Function> all;
  for (const Text name : {"substr", "substring"}) {
    all.push_back(function_of<SubstrFrom>(
        {.name = name, .arguments = {text, integer}, .result = text}));
    all.push_back(function_of<SubstrFromFor>(
        {.name = name, .arguments = {text, integer, integer}, .result = text}));
  }
  all.push_back(function_of<SplitPart>(
      {.name = "split_part", .arguments = {text, text, integer}, .result = text}));
  for (const Text name : {"length", "char_length", "character_length"})
    all.push_back(
        function_of<CharLength>({.name = name, .arguments = {text}, .result = integer}));
  for (const Type type : {text, bytes})
    all.push_back(function_of<OctetLength>(
        {.name = "octet_length", .arguments = {type}, .result = integer}));
  all.push_back(
      function_of<TrimBlanks<true, true>>({.name = "btrim", .arguments = {text}, .result = text}));
  all.push_back(function_of<TrimBlanks<true, false>>(
      {.name = "ltrim", .arguments = {text}, .result = text}));
  all.push_back(function_of<TrimBlanks<false, true>>(
      {.name = "rtrim", .arguments = {text}, .result = text}));
  all.push_back(function_of<ConvertFrom>({.name = "convert_from",
                                          .arguments = {bytes, text},
                                          .result = text,
                                          .constant = 1,
                                          .prepare = prepare_encoding}));
  all.push_back(function_of<Concatenate>({.name = "||",
                                          .arguments = {text, text},
                                          .result = text,
                                          .kind = Kind::operation}));
  return all;
}

}  // namespace turntable::sql
