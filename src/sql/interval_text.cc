// Intervals as PostgreSQL reads them, to the last digit of a fraction. A text is cut into fields
// (numbers, words, times of day), and these are read from right to left: a word is the unit of the
// number before it, and what has no unit takes one from its place, as in '1 2:03' with days.
// A text that is no list of fields is tried as ISO 8601's: 'P1Y2M3DT4H5M6S'.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "base/text.h"
#include "sql/calendar.h"
#include "sql/interval_sum.h"
#include "sql/time_names.h"
#include "sql/time_text.h"

namespace turntable::sql {
namespace {

// --- Fields

struct IntervalField {
  enum class Kind { number, signed_number, date, time, word };
  Kind kind = Kind::number;
  std::string text;  // In lower case.
};

bool is_digit_of_interval(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter_of_interval(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_blank_of_interval(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// Units with which '1d2h' is read as '1 d 2 h': those that PostgreSQL also knows as words of dates.
bool may_touch_a_number(std::string_view word) {
  constexpr std::string_view kWords[] = {"d", "dec", "h", "m", "mon", "s", "y"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

// False where the text is no list of fields.
bool cut_into_fields(std::string_view text, std::vector<IntervalField>& fields) {
  constexpr size_t kMostFields = 25;  // PostgreSQL's.
  size_t at = 0;
  const auto here = [&] { return at < text.size() ? text[at] : '\0'; };
  while (at < text.size()) {
    if (is_blank_of_interval(here())) {
      ++at;
      continue;
    }
    IntervalField field;
    const auto take = [&] { field.text += lower(text[at++]); };
    const auto take_digits = [&] {
      while (is_digit_of_interval(here())) take();
    };
    if (is_digit_of_interval(here())) {
      take_digits();
      if (here() == ':') {
        field.kind = IntervalField::Kind::time;
        while (is_digit_of_interval(here()) || here() == ':' || here() == '.') take();
      } else if (here() == '-' || here() == '/' || here() == '.') {
        const char separator = here();
        take();
        if (is_digit_of_interval(here())) {
          field.kind = separator == '.' ? IntervalField::Kind::number : IntervalField::Kind::date;
          take_digits();
          if (here() == separator) {
            field.kind = IntervalField::Kind::date;
            while (is_digit_of_interval(here()) || here() == separator) take();
          }
        } else {
          field.kind = IntervalField::Kind::date;
          while (is_digit_of_interval(here()) || is_letter_of_interval(here()) ||
                 here() == separator)
            take();
        }
      }
    } else if (here() == '.') {
      take();
      take_digits();
    } else if (is_letter_of_interval(here())) {
      field.kind = IntervalField::Kind::word;
      while (is_letter_of_interval(here())) take();
      // A date with a month's name, or ISO 8601's form: no part of an interval's list.
      if (here() == '-' || here() == '/' || here() == '.') return false;
      if ((here() == '+' || is_digit_of_interval(here())) && !may_touch_a_number(field.text))
        return false;
    } else if (here() == '+' || here() == '-') {
      field.kind = IntervalField::Kind::signed_number;
      take();
      while (is_blank_of_interval(here())) ++at;
      if (!is_digit_of_interval(here())) return false;
      while (is_digit_of_interval(here()) || here() == ':' || here() == '.' || here() == '-')
        take();
    } else if (static_cast<unsigned char>(here()) < 0x80 && here() > ' ') {
      ++at;  // PostgreSQL passes over other punctuation.
      continue;
    } else {
      return false;
    }
    if (fields.size() == kMostFields) return false;
    fields.push_back(std::move(field));
  }
  return true;
}

// What is left of a text while it is read.
class IntervalDigits {
 public:
  explicit IntervalDigits(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] char next() const { return rest_.empty() ? '\0' : rest_[0]; }
  void pass() { rest_.remove_prefix(1); }

  // As strtol() reads it: no digits are 0. False: out of range.
  template <class T>
  bool read(T& value) {
    value = 0;
    std::string_view digits = rest_;
    if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec == std::errc::result_out_of_range) return false;
    if (read.ec == std::errc()) rest_.remove_prefix(static_cast<size_t>(read.ptr - rest_.data()));
    return true;
  }

  // From the point on to the end, which may be right behind it. False where there is something
  // else.
  bool read_fraction(double& fraction) {
    fraction = 0;
    const std::string_view digits = rest_.substr(1);
    if (!std::all_of(digits.begin(), digits.end(), is_digit_of_interval)) return false;
    if (!digits.empty()) {
      const std::string written = "0" + std::string(rest_);
      std::from_chars(written.data(), written.data() + written.size(), fraction);
    }
    rest_ = {};
    return true;
  }

 private:
  std::string_view rest_;
};

class IntervalReader {
 public:
  Parsed<Interval> read(std::string_view text) {
    std::vector<IntervalField> fields;
    if (cut_into_fields(text, fields) && read_fields(fields)) return finished();
    if (failure_ == ParseFailure::range || !text.starts_with('P')) return {std::nullopt, failure_};
    sum_ = IntervalSum();
    if (!read_iso(text.substr(1))) return {std::nullopt, failure_};
    return finished();
  }

 private:
  Parsed<Interval> finished() { return {sum_.sum(), ParseFailure::range}; }

  bool out_of_range() {
    failure_ = ParseFailure::range;
    return false;
  }
  bool in_range(bool good) { return good || out_of_range(); }

  bool read_fields(const std::vector<IntervalField>& fields) {
    IntervalUnit unit = IntervalUnit::none;
    uint32_t seen = 0;
    bool negated = false;
    for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
      uint32_t now = 0;
      switch (field->kind) {
        case IntervalField::Kind::word:
          if (const IntervalUnit found = unit_of(field->text); found == IntervalUnit::unknown) {
            return false;
          } else if (found == IntervalUnit::ago) {
            negated = true;
            unit = found;  // No number may stand right before it.
          } else {
            unit = found;
          }
          continue;
        case IntervalField::Kind::time:
          if (!read_time(field->text, false)) return false;
          now = kTimeOfDay;
          unit = IntervalUnit::day;
          break;
        case IntervalField::Kind::signed_number:
          if (field->text.find(':') != std::string::npos) {
            const bool negative = field->text[0] == '-';
            if (read_time(std::string_view(field->text).substr(1), negative)) {
              now = kTimeOfDay;
              unit = IntervalUnit::day;
              break;
            }
            failure_ = ParseFailure::syntax;
          }
          [[fallthrough]];
        case IntervalField::Kind::number:
        case IntervalField::Kind::date:
          if (!read_number(field->text, unit, now)) return false;
          break;
      }
      if ((seen & now) != 0) return false;
      seen |= now;
    }
    if (seen == 0) return false;
    return !negated || in_range(sum_.negate());
  }

  // `unit` is the one behind the number; where there was none, seconds. Behind an hour a number
  // without one is days.
  bool read_number(std::string_view text, IntervalUnit& unit, uint32_t& seen) {
    if (unit == IntervalUnit::none) unit = IntervalUnit::second;
    const bool negative = text.starts_with('-');
    IntervalDigits digits(text);
    int64_t whole = 0;
    double fraction = 0;
    if (!digits.read(whole)) return out_of_range();
    if (digits.next() == '-') {
      digits.pass();
      int32_t months = 0;
      if (!digits.read(months) || months < 0 || months >= 12) return out_of_range();
      if (!digits.at_end()) return false;
      unit = IntervalUnit::month;
      if (__builtin_mul_overflow(whole, int64_t{12}, &whole) ||
          __builtin_add_overflow(whole, int64_t{negative ? -months : months}, &whole))
        return out_of_range();
    } else if (digits.next() == '.') {
      if (!digits.read_fraction(fraction)) return false;
      if (negative) fraction = -fraction;
    } else if (!digits.at_end()) {
      return false;
    }
    if (unit == IntervalUnit::ago) return false;
    if (!in_range(sum_.add(unit, whole, fraction))) return false;
    seen = unit == IntervalUnit::second && fraction != 0 ? kAllSeconds : bit_of(unit);
    if (unit == IntervalUnit::hour) unit = IntervalUnit::day;
    return true;
  }

  // "4:05", "4:05:06.7", and "5:06.7" for minutes and seconds.
  bool read_time(std::string_view text, bool negative) {
    IntervalDigits digits(text);
    int64_t hours = 0;
    int32_t minutes = 0;
    int32_t seconds = 0;
    double fraction = 0;
    if (!digits.read(hours)) return out_of_range();
    if (digits.next() != ':') return false;
    digits.pass();
    if (!digits.read(minutes)) return out_of_range();
    if (digits.next() == '.') {
      if (!digits.read_fraction(fraction)) return false;
      if (hours > std::numeric_limits<int32_t>::max()) return out_of_range();
      seconds = minutes;
      minutes = static_cast<int32_t>(hours);
      hours = 0;
    } else if (digits.next() == ':') {
      digits.pass();
      if (!digits.read(seconds)) return out_of_range();
      if (digits.next() == '.' && !digits.read_fraction(fraction)) return false;
    }
    if (!digits.at_end()) return false;
    if (hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60)
      return out_of_range();
    const int64_t rest =
        (int64_t{minutes} * 60 + seconds) * kMicrosPerSecond + std::llrint(fraction * 1e6);
    int64_t micros = 0;
    if (__builtin_mul_overflow(hours, 3600 * kMicrosPerSecond, &micros) ||
        __builtin_add_overflow(micros, rest, &micros))
      return out_of_range();
    sum_.set_micros(negative ? -micros : micros);
    return true;
  }

  // --- ISO 8601

  // A number with its fraction; the text is behind it then.
  bool read_iso_number(std::string_view& text, int64_t& whole, double& fraction) {
    if (text.empty() || !(is_digit_of_interval(text[0]) || text[0] == '-' || text[0] == '.'))
      return false;
    // strtod() knows forms that from_chars() does not, but none of them begins so.
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec == std::errc::invalid_argument) return false;
    constexpr double kMost = 1e15;
    if (read.ec != std::errc() || std::isnan(value) || value < -kMost || value > kMost)
      return out_of_range();
    text.remove_prefix(static_cast<size_t>(read.ptr - text.data()));
    const double truncated = std::trunc(value);
    whole = static_cast<int64_t>(truncated);
    fraction = value - truncated;
    return true;
  }

  // How many digits the number has before its point.
  static size_t iso_width(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    return std::min(text.find_first_not_of("0123456789"), text.size());
  }

  bool add(IntervalUnit unit, int64_t whole, double fraction) {
    return in_range(sum_.add(unit, whole, fraction));
  }

  bool read_iso(std::string_view text) {
    if (text.empty()) return false;
    bool dates = true;
    bool any = false;
    while (!text.empty()) {
      if (text[0] == 'T') {
        dates = false;
        any = false;
        text.remove_prefix(1);
        continue;
      }
      const std::string_view begin = text;
      int64_t whole = 0;
      double fraction = 0;
      if (!read_iso_number(text, whole, fraction)) return false;
      const char sign = text.empty() ? '\0' : text[0];
      if (!text.empty()) text.remove_prefix(1);
      const IntervalUnit unit = dates ? iso_date_unit(sign) : iso_time_unit(sign);
      if (unit != IntervalUnit::unknown) {
        if (!add(unit, whole, fraction)) return false;
        any = true;
        continue;
      }
      // The alternative forms: P00010203T040506 and P0001-02-03T04:05:06.
      if (any) return false;
      const bool compact = (sign == '\0' || (dates && sign == 'T')) &&
                           iso_width(begin) == (dates ? size_t{8} : size_t{6});
      if (dates) {
        if (compact) {
          if (!add(IntervalUnit::year, whole / 10'000, 0) ||
              !add(IntervalUnit::month, whole / 100 % 100, 0) ||
              !add(IntervalUnit::day, whole % 100, fraction))
            return false;
        } else if (!read_iso_parts(text, sign, '-', 'T',
                                   {IntervalUnit::year, IntervalUnit::month, IntervalUnit::day},
                                   whole, fraction)) {
          return false;
        }
        dates = false;
        continue;
      }
      if (!compact)
        return read_iso_parts(text, sign, ':', '\0',
                              {IntervalUnit::hour, IntervalUnit::minute, IntervalUnit::second},
                              whole, fraction) &&
               text.empty();
      return add(IntervalUnit::hour, whole / 10'000, 0) &&
             add(IntervalUnit::minute, whole / 100 % 100, 0) &&
             add(IntervalUnit::second, whole % 100, fraction);
    }
    return true;
  }

  // Up to three numbers with `separator` between them; the first one and `sign` behind it are read.
  bool read_iso_parts(std::string_view& text, char sign, char separator, char end,
                      const std::array<IntervalUnit, 3>& units, int64_t whole, double fraction) {
    for (size_t part = 0;; ++part) {
      if (!add(units[part], whole, fraction)) return false;
      if (sign == '\0' || sign == end) return true;
      if (sign != separator || part == 2) return false;
      if (!read_iso_number(text, whole, fraction)) return false;
      sign = text.empty() ? '\0' : text[0];
      if (!text.empty()) text.remove_prefix(1);
    }
  }

  static IntervalUnit iso_date_unit(char sign) {
    switch (sign) {
      case 'Y':
        return IntervalUnit::year;
      case 'M':
        return IntervalUnit::month;
      case 'W':
        return IntervalUnit::week;
      case 'D':
        return IntervalUnit::day;
      default:
        return IntervalUnit::unknown;
    }
  }

  static IntervalUnit iso_time_unit(char sign) {
    switch (sign) {
      case 'H':
        return IntervalUnit::hour;
      case 'M':
        return IntervalUnit::minute;
      case 'S':
        return IntervalUnit::second;
      default:
        return IntervalUnit::unknown;
    }
  }

  IntervalSum sum_;
  ParseFailure failure_ = ParseFailure::syntax;
};

}  // namespace

Parsed<Interval> parse_interval(std::string_view text) {
  return IntervalReader().read(text);
}

}  // namespace turntable::sql
