// Cells as SQLite keeps them, and back.
//
//   boolean     0 or 1 in a column declared `boolean`
//   int, bigint integers                `int`, `bigint`
//   real        the float as a double   `real`
//   double      a double                `double precision`; a NaN, which SQLite has not, is the
//   text 'NaN' text        text                    `text` bytea       a blob `blob` timestamptz
//   '2024-03-03T10:15:00.000Z', which SQLite's date functions read, in `timestamp`; outside of the
//   years
//               0001 to 9999 the milliseconds since 1970 as an integer
//   jsonb       its text                `json text`
//
// The declared types lead back to the Type, and have the affinity that leaves values as they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "row/cell.h"
#include "row/types.h"
#include "sqlite/database.h"

namespace turntable::sqlite {

// How a column of this type is declared.
[[nodiscard]] std::string_view type_name(Type type);

// The type of a column by its declaration, in any case; SQLite's and PostgreSQL's other names are
// known, too.
[[nodiscard]] std::optional<Type> type_from_declaration(std::string_view declared);

// Binds one cell. Its bytes must outlive the statement's next step.
void bind_cell(Statement& statement, int index, CellView cell, Type type);

// Appends column `index` of the row that is there as a cell of `type`. False, and nothing is
// appended, where the value is of another kind, since SQLite's columns take any.
[[nodiscard]] bool append_value_cell(std::string& out, const Statement& statement, int index,
                                     Type type);

}  // namespace turntable::sqlite
