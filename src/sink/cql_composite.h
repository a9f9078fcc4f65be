// How composite values become values of Cassandra's user-defined types. They are in their wire form
// (row/composite.h); what a field cannot hold is refused, and times count milliseconds there.
#pragma once

#include "row/composite.h"
#include "sink/cql_conversion.h"

namespace turntable {

// Empty where all values pass as they are.
[[nodiscard]] CqlConversion composite_conversion(const CompositeType& type);

}  // namespace turntable
