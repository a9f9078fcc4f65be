// FROM and JOIN of one SELECT: which tables there are, and by what they are joined.
#pragma once

#include "sql/expressions.h"
#include "sql/select_binder.h"
#include "sql/syntax.h"

namespace turntable::sql {

// Adds the tables to the SELECT and its scope, then the conjuncts of the joins.
void bind_from(const SelectSyntax& syntax, BindContext& context, BoundSelect& select,
               ExpressionBinder& expressions);

}  // namespace turntable::sql
