// Composite types, which CREATE TYPE declares, and their values. A value is the cells of its
// fields, one behind the other (row/cell.h): Cassandra's wire form of a user-defined type, but that
// times count microseconds. A field that is NULL is a cell that is NULL; a value has all of its
// fields.
#pragma once

#include <string>

#include "row/cell.h"
#include "row/types.h"

namespace turntable {

struct CompositeType {
  std::string name;
  Schema fields;  // At least one. A field may be of a composite type itself.
};

// How deep types may lie in one another: a type of scalars is 1, one with such a field is 2.
inline constexpr size_t kCompositeDepthLimit = 8;
[[nodiscard]] size_t depth_of(const CompositeType& type);

// As cell_text(), but of a composite value with the names of its fields: {tempo: 0.5, mode: null}.
[[nodiscard]] std::string value_text(CellView cell, const ColumnDef& column);

}  // namespace turntable
