// JSON's numbers as jsonb has them: PostgreSQL's numeric, which keeps as many digits as were
// written, and prints no exponent.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace turntable::json {

// "1.50" of 1.50, "100" of 1e2, "0.0" of -0.0. `number` is in JSON's form. Nothing where numeric
// cannot hold it: more than 131,072 digits before the point, or 16,383 behind it.
[[nodiscard]] std::optional<std::string> numeric_form(std::string_view number);

// How two numbers in the form above compare by their values: 1.0 and 1 are equal.
[[nodiscard]] std::strong_ordering compare_numbers(std::string_view left, std::string_view right);

}  // namespace turntable::json
