#include "row/composite.h"

#include <algorithm>

namespace turntable {

size_t depth_of(const CompositeType& type) {
  size_t deepest = 0;
  for (const ColumnDef& field : type.fields)
    if (field.composite != nullptr) deepest = std::max(deepest, depth_of(*field.composite));
  return deepest + 1;
}

std::string value_text(CellView cell, const ColumnDef& column) {
  if (column.composite == nullptr || cell.is_null()) return cell_text(cell, column.type);
  std::string text = "{";
  CellReader fields(cell.bytes());
  for (const ColumnDef& field : column.composite->fields)
    text += (text.size() == 1 ? "" : ", ") + field.name + ": " + value_text(fields.next(), field);
  return text + "}";
}

}  // namespace turntable
