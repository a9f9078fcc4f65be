// Functions that make a text of others: https://www.postgresql.org/docs/15/functions-string.html.
// What they make is bounded: a record whose text would be larger is rejected.
#include <utf8proc.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include "sql/functions/characters.h"
#include "sql/functions/text_support.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace {

struct Concatenate {
  static std::optional<Text> call(Text left, Text right, Arena& arena) {
    if (left.empty()) return right;
    if (right.empty()) return left;
    const size_t size = left.size() + right.size();
    if (size > kResultBytesLimit) [[unlikely]]
      return std::nullopt;
    TextWriter writer(arena, size);
    writer.put(left);
    writer.put(right);
    return writer.text();
  }
  static Reason why(Text, Text, Arena&) { return too_long(); }
};

struct Repeat {
  static std::optional<Text> call(Text text, int32_t times, Arena& arena) {
    if (times <= 0 || text.empty()) return Text("");
    if (text.size() > kResultBytesLimit / static_cast<size_t>(times)) return std::nullopt;
    // What is there is copied behind itself, twice as much each time.
    const size_t size = text.size() * static_cast<size_t>(times);
    char* const out = arena.allocate(size);
    std::memcpy(out, text.data(), text.size());
    for (size_t done = text.size(); done < size; done *= 2)
      std::memcpy(out + done, out, std::min(done, size - done));
    return Text(out, size);
  }
  static Reason why(Text, int32_t, Arena&) { return too_long(); }
};

struct Replace {
  static std::optional<Text> call(Text text, Text from, Text to, Arena& arena) {
    if (from.empty()) return text;
    size_t found = text.find(from);
    if (found == Text::npos) return text;
    size_t count = 0;
    for (size_t at = found; at != Text::npos; at = text.find(from, at + from.size())) ++count;
    const size_t kept = text.size() - count * from.size();
    if (to.size() > (kResultBytesLimit - std::min(kept, kResultBytesLimit)) / count &&
        kept + count * to.size() > kResultBytesLimit)
      return std::nullopt;
    TextWriter writer(arena, kept + count * to.size());
    size_t start = 0;
    for (; found != Text::npos; found = text.find(from, start)) {
      writer.put(text.substr(start, found - start));
      writer.put(to);
      start = found + from.size();
    }
    writer.put(text.substr(start));
    return writer.text();
  }
  static Reason why(Text, Text, Text, Arena&) { return too_long(); }
};

// Each character of `from` becomes the one at its place in `to`, or is left out where there is
// none.
struct Translate {
  static Text call(Text text, Text from, Text to, Arena& arena) {
    if (text.empty() || from.empty()) return text;
    // What takes its place has four bytes at most.
    TextWriter writer(arena, text.size() * 4);
    for (size_t at = 0; at < text.size();) {
      const size_t bytes = character_bytes(text[at]);
      const Text character = text.substr(at, bytes);
      at += bytes;
      const size_t found = from.find(character);
      if (found == Text::npos) {
        writer.put(character);
        continue;
      }
      const size_t place = prefix_bytes(to, character_count(from.substr(0, found)));
      if (place < to.size()) writer.put(to.substr(place, character_bytes(to[place])));
    }
    return writer.text();
  }
};

struct Reverse {
  static Text call(Text text, Arena& arena) {
    TextWriter writer(arena, text.size());
    for (size_t end = text.size(); end > 0;) {
      const size_t bytes = suffix_bytes(text.substr(0, end), 1);
      writer.put(text.substr(end - bytes, bytes));
      end -= bytes;
    }
    return writer.text();
  }
};

// The text with that many characters: cut, or filled at one end by `fill` over and over.
template <bool at_start>
struct Pad {
  static std::optional<Text> call(Text text, int32_t length, Text fill, Arena& arena) {
    const int64_t has = character_count(text);
    const int64_t missing = length - has;
    if (missing <= 0) return text.substr(0, prefix_bytes(text, std::max(length, 0)));
    if (fill.empty()) return text;
    const int64_t fill_characters = character_count(fill);
    const int64_t whole = missing / fill_characters;
    const Text rest = fill.substr(0, prefix_bytes(fill, missing % fill_characters));
    if (static_cast<uint64_t>(whole) > kResultBytesLimit / fill.size()) return std::nullopt;
    const size_t size = text.size() + static_cast<size_t>(whole) * fill.size() + rest.size();
    if (size > kResultBytesLimit) return std::nullopt;
    TextWriter writer(arena, size);
    if (!at_start) writer.put(text);
    for (int64_t i = 0; i < whole; ++i) writer.put(fill);
    writer.put(rest);
    if (at_start) writer.put(text);
    return writer.text();
  }
  static Reason why(Text, int32_t, Text, Arena&) { return too_long(); }
};

template <bool at_start>
struct PadBlanks {
  static std::optional<Text> call(Text text, int32_t length, Arena& arena) {
    return Pad<at_start>::call(text, length, " ", arena);
  }
  static Reason why(Text, int32_t, Arena&) { return too_long(); }
};

struct Chr {
  static std::optional<Text> call(int32_t number, Arena& arena) {
    if (number <= 0 || number > static_cast<int32_t>(kLastCharacter) ||
        (number >= 0xD800 && number <= 0xDFFF))
      return std::nullopt;
    const auto character = static_cast<char32_t>(number);
    char* const place = arena.allocate(encoded_bytes(character));
    return Text(place, put_character(character, place));
  }
  static Reason why(int32_t number, Arena&) {
    return {RejectCode::out_of_range, number == 0
                                          ? "no text holds the character 0"
                                          : fmt::format("there is no character {}", number)};
  }
};

template <class Number>
struct ToHex {
  static Text call(Number number, Arena& arena) {
    constexpr size_t kDigits = 16;
    char* const place = arena.allocate(kDigits);
    const auto written = std::to_chars(place, place + kDigits,
                                       static_cast<std::make_unsigned_t<Number>>(number), 16);
    return {place, static_cast<size_t>(written.ptr - place)};
  }
};

// --- Upper and lower case

// Every character by itself; a text in which none changes is given as it is.
template <class Change>
Text changed(Text text, Arena& arena, Change change) {
  size_t size = 0;
  bool any = false;
  Change first_pass = change;
  for (size_t at = 0; at < text.size();) {
    const char32_t before = next_character(text, at);
    const char32_t after = first_pass(before);
    any |= after != before;
    size += encoded_bytes(after);
  }
  if (!any) return text;
  TextWriter writer(arena, size);
  for (size_t at = 0; at < text.size();)
    writer.advance(put_character(change(next_character(text, at)), writer.next()));
  return writer.text();
}

template <char first, char last>
Text changed_ascii(Text text, Arena& arena) {
  if (text.empty()) return text;
  char* const place = arena.allocate(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_letter = c >= first && c <= last;
    place[i] = static_cast<char>(is_letter ? c ^ 0x20 : c);
  }
  return {place, text.size()};
}

struct Lower {
  static Text call(Text text, Arena& arena) { return lowered(text, arena); }
};

struct Upper {
  static Text call(Text text, Arena& arena) {
    if (is_ascii(text)) return changed_ascii<'a', 'z'>(text, arena);
    return changed(text, arena, to_upper);
  }
};

// The first letter or digit of each word in upper case, the others in lower case.
struct InitCap {
  static Text call(Text text, Arena& arena) {
    return changed(text, arena, [in_word = false](char32_t c) mutable {
      const char32_t cased = in_word ? to_lower(c) : to_upper(c);
      in_word = is_letter_or_digit(cased);
      return cased;
    });
  }
};

// --- Unicode's normal forms

struct NormalForm final : Prepared {
  explicit NormalForm(int options_) : options(options_) {}
  int options;
};

Result<std::shared_ptr<const Prepared>> prepare_form(std::string_view name) {
  constexpr int kStable = UTF8PROC_STABLE;
  const std::string form = lowercase(name);
  int options = kStable;
  if (form == "nfc") {
    options |= UTF8PROC_COMPOSE;
  } else if (form == "nfd") {
    options |= UTF8PROC_DECOMPOSE;
  } else if (form == "nfkc") {
    options |= UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
  } else if (form == "nfkd") {
    options |= UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT;
  } else {
    return fail(
        ErrorKind::usage,
        fmt::format("the normal form {} is not one of NFC, NFD, NFKC and NFKD", printable(name)));
  }
  return std::make_shared<const NormalForm>(options);
}

// Nothing where it would be too long.
std::optional<Text> normalized(Text text, int options, Arena& arena) {
  if (is_ascii(text)) return text;
  utf8proc_uint8_t* made = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &made,
                                             static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(made, std::free);
  if (size < 0 || static_cast<size_t>(size) > kResultBytesLimit) return std::nullopt;
  return arena.copy({reinterpret_cast<const char*>(made), static_cast<size_t>(size)});
}

struct Normalize {
  static std::optional<Text> call(Text text, const NormalForm& form, Arena& arena) {
    return normalized(text, form.options, arena);
  }
  static Reason why(Text, const NormalForm&, Arena&) { return too_long(); }
};

struct NormalizeToNfc {
  static std::optional<Text> call(Text text, Arena& arena) {
    return normalized(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE, arena);
  }
  static Reason why(Text, Arena&) { return too_long(); }
};

struct IsNormalized {
  static std::optional<uint8_t> call(Text text, const NormalForm& form, Arena& arena) {
    const auto made = normalized(text, form.options, arena);
    if (!made) return std::nullopt;
    return *made == text ? 1 : 0;
  }
  static Reason why(Text, const NormalForm&, Arena&) { return too_long(); }
};

struct IsNfc {
  static std::optional<uint8_t> call(Text text, Arena& arena) {
    const auto made = NormalizeToNfc::call(text, arena);
    if (!made) return std::nullopt;
    return *made == text ? 1 : 0;
  }
  static Reason why(Text, Arena&) { return too_long(); }
};

}  // namespace

Text lowered(Text text, Arena& arena) {
  if (is_ascii(text)) return changed_ascii<'A', 'Z'>(text, arena);
  return changed(text, arena, to_lower);
}

std::vector<Function> text_making_functions() {
  constexpr Type text = Type::text;
  constexpr Type bytes = Type::bytes;
  constexpr Type integer = Type::int32;
  std::vector<Function> all;
  const auto add = [&all]<class F>(std::type_identity<F>, Text name, std::vector<Type> arguments,
                                   Type result = Type::text, bool costly = false) {
    all.push_back(function_of<F>(
        {.name = name, .arguments = std::move(arguments), .result = result, .costly = costly}));
  };
  for (const Type type : {text, bytes})
    all.push_back(function_of<Concatenate>(
        {.name = "||", .arguments = {type, type}, .result = type, .kind = Kind::operation}));
  add(std::type_identity<Repeat>(), "repeat", {text, integer});
  add(std::type_identity<Replace>(), "replace", {text, text, text});
  add(std::type_identity<Translate>(), "translate", {text, text, text});
  add(std::type_identity<Reverse>(), "reverse", {text});
  add(std::type_identity<PadBlanks<true>>(), "lpad", {text, integer});
  add(std::type_identity<Pad<true>>(), "lpad", {text, integer, text});
  add(std::type_identity<PadBlanks<false>>(), "rpad", {text, integer});
  add(std::type_identity<Pad<false>>(), "rpad", {text, integer, text});
  add(std::type_identity<Chr>(), "chr", {integer});
  add(std::type_identity<ToHex<int32_t>>(), "to_hex", {integer});
  add(std::type_identity<ToHex<int64_t>>(), "to_hex", {Type::int64});
  add(std::type_identity<Lower>(), "lower", {text});
  add(std::type_identity<Upper>(), "upper", {text});
  add(std::type_identity<InitCap>(), "initcap", {text});
  add(std::type_identity<NormalizeToNfc>(), "normalize", {text}, text, true);
  add(std::type_identity<IsNfc>(), "is_normalized", {text}, Type::boolean, true);
  all.push_back(function_of<Normalize>({.name = "normalize",
                                        .arguments = {text, text},
                                        .result = text,
                                        .constant = 1,
                                        .prepare = prepare_form,
                                        .costly = true}));
  all.push_back(function_of<IsNormalized>({.name = "is_normalized",
                                           .arguments = {text, text},
                                           .result = Type::boolean,
                                           .constant = 1,
                                           .prepare = prepare_form,
                                           .costly = true}));
  return all;
}

}  // namespace turntable::sql
