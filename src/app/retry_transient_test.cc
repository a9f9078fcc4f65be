#include "app/retry_transient.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

TEST(RetryTransientTest, TriesAgainWhileTheCausePasses) {
  const ManualClock clock;
  const StopToken stop;
  int calls = 0;
  const Status status = retry_transient(
      stop,
      [&]() -> Status {
        if (++calls < 4) return fail(ErrorKind::transient, "it is away");
        return {};
      },
      {}, clock);
  EXPECT_TRUE(status);
  EXPECT_EQ(calls, 4);
}

TEST(RetryTransientTest, WhatDoesNotPassIsNotTriedAgain) {
  const ManualClock clock;
  const StopToken stop;
  int calls = 0;
  const Status status = retry_transient(
      stop,
      [&]() -> Status {
        ++calls;
        return fail(ErrorKind::auth, "a wrong password");
      },
      {}, clock);
  EXPECT_EQ(status.error().kind, ErrorKind::auth);
  EXPECT_EQ(calls, 1);
}

TEST(RetryTransientTest, AStopEndsTheWaiting) {
  const ManualClock clock;
  StopToken stop;
  int calls = 0;
  const Status status = retry_transient(
      stop,
      [&]() -> Status {
        if (++calls == 3) stop.request();
        return fail(ErrorKind::transient, "it is away");
      },
      {}, clock);
  EXPECT_EQ(status.error().kind, ErrorKind::interrupted);
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace turntable
