#include "base/histogram.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

constexpr std::array<int64_t, 3> kBounds{10, 20, 40};
using Tens = Histogram<kBounds>;

TEST(Histogram, AValueCountsForTheFirstBoundThatItIsNotAbove) {
  Tens tens;
  for (const int64_t value : {-5, 0, 10, 11, 20, 40, 41, 1000, 3}) tens.add(value);
  EXPECT_EQ(tens.counts(), (std::array<uint64_t, 4>{4, 2, 1, 2}));
  EXPECT_EQ(tens.count(), 9U);
  EXPECT_EQ(tens.sum(), 1125U);
}

TEST(Histogram, AddsUpAndTellsWhatCameSince) {
  Tens before;
  before.add(5);
  Tens now = before;
  now.add(30, 3);
  Tens both = before;
  both += now;
  EXPECT_EQ(both.count(), 5U);
  now -= before;
  EXPECT_EQ(now.counts(), (std::array<uint64_t, 4>{0, 0, 3, 0}));
  EXPECT_EQ(now.sum(), 90U);
}

TEST(Histogram, AQuantileLiesWithinItsBucket) {
  Tens tens;
  EXPECT_EQ(tens.quantile(0.5), 0);
  for (int i = 0; i < 100; ++i) tens.add(15);
  EXPECT_EQ(tens.quantile(0.5), 15);
  EXPECT_EQ(tens.quantile(1), 20);
  tens.add(1'000'000, 900);
  EXPECT_EQ(tens.quantile(0.99), 40);
}

}  // namespace
}  // namespace turntable
