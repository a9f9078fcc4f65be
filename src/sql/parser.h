// One statement's text → our own syntax tree. Only parser.cc, parse_*.cc and pg_tree.cc know
// libpg_query.
#pragma once

#include <memory>
#include <variant>

#include "sql/source_text.h"
#include "sql/syntax.h"

namespace turntable::sql {

// std::monostate: nothing usable, and a fault says why.
using Statement = std::variant<std::monostate, TableDef, TypeDef, std::unique_ptr<ViewSyntax>,
                               std::unique_ptr<InsertSyntax>, std::unique_ptr<FunctionSyntax>>;

// Faults are added for syntax errors and for all that is not supported. Option values are as
// written: variables are not filled in. `types`: what the file declares before it.
[[nodiscard]] Statement parse_statement(const SourceText& source, const StatementText& statement,
                                        const std::vector<TypeDef>& types, Faults& faults);

}  // namespace turntable::sql
