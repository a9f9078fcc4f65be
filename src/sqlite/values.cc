#include "sqlite/values.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/iso_time.h"
#include "base/json_text.h"
#include "base/text.h"
#include "sqlite/array_json.h"
#include "sqlite/value_forms.h"

namespace turntable::sqlite {
namespace {

constexpr int64_t kFirstMicros = -62'135'596'800'000'000;  // 0001-01-01
constexpr int64_t kEndMicros = 253'402'300'800'000'000;    // 10000-01-01

void bind_timestamp(Statement& statement, int index, int64_t micros, TimeUnit kept) {
  const auto text = time_text(micros, kept);
  if (text) return statement.bind_copy(index, *text);
  statement.bind(index, kept == TimeUnit::millis ? millis_of(micros) : micros);
}

void bind_real(Statement& statement, int index, double value) {
  // A text that is no number keeps its form in a column of any affinity.
  if (std::isnan(value)) return statement.bind_text(index, "NaN");
  statement.bind(index, value);
}

// What a numeric column holds, as a double; nothing where it is no number.
std::optional<double> real_of(const Statement& statement, int index) {
  const Storage storage = statement.storage(index);
  if (storage == Storage::real || storage == Storage::integer) return statement.real(index);
  if (storage == Storage::text && statement.text(index) == "NaN") return std::nan("");
  return std::nullopt;
}

bool append_timestamp(std::string& out, const Statement& statement, int index, TimeUnit kept) {
  if (statement.storage(index) == Storage::integer) {
    int64_t micros = statement.int64(index);
    if (kept == TimeUnit::millis && __builtin_mul_overflow(micros, 1000, &micros)) return false;
    append_int64_cell(out, micros);
    return true;
  }
  if (statement.storage(index) != Storage::text) return false;
  const std::optional<int64_t> micros = parse_iso_time(statement.text(index));
  if (!micros) return false;
  append_int64_cell(out, *micros);
  return true;
}

bool append_integer(std::string& out, const Statement& statement, int index, Type type) {
  if (statement.storage(index) != Storage::integer) return false;
  const int64_t value = statement.int64(index);
  if (type == Type::int64) {
    append_int64_cell(out, value);
    return true;
  }
  if (type == Type::boolean) {
    append_bool_cell(out, value != 0);
    return true;
  }
  if (type == Type::int16) {
    if (!std::in_range<int16_t>(value)) return false;
    append_int16_cell(out, static_cast<int16_t>(value));
    return true;
  }
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max())
    return false;
  append_int32_cell(out, static_cast<int32_t>(value));
  return true;
}

// A text of value_forms.h, or the number that stands for what has none.
void bind_form(Statement& statement, int index, CellView cell, Type type) {
  if (const auto text = form_of(cell, type)) return statement.bind_copy(index, *text);
  statement.bind(index, type == Type::date ? int64_t{cell.date()} : cell.int64());
}

bool append_form(std::string& out, const Statement& statement, int index, Type type) {
  if (statement.storage(index) == Storage::integer)
    return append_from_number(out, statement.int64(index), type);
  if (statement.storage(index) != Storage::text) return false;
  return append_from_form(out, statement.text(index), type);
}

// A field of a composite value: JSON has no bytes.
bool append_hex(std::string& out, std::string_view text) {
  return append_element(out, json_quote(text), Type::bytes);
}

bool append_array(std::string& out, const Statement& statement, int index, Type type) {
  if (statement.storage(index) != Storage::text) return false;
  const auto array = array_from_json(statement.text(index), element_of(type));
  if (array) append_view_cell(out, *array);
  return array.has_value();
}

// A column of this type has the affinity TEXT: one that is declared `numeric` would turn 12.50 into
// the float 12.5.
constexpr std::string_view kNumericTypeName = "numeric text";

}  // namespace

std::string_view type_name(Type type) {
  switch (type) {
    case Type::numeric:
      return kNumericTypeName;
    case Type::timestamp:
      return kLocalTypeName;
    case Type::bytes:
      return "blob";
    case Type::timestamptz:
      return kMicrosTypeName;
    case Type::jsonb:
      return "json text";
    default:
      return sql_name(type);
  }
}

std::optional<Type> type_from_declaration(std::string_view declared) {
  const std::string name = lowercase(trim(declared));
  if (name == "blob") return Type::bytes;
  if (name == kMicrosTypeName || name == "timestamp" || name == "datetime")
    return Type::timestamptz;
  if (name == kNumericTypeName) return Type::numeric;
  if (name == "numeric" || name == "decimal") return std::nullopt;
  if (name == "json text" || name == "json") return Type::jsonb;
  if (name == "integer") return Type::int64;  // SQLite's own word, for any size.
  if (name == "float") return Type::float32;  // Cassandra's.
  return type_from_sql(name);
}

TimeUnit time_unit(std::string_view declared) {
  return lowercase(trim(declared)) == kMicrosTypeName ? TimeUnit::micros : TimeUnit::millis;
}

std::optional<std::string> time_text(int64_t micros, TimeUnit kept) {
  if (micros < kFirstMicros || micros >= kEndMicros) return std::nullopt;
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds(micros)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::string text = fmt::format(
      "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
      clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
  if (kept == TimeUnit::millis) text.resize(text.size() - 3);
  return text + "Z";
}

void bind_cell(Statement& statement, int index, CellView cell, Type type, TimeUnit kept) {
  if (cell.is_null()) return statement.bind_null(index);
  switch (type) {
    case Type::boolean:
      return statement.bind(index, static_cast<int64_t>(cell.boolean()));
    case Type::int16:
      return statement.bind(index, static_cast<int64_t>(cell.int16()));
    case Type::int32:
      return statement.bind(index, static_cast<int64_t>(cell.int32()));
    case Type::int64:
      return statement.bind(index, cell.int64());
    case Type::float32:
      return bind_real(statement, index, static_cast<double>(cell.float32()));
    case Type::float64:
      return bind_real(statement, index, cell.float64());
    case Type::text:
    case Type::jsonb:
      return statement.bind_text(index, cell.bytes());
    case Type::bytes:
      return statement.bind_blob(index, cell.bytes());
    case Type::timestamptz:
      return bind_timestamp(statement, index, cell.int64(), kept);
    case Type::numeric:
    case Type::date:
    case Type::time:
    case Type::timestamp:
    case Type::interval:
    case Type::uuid:
      return bind_form(statement, index, cell, type);
    case Type::composite:
      CHECK(false);  // bind_column() knows its fields.
      return;
  }
  statement.bind_copy(index, array_json(cell.bytes(), element_of(type)));
}

bool append_value_cell(std::string& out, const Statement& statement, int index, Type type,
                       TimeUnit kept) {
  const Storage storage = statement.storage(index);
  if (storage == Storage::null) {
    append_null_cell(out);
    return true;
  }
  switch (type) {
    case Type::boolean:
    case Type::int16:
    case Type::int32:
    case Type::int64:
      return append_integer(out, statement, index, type);
    case Type::float32: {
      const std::optional<double> value = real_of(statement, index);
      if (value) append_float32_cell(out, static_cast<float>(*value));
      return value.has_value();
    }
    case Type::float64: {
      const std::optional<double> value = real_of(statement, index);
      if (value) append_float64_cell(out, *value);
      return value.has_value();
    }
    case Type::text:
    case Type::jsonb:
      if (storage != Storage::text) return false;
      append_view_cell(out, statement.text(index));
      return true;
    case Type::bytes:
      if (storage == Storage::text) return append_hex(out, statement.text(index));
      if (storage != Storage::blob) return false;
      append_view_cell(out, statement.text(index));
      return true;
    case Type::timestamptz:
      return append_timestamp(out, statement, index, kept);
    case Type::numeric:
    case Type::date:
    case Type::time:
    case Type::timestamp:
    case Type::interval:
    case Type::uuid:
      return append_form(out, statement, index, type);
    case Type::composite:
      return false;  // composite_from_json() knows its fields.
  }
  return append_array(out, statement, index, type);
}

}  // namespace turntable::sqlite
