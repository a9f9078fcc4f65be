// Reads a dead letter back from its line of JSON.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/letter.h"

namespace turntable {

// `line` as delivery/dead_letters.h writes it, without the line break. An Error of kind row says
// what is wrong with it.
[[nodiscard]] Result<Letter> parse_letter_line(std::string_view line);

// What each INSERT had against the record, as letter_inserts_json() writes it. An Error of kind row
// where it is something else.
[[nodiscard]] Result<std::vector<LetterInsert>> parse_letter_inserts(std::string_view json);

}  // namespace turntable
