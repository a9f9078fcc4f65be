// TimeFormat::print, which is PostgreSQL's to_char.
#include <cstring>

#include "sql/time_names.h"

namespace turntable::sql {
namespace {

using Case = TimeFormat::Case;

char* put_number(char* out, int64_t value, size_t digits, bool fill) {
  // The two most frequent cases, a year and all that has two digits.
  if (fill && digits == 2 && value < 100) {
    out[0] = static_cast<char>('0' + value / 10);
    out[1] = static_cast<char>('0' + value % 10);
    return out + 2;
  }
  if (fill && digits == 4 && value < 10'000) {
    const auto small = static_cast<uint32_t>(value);
    for (const uint32_t pair : {small / 100, small % 100}) {
      *out++ = static_cast<char>('0' + pair / 10);
      *out++ = static_cast<char>('0' + pair % 10);
    }
    return out;
  }
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
