#include "base/retry.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

class RetryTest : public testing::Test {
 protected:
  ManualClock clock_;
  Retry retry_{{.first = Millis(100), .limit = Millis(1'000), .seed = 7}};
};

TEST_F(RetryTest, IsDueUntilATryFailsAndAgainAfterAWhileThatGrows) {
  EXPECT_TRUE(retry_.is_due(clock_.now()));
  Millis longest{0};
  for (int i = 0; i < 8; ++i) {
    retry_.failed(clock_.now());
    EXPECT_FALSE(retry_.is_due(clock_.now()));
    const auto wait = std::chrono::ceil<Millis>(retry_.due() - clock_.now());
    EXPECT_GE(wait, Millis(i == 0 ? 50 : 100));
    EXPECT_LE(wait, Millis(1'000));
    longest = std::max(longest, wait);
    clock_.advance(wait);
    EXPECT_TRUE(retry_.is_due(clock_.now()));
  }
  EXPECT_GE(longest, Millis(500));
  static_cast<void>(retry_.worked());
  retry_.failed(clock_.now());
  EXPECT_LE(retry_.due() - clock_.now(), Millis(100)) << "as after the first failure";
}

TEST_F(RetryTest, TheFirstFailureIsToBeSaidAndSinceWhenWhenItWorksAgain) {
  EXPECT_FALSE(retry_.failing());
  EXPECT_FALSE(retry_.worked());
  const SteadyTime begun = clock_.now();
  EXPECT_TRUE(retry_.failed(clock_.now()));
  clock_.advance(Millis(300));
  EXPECT_FALSE(retry_.failed(clock_.now()));
  EXPECT_TRUE(retry_.failing());
  EXPECT_EQ(retry_.worked(), begun);
  EXPECT_FALSE(retry_.failing());
  EXPECT_FALSE(retry_.worked());
  EXPECT_TRUE(retry_.failed(clock_.now()));
}

TEST_F(RetryTest, MayBeHurried) {
  retry_.failed(clock_.now());
  retry_.hurry();
  EXPECT_TRUE(retry_.is_due(clock_.now()));
  EXPECT_TRUE(retry_.failing());
}

}  // namespace
}  // namespace turntable
