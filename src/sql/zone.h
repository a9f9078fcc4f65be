// Time zones by name, abbreviation or offset, as AT TIME ZONE and make_timestamptz take them. The
// rules of named zones are the system's (the package tzdata), read by cctz.
// https://www.postgresql.org/docs/15/datatype-datetime.html#DATATYPE-TIMEZONES
#pragma once

#include <cctz/time_zone.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/functions.h"

namespace turntable::sql {

class Zone {
 public:
  // An abbreviation ("CEST"), a name in any case ("europe/zurich"), or an offset in the form of
  // POSIX, which counts west of Greenwich: '+02' is two hours behind UTC, and so is 'UTC+2'. The
  // error is a sentence.
  [[nodiscard]] static Result<Zone> find(std::string_view text);

  // As find(), but an offset that begins with its sign counts east, as it does in a time: '+02'.
  [[nodiscard]] static Result<Zone> find_east(std::string_view text);

  // The same without a sentence where there is none, for texts of records.
  [[nodiscard]] static std::optional<Zone> look_up(std::string_view text);
  [[nodiscard]] static std::optional<Zone> look_up_east(std::string_view text);

  // What the zone's clocks show at that time (microseconds since 1970 in UTC), and when they show
  // that. Of a time that the zone skips, the clock as it went before counts; of one that comes
  // twice, the second. Nothing where the result is out of range.
  [[nodiscard]] std::optional<int64_t> clock_at(int64_t micros) const;
  [[nodiscard]] std::optional<int64_t> time_of(int64_t clock) const;

  // How far the zone's clocks are before UTC at that time, in microseconds.
  [[nodiscard]] int64_t offset_at(int64_t micros) const;

 private:
  explicit Zone(int32_t seconds_east) : fixed_(seconds_east) {}
  explicit Zone(cctz::time_zone rules) : rules_(rules) {}

  std::optional<int32_t> fixed_;  // Seconds east of UTC.
  cctz::time_zone rules_;         // Without fixed_.
};

// The names of zones that one evaluator keeps compiled; with more of them it begins anew.
inline constexpr size_t kKnownZonesLimit = 2048;

// Zones that a function has seen, for columns of zones.
template <std::optional<Zone> (*look_up)(std::string_view)>
class KnownZones final : public FunctionState {
 public:
  // Null pointer: there is no such zone. Good until the next call.
  const Zone* zone(std::string_view text) {
    if (last_ != nullptr && text == last_->first) return &last_->second;
    auto known = zones_.find(text);
    if (known == zones_.end()) {
      const auto found = look_up(text);
      if (!found) return nullptr;
      if (zones_.size() >= kKnownZonesLimit) zones_.clear();
      known = zones_.emplace(std::string(text), *found).first;
    }
    last_ = &*known;
    return &known->second;
  }

 private:
  std::map<std::string, Zone, std::less<>> zones_;
  const std::pair<const std::string, Zone>* last_ = nullptr;
};

// --- PostgreSQL's abbreviations, in zone_abbreviations.cc

struct ZoneAbbreviation {
  std::string_view name;       // In capitals.
  int32_t seconds_east = 0;    // Without a zone.
  std::string_view zone = {};  // Where the abbreviation has had several offsets: the zone it is of.
};

// Null pointer where there is none; the case of letters does not count.
[[nodiscard]] const ZoneAbbreviation* find_zone_abbreviation(std::string_view text);

}  // namespace turntable::sql
