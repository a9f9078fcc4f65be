#include "source/insist.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(Insist, AsksUntilThereIsAnAnswerByTheClockItIsGiven) {
  const ManualClock clock;
  const StopToken stop;
  const SteadyTime begun = clock.now();
  int asked = 0;
  int between = 0;
  const Result<int> answer = insist(
      "the brokers", stop, clock,
      [&]() -> Result<int> {
        if (++asked < 4) return fail(ErrorKind::transient, "not yet");
        return 7;
      },
      [&](const Error& error) -> Status {
        EXPECT_EQ(error.message, "not yet");
        ++between;
        return {};
      });
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, 7);
  EXPECT_EQ(asked, 4);
  EXPECT_GE(between, 3);
  EXPECT_GE(clock.now() - begun, Millis(50 + 100 + 200)) << "half of each wait at least";
}

TEST(Insist, EndsWithAnErrorThatDoesNotPassAndWithAStop) {
  const ManualClock clock;
  StopToken stop;
  const auto nothing = [](const Error&) -> Status { return {}; };
  const Result<int> refused = insist(
      "the brokers", stop, clock,
      []() -> Result<int> { return fail(ErrorKind::failed, "no such topic"); }, nothing);
  EXPECT_EQ(refused.error().message, "no such topic");
  const Result<int> stopped = insist(
      "the brokers", stop, clock,
      [&]() -> Result<int> {
        stop.request();
        return fail(ErrorKind::transient, "not yet");
      },
      nothing);
  EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
}

}  // namespace
}  // namespace turntable
