// ARRAY[…], which has no row in functions(): the binder gives its elements one type.
#pragma once

#include "sql/functions.h"

namespace turntable::sql {

// One or more elements of that type.
[[nodiscard]] const Function& array_function(Type element);
[[nodiscard]] const Function& empty_array_function(Type element);

}  // namespace turntable::sql
