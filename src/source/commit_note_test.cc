#include "source/commit_note.h"

#include <gtest/gtest.h>

#include <limits>

namespace turntable {
namespace {

TEST(CommitNote, IsReadBackAsItWasWritten) {
  for (const CommitNote& note :
       {CommitNote{}, CommitNote{.partitions = 4}, CommitNote{.partitions = 1, .topic_id = "aB-_9"},
        CommitNote{.partitions = 7, .write_time_us = 0},
        CommitNote{.partitions = 7, .stores = "8c1f,0a"},
        CommitNote{.partitions = std::numeric_limits<int>::max(),
        .topic_id = "x",
        .write_time_us = std::numeric_limits<int64_t>::max()}}) {
    EXPECT_EQ(parse_note(note_text(note)), note) << note_text(note);
  }
}

TEST(CommitNote, OfTheVersionBeforeIsUnderstood) {
  EXPECT_EQ(note_text({.partitions = 4}), "turntable partitions=4");
  EXPECT_EQ(parse_note("turntable partitions=4"), CommitNote{.partitions = 4});
}

TEST(CommitNote, NamesStoresByTheirWholeIds) {
  const CommitNote note{.partitions = 1, .stores = "8c1f,0a"};
  EXPECT_TRUE(note.names_store("8c1f"));
  EXPECT_TRUE(note.names_store("0a"));
  for (const char* other : {"", "8c1", "1f", "8c1f,0a"}) EXPECT_FALSE(note.names_store(other));
  EXPECT_FALSE(CommitNote{}.names_store(""));
}

TEST(CommitNote, PassesOverFieldsOfALaterVersion) {
  EXPECT_EQ(parse_note("turntable partitions=4 colour=blue write_time=9 x"),
            (CommitNote{.partitions = 4, .write_time_us = 9}));
}

TEST(CommitNote, IsNothingWhereAnotherProgramWroteItOrItIsDamaged) {
  for (const char* text :
       {"", "x", "turntable", "turntable ", "turntable partitions=", "turntable partitions=4x",
        "turntable partitions=-1", "turntable partitions=99999999999", "turntablepartitions=4",
        "turntable partitions=4 write_time=", "turntable partitions=4 write_time=-5",
        "turntable partitions=4 write_time=99999999999999999999"}) {
    EXPECT_EQ(parse_note(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace turntable
