// Dates, times of day and timestamps. PostgreSQL guesses at many more forms, such as names of
// months and days; which part of '1/2/3' is the year depends on its settings. Only forms whose
// meaning is clear are read here.
#include "sql/time_text.h"

#include <charconv>
#include <cmath>
#include <string>

#include "sql/calendar.h"
#include "sql/functions/time_range.h"
#include "sql/time_names.h"

namespace turntable::sql {
namespace {

bool is_blank_of_time(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_digit_of_time(char c) {
  return c >= '0' && c <= '9';
}

// Reads one text from left to right. A step that fails leaves `failure`.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) { skip_blanks(); }

  ParseFailure failure = ParseFailure::syntax;
  bool rounded = false;  // Digits beyond microseconds, not all of them 0.

  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

  bool out_of_range() {
    failure = ParseFailure::range;
    return false;
  }

  // Year, month and day as they are written; the era is read behind the time of day.
  bool read_date(Date& date) {
    const std::string_view first = digits();
    if (first.size() == 8 && (rest_.empty() || !is_separator(rest_[0]))) {
      date = {number(first.substr(0, 4)), static_cast<int>(number(first.substr(4, 2))),
              static_cast<int>(number(first.substr(6)))};
      return true;
    }
    // A year of fewer digits could be a day or a month.
    constexpr size_t kYearDigits = 7;
    if (first.size() < 3 || first.size() > kYearDigits || rest_.empty() || !is_separator(rest_[0]))
      return false;
    const char separator = rest_[0];
    rest_.remove_prefix(1);
    const std::string_view month = digits();
    if (month.empty() || month.size() > 2 || !take(separator)) return false;
    const std::string_view day = digits();
    if (day.empty() || day.size() > 2) return false;
    date = {number(first), static_cast<int>(number(month)), static_cast<int>(number(day))};
    return true;
  }

  // Microseconds since midnight, where there is a time of day.
  bool read_clock(int64_t& micros) {
    const std::string_view hours = digits();
    if (hours.empty() || hours.size() > 2 || !take(':')) return false;
    const std::string_view minutes = digits();
    if (minutes.empty() || minutes.size() > 2) return false;
    int64_t hour = number(hours);
    int64_t second = 0;
    int64_t fraction = 0;
    if (take(':')) {
      const std::string_view seconds = digits();
      if (seconds.empty() || seconds.size() > 2) return false;
      second = number(seconds);
      if (take('.')) fraction = micros_of_fraction(digits());
    }
    skip_blanks();
    if (word("am") || word("pm")) {
      if (hour > 12) return out_of_range();
      hour = hour % 12 + (last_word_ == "pm" ? 12 : 0);
    }
    const int64_t minute = number(minutes);
    if (hour > 24 || minute > 59 || second > 60) return out_of_range();
    micros = ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond + fraction;
    return micros <= kMicrosPerDay || out_of_range();
  }

  // Z or an offset, where there is one: it counts for nothing.
  bool pass_offset() {
    skip_blanks();
    if (word("z") || word("utc")) return true;
    if (rest_.empty() || (rest_[0] != '+' && rest_[0] != '-')) return true;
    rest_.remove_prefix(1);
    const std::string_view hours = digits();
    if (hours.empty() || (hours.size() > 2 && hours.size() != 4)) return false;
    constexpr int64_t kMostHours = 15;
    if (number(hours.substr(0, 2)) > kMostHours) return out_of_range();
    if (hours.size() == 4) return number(hours.substr(2)) < 60 || out_of_range();
    for (int part = 0; part < 2 && take(':'); ++part) {
      const std::string_view sixtieths = digits();
      if (sixtieths.empty() || sixtieths.size() > 2) return false;
      if (number(sixtieths) >= 60) return out_of_range();
    }
    return true;
  }

  // A date, and with it the time of day that may stand behind it.
  bool read_date_and_clock(Date& date, int64_t& micros) {
    if (!read_date(date)) return false;
    const bool joined = take('T') || take('t');
    skip_blanks();
    if (joined || (!rest_.empty() && is_digit_of_time(rest_[0])))
      if (!read_clock(micros) || !pass_offset()) return false;
    skip_blanks();
    if (word("bc")) {
      if (date.year == 0) return out_of_range();
      date.year = 1 - date.year;
    } else if (word("ad") || at_end()) {
      if (date.year == 0) return out_of_range();
    }
    if (!at_end()) return false;
    return (date.month >= 1 && date.month <= 12 && date.day >= 1 &&
            date.day <= days_in_month(date.year, date.month)) ||
           out_of_range();
  }

 private:
  static bool is_separator(char c) { return c == '-' || c == '/'; }

  void skip_blanks() {
    while (!rest_.empty() && is_blank_of_time(rest_[0])) rest_.remove_prefix(1);
  }

  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view digits() {
    size_t count = 0;
    while (count < rest_.size() && is_digit_of_time(rest_[count])) ++count;
    const std::string_view found = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return found;
  }

  static int64_t number(std::string_view digits) {
    int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }

  // Rounded as PostgreSQL does, by way of a double.
  int64_t micros_of_fraction(std::string_view digits) {
    if (digits.empty()) return 0;
    constexpr size_t kMicrosDigits = 6;
    rounded = digits.find_first_not_of('0', kMicrosDigits) != std::string_view::npos;
    std::string written = "0.";
    written += digits;
    double fraction = 0;
    std::from_chars(written.data(), written.data() + written.size(), fraction);
    return std::llrint(fraction * 1e6);
  }

  // The word alone, in any case.
  bool word(std::string_view lower_case) {
    if (rest_.size() < lower_case.size()) return false;
    for (size_t i = 0; i < lower_case.size(); ++i)
      if (lower(rest_[i]) != lower_case[i]) return false;
    if (rest_.size() > lower_case.size()) {
      const char next = lower(rest_[lower_case.size()]);
      if (is_digit_of_time(next) || (next >= 'a' && next <= 'z')) return false;
    }
    rest_.remove_prefix(lower_case.size());
    last_word_ = lower_case;
    return true;
  }

  std::string_view rest_;
  std::string_view last_word_;
};

Parsed<int64_t> read_time(std::string_view text, bool whole) {
  TimeReader reader(text);
  int64_t micros = 0;
  if (!reader.read_clock(micros) || !reader.pass_offset() || !reader.at_end())
    return {std::nullopt, reader.failure};
  if (whole && reader.rounded) return {std::nullopt, ParseFailure::digits};
  return {micros, {}};
}

Parsed<int64_t> read_local_timestamp(std::string_view text, bool whole) {
  TimeReader reader(text);
  Date date;
  int64_t micros = 0;
  if (!reader.read_date_and_clock(date, micros)) return {std::nullopt, reader.failure};
  if (whole && reader.rounded) return {std::nullopt, ParseFailure::digits};
  const auto midnight = midnight_of(days_of(date));
  const auto time = midnight ? sum_in_range(*midnight, micros) : std::nullopt;
  return {time, ParseFailure::range};
}

}  // namespace

Parsed<int32_t> parse_date(std::string_view text) {
  TimeReader reader(text);
  Date date;
  int64_t micros = 0;
  if (!reader.read_date_and_clock(date, micros)) return {std::nullopt, reader.failure};
  const auto days = date_in_range(days_of(date));
  return {days, ParseFailure::range};
}

Parsed<int64_t> parse_time(std::string_view text) {
  return read_time(text, false);
}

Parsed<int64_t> parse_local_timestamp(std::string_view text) {
  return read_local_timestamp(text, false);
}

Parsed<int64_t> parse_whole_time(std::string_view text) {
  return read_time(text, true);
}

Parsed<int64_t> parse_whole_local_timestamp(std::string_view text) {
  return read_local_timestamp(text, true);
}

}  // namespace turntable::sql
