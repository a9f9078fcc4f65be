#include "base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace turntable {
namespace {

TEST(Progress, SaysHowMuchIsDoneAtWhatRateAndHowLongItTakes) {
  EXPECT_EQ(progress_text(12'345, "rows", 0.25, 1'234.4, 10, 0),
            "[=====>              ] 25 %, 30 s left, 12,345 rows, 1,234/s");
  EXPECT_EQ(progress_text(100, "rows", 1, 10, 10, 0),
            "[====================] 100 %, 0 s left, 100 rows, 10/s");
}

TEST(Progress, WithoutASumHasNoTimeLeft) {
  EXPECT_EQ(progress_text(5, "rows", -1, 2, 10, 0), "5 rows, 2/s");
  EXPECT_EQ(progress_text(0, "rows", 0, 0, 1, 0), "[>                   ] 0 %, 0 rows, 0/s");
}

TEST(Progress, FitsItsTerminal) {
  for (size_t columns = 1; columns < 90; ++columns) {
    const std::string text = progress_text(123'456'789, "rows of a file", 0.5, 1e9, 1e6, columns);
    EXPECT_LE(display_width(text), columns) << text;
  }
  EXPECT_EQ(progress_text(12'345, "rows", 0.25, 1'234.4, 10, 30), "25 %, 30 s left, 12,345 rows");
}

TEST(Progress, TellsTimeInAUnitThatCanBeRead) {
  EXPECT_EQ(time_left_text(0.2), "1 s");
  EXPECT_EQ(time_left_text(99), "99 s");
  EXPECT_EQ(time_left_text(100), "2 min");
  EXPECT_EQ(time_left_text(3 * 3600 + 61), "3 h 2 min");
  EXPECT_EQ(time_left_text(-5), "0 s");
}

}  // namespace
}  // namespace turntable
