// CREATE TABLE: its columns and options. Included by the parser only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "row/types.h"
#include "sql/parse_context.h"

namespace turntable::sql {

[[nodiscard]] TableDef parse_table(ParseContext& context, const PgQuery__CreateStmt& create);

struct DeclaredType {
  Type type = Type::text;
  TypeModifier modifier = {};
  std::shared_ptr<const CompositeType> composite = nullptr;
};

// The type; or nothing, and a fault.
[[nodiscard]] std::optional<DeclaredType> parse_type(ParseContext& context,
                                                     const PgQuery__TypeName& name);

// The name of a table or view, in any statement. What else stands there is refused.
[[nodiscard]] std::string parse_table_name(ParseContext& context, const PgQuery__RangeVar& table);

}  // namespace turntable::sql
