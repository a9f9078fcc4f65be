// The order in which Cassandra has the elements of a set. Inside sink/ only.
#pragma once

#include <string_view>
#include <vector>

#include "row/cell.h"
#include "sink/cql_type.h"

namespace turntable {

// `cells` are values of the kind in any order, none of them NULL. Gives them as a set has them: in
// order, and one of those that are equal.
[[nodiscard]] std::vector<CellView> in_set_order(CqlType::Kind element, std::string_view cells);

// Of the 16 bytes of a uuid: its version is 1, that of timeuuid.
[[nodiscard]] bool is_timeuuid(std::string_view bytes);

}  // namespace turntable
