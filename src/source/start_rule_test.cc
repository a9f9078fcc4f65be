#include "source/start_rule.h"

#include <gtest/gtest.h>

namespace turntable {
namespace {

using kafka::Committed;

TEST(ParseStart, TakesLatestEarliestAndTimes) {
  EXPECT_EQ(parse_start("latest")->at, Start::At::latest);
  EXPECT_EQ(parse_start(" Earliest ")->at, Start::At::earliest);
  const auto time = parse_start("2024-03-03T10:15:00.5Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->at, Start::At::time);
  EXPECT_EQ(time->time_ms, 1709460900500);
  EXPECT_EQ(parse_start("2024-03-03 12:15+02:00")->time_ms, 1709460900000);
}

TEST(ParseStart, RefusesAnythingElse) {
  for (const char* text : {"", "newest", "10:15", "2024-02-30"}) {
    const auto start = parse_start(text);
    ASSERT_FALSE(start) << text;
    EXPECT_EQ(start.error().kind, ErrorKind::usage);
  }
}

TEST(PartitionsAtBeginning, AreUnknownWhereTheGroupHasNoCommit) {
  EXPECT_EQ(partitions_at_beginning({}), std::nullopt);
  const std::vector<Committed> none(4);
  EXPECT_EQ(partitions_at_beginning(none), std::nullopt);
}

TEST(PartitionsAtBeginning, AreTheFewestOfAllNotes) {
  const std::vector<Committed> commits{
      {5, start_note(8)}, {}, {0, start_note(4)}, {7, "somebody else's"}};
  EXPECT_EQ(partitions_at_beginning(commits), 4);
}

TEST(PartitionsAtBeginning, AreNoneWhereAnotherProgramBeganTheGroup) {
  for (const char* note :
       {"", "x", "turntable partitions=", "turntable partitions=4x", "turntable partitions=-1"}) {
    const std::vector<Committed> commits{{5, note}, {}};
    EXPECT_EQ(partitions_at_beginning(commits), 0) << note;
  }
}

TEST(DecideStart, GoesOnAtACommit) {
  EXPECT_EQ(decide_start(0, {0, ""}, 4), BeginAt::commit);
  EXPECT_EQ(decide_start(9, {7, ""}, 4), BeginAt::commit);
}

TEST(DecideStart, BeginsANewGroupAtStart) {
  EXPECT_EQ(decide_start(3, {}, std::nullopt), BeginAt::start);
}

TEST(DecideStart, FinishesAnInterruptedBeginning) {
  EXPECT_EQ(decide_start(3, {}, 4), BeginAt::start);
}

TEST(DecideStart, ReadsAYoungerPartitionFromItsFirstRecord) {
  EXPECT_EQ(decide_start(4, {}, 4), BeginAt::first_record);
  EXPECT_EQ(decide_start(0, {}, 0), BeginAt::first_record);
}

}  // namespace
}  // namespace turntable
