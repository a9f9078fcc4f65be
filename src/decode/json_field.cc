#include "decode/json_field.h"

#include <fmt/format.h>

#include "base/iso_time.h"
#include "base/text.h"
#include "decode/json_decoder.h"
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
    case Type::numeric:
      return numeric_text(number.decimal);
    case Type::float32:
      return std::string(sql::float_text(static_cast<float>(number.real)).view());
    case Type::float64:
      return std::string(sql::float_text(number.real).view());
    default:
      return std::string(sql::integer_text(number.integer).view());
  }
}

// Of a time that is out of range: because it is too far away, or because it would be cut.
std::string time_reason(const JsonField& field, const std::string& subject,
                        const std::string& found) {
  if (lenient_number(field).found == LenientNumber::Found::out_of_range)
    return fmt::format("{} is {}, a time since 1970 that is not in the years 1 to 9999.", subject,
                       found);
  return fmt::format(
      "{} is {}, with digits beyond microseconds, which {} cannot hold. It is in the key, where "
      "cut times fall together.",
      subject, found, sql_name(field.type));
}

bool is_time(Type type) {
  return type == Type::timestamptz || type == Type::timestamp || type == Type::time;
}

// Of a text that is not in a form of the type.
std::string form_reason(const JsonField& field, const std::string& subject,
                        const std::string& found) {
  switch (field.type) {
    case Type::date:
      return fmt::format("{} is {}, which is no date in ISO 8601.", subject, found);
    case Type::time:
      return fmt::format("{} is {}, which is no time of day in ISO 8601.", subject, found);
    case Type::uuid:
      return fmt::format("{} is {}, which is no uuid.", subject, found);
    case Type::timestamp: {
      const std::string_view text = field.found.substr(1, field.found.size() - 2);
      if (read_iso_time(text, IsoForms::in_use))
        return fmt::format(
            "{} is {}, with an offset from UTC, which timestamp cannot hold: declare it as "
            "timestamptz.",
            subject, found);
      break;
    }
    default:
      break;
  }
  return fmt::format("{} is {}, which is no time in ISO 8601.", subject, found);
}

}  // namespace

std::string JsonField::reason() const {
  const std::string shown_name = printable(name, kShownBytes);
  if (element == 0) return reason_of(fmt::format("The field '{}'", shown_name));
  JsonField of_element({name, element_of(type), false}, whole);
  of_element.note(code, found);
  return of_element.reason_of(fmt::format("Element {} of the field '{}'", element, shown_name));
}

std::string JsonField::reason_of(const std::string& subject) const {
  const std::string shown = printable(found, kShownBytes);
  switch (code) {
    case RejectCode::null_field:
      return fmt::format("{} is null, but it must have a value.", subject);
    case RejectCode::out_of_range:
      if (is_time(type)) return time_reason(*this, subject, shown);
      return fmt::format("{} is {}, which the type {} cannot hold.", subject, shown,
                         sql_name(type));
    case RejectCode::bad_value:
      return form_reason(*this, subject, shown);
    default:
      return fmt::format("{} is {}, but it must be of type {}.", subject, shown, sql_name(type));
  }
}

std::string JsonField::lenient_reason() const {
  if (element > 0) {
    JsonField of_element({name, element_of(type), false}, whole);
    of_element.note(code, found);
    return of_element.lenient_reason();
  }
  const LenientNumber number = lenient_number(*this);
  if (number.found != LenientNumber::Found::value || (number.cut && whole)) return "";
  return fmt::format(" With numbers = 'lenient' on its table it is taken as {}.",
                     number_text(type, number));
}

std::optional<std::string> no_form_in_json(const ColumnDef& column) {
  const Type type = element_of(column.type);
  if (type == Type::interval)
    return fmt::format("The column '{}' is {}, which events cannot have (yet): declare it as text.",
                       column.name, sql_name(column.type));
  if (type != Type::bytes) return std::nullopt;
  return fmt::format("The column '{}' is {}, which JSON has no form for: declare it as {}.",
                     column.name, sql_name(column.type), is_array(column.type) ? "text[]" : "text");
}

}  // namespace turntable
