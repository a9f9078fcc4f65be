#include "delivery/dead_letters.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
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

TEST(DeadLetters, CarryTheWriteTimeOfTheirRecord) {
  Record record = record_of("{}");
  record.write_time_us = 1'733'900'000'000'001;
  EXPECT_NE(line_of("t", record, {0, RejectCode::unmatched, "no"})
                .find(",\"write_time\":1733900000000001,"),
            std::string::npos);
}

TEST(DeadLetters, SayWhichTopicTheirRecordsCameFrom) {
  const auto path =
      std::filesystem::temp_directory_path() / ("dead_letters_ids_" + std::to_string(::getpid()));
  auto letters = dead_letters_in_file(path.string(), ::fdatasync, "kVWmJ1eNTFaYk7hJtA0000");
  letters->add(batch_of("plays", record_of("x")), {0, RejectCode::json_syntax, "no"});
  ASSERT_TRUE(letters->flush());
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line.find(R"({"topic":"plays","topic_id":"kVWmJ1eNTFaYk7hJtA0000",)"), 0U) << line;
  EXPECT_EQ(parse_letter_line(line)->topic_id, "kVWmJ1eNTFaYk7hJtA0000");
  std::filesystem::remove(path);
}

TEST(DeadLetters, SayWhatEachOfSeveralInsertsHadAgainstTheRecord) {
  const std::vector<std::string> inserts{"history", "by_song", "by_day"};
  const std::vector<Reject> faults{
      {.code = RejectCode::unmatched, .reason = "no song", .insert = 1},
      {.code = RejectCode::bad_value, .reason = "no \"day\"", .insert = 2}};
  const Letter letter = letter_of(batch_of("plays", record_of("{}")), faults, inserts);
  EXPECT_EQ(letter.reason, "bad_value") << "rejected is worse than unmatched";
  EXPECT_EQ(letter.detail, "no \"day\"");
  std::string line = dead_letter_line(letter);
  EXPECT_NE(line.find("\"reason\":\"bad_value\",\"detail\":\"no \\\"day\\\"\",\"inserts\":["
                      "{\"insert\":\"by_song\",\"reason\":\"unmatched\",\"detail\":\"no song\"},"
                      "{\"insert\":\"by_day\",\"reason\":\"bad_value\",\"detail\":"
                      "\"no \\\"day\\\"\"}],\"value_base64\""),
            std::string::npos)
      << line;
  line.pop_back();
  EXPECT_EQ(parse_letter_line(line)->inserts, letter.inserts);
}

TEST(DeadLetters, NameEveryInsertWhereTheFaultIsTheRecordsOwn) {
  const Reject fault{0, RejectCode::json_syntax, "it ends"};
  const std::vector<std::string> inserts{"history", "by_song"};
  const RecordBatch batch = batch_of("plays", record_of("{"));
  EXPECT_EQ(letter_of(batch, std::span(&fault, 1), inserts).inserts,
            (std::vector<LetterInsert>{{"history", "json_syntax", "it ends"},
                                       {"by_song", "json_syntax", "it ends"}}));
}

// An INSERT that is added to the pipeline later is not run for it.
TEST(DeadLetters, NameTheInsertAlsoWhereThereIsOnlyOne) {
  const Reject fault{.code = RejectCode::unmatched, .reason = "no song", .insert = 0};
  const std::vector<std::string> inserts{"history"};
  const RecordBatch batch = batch_of("plays", record_of("{}"));
  EXPECT_EQ(letter_of(batch, std::span(&fault, 1), inserts).inserts,
            (std::vector<LetterInsert>{{"history", "unmatched", "no song"}}));
}

TEST(DeadLetters, NameInsertsInTheFile) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("dead_letters_inserts_" + std::to_string(::getpid()));
  auto letters = dead_letters_in_file(path.string(), ::fdatasync, "", {"history", "by_song"});
  const std::vector<Reject> faults{{.code = RejectCode::unmatched, .reason = "no", .insert = 1}};
  letters->add(batch_of("plays", record_of("x")), faults);
  ASSERT_TRUE(letters->flush());
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(parse_letter_line(line)->inserts,
            (std::vector<LetterInsert>{{"by_song", "unmatched", "no"}}));
  std::filesystem::remove(path);
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

class RotatedDeadLetters : public testing::Test {
 protected:
  RotatedDeadLetters()
      : path_((std::filesystem::temp_directory_path() /
               ("dead_letters_rotated_" + std::to_string(::getpid())))
                  .string()) {}
  ~RotatedDeadLetters() override {
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + ".1");
    std::filesystem::remove(path_ + ".2");
  }
  static std::string text_of(const std::string& name) {
    std::stringstream text;
    text << std::ifstream(name).rdbuf();
    return text.str();
  }
  static std::string line(const std::string& value) {
    return line_of("t", record_of(value), {0, RejectCode::json_syntax, "no"});
  }
  static Status write(DeadLetters& letters, const std::string& value) {
    const Record record = record_of(value);
    letters.add(batch_of("t", record), {0, RejectCode::json_syntax, "no"});
    return letters.flush();
  }

  const std::string path_;
};

TEST_F(RotatedDeadLetters, GoToANewFileWhereTheirsWasRenamed) {
  auto letters = dead_letters_in_file(path_);
  EXPECT_TRUE(write(*letters, "x"));
  std::filesystem::rename(path_, path_ + ".1");
  EXPECT_TRUE(write(*letters, "y"));
  EXPECT_EQ(text_of(path_ + ".1"), line("x"));
  EXPECT_EQ(text_of(path_), line("y"));
}

TEST_F(RotatedDeadLetters, StopWhereTheirsWasRemovedOrReplaced) {
  for (const bool replaced : {false, true}) {
    auto letters = dead_letters_in_file(path_);
    EXPECT_TRUE(write(*letters, "x"));
    if (replaced) {
      std::ofstream(path_ + ".1") << "another\n";
      std::filesystem::rename(path_ + ".1", path_);
    } else {
      std::filesystem::remove(path_);
    }
    const Status written = write(*letters, "y");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, ErrorKind::failed);
    EXPECT_NE(written.error().message.find(path_ + " was removed or replaced"), std::string::npos);
    EXPECT_FALSE(letters->flush());  // It stays so.
    std::filesystem::remove(path_);
  }
}

TEST_F(RotatedDeadLetters, SayBeforeAPositionIsStoredThatTheyAreGone) {
  auto letters = dead_letters_in_file(path_);
  EXPECT_TRUE(letters->still_there());
  EXPECT_TRUE(write(*letters, "x"));
  EXPECT_TRUE(letters->still_there());
  std::filesystem::rename(path_, path_ + ".1");
  EXPECT_TRUE(letters->still_there());
  std::filesystem::remove(path_ + ".1");
  EXPECT_FALSE(letters->still_there());
}

// As an operator does who is done with them.
TEST_F(RotatedDeadLetters, MayBeRemovedOncePositionsBehindThemAreStored) {
  auto letters = dead_letters_in_file(path_);
  EXPECT_TRUE(write(*letters, "x"));
  letters->let_go();
  std::filesystem::remove(path_);
  EXPECT_TRUE(letters->still_there());
  EXPECT_TRUE(write(*letters, "y"));
  EXPECT_EQ(text_of(path_), line("y"));
  letters->let_go();
  std::filesystem::resize_file(path_, 0);
  EXPECT_TRUE(write(*letters, "z"));
  EXPECT_EQ(text_of(path_), line("z"));
}

// As logrotate does with `compress`: the renamed file is removed, with letters whose position
// waits.
TEST_F(RotatedDeadLetters, CountUnderTheNamesThatTheirFilesHadUntilTheyAreLetGo) {
  for (const bool let_go : {false, true}) {
    auto letters = dead_letters_in_file(path_);
    EXPECT_TRUE(write(*letters, "x"));
    std::filesystem::rename(path_, path_ + ".1");
    EXPECT_TRUE(write(*letters, "y"));
    std::filesystem::rename(path_, path_ + ".2");
    EXPECT_TRUE(write(*letters, "z"));
    EXPECT_TRUE(letters->still_there());
    if (let_go) letters->let_go();
    std::filesystem::remove(path_ + ".1");
    std::filesystem::remove(path_ + ".2");
    EXPECT_EQ(letters->still_there().has_value(), let_go);
    const Status written = write(*letters, "w");
    EXPECT_EQ(written.has_value(), let_go);
    if (!let_go) {
      EXPECT_EQ(written.error().kind, ErrorKind::failed);
    }
    EXPECT_EQ(text_of(path_), let_go ? line("z") + line("w") : line("z"));
    std::filesystem::remove(path_);
  }
}

TEST_F(RotatedDeadLetters, StopWhereARenamedFileIsCutShortBeforeTheyAreLetGo) {
  auto letters = dead_letters_in_file(path_);
  EXPECT_TRUE(write(*letters, "x"));
  std::filesystem::rename(path_, path_ + ".1");
  EXPECT_TRUE(write(*letters, "y"));
  std::filesystem::resize_file(path_ + ".1", 3);
  const Status there = letters->still_there();
  ASSERT_FALSE(there);
  EXPECT_NE(there.error().message.find("was cut short"), std::string::npos);
}

// As `cp` does over a file that is there: it is as long as before, or longer, and the letters are
// not in it.
TEST_F(RotatedDeadLetters, StopWhereTheirsWasWrittenOverAndHasGrown) {
  for (const size_t longer : {size_t{0}, size_t{10'000}}) {
    auto letters = dead_letters_in_file(path_);
    EXPECT_TRUE(write(*letters, std::string(6'000, 'x')));
    EXPECT_TRUE(write(*letters, "y"));
    const auto size = std::filesystem::file_size(path_);
    std::ofstream(path_, std::ios::trunc) << std::string(size + longer, '\n');
    const Status there = letters->still_there();
    ASSERT_FALSE(there);
    EXPECT_EQ(there.error().kind, ErrorKind::failed);
    EXPECT_NE(there.error().message.find("was written over"), std::string::npos);
    EXPECT_FALSE(write(*letters, "z"));
    letters->let_go();
    EXPECT_TRUE(write(*letters, "w"));
    std::filesystem::remove(path_);
  }
}

TEST_F(RotatedDeadLetters, StopWhereTheirsIsRemovedBeforeTheyAreAcknowledged) {
  static std::string path;
  path = path_;
  auto letters = dead_letters_in_file(path_, [](int descriptor) {
    std::filesystem::remove(path);
    return ::fdatasync(descriptor);
  });
  EXPECT_FALSE(write(*letters, "x"));
}

TEST_F(RotatedDeadLetters, StopWhereTheirsWasCutShort) {
  auto letters = dead_letters_in_file(path_);
  EXPECT_TRUE(write(*letters, "x"));
  std::filesystem::resize_file(path_, 0);
  const Status written = write(*letters, "y");
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("was cut short"), std::string::npos);
}

TEST_F(RotatedDeadLetters, OfAnotherLaneMakeTheFileLongerAndStopNothing) {
  auto first = dead_letters_in_file(path_);
  auto second = dead_letters_in_file(path_);
  EXPECT_TRUE(write(*first, "x"));
  EXPECT_TRUE(write(*second, "y"));
  EXPECT_TRUE(write(*first, "z"));
  EXPECT_EQ(text_of(path_), line("x") + line("y") + line("z"));
}

TEST(DeadLetters, QuoteWhateverSomebodyElseWroteAsTheReason) {
  const Letter letter{.topic = "t", .reason = "a\"b\n"};
  EXPECT_NE(dead_letter_line(letter).find("\"reason\":\"a\\\"b\\n\""), std::string::npos);
}

TEST(DeadLetters, SayWhichFileCannotBeOpened) {
  auto letters = dead_letters_in_file("/dev/null/dead.jsonl");
  letters->add(batch_of("t", record_of("x")), Reject{});
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

// Letters are looked at again after they were written, so their file must be readable.
TEST(DeadLetters, AreCheckedAtStartForAllThatAFlushNeeds) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("dead_letters_write_only_" + std::to_string(::getpid()));
  std::ofstream(path) << "";
  ASSERT_EQ(::chmod(path.c_str(), 0200), 0);
  constexpr uid_t kNobody = 65'534;
  const uid_t user = ::geteuid();
  if (user == 0) {  // Root may read everything.
    ASSERT_EQ(::chown(path.c_str(), kNobody, kNobody), 0);
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  const Status checked = check_dead_letters_file(path.string());
  auto letters = dead_letters_in_file(path.string());
  letters->add(batch_of("t", record_of("x")), Reject{});
  const Status flushed = letters->flush();
  ASSERT_EQ(::seteuid(user), 0);
  std::filesystem::remove(path);
  ASSERT_FALSE(flushed);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().message, flushed.error().message);
}

// A disk may have room again; a device that is full will stay so.
TEST(DeadLetters, AreNotTriedAgainWhereWhatIsFullIsNoDisk) {
  auto letters = dead_letters_in_file("/dev/full");
  letters->add(batch_of("t", record_of("x")), Reject{});
  const Status status = letters->flush();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::failed);
  EXPECT_EQ(status.error().message,
            "cannot write to the dead letters' file /dev/full: No space left on device");
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
  const std::string line = line_of("t", record_of(more), Reject{});
  EXPECT_EQ(line.find("\"value\":"), std::string::npos);
  EXPECT_EQ(parse_letter_line(line)->value, more);
}

TEST(DeadLetters, AreReadFromLinesUpToALimit) {
  const auto path =
      std::filesystem::temp_directory_path() / ("dead_letters_long_" + std::to_string(::getpid()));
  const std::string small = line_of("t", record_of("x"), {0, RejectCode::json_syntax, "no"});
  {
    std::ofstream file(path, std::ios::binary);
    const std::string large = line_of("t", record_of(std::string(size_t{64} << 20, 'x')), Reject{});
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
