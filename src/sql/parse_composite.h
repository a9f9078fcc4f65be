// CREATE TYPE name AS (field type, …). Included by the parser only.
#pragma once

#include "sql/parse_context.h"

namespace turntable::sql {

// Without a type, and with faults, where something is wrong with it.
[[nodiscard]] TypeDef parse_composite(ParseContext& context,
                                      const PgQuery__CompositeTypeStmt& create);

}  // namespace turntable::sql
