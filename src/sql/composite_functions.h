// ROW(…), the fields of a row, and whether it is NULL. They have no rows in functions(): the binder
// alone makes such calls (sql/composites.h).
#pragma once

#include <cstddef>
#include <string>

#include "sql/functions.h"

namespace turntable::sql {

// A composite value of its arguments, which are of any types.
[[nodiscard]] const Function& row_function();

// A field of that type of a composite value. What it prepares is field_constant() of the field's
// number from 0.
[[nodiscard]] const Function& field_function(Type result);
[[nodiscard]] std::string field_constant(size_t field);

// IS [NOT] NULL of a composite value.
enum class RowNull {
  by_fields,  // NULL where the value or each of its fields is, NOT NULL where no field is.
  as_whole,   // As any value: what PostgreSQL asks of a field that is a row.
};
[[nodiscard]] const Function& row_null_function(bool is_null, RowNull rule);

}  // namespace turntable::sql
