#include "sql/functions/characters.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>

namespace turntable::sql {
namespace {

// Characters below this are looked up by their number: Latin, Greek, Cyrillic.
constexpr size_t kCommon = 0x600;

// The run that has the character, or a null pointer.
template <class Run>
const Run* find_run(std::span<const Run> runs, char32_t character) {
  const auto behind =
      std::upper_bound(runs.begin(), runs.end(), character,
                       [](char32_t wanted, const Run& run) { return wanted < run.first; });
  if (behind == runs.begin()) return nullptr;
  const Run& run = *(behind - 1);
  const bool inside = character <= run.last && (character - run.first) % run.step == 0;
  return inside ? &run : nullptr;
}

char32_t changed(std::span<const CaseRun> runs, char32_t character) {
  const CaseRun* run = find_run(runs, character);
  return run == nullptr ? character
                        : static_cast<char32_t>(static_cast<int32_t>(character) + run->change);
}

using Common = std::array<char32_t, kCommon>;
Common common_of(std::span<const CaseRun> runs) {
  Common common{};
  for (char32_t c = 0; c < kCommon; ++c) common[c] = changed(runs, c);
  return common;
}

}  // namespace

char32_t to_lower(char32_t character) {
  static const Common kTable = common_of(tables::lower_case_runs());
  return character < kCommon ? kTable[character] : changed(tables::lower_case_runs(), character);
}

char32_t to_upper(char32_t character) {
  static const Common kTable = common_of(tables::upper_case_runs());
  return character < kCommon ? kTable[character] : changed(tables::upper_case_runs(), character);
}

bool is_letter_or_digit(char32_t character) {
  if (character >= '0' && character <= '9') return true;
  return find_run(tables::alpha_runs(), character) != nullptr;
}

bool is_ascii(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t eight = 0;
    std::memcpy(&eight, text.data() + at, 8);
    if ((eight & 0x8080808080808080U) != 0) return false;
  }
  for (; at < text.size(); ++at)
    if (static_cast<unsigned char>(text[at]) >= 0x80) return false;
  return true;
}

int32_t character_count(std::string_view text) {
  return static_cast<int32_t>(std::count_if(text.begin(), text.end(), begins_character));
}

size_t prefix_bytes(std::string_view text, int64_t characters) {
  if (characters >= static_cast<int64_t>(text.size())) return text.size();
  size_t byte = 0;
  for (; byte < text.size(); ++byte)
    if (begins_character(text[byte]) && characters-- == 0) break;
  return byte;
}

size_t suffix_bytes(std::string_view text, int64_t characters) {
  if (characters >= static_cast<int64_t>(text.size())) return text.size();
  size_t byte = text.size();
  while (byte > 0 && characters > 0)
    if (begins_character(text[--byte])) --characters;
  return text.size() - byte;
}

char32_t next_character(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) -> char32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) & 0x3FU : 0;
  };
  const auto first = static_cast<unsigned char>(text[at]);
  const size_t start = at;
  at = std::min(at + character_bytes(text[at]), text.size());
  if (first < 0x80) return first;
  if (first < 0xE0) return (first & 0x1FU) << 6 | byte(start + 1);
  if (first < 0xF0) return (first & 0x0FU) << 12 | byte(start + 1) << 6 | byte(start + 2);
  return (first & 0x07U) << 18 | byte(start + 1) << 12 | byte(start + 2) << 6 | byte(start + 3);
}

size_t put_character(char32_t character, char* out) {
  const size_t bytes = encoded_bytes(character);
  if (bytes == 1) {
    *out = static_cast<char>(character);
    return 1;
  }
  constexpr std::array<unsigned, 5> kLead = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = bytes; i-- > 1; character >>= 6)
    out[i] = static_cast<char>(0x80U | (character & 0x3FU));
  out[0] = static_cast<char>(kLead[bytes] | character);
  return bytes;
}

// --- Sets

CharacterSet CharacterSet::all() {
  CharacterSet set;
  set.add(0, kLastCharacter);
  return set;
}

void CharacterSet::add(char32_t first, char32_t last) {
  if (first > kLastCharacter) return;
  ranges_.push_back({first, std::min(last, kLastCharacter)});
  tidy_ = false;
}

void CharacterSet::add(const CharacterSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  tidy_ = false;
}

void CharacterSet::add(std::span<const CharacterRun> runs) {
  for (const CharacterRun& run : runs) {
    if (run.step == 1) {
      add(run.first, run.last);
    } else {
      for (char32_t c = run.first; c <= run.last; c += run.step) add(c);
    }
  }
}

void CharacterSet::tidy() const {
  if (tidy_) return;
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  std::vector<Range> joined;
  for (const Range& range : ranges_) {
    if (!joined.empty() && range.first <= joined.back().last + 1) {
      joined.back().last = std::max(joined.back().last, range.last);
    } else {
      joined.push_back(range);
    }
  }
  ranges_ = std::move(joined);
  tidy_ = true;
}

const std::vector<CharacterSet::Range>& CharacterSet::ranges() const {
  tidy();
  return ranges_;
}

CharacterSet CharacterSet::complement() const {
  CharacterSet set;
  char32_t next = 0;
  for (const Range& range : ranges()) {
    if (range.first > next) set.add(next, range.first - 1);
    next = range.last + 1;
  }
  if (next <= kLastCharacter) set.add(next, kLastCharacter);
  return set;
}

CharacterSet CharacterSet::without(char32_t character) const {
  CharacterSet other = complement();
  other.add(character);
  return other.complement();
}

bool CharacterSet::contains(char32_t character) const {
  const auto behind =
      std::upper_bound(ranges().begin(), ranges().end(), character,
                       [](char32_t wanted, const Range& range) { return wanted < range.first; });
  return behind != ranges().begin() && character <= (behind - 1)->last;
}

bool CharacterSet::is_within(const CharacterSet& other) const {
  return std::all_of(ranges().begin(), ranges().end(), [&](const Range& range) {
    const auto behind =
        std::upper_bound(other.ranges().begin(), other.ranges().end(), range.first,
                         [](char32_t wanted, const Range& one) { return wanted < one.first; });
    return behind != other.ranges().begin() && range.last <= (behind - 1)->last;
  });
}

namespace {

using Classes = std::map<std::string, CharacterSet, std::less<>>;

Classes make_classes() {
  const auto of = [](std::initializer_list<CharacterSet::Range> ranges) {
    CharacterSet set;
    for (const auto& range : ranges) set.add(range.first, range.last);
    return set;
  };
  const auto without = [](const CharacterSet& from, const CharacterSet& what) {
    CharacterSet rest = from.complement();
    rest.add(what);
    return rest.complement();
  };
  Classes classes;
  classes["alpha"].add(tables::alpha_runs());
  classes["upper"].add(tables::upper_runs());
  classes["lower"].add(tables::lower_runs());
  classes["print"].add(tables::print_runs());
  classes["digit"] = of({{'0', '9'}});
  classes["xdigit"] = of({{'0', '9'}, {'A', 'F'}, {'a', 'f'}});
  classes["blank"] = of({{'\t', '\t'}, {' ', ' '}});
  classes["cntrl"] = of({{0, 0x1F}, {0x7F, 0x9F}});
  classes["ascii"] = of({{0, 0x7F}});
  classes["space"] = of({{'\t', '\r'},
                         {' ', ' '},
                         {0x1680, 0x1680},
                         {0x2000, 0x2006},
                         {0x2008, 0x200A},
                         {0x2028, 0x2029},
                         {0x205F, 0x205F},
                         {0x3000, 0x3000}});
  classes["alnum"] = classes["alpha"];
  classes["alnum"].add(classes["digit"]);
  classes["word"] = classes["alnum"];
  classes["word"].add('_');
  classes["graph"] = without(classes["print"], classes["space"]);
  classes["punct"] = without(classes["graph"], classes["alnum"]);
  for (auto& [name, set] : classes) static_cast<void>(set.ranges());  // Tidied, for all threads.
  return classes;
}

}  // namespace

const CharacterSet* character_class(std::string_view name) {
  static const Classes kClasses = make_classes();
  const auto found = kClasses.find(name);
  return found == kClasses.end() ? nullptr : &found->second;
}

}  // namespace turntable::sql
