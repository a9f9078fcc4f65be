#include "catalogue/type_inference.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/iso_time.h"
#include "base/number_form.h"

namespace turntable {
namespace {

// All of the text, as a number that T can hold.
template <class T>
std::optional<T> parse(std::string_view text) {
  T number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

template <class T>
std::optional<T> parse_finite(std::string_view text) {
  const auto number = parse<T>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<uint8_t> parse_boolean(std::string_view text) {
  if (text == "true") return 1;
  if (text == "false") return 0;
  return std::nullopt;
}

template <class T>
bool set(Column& column, size_t row, std::optional<T> value) {
  if (value) column.set<T>(row, *value);
  return value.has_value();
}

}  // namespace

void TypeInference::add(std::string_view text) {
  seen_ = true;
  if (possible_ == 0) return;
  switch (number_form(text)) {
    case NumberForm::none: possible_ &= parse_boolean(text) ? kBoolean : 0; break;
    case NumberForm::integer: {
      // A double would round what bigint cannot hold.
      const auto number = parse<int64_t>(text);
      const uint8_t narrow = number && std::in_range<int32_t>(*number) ? kInt32 : 0;
      possible_ &= number ? static_cast<uint8_t>(narrow | kInt64 | kFloat64) : uint8_t{0};
      break;
    }
    case NumberForm::fraction: possible_ &= parse_finite<double>(text) ? kFloat64 : 0; break;
  }
}

Type TypeInference::type() const {
  if (!seen_) return Type::text;
  if (possible_ & kInt32) return Type::int32;
  if (possible_ & kInt64) return Type::int64;
  if (possible_ & kFloat64) return Type::float64;
  if (possible_ & kBoolean) return Type::boolean;
  return Type::text;
}

bool can_read_from_text(Type type) { return type != Type::bytes && type != Type::jsonb; }

bool set_from_text(Column& column, size_t row, std::string_view text) {
  switch (column.type()) {
    case Type::boolean: return set(column, row, parse_boolean(text));
    case Type::int32: return set(column, row, parse<int32_t>(text));
    case Type::int64: return set(column, row, parse<int64_t>(text));
    case Type::float32: return set(column, row, parse_finite<float>(text));
    case Type::float64: return set(column, row, parse_finite<double>(text));
    case Type::timestamp: return set(column, row, parse_iso_time(text));
    case Type::text: return set(column, row, std::optional(text));
    case Type::bytes:
    case Type::jsonb: break;
  }
  CHECK(can_read_from_text(column.type()));
  return false;
}

}  // namespace turntable
