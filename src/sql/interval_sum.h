// What an interval's text is read into (interval_text.cc): units by their names, and a sum of
// parts.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "row/interval.h"
#include "sql/calendar.h"

namespace turntable::sql {

enum class IntervalUnit : uint8_t {
  none,
  microsecond,
  millisecond,
  second,
  minute,
  hour,
  day,
  week,
  month,
  year,
  decade,
  century,
  millennium,
  ago,
  unknown,
};

constexpr uint32_t bit_of(IntervalUnit unit) {
  return 1U << static_cast<uint32_t>(unit);
}

inline constexpr uint32_t kAllSeconds = bit_of(IntervalUnit::second) |
                                        bit_of(IntervalUnit::millisecond) |
                                        bit_of(IntervalUnit::microsecond);
inline constexpr uint32_t kTimeOfDay =
    bit_of(IntervalUnit::hour) | bit_of(IntervalUnit::minute) | kAllSeconds;

struct UnitWord {
  std::string_view word;
  IntervalUnit unit;
};

// PostgreSQL looks at the first ten letters of a word.
inline constexpr size_t kUnitLetters = 10;
inline constexpr UnitWord kUnitWords[] = {
    {"ago", IntervalUnit::ago},
    {"c", IntervalUnit::century},
    {"cent", IntervalUnit::century},
    {"centuries", IntervalUnit::century},
    {"century", IntervalUnit::century},
    {"d", IntervalUnit::day},
    {"day", IntervalUnit::day},
    {"days", IntervalUnit::day},
    {"dec", IntervalUnit::decade},
    {"decade", IntervalUnit::decade},
    {"decades", IntervalUnit::decade},
    {"decs", IntervalUnit::decade},
    {"h", IntervalUnit::hour},
    {"hour", IntervalUnit::hour},
    {"hours", IntervalUnit::hour},
    {"hr", IntervalUnit::hour},
    {"hrs", IntervalUnit::hour},
    {"m", IntervalUnit::minute},
    {"microsecon", IntervalUnit::microsecond},
    {"mil", IntervalUnit::millennium},
    {"millennia", IntervalUnit::millennium},
    {"millennium", IntervalUnit::millennium},
    {"millisecon", IntervalUnit::millisecond},
    {"mils", IntervalUnit::millennium},
    {"min", IntervalUnit::minute},
    {"mins", IntervalUnit::minute},
    {"minute", IntervalUnit::minute},
    {"minutes", IntervalUnit::minute},
    {"mon", IntervalUnit::month},
    {"mons", IntervalUnit::month},
    {"month", IntervalUnit::month},
    {"months", IntervalUnit::month},
    {"ms", IntervalUnit::millisecond},
    {"msec", IntervalUnit::millisecond},
    {"msecs", IntervalUnit::millisecond},
    {"s", IntervalUnit::second},
    {"sec", IntervalUnit::second},
    {"second", IntervalUnit::second},
    {"seconds", IntervalUnit::second},
    {"secs", IntervalUnit::second},
    {"us", IntervalUnit::microsecond},
    {"usec", IntervalUnit::microsecond},
    {"usecs", IntervalUnit::microsecond},
    {"w", IntervalUnit::week},
    {"week", IntervalUnit::week},
    {"weeks", IntervalUnit::week},
    {"y", IntervalUnit::year},
    {"year", IntervalUnit::year},
    {"years", IntervalUnit::year},
    {"yr", IntervalUnit::year},
    {"yrs", IntervalUnit::year},
};

inline IntervalUnit unit_of(std::string_view word) {
  const std::string_view looked_at = word.substr(0, kUnitLetters);
  for (const UnitWord& known : kUnitWords)
    if (known.word == looked_at) return known.unit;
  return IntervalUnit::unknown;
}

// Adds parts up, each with its fraction in the next lower units. False: out of range.
class IntervalSum {
 public:
  bool add(IntervalUnit unit, int64_t whole, double fraction) {
    switch (unit) {
      case IntervalUnit::microsecond:
        return add_micros(whole, fraction, 1);
      case IntervalUnit::millisecond:
        return add_micros(whole, fraction, 1000);
      case IntervalUnit::second:
        return add_micros(whole, fraction, kMicrosPerSecond);
      case IntervalUnit::minute:
        return add_micros(whole, fraction, 60 * kMicrosPerSecond);
      case IntervalUnit::hour:
        return add_micros(whole, fraction, 3600 * kMicrosPerSecond);
      case IntervalUnit::day:
        return add_days(whole, 1) && add_fraction(fraction, kMicrosPerDay);
      case IntervalUnit::week:
        return add_days(whole, 7) && add_days_of(fraction, 7);
      case IntervalUnit::month:
        return add_to(months_, whole, 1) && add_days_of(fraction, 30);
      case IntervalUnit::year:
        return add_years(whole, fraction, 1);
      case IntervalUnit::decade:
        return add_years(whole, fraction, 10);
      case IntervalUnit::century:
        return add_years(whole, fraction, 100);
      case IntervalUnit::millennium:
        return add_years(whole, fraction, 1000);
      default:
        return false;
    }
  }

  // A time of day takes the place of what is there.
  void set_micros(int64_t micros) { micros_ = micros; }

  bool negate() {
    constexpr auto kLowest = std::numeric_limits<int32_t>::min();
    if (micros_ == std::numeric_limits<int64_t>::min() || days_ == kLowest || months_ == kLowest ||
        years_ == kLowest)
      return false;
    micros_ = -micros_;
    days_ = -days_;
    months_ = -months_;
    years_ = -years_;
    return true;
  }

  [[nodiscard]] std::optional<Interval> sum() const {
    const int64_t months = int64_t{years_} * 12 + months_;
    if (months != static_cast<int32_t>(months)) return std::nullopt;
    return Interval{.micros = micros_, .days = days_, .months = static_cast<int32_t>(months)};
  }

 private:
  bool add_micros(int64_t whole, double fraction, int64_t scale) {
    int64_t micros = 0;
    return !__builtin_mul_overflow(whole, scale, &micros) &&
           !__builtin_add_overflow(micros_, micros, &micros_) && add_fraction(fraction, scale);
  }

  bool add_fraction(double fraction, int64_t scale) {
    const double scaled = fraction * static_cast<double>(scale);
    auto micros = static_cast<int64_t>(scaled);
    const double rest = scaled - static_cast<double>(micros);
    if (rest > 0.5) {
      ++micros;
    } else if (rest < -0.5) {
      --micros;
    }
    return !__builtin_add_overflow(micros_, micros, &micros_);
  }

  bool add_days(int64_t days, int32_t scale) { return add_to(days_, days, scale); }

  // A fraction of a unit that has so many days.
  bool add_days_of(double fraction, int32_t scale) {
    const double scaled = fraction * scale;
    const auto days = static_cast<int32_t>(scaled);
    return !__builtin_add_overflow(days_, days, &days_) &&
           add_fraction(scaled - days, kMicrosPerDay);
  }

  bool add_years(int64_t whole, double fraction, int32_t scale) {
    const auto months = static_cast<int32_t>(std::rint(fraction * scale * 12));
    return add_to(years_, whole, scale) && !__builtin_add_overflow(months_, months, &months_);
  }

  static bool add_to(int32_t& sum, int64_t whole, int32_t scale) {
    int32_t scaled = 0;
    return whole == static_cast<int32_t>(whole) &&
           !__builtin_mul_overflow(static_cast<int32_t>(whole), scale, &scaled) &&
           !__builtin_add_overflow(sum, scaled, &sum);
  }

  int64_t micros_ = 0;
  int32_t days_ = 0;
  int32_t months_ = 0;
  int32_t years_ = 0;
};

}  // namespace turntable::sql
