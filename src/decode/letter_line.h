// Reads a dead letter back from its line of JSON.
#pragma once

#include <string_view>

#include "base/result.h"
#include "row/letter.h"

namespace turntable {

// `line` as delivery/dead_letters.h writes it, without the line break. An Error of kind row says
// what is wrong with it.
[[nodiscard]] Result<Letter> parse_letter_line(std::string_view line);

}  // namespace turntable
