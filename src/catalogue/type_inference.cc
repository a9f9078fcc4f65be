#include "catalogue/type_inference.h"

#include <utility>

#include "base/number_form.h"
#include "sql/value_text.h"

namespace turntable {
namespace {

template <class T>
bool set(Column& column, size_t row, const sql::Parsed<T>& parsed) {
  if (parsed.value) column.set<T>(row, *parsed.value);
  return parsed.value.has_value();
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
  switch (type) {
    case Type::boolean:
    case Type::int32:
    case Type::int64:
    case Type::float32:
    case Type::float64:
    case Type::timestamptz:
    case Type::text:
      return true;
    default:
      return false;
  }
}

bool set_from_text(Column& column, size_t row, std::string_view text) {
  switch (column.type()) {
    case Type::boolean:
      return set(column, row, sql::parse_bool(text));
    case Type::int32:
      return set(column, row, sql::parse_int32(text));
    case Type::int64:
      return set(column, row, sql::parse_int64(text));
    case Type::float32:
      return set(column, row, sql::parse_float32(text));
    case Type::float64:
      return set(column, row, sql::parse_float64(text));
    case Type::timestamptz:
      return set(column, row, sql::parse_whole_timestamp(text));
    case Type::text:
      column.set(row, text);
      return true;
    default:
      break;
  }
  CHECK(can_read_from_text(column.type()));
  return false;
}

}  // namespace turntable
