#include "sink/cql_conversion.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/iso_time.h"
#include "base/json_text.h"
#include "base/number_form.h"
#include "base/text.h"
#include "row/array.h"
#include "row/parse_numeric.h"
#include "sink/set_order.h"
#include "sql/value_text.h"

namespace turntable {
namespace {

using Kind = CqlType::Kind;
using Fault = std::optional<std::string>;

constexpr size_t kShownBytes = 80;  // Of a value in a reason.
constexpr int64_t kDayNanos = 86'400'000'000'000;

Fault misfit(CellView cell, Type type, std::string_view cql) {
  return fmt::format("{}, which {} cannot hold", printable(cell_text(cell, type), kShownBytes),
                     cql);
}
Fault misfit(std::string_view shown, std::string_view cql) {
  return fmt::format("{}, which {} cannot hold", printable(shown, kShownBytes), cql);
}

// ------------------------------------------------------------------------------------- integers

struct Integers {
  std::string_view name;
  size_t bytes;
};

// Nothing for other kinds.
std::optional<Integers> integers_of(Kind kind) {
  switch (kind) {
    case Kind::tinyint:
      return Integers{"tinyint", 1};
    case Kind::smallint:
      return Integers{"smallint", 2};
    case Kind::int_:
      return Integers{"int", 4};
    case Kind::bigint:
      return Integers{"bigint", 8};
    default:
      return std::nullopt;
  }
}

// False where so many bytes cannot hold it.
bool append_integer(std::string& out, Int128 value, size_t bytes) {
  const Int128 limit = Int128{1} << (8 * bytes - 1);
  if (value >= limit || value < -limit) return false;
  append_be32(out, static_cast<uint32_t>(bytes));
  for (size_t left = bytes; left > 0; --left) out += static_cast<char>(value >> (8 * (left - 1)));
  return true;
}

// The shortest two's complement form.
void append_varint(std::string& out, Int128 value) {
  size_t bytes = 1;
  while (bytes < sizeof value && (value >> (8 * bytes - 1)) != (value < 0 ? -1 : 0)) ++bytes;
  append_be32(out, static_cast<uint32_t>(bytes));
  for (size_t left = bytes; left > 0; --left) out += static_cast<char>(value >> (8 * (left - 1)));
}

int64_t integer_in(CellView cell, Type type) {
  if (type == Type::int16) return cell.int16();
  return type == Type::int32 ? cell.int32() : cell.int64();
}

// The whole number that it is, or nothing.
std::optional<Int128> whole(const Numeric& number) {
  if (!number.is_finite()) return std::nullopt;
  const Numeric shortest = without_trailing_zeros(number);
  return shortest.scale == 0 ? std::optional(shortest.digits) : std::nullopt;
}

std::optional<CqlFit> fit_of_integer(Type type, Kind kind) {
  if (kind == Kind::varint)
    return CqlFit{[type](CellView cell, std::string& out) -> Fault {
      append_varint(out, integer_in(cell, type));
      return std::nullopt;
    }};
  if (kind == Kind::decimal)
    return CqlFit{[type](CellView cell, std::string& out) -> Fault {
      append_numeric_cell(out, {.digits = integer_in(cell, type)});
      return std::nullopt;
    }};
  const auto integers = integers_of(kind);
  if (!integers) return std::nullopt;
  return CqlFit{[type, integers = *integers](CellView cell, std::string& out) -> Fault {
    if (append_integer(out, integer_in(cell, type), integers.bytes)) return std::nullopt;
    return misfit(cell, type, integers.name);
  }};
}

std::optional<CqlFit> fit_of_numeric(Kind kind) {
  if (kind == Kind::decimal)
    return CqlFit{[](CellView cell, std::string& out) -> Fault {
      if (!cell.numeric().is_finite()) return misfit(cell, Type::numeric, "decimal");
      append_view_cell(out, cell.bytes());
      return std::nullopt;
    }};
  if (kind != Kind::varint) return std::nullopt;
  return CqlFit{[](CellView cell, std::string& out) -> Fault {
    const auto number = whole(cell.numeric());
    if (!number) return misfit(cell, Type::numeric, "varint");
    append_varint(out, *number);
    return std::nullopt;
  }};
}

// ------------------------------------------------------------------------- texts, times and uuids

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool append_inet(std::string& out, std::string_view text) {
  const std::string address(text);
  if (address.size() != std::string_view(address.c_str()).size()) return false;
  std::array<char, 16> bytes{};
  for (const auto& [family, size] : {std::pair(AF_INET, size_t{4}), {AF_INET6, size_t{16}}}) {
    if (::inet_pton(family, address.c_str(), bytes.data()) != 1) continue;
    append_view_cell(out, {bytes.data(), size});
    return true;
  }
  return false;
}

bool append_text(std::string& out, std::string_view text, Kind kind) {
  if (kind == Kind::inet) return append_inet(out, text);
  if (kind == Kind::ascii && !is_ascii(text)) return false;
  append_view_cell(out, text);
  return true;
}

std::optional<CqlFit> fit_of_text(Kind kind) {
  if (kind != Kind::ascii && kind != Kind::inet) return std::nullopt;
  return CqlFit{[kind](CellView cell, std::string& out) -> Fault {
    if (append_text(out, cell.bytes(), kind)) return std::nullopt;
    return misfit(cell, Type::text, kind == Kind::ascii ? "ascii" : "inet");
  }};
}

Fault append_clock(CellView cell, std::string& out) {
  if (cell.int64() >= kDayNanos) return misfit("24:00:00", "time");
  append_view_cell(out, cell.bytes());
  return std::nullopt;
}

// Cassandra's own rule.
Fault append_duration(CellView cell, std::string& out) {
  const Interval interval = cell.interval();
  int64_t nanos = 0;
  const bool too_long = __builtin_mul_overflow(interval.micros, 1000, &nanos);
  const bool any_negative = interval.months < 0 || interval.days < 0 || interval.micros < 0;
  const bool any_positive = interval.months > 0 || interval.days > 0 || interval.micros > 0;
  if (too_long || (any_negative && any_positive)) return misfit(cell, Type::interval, "duration");
  append_view_cell(out, cell.bytes());
  return std::nullopt;
}

Fault append_timeuuid(CellView cell, std::string& out) {
  if (!is_timeuuid(cell.bytes())) return misfit(cell, Type::uuid, "timeuuid");
  append_view_cell(out, cell.bytes());
  return std::nullopt;
}

Fault append_double(CellView cell, std::string& out) {
  append_float64_cell(out, double{cell.float32()});
  return std::nullopt;
}

// `cells` are `count` elements, of a set in any order.
void append_collection(std::string& out, const CqlType& type, std::string_view cells,
                       size_t count) {
  std::string value;
  if (type.kind == Kind::set) {
    const auto elements = in_set_order(type.parts[0].kind, cells);
    append_be32(value, static_cast<uint32_t>(elements.size()));
    for (const CellView& element : elements) append_view_cell(value, element.bytes());
  } else {
    append_be32(value, static_cast<uint32_t>(count));
    value += cells;
  }
  append_view_cell(out, value);
}

// ------------------------------------------------------------------------------------------ JSON

bool takes_json(const CqlType& type) {
  switch (type.kind) {
    case Kind::boolean:
    case Kind::tinyint:
    case Kind::smallint:
    case Kind::int_:
    case Kind::bigint:
    case Kind::varint:
    case Kind::decimal:
    case Kind::float_:
    case Kind::double_:
    case Kind::text:
    case Kind::ascii:
    case Kind::inet:
    case Kind::timestamp:
    case Kind::date:
    case Kind::time:
    case Kind::uuid:
    case Kind::timeuuid:
      return true;
    case Kind::list:
    case Kind::set:
      return takes_json(type.parts[0]);
    case Kind::map:
      return (type.parts[0].kind == Kind::text || type.parts[0].kind == Kind::ascii) &&
             takes_json(type.parts[1]);
    default:
      return false;
  }
}

bool append_json_number(std::string& out, std::string_view json, Kind kind) {
  if (number_form(json) == NumberForm::none) return false;
  if (kind == Kind::float_) {
    const auto value = sql::parse_float32(json).value;
    if (value) append_float32_cell(out, *value);
    return value.has_value();
  }
  if (kind == Kind::double_) {
    const auto value = sql::parse_float64(json).value;
    if (value) append_float64_cell(out, *value);
    return value.has_value();
  }
  const auto number = parse_numeric(json).value;
  if (!number) return false;
  if (kind == Kind::decimal) {
    append_numeric_cell(out, *number);
    return true;
  }
  const auto integer = whole(*number);
  if (!integer) return false;
  if (kind == Kind::varint) {
    append_varint(out, *integer);
    return true;
  }
  return append_integer(out, *integer, integers_of(kind)->bytes);
}

// Of a string.
bool append_json_string(std::string& out, std::string_view text, Kind kind) {
  switch (kind) {
    case Kind::timestamp: {
      const auto time = read_iso_time(text);
      if (time && !time->cut) append_int64_cell(out, millis_of(time->micros));
      return time && !time->cut;
    }
    case Kind::date: {
      const auto days = read_iso_date(text);
      if (days) append_date_cell(out, *days);
      return days.has_value();
    }
    case Kind::time: {
      const auto clock = read_iso_clock(text);
      if (!clock || clock->cut || clock->micros * 1000 >= kDayNanos) return false;
      append_time_cell(out, clock->micros);
      return true;
    }
    case Kind::uuid:
    case Kind::timeuuid: {
      const auto uuid = parse_uuid(text);
      if (!uuid || (kind == Kind::timeuuid && uuid->bytes[6] >> 4 != 1)) return false;
      append_uuid_cell(out, *uuid);
      return true;
    }
    default:
      return append_text(out, text, kind);
  }
}

bool append_json(std::string& out, const CqlType& type, std::string_view json);

bool append_json_map(std::string& out, const CqlType& type, std::string_view json) {
  auto members = json_members(json);
  if (!members) return false;
  // The last of equal names counts, as in PostgreSQL's jsonb.
  std::map<std::string, std::string_view> values;
  for (JsonMember& member : *members) values[std::move(member.name)] = member.value;
  std::string value;
  append_be32(value, static_cast<uint32_t>(values.size()));
  for (const auto& [name, one] : values)
    if (!append_text(value, name, type.parts[0].kind) || !append_json(value, type.parts[1], one))
      return false;
  append_view_cell(out, value);
  return true;
}

bool append_json(std::string& out, const CqlType& type, std::string_view json) {
  switch (type.kind) {
    case Kind::boolean:
      if (json != "true" && json != "false") return false;
      append_bool_cell(out, json == "true");
      return true;
    case Kind::tinyint:
    case Kind::smallint:
    case Kind::int_:
    case Kind::bigint:
    case Kind::varint:
    case Kind::decimal:
    case Kind::float_:
    case Kind::double_:
      return append_json_number(out, json, type.kind);
    case Kind::list:
    case Kind::set: {
      const auto elements = json_elements(json);
      if (!elements) return false;
      std::string cells;
      for (const std::string_view element : *elements)
        if (!append_json(cells, type.parts[0], element)) return false;
      append_collection(out, type, cells, elements->size());
      return true;
    }
    case Kind::map:
      return append_json_map(out, type, json);
    default: {
      const auto text = json_string(json);
      return text && append_json_string(out, *text, type.kind);
    }
  }
}

std::optional<CqlFit> fit_of_json(const CqlType& type, const std::string& name) {
  if (type.kind != Kind::map || !takes_json(type)) return std::nullopt;
  return CqlFit{[type, name](CellView cell, std::string& out) -> Fault {
    if (append_json(out, type, cell.bytes())) return std::nullopt;
    return misfit(cell, Type::jsonb, name);
  }};
}

// ------------------------------------------------------------------------------------------ all

// The kind whose wire form a cell of the type is, for all of its values.
std::optional<Kind> kind_as_it_is(Type type) {
  switch (type) {
    case Type::boolean:
      return Kind::boolean;
    case Type::int16:
      return Kind::smallint;
    case Type::int32:
      return Kind::int_;
    case Type::int64:
      return Kind::bigint;
    case Type::float32:
      return Kind::float_;
    case Type::float64:
      return Kind::double_;
    case Type::text:
    case Type::jsonb:
      return Kind::text;
    case Type::bytes:
      return Kind::blob;
    case Type::date:
      return Kind::date;
    case Type::timestamp:
    case Type::timestamptz:
      return Kind::timestamp;
    case Type::uuid:
      return Kind::uuid;
    default:
      return std::nullopt;
  }
}

std::optional<CqlFit> fit_of(Type type, const CqlType& cql, const std::string& name);

std::optional<CqlFit> fit_of_array(Type element, const CqlType& cql, const std::string& name) {
  if (cql.kind != Kind::list && cql.kind != Kind::set) return std::nullopt;
  // Cassandra has no order for durations.
  if (cql.kind == Kind::set && cql.parts[0].kind == Kind::duration) return std::nullopt;
  const auto fit = fit_of(element, cql.parts[0], name);
  if (!fit) return std::nullopt;
  return CqlFit{[cql, name, convert = fit->convert](CellView cell, std::string& out) -> Fault {
    std::string cells;
    ArrayReader elements(cell.bytes());
    for (size_t i = 1; !elements.done(); ++i) {
      const CellView one = elements.next();
      if (one.is_null())
        return fmt::format("an array with a NULL as its element {}, which {} cannot hold", i, name);
      if (!convert) {
        append_view_cell(cells, one.bytes());
      } else if (auto fault = convert(one, cells)) {
        return fmt::format("an array whose element {} is {}", i, *fault);
      }
    }
    append_collection(out, cql, cells, elements.size());
    return std::nullopt;
  }};
}

std::optional<CqlFit> fit_of(Type type, const CqlType& cql, const std::string& name) {
  if (is_array(type)) return fit_of_array(element_of(type), cql, name);
  if (kind_as_it_is(type) == cql.kind) return CqlFit{};
  switch (type) {
    case Type::int16:
    case Type::int32:
    case Type::int64:
      return fit_of_integer(type, cql.kind);
    case Type::numeric:
      return fit_of_numeric(cql.kind);
    case Type::text:
      return fit_of_text(cql.kind);
    case Type::jsonb:
      return fit_of_json(cql, name);
    case Type::float32:
      return cql.kind == Kind::double_ ? std::optional(CqlFit{append_double}) : std::nullopt;
    case Type::time:
      return cql.kind == Kind::time ? std::optional(CqlFit{append_clock}) : std::nullopt;
    case Type::interval:
      return cql.kind == Kind::duration ? std::optional(CqlFit{append_duration}) : std::nullopt;
    case Type::uuid:
      return cql.kind == Kind::timeuuid ? std::optional(CqlFit{append_timeuuid}) : std::nullopt;
    default:
      return std::nullopt;
  }
}

bool is_known(const CqlType& type) {
  return type.kind != Kind::unknown && std::all_of(type.parts.begin(), type.parts.end(), is_known);
}

}  // namespace

std::optional<CqlFit> cql_fit(Type type, std::string_view cql_type) {
  return fit_of(type, parse_cql_type(cql_type), std::string(cql_type));
}

std::vector<std::string_view> writable_cql_types() {
  return {"boolean", "tinyint",   "smallint", "int",   "bigint",  "varint", "decimal",
          "float",   "double",    "text",     "ascii", "inet",    "blob",   "date",
          "time",    "timestamp", "duration", "uuid",  "timeuuid"};
}

std::optional<std::string> canonical_cql_type(std::string_view name) {
  std::string text;
  std::string word;
  const auto end_word = [&] {
    text += word == "varchar" ? "text" : word;
    word.clear();
  };
  bool ended = false;  // A blank stands behind the word.
  for (const char c : lowercase(trim(name))) {
    if (c >= 'a' && c <= 'z') {
      if (ended && !word.empty()) return std::nullopt;
      ended = false;
      word += c;
    } else if (c == '<' || c == '>' || c == ',') {
      end_word();
      text += c == ',' ? ", " : std::string(1, c);
      ended = false;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      ended = true;
    } else {
      return std::nullopt;
    }
  }
  end_word();
  return is_known(parse_cql_type(text)) ? std::optional(std::move(text)) : std::nullopt;
}

}  // namespace turntable
