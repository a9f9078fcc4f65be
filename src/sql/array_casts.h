// Casts from, to and between arrays, made of the casts of their elements.
#pragma once

#include <vector>

#include "sql/casts.h"

namespace turntable::sql {

// To and from text for every element type; between arrays where find_element_cast() has a cast of
// their elements.
[[nodiscard]] std::vector<Cast> array_casts();

}  // namespace turntable::sql
