#include "sqlite/value_forms.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/iso_time.h"
#include "row/parse_numeric.h"
#include "sqlite/values.h"

namespace turntable::sqlite {
namespace {

constexpr int32_t kFirstDay = -719'162;  // 0001-01-01
constexpr int32_t kEndDay = 2'932'897;   // 10000-01-01

// All of one length, so that they are ordered as they are compared.
std::string clock_form(int64_t micros) {
  constexpr int64_t kDay = 86'400'000'000;
  if (micros == kDay) return "24:00:00.000000";
  // "1970-01-01T10:15:00.000000Z"
  return time_text(micros, TimeUnit::micros)->substr(11, 15);
}

// Takes what interval_text() writes from the left.
class IntervalReader {
 public:
  explicit IntervalReader(std::string_view text) : rest_(text) {}

  std::optional<Interval> read() {
    Interval interval;
    int64_t months = 0;
    while (!rest_.empty()) {
      int64_t count = 0;
      const bool negative = rest_.starts_with('-');
      if (negative || rest_.starts_with('+')) rest_.remove_prefix(1);
      const size_t sizes = rest_.size();
      if (!number(count)) return std::nullopt;
      const bool clock = rest_.starts_with(':');
      if (clock) {
        const auto micros = clock_behind(count);
        if (!micros || !rest_.empty()) return std::nullopt;
        // The smallest number has no counterpart.
        interval.micros = static_cast<int64_t>(negative ? 0 - *micros : *micros);
        break;
      }
      if (sizes == rest_.size()) return std::nullopt;
      if (negative) count = -count;
      if (unit("year")) {
        months += count * 12;
      } else if (unit("mon")) {
        months += count;
      } else if (unit("day")) {
        if (!std::in_range<int32_t>(count)) return std::nullopt;
        interval.days = static_cast<int32_t>(count);
      } else {
        return std::nullopt;
      }
      if (rest_.starts_with(' ')) rest_.remove_prefix(1);
    }
    if (!std::in_range<int32_t>(months)) return std::nullopt;
    interval.months = static_cast<int32_t>(months);
    return interval;
  }

 private:
  bool number(int64_t& count) {
    constexpr int64_t kMost = int64_t{1} << 40;  // More than any part has.
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), count);
    if (error != std::errc() || count < 0 || count > kMost) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }

  bool unit(std::string_view name) {
    if (!rest_.starts_with(' ') || !rest_.substr(1).starts_with(name)) return false;
    rest_.remove_prefix(1 + name.size());
    if (rest_.starts_with('s')) rest_.remove_prefix(1);
    return true;
  }

  // ":05:06.07" behind so many hours.
  std::optional<uint64_t> clock_behind(int64_t hours) {
    const std::string clock = "00" + std::string(rest_);
    const auto behind = read_iso_clock(clock);
    if (!behind) return std::nullopt;
    rest_ = {};
    return static_cast<uint64_t>(hours) * 3'600'000'000U + static_cast<uint64_t>(behind->micros);
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::string> form_of(CellView cell, Type type) {
  switch (type) {
    case Type::date:
      if (cell.date() < kFirstDay || cell.date() >= kEndDay) return std::nullopt;
      return cell_text(cell, type);
    case Type::time:
      return clock_form(cell.time());
    case Type::timestamp: {
      auto text = time_text(cell.int64(), TimeUnit::micros);
      if (text) text->pop_back();  // The Z.
      return text;
    }
    case Type::timestamptz:
      return time_text(cell.int64(), TimeUnit::micros);
    default:
      return cell_text(cell, type);
  }
}

bool append_from_form(std::string& out, std::string_view text, Type type) {
  switch (type) {
    case Type::numeric: {
      const auto number = parse_numeric(text).value;
      if (number) append_numeric_cell(out, *number);
      return number.has_value();
    }
    case Type::date: {
      const auto days = read_iso_date(text);
      if (days) append_date_cell(out, *days);
      return days.has_value();
    }
    case Type::time: {
      const auto clock = read_iso_clock(text);
      if (clock) append_time_cell(out, clock->micros);
      return clock.has_value();
    }
    case Type::timestamp:
    case Type::timestamptz: {
      const auto micros = parse_iso_time(text);
      if (micros) append_int64_cell(out, *micros);
      return micros.has_value();
    }
    case Type::uuid: {
      const auto uuid = parse_uuid(text);
      if (uuid) append_uuid_cell(out, *uuid);
      return uuid.has_value();
    }
    case Type::interval: {
      const auto interval = IntervalReader(text).read();
      if (interval) append_interval_cell(out, *interval);
      return interval.has_value();
    }
    default:
      return false;
  }
}

bool append_from_number(std::string& out, int64_t number, Type type) {
  if (type == Type::timestamp || type == Type::timestamptz) {
    append_int64_cell(out, number);
    return true;
  }
  if (type != Type::date || !std::in_range<int32_t>(number)) return false;
  append_date_cell(out, static_cast<int32_t>(number));
  return true;
}

}  // namespace turntable::sqlite
