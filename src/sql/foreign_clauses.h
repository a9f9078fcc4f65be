// Clauses of other systems' SQL (Flink, Spark, MySQL, BigQuery) that PostgreSQL's grammar has not,
// and what to write here instead.
#pragma once

#include <optional>
#include <span>

#include "sql/syntax_hint.h"
#include "sql/syntax_repair.h"

namespace turntable::sql {

// The fault for such a clause at or right before the token where libpg_query stopped; nothing where
// there is none.
[[nodiscard]] std::optional<SyntaxFault> foreign_clause(std::span<const Lexeme> lexemes,
                                                        size_t stopped);

}  // namespace turntable::sql
