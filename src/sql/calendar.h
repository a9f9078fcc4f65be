// The Gregorian calendar, extended backwards, over microseconds since 1970-01-01 00:00 UTC. Year 0
// is 1 BC. (std::chrono's years end at 32767, PostgreSQL's do not.)
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace turntable::sql {

inline constexpr int64_t kMicrosPerSecond = 1'000'000;
inline constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
inline constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
inline constexpr int64_t kMicrosPerDay = 24 * kMicrosPerHour;

// 'infinity' is the highest number that a date or a point in time could have, and '-infinity' the
// lowest, as in PostgreSQL. The calendar below knows nothing of them.
template <class T>
inline constexpr T kInfiniteTime = std::numeric_limits<T>::max();
template <class T>
inline constexpr T kMinusInfiniteTime = std::numeric_limits<T>::min();

template <class T>
constexpr bool is_infinite_time(T time) {
  return time == kInfiniteTime<T> || time == kMinusInfiniteTime<T>;
}

// The same infinity among other times.
template <class To, class From>
constexpr To infinity_like(From time) {
  return time > 0 ? kInfiniteTime<To> : kMinusInfiniteTime<To>;
}

struct Date {
  int64_t year = 1970;
  int month = 1;
  int day = 1;
};

// A point in time, taken apart.
struct Moment {
  Date date;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int micros = 0;
};

constexpr bool is_leap_year(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int days_in_month(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

// Days since 1970-01-01. Both ways: Howard Hinnant, "chrono-compatible low-level date algorithms".
constexpr int64_t days_of(Date date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year =
      (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

constexpr Date date_of(int64_t days) {
  days += 719'468;
  const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<uint32_t>(days - era * 146'097);
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const auto month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

constexpr int64_t floor_divide(int64_t value, int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

// Since midnight.
constexpr int64_t micros_of_day(int64_t micros) {
  const int64_t rest = micros % kMicrosPerDay;
  return rest < 0 ? rest + kMicrosPerDay : rest;
}

constexpr Moment moment_of(int64_t micros) {
  const int64_t days = floor_divide(micros, kMicrosPerDay);
  const int64_t rest = micros_of_day(micros);
  const auto seconds = static_cast<uint32_t>(rest / kMicrosPerSecond);
  return {date_of(days), static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60),
          static_cast<int>(seconds % 60), static_cast<int>(rest - seconds * kMicrosPerSecond)};
}

// The moment's parts must be in range. Nothing where microseconds cannot hold it.
constexpr std::optional<int64_t> micros_of(const Moment& moment) {
  const int64_t in_day =
      ((moment.hour * int64_t{60} + moment.minute) * 60 + moment.second) * kMicrosPerSecond +
      moment.micros;
  int64_t micros = 0;
  if (__builtin_mul_overflow(days_of(moment.date), kMicrosPerDay, &micros)) return std::nullopt;
  if (__builtin_add_overflow(micros, in_day, &micros)) return std::nullopt;
  return micros;
}

// 0 is Sunday.
constexpr int day_of_week(int64_t days) {
  return static_cast<int>(((days % 7) + 11) % 7);
}

// From 1.
constexpr int day_of_year(Date date) {
  return static_cast<int>(days_of(date) - days_of({date.year, 1, 1})) + 1;
}

}  // namespace turntable::sql
