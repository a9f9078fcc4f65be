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

using View = std::string_view;
using Why = std::pair<RejectCode, std::string>;

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

int32_t character_count(View text) {
  return static_cast<int32_t>(std::count_if(text.begin(), text.end(), begins_character));
}

// The bytes of the text's first `characters` characters.
size_t prefix_bytes(View text, int64_t characters) {
  if (characters >= static_cast<int64_t>(text.size())) return text.size();
  size_t byte = 0;
  for (; byte < text.size(); ++byte)
    if (begins_character(text[byte]) && characters-- == 0) break;
  return byte;
}

// The characters [start, end), from 1; what lies outside of the text is not there.
View slice(View text, int64_t start, int64_t end) {
  start = std::max<int64_t>(start, 1);
  if (end <= start) return text.substr(0, 0);
  text.remove_prefix(prefix_bytes(text, start - 1));
  return text.substr(0, prefix_bytes(text, end - start));
}

void substr_from(Frame& frame) {
  map_rows<View, View, int32_t>(frame, [](View text, int32_t start) {
    return text.substr(prefix_bytes(text, std::max(int64_t{start} - 1, int64_t{0})));
  });
}

void substr_from_for(Frame& frame) {
  map_rows_or_fail<View, View, int32_t, int32_t>(
      frame,
      [](View text, int32_t start, int32_t length) {
        // Characters before the first count towards the length, as the SQL standard has it.
        return length < 0 ? std::nullopt
                          : std::optional(slice(text, start, int64_t{start} + length));
      },
      [](View, int32_t, int32_t length) {
        return Why(RejectCode::bad_value, fmt::format("the length {} is negative", length));
      });
}

// The field with that number, from 1; from the end where it is negative. Empty where there is none.
View split_field(View text, View delimiter, int32_t number) {
  const View nothing = text.substr(0, 0);
  if (delimiter.empty()) return number == 1 || number == -1 ? text : nothing;
  if (number > 0) {
    for (; number > 1; --number) {
      const size_t found = text.find(delimiter);
      if (found == View::npos) return nothing;
      text.remove_prefix(found + delimiter.size());
    }
    return text.substr(0, text.find(delimiter));
  }
  // Counted, not searched backwards: fields are found from the left, which matters where delimiters
  // could overlap.
  int64_t fields = 1;
  for (size_t at = text.find(delimiter); at != View::npos;
       at = text.find(delimiter, at + delimiter.size()))
    ++fields;
  const int64_t from_left = fields + number + 1;
  return from_left < 1 ? nothing : split_field(text, delimiter, static_cast<int32_t>(from_left));
}

void split_part(Frame& frame) {
  map_rows_or_fail<View, View, View, int32_t>(
      frame,
      [](View text, View delimiter, int32_t number) {
        return number == 0 ? std::nullopt : std::optional(split_field(text, delimiter, number));
      },
      [](View, View, int32_t) {
        return Why(RejectCode::bad_value, "the field's number is 0; the first is 1");
      });
}

void length(Frame& frame) {
  map_rows<int32_t, View>(frame, [](View text) { return character_count(text); });
}

void octet_length(Frame& frame) {
  map_rows<int32_t, View>(frame, [](View text) { return static_cast<int32_t>(text.size()); });
}

// Trims blanks (spaces only) from the start, the end, or both.
template <bool start, bool end>
void trim_blanks(Frame& frame) {
  map_rows<View, View>(frame, [](View text) {
    while (start && !text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (end && !text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
  });
}

// The only function that makes a text longer than those it is given.
void concatenate(Frame& frame) {
  Arena& arena = frame.arena;
  map_rows_or_fail<View, View, View>(
      frame,
      [&arena](View left, View right) -> std::optional<View> {
        if (left.empty()) return right;
        if (right.empty()) return left;
        const size_t size = left.size() + right.size();
        if (size > kResultBytesLimit) [[unlikely]]
          return std::nullopt;
        char* place = arena.allocate(size);
        std::memcpy(place, left.data(), left.size());
        std::memcpy(place + left.size(), right.data(), right.size());
        return View(place, size);
      },
      [](View, View) {
        return Why(RejectCode::too_large,
                   fmt::format("a text has more than {} bytes", grouped(kResultBytesLimit)));
      });
}

// Bytes as UTF-8 text. The encoding is a constant, so that one that is not known is a fault of the
// pipeline.
void convert_from(Frame& frame) {
  map_rows_or_fail<View, View>(
      frame,
      [](View bytes) {
        return is_utf8(bytes) && bytes.find('\0') == View::npos ? std::optional(bytes)
                                                                : std::nullopt;
      },
      [](View bytes) {
        return Why(RejectCode::bad_value, fmt::format("'{}' is no UTF-8 text", printable(bytes)));
      });
}

Result<std::shared_ptr<const Prepared>> prepare_encoding(std::string_view name) {
  const std::string lower = lowercase(name);
  if (lower == "utf8" || lower == "utf-8") return std::shared_ptr<const Prepared>();
  return fail(ErrorKind::usage,
              fmt::format("the encoding {} is not supported; expected UTF8", printable(name)));
}

}  // namespace

std::vector<Function> text_functions() {
  constexpr Type text = Type::text;
  constexpr Type integer = Type::int32;
  return {
      {.name = "substr", .arguments = {text, integer}, .result = text, .loop = substr_from},
      {.name = "substr",
       .arguments = {text, integer, integer},
       .result = text,
       .loop = substr_from_for},
      {.name = "substring", .arguments = {text, integer}, .result = text, .loop = substr_from},
      {.name = "substring",
       .arguments = {text, integer, integer},
       .result = text,
       .loop = substr_from_for},
      {.name = "split_part",
       .arguments = {text, text, integer},
       .result = text,
       .loop = split_part},
      {.name = "length", .arguments = {text}, .result = integer, .loop = length},
      {.name = "char_length", .arguments = {text}, .result = integer, .loop = length},
      {.name = "character_length", .arguments = {text}, .result = integer, .loop = length},
      {.name = "octet_length", .arguments = {text}, .result = integer, .loop = octet_length},
      {.name = "octet_length", .arguments = {Type::bytes}, .result = integer, .loop = octet_length},
      {.name = "btrim", .arguments = {text}, .result = text, .loop = trim_blanks<true, true>},
      {.name = "ltrim", .arguments = {text}, .result = text, .loop = trim_blanks<true, false>},
      {.name = "rtrim", .arguments = {text}, .result = text, .loop = trim_blanks<false, true>},
      {.name = "convert_from",
       .arguments = {Type::bytes, text},
       .result = text,
       .loop = convert_from,
       .constant = 1,
       .prepare = prepare_encoding},
      {.name = "||",
       .arguments = {text, text},
       .result = text,
       .loop = concatenate,
       .kind = Kind::operation},
  };
}

}  // namespace turntable::sql
