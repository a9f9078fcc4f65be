// Values that events have as strings: dates, times and uuids. Inside decode/ only.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "row/column.h"

namespace turntable {

[[nodiscard]] constexpr bool is_string_value(Type type) {
  return type == Type::timestamptz || type == Type::timestamp || type == Type::date ||
         type == Type::time || type == Type::uuid;
}

struct StringValue {
  bool cut = false;  // Digits beyond microseconds, not all of them 0, were left out.
};

// Sets column[row], whose type is_string_value(), to what the string says; nothing where it is in
// none of the type's forms (base/iso_time.h, row/uuid.h). A timestamp has no offset: it would be
// lost.
[[nodiscard]] std::optional<StringValue> set_from_string(Column& column, size_t row,
                                                         std::string_view text);

}  // namespace turntable
