// Constants as columns, and calls on constants, which are computed once, when the program is bound.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "row/column.h"
#include "sql/functions.h"
#include "sql/program.h"

namespace turntable::sql {

// Sets all rows of the column. Views point into the literal, which must outlive them and must not
// move.
void fill_constant(Column& column, const Literal& value);

// The value of a call whose arguments are constants. The error is the reason why it has none,
// without the function's name.
[[nodiscard]] Result<Literal> fold(const Call& call, std::span<const Node* const> arguments);

}  // namespace turntable::sql
