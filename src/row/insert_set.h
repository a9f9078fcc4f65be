// The INSERTs of a pipeline, by their number in the file from 0, as a set.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace turntable {

inline constexpr size_t kInsertsLimit = 31;

class InsertSet {
 public:
  constexpr InsertSet() = default;
  // The first `count` INSERTs.
  [[nodiscard]] static constexpr InsertSet first(size_t count) {
    return InsertSet((uint32_t{1} << count) - 1);
  }
  [[nodiscard]] static constexpr InsertSet of(size_t insert) {
    return InsertSet(uint32_t{1} << insert);
  }
  // However many the pipeline has.
  [[nodiscard]] static constexpr InsertSet all() { return first(kInsertsLimit); }

  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr size_t size() const { return static_cast<size_t>(std::popcount(bits_)); }
  [[nodiscard]] constexpr bool has(size_t insert) const { return ((bits_ >> insert) & 1U) != 0; }
  constexpr InsertSet& operator|=(InsertSet other) {
    bits_ |= other.bits_;
    return *this;
  }
  friend constexpr InsertSet operator|(InsertSet a, InsertSet b) {
    return InsertSet(a.bits_ | b.bits_);
  }
  friend constexpr InsertSet operator&(InsertSet a, InsertSet b) {
    return InsertSet(a.bits_ & b.bits_);
  }
  // Those of `a` that are not in `b`.
  friend constexpr InsertSet operator-(InsertSet a, InsertSet b) {
    return InsertSet(a.bits_ & ~b.bits_);
  }
  friend constexpr bool operator==(InsertSet, InsertSet) = default;

  // Calls `visit(insert)` for each, in ascending order.
  template <class Visit>
  constexpr void for_each(Visit visit) const {
    for (uint32_t left = bits_; left != 0; left &= left - 1)
      visit(static_cast<size_t>(std::countr_zero(left)));
  }

 private:
  constexpr explicit InsertSet(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

}  // namespace turntable
