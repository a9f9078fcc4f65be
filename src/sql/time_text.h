// Dates, times of day, timestamps without a zone and intervals from PostgreSQL's texts of them.
// https://www.postgresql.org/docs/15/datatype-datetime.html
#pragma once

#include <cstdint>
#include <string_view>

#include "row/interval.h"
#include "sql/value_text.h"

namespace turntable::sql {

// "2024-03-03", "2024/3/3", "20240303", each also with " BC" behind it. A time of day behind the
// date is read and left out, as in PostgreSQL.
[[nodiscard]] Parsed<int32_t> parse_date(std::string_view text);

// "10:15", "10:15:30.123456", "10:15 PM". Digits beyond microseconds are rounded. An offset behind
// it is read and left out, as in PostgreSQL.
[[nodiscard]] Parsed<int64_t> parse_time(std::string_view text);

// A date with a time of day or without, in the forms above.
[[nodiscard]] Parsed<int64_t> parse_local_timestamp(std::string_view text);

// The same, but a time that would be rounded is none.
[[nodiscard]] Parsed<int64_t> parse_whole_time(std::string_view text);
[[nodiscard]] Parsed<int64_t> parse_whole_local_timestamp(std::string_view text);

// All forms that PostgreSQL reads: "1 year 2 mons -3 days 04:05:06", "1-2", "@ 1 hour ago", "1.5
// weeks", "P1Y2M3DT4H5M6S", "P0001-02-03T04:05:06".
[[nodiscard]] Parsed<Interval> parse_interval(std::string_view text);

}  // namespace turntable::sql
