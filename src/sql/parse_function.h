// CREATE FUNCTION. Included by the parser only.
#pragma once

#include <memory>

#include "sql/parse_context.h"
#include "sql/parser.h"
#include "sql/syntax.h"

namespace turntable::sql {

// Of a body, as bodies may stand within one another (kFunctionDepthLimit).
inline constexpr size_t kFunctionNestingLimit = 200;

// Null where a fault was added. `source` and `statement` are those of the context.
[[nodiscard]] std::unique_ptr<FunctionSyntax> parse_function(
    ParseContext& context, const PgQuery__CreateFunctionStmt& create, const SourceText& source,
    const StatementText& statement, Faults& faults);

}  // namespace turntable::sql
