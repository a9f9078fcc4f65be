// How values of one type are ordered, as PostgreSQL's comparisons, GREATEST and LEAST see them.
// Text is compared byte by byte, as PostgreSQL does in the locale C.UTF-8. NaN equals itself and is
// greater than every other number; 0 and -0 are equal. Intervals are compared by their length, a
// month as 30 days.
#pragma once

#include <cmath>
#include <compare>
#include <type_traits>

#include "row/interval.h"
#include "sql/numeric_math.h"

namespace turntable::sql {

template <class T>
std::strong_ordering order_of(T left, T right) {
  if constexpr (std::is_same_v<T, Numeric>) {
    return order_of_numerics(left, right);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (left < right) return std::strong_ordering::less;
    if (left > right) return std::strong_ordering::greater;
    // Equal, or one of them is NaN.
    return static_cast<int>(std::isnan(left)) <=> static_cast<int>(std::isnan(right));
  } else if constexpr (std::is_same_v<T, Interval>) {
    return length_of(left) <=> length_of(right);
  } else {
    return left <=> right;
  }
}

}  // namespace turntable::sql
