// SELECT, FROM and JOIN. Included by the parser only.
#pragma once

#include <optional>
#include <string_view>

#include "sql/parse_context.h"
#include "sql/syntax.h"

namespace turntable::sql {

// Nothing where there is nothing to bind: a fault says why. `statement` is what the SELECT is part
// of, for messages: "INSERT INTO … SELECT".
[[nodiscard]] std::optional<SelectSyntax> parse_select(ParseContext& context,
                                                       const PgQuery__SelectStmt& select,
                                                       std::string_view statement);

// A table and its alias.
[[nodiscard]] TableSyntax parse_table_reference(ParseContext& context,
                                                const PgQuery__RangeVar& range);

}  // namespace turntable::sql
