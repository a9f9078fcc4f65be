#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace turntable::sql {

// The regular expression that PostgreSQL makes of SIMILAR TO's pattern. Nothing, and a sentence,
// where it refuses it.
[[nodiscard]] std::optional<std::string> of_similar(std::string_view pattern,
                                                    std::string_view escape, std::string& error);

}  // namespace turntable::sql
