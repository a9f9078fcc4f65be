// Names as SQL writes them: in double quotes where they would mean something else without.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace turntable::sql {

// Whether the word, in any case of letters, is one of PostgreSQL's keywords that cannot be the name
// of a column or a table without double quotes: user, order, left.
[[nodiscard]] bool is_reserved_word(std::string_view word);

// Whether it is any keyword of PostgreSQL: value, text and time too, which can be names.
[[nodiscard]] bool is_keyword(std::string_view word);

// The name as it must be written: song, "LocationID", "user".
[[nodiscard]] std::string sql_identifier(std::string_view name);

// " Did you mean 'tempo'?", ` Did you mean "LocationID"?` or nothing.
[[nodiscard]] std::string did_you_mean_name(std::string_view word,
                                            std::span<const std::string> candidates);

}  // namespace turntable::sql
