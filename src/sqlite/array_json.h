// Arrays as the JSON that SQLite's json functions read, and back. Inside sqlite/ only.
//
// Numbers and booleans are JSON's; other elements are strings in the form in which a column of the
// type has them, jsonb is as it is, and NULL is null. NaN and the infinities are strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "row/cell.h"
#include "row/types.h"

namespace turntable::sqlite {

// `array` is in the form of row/array.h.
[[nodiscard]] std::string array_json(std::string_view array, Type element);

// Nothing where the text is no array of such elements.
[[nodiscard]] std::optional<std::string> array_from_json(std::string_view text, Type element);

// One element, which is no array and no composite value. False, with nothing appended, where the
// JSON is none of that type.
[[nodiscard]] std::string element_json(CellView cell, Type type);
[[nodiscard]] bool append_element(std::string& out, std::string_view json, Type type);

}  // namespace turntable::sqlite
