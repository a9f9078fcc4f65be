// Natural numbers of up to 1,536 bits, for the steps between numbers of type numeric: products,
// quotients and series with more digits than the result keeps. What does not fit is a bug.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "row/numeric.h"

namespace turntable::sql {

class Natural {
 public:
  static constexpr size_t kLimbs = 48;

  Natural() = default;
  explicit Natural(Uint128 value);
  [[nodiscard]] static Natural power_of_ten(int power);

  [[nodiscard]] bool is_zero() const { return size_ == 0; }
  // The number of binary digits; 0 for 0.
  [[nodiscard]] int bits() const;
  // Nothing where it needs more bits.
  [[nodiscard]] std::optional<Uint128> to_uint128() const;

  void add(const Natural& other);
  void subtract(const Natural& other);  // `other` is not greater.
  void multiply_small(uint32_t factor);
  uint32_t divide_small(uint32_t divisor);  // Gives the remainder.
  void shift_left(int distance);
  void shift_right(int distance);

  friend Natural operator*(const Natural& a, const Natural& b);
  friend std::strong_ordering operator<=>(const Natural& a, const Natural& b);
  friend bool operator==(const Natural& a, const Natural& b) { return (a <=> b) == 0; }

  struct Division;
  // `b` is not 0.
  [[nodiscard]] static Division divide(const Natural& a, const Natural& b);
  // a / b, halves upwards.
  [[nodiscard]] static Natural divide_rounded(const Natural& a, const Natural& b);
  // The whole part of the square root.
  [[nodiscard]] static Natural square_root(const Natural& a);

 private:
  void trim();
  // 32 bits each, the lowest first; from size_ on all are 0, and the one before is not.
  std::array<uint32_t, kLimbs> limbs_{};
  size_t size_ = 0;
};

struct Natural::Division {
  Natural quotient;
  Natural remainder;
};

}  // namespace turntable::sql
