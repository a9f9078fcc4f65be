// to_char of an interval: https://www.postgresql.org/docs/15/functions-formatting.html. Only what
// an interval has can be printed: there are no names of months and days.
#include <fmt/format.h>

#include <vector>

#include "base/text.h"
#include "sql/builtins.h"
#include "sql/calendar.h"
#include "sql/loops.h"

namespace turntable::sql {
namespace interval_chars {
namespace {

enum class Field : uint8_t {
  literal,
  year,
  month,
  day,
  days,
  hour24,
  hour12,
  minute,
  second,
  millis,
  micros,
  meridiem
};

struct Word {
  std::string_view text;
  Field field;
};

// Longer words first where one begins another. Each also in small letters.
constexpr Word kWords[] = {
    {"YYYY", Field::year},   {"MM", Field::month},    {"DDD", Field::days},
    {"DD", Field::day},      {"HH24", Field::hour24}, {"HH12", Field::hour12},
    {"HH", Field::hour12},   {"MI", Field::minute},   {"SS", Field::second},
    {"MS", Field::millis},   {"US", Field::micros},   {"AM", Field::meridiem},
    {"PM", Field::meridiem},
};

bool is_letter_of_pattern(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class IntervalFormat final : public Prepared {
 public:
  static Result<std::shared_ptr<const Prepared>> prepare(std::string_view pattern);

  [[nodiscard]] std::string_view print(const Interval& interval, Arena& arena) const {
    std::string out;
    for (const Item& item : items_) print_item(item, interval, out);
    return arena.copy(out);
  }

 private:
  struct Item {
    Field field = Field::literal;
    bool fill = true;    // False after FM: no leading zeros.
    bool lower = false;  // Of AM and PM.
    std::string literal = {};
  };

  static void print_number(const Item& item, int64_t value, int width, std::string& out) {
    out += fmt::format("{:0{}}", value, item.fill ? width : 0);
  }

  // With one more place where `sign` is negative, as PostgreSQL has it for all but days.
  static void print_signed(const Item& item, int64_t value, int64_t sign, int width,
                           std::string& out) {
    print_number(item, value, sign >= 0 ? width : width + 1, out);
  }

  static void print_item(const Item& item, const Interval& interval, std::string& out) {
    const int64_t hours = interval.micros / kMicrosPerHour;
    const int64_t minutes = interval.micros / (60 * kMicrosPerSecond) % 60;
    const int64_t seconds = interval.micros / kMicrosPerSecond % 60;
    const int64_t micros = interval.micros % kMicrosPerSecond;
    switch (item.field) {
      case Field::literal:
        out += item.literal;
        return;
      case Field::year:
        return print_signed(item, interval.months / 12, interval.months / 12, 4, out);
      case Field::month:
        return print_signed(item, interval.months % 12, interval.months % 12, 2, out);
      case Field::day:
        return print_number(item, interval.days, 2, out);
      case Field::days:
        return print_number(item, int64_t{interval.months} * 30 + interval.days, 3, out);
      case Field::hour24:
        return print_signed(item, hours, hours, 2, out);
      case Field::hour12:
        return print_signed(item, hours % 12 == 0 ? 12 : hours % 12, hours, 2, out);
      case Field::minute:
        return print_signed(item, minutes, minutes, 2, out);
      case Field::second:
        return print_signed(item, seconds, seconds, 2, out);
      case Field::millis:
        out += fmt::format("{:03}", micros / 1000);
        return;
      case Field::micros:
        out += fmt::format("{:06}", micros);
        return;
      case Field::meridiem: {
        const int64_t hour = hours % 24;
        out += hour >= 12 ? (item.lower ? "pm" : "PM") : (item.lower ? "am" : "AM");
        return;
      }
    }
  }

  std::vector<Item> items_;
};

Result<std::shared_ptr<const Prepared>> IntervalFormat::prepare(std::string_view pattern) {
  IntervalFormat format;
  bool fill = true;
  const auto add_literal = [&](char c) {
    if (format.items_.empty() || format.items_.back().field != Field::literal)
      format.items_.emplace_back();
    format.items_.back().literal += c;
  };
  const auto begins = [](std::string_view text, std::string_view word) {
    return text.starts_with(word) || text.starts_with(lowercase(word));
  };
  while (!pattern.empty()) {
    if (!fill && !is_letter_of_pattern(pattern[0]))
      return fail(ErrorKind::usage, "FM in the pattern must stand right before a field");
    if (pattern[0] == '"') {
      pattern.remove_prefix(1);
      for (; !pattern.empty() && pattern[0] != '"'; pattern.remove_prefix(1)) {
        // A backslash makes the next character plain, inside the quotes.
        if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
        add_literal(pattern[0]);
      }
      if (pattern.empty())
        return fail(ErrorKind::usage, "a double quote in the pattern is not closed");
      pattern.remove_prefix(1);
      continue;
    }
    if (!is_letter_of_pattern(pattern[0])) {
      add_literal(pattern[0]);
      pattern.remove_prefix(1);
      continue;
    }
    if (begins(pattern, "FM")) {
      if (!fill) return fail(ErrorKind::usage, "FM stands twice in a row in the pattern");
      fill = false;
      pattern.remove_prefix(2);
      continue;
    }
    const Word* found = nullptr;
    for (const Word& word : kWords)
      if (found == nullptr && begins(pattern, word.text)) found = &word;
    const size_t run = std::min(pattern.find_first_not_of(pattern[0]), pattern.size());
    const char letter = pattern[0] >= 'a' ? static_cast<char>(pattern[0] - 'a' + 'A') : pattern[0];
    // SSSS and YYYYY would mean something else than SS twice.
    const bool foreign = (letter == 'S' && run > 2) || (letter == 'Y' && run != 4);
    if (found == nullptr || foreign)
      return fail(ErrorKind::usage,
                  fmt::format("'{}' in the pattern of an interval is not supported. Text that "
                              "stands for itself must be in double quotes. Patterns are YYYY MM DD "
                              "DDD HH24 HH12 HH MI SS MS US AM PM, and FM before one",
                              printable(pattern)));
    format.items_.push_back(
        {.field = found->field, .fill = fill, .lower = pattern[0] >= 'a' && pattern[0] <= 'z'});
    fill = true;
    pattern.remove_prefix(found->text.size());
  }
  if (!fill) return fail(ErrorKind::usage, "FM in the pattern must stand right before a field");
  if (format.items_.empty()) return fail(ErrorKind::usage, "the pattern is empty");
  return std::make_shared<const IntervalFormat>(std::move(format));
}

struct IntervalToChar {
  static std::string_view call(const IntervalFormat& format, const Interval& interval,
                               Arena& arena) {
    return format.print(interval, arena);
  }
};

}  // namespace
}  // namespace interval_chars

std::vector<Function> interval_char_functions() {
  using namespace interval_chars;
  return {function_of<IntervalToChar>({.name = "to_char",
                                       .arguments = {Type::interval, Type::text},
                                       .result = Type::text,
                                       .constant = 1,
                                       .prepare = IntervalFormat::prepare})};
}

}  // namespace turntable::sql
