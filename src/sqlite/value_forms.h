// The texts by which SQLite columns hold values that it has no type for. Inside sqlite/ only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "row/cell.h"
#include "row/types.h"

namespace turntable::sqlite {

// The text of a cell of these types, as a column keeps it: numeric, date, time, timestamp,
// timestamptz (with microseconds), interval, uuid. Nothing where a date or a point in time is
// outside of the years 1 to 9999: then it is a number, of days or microseconds since 1970.
[[nodiscard]] std::optional<std::string> form_of(CellView cell, Type type);

// Appends the cell that form_of() made the text of. False, and nothing is appended, where the text
// is none.
[[nodiscard]] bool append_from_form(std::string& out, std::string_view text, Type type);

// The number that stands for a date or a point in time which has no text. False where the type has
// none, or the number is out of its range.
[[nodiscard]] bool append_from_number(std::string& out, int64_t number, Type type);

}  // namespace turntable::sqlite
