#include "row/interval.h"

#include <fmt/format.h>

namespace turntable {

// A part that is zero is left out; behind a negative one, a positive one has its sign.
std::string interval_text(const Interval& interval) {
  std::string text;
  bool after_negative = false;
  const auto add = [&](int64_t count, std::string_view unit) {
    if (count == 0) return;
    text += fmt::format("{}{}{} {}{}", text.empty() ? "" : " ",
                        after_negative && count > 0 ? "+" : "", count, unit, count == 1 ? "" : "s");
    after_negative = count < 0;
  };
  add(interval.months / 12, "year");
  add(interval.months % 12, "mon");
  add(interval.days, "day");
  if (interval.micros == 0 && !text.empty()) return text;
  const bool negative = interval.micros < 0;
  const uint64_t micros =
      negative ? -static_cast<uint64_t>(interval.micros) : static_cast<uint64_t>(interval.micros);
  const uint64_t seconds = micros / 1'000'000;
  text += fmt::format("{}{}{:02}:{:02}:{:02}", text.empty() ? "" : " ",
                      negative         ? "-"
                      : after_negative ? "+"
                                       : "",
                      seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (micros % 1'000'000 != 0) {
    text += fmt::format(".{:06}", micros % 1'000'000);
    while (text.back() == '0') text.pop_back();
  }
  return text;
}

}  // namespace turntable
