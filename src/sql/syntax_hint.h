// A guess at what was meant where libpg_query found a syntax error.
#pragma once

#include <string>
#include <string_view>

namespace turntable::sql {

// " Did you mean 'FROM'?" or nothing, for the word at the byte where the parser stopped, or the one
// before it: a mistyped keyword is often taken for a name, and the fault lies one word later.
[[nodiscard]] std::string nearest_keyword(std::string_view statement, size_t stopped);

}  // namespace turntable::sql
