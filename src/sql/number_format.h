// Patterns of to_char(number, pattern) and to_number(text, pattern), as "FM999,990.00":
// https://www.postgresql.org/docs/15/functions-formatting.html, table 9.29. What they do where a
// number does not fit its pattern is PostgreSQL's, step by step. The locale is C: the currency's
// symbol is a blank, groups are parted by commas.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/numeric.h"
#include "sql/program.h"

namespace turntable::sql {

class NumberFormat final : public Prepared {
 public:
  enum class Use { print, read };

  // What is wrong with the pattern: a sentence.
  [[nodiscard]] static Result<NumberFormat> compile(std::string_view pattern, Use use);

  // What of a number is written is chosen by its type: nothing where the number has no such text.
  [[nodiscard]] std::optional<std::string> print(int64_t value, bool is_int) const;
  [[nodiscard]] std::optional<std::string> print(double value) const;
  [[nodiscard]] std::optional<std::string> print(float value) const;
  [[nodiscard]] std::optional<std::string> print(const Numeric& value) const;

  [[nodiscard]] std::optional<Numeric> read(std::string_view text) const;

  [[nodiscard]] const std::string& pattern() const { return pattern_; }

  enum class Item : uint8_t {
    text,
    comma,
    point,
    zero,
    nine,
    blank,
    currency_code,
    local_point,
    exponent,
    fill,
    group,
    currency,
    minus,
    plus,
    brackets,
    roman,
    small_roman,
    sign,
    any_sign,
    spelled,
    ordinal,
    small_ordinal,
    multiply,
  };
  struct Piece {
    Item item = Item::text;
    std::string text;  // One character, of a text.
  };
  enum class SignPlace : uint8_t { none, before, behind };
  // Counted over the whole pattern.
  struct Layout {
    int before = 0;  // Digits before the point.
    int behind = 0;
    int zero_start = 0;  // The first 0, from 1 on; 0: there is none.
    int zero_end = 0;
    int multiply = 0;  // Digits behind V.
    int digits_before_sign = 0;
    SignPlace sign = SignPlace::none;
    bool has_zero = false;
    bool has_point = false;
    bool fills = false;  // FM: without what fills.
    bool has_sign = false;
    bool has_minus = false;
    bool has_plus = false;
    bool has_brackets = false;
    bool is_roman = false;
    bool multiplies = false;
    bool has_exponent = false;
  };

 private:
  [[nodiscard]] Status add(Item item);
  // A number's digits, with a point or not, in the layout.
  [[nodiscard]] std::optional<std::string> laid_out(std::string digits, char sign,
                                                    Layout layout) const;
  template <class Float>
  [[nodiscard]] std::optional<std::string> print_float(Float value) const;
  [[nodiscard]] std::optional<std::string> print_roman(std::optional<int64_t> value) const;
  [[nodiscard]] std::string not_a_finite_number() const;

  std::string pattern_;
  std::vector<Piece> pieces_;
  Layout layout_;
};

}  // namespace turntable::sql
