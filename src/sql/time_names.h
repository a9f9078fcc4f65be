// What compiling, parsing and printing of times share: names, widths, limits.
#pragma once

#include <array>
#include <string_view>

#include "sql/time_format.h"

namespace turntable::sql {

inline constexpr size_t kPatternBytesLimit = 256;
// No field prints more bytes than this: a name of nine, a year of six digits.
inline constexpr size_t kFieldBytesLimit = 12;

inline constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::array<std::string_view, 7> kDays = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
inline constexpr size_t kLongestName =
    9;  // September, Wednesday: what the full names are padded to.
inline constexpr size_t kShortName = 3;

inline char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
inline char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

// How many digits the field has; of number fields only.
constexpr size_t digits_of(TimeFormat::Field field) {
  using Field = TimeFormat::Field;
  switch (field) {
    case Field::year:
      return 4;
    case Field::day_of_year:
    case Field::millis:
      return 3;
    case Field::micros:
      return 6;
    default:
      return 2;
  }
}

}  // namespace turntable::sql
