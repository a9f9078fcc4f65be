// Characters of UTF-8 text: counting them, their other case, and the classes that patterns name.
//
// What a letter is and what its other case is are PostgreSQL's in the locale C.UTF-8: tables in the
// sources (tools/character_tables.py makes them), so that an expression has the same value on every
// machine.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace turntable::sql {

inline constexpr char32_t kLastCharacter = 0x10FFFF;

// The characters first, first + step, … last.
struct CharacterRun {
  char32_t first;
  char32_t last;
  uint8_t step;
};

// The same, and what is added to each to get its other case.
struct CaseRun {
  char32_t first;
  char32_t last;
  uint8_t step;
  int32_t change;
};

namespace tables {
[[nodiscard]] std::span<const CharacterRun> alpha_runs();
[[nodiscard]] std::span<const CharacterRun> upper_runs();
[[nodiscard]] std::span<const CharacterRun> lower_runs();
[[nodiscard]] std::span<const CharacterRun> print_runs();
[[nodiscard]] std::span<const CaseRun> lower_case_runs();
[[nodiscard]] std::span<const CaseRun> upper_case_runs();
}  // namespace tables

// One character is one character in the other case: that of ß is ß.
[[nodiscard]] char32_t to_lower(char32_t character);
[[nodiscard]] char32_t to_upper(char32_t character);
[[nodiscard]] bool is_letter_or_digit(char32_t character);

// --- UTF-8. The text is well-formed.

[[nodiscard]] inline bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

// How many bytes the character has that begins with this one.
[[nodiscard]] inline size_t character_bytes(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

[[nodiscard]] bool is_ascii(std::string_view text);
[[nodiscard]] int32_t character_count(std::string_view text);

// The bytes of the text's first `characters` characters.
[[nodiscard]] size_t prefix_bytes(std::string_view text, int64_t characters);

// The bytes of the text's last `characters` characters.
[[nodiscard]] size_t suffix_bytes(std::string_view text, int64_t characters);

// The character that begins at text[at]; `at` moves behind it.
[[nodiscard]] char32_t next_character(std::string_view text, size_t& at);

// Writes the character's one to four bytes, and gives their number.
size_t put_character(char32_t character, char* out);

[[nodiscard]] inline size_t encoded_bytes(char32_t character) {
  return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

// --- Sets

// A set of characters, as ascending ranges that do not touch.
class CharacterSet {
 public:
  struct Range {
    char32_t first;
    char32_t last;
    bool operator==(const Range&) const = default;
  };

  CharacterSet() = default;
  [[nodiscard]] static CharacterSet all();

  void add(char32_t first, char32_t last);
  void add(char32_t character) { add(character, character); }
  void add(const CharacterSet& other);
  void add(std::span<const CharacterRun> runs);
  [[nodiscard]] CharacterSet complement() const;
  [[nodiscard]] CharacterSet without(char32_t character) const;
  [[nodiscard]] bool contains(char32_t character) const;
  [[nodiscard]] bool is_within(const CharacterSet& other) const;

  [[nodiscard]] const std::vector<Range>& ranges() const;

 private:
  void tidy() const;
  mutable std::vector<Range> ranges_;
  mutable bool tidy_ = true;
};

// The characters of [[:name:]], and of "word"; a null pointer where there is no such class.
[[nodiscard]] const CharacterSet* character_class(std::string_view name);

}  // namespace turntable::sql
