// TimeFormat::print, which is PostgreSQL's to_char.
#include <cstring>

#include "sql/time_names.h"

namespace turntable::sql {
namespace {

using Field = TimeFormat::Field;

using Case = TimeFormat::Case;

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
    *out++ = letters == Case::upper || (letters == Case::title && i == 0) ? upper(name[i])
                                                                          : lower(name[i]);
  for (size_t i = name.size(); i < pad_to; ++i) *out++ = ' ';
  return out;
}

// Of the fields that are numbers. A year may be of more than four digits.
int64_t number_of(TimeFormat::Field field, const Moment& moment) {
  const Date& date = moment.date;
  // PostgreSQL prints the year 0 as 1, and leaves BC to a pattern of its own.
  const int64_t year = date.year > 0 ? date.year : 1 - date.year;
  switch (field) {
    case Field::year:
      return year;
    case Field::year2:
      return year % 100;
    case Field::month:
      return date.month;
    case Field::day:
      return date.day;
    case Field::day_of_year:
      return day_of_year(date);
    case Field::hour24:
      return moment.hour;
    case Field::hour12:
      return moment.hour % 12 == 0 ? 12 : moment.hour % 12;
    case Field::minute:
      return moment.minute;
    case Field::second:
      return moment.second;
    case Field::millis:
      return moment.micros / 1000;
    case Field::micros:
      return moment.micros;
    default:
      return 0;
  }
}

// The last `digits` digits of the value, which has no more.
void put_digits(char* out, uint32_t value, size_t digits) {
  for (; digits > 1; digits -= 2, value /= 100) {
    const uint32_t pair = value % 100;
    out[digits - 2] = static_cast<char>('0' + pair / 10);
    out[digits - 1] = static_cast<char>('0' + pair % 10);
  }
  if (digits == 1) out[0] = static_cast<char>('0' + value % 10);
}

}  // namespace

char* TimeFormat::print_item(const Item& item, const Moment& moment, char* out) const {
  const auto month = [&] { return kMonths[static_cast<size_t>(moment.date.month - 1)]; };
  const auto weekday = [&] {
    return kDays[static_cast<size_t>(day_of_week(days_of(moment.date)))];
  };
  const size_t padding = item.fill ? kLongestName : 0;
  switch (item.field) {
    case Field::literal:
      std::memcpy(out, item.literal.data(), item.literal.size());
      return out + item.literal.size();
    case Field::meridiem:
      return put_name(out, moment.hour < 12 ? "AM" : "PM", item.letters, 0);
    case Field::month_name:
      return put_name(out, month(), item.letters, padding);
    case Field::month_short:
      return put_name(out, month().substr(0, kShortName), item.letters, 0);
    case Field::day_name:
      return put_name(out, weekday(), item.letters, padding);
    case Field::day_short:
      return put_name(out, weekday().substr(0, kShortName), item.letters, 0);
    default:
      return put_number(out, number_of(item.field, moment), digits_of(item.field), item.fill);
  }
}

std::string_view TimeFormat::print(int64_t micros, Arena& arena) const {
  const Moment moment = moment_of(micros);
  if (layout_ && moment.date.year > 0 && moment.date.year < 10'000)
    return print_fixed(*layout_, moment, arena);
  // Written beside the arena first, which cannot take back what a short text leaves over.
  char buffer[kPatternBytesLimit * kFieldBytesLimit];
  char* out = buffer;
  for (const Item& item : items_) out = print_item(item, moment, out);
  return arena.copy({buffer, static_cast<size_t>(out - buffer)});
}

std::string_view TimeFormat::print_fixed(const Layout& layout, const Moment& moment,
                                         Arena& arena) const {
  const size_t size = layout.lowest.size();
  char* const out = arena.allocate(size);
  // The literals are in place; the digits are written over the zeros.
  std::memcpy(out, layout.lowest.data(), size);
  for (const Layout::Place& place : layout.fields)
    put_digits(out + place.offset, static_cast<uint32_t>(number_of(place.field, moment)),
               digits_of(place.field));
  return {out, size};
}

}  // namespace turntable::sql
