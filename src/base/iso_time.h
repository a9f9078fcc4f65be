// Points in time, dates and times of day as ISO 8601 writes them, for decoders and catalogues.
// Formats of the user's own are SQL's to_timestamp.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace turntable {

struct IsoTime {
  int64_t micros = 0;        // Since 1970-01-01 00:00 UTC.
  bool cut = false;          // Digits beyond microseconds, not all of them 0, were left out.
  bool with_offset = false;  // It says how far it is from UTC: "Z", "+02:00".
};

enum class IsoForms {
  // "2024-03-03", "2024-03-03T10:15", "2024-03-03 10:15:30.123456+02:00" or "…Z".
  extended,
  // Also what others write into events: "20240303", "20240303T101530", "10:15:30,5" with a comma, a
  // lower-case t or z, and a space before the offset.
  in_use,
};

// The time that the text names. Without an offset it is UTC. Nothing where the text is in none of
// the forms or names no time there is (a 30 February, an hour 24). Years are 0001 to 9999.
[[nodiscard]] std::optional<IsoTime> read_iso_time(std::string_view text,
                                                   IsoForms forms = IsoForms::extended);

// A date alone, as days since 1970-01-01: "2024-03-03".
[[nodiscard]] std::optional<int32_t> read_iso_date(std::string_view text,
                                                   IsoForms forms = IsoForms::extended);

// A time of day alone, without an offset: its microseconds since midnight. "24:00:00" is the end of
// the day.
struct IsoClock {
  int64_t micros = 0;
  bool cut = false;  // Digits beyond microseconds, not all of them 0, were left out.
};
[[nodiscard]] std::optional<IsoClock> read_iso_clock(std::string_view text,
                                                     IsoForms forms = IsoForms::extended);

// Its microseconds, where it does not matter that digits beyond them are cut.
[[nodiscard]] std::optional<int64_t> parse_iso_time(std::string_view text);

}  // namespace turntable
