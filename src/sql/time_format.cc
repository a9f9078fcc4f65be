// https://www.postgresql.org/docs/15/functions-formatting.html, tables 9.27 and 9.28.
#include "sql/time_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "base/text.h"

namespace turntable::sql {
namespace {

constexpr size_t kPatternBytesLimit = 256;
// No field prints more bytes than this: a name of nine, a year of six digits.
constexpr size_t kFieldBytesLimit = 12;

constexpr std::array<std::string_view, 12> kMonths = {"January", "February", "March",     "April",   "May",      "June",
                                                      "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr size_t kLongestName = 9;  // September, Wednesday: what the full names are padded to.
constexpr size_t kShortName = 3;

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

constexpr const char* kSupported = "YYYY YY MM Month Mon DD DDD Day Dy HH24 HH12 HH MI SS MS US AM PM, and FM before one";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

constexpr size_t digits_of(Field field) {
  switch (field) {
    case Field::year: return 4;
    case Field::day_of_year:
    case Field::millis: return 3;
    case Field::micros: return 6;
    default: return 2;
  }
}

// PostgreSQL has YYY and SSSS, which begin like ours but mean something else; taken apart they would print nonsense.
bool is_foreign(std::string_view rest) {
  const size_t run = std::min(rest.find_first_not_of(rest[0]), rest.size());
  const char letter = upper(rest[0]);
  return (letter == 'Y' && run != 2 && run != 4) || (letter == 'S' && run > 3);
}

const Word* word_at(std::string_view rest) {
  for (const Word& word : kWords)
    if (rest.substr(0, word.text.size()) == word.text) return &word;
  return nullptr;
}

// --- Parsing values ------------------------------------------------------------------------------------------------

// Walks the text from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // Exactly `digits` digits; with `exact` false up to so many, but one at least. -1 where they are not there.
  int number(size_t digits, bool exact) {
    int value = 0;
    size_t taken = 0;
    for (; taken < digits && at_ != end_; ++taken, ++at_) {
      const auto digit = static_cast<unsigned>(*at_ - '0');
      if (digit > 9) break;
      value = value * 10 + static_cast<int>(digit);
    }
    return taken == digits || (!exact && taken > 0) ? value : -1;
  }

  bool literal(std::string_view expected) {
    if (left() < expected.size() || std::memcmp(at_, expected.data(), expected.size()) != 0) return false;
    at_ += expected.size();
    return true;
  }

  // Which of the names (their first `length` letters) stands here, in any case: its index, or -1.
  template <size_t count>
  int name(const std::array<std::string_view, count>& names, size_t length) {
    for (size_t i = 0; i < count; ++i) {
      const std::string_view wanted = names[i].substr(0, length);
      if (left() >= wanted.size() &&
          std::equal(wanted.begin(), wanted.end(), at_, [](char a, char b) { return lower(a) == lower(b); })) {
        at_ += wanted.size();
        return static_cast<int>(i);
      }
    }
    return -1;
  }

  [[nodiscard]] bool at_end() const { return at_ == end_; }

 private:
  [[nodiscard]] size_t left() const { return static_cast<size_t>(end_ - at_); }
  const char* at_;
  const char* end_;
};

constexpr std::array<std::string_view, 2> kMeridiems = {"AM", "PM"};

bool in(int value, int low, int high) { return value >= low && value <= high; }

// --- Printing values -----------------------------------------------------------------------------------------------

char* put_number(char* out, int64_t value, size_t digits, bool fill) {
  char reversed[24];
  size_t count = 0;
  do {
    reversed[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value > 0);
  while (fill && count < digits) reversed[count++] = '0';
  while (count > 0) *out++ = reversed[--count];
  return out;
}

char* put_name(char* out, std::string_view name, Case letters, size_t pad_to) {
  for (size_t i = 0; i < name.size(); ++i)
    *out++ = letters == Case::upper || (letters == Case::title && i == 0) ? upper(name[i]) : lower(name[i]);
  for (size_t i = name.size(); i < pad_to; ++i) *out++ = ' ';
  return out;
}

}  // namespace

Result<TimeFormat> TimeFormat::compile(std::string_view pattern, Use use) {
  TimeFormat format;
  format.pattern_ = pattern;
  if (pattern.size() > kPatternBytesLimit)
    return fail(ErrorKind::usage, fmt::format("a pattern may have {} bytes at most", kPatternBytesLimit));
  if (pattern.empty()) return fail(ErrorKind::usage, "the pattern is empty");
  bool fill = true;
  const auto add_literal = [&](char c) {
    if (format.items_.empty() || format.items_.back().field != Field::literal) format.items_.emplace_back();
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
      if (i == pattern.size()) return fail(ErrorKind::usage, "a double quote in the pattern is not closed");
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
      format.items_.push_back(
          {.field = word->field, .letters = word->letters, .fill = fill || always_filled, .literal = ""});
      fill = true;
      i += word->text.size();
      continue;
    }
    if (is_letter(rest[0])) {
      size_t end = 1;
      while (end < rest.size() && is_letter(rest[end]) && (foreign || word_at(rest.substr(end)) == nullptr)) ++end;
      return fail(ErrorKind::usage,
                  fmt::format("'{0}' in the pattern is not supported. Text that stands for itself must be in double "
                              "quotes: \"{0}\". Patterns are {1}",
                              printable(rest.substr(0, end)), kSupported));
    }
    add_literal(rest[0]);
    ++i;
  }
  if (!fill) return fail(ErrorKind::usage, "FM in the pattern must stand right before a field");
  if (use == Use::parse)
    if (const auto wrong = contradiction(format.items_)) return fail(ErrorKind::usage, *wrong);
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
  if (has(Field::day_name) && has(Field::day_short)) return "the day's name stands twice in the pattern";
  if (has(Field::hour24) && has(Field::hour12)) return "the hour stands twice in the pattern";
  if (has(Field::hour24) && has(Field::meridiem)) return "AM and PM go with HH12, not with HH24";
  if (has(Field::meridiem) && !has(Field::hour12)) return "the pattern has AM or PM but no HH12";
  if (has(Field::millis) && has(Field::micros)) return "MS and US stand both in the pattern";
  if (has(Field::day_of_year) && (month || has(Field::day))) return "DDD goes without a month and a day";
  if (!has(Field::year) && !has(Field::year2)) return "the pattern has no year (YYYY)";
  if (has(Field::day) && !month) return "the pattern has a day but no month";
  return std::nullopt;
}

std::optional<int64_t> TimeFormat::parse(std::string_view text) const {
  Scanner scanner(text);
  Moment moment;
  int day_of_year = 0;
  int meridiem = -1;
  bool hour12 = false;
  for (const Item& item : items_) {
    int value = 0;
    switch (item.field) {
      case Field::literal:
        if (!scanner.literal(item.literal)) return std::nullopt;
        continue;
      case Field::month_name: value = scanner.name(kMonths, std::string_view::npos); break;
      case Field::month_short: value = scanner.name(kMonths, kShortName); break;
      case Field::day_name: value = scanner.name(kDays, std::string_view::npos); break;
      case Field::day_short: value = scanner.name(kDays, kShortName); break;
      case Field::meridiem: value = scanner.name(kMeridiems, std::string_view::npos); break;
      default: value = scanner.number(digits_of(item.field), item.fill); break;
    }
    if (value < 0) return std::nullopt;
    switch (item.field) {
      case Field::year: moment.date.year = value; break;
      case Field::year2: moment.date.year = value < 70 ? 2000 + value : 1900 + value; break;
      case Field::month: moment.date.month = value; break;
      case Field::month_name:
      case Field::month_short: moment.date.month = value + 1; break;
      case Field::day: moment.date.day = value; break;
      case Field::day_of_year:
        if (value == 0) return std::nullopt;
        day_of_year = value;
        break;
      case Field::hour24: moment.hour = value; break;
      case Field::hour12:
        if (!in(value, 1, 12)) return std::nullopt;
        moment.hour = value;
        hour12 = true;
        break;
      case Field::minute: moment.minute = value; break;
      case Field::second: moment.second = value; break;
      case Field::millis: moment.micros = value * 1000; break;
      case Field::micros: moment.micros = value; break;
      case Field::meridiem: meridiem = value; break;
      // The weekday follows from the date; PostgreSQL reads it and does not look at it.
      case Field::day_name:
      case Field::day_short:
      case Field::literal: break;
    }
  }
  if (!scanner.at_end()) return std::nullopt;
  // Without AM or PM a 12-hour clock shows the morning, as in PostgreSQL.
  if (hour12) moment.hour = moment.hour % 12 + (meridiem == 1 ? 12 : 0);
  Date& date = moment.date;
  if (date.year < 1 || !in(date.month, 1, 12) || !in(date.day, 1, days_in_month(date.year, date.month)) ||
      moment.hour > 23 || moment.minute > 59 || moment.second > 59)
    return std::nullopt;
  if (day_of_year > 0) {
    if (day_of_year > (is_leap_year(date.year) ? 366 : 365)) return std::nullopt;
    date = date_of(days_of(date) + day_of_year - 1);
  }
  return micros_of(moment);
}

char* TimeFormat::print_item(const Item& item, const Moment& moment, int64_t days, char* out) const {
  const Date& date = moment.date;
  const auto number = [&](int64_t value) { return put_number(out, value, digits_of(item.field), item.fill); };
  const size_t padding = item.fill ? kLongestName : 0;
  // PostgreSQL prints the year 0 as 1, and leaves BC to a pattern of its own.
  const int64_t year = date.year > 0 ? date.year : 1 - date.year;
  switch (item.field) {
    case Field::literal:
      std::memcpy(out, item.literal.data(), item.literal.size());
      return out + item.literal.size();
    case Field::year: return number(year);
    case Field::year2: return number(year % 100);
    case Field::month: return number(date.month);
    case Field::day: return number(date.day);
    case Field::day_of_year: return number(sql::day_of_year(date));
    case Field::hour24: return number(moment.hour);
    case Field::hour12: return number(moment.hour % 12 == 0 ? 12 : moment.hour % 12);
    case Field::minute: return number(moment.minute);
    case Field::second: return number(moment.second);
    case Field::millis: return number(moment.micros / 1000);
    case Field::micros: return number(moment.micros);
    case Field::meridiem: return put_name(out, moment.hour < 12 ? "AM" : "PM", item.letters, 0);
    case Field::month_name: return put_name(out, kMonths[static_cast<size_t>(date.month - 1)], item.letters, padding);
    case Field::month_short:
      return put_name(out, kMonths[static_cast<size_t>(date.month - 1)].substr(0, kShortName), item.letters, 0);
    case Field::day_name: return put_name(out, kDays[static_cast<size_t>(day_of_week(days))], item.letters, padding);
    case Field::day_short:
      return put_name(out, kDays[static_cast<size_t>(day_of_week(days))].substr(0, kShortName), item.letters, 0);
  }
  return out;
}

std::string_view TimeFormat::print(int64_t micros, Arena& arena) const {
  const Moment moment = moment_of(micros);
  const int64_t days = floor_divide(micros, kMicrosPerDay);
  // Written beside the arena first, which cannot take back what a short text leaves over.
  char buffer[kPatternBytesLimit * kFieldBytesLimit];
  char* out = buffer;
  for (const Item& item : items_) out = print_item(item, moment, days, out);
  return arena.copy({buffer, static_cast<size_t>(out - buffer)});
}

}  // namespace turntable::sql
