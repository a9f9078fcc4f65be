#include "sql/number_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "sql/numeric_math.h"

namespace turntable::sql {
namespace {

using NumberItem = NumberFormat::Item;
using NumberLayout = NumberFormat::Layout;
using NumberSign = NumberFormat::SignPlace;

struct NumberWord {
  std::string_view word;
  NumberItem item;
};

// Longer ones first where one begins another.
constexpr NumberWord kNumberWords[] = {
    {",", NumberItem::comma},          {".", NumberItem::point},
    {"0", NumberItem::zero},           {"9", NumberItem::nine},
    {"B", NumberItem::blank},          {"C", NumberItem::currency_code},
    {"D", NumberItem::local_point},    {"EEEE", NumberItem::exponent},
    {"FM", NumberItem::fill},          {"G", NumberItem::group},
    {"L", NumberItem::currency},       {"MI", NumberItem::minus},
    {"PL", NumberItem::plus},          {"PR", NumberItem::brackets},
    {"RN", NumberItem::roman},         {"SG", NumberItem::any_sign},
    {"SP", NumberItem::spelled},       {"S", NumberItem::sign},
    {"TH", NumberItem::ordinal},       {"V", NumberItem::multiply},
    {"b", NumberItem::blank},          {"c", NumberItem::currency_code},
    {"d", NumberItem::local_point},    {"eeee", NumberItem::exponent},
    {"fm", NumberItem::fill},          {"g", NumberItem::group},
    {"l", NumberItem::currency},       {"mi", NumberItem::minus},
    {"pl", NumberItem::plus},          {"pr", NumberItem::brackets},
    {"rn", NumberItem::small_roman},   {"sg", NumberItem::any_sign},
    {"sp", NumberItem::spelled},       {"s", NumberItem::sign},
    {"th", NumberItem::small_ordinal}, {"v", NumberItem::multiply},
};

size_t bytes_of_one_character(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) ++size;
  return size;
}

bool is_digit_of_number(char c) {
  return c >= '0' && c <= '9';
}

// Lays out a number's digits, piece by piece.
class NumberPrinter {
 public:
  NumberPrinter(std::string digits, char sign, int blanks, NumberLayout layout)
      : digits_(std::move(digits)), sign_(sign), blanks_(blanks), layout_(layout) {
    if (layout_.zero_start > 0) --layout_.zero_start;
    if (layout_.is_roman) {
      const bool fills = layout_.fills;
      layout_ = {.fills = fills, .is_roman = true};
      blanks_ = 0;
    }
    if (layout_.has_plus || layout_.has_minus) {
      sign_written_ = layout_.has_minus;
    } else {
      if (sign_ != '-' && layout_.fills) layout_.has_brackets = false;
      sign_written_ = sign_ == '+' && layout_.fills && !layout_.has_sign;
      if (layout_.sign == NumberSign::before && layout_.before == layout_.digits_before_sign)
        layout_.sign = NumberSign::behind;
    }
    count_ = layout_.behind + layout_.before - 1;
    if (layout_.fills && layout_.has_point) find_last_relevant();
    if (!sign_written_ && blanks_ == 0) ++count_;
  }

  // False where the pattern has an ordinal's ending and the digits are no number.
  bool write(const NumberFormat::Piece& piece) {
    switch (piece.item) {
      case NumberItem::text:
        out_ += piece.text;
        return true;
      case NumberItem::nine:
      case NumberItem::zero:
      case NumberItem::point:
      case NumberItem::local_point:
        write_digit(piece.item);
        return true;
      case NumberItem::comma:
      case NumberItem::group:
        if (in_number_) {
          out_ += ',';
        } else if (!layout_.fills) {
          out_ += ' ';
        }
        return true;
      case NumberItem::currency:
        out_ += ' ';
        return true;
      case NumberItem::roman:
      case NumberItem::small_roman: {
        // Of the digits that are still to be written.
        std::string roman = digits_.substr(std::min(at_, digits_.size()));
        if (piece.item == NumberItem::small_roman) roman = lowercase(roman);
        out_ += layout_.fills ? roman : fmt::format("{:>15}", roman);
        return true;
      }
      case NumberItem::ordinal:
      case NumberItem::small_ordinal:
        return write_ordinal(piece.item == NumberItem::small_ordinal);
      case NumberItem::minus:
        write_sign_or_blank('-');
        return true;
      case NumberItem::plus:
        write_sign_or_blank('+');
        return true;
      case NumberItem::any_sign:
        out_ += sign_;
        return true;
      default:
        return true;
    }
  }

  // PostgreSQL's text ends where a digit was wanted behind the number's last one.
  std::string text() { return out_.substr(0, out_.find('\0')); }

 private:
  static constexpr size_t kNowhere = std::string::npos;

  // FM leaves out the zeros at the end, but for those that the pattern has a 0 for.
  void find_last_relevant() {
    const size_t point = digits_.find('.');
    if (point == kNowhere) return;
    const size_t last = digits_.find_last_not_of('0');
    last_relevant_ = std::max(point, last);
    if (layout_.zero_end <= blanks_) return;
    const size_t last_zero =
        std::min(digits_.size() - 1, static_cast<size_t>(layout_.zero_end - blanks_));
    last_relevant_ = std::max(last_relevant_, last_zero);
  }

  [[nodiscard]] char digit() const { return at_ < digits_.size() ? digits_[at_] : '\0'; }
  [[nodiscard]] bool ends_at_point() const {
    return last_relevant_ != kNowhere && digits_[last_relevant_] == '.';
  }
  // The 0 before the point, which a 9 does not show.
  [[nodiscard]] bool is_hidden_zero() const {
    return !layout_.has_zero && at_ == 0 && digits_[0] == '0' && layout_.behind != 0;
  }

  void write_sign_or_blank(char sign) {
    if (sign_ == sign) {
      out_ += sign;
    } else if (!layout_.fills) {
      out_ += ' ';
    }
  }

  bool write_ordinal(bool small) {
    if (layout_.is_roman || digits_[0] == '#' || sign_ == '-' || layout_.has_point) return true;
    char last = digits_.back();
    if (!is_digit_of_number(last)) return false;
    if (digits_.size() > 1 && digits_[digits_.size() - 2] == '1') last = '0';
    const std::string_view ending = last == '1'   ? "ST"
                                    : last == '2' ? "ND"
                                    : last == '3' ? "RD"
                                                  : "TH";
    out_ += small ? lowercase(ending) : std::string(ending);
    return true;
  }

  void write_leading_sign() {
    const bool begins = current_ >= blanks_ || (layout_.has_zero && layout_.zero_start == current_);
    if (sign_written_ || !begins || (is_hidden_zero() && !ends_at_point())) return;
    if (layout_.has_sign) {
      if (layout_.sign != NumberSign::before) return;
      out_ += sign_;
    } else if (layout_.has_brackets) {
      out_ += sign_ == '+' ? ' ' : '<';
    } else if (sign_ == '-') {
      out_ += '-';
    } else if (!layout_.fills) {
      out_ += ' ';
    }
    sign_written_ = true;
  }

  void write_digit(NumberItem item) {
    if (layout_.is_roman) return;
    in_number_ = false;
    write_leading_sign();
    const bool before = current_ < blanks_;
    if (before && (!layout_.has_zero || layout_.zero_start > current_)) {
      if (!layout_.fills) out_ += ' ';
    } else if (before) {
      out_ += '0';
      in_number_ = true;
    } else {
      write_given_digit(item);
      if (at_ < digits_.size()) ++at_;
    }
    int end = count_ + (blanks_ != 0 ? 1 : 0) + (layout_.has_point ? 1 : 0);
    if (last_relevant_ != kNowhere && last_relevant_ == at_) end = current_;
    if (current_ + 1 == end) {
      if (sign_written_ && layout_.has_brackets) {
        out_ += sign_ == '+' ? ' ' : '>';
      } else if (layout_.has_sign && layout_.sign == NumberSign::behind) {
        out_ += sign_;
      }
    }
    ++current_;
  }

  void write_given_digit(NumberItem item) {
    if (digit() == '.') {
      if (!ends_at_point() || layout_.fills) out_ += '.';
    } else if (last_relevant_ != kNowhere && at_ > last_relevant_ && item != NumberItem::zero) {
      return;
    } else if (is_hidden_zero()) {
      if (!layout_.fills) {
        out_ += ' ';
      } else if (ends_at_point()) {
        out_ += '0';
      }
    } else {
      out_ += digit();
      in_number_ = true;
    }
  }

  std::string digits_;
  char sign_;
  int blanks_;  // Places of the pattern before the number's first digit.
  NumberLayout layout_;
  std::string out_;
  size_t at_ = 0;
  size_t last_relevant_ = kNowhere;
  int count_ = 0;
  int current_ = 0;
  bool sign_written_ = false;
  bool in_number_ = false;
};

tl::unexpected<Error> pattern_fault(std::string_view text) {
  return fail(ErrorKind::usage, std::string(text));
}

}  // namespace

Status NumberFormat::add(Item item) {
  Layout& all = layout_;
  if (all.has_exponent && item != Item::exponent)
    return pattern_fault("EEEE must be the last pattern");
  switch (item) {
    case Item::nine:
      if (all.has_brackets) return pattern_fault("9 must stand before PR");
      ++(all.multiplies ? all.multiply : all.has_point ? all.behind : all.before);
      break;
    case Item::zero:
      if (all.has_brackets) return pattern_fault("0 must stand before PR");
      if (!all.has_zero && !all.has_point) {
        all.has_zero = true;
        all.zero_start = all.before + 1;
      }
      ++(all.has_point ? all.behind : all.before);
      all.zero_end = all.before + all.behind;
      break;
    case Item::point:
    case Item::local_point:
      if (all.has_point) return pattern_fault("a pattern has one decimal point");
      if (all.multiplies) return pattern_fault("V and a decimal point do not stand together");
      all.has_point = true;
      break;
    case Item::fill:
      all.fills = true;
      break;
    case Item::sign:
      if (all.has_sign) return pattern_fault("S stands once");
      if (all.has_plus || all.has_minus || all.has_brackets)
        return pattern_fault("S does not stand beside PL, MI, SG or PR");
      if (!all.has_point) {
        all.sign = SignPlace::before;
        all.digits_before_sign = all.before;
      } else {
        all.sign = SignPlace::behind;
      }
      all.has_sign = true;
      break;
    case Item::minus:
    case Item::plus:
    case Item::any_sign:
      if (all.has_sign) return pattern_fault("S does not stand beside PL, MI or SG");
      all.has_minus = all.has_minus || item != Item::plus;
      all.has_plus = all.has_plus || item != Item::minus;
      break;
    case Item::brackets:
      if (all.has_sign || all.has_plus || all.has_minus)
        return pattern_fault("PR does not stand beside S, PL, MI or SG");
      all.has_brackets = true;
      break;
    case Item::roman:
    case Item::small_roman:
      all.is_roman = true;
      break;
    case Item::multiply:
      if (all.has_point) return pattern_fault("V and a decimal point do not stand together");
      all.multiplies = true;
      break;
    case Item::exponent:
      if (all.has_exponent) return pattern_fault("EEEE stands once");
      if (all.fills || all.has_sign || all.has_brackets || all.has_minus || all.has_plus ||
          all.is_roman || all.multiplies)
        return pattern_fault("EEEE stands beside digits and a point only");
      all.has_exponent = true;
      break;
    default:
      break;
  }
  return {};
}

Result<NumberFormat> NumberFormat::compile(std::string_view pattern, Use use) {
  NumberFormat format;
  format.pattern_ = pattern;
  bool quoted = false;
  while (!pattern.empty()) {
    if (!quoted) {
      const auto* const word =
          std::find_if(std::begin(kNumberWords), std::end(kNumberWords),
                       [&](const NumberWord& one) { return pattern.starts_with(one.word); });
      if (word != std::end(kNumberWords)) {
        RETURN_IF_ERROR(format.add(word->item));
        format.pieces_.push_back({word->item, {}});
        pattern.remove_prefix(word->word.size());
        continue;
      }
    }
    if (pattern[0] == '"') {
      quoted = !quoted;
      pattern.remove_prefix(1);
      continue;
    }
    // Within quotes a backslash takes what follows as it is, outside of them a quote only.
    if (pattern[0] == '\\' && pattern.size() > 1 && (quoted || pattern[1] == '"'))
      pattern.remove_prefix(1);
    const size_t size = bytes_of_one_character(pattern);
    format.pieces_.push_back({Item::text, std::string(pattern.substr(0, size))});
    pattern.remove_prefix(size);
  }
  if (use == Use::read && format.layout_.has_exponent)
    return pattern_fault("EEEE is not supported for reading numbers");
  if (use == Use::read && format.layout_.is_roman)
    return pattern_fault("RN is not supported for reading numbers");
  return format;
}

std::optional<std::string> NumberFormat::laid_out(std::string digits, char sign,
                                                  Layout layout) const {
  const size_t before = std::min(digits.find('.'), digits.size());
  const auto places = static_cast<size_t>(layout.before);
  int blanks = 0;
  if (layout.is_roman) {
    // Written as it is.
  } else if (before < places) {
    blanks = static_cast<int>(places - before);
  } else if (before > places) {
    digits.assign(places + static_cast<size_t>(layout.behind) + 1, '#');
    digits[places] = '.';
  }
  NumberPrinter printer(std::move(digits), sign, blanks, layout);
  for (const Piece& piece : pieces_)
    if (!printer.write(piece)) return std::nullopt;
  return printer.text();
}

std::optional<std::string> NumberFormat::print_roman(std::optional<int64_t> value) const {
  if (!value || static_cast<int32_t>(*value) != *value) return std::nullopt;
  constexpr int64_t kLargest = 3999;
  std::string roman;
  if (*value < 1 || *value > kLargest) {
    roman.assign(15, '#');
  } else {
    struct Letters {
      int64_t value;
      std::string_view letters;
    };
    constexpr Letters kLetters[] = {{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"},
                                    {90, "XC"},  {50, "L"},   {40, "XL"}, {10, "X"},   {9, "IX"},
                                    {5, "V"},    {4, "IV"},   {1, "I"}};
    int64_t rest = *value;
    for (const Letters& one : kLetters)
      for (; rest >= one.value; rest -= one.value) roman += one.letters;
  }
  return laid_out(roman, '\0', layout_);
}

std::string NumberFormat::not_a_finite_number() const {
  std::string out(static_cast<size_t>(layout_.before + layout_.behind + 6), '#');
  out[0] = ' ';
  if (static_cast<size_t>(layout_.before) + 1 < out.size())
    out[static_cast<size_t>(layout_.before) + 1] = '.';
  return out;
}

std::optional<std::string> NumberFormat::print(int64_t value, bool is_int) const {
  if (layout_.is_roman) return print_roman(value);
  if (layout_.has_exponent) {
    if (!is_int) return print(numeric_of(value));
    std::string out = fmt::format("{:+.{}e}", static_cast<double>(value), layout_.behind);
    if (out[0] == '+') out[0] = ' ';
    return out;
  }
  Layout layout = layout_;
  if (layout.multiplies) {
    for (int i = 0; i < layout.multiply; ++i)
      if (__builtin_mul_overflow(value, int64_t{10}, &value)) return std::nullopt;
    if (is_int && static_cast<int32_t>(value) != value) return std::nullopt;
    layout.before += layout.multiply;
  }
  std::string digits = fmt::to_string(value);
  const char sign = value < 0 ? '-' : '+';
  if (value < 0) digits.erase(0, 1);
  if (layout.behind > 0) digits += "." + std::string(static_cast<size_t>(layout.behind), '0');
  return laid_out(std::move(digits), sign, layout);
}

template <class Float>
std::optional<std::string> NumberFormat::print_float(Float value) const {
  if (layout_.is_roman) {
    // A number that no int holds is as one that no Roman number is.
    const bool is_int = std::fabs(value) < static_cast<Float>(0x1p30);
    return print_roman(is_int ? static_cast<int64_t>(std::rint(value)) : 0);
  }
  if (layout_.has_exponent) {
    if (!std::isfinite(value)) return not_a_finite_number();
    std::string out = fmt::format("{:+.{}e}", static_cast<double>(value), layout_.behind);
    if (out[0] == '+') out[0] = ' ';
    return out;
  }
  Layout layout = layout_;
  if (layout.multiplies) {
    value = value * static_cast<Float>(std::pow(10, layout.multiply));
    layout.before += layout.multiply;
  }
  std::string digits;
  if (std::isfinite(value)) {
    constexpr int kDigits = std::numeric_limits<Float>::digits10;
    const auto whole =
        static_cast<int>(fmt::format("{:.0f}", static_cast<double>(std::fabs(value))).size());
    layout.behind = std::clamp(kDigits - whole, 0, layout.behind);
    digits = fmt::format("{:.{}f}", static_cast<double>(value), layout.behind);
  } else {
    const int whole = std::isnan(value) ? 3 : 8;
    layout.behind = std::clamp(std::numeric_limits<Float>::digits10 - whole, 0, layout.behind);
    digits = std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
  }
  const char sign = digits[0] == '-' ? '-' : '+';
  if (sign == '-') digits.erase(0, 1);
  return laid_out(std::move(digits), sign, layout);
}

std::optional<std::string> NumberFormat::print(double value) const {
  return print_float(value);
}
std::optional<std::string> NumberFormat::print(float value) const {
  return print_float(value);
}

namespace {

// With so many digits behind the point, as zeros where the number has fewer.
std::string text_with_places(const Numeric& value, int places) {
  if (!value.is_finite()) return numeric_text(value);
  if (places <= value.scale) {
    const MaybeNumeric fitted = rounded(value, places, Rounding::half_away);
    // Only a number of 38 digits that is rounded up to a power of ten has more than there may be.
    return numeric_text(fitted.value_or(value));
  }
  std::string text = numeric_text(value);
  if (value.scale == 0) text += '.';
  return text + std::string(static_cast<size_t>(places - value.scale), '0');
}

}  // namespace

std::optional<std::string> NumberFormat::print(const Numeric& value) const {
  if (layout_.is_roman) return print_roman(bigint_of(value));
  if (layout_.has_exponent) {
    if (!value.is_finite()) return not_a_finite_number();
    const int digits = std::max(count_digits(magnitude(value)), 1);
    const int exponent = value.digits == 0 ? 0 : digits - 1 - value.scale;
    Numeric significand = value;
    significand.scale = static_cast<uint16_t>(value.digits == 0 ? 0 : digits - 1);
    const std::string text =
        fmt::format("{}e{:+03d}", text_with_places(significand, layout_.behind), exponent);
    return text[0] == '-' ? text : " " + text;
  }
  Layout layout = layout_;
  Numeric number = value;
  if (layout.multiplies) {
    layout.before += layout.multiply;
    number.scale = static_cast<uint16_t>(std::max(value.scale - layout.multiply, 0));
  }
  std::string digits = text_with_places(number, layout.behind);
  // V and a point exclude each other: zeros can be put behind the digits.
  const int zeros = layout.multiplies && number.is_finite() && number.digits != 0
                        ? std::max(layout.multiply - value.scale, 0)
                        : 0;
  digits.append(static_cast<size_t>(zeros), '0');
  const char sign = digits[0] == '-' ? '-' : '+';
  if (sign == '-') digits.erase(0, 1);
  return laid_out(std::move(digits), sign, layout);
}

}  // namespace turntable::sql
