#include "delivery/letter_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "delivery/dead_letters.h"
#include "row/headers.h"

namespace turntable {
namespace {

class Nobody final : public AssignmentListener {
 public:
  void on_assigned(std::span<const PartitionId>) override {}
  void on_revoked(std::span<const PartitionId>, bool) override {}
};

class LetterSourceTest : public testing::Test {
 protected:
  ~LetterSourceTest() override { std::filesystem::remove(path_); }

  LetterSource open(const std::string& lines, LetterSource::Options options) {
    std::ofstream(path_, std::ios::binary) << lines;
    return {std::move(letters_of_file(path_).value()), std::move(options), nobody_};
  }

  // Of the records that are given, to the end.
  static std::vector<Offset> offsets(LetterSource& source) {
    std::vector<Offset> offsets;
    while (!source.at_end()) {
      const auto batch = source.poll(2, Millis(0));
      EXPECT_TRUE(batch);
      if (!batch) break;
      for (const Record& record : batch->records) {
        EXPECT_EQ(batch->topic, "plays");
        offsets.push_back(record.offset);
      }
    }
    return offsets;
  }

  static std::string line(const std::string& topic, Offset offset, const std::string& reason) {
    return dead_letter_line(
        {.topic = topic, .offset = offset, .value = "{}", .reason = reason, .detail = "no"});
  }

  const std::string path_ =
      std::filesystem::temp_directory_path() / ("letter_source_test_" + std::to_string(::getpid()));
  Nobody nobody_;
};

TEST_F(LetterSourceTest, PassesOverAndCountsLettersOfOtherTopics) {
  const std::string lines = line("plays", 1, "unmatched") + line("other", 1, "unmatched") +
                            line("other", 2, "json_syntax") + line("plays", 3, "json_syntax");
  LetterSource all = open(lines, {.topic = "plays"});
  EXPECT_EQ(offsets(all), (std::vector<Offset>{1, 3}));
  EXPECT_EQ(all.foreign(), 2U);
  LetterSource some = open(lines, {.topic = "plays", .reason = "unmatched"});
  EXPECT_EQ(offsets(some), (std::vector<Offset>{1}));
  EXPECT_EQ(some.foreign(), 2U);
}

TEST_F(LetterSourceTest, GivesRecordsTheWriteTimesThatTheyHadWhenTheyWereDelivered) {
  const std::string lines =
      dead_letter_line({.topic = "plays",
                        .offset = 1,
                        .timestamp_ms = 5,
                        .write_time_us = 77,
                        .value = "{}",
                        .reason = "unmatched"}) +
      // Those of a version before: the record's own time, and where there is none, before all.
      dead_letter_line({.topic = "plays",
                        .offset = 1'002,
                        .timestamp_ms = 5,
                        .value = "{}",
                        .reason = "unmatched"}) +
      line("plays", 3, "unmatched");
  LetterSource source = open(lines, {.topic = "plays"});
  const auto batch = source.poll(5, Millis(0));
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 3U);
  EXPECT_EQ(batch->records[0].write_time_us, 77);
  EXPECT_EQ(batch->records[1].write_time_us, 5'002);
  EXPECT_EQ(batch->records[2].write_time_us, 3) << "before all, and in order";
}

// A producer whose clock is wrong, and somebody who writes letters of his own.
TEST_F(LetterSourceTest, DoesNotBelieveTimesThatAreStillToCome) {
  constexpr int64_t kNow = 1'733'900'000'000'000;
  constexpr int64_t kDay = int64_t{86'400} * 1'000'000;
  constexpr int64_t kYear2099Ms = 4'070'908'800'000;
  const auto letter = [](Offset offset, int64_t timestamp_ms, int64_t write_time_us) {
    return dead_letter_line({.topic = "plays",
                             .offset = offset,
                             .timestamp_ms = timestamp_ms,
                             .write_time_us = write_time_us,
                             .value = "{}",
                             .reason = "unmatched"});
  };
  const std::string lines = letter(1, kYear2099Ms, kNoWriteTime) + letter(2, 5, kNow + kDay) +
                            letter(3, 5, kNow + kDay + 1) +
                            letter(4, kYear2099Ms, kYear2099Ms * 1'000) +
                            letter(5, kNow / 1'000 - 1, kNoWriteTime);
  const auto times = [&](WriteTimeRule rule) {
    LetterSource source = open(lines, {.topic = "plays", .write_times = rule, .now_us = kNow});
    std::vector<int64_t> given;
    const auto batch = source.poll(10, Millis(0));
    for (const Record& record : batch->records) given.push_back(record.write_time_us);
    return given;
  };
  EXPECT_EQ(times(WriteTimeRule::delivery),
            (std::vector<int64_t>{1, kNow + kDay, 5'003, 4, kNow - 1'000 + 5}));
  // There the record's own time is what the pipeline wants.
  EXPECT_EQ(times(WriteTimeRule::record),
            (std::vector<int64_t>{kYear2099Ms * 1'000 + 1, kNow + kDay, 5'003,
                                  kYear2099Ms * 1'000 + 4, kNow - 1'000 + 5}));
}

TEST_F(LetterSourceTest, PassesOverAndCountsLettersOfATopicThatHadTheNameBefore) {
  const auto letter = [](Offset offset, const std::string& id) {
    return dead_letter_line(
        {.topic = "plays", .topic_id = id, .offset = offset, .value = "{}", .reason = "unmatched"});
  };
  const std::string lines = letter(1, "") + letter(2, "now") + letter(3, "before") + letter(4, "");
  int asked = 0;
  const auto answer = [&asked](std::string id) {
    return [&asked, id] {
      ++asked;
      return Result<std::string>(id);
    };
  };
  LetterSource source = open(lines, {.topic = "plays", .topic_id = answer("now")});
  EXPECT_EQ(offsets(source), (std::vector<Offset>{1, 2, 4}));
  EXPECT_EQ(source.of_another_id(), 1U);
  EXPECT_EQ(source.foreign(), 0U);
  EXPECT_EQ(asked, 1);
  LetterSource old_brokers = open(lines, {.topic = "plays", .topic_id = answer("")});
  EXPECT_EQ(offsets(old_brokers), (std::vector<Offset>{1, 2, 3, 4}));
  // Letters that do not say it need nobody to be asked.
  LetterSource none =
      open(letter(1, ""), {.topic = "plays", .topic_id = [] {
                             return Result<std::string>(fail(ErrorKind::failed, "it is asked"));
                           }});
  EXPECT_EQ(offsets(none), (std::vector<Offset>{1}));
  LetterSource away =
      open(lines, {.topic = "plays", .topic_id = [] {
                     return Result<std::string>(fail(ErrorKind::failed, "there is no such topic"));
                   }});
  const auto failed = away.poll(10, Millis(0));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "there is no such topic");
}

TEST_F(LetterSourceTest, RunsTheInsertsThatALetterNamesAndThatAreStillThere) {
  const auto letter = [](Offset offset, std::vector<LetterInsert> inserts) {
    return dead_letter_line({.topic = "plays",
                             .offset = offset,
                             .value = "{}",
                             .reason = "bad_value",
                             .inserts = std::move(inserts)});
  };
  const std::string lines = letter(1, {}) + letter(2, {{"by_song", "unmatched", ""}}) +
                            letter(3, {{"by_song", "unmatched", ""},
                                       {"gone", "unmatched", ""},
                                       {"by_day", "bad_value", ""}}) +
                            letter(4, {{"gone", "unmatched", ""}});
  const std::vector<std::string> names{"history", "by_song", "by_day", "added_later"};
  const auto run = [&](const std::string& reason) {
    LetterSource source = open(lines, {.topic = "plays", .reason = reason, .inserts = names});
    std::vector<std::pair<Offset, InsertSet>> inserts;
    const auto batch = source.poll(10, Millis(0));
    for (const Record& record : batch->records) inserts.emplace_back(record.offset, record.inserts);
    return std::pair(inserts, source.of_other_inserts());
  };
  using Inserts = std::vector<std::pair<Offset, InsertSet>>;
  EXPECT_EQ(run(""), std::pair(Inserts({{1, InsertSet::all()},
                                        {2, InsertSet::of(1)},
                                        {3, InsertSet::of(1) | InsertSet::of(2)}}),
                               uint64_t{2}));
  // Of a letter's INSERTs those with the reason.
  EXPECT_EQ(run("unmatched"),
            std::pair(Inserts({{2, InsertSet::of(1)}, {3, InsertSet::of(1)}}), uint64_t{2}));
  EXPECT_EQ(run("bad_value"),
            std::pair(Inserts({{1, InsertSet::all()}, {3, InsertSet::of(2)}}), uint64_t{0}));
}

TEST_F(LetterSourceTest, CountsWhatIsNoLetter) {
  LetterSource source =
      open("no letter\n" + line("plays", 1, "unmatched") + "{}\n", {.topic = "plays"});
  EXPECT_EQ(offsets(source), (std::vector<Offset>{1}));
  EXPECT_EQ(source.unreadable(), 2U);
  EXPECT_EQ(source.first_unreadable().find(path_ + ":1: it is no dead letter: "), 0U)
      << source.first_unreadable();
}

TEST_F(LetterSourceTest, DoesNotTakeHeadersThatWereNotReadForNone) {
  const std::string unread = dead_letter_line(
      {.topic = "plays", .value = "{}", .headers_unread = true, .reason = "too_large"});
  LetterSource source = open(unread, {.topic = "plays", .want_headers = true});
  auto batch = source.poll(1, Millis(0));
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->size(), 1U);
  EXPECT_TRUE(batch->records[0].headers_too_large);
  EXPECT_EQ(batch->records[0].headers, "");
  EXPECT_FALSE(headers_of(*batch, batch->records[0]));
  // Nor do they matter where they are not asked for.
  LetterSource without = open(unread, {.topic = "plays"});
  batch = without.poll(1, Millis(0));
  ASSERT_TRUE(batch);
  EXPECT_FALSE(batch->records.at(0).headers_too_large);
}

}  // namespace
}  // namespace turntable
