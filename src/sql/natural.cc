#include "sql/natural.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace turntable::sql {
namespace {

constexpr int kLimbBits = 32;

uint32_t low(uint64_t value) {
  return static_cast<uint32_t>(value);
}

}  // namespace

Natural::Natural(Uint128 value) {
  for (; value != 0; value >>= kLimbBits) limbs_[size_++] = static_cast<uint32_t>(value);
}

Natural Natural::power_of_ten(int power) {
  constexpr int kMost = 9;
  Natural result(1);
  for (; power >= kMost; power -= kMost) result.multiply_small(1'000'000'000);
  for (; power > 0; --power) result.multiply_small(10);
  return result;
}

void Natural::trim() {
  while (size_ > 0 && limbs_[size_ - 1] == 0) --size_;
}

int Natural::bits() const {
  if (size_ == 0) return 0;
  return static_cast<int>(size_) * kLimbBits - std::countl_zero(limbs_[size_ - 1]);
}

std::optional<Uint128> Natural::to_uint128() const {
  constexpr size_t kMost = 4;
  if (size_ > kMost) return std::nullopt;
  Uint128 value = 0;
  for (size_t i = size_; i-- > 0;) value = (value << kLimbBits) | limbs_[i];
  return value;
}

void Natural::add(const Natural& other) {
  uint64_t carry = 0;
  const size_t count = std::max(size_, other.size_);
  for (size_t i = 0; i < count; ++i) {
    carry += uint64_t{limbs_[i]} + other.limbs_[i];
    limbs_[i] = low(carry);
    carry >>= kLimbBits;
  }
  size_ = count;
  if (carry == 0) return;
  CHECK(size_ < kLimbs);
  limbs_[size_++] = low(carry);
}

void Natural::subtract(const Natural& other) {
  CHECK(*this >= other);
  int64_t borrow = 0;
  for (size_t i = 0; i < size_; ++i) {
    borrow += int64_t{limbs_[i]} - int64_t{other.limbs_[i]};
    limbs_[i] = low(static_cast<uint64_t>(borrow));
    borrow >>= kLimbBits;
  }
  trim();
}

void Natural::multiply_small(uint32_t factor) {
  uint64_t carry = 0;
  for (size_t i = 0; i < size_; ++i) {
    carry += uint64_t{limbs_[i]} * factor;
    limbs_[i] = low(carry);
    carry >>= kLimbBits;
  }
  if (carry != 0) {
    CHECK(size_ < kLimbs);
    limbs_[size_++] = low(carry);
  }
  trim();
}

uint32_t Natural::divide_small(uint32_t divisor) {
  uint64_t rest = 0;
  for (size_t i = size_; i-- > 0;) {
    rest = (rest << kLimbBits) | limbs_[i];
    limbs_[i] = low(rest / divisor);
    rest %= divisor;
  }
  trim();
  return low(rest);
}

void Natural::shift_left(int distance) {
  if (is_zero() || distance == 0) return;
  const auto whole = static_cast<size_t>(distance / kLimbBits);
  const int part = distance % kLimbBits;
  CHECK(bits() + distance <= static_cast<int>(kLimbs) * kLimbBits);
  const size_t new_size = static_cast<size_t>((bits() + distance + kLimbBits - 1) / kLimbBits);
  for (size_t i = new_size; i-- > 0;) {
    const uint64_t here = i >= whole ? limbs_[i - whole] : 0;
    const uint64_t below = i >= whole + 1 ? limbs_[i - whole - 1] : 0;
    limbs_[i] = low((((here << kLimbBits) | below) << part) >> kLimbBits);
  }
  size_ = new_size;
}

void Natural::shift_right(int distance) {
  const auto whole = static_cast<size_t>(distance / kLimbBits);
  const int part = distance % kLimbBits;
  for (size_t i = 0; i < size_; ++i) {
    const uint64_t here = i + whole < size_ ? limbs_[i + whole] : 0;
    const uint64_t above = i + whole + 1 < size_ ? limbs_[i + whole + 1] : 0;
    limbs_[i] = low(((above << kLimbBits) | here) >> part);
  }
  trim();
}

Natural operator*(const Natural& a, const Natural& b) {
  CHECK(a.size_ + b.size_ <= Natural::kLimbs);
  Natural result;
  for (size_t i = 0; i < a.size_; ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < b.size_; ++j) {
      carry += uint64_t{a.limbs_[i]} * b.limbs_[j] + result.limbs_[i + j];
      result.limbs_[i + j] = low(carry);
      carry >>= kLimbBits;
    }
    result.limbs_[i + b.size_] = low(carry);
  }
  result.size_ = a.size_ + b.size_;
  result.trim();
  return result;
}

std::strong_ordering operator<=>(const Natural& a, const Natural& b) {
  if (a.size_ != b.size_) return a.size_ <=> b.size_;
  for (size_t i = a.size_; i-- > 0;)
    if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] <=> b.limbs_[i];
  return std::strong_ordering::equal;
}

// Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D.
Natural::Division Natural::divide(const Natural& a, const Natural& b) {
  CHECK(!b.is_zero());
  if (a < b) return {{}, a};
  if (b.size_ == 1) {
    Natural quotient = a;
    const uint32_t rest = quotient.divide_small(b.limbs_[0]);
    return {quotient, Natural(rest)};
  }
  const int shift = std::countl_zero(b.limbs_[b.size_ - 1]);
  Natural divisor = b;
  divisor.shift_left(shift);
  Natural rest = a;
  CHECK(a.size_ < kLimbs);
  rest.shift_left(shift);
  const size_t n = divisor.size_;
  const size_t m = a.size_ - n;
  const uint64_t top = divisor.limbs_[n - 1];
  const uint64_t next = divisor.limbs_[n - 2];
  Natural quotient;
  for (size_t j = m + 1; j-- > 0;) {
    const uint64_t high = (uint64_t{rest.limbs_[j + n]} << kLimbBits) | rest.limbs_[j + n - 1];
    uint64_t guess = high / top;
    uint64_t left = high % top;
    while (guess >> kLimbBits != 0 ||
           guess * next > ((left << kLimbBits) | rest.limbs_[j + n - 2])) {
      --guess;
      left += top;
      if (left >> kLimbBits != 0) break;
    }
    int64_t borrow = 0;
    uint64_t carry = 0;
    for (size_t i = 0; i < n; ++i) {
      carry += guess * divisor.limbs_[i];
      borrow += int64_t{rest.limbs_[i + j]} - int64_t{low(carry)};
      carry >>= kLimbBits;
      rest.limbs_[i + j] = low(static_cast<uint64_t>(borrow));
      borrow >>= kLimbBits;
    }
    borrow += int64_t{rest.limbs_[j + n]} - static_cast<int64_t>(carry);
    rest.limbs_[j + n] = low(static_cast<uint64_t>(borrow));
    if (borrow < 0) {
      --guess;
      uint64_t sum = 0;
      for (size_t i = 0; i < n; ++i) {
        sum += uint64_t{rest.limbs_[i + j]} + divisor.limbs_[i];
        rest.limbs_[i + j] = low(sum);
        sum >>= kLimbBits;
      }
      rest.limbs_[j + n] += low(sum);
    }
    quotient.limbs_[j] = low(guess);
  }
  quotient.size_ = m + 1;
  quotient.trim();
  rest.size_ = std::max(rest.size_, n);
  rest.trim();
  rest.shift_right(shift);
  return {quotient, rest};
}

Natural Natural::divide_rounded(const Natural& a, const Natural& b) {
  auto [quotient, remainder] = divide(a, b);
  remainder.shift_left(1);
  if (remainder >= b) quotient.add(Natural(1));
  return quotient;
}

// Newton's iteration from above.
Natural Natural::square_root(const Natural& a) {
  if (a.is_zero()) return a;
  Natural root(1);
  root.shift_left((a.bits() + 1) / 2);
  for (;;) {
    Natural next = divide(a, root).quotient;
    next.add(root);
    next.shift_right(1);
    if (next >= root) return root;
    root = next;
  }
}

}  // namespace turntable::sql
