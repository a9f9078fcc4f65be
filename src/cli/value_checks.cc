#include "cli/value_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/iso_time.h"
#include "base/text.h"

namespace turntable {

CLI::Validator one_of(std::vector<std::string> choices) {
  return CLI::Validator(
      [choices = std::move(choices)](std::string& value) -> std::string {
        if (std::find(choices.begin(), choices.end(), value) != choices.end()) return "";
        return fmt::format("'{}' is none of {}.{}", printable(value), fmt::join(choices, ", "),
                           did_you_mean(value, choices));
      },
      "");
}

CLI::Validator whole_number(uint64_t least, uint64_t most) {
  return CLI::Validator(
      [least, most](std::string& value) -> std::string {
        uint64_t number = 0;
        if (read_number(value, number) && number >= least && number <= most) return "";
        const std::string end = most == UINT64_MAX ? "on" : fmt::format("to {}", grouped(most));
        return fmt::format("'{}' is no whole number from {} {}", printable(value), least, end);
      },
      "");
}

CLI::Validator plain_text() {
  return CLI::Validator(
      [](std::string& value) -> std::string {
        if (value.empty()) return "the text is empty";
        return is_utf8(value) ? "" : fmt::format("'{}' is not UTF-8", printable(value));
      },
      "");
}

CLI::Validator not_negative() {
  return CLI::Validator(
      [](std::string& value) -> std::string {
        double number = 0;
        if (CLI::detail::lexical_cast(value, number) && number >= 0 && std::isfinite(number))
          return "";
        return fmt::format("'{}' is no number of plays a second, expected 0 or more",
                           printable(value));
      },
      "");
}

CLI::Validator calendar_day() {
  return CLI::Validator(
      [](std::string& day) -> std::string {
        if (read_iso_date(day)) return "";
        return fmt::format("'{}' is no day, expected YYYY-MM-DD such as 2024-03-03",
                           printable(day));
      },
      "");
}

CLI::Validator file_name() {
  return CLI::Validator(
      [](std::string& path) { return std::string(path.empty() ? "the file's name is empty" : ""); },
      "");
}

CLI::Option* take_one_of(CLI::Option* option, const std::vector<std::string>& choices) {
  return option->type_name(fmt::format("{}", fmt::join(choices, "|")))->check(one_of(choices));
}

}  // namespace turntable
