// Numbers as text and back by a pattern:
// https://www.postgresql.org/docs/15/functions-formatting.html.
#include <fmt/format.h>

#include "base/text.h"
#include "sql/builtins.h"
#include "sql/functions/numbers.h"
#include "sql/number_format.h"

namespace turntable::sql {
namespace {

template <NumberFormat::Use use>
Result<std::shared_ptr<const Prepared>> prepare_number_format(std::string_view pattern) {
  ASSIGN_OR_RETURN(NumberFormat format, NumberFormat::compile(pattern, use));
  return std::make_shared<const NumberFormat>(std::move(format));
}

template <class T>
struct NumberToChar {
  static std::optional<std::string> printed(const NumberFormat& format, const T& value) {
    if constexpr (std::is_integral_v<T>) {
      return format.print(int64_t{value}, sizeof(T) == sizeof(int32_t));
    } else {
      return format.print(value);
    }
  }
  static std::optional<std::string_view> call(const NumberFormat& format, T value, Arena& arena) {
    const auto text = printed(format, value);
    return text ? std::optional(arena.copy(*text)) : std::nullopt;
  }
  static Reason why(const NumberFormat& format, T value, Arena&) {
    return {RejectCode::out_of_range,
            fmt::format("{} has no text in the form '{}'", numbers::number_text(value),
                        printable(format.pattern()))};
  }
};

struct ToNumber {
  static std::optional<Numeric> call(std::string_view text, const NumberFormat& format) {
    return format.read(text);
  }
  static Reason why(std::string_view text, const NumberFormat& format) {
    return {RejectCode::bad_value, fmt::format("'{}' has no numeric in the form '{}'",
                                               printable(text), printable(format.pattern()))};
  }
};

template <Type type>
Function number_to_char() {
  return function_of<NumberToChar<CppType<type>>>(
      {.name = "to_char",
       .arguments = {type, Type::text},
       .result = Type::text,
       .constant = 1,
       .prepare = prepare_number_format<NumberFormat::Use::print>});
}

}  // namespace

// The type that PostgreSQL prefers where an argument's type is open, double precision, is first.
std::vector<Function> number_text_functions() {
  return {number_to_char<Type::float64>(),
          number_to_char<Type::float32>(),
          number_to_char<Type::int32>(),
          number_to_char<Type::int64>(),
          number_to_char<Type::numeric>(),
          function_of<ToNumber>({.name = "to_number",
                                 .arguments = {Type::text, Type::text},
                                 .result = Type::numeric,
                                 .constant = 1,
                                 .prepare = prepare_number_format<NumberFormat::Use::read>})};
}

}  // namespace turntable::sql
