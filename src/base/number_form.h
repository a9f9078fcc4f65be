// The grammar of numbers as JSON writes them (RFC 8259, section 6): no leading zeros, no plus,
// digits on both sides of the point. For values that are not converted, and to tell what is no
// number from what is too large.
#pragma once

#include <cstddef>
#include <string_view>

namespace turntable {

enum class NumberForm {
  none,      // Not a number in this form.
  integer,   // Without fraction and exponent, of any length.
  fraction,  // With one of them or both.
};

[[nodiscard]] constexpr NumberForm number_form(std::string_view token) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < token.size() && token[at] >= '0' && token[at] <= '9') ++at;
    return at - begin;
  };
  if (at < token.size() && token[at] == '-') ++at;
  const bool leading_zero = at < token.size() && token[at] == '0';
  const size_t whole = digits();
  if (whole == 0 || (leading_zero && whole > 1)) return NumberForm::none;
  NumberForm form = NumberForm::integer;
  if (at < token.size() && token[at] == '.') {
    ++at;
    if (digits() == 0) return NumberForm::none;
    form = NumberForm::fraction;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
    if (digits() == 0) return NumberForm::none;
    form = NumberForm::fraction;
  }
  return at == token.size() ? form : NumberForm::none;
}

}  // namespace turntable
