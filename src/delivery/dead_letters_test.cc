#include "delivery/dead_letters.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "decode/letter_line.h"
#include "delivery/letter_reader.h"

namespace turntable {
namespace {

Record record_of(std::string_view value) {
  Record record;
  record.value = value;
  record.partition = 2;
  record.offset = 41;
  record.timestamp_ms = 1'709'460'900'123;
  return record;
}

RecordBatch batch_of(std::string_view topic, const Record& record) {
  RecordBatch batch;
  batch.topic = topic;
  batch.records.push_back(record);
  return batch;
}

std::string line_of(std::string_view topic, const Record& record, const Reject& reject) {
  return dead_letter_line(letter_of(batch_of(topic, record), reject));
}

TEST(DeadLetters, CarryPlaceTimeReasonAndTheBytesAsTheyCame) {
  EXPECT_EQ(
      line_of("plays", record_of("{\"a\":1"), {0, RejectCode::json_syntax, "it ends too early"}),
      "{\"topic\":\"plays\",\"partition\":2,\"offset\":41,\"time\":\"2024-03-03T10:15:00.123Z\","
      "\"reason\":\"json_syntax\",\"detail\":\"it ends too early\","
      "\"value_base64\":\"eyJhIjox\",\"value\":\"{\\\"a\\\":1\"}\n");
}

TEST(DeadLetters, LeaveTheTextAwayWhereBytesAreNotUtf8) {
  const std::string line = line_of("t", record_of("\xff"), {0, RejectCode::invalid_utf8, "no"});
  EXPECT_NE(line.find("\"value_base64\":\"/w==\""), std::string::npos);
  EXPECT_EQ(line.find("\"value\":"), std::string::npos);
}

// Kafka's protocol says that names are UTF-8; producers write what they like.
TEST(DeadLetters, KeepTheBytesOfHeadersNamesToo) {
  const Letter letter{.topic = "t", .headers = {{"\xff", "1"}, {"a", "2"}}, .reason = "r"};
  const std::string line = dead_letter_line(letter);
  EXPECT_NE(line.find("{\"name\":\"\xEF\xBF\xBD\",\"name_base64\":\"/w==\","), std::string::npos)
      << line;
  EXPECT_NE(line.find("{\"name\":\"a\",\"value_base64\""), std::string::npos) << line;
}

// As of a record with more headers than librdkafka reads.
TEST(DeadLetters, SayThatTheirHeadersCouldNotBeRead) {
  class Unreadable final : public RecordOwner {
   public:
    bool visit_headers(const Record&, const HeaderVisitor&) const override { return false; }
  };
  RecordBatch batch = batch_of("t", record_of("x"));
  batch.owner = std::make_unique<Unreadable>();
  const Letter letter = letter_of(batch, {0, RejectCode::too_large, "no"});
  EXPECT_TRUE(letter.headers_unread);
  std::string line = dead_letter_line(letter);
  EXPECT_NE(line.find(",\"headers\":null}"), std::string::npos) << line;
  line.pop_back();
  EXPECT_TRUE(parse_letter_line(line)->headers_unread);
}

TEST(DeadLetters, TellATombstoneFromAnEmptyValue) {
  Record tombstone = record_of("");
  tombstone.has_value = false;
  tombstone.has_key = true;
  tombstone.key = "k";
  const std::string line = line_of("t", tombstone, {0, RejectCode::empty_value, "no value"});
  EXPECT_NE(line.find("\"value_base64\":null"), std::string::npos);
  EXPECT_NE(line.find("\"key_base64\":\"aw==\",\"key\":\"k\""), std::string::npos);
  EXPECT_NE(line_of("t", record_of(""), {}).find("\"value_base64\":\"\""), std::string::npos);
}

TEST(DeadLetters, AppearInTheFileAfterAFlush) {
  const auto path =
      std::filesystem::temp_directory_path() / ("dead_letters_test_" + std::to_string(::getpid()));
  {
    auto letters = dead_letters_in_file(path.string());
    EXPECT_TRUE(letters->flush());
    EXPECT_FALSE(std::filesystem::exists(path));
    letters->add(batch_of("t", record_of("x")), {0, RejectCode::json_syntax, "no"});
    letters->add(batch_of("t", record_of("y")), {0, RejectCode::json_syntax, "no"});
    EXPECT_GT(letters->pending_bytes(), 0U);
    EXPECT_TRUE(letters->flush());
    EXPECT_EQ(letters->pending_bytes(), 0U);
  }
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), line_of("t", record_of("x"), {0, RejectCode::json_syntax, "no"}) +
                            line_of("t", record_of("y"), {0, RejectCode::json_syntax, "no"}));
  std::filesystem::remove(path);
}

TEST(DeadLetters, StandOnLinesOfTheirOwnBehindHalfALineOfAKilledProgram) {
  const auto path =
      std::filesystem::temp_directory_path() / ("dead_letters_torn_" + std::to_string(::getpid()));
  std::ofstream(path) << "{\"topic\":\"t\",\"par";
  auto letters = dead_letters_in_file(path.string());
  letters->add(batch_of("t", record_of("x")), {0, RejectCode::json_syntax, "no"});
  EXPECT_TRUE(letters->flush());
  letters->add(batch_of("t", record_of("y")), {0, RejectCode::json_syntax, "no"});
  EXPECT_TRUE(letters->flush());
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "{\"topic\":\"t\",\"par\n" +
                            line_of("t", record_of("x"), {0, RejectCode::json_syntax, "no"}) +
                            line_of("t", record_of("y"), {0, RejectCode::json_syntax, "no"}));
  std::filesystem::remove(path);
}

TEST(DeadLetters, GoToANewFileWhereTheirsWasRenamedOrRemoved) {
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("dead_letters_rotated_" + std::to_string(::getpid())))
                               .string();
  const auto text_of = [](const std::string& name) {
    std::stringstream text;
    text << std::ifstream(name).rdbuf();
    return text.str();
  };
  const Reject reject{0, RejectCode::json_syntax, "no"};
  auto letters = dead_letters_in_file(path);
  letters->add(batch_of("t", record_of("x")), reject);
  EXPECT_TRUE(letters->flush());
  std::filesystem::rename(path, path + ".1");
  letters->add(batch_of("t", record_of("y")), reject);
  EXPECT_TRUE(letters->flush());
  EXPECT_EQ(text_of(path + ".1"), line_of("t", record_of("x"), reject));
  EXPECT_EQ(text_of(path), line_of("t", record_of("y"), reject));
  std::filesystem::remove(path);
  letters->add(batch_of("t", record_of("z")), reject);
  EXPECT_TRUE(letters->flush());
  EXPECT_EQ(text_of(path), line_of("t", record_of("z"), reject));
  std::filesystem::remove(path);
  std::filesystem::remove(path + ".1");
}

TEST(DeadLetters, QuoteWhateverSomebodyElseWroteAsTheReason) {
  const Letter letter{.topic = "t", .reason = "a\"b\n"};
  EXPECT_NE(dead_letter_line(letter).find("\"reason\":\"a\\\"b\\n\""), std::string::npos);
}

TEST(DeadLetters, SayWhichFileCannotBeOpened) {
  auto letters = dead_letters_in_file("/dev/null/dead.jsonl");
  letters->add(batch_of("t", record_of("x")), {});
  const Status status = letters->flush();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::failed);
  EXPECT_NE(status.error().message.find("/dev/null/dead.jsonl: Not a directory"),
            std::string::npos);
}

TEST(DeadLetters, AreCheckedAtStartWithoutLeavingAFile) {
  const auto path =
      std::filesystem::temp_directory_path() / ("dead_letters_check_" + std::to_string(::getpid()));
  EXPECT_TRUE(check_dead_letters_file(path.string()));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(check_dead_letters_file("/dev/null/dead.jsonl"));
}

TEST(DeadLetters, KeepTheirsWhenTheDiskIsFull) {
  auto letters = dead_letters_in_file("/dev/full");
  letters->add(batch_of("t", record_of("x")), {});
  const Status status = letters->flush();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::transient);
  EXPECT_GT(letters->pending_bytes(), 0U);
}

// As on NFS, or with a quota: the write is taken, and only the sync says that there is no room.
TEST(DeadLetters, AreInTheFileOnceHoweverOftenASyncFails) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("dead_letters_sync_" + std::to_string(::getpid()) + ".jsonl");
  std::filesystem::remove(path);
  static int failures;
  failures = 3;
  auto letters = dead_letters_in_file(path.string(), [](int descriptor) {
    errno = ENOSPC;
    return failures-- > 0 ? -1 : ::fdatasync(descriptor);
  });
  const Record record = record_of("bad");
  letters->add(batch_of("t", record), {0, RejectCode::json_syntax, "no"});
  for (int i = 0; i < 3; ++i) {
    const Status status = letters->flush();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::transient);
    EXPECT_EQ(std::filesystem::file_size(path), 0U);
  }
  ASSERT_TRUE(letters->flush());
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  std::filesystem::remove(path);
}

TEST(DeadLetters, LeaveTheTextOfLargeValuesAway) {
  const std::string value(kReadableBytesLimit, '\1');  // Six characters each, as text.
  EXPECT_NE(line_of("t", record_of(value), {}).find("\"value\":\"\\u0001"), std::string::npos);
  const std::string more = value + "\1";
  const std::string line = line_of("t", record_of(more), {});
  EXPECT_EQ(line.find("\"value\":"), std::string::npos);
  EXPECT_EQ(parse_letter_line(line)->value, more);
}

TEST(DeadLetters, AreReadFromLinesUpToALimit) {
  const auto path =
      std::filesystem::temp_directory_path() / ("dead_letters_long_" + std::to_string(::getpid()));
  const std::string small = line_of("t", record_of("x"), {0, RejectCode::json_syntax, "no"});
  {
    std::ofstream file(path, std::ios::binary);
    const std::string large = line_of("t", record_of(std::string(size_t{64} << 20, 'x')), {});
    file << std::string(kLetterLineBytesLimit - large.size() + 1, ' ') << large;
    file << std::string(kLetterLineBytesLimit + 1, ' ') << "\n" << small;
  }
  auto reader = std::move(letters_of_file(path.string()).value());
  std::vector<size_t> sizes;
  while (!reader->at_end()) {
    const auto letters = reader->next(100, Millis(0));
    ASSERT_TRUE(letters);
    for (const Letter& letter : *letters) sizes.push_back(letter.value->size());
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{size_t{64} << 20, 1}));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace turntable
