// Arrays as PostgreSQL writes them: {a,"b, c",NULL}. Inside catalogue/ only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turntable {

// The texts of the elements, nothing where one is NULL. Nothing at all where the text is no array
// of one level. https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO
[[nodiscard]] std::optional<std::vector<std::optional<std::string>>> split_array(
    std::string_view text);

}  // namespace turntable
