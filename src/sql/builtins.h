// The functions of the registry, by subject: each list is made in a file of functions/.
// functions.cc puts them together.
#pragma once

#include <cstddef>
#include <vector>

#include "sql/functions.h"

namespace turntable::sql {

// Of a text that an expression makes: a longer one rejects its record.
inline constexpr size_t kResultBytesLimit = size_t{64} << 20;

[[nodiscard]] std::vector<Function> arithmetic_functions();
[[nodiscard]] std::vector<Function> array_comparison_functions();
[[nodiscard]] std::vector<Function> array_functions();
[[nodiscard]] std::vector<Function> array_search_functions();
[[nodiscard]] std::vector<Function> comparison_functions();
[[nodiscard]] std::vector<Function> conditional_functions();
[[nodiscard]] std::vector<Function> date_functions();
[[nodiscard]] std::vector<Function> date_part_functions();
[[nodiscard]] std::vector<Function> encoding_functions();
[[nodiscard]] std::vector<Function> extreme_functions();
[[nodiscard]] std::vector<Function> interval_char_functions();
[[nodiscard]] std::vector<Function> interval_functions();
[[nodiscard]] std::vector<Function> json_functions();
[[nodiscard]] std::vector<Function> json_making_functions();
[[nodiscard]] std::vector<Function> like_functions();
[[nodiscard]] std::vector<Function> logic_functions();
[[nodiscard]] std::vector<Function> math_functions();
[[nodiscard]] std::vector<Function> number_text_functions();
[[nodiscard]] std::vector<Function> numeric_functions();
[[nodiscard]] std::vector<Function> pattern_array_functions();
[[nodiscard]] std::vector<Function> pattern_functions();
[[nodiscard]] std::vector<Function> text_any_functions();
[[nodiscard]] std::vector<Function> text_functions();
[[nodiscard]] std::vector<Function> text_making_functions();
[[nodiscard]] std::vector<Function> time_functions();
[[nodiscard]] std::vector<Function> time_part_functions();
[[nodiscard]] std::vector<Function> trigonometric_functions();
[[nodiscard]] std::vector<Function> zone_functions();
[[nodiscard]] std::vector<Function> uuid_functions();

}  // namespace turntable::sql
