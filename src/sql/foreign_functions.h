// Functions and operators of other systems' SQL, and what does the same here.
#pragma once

#include <string_view>

namespace turntable::sql {

// "write coalesce(a, b)"; empty where nothing is known.
[[nodiscard]] std::string_view instead_of_function(std::string_view name);
[[nodiscard]] std::string_view instead_of_operator(std::string_view sign);

}  // namespace turntable::sql
