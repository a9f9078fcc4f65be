// TimeFormat::parse. A form whose fields are all numbers of fixed width, which most are, is checked
// in one pass over the bytes and then read at known places; any other form is read from left to
// right.
#include <algorithm>
#include <cstring>

#include "sql/time_names.h"

namespace turntable::sql {
namespace {

using Field = TimeFormat::Field;

// Walks the text from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  // Exactly `digits` digits; with `exact` false up to so many, but one at least. -1 where they are
  // not there.
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
    if (left() < expected.size() || std::memcmp(at_, expected.data(), expected.size()) != 0)
      return false;
    at_ += expected.size();
    return true;
  }

  // Which of the names (their first `length` letters) stands here, in any case: its index, or -1.
  template <size_t count>
  int name(const std::array<std::string_view, count>& names, size_t length) {
    for (size_t i = 0; i < count; ++i) {
      const std::string_view wanted = names[i].substr(0, length);
      if (left() >= wanted.size() &&
          std::equal(wanted.begin(), wanted.end(), at_,
                     [](char a, char b) { return lower(a) == lower(b); })) {
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

bool in(int value, int low, int high) {
  return value >= low && value <= high;
}

// The fields of one text as they were read.
struct Fields {
  Moment moment;
  int day_of_year = -1;
  int meridiem = -1;
  bool hour12 = false;

  void set(TimeFormat::Field field, int value) {
    switch (field) {
      case Field::year:
        moment.date.year = value;
        break;
      case Field::year2:
        moment.date.year = value < 70 ? 2000 + value : 1900 + value;
        break;
      case Field::month:
        moment.date.month = value;
        break;
      case Field::month_name:
      case Field::month_short:
        moment.date.month = value + 1;
        break;
      case Field::day:
        moment.date.day = value;
        break;
      case Field::day_of_year:
        day_of_year = value;
        break;
      case Field::hour24:
        moment.hour = value;
        break;
      case Field::hour12:
        moment.hour = value;
        hour12 = true;
        break;
      case Field::minute:
        moment.minute = value;
        break;
      case Field::second:
        moment.second = value;
        break;
      case Field::millis:
        moment.micros = value * 1000;
        break;
      case Field::micros:
        moment.micros = value;
        break;
      case Field::meridiem:
        meridiem = value;
        break;
      // The weekday follows from the date; PostgreSQL reads it and does not look at it.
      case Field::day_name:
      case Field::day_short:
      case Field::literal:
        break;
    }
  }

  // The point in time, or nothing where there is no such time.
  [[nodiscard]] std::optional<int64_t> micros() {
    if (hour12) {
      if (!in(moment.hour, 1, 12)) return std::nullopt;
      // Without AM or PM a 12-hour clock shows the morning, as in PostgreSQL.
      moment.hour = moment.hour % 12 + (meridiem == 1 ? 12 : 0);
    }
    Date& date = moment.date;
    if (date.year < 1 || !in(date.month, 1, 12) ||
        !in(date.day, 1, days_in_month(date.year, date.month)) || moment.hour > 23 ||
        moment.minute > 59 || moment.second > 59)
      return std::nullopt;
    if (day_of_year >= 0) {
      if (!in(day_of_year, 1, is_leap_year(date.year) ? 366 : 365)) return std::nullopt;
      date = date_of(days_of(date) + day_of_year - 1);
    }
    return micros_of(moment);
  }
};

}  // namespace

std::optional<int64_t> TimeFormat::parse(std::string_view text) const {
  if (layout_) return parse_fixed(*layout_, text);
  Scanner scanner(text);
  Fields fields;
  for (const Item& item : items_) {
    int value = 0;
    switch (item.field) {
      case Field::literal:
        if (!scanner.literal(item.literal)) return std::nullopt;
        continue;
      case Field::month_name:
        value = scanner.name(kMonths, std::string_view::npos);
        break;
      case Field::month_short:
        value = scanner.name(kMonths, kShortName);
        break;
      case Field::day_name:
        value = scanner.name(kDays, std::string_view::npos);
        break;
      case Field::day_short:
        value = scanner.name(kDays, kShortName);
        break;
      case Field::meridiem:
        value = scanner.name(kMeridiems, std::string_view::npos);
        break;
      default:
        value = scanner.number(digits_of(item.field), item.fill);
        break;
    }
    if (value < 0) return std::nullopt;
    fields.set(item.field, value);
  }
  if (!scanner.at_end()) return std::nullopt;
  return fields.micros();
}

std::optional<int64_t> TimeFormat::parse_fixed(const Layout& layout, std::string_view text) const {
  const size_t size = layout.lowest.size();
  if (text.size() != size) return std::nullopt;
  const char* const lowest = layout.lowest.data();
  const char* const span = layout.span.data();
  // No early exit: the compiler makes one step of sixteen bytes.
  unsigned bad = 0;
  for (size_t i = 0; i < size; ++i)
    bad |= static_cast<uint8_t>(text[i] - lowest[i]) > static_cast<uint8_t>(span[i]) ? 1U : 0U;
  if (bad != 0) return std::nullopt;
  Fields fields;
  for (const Layout::Place& place : layout.fields) {
    const char* const at = text.data() + place.offset;
    const auto two = [&](size_t i) { return (at[i] - '0') * 10 + (at[i + 1] - '0'); };
    switch (digits_of(place.field)) {
      case 2:
        fields.set(place.field, two(0));
        break;
      case 3:
        fields.set(place.field, two(0) * 10 + (at[2] - '0'));
        break;
      case 4:
        fields.set(place.field, two(0) * 100 + two(2));
        break;
      default:
        fields.set(place.field, (two(0) * 100 + two(2)) * 100 + two(4));
        break;
    }
  }
  return fields.micros();
}

}  // namespace turntable::sql
