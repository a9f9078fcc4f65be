#include "sink/request_window.h"

#include <gtest/gtest.h>

#include <deque>

namespace turntable {
namespace {

// Sends until the window is closed.
std::deque<uint64_t> fill(RequestWindow& window) {
  std::deque<uint64_t> numbers;
  while (window.open()) numbers.push_back(window.sent());
  return numbers;
}

TEST(RequestWindow, StartsAtItsLimitAndNeverPassesIt) {
  RequestWindow window(4);
  EXPECT_EQ(fill(window).size(), 4U);
  for (int i = 0; i < 100; ++i) {
    window.answered();
    EXPECT_EQ(fill(window).size(), 1U);
  }
}

TEST(RequestWindow, ClosesByHalfOncePerTroubleAndNeverToNothing) {
  RequestWindow window(64);
  for (const size_t half : {32U, 16U, 8U, 4U, 2U, 1U, 1U}) {
    for (const uint64_t request : fill(window)) window.overloaded(request);
    EXPECT_EQ(window.size(), half);
  }
  EXPECT_TRUE(window.open());
}

TEST(RequestWindow, ALateTimeoutOfTheSameTroubleDoesNotCloseItAgain) {
  RequestWindow window(8);
  const auto first = fill(window);
  window.overloaded(first[0]);
  EXPECT_EQ(window.size(), 4U);
  for (size_t i = 1; i < 6; ++i) window.answered();
  const auto second = fill(window);
  window.overloaded(first[6]);
  window.overloaded(first[7]);
  EXPECT_EQ(window.size(), 5U);
  window.overloaded(second[0]);
  EXPECT_EQ(window.size(), 2U);
}

TEST(RequestWindow, OpensByOneForEveryWindowOfAnswers) {
  RequestWindow window(8);
  window.overloaded(fill(window)[0]);
  for (int i = 0; i < 7; ++i) window.failed();
  ASSERT_EQ(window.size(), 4U);
  for (const size_t wider : {5U, 6U, 7U, 8U, 8U}) {
    const size_t answers = window.size();
    for (size_t i = 0; i < answers; ++i) {
      static_cast<void>(window.sent());
      window.answered();
    }
    EXPECT_EQ(window.size(), wider);
  }
}

TEST(RequestWindow, AFailureOfOneNodeLeavesItOpen) {
  RequestWindow window(8);
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(window.sent());
    window.failed();
  }
  EXPECT_EQ(window.size(), 8U);
}

}  // namespace
}  // namespace turntable
