#include "delivery/reject_breaker.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(RejectBreaker, TripsAboveItsRatioOverTheWindowOnly) {
  RejectBreaker breaker(0.5);
  breaker.saw(999, 999);
  EXPECT_FALSE(breaker.tripped()) << "too few to tell";
  breaker.saw(999, 0);
  EXPECT_FALSE(breaker.tripped()) << "half is allowed";
  breaker.saw(2, 2);
  EXPECT_FALSE(breaker.tripped()) << "the first batch has left the window: 2 of 1,001";
  breaker.saw(1'000, 501);
  EXPECT_TRUE(breaker.tripped());
  EXPECT_EQ(breaker.records(), 1'000U);
  EXPECT_EQ(breaker.rejected(), 501U);
  breaker.saw(1'000, 500);
  EXPECT_FALSE(breaker.tripped());
}

TEST(RejectBreaker, OfOneNeverTrips) {
  RejectBreaker breaker(1);
  breaker.saw(100'000, 100'000);
  EXPECT_FALSE(breaker.tripped());
}

TEST(RejectBreaker, OfZeroTripsAtTheFirst) {
  RejectBreaker breaker(0);
  breaker.saw(1'000, 1);
  EXPECT_TRUE(breaker.tripped());
}

}  // namespace
}  // namespace turntable
