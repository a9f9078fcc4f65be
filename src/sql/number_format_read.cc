// to_number: what a pattern takes of a text. The rest of NumberFormat is in number_format.cc.
#include "sql/number_format.h"
#include "sql/numeric_math.h"

namespace turntable::sql {
namespace {

size_t size_of_character(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) ++size;
  return size;
}

bool is_digit_to_read(char c) {
  return c >= '0' && c <= '9';
}

// Reads a number, piece by piece. Where the text has something else the number goes on behind it.
class NumberReader {
 public:
  NumberReader(std::string_view text, const NumberFormat::Layout& layout)
      : text_(text), layout_(layout) {}

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }

  void read(NumberFormat::Item item) {
    switch (item) {
      case NumberFormat::Item::text:
        skip_character();
        return;
      case NumberFormat::Item::nine:
      case NumberFormat::Item::zero:
      case NumberFormat::Item::point:
      case NumberFormat::Item::local_point:
        read_digit(item);
        break;
      case NumberFormat::Item::comma:
      case NumberFormat::Item::group:
        // Nothing that was read is in PostgreSQL "in the number".
        if (layout_.fills || here() != ',') return;
        break;
      case NumberFormat::Item::currency:
        skip_others(1);
        return;
      case NumberFormat::Item::ordinal:
      case NumberFormat::Item::small_ordinal:
        if (!layout_.has_point && sign_ != '#') skip_others(2);
        return;
      case NumberFormat::Item::minus:
      case NumberFormat::Item::plus:
      case NumberFormat::Item::any_sign: {
        const char c = here();
        const bool taken = (c == '-' && item != NumberFormat::Item::plus) ||
                           (c == '+' && item != NumberFormat::Item::minus);
        if (!taken) {
          skip_others(1);
          return;
        }
        sign_ = c;
        break;
      }
      default:
        return;
    }
    ++at_;
  }

  // As numeric_in() takes it.
  [[nodiscard]] std::string number() const {
    std::string digits = digits_;
    if (!digits.empty() && digits.back() == '.') digits.pop_back();
    return std::string(1, sign_) + digits;
  }
  [[nodiscard]] int behind() const { return behind_; }

 private:
  [[nodiscard]] char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_character() {
    if (!at_end()) at_ += size_of_character(text_.substr(at_));
  }

  void skip_others(int count) {
    constexpr std::string_view kOfNumbers = "0123456789.,+-";
    for (; count > 0 && !at_end() && kOfNumbers.find(here()) == std::string_view::npos; --count)
      skip_character();
  }

  void read_leading_sign() {
    const char c = here();
    if (layout_.has_sign && layout_.sign == NumberFormat::SignPlace::before) {
      if (c != '-' && c != '+') return;
      sign_ = c;
      ++at_;
    } else if (c == '-' || (layout_.has_brackets && c == '<')) {
      sign_ = '-';
      ++at_;
    } else if (c == '+') {
      sign_ = '+';
      ++at_;
    }
  }

  void read_digit(NumberFormat::Item item) {
    if (at_end()) return;
    if (here() == ' ') ++at_;
    if (at_end()) return;
    const bool of_digits = item == NumberFormat::Item::zero || item == NumberFormat::Item::nine;
    if (sign_ == ' ' && of_digits && before_ + behind_ == 0) read_leading_sign();
    if (at_end()) return;
    bool is_read = false;
    if (is_digit_to_read(here())) {
      if (point_read_ && behind_ == layout_.behind) return;
      digits_ += here();
      ++(point_read_ ? behind_ : before_);
      is_read = true;
    } else if (layout_.has_point && !point_read_ && here() == '.') {
      digits_ += '.';
      point_read_ = true;
      is_read = true;
    }
    if (sign_ != ' ' || before_ + behind_ == 0) return;
    if (layout_.has_sign && is_read && at_ + 1 < text_.size() &&
        !is_digit_to_read(text_[at_ + 1])) {
      if (text_[at_ + 1] == '-' || text_[at_ + 1] == '+') sign_ = text_[++at_];
    } else if (!is_read && !layout_.has_sign && (layout_.has_plus || layout_.has_minus)) {
      if (here() == '-' || here() == '+') sign_ = here();
    }
  }

  std::string_view text_;
  const NumberFormat::Layout& layout_;
  size_t at_ = 0;
  std::string digits_;
  char sign_ = ' ';
  int before_ = 0;
  int behind_ = 0;
  bool point_read_ = false;
};

}  // namespace

std::optional<Numeric> NumberFormat::read(std::string_view text) const {
  NumberReader reader(text, layout_);
  for (const Piece& piece : pieces_) {
    if (reader.at_end()) break;
    reader.read(piece.item);
  }
  const auto number = parse_numeric(reader.number()).value;
  if (!number) return std::nullopt;
  const MaybeNumeric fitted = rounded(*number, reader.behind(), Rounding::half_away);
  if (!fitted) return std::nullopt;
  if (fitted->digits != 0 &&
      count_digits(magnitude(*fitted)) - fitted->scale > layout_.before + layout_.multiply)
    return std::nullopt;
  if (!layout_.multiplies) return fitted;
  const MaybeNumeric factor = power(Numeric{.digits = 10}, numeric_of(int64_t{-layout_.multiply}));
  return factor ? multiply(*fitted, *factor) : std::nullopt;
}

}  // namespace turntable::sql
