#include "delivery/write_times.h"

#include <gtest/gtest.h>

#include <limits>

namespace turntable {
namespace {

constexpr int64_t kNow = 1'733'900'000'000'000;

int64_t given(WriteTimes& times, Record record, int64_t now_us = kNow) {
  times.give(record, now_us);
  return record.write_time_us;
}

TEST(WriteTimes, RiseInAPartitionWhileTheClockStandsStillOrGoesBack) {
  WriteTimes times(WriteTimeRule::delivery);
  EXPECT_EQ(given(times, {}), kNow);
  EXPECT_EQ(given(times, {}), kNow + 1);
  EXPECT_EQ(given(times, {}, kNow - 60'000'000), kNow + 2);
  EXPECT_EQ(given(times, {}, kNow + 10), kNow + 10);
  EXPECT_EQ(times.last(0), kNow + 10);
}

TEST(WriteTimes, OfPartitionsAreApartAndNeverEqualInALane) {
  WriteTimes times(WriteTimeRule::delivery);
  EXPECT_EQ(given(times, {.partition = 1}), kNow);
  EXPECT_EQ(given(times, {.partition = 2}), kNow + 1);
  EXPECT_EQ(given(times, {.partition = 1}), kNow + 2);
  EXPECT_EQ(times.last(3), kNoWriteTime);
  // One that was far ahead does not take the others with it.
  times.start_above(4, kNow + 1'000'000'000);
  EXPECT_EQ(given(times, {.partition = 4}), kNow + 1'000'000'001);
  EXPECT_EQ(given(times, {.partition = 1}), kNow + 4);
}

TEST(WriteTimes, StartAboveWhatTheOwnerBeforeGave) {
  WriteTimes times(WriteTimeRule::delivery);
  times.start_above(0, kNow + 50);
  times.start_above(0, kNow + 20);  // Of two that are told, the higher one counts.
  times.start_above(0, kNoWriteTime);
  EXPECT_EQ(times.last(0), kNow + 50);
  EXPECT_EQ(given(times, {}), kNow + 51);
}

TEST(WriteTimes, AreGivenOnce) {
  WriteTimes times(WriteTimeRule::delivery);
  EXPECT_EQ(given(times, {.write_time_us = 7}), 7);
  EXPECT_EQ(times.last(0), kNoWriteTime);
}

TEST(WriteTimes, AreTheRecordsOwnWhereThatIsWanted) {
  WriteTimes times(WriteTimeRule::record);
  EXPECT_EQ(given(times, {.offset = 41, .timestamp_ms = 5}), 5'041);
  EXPECT_EQ(given(times, {.offset = 1'042, .timestamp_ms = 5}), 5'042);
  EXPECT_EQ(given(times, {.offset = 3, .timestamp_ms = -5}), -4'997);
  EXPECT_EQ(times.last(0), kNoWriteTime);
  // A producer's own times are not moved by what others have written.
  WriteTimes behind(WriteTimeRule::record);
  behind.start_above(0, kNow);
  EXPECT_EQ(given(behind, {.offset = 41, .timestamp_ms = 5}), 5'041);
  EXPECT_EQ(given(behind, {.offset = 43}), kNow + 1);
  // A record without a time takes the rule of the others, and so does one that cannot be held.
  EXPECT_EQ(given(times, {.offset = 43}), kNow);
  EXPECT_EQ(given(times, {.offset = 44, .timestamp_ms = std::numeric_limits<int64_t>::max()}),
            kNow + 1);
}

TEST(WriteTimes, AreNotGivenWhereTheKeyTellsRecordsApart) {
  WriteTimes times(WriteTimeRule::none);
  EXPECT_EQ(given(times, {.timestamp_ms = 5}), kNoWriteTime);
}

TEST(WriteTimes, DoNotOverflowAboveAForgedOne) {
  WriteTimes times(WriteTimeRule::delivery);
  times.start_above(0, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(given(times, {}), std::numeric_limits<int64_t>::max());
}

}  // namespace
}  // namespace turntable
