#include "source/ndjson_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace turntable {
namespace {

using testing::HasSubstr;

class NoListener final : public AssignmentListener {
 public:
  void on_assigned(std::span<const PartitionId>) override {}
  void on_revoked(std::span<const PartitionId>, bool) override {}
};

class NdjsonSourceTest : public testing::Test {
 protected:
  NdjsonSourceTest()
      : path_(testing::TempDir() + fmt::format("turntable_lines_{}.ndjson", getpid())) {}
  ~NdjsonSourceTest() override { unlink(path_.c_str()); }

  // The lines that became records, each of them at the place that is its offset; "" is a line that
  // was passed over.
  std::vector<std::string> lines_of(const std::string& text, size_t limit = 100) {
    std::ofstream(path_, std::ios::trunc | std::ios::binary) << text;
    auto source = std::move(NdjsonSource::open(path_, listener_, stop_, clock_).value());
    std::vector<std::string> lines;
    while (!source->at_end()) {
      auto batch = source->poll(limit, Millis(0));
      if (!batch) {
        lines.push_back("error: " + batch.error().message);
        break;
      }
      for (const Record& record : batch->records) {
        EXPECT_GE(record.offset, static_cast<Offset>(lines.size()));
        lines.resize(static_cast<size_t>(record.offset));
        lines.emplace_back(record.value);
      }
    }
    return lines;
  }

  std::string path_;
  NoListener listener_;
  StopToken stop_;
  SystemClock clock_;
};

using Lines = std::vector<std::string>;

TEST_F(NdjsonSourceTest, TakesEveryLineForARecord) {
  EXPECT_EQ(lines_of("a\nb\nc\n"), (Lines{"a", "b", "c"}));
}

TEST_F(NdjsonSourceTest, TakesTheLastLineWithoutALineBreak) {
  EXPECT_EQ(lines_of("a\nb"), (Lines{"a", "b"}));
}

TEST_F(NdjsonSourceTest, ToleratesCarriageReturnsAtTheEndOnly) {
  EXPECT_EQ(lines_of("a\r\nb\rc\n"), (Lines{"a", "b\rc"}));
}

TEST_F(NdjsonSourceTest, PassesOverLinesOfWhiteSpaceButCountsThem) {
  EXPECT_EQ(lines_of("\n\na\n\n"), (Lines{"", "", "a"}));
  EXPECT_EQ(lines_of("a\n  \n\t \r\n\r\r\n b \n"), (Lines{"a", "", "", "", " b "}));
  EXPECT_EQ(lines_of("a\n   "), Lines{"a"}) << "the last line has no line break";
  EXPECT_EQ(lines_of("\n \n\t\n"), Lines{});
  // Not what other languages than JSON take for white space.
  EXPECT_EQ(lines_of("\v\n\f\n\xC2\xA0\n"), (Lines{"\v", "\f", "\xC2\xA0"}));
  for (const size_t limit : {size_t{1}, size_t{2}, size_t{3}})
    EXPECT_EQ(lines_of("\na\n\n\nb\n\n", limit), (Lines{"", "a", "", "", "b"})) << limit;
}

TEST_F(NdjsonSourceTest, PassesOverMoreWhiteSpaceThanABlockHas) {
  const std::string white(1'200'000, '\n');
  const Lines lines = lines_of("a\n" + white + "b\n" + white);
  ASSERT_EQ(lines.size(), 1'200'002U);
  EXPECT_EQ(lines.front(), "a");
  EXPECT_EQ(lines.back(), "b");
}

// The lane has other things to do while it is read.
TEST_F(NdjsonSourceTest, ReturnsInTimeFromAFileOfWhiteSpace) {
  std::ofstream(path_, std::ios::binary) << std::string(5'000'000, '\n') << "a\n";
  auto source = std::move(NdjsonSource::open(path_, listener_, stop_, clock_).value());
  const auto batch = source->poll(10, Millis(0));
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_TRUE(batch->empty());
  EXPECT_FALSE(source->at_end());
  Offset found = 0;
  while (!source->at_end()) {
    const auto more = source->poll(10, Millis(0));
    ASSERT_TRUE(more) << more.error().message;
    for (const Record& record : more->records) found = record.offset;
  }
  EXPECT_EQ(found, 5'000'000);
}

TEST_F(NdjsonSourceTest, ReadsOnBehindWhiteSpaceAtTheEndOfAFileThatGrows) {
  std::ofstream(path_, std::ios::binary) << "a\n\n";
  auto source = std::move(NdjsonSource::open(path_, listener_, stop_, clock_).value());
  ASSERT_EQ(source->poll(10, Millis(0))->size(), 1U);
  std::ofstream(path_, std::ios::app | std::ios::binary) << " \nb\n";
  const auto batch = source->poll(10, Millis(0));
  ASSERT_TRUE(batch) << batch.error().message;
  ASSERT_EQ(batch->size(), 1U);
  EXPECT_EQ(batch->records[0].value, "b");
  EXPECT_EQ(batch->records[0].offset, 3);
  EXPECT_TRUE(source->poll(10, Millis(0))->empty());
  EXPECT_TRUE(source->at_end());
}

TEST_F(NdjsonSourceTest, PassesOverAByteOrderMarkAtTheBeginningOnly) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(lines_of(mark + "a\nb\n"), (Lines{"a", "b"}));
  EXPECT_EQ(lines_of(mark + "\na\n"), (Lines{"", "a"})) << "nothing is left of the first line";
  EXPECT_EQ(lines_of(mark), Lines{});
  EXPECT_EQ(lines_of(mark + mark + "a\n"), Lines{mark + "a"});
  EXPECT_EQ(lines_of("a\n" + mark + "b\n"), (Lines{"a", mark + "b"}));
  EXPECT_EQ(lines_of("\n" + mark + "b\n"), (Lines{"", mark + "b"}));
}

TEST_F(NdjsonSourceTest, NamesAFileThatIsNoText) {
  using std::string_literals::operator""s;
  const auto fault_of = [this](const std::string& bytes) {
    std::ofstream(path_, std::ios::trunc | std::ios::binary) << bytes;
    const auto source = NdjsonSource::open(path_, listener_, stop_, clock_);
    EXPECT_EQ(NdjsonSource::check(path_).has_value(), source.has_value());
    if (source) return "a source"s;
    EXPECT_EQ(source.error().kind, ErrorKind::usage);
    return source.error().message;
  };
  const std::string plain = path_.substr(0, path_.size() - 7) + ".plain.ndjson";
  EXPECT_EQ(fault_of("\x1F\x8B\x08\0\0"s), path_ +
                                               " is compressed by gzip, expected text in UTF-8: "
                                               "gunzip -c " +
                                               path_ + " > " + plain);
  EXPECT_THAT(fault_of("\xFF\xFE{\0}\0\n\0"s), HasSubstr("iconv -f UTF-16 -t UTF-8 " + path_));
  EXPECT_THAT(fault_of("{\0\"\0i\0\"\0:\0001\0}\0\n\0"s), HasSubstr("iconv -f UTF-16LE"));
  EXPECT_EQ(fault_of("\xEF\xBB\xBF{}\n"), "a source");
  EXPECT_EQ(fault_of("\xFF{}\n"), "a source") << "a line that is wrong is a dead letter";
  EXPECT_EQ(fault_of(""), "a source");
}

// Nobody can look into it before.
TEST_F(NdjsonSourceTest, NamesAPipeThatIsNoTextBeforeItsFirstRecord) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string path = fmt::format("/dev/fd/{}", ends[0]);
  auto source = std::move(NdjsonSource::open(path, listener_, stop_, clock_).value());
  ASSERT_EQ(write(ends[1], "\x1F", 1), 1);
  EXPECT_TRUE(source->poll(10, Millis(10))->empty());
  ASSERT_EQ(write(ends[1], "\x8B\x08\x01\n\x02\n", 6), 6);
  const auto batch = source->poll(10, Millis(1'000));
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().kind, ErrorKind::usage);
  EXPECT_THAT(batch.error().message, HasSubstr(path + " is compressed by gzip"));
  close(ends[0]);
  close(ends[1]);
}

TEST_F(NdjsonSourceTest, FindsNothingInAnEmptyFile) {
  EXPECT_EQ(lines_of(""), Lines{});
}

TEST_F(NdjsonSourceTest, KeepsLinesWholeAcrossBlocks) {
  std::string text;
  Lines expected;
  // Lengths around and beyond a block of 1 MiB.
  constexpr size_t kBlock = size_t{1} << 20;
  for (const size_t size : {size_t{10}, kBlock, kBlock - 1, 3 * kBlock, size_t{1}, kBlock + 1}) {
    expected.emplace_back(size, static_cast<char>('a' + expected.size()));
    text += expected.back() + "\n";
  }
  for (const size_t limit : {size_t{1}, size_t{2}, size_t{100}})
    EXPECT_TRUE(lines_of(text, limit) == expected) << limit;
}

TEST_F(NdjsonSourceTest, NamesALineThatIsTooLong) {
  const std::string text =
      "a\n" + std::string(NdjsonSource::kLineBytesLimit + 2'000'000, 'x') + "\nb\n";
  const Lines lines = lines_of(text);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1], "error: " + path_ + ":2: the line is longer than 67,108,864 bytes");
}

TEST_F(NdjsonSourceTest, SaysThatTheFileWasCutShortWhileItWasRead) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += "0123456789\n";
  std::ofstream(path_, std::ios::trunc | std::ios::binary) << text;
  auto source = std::move(NdjsonSource::open(path_, listener_, stop_, clock_).value());
  ASSERT_TRUE(source->poll(10, Millis(0)));
  std::filesystem::resize_file(path_, 1'000);
  for (int i = 0; i < 10'000; ++i) {
    const auto batch = source->poll(1'000, Millis(0));
    if (batch) {
      ASSERT_FALSE(source->at_end());
      continue;
    }
    EXPECT_EQ(batch.error().message, path_ +
                                         ": the file was cut short while it was read: it has "
                                         "1,000 bytes, and was read up to byte 1,048,576");
    return;
  }
  FAIL() << "it was not said";
}

// As `cp` does over a file that is there. The new one may be longer.
TEST_F(NdjsonSourceTest, SaysThatTheFileWasWrittenAnewWhileItWasRead) {
  for (const int anew : {300'000, 400'000}) {
    const auto write = [this](int count, const char* line) {
      std::ofstream file(path_, std::ios::trunc | std::ios::binary);
      for (int i = 0; i < count; ++i) file << line;
    };
    write(300'000, "0123456789\n");
    auto source = std::move(NdjsonSource::open(path_, listener_, stop_, clock_).value());
    ASSERT_TRUE(source->poll(10, Millis(0)));
    write(anew, "abcdefghij\n");
    Status status;
    for (int i = 0; i < 10'000 && status && !source->at_end(); ++i) {
      const auto batch = source->poll(1'000, Millis(0));
      if (!batch) status = tl::unexpected<Error>(batch.error());
      if (!batch) break;
      for (const Record& record : batch->records) ASSERT_EQ(record.value, "0123456789");
    }
    ASSERT_FALSE(status) << "it was not said";
    EXPECT_EQ(status.error().message, path_ +
                                          ": the file was written anew while it was read: the "
                                          "1,048,576 bytes that were read are not those that it "
                                          "has now");
  }
}

// All of it was read at once, and only its end had still to be seen.
TEST_F(NdjsonSourceTest, SaysThatASmallFileWasWrittenAnewBeforeItsEnd) {
  std::ofstream(path_, std::ios::binary) << "a\nb\n";
  auto source = std::move(NdjsonSource::open(path_, listener_, stop_, clock_).value());
  ASSERT_EQ(source->poll(2, Millis(0))->size(), 2U);
  std::ofstream(path_, std::ios::trunc | std::ios::binary) << "c\nd\ne\n";
  const auto batch = source->poll(2, Millis(0));
  ASSERT_FALSE(batch);
  EXPECT_NE(batch.error().message.find("written anew while it was read"), std::string::npos);
}

TEST_F(NdjsonSourceTest, ReadsOnWhereTheFileHasGrown) {
  std::ofstream(path_, std::ios::binary) << "a\nb\n";
  auto source = std::move(NdjsonSource::open(path_, listener_, stop_, clock_).value());
  ASSERT_EQ(source->poll(2, Millis(0))->size(), 2U);
  for (const auto& line : {std::string("c"), std::string(3'000'000, 'd')}) {
    std::ofstream(path_, std::ios::app | std::ios::binary) << line << "\n";
    const auto batch = source->poll(1, Millis(0));
    ASSERT_TRUE(batch) << batch.error().message;
    EXPECT_TRUE(batch->records.at(0).value == line);
  }
  EXPECT_TRUE(source->poll(1, Millis(0))->empty());
  EXPECT_TRUE(source->at_end());
}

// As in `{ read -r header; turntable run …; } < events.ndjson`.
TEST_F(NdjsonSourceTest, ReadsStandardInputOnFromWhereItStands) {
  std::ofstream(path_, std::ios::binary) << "a long header\nb\nc\n";
  const int before = ::dup(STDIN_FILENO);
  const int file = ::open(path_.c_str(), O_RDONLY);
  ASSERT_EQ(::lseek(file, 14, SEEK_SET), 14);
  ASSERT_EQ(::dup2(file, STDIN_FILENO), STDIN_FILENO);
  ::close(file);
  auto source = std::move(NdjsonSource::open("-", listener_, stop_, clock_).value());
  const auto batch = source->poll(10, Millis(0));
  ASSERT_TRUE(batch) << batch.error().message;
  ASSERT_EQ(batch->size(), 2U);
  EXPECT_EQ(batch->records[0].value, "b");
  EXPECT_EQ(batch->records[0].offset, 0);
  std::ofstream(path_, std::ios::app | std::ios::binary) << "d\n";
  const auto grown = source->poll(10, Millis(0));
  ASSERT_TRUE(grown) << grown.error().message;
  EXPECT_EQ(grown->records.at(0).value, "d");
  // That it was written anew is still noticed.
  std::ofstream(path_, std::ios::trunc | std::ios::binary) << "a long header\ne\nf\ng\n";
  const auto anew = source->poll(10, Millis(0));
  ASSERT_EQ(::dup2(before, STDIN_FILENO), STDIN_FILENO);
  ::close(before);
  ASSERT_FALSE(anew);
  EXPECT_THAT(anew.error().message, HasSubstr("the 6 bytes that were read are not those"));
}

TEST_F(NdjsonSourceTest, SaysWhichFileIsMissing) {
  const auto missing = NdjsonSource::open("/nowhere/plays.ndjson", listener_, stop_, clock_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::usage);
  EXPECT_EQ(missing.error().message,
            "Cannot read /nowhere/plays.ndjson: No such file or directory");
  const auto directory = NdjsonSource::open("/", listener_, stop_, clock_);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().message, "Cannot read /: it is a directory");
}

// A pipe stands for standard input: it may be silent for long.
TEST_F(NdjsonSourceTest, GivesAnEmptyBatchWhileAPipeIsSilentAndEndsWhenItCloses) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  auto source = std::move(
      NdjsonSource::open(fmt::format("/dev/fd/{}", ends[0]), listener_, stop_, clock_).value());
  EXPECT_TRUE(source->poll(10, Millis(10))->empty());
  EXPECT_FALSE(source->at_end());
  ASSERT_EQ(write(ends[1], "a\nb", 3), 3);
  EXPECT_EQ(source->poll(10, Millis(1'000))->records.at(0).value, "a");
  close(ends[1]);
  EXPECT_EQ(source->poll(10, Millis(1'000))->records.at(0).value, "b");
  EXPECT_TRUE(source->at_end());
  close(ends[0]);
}

// open(2) of a named pipe would wait for a writer, and a stop be noticed by nobody.
TEST_F(NdjsonSourceTest, WaitsForTheWriterOfANamedPipeAsForAnyInput) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  auto source = std::move(NdjsonSource::open(path_, listener_, stop_, clock_).value());
  EXPECT_TRUE(source->poll(10, Millis(10))->empty());
  EXPECT_FALSE(source->at_end()) << "nobody has written yet";
  std::ofstream(path_) << "a\nb\n";
  Lines lines;
  for (int i = 0; i < 100 && !source->at_end(); ++i) {
    const auto batch = source->poll(10, Millis(100));
    for (const Record& record : batch->records) lines.emplace_back(record.value);
  }
  EXPECT_EQ(lines, (Lines{"a", "b"}));
  EXPECT_TRUE(source->at_end());
}

TEST_F(NdjsonSourceTest, LeavesASilentPipeOnAStop) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  auto source = std::move(
      NdjsonSource::open(fmt::format("/dev/fd/{}", ends[0]), listener_, stop_, clock_).value());
  std::thread stopper([this] {
    std::this_thread::sleep_for(Millis(50));
    stop_.request();
  });
  const auto begun = clock_.now();
  EXPECT_TRUE(source->poll(10, Millis(20'000))->empty());
  EXPECT_LT(clock_.now() - begun, Millis(5'000));
  stopper.join();
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace turntable
