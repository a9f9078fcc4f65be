// Composite values as SQLite keeps them: JSON objects of their fields, {"tempo":0.5,"mode":null}.
// Generated columns give the fields, in the form that a column of the field's type has (values.h):
// numbers as numbers, and as strings all else, jsonb and arrays included. A composite field is an
// object.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "row/cell.h"
#include "row/composite.h"
#include "sqlite/database.h"

namespace turntable::sqlite {

// How a column or a field is declared: type_name(), or, of a composite type, a name in quotes that
// says the fields: "composite<""tempo"" real, ""mode"" int>".
[[nodiscard]] std::string declared_type(const ColumnDef& column);

// The type that such a declaration says, which has no name; null where it is none.
[[nodiscard]] std::shared_ptr<const CompositeType> composite_from_declaration(
    std::string_view declared);

[[nodiscard]] std::string composite_json(std::string_view value, const CompositeType& type);

// Nothing where the text is no such object. Fields that it lacks are NULL.
[[nodiscard]] std::optional<std::string> composite_from_json(std::string_view text,
                                                             const CompositeType& type);

// bind_cell() of a column of any type.
void bind_column(Statement& statement, int index, CellView cell, const ColumnDef& column,
                 TimeUnit kept);

}  // namespace turntable::sqlite
