#include "base/iso_time.h"

#include <chrono>
#include <string>

namespace turntable {
namespace {

// Takes text from the left.
class Cursor {
 public:
  Cursor(std::string_view text, IsoForms forms) : rest_(text), forms_(forms) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] bool in_use() const { return forms_ == IsoForms::in_use; }
  [[nodiscard]] bool at_digit() const {
    return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9';
  }

  bool accept(char wanted) {
    if (rest_.empty() || rest_[0] != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // What stands only in the forms that are not PostgreSQL's.
  bool accept_in_use(char wanted) { return in_use() && accept(wanted); }

  // Exactly `count` digits, as a number.
  std::optional<int> digits(size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int number = 0;
    for (size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      number = number * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return number;
  }

  // One digit or more after the fraction's mark, as microseconds.
  std::optional<int64_t> fraction() {
    int64_t micros = 0;
    int64_t unit = 100'000;
    size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      micros += (rest_[count] - '0') * unit;
      cut_ = cut_ || (unit == 0 && rest_[count] != '0');
      unit /= 10;
    }
    if (count == 0) return std::nullopt;
    rest_.remove_prefix(count);
    return micros;
  }

  // fraction() has left out digits other than 0.
  [[nodiscard]] bool cut() const { return cut_; }

 private:
  std::string_view rest_;
  IsoForms forms_;
  bool cut_ = false;
};

// Days since 1970-01-01.
std::optional<int64_t> read_date(Cursor& cursor) {
  const auto year = cursor.digits(4);
  if (!year) return std::nullopt;
  const bool hyphens = cursor.accept('-');
  if (!hyphens && !cursor.in_use()) return std::nullopt;
  const auto month = cursor.digits(2);
  if (!month || (hyphens && !cursor.accept('-'))) return std::nullopt;
  const auto day = cursor.digits(2);
  if (!day || *year == 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// HH:MM, HH:MM:SS or HH:MM:SS.fraction, with or without colons, as microseconds.
std::optional<int64_t> read_time_of_day(Cursor& cursor) {
  const auto hour = cursor.digits(2);
  if (!hour || *hour > 23) return std::nullopt;
  const bool colons = cursor.accept(':');
  if (!colons && !cursor.in_use()) return std::nullopt;
  const auto minute = cursor.digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  int64_t micros = (int64_t{*hour} * 60 + *minute) * 60'000'000;
  if (colons ? !cursor.accept(':') : !cursor.at_digit()) return micros;
  const auto second = cursor.digits(2);
  if (!second || *second > 59) return std::nullopt;
  micros += int64_t{*second} * 1'000'000;
  if (!cursor.accept('.') && !cursor.accept_in_use(',')) return micros;
  const auto fraction = cursor.fraction();
  if (!fraction) return std::nullopt;
  return micros + *fraction;
}

// "Z", "+02", "+02:00", "+0200" or nothing, as microseconds east of Greenwich.
std::optional<int64_t> read_offset(Cursor& cursor) {
  if (cursor.done()) return 0;
  (void)cursor.accept_in_use(' ');
  if (cursor.accept('Z') || cursor.accept_in_use('z')) return 0;
  const bool east = cursor.accept('+');
  if (!east && !cursor.accept('-')) return std::nullopt;
  const auto hours = cursor.digits(2);
  if (!hours || *hours > 15) return std::nullopt;
  int64_t minutes = int64_t{*hours} * 60;
  if (!cursor.done()) {
    cursor.accept(':');
    const auto more = cursor.digits(2);
    if (!more || *more > 59) return std::nullopt;
    minutes += *more;
  }
  return (east ? minutes : -minutes) * 60'000'000;
}

}  // namespace

std::optional<IsoTime> read_iso_time(std::string_view text, IsoForms forms) {
  Cursor cursor(text, forms);
  const auto days = read_date(cursor);
  if (!days) return std::nullopt;
  int64_t micros = *days * 86'400'000'000;
  if (cursor.done()) return IsoTime{micros};
  if (!cursor.accept('T') && !cursor.accept(' ') && !cursor.accept_in_use('t')) return std::nullopt;
  const auto time = read_time_of_day(cursor);
  if (!time) return std::nullopt;
  const bool with_offset = !cursor.done();
  const auto offset = read_offset(cursor);
  if (!offset || !cursor.done()) return std::nullopt;
  return IsoTime{micros + *time - *offset, cursor.cut(), with_offset};
}

std::optional<int32_t> read_iso_date(std::string_view text, IsoForms forms) {
  Cursor cursor(text, forms);
  const auto days = read_date(cursor);
  if (!days || !cursor.done()) return std::nullopt;
  return static_cast<int32_t>(*days);
}

std::optional<IsoClock> read_iso_clock(std::string_view text, IsoForms forms) {
  // The end of the day is written so that it begins like no other time.
  if (text.starts_with("24")) {
    std::string zero(text);
    zero.replace(0, 2, "00");
    const auto clock = read_iso_clock(zero, forms);
    if (!clock || clock->micros != 0 || clock->cut) return std::nullopt;
    return IsoClock{.micros = 86'400'000'000};
  }
  Cursor cursor(text, forms);
  const auto micros = read_time_of_day(cursor);
  if (!micros || !cursor.done()) return std::nullopt;
  return IsoClock{*micros, cursor.cut()};
}

std::optional<int64_t> parse_iso_time(std::string_view text) {
  const auto time = read_iso_time(text);
  return time ? std::optional(time->micros) : std::nullopt;
}

}  // namespace turntable
