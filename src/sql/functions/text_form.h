// The text form of any value, for functions that take values of any type.
#pragma once

#include "row/arena.h"
#include "row/column.h"
#include "sql/functions/text_support.h"

namespace turntable::sql {

// A cast to text writes true and false; what PostgreSQL prints of a boolean is t and f.
enum class BooleanForm : uint8_t { word, letter };

// The row has a value.
[[nodiscard]] Text text_form(const Column& column, uint32_t row, BooleanForm form, Arena& arena);

}  // namespace turntable::sql
