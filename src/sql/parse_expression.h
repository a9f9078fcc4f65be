// Expressions. Included by the parser only.
#pragma once

#include "sql/parse_context.h"
#include "sql/syntax.h"

namespace turntable::sql {

// Longer lists would be tested value by value.
inline constexpr size_t kInListLimit = 10'000;

// Never null: what is refused is a BadSyntax.
[[nodiscard]] ExprPtr parse_expression(ParseContext& context, const PgNode* node);

// The same for the body of a function, in which $1 is its first parameter.
[[nodiscard]] ExprPtr parse_body_expression(ParseContext& context, const PgNode* node);

// The same for an item of a SELECT list, which may be a star.
[[nodiscard]] ExprPtr parse_item(ParseContext& context, const PgNode* node);

}  // namespace turntable::sql
