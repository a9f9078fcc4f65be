// https://www.postgresql.org/docs/15/functions-formatting.html, tables 9.27 and 9.28.
#include "sql/time_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "sql/foreign_pattern.h"
#include "sql/time_names.h"

namespace turntable::sql {
namespace {

using Field = TimeFormat::Field;
using Case = TimeFormat::Case;

struct Word {
  std::string_view text;
  Field field;
  Case letters = Case::title;
};

// Longer words first where one begins another.
constexpr Word kWords[] = {
    {"YYYY", Field::year},
    {"yyyy", Field::year},
    {"YY", Field::year2},
    {"yy", Field::year2},
    {"MONTH", Field::month_name, Case::upper},
    {"Month", Field::month_name, Case::title},
    {"month", Field::month_name, Case::lower},
    {"MON", Field::month_short, Case::upper},
    {"Mon", Field::month_short, Case::title},
    {"mon", Field::month_short, Case::lower},
    {"MM", Field::month},
    {"mm", Field::month},
    {"DAY", Field::day_name, Case::upper},
    {"Day", Field::day_name, Case::title},
    {"day", Field::day_name, Case::lower},
    {"DDD", Field::day_of_year},
    {"ddd", Field::day_of_year},
    {"DD", Field::day},
    {"dd", Field::day},
    {"DY", Field::day_short, Case::upper},
    {"Dy", Field::day_short, Case::title},
    {"dy", Field::day_short, Case::lower},
    {"HH24", Field::hour24},
    {"hh24", Field::hour24},
    {"HH12", Field::hour12},
    {"hh12", Field::hour12},
    {"HH", Field::hour12},
    {"hh", Field::hour12},
    {"MI", Field::minute},
    {"mi", Field::minute},
    {"SS", Field::second},
    {"ss", Field::second},
    {"MS", Field::millis},
    {"ms", Field::millis},
    {"US", Field::micros},
    {"us", Field::micros},
    {"AM", Field::meridiem, Case::upper},
    {"PM", Field::meridiem, Case::upper},
    {"am", Field::meridiem, Case::lower},
    {"pm", Field::meridiem, Case::lower},
};

constexpr const char* kSupported =
    "YYYY YY MM Month Mon DD DDD Day Dy HH24 HH12 HH MI SS MS US AM PM, and FM before one";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// PostgreSQL has YYY and SSSS, which begin like ours but mean something else; taken apart they
// would print nonsense.
bool is_foreign(std::string_view rest) {
  const size_t run = std::min(rest.find_first_not_of(rest[0]), rest.size());
  const char letter = upper(rest[0]);
  return (letter == 'Y' && run != 2 && run != 4) || (letter == 'S' && run > 3);
}

// `translates`: the whole pattern can be written here.
std::string foreign_text(const ForeignPattern& foreign, bool translates, TimeFormat::Use use) {
  const std::string field = printable(foreign.field);
  if (foreign.ours.empty()) {
    const bool zone = use == TimeFormat::Use::parse && foreign.meaning == "the time zone";
    return fmt::format("the pattern is one of {}; its {}, {}, has no counterpart here{}",
                       foreign.language, field, foreign.meaning,
                       zone ? ": cast(… AS timestamptz) reads times with their zone" : "");
  }
  return fmt::format("the pattern is one of {}, where {} is {}; here that is {}{}",
                     foreign.language, field, foreign.meaning, foreign.ours,
                     translates ? fmt::format(": write '{}'", printable(foreign.translated)) : "");
}

const Word* word_at(std::string_view rest) {
  for (const Word& word : kWords)
    if (rest.substr(0, word.text.size()) == word.text) return &word;
  return nullptr;
}

}  // namespace

Result<TimeFormat> TimeFormat::compile(std::string_view pattern, Use use) {
  auto format = compile_own(pattern, use);
  const bool constant =
      format && std::all_of(format->items_.begin(), format->items_.end(),
                            [](const Item& item) { return item.field == Field::literal; });
  if (format && !constant && !means_something_else(pattern)) return format;
  const auto foreign = foreign_pattern(pattern);
  if (!foreign) return format;
  const bool translates = !foreign->translated.empty() && compile_own(foreign->translated, use);
  return fail(ErrorKind::usage, foreign_text(*foreign, translates, use));
}

Result<TimeFormat> TimeFormat::compile_own(std::string_view pattern, Use use) {
  TimeFormat format;
  format.pattern_ = pattern;
  if (pattern.size() > kPatternBytesLimit)
    return fail(ErrorKind::usage,
                fmt::format("a pattern may have {} bytes at most", kPatternBytesLimit));
  bool fill = true;
  const auto add_literal = [&](char c) {
    if (format.items_.empty() || format.items_.back().field != Field::literal)
      format.items_.emplace_back();
    format.items_.back().literal += c;
  };
  for (size_t i = 0; i < pattern.size();) {
    const std::string_view rest = pattern.substr(i);
    if (!fill && !is_letter(rest[0]))
      return fail(ErrorKind::usage, "FM in the pattern must stand right before a field");
    if (rest[0] == '"') {
      // A backslash makes the next character plain, inside the quotes.
      for (++i; i < pattern.size() && pattern[i] != '"'; ++i) {
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
        add_literal(pattern[i]);
      }
      if (i == pattern.size())
        return fail(ErrorKind::usage, "a double quote in the pattern is not closed");
      ++i;
      continue;
    }
    if (rest.substr(0, 2) == "FM" || rest.substr(0, 2) == "fm") {
      if (!fill) return fail(ErrorKind::usage, "FM stands twice in a row in the pattern");
      fill = false;
      i += 2;
      continue;
    }
    const bool foreign = is_foreign(rest);
    if (const Word* word = foreign ? nullptr : word_at(rest)) {
      // PostgreSQL keeps the zeros of fractions: without them the digits would mean something else.
      const bool always_filled = word->field == Field::millis || word->field == Field::micros;
      format.items_.push_back({.field = word->field,
                               .letters = word->letters,
                               .fill = fill || always_filled,
                               .literal = ""});
      fill = true;
      i += word->text.size();
      continue;
    }
    if (is_letter(rest[0])) {
      size_t end = 1;
      while (end < rest.size() && is_letter(rest[end]) &&
             (foreign || word_at(rest.substr(end)) == nullptr))
        ++end;
      return fail(ErrorKind::usage, fmt::format("'{0}' in the pattern is not supported. Text that "
                                                "stands for itself must be in double "
                                                "quotes: \"{0}\". Patterns are {1}",
                                                printable(rest.substr(0, end)), kSupported));
    }
    add_literal(rest[0]);
    ++i;
  }
  if (!fill) return fail(ErrorKind::usage, "FM in the pattern must stand right before a field");
  if (format.items_.empty()) return fail(ErrorKind::usage, "the pattern is empty");
  if (use == Use::parse)
    if (const auto wrong = contradiction(format.items_)) return fail(ErrorKind::usage, *wrong);
  format.lay_out();
  return format;
}

// What can be printed but not parsed, because it says a thing twice or not enough.
std::optional<std::string> TimeFormat::contradiction(const std::vector<Item>& items) {
  std::set<Field> fields;
  for (const Item& item : items) {
    if (item.field == Field::literal) continue;
    if (!fields.insert(item.field).second) return "a field stands twice in the pattern";
  }
  const auto has = [&](Field field) { return fields.count(field) > 0; };
  const bool month = has(Field::month) || has(Field::month_name) || has(Field::month_short);
  if (has(Field::month) + has(Field::month_name) + has(Field::month_short) > 1)
    return "the month stands twice in the pattern";
  if (has(Field::year) && has(Field::year2)) return "the year stands twice in the pattern";
  if (has(Field::day_name) && has(Field::day_short))
    return "the day's name stands twice in the pattern";
  if (has(Field::hour24) && has(Field::hour12)) return "the hour stands twice in the pattern";
  if (has(Field::hour24) && has(Field::meridiem)) return "AM and PM go with HH12, not with HH24";
  if (has(Field::meridiem) && !has(Field::hour12)) return "the pattern has AM or PM but no HH12";
  if (has(Field::millis) && has(Field::micros)) return "MS and US stand both in the pattern";
  if (has(Field::day_of_year) && (month || has(Field::day)))
    return "DDD goes without a month and a day";
  if (!has(Field::year) && !has(Field::year2)) return "the pattern has no year (YYYY)";
  if (has(Field::day) && !month) return "the pattern has a day but no month";
  return std::nullopt;
}

// Finds the places of all bytes, if they are the same in every text of this form.
void TimeFormat::lay_out() {
  Layout layout;
  for (const Item& item : items_) {
    if (item.field == Field::literal) {
      layout.lowest += item.literal;
      layout.span.append(item.literal.size(), '\0');
      continue;
    }
    if (!item.fill || item.field >= Field::meridiem) return;
    layout.fields.push_back({item.field, static_cast<uint16_t>(layout.lowest.size())});
    layout.lowest.append(digits_of(item.field), '0');
    layout.span.append(digits_of(item.field), '\x09');
  }
  layout_ = std::move(layout);
}

bool TimeFormat::has_micros() const {
  return std::any_of(items_.begin(), items_.end(),
                     [](const Item& item) { return item.field == Field::micros; });
}

}  // namespace turntable::sql
