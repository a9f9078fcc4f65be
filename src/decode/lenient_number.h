// What numbers = 'lenient' makes of a field's value: of numbers and times as pandas, JavaScript and
// spreadsheets write them. All of it is computed from the digits, so that nothing is rounded.
//
//   column                 takes beside what it always takes
//   smallint, int, bigint  1.0, 1e3, "4", "4.0": whole numbers, however they are written
//   real, double, numeric  "0.5"
//   timestamptz            1709460930, "1709460930.25", 1709460930250: the time since 1970, in the
//                          unit that its size tells
//
// A text may have blanks around the number, a plus and leading zeros, as where it is cast.
//
// The unit is Snowflake's choice
// (https://docs.snowflake.com/en/sql-reference/functions/to_timestamp): below 31,536,000,000 the
// number counts seconds, below a thousand times that milliseconds, below a million times that
// microseconds, from there on nanoseconds. Of a negative number its amount decides. In a text a
// number below 100,000,000 is none: it could be a year, or a date.
#pragma once

#include <cstdint>
#include <string_view>

#include "row/numeric.h"
#include "row/types.h"

namespace turntable {

struct LenientNumber {
  enum class Found {
    nothing,       // That the column could take: "abc", 1.5 for an int.
    out_of_range,  // A number that the column's type cannot hold.
    value,
  };
  Found found = Found::nothing;
  int64_t integer = 0;   // Of a whole number, and a timestamptz in microseconds since 1970.
  Numeric decimal = {};  // Of a numeric.
  double real = 0;       // Of a double precision, and of a real, which it holds exactly.
  bool cut = false;      // Digits beyond microseconds, not all of them 0, were left out.
};

// `text` is a number as JSON has it, or where `quoted` what stands in a string.
[[nodiscard]] LenientNumber read_lenient_number(Type type, std::string_view text, bool quoted);

}  // namespace turntable
