#include "sql/natural.h"

#include <gtest/gtest.h>

#include <random>

namespace turntable::sql {
namespace {

Natural random_natural(std::mt19937_64& random, int words) {
  Natural result;
  for (int i = 0; i < words; ++i) {
    // Words of ones and of zeros are where a quotient's digit is guessed wrongly.
    const uint64_t kind = random() % 4;
    const uint64_t word = kind == 0 ? 0 : kind == 1 ? ~uint64_t{0} : random();
    result.shift_left(64);
    result.add(Natural(word));
  }
  return result;
}

TEST(Natural, AQuotientTimesTheDivisorAndTheRemainderIsTheDividend) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const Natural a = random_natural(random, static_cast<int>(random() % 11));
    Natural b = random_natural(random, static_cast<int>(random() % 6));
    b.add(Natural(1));
    const auto [quotient, remainder] = Natural::divide(a, b);
    ASSERT_TRUE(remainder < b);
    Natural again = quotient * b;
    again.add(remainder);
    ASSERT_TRUE(again == a);
  }
}

TEST(Natural, ASquareRootIsTheLargestWhoseSquareIsNotLarger) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 2'000; ++i) {
    const Natural a = random_natural(random, static_cast<int>(random() % 9));
    Natural root = Natural::square_root(a);
    ASSERT_TRUE(root * root <= a);
    root.add(Natural(1));
    ASSERT_TRUE(root * root > a);
  }
}

TEST(Natural, ShiftsAreProductsAndQuotientsOfPowersOfTwo) {
  std::mt19937_64 random(3);
  for (int distance = 0; distance < 300; ++distance) {
    const Natural a = random_natural(random, 4);
    Natural power(1);
    for (int i = 0; i < distance; ++i) power.multiply_small(2);
    Natural left = a;
    left.shift_left(distance);
    EXPECT_TRUE(left == a * power);
    Natural right = a;
    right.shift_right(distance);
    EXPECT_TRUE(right == Natural::divide(a, power).quotient);
  }
}

TEST(Natural, HalvesAreRoundedUp) {
  EXPECT_TRUE(Natural::divide_rounded(Natural(5), Natural(2)) == Natural(3));
  EXPECT_TRUE(Natural::divide_rounded(Natural(4), Natural(3)) == Natural(1));
  EXPECT_TRUE(Natural::power_of_ten(20) == Natural(10'000'000'000ULL) * Natural(10'000'000'000ULL));
}

}  // namespace
}  // namespace turntable::sql
