#include "catalogue/type_inference.h"

#include <optional>
#include <string>
#include <utility>

#include "base/iso_time.h"
#include "base/json_text.h"
#include "base/number_form.h"
#include "base/text.h"
#include "row/array.h"
#include "row/parse_numeric.h"
#include "sql/array_value.h"
#include "sql/value_text.h"

namespace turntable {
namespace {

template <class T>
bool set(Column& column, size_t row, const sql::Parsed<T>& parsed) {
  if (parsed.value) column.set<T>(row, *parsed.value);
  return parsed.value.has_value();
}

template <class T>
bool set(Column& column, size_t row, const std::optional<T>& value) {
  if (value) column.set<T>(row, *value);
  return value.has_value();
}

std::optional<int64_t> whole_clock(std::string_view text) {
  const auto clock = read_iso_clock(text);
  return clock && !clock->cut ? std::optional(clock->micros) : std::nullopt;
}

std::optional<int64_t> local_time(std::string_view text) {
  const auto time = read_iso_time(text);
  return time && !time->cut && !time->with_offset ? std::optional(time->micros) : std::nullopt;
}

// The bytes of row/array.h.
std::optional<std::string_view> read_array(Type element, std::string_view text, Arena& made) {
  const auto elements = sql::split_array_text(text);
  if (!elements) return std::nullopt;
  ArrayWriter writer;
  for (const std::optional<std::string>& one : *elements) {
    Column column(element);
    column.reset(1);
    if (one && !set_from_text(column, 0, *one, made)) return std::nullopt;
    append_cell(writer.elements(), column, 0);
    writer.count_element();
  }
  return made.copy(writer.finish());
}

// A number in JSON's form. Without an exponent, it takes hundreds of digits to leave the range.
bool fits_float64(std::string_view text) {
  constexpr size_t kSurelyFits = 300;
  const bool plain = text.size() <= kSurelyFits && text.find('e') == std::string_view::npos &&
                     text.find('E') == std::string_view::npos;
  return plain || sql::parse_float64(text).value.has_value();
}

}  // namespace

// The types that can hold the text and give it back, other than text itself.
int TypeInference::candidates(std::string_view text) {
  switch (number_form(text)) {
    case NumberForm::none:
      return text == "true" || text == "false" ? kBoolean : 0;
    case NumberForm::fraction:
      return fits_float64(text) ? kFloat64 : 0;
    case NumberForm::integer:
      break;
  }
  // Of larger integers a double has not every one.
  constexpr int64_t kExactInDouble = int64_t{1} << 53;
  if (text == "-0") return kFloat64;  // An integer has no sign at 0.
  const auto number = sql::parse_int64(text).value;
  if (!number) return 0;
  const bool exact = *number >= -kExactInDouble && *number <= kExactInDouble;
  return (std::in_range<int32_t>(*number) ? kInt32 : 0) | kInt64 | (exact ? kFloat64 : 0);
}

void TypeInference::add(std::string_view text) {
  seen_ = true;
  if (possible_ == 0) return;
  possible_ = static_cast<uint8_t>(possible_ & candidates(text));
}

void TypeInference::add(const TypeInference& other) {
  possible_ &= other.possible_;
  seen_ |= other.seen_;
}

Type TypeInference::type() const {
  if (!seen_) return Type::text;
  if (possible_ & kInt32) return Type::int32;
  if (possible_ & kInt64) return Type::int64;
  if (possible_ & kFloat64) return Type::float64;
  if (possible_ & kBoolean) return Type::boolean;
  return Type::text;
}

bool can_read_from_text(Type type) {
  return element_of(type) != Type::interval;
}

bool set_from_text(Column& column, size_t row, std::string_view text, Arena& made) {
  switch (column.type()) {
    case Type::boolean:
      return set(column, row, sql::parse_bool(text));
    case Type::int16:
      return set(column, row, sql::parse_int16(text));
    case Type::int32:
      return set(column, row, sql::parse_int32(text));
    case Type::int64:
      return set(column, row, sql::parse_int64(text));
    case Type::float32:
      return set(column, row, sql::parse_float32(text));
    case Type::float64:
      return set(column, row, sql::parse_float64(text));
    case Type::numeric:
      return set(column, row, parse_numeric(text).value);
    case Type::date:
      return set(column, row, read_iso_date(trim(text)));
    case Type::time:
      return set(column, row, whole_clock(trim(text)));
    case Type::timestamp:
      return set(column, row, local_time(trim(text)));
    case Type::timestamptz:
      return set(column, row, sql::parse_whole_timestamp(text));
    case Type::uuid:
      return set(column, row, parse_uuid(trim(text)));
    case Type::bytes:
      return set(column, row, sql::parse_bytes(text, made));
    case Type::text:
      column.set(row, text);
      return true;
    case Type::jsonb:
      if (!is_json(text)) return false;
      column.set(row, text);
      return true;
    case Type::interval:
    case Type::composite:
      break;
  }
  CHECK(is_array(column.type()) && can_read_from_text(column.type()));
  return set(column, row, read_array(element_of(column.type()), text, made));
}

}  // namespace turntable
