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

TEST_F(LetterSourceTest, CountsWhatIsNoLetter) {
  LetterSource source =
      open("no letter\n" + line("plays", 1, "unmatched") + "{}\n", {.topic = "plays"});
  EXPECT_EQ(offsets(source), (std::vector<Offset>{1}));
  EXPECT_EQ(source.unreadable(), 2U);
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
