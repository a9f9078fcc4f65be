#include "sink/cql_composite.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "row/array.h"

namespace turntable {
namespace {

using Fault = std::optional<std::string>;

bool is_point_in_time(Type type) {
  return type == Type::timestamp || type == Type::timestamptz;
}

Fault append_millis(const CellView& cell, std::string& out) {
  append_int64_cell(out, millis_of(cell.int64()));
  return std::nullopt;
}

std::string array_in_millis(std::string_view array) {
  ArrayWriter writer;
  for (ArrayReader reader(array); !reader.done();) {
    const CellView element = reader.next();
    if (element.is_null()) {
      append_null_cell(writer.elements());
    } else {
      append_int64_cell(writer.elements(), millis_of(element.int64()));
    }
    writer.count_element();
  }
  return writer.finish();
}

CqlConversion field_conversion(const ColumnDef& field) {
  if (field.composite != nullptr) return composite_conversion(*field.composite);
  if (is_point_in_time(field.type)) return append_millis;
  const auto fit = cql_fit(field.type, cql_name(field.type));
  CHECK(fit.has_value());
  if (is_array(field.type) && is_point_in_time(element_of(field.type)))
    return [convert = fit->convert](const CellView& cell, std::string& out) {
      return convert(CellView(array_in_millis(cell.bytes())), out);
    };
  return fit->convert;
}

}  // namespace

CqlConversion composite_conversion(const CompositeType& type) {
  std::vector<CqlConversion> conversions;
  std::vector<std::string> names;
  for (const ColumnDef& field : type.fields) {
    conversions.push_back(field_conversion(field));
    names.push_back(field.name);
  }
  if (std::none_of(conversions.begin(), conversions.end(),
                   [](const CqlConversion& one) { return static_cast<bool>(one); }))
    return {};
  return [conversions = std::move(conversions), names = std::move(names)](
             const CellView& cell, std::string& out) -> Fault {
    std::string value;
    CellReader fields(cell.bytes());
    for (size_t i = 0; i < conversions.size(); ++i) {
      const CellView field = fields.next();
      if (field.is_null()) {
        append_null_cell(value);
      } else if (!conversions[i]) {
        append_view_cell(value, field.bytes());
      } else if (auto fault = conversions[i](field, value)) {
        return fmt::format("a row whose field {} is {}", printable(names[i]), *fault);
      }
    }
    append_view_cell(out, value);
    return std::nullopt;
  };
}

}  // namespace turntable
