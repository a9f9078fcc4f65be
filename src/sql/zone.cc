#include "sql/zone.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/text.h"
#include "sql/calendar.h"
#include "sql/functions/time_range.h"

namespace turntable::sql {
namespace {

// Where cctz looks, too.
std::string folder_of_zones() {
  const char* const set = std::getenv("TZDIR");
  return set != nullptr && *set != '\0' ? set : "/usr/share/zoneinfo";
}

// The system's zones, by their names in lower case. Only these are ever opened: a record's text is
// no path.
using ZoneNames = std::map<std::string, std::string, std::less<>>;

ZoneNames read_zone_names() {
  ZoneNames names;
  const std::filesystem::path folder = folder_of_zones();
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().lexically_relative(folder).string();
    // The same zones once more, and those that count leap seconds.
    if (name == "posix" || name == "right") {
      entry.disable_recursion_pending();
      continue;
    }
    std::error_code unreadable;
    const bool is_zone = entry->is_regular_file(unreadable) && name[0] >= 'A' && name[0] <= 'Z' &&
                         name.find('.') == std::string::npos;
    if (is_zone) names.emplace(lowercase(name), name);
  }
  return names;
}

const ZoneNames& zone_names() {
  static const ZoneNames kNames = read_zone_names();
  return kNames;
}

// hh[:mm[:ss]] up to the end of the text. Nothing where it is something else.
std::optional<int32_t> seconds_of_offset(std::string_view text, int32_t most_hours) {
  int32_t seconds = 0;
  for (const int32_t unit : {3600, 60, 1}) {
    int32_t value = -1;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || value < 0 || value > (unit == 3600 ? most_hours : 59))
      return std::nullopt;
    seconds += value * unit;
    text.remove_prefix(static_cast<size_t>(read.ptr - text.data()));
    if (text.empty()) return seconds;
    if (text[0] != ':') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

// A name, which counts for nothing, and an offset: 'UTC+3', '<+03>-3', '-05:30'. Seconds west of
// UTC, as POSIX has it.
std::optional<int32_t> posix_offset(std::string_view text) {
  if (text.starts_with('<')) {
    const size_t end = text.find('>');
    if (end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  } else {
    text.remove_prefix(std::min(text.find_first_of("0123456789,+-"), text.size()));
  }
  if (text.empty()) return std::nullopt;
  const int32_t sign = text[0] == '-' ? -1 : 1;
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  constexpr int32_t kMostHours = 24 * 7 - 1;
  const auto seconds = seconds_of_offset(text, kMostHours);
  return seconds ? std::optional(sign * *seconds) : std::nullopt;
}

tl::unexpected<Error> no_such_zone(std::string_view text) {
  const ZoneNames& names = zone_names();
  if (names.empty())
    return fail(ErrorKind::usage,
                fmt::format("there is no time zone {}, for this system has none in {}: install the "
                            "package tzdata",
                            printable(text), folder_of_zones()));
  std::vector<std::string> all;
  for (const auto& [lower_case, name] : names) all.push_back(name);
  return fail(ErrorKind::usage,
              fmt::format("there is no time zone {}.{}", printable(text), did_you_mean(text, all)));
}

}  // namespace

std::optional<Zone> Zone::look_up(std::string_view text) {
  if (const ZoneAbbreviation* abbreviation = find_zone_abbreviation(text)) {
    if (!abbreviation->zone.empty()) return std::nullopt;
    return Zone(abbreviation->seconds_east);
  }
  const auto named = zone_names().find(lowercase(text));
  cctz::time_zone rules;
  if (named != zone_names().end() && cctz::load_time_zone(named->second, &rules))
    return Zone(rules);
  if (const auto west = posix_offset(text)) return Zone(-*west);
  return std::nullopt;
}

Result<Zone> Zone::find(std::string_view text) {
  if (const auto found = look_up(text)) return *found;
  if (const ZoneAbbreviation* abbreviation = find_zone_abbreviation(text))
    return fail(ErrorKind::usage,
                fmt::format("the abbreviation {} has meant several offsets: write '{}'",
                            abbreviation->name, abbreviation->zone));
  return no_such_zone(text);
}

std::optional<Zone> Zone::look_up_east(std::string_view text) {
  constexpr int32_t kMostHours = 15;
  if (!text.empty() && text[0] >= '0' && text[0] <= '9') return std::nullopt;
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return look_up(text);
  std::string digits(text.substr(1));
  // Hours and minutes without a colon.
  if (digits.size() > 2 && digits.find(':') == std::string::npos)
    digits.insert(digits.size() - 2, ":");
  const auto seconds = seconds_of_offset(digits, kMostHours);
  if (!seconds) return std::nullopt;
  return Zone(text[0] == '-' ? -*seconds : *seconds);
}

Result<Zone> Zone::find_east(std::string_view text) {
  if (const auto found = look_up_east(text)) return *found;
  if (!text.empty() && text[0] >= '0' && text[0] <= '9')
    return fail(ErrorKind::usage,
                fmt::format("the time zone {} must begin with + or -", printable(text)));
  // An offset that it refuses is one that find() would count the other way round.
  const bool is_signed = text.starts_with('+') || text.starts_with('-');
  return is_signed ? Result<Zone>(no_such_zone(text)) : find(text);
}

int64_t Zone::offset_at(int64_t micros) const {
  if (fixed_) return *fixed_ * kMicrosPerSecond;
  const cctz::time_point<cctz::seconds> time{cctz::seconds(floor_divide(micros, kMicrosPerSecond))};
  return rules_.lookup(time).offset * kMicrosPerSecond;
}

std::optional<int64_t> Zone::clock_at(int64_t micros) const {
  return sum_in_range(micros, offset_at(micros));
}

std::optional<int64_t> Zone::time_of(int64_t clock) const {
  if (fixed_) return sum_in_range(clock, -*fixed_ * kMicrosPerSecond);
  const int64_t seconds = floor_divide(clock, kMicrosPerSecond);
  const auto found = rules_.lookup(cctz::civil_second(1970, 1, 1) + seconds);
  const auto time = found.kind == cctz::time_zone::civil_lookup::SKIPPED ? found.pre : found.post;
  return sum_in_range(clock, (time.time_since_epoch().count() - seconds) * kMicrosPerSecond);
}

}  // namespace turntable::sql
