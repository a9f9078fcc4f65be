#include "decode/string_value.h"

#include "base/iso_time.h"

namespace turntable {

std::optional<StringValue> set_from_string(Column& column, size_t row, std::string_view text) {
  switch (column.type()) {
    case Type::timestamptz:
    case Type::timestamp: {
      const auto time = read_iso_time(text, IsoForms::in_use);
      if (!time || (time->with_offset && column.type() == Type::timestamp)) return std::nullopt;
      column.set<int64_t>(row, time->micros);
      return StringValue{.cut = time->cut};
    }
    case Type::date: {
      const auto days = read_iso_date(text, IsoForms::in_use);
      if (!days) return std::nullopt;
      column.set<int32_t>(row, *days);
      return StringValue{};
    }
    case Type::time: {
      const auto clock = read_iso_clock(text, IsoForms::in_use);
      if (!clock) return std::nullopt;
      column.set<int64_t>(row, clock->micros);
      return StringValue{.cut = clock->cut};
    }
    case Type::uuid: {
      const auto uuid = parse_uuid(text);
      if (!uuid) return std::nullopt;
      column.set<Uuid>(row, *uuid);
      return StringValue{};
    }
    default:
      break;
  }
  CHECK(is_string_value(column.type()));
  return std::nullopt;
}

}  // namespace turntable
