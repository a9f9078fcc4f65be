#include "decode/json_field.h"

#include <fmt/format.h>

#include "base/text.h"
#include "decode/lenient_number.h"
#include "sql/value_text.h"

namespace turntable {
namespace {

LenientNumber lenient_number(const JsonField& field) {
  const bool quoted = field.found.starts_with('"');
  const std::string_view text =
      quoted ? field.found.substr(1, field.found.size() - 2) : field.found;
  return read_lenient_number(field.type, text, quoted);
}

std::string number_text(Type type, const LenientNumber& number) {
  switch (type) {
    case Type::timestamptz:
      return std::string(sql::timestamp_text(number.integer).view());
    case Type::float32:
      return std::string(sql::float_text(static_cast<float>(number.real)).view());
    case Type::float64:
      return std::string(sql::float_text(number.real).view());
    default:
      return std::string(sql::integer_text(number.integer).view());
  }
}

// Of a time that is out of range: because it is too far away, or because it would be cut.
std::string time_reason(const JsonField& field, const std::string& name, const std::string& found) {
  if (lenient_number(field).found == LenientNumber::Found::out_of_range)
    return fmt::format(
        "The field '{}' is {}, a time since 1970 that is not in the years 1 to 9999.", name, found);
  return fmt::format(
      "The field '{}' is {}, with digits beyond microseconds, which timestamptz cannot hold. It is "
      "in the key, where cut times fall together.",
      name, found);
}

}  // namespace

std::string JsonField::reason() const {
  const std::string shown_name = printable(name, kShownBytes);
  const std::string shown = printable(found, kShownBytes);
  switch (code) {
    case RejectCode::null_field:
      return fmt::format("The field '{}' is null, but it must have a value.", shown_name);
    case RejectCode::out_of_range:
      if (type == Type::timestamptz) return time_reason(*this, shown_name, shown);
      return fmt::format("The field '{}' is {}, which the type {} cannot hold.", shown_name, shown,
                         sql_name(type));
    case RejectCode::bad_value:
      return fmt::format("The field '{}' is {}, which is no time in ISO 8601.", shown_name, shown);
    default:
      return fmt::format("The field '{}' is {}, but it must be of type {}.", shown_name, shown,
                         sql_name(type));
  }
}

std::string JsonField::lenient_reason() const {
  const LenientNumber number = lenient_number(*this);
  if (number.found != LenientNumber::Found::value || (number.cut && whole)) return "";
  return fmt::format(" With numbers = 'lenient' on its table it is taken as {}.",
                     number_text(type, number));
}

}  // namespace turntable
