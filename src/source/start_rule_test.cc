#include "source/start_rule.h"

#include <gtest/gtest.h>

#include <charconv>

#include "source/commit_note.h"

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
  const std::vector<Committed> commits{{5, note_text({.partitions = 8})},
                                       {},
                                       {0, note_text({.partitions = 4})},
                                       {7, "somebody else's"}};
  EXPECT_EQ(partitions_at_beginning(commits), 4);
}

TEST(PartitionsAtBeginning, AreNoneWhereAnotherProgramBeganTheGroup) {
  for (const char* note :
       {"", "x", "turntable partitions=", "turntable partitions=4x", "turntable partitions=-1"}) {
    const std::vector<Committed> commits{{5, note}, {}};
    EXPECT_EQ(partitions_at_beginning(commits), 0) << note;
  }
}

// As the first version reads notes: the number is all that may stand behind the first word. Members
// of both versions share a group during a rolling restart.
std::optional<int> first_versions_number(std::string_view note) {
  constexpr std::string_view kBegin = "turntable partitions=";
  if (!note.starts_with(kBegin)) return std::nullopt;
  int number = 0;
  const char* const end = note.data() + note.size();
  const auto [rest, fault] = std::from_chars(note.data() + kBegin.size(), end, number);
  if (fault != std::errc() || rest != end) return std::nullopt;
  return number;
}

TEST(PartitionsAtBeginning, AreReadTooLowAndNeverTooHighByTheFirstVersion) {
  EXPECT_EQ(first_versions_number(note_text({.partitions = 4})), 4);
  // A later note is none to it. It then takes a partition without a commit for one that came later,
  // which is read from its beginning, and notes 0 itself.
  EXPECT_EQ(first_versions_number(note_text({.partitions = 4, .topic_id = "a"})), std::nullopt);
  EXPECT_EQ(first_versions_number(note_text({.partitions = 4, .write_time_us = 5})), std::nullopt);
  // From then on it is so for all members. Positions are not concerned.
  const std::vector<Committed> mixed{
      {5, note_text({.partitions = 4, .topic_id = "a"})}, {7, "turntable partitions=0"}, {}};
  EXPECT_EQ(partitions_at_beginning(mixed), 0);
  EXPECT_EQ(decide_start(2, mixed[2], 0), BeginAt::first_record);
  EXPECT_EQ(decide_start(0, mixed[0], 0), BeginAt::commit);
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
