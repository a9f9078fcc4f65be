#include "base/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/descriptor.h"

namespace turntable {
namespace {

// Both ends of a pipe, closed at the end of the test.
struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
  ~Pipe() {
    close_reader();
    close_writer();
  }
  void close_reader() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }
  void close_writer() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  std::string read(size_t bytes) {
    std::string text(bytes, '\0');
    size_t got = 0;
    while (got < bytes) {
      const ssize_t count = ::read(ends[0], text.data() + got, bytes - got);
      if (count <= 0) break;
      got += static_cast<size_t>(count);
    }
    text.resize(got);
    return text;
  }
  std::array<int, 2> ends{-1, -1};
};

class OutputTest : public testing::Test {
 protected:
  OutputTest() { ::signal(SIGPIPE, SIG_IGN); }  // As the program has it.
};

TEST_F(OutputTest, TakesTheStatusLineAwayBeforeAnythingElseIsShown) {
  Pipe pipe;
  Output out(pipe.ends[1]);
  Output log(pipe.ends[1]);
  out.share_terminal_with(log);
  log.show_status("12 records/s");
  log.show_status("13 records/s");
  out.show("Flushing\n");
  out.show("Flushing again\n");
  log.show_status("14 records/s");
  log.show("a warning\n");
  log.show_status("");  // There is none any more.
  pipe.close_writer();
  EXPECT_EQ(pipe.read(1000),
            "\r\x1b[K12 records/s\r\x1b[K13 records/s\r\x1b[KFlushing\nFlushing again\n"
            "\r\x1b[K14 records/s\r\x1b[Ka warning\n");
}

TEST_F(OutputTest, TellsAFullDiskFromAReaderThatWentAway) {
  const int full = ::open("/dev/full", O_WRONLY);
  Output disk(full);
  disk.show("text");
  EXPECT_TRUE(disk.failed());
  ::close(full);
  Pipe pipe;
  pipe.close_reader();
  Output out(pipe.ends[1]);
  out.show("text");
  EXPECT_TRUE(out.reader_gone());
  EXPECT_FALSE(out.failed());
}

TEST(CutTo, LeavesWhatFitsAndMarksWhatIsCut) {
  EXPECT_EQ(cut_to("records", 7), "records");
  EXPECT_EQ(cut_to("records", 6), "recor…");
  EXPECT_EQ(cut_to("records", 1), "…");
  EXPECT_EQ(cut_to("records", 0), "");
  // Characters that may take two columns are never cut apart.
  EXPECT_EQ(cut_to("日本語", 6), "日本語");
  EXPECT_EQ(cut_to("日本語", 5), "日本…");
  EXPECT_EQ(cut_to("日本語", 4), "日…");
}

TEST_F(OutputTest, HoldsTextBackUntilFlush) {
  Pipe pipe;
  Output out(pipe.ends[1]);
  EXPECT_TRUE(out.print("{} and {}\n", 1, "two"));
  ASSERT_EQ(::fcntl(pipe.ends[0], F_SETFL, O_NONBLOCK), 0);
  EXPECT_EQ(pipe.read(1), "");
  EXPECT_TRUE(out.flush());
  EXPECT_EQ(pipe.read(10), "1 and two\n");
  EXPECT_TRUE(out.finish());
}

TEST_F(OutputTest, AFullDiskIsTheFirstFailureAndNothingFollowsIt) {
  const int full = ::open("/dev/full", O_WRONLY);
  Output out(full);
  EXPECT_TRUE(out.write("a"));
  EXPECT_FALSE(out.flush());
  EXPECT_FALSE(out.write("b"));
  EXPECT_FALSE(out.reader_gone());
  for (int i = 0; i < 2; ++i) {
    const Status status = out.finish();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message, "cannot write to standard output: No space left on device");
  }
  ::close(full);
}

TEST_F(OutputTest, AReaderThatWentAwayIsNoFailureOfAListing) {
  Pipe pipe;
  pipe.close_reader();
  Output out(pipe.ends[1]);
  out.write("a");
  EXPECT_TRUE(out.finish());
  EXPECT_TRUE(out.reader_gone());
  EXPECT_FALSE(out.write("b"));
  EXPECT_EQ(out.written().error().message, "cannot write to standard output: its reader has gone");
}

TEST_F(OutputTest, ALongListingFindsOutThatNobodyReads) {
  Pipe pipe;
  pipe.close_reader();
  Output out(pipe.ends[1]);
  int lines = 0;
  while (lines < 1'000'000 && out.write("one line of a long listing\n")) ++lines;
  EXPECT_LT(lines, 10'000);
}

TEST_F(OutputTest, WaitsWhereTheDescriptorDoesNotBlock) {
  Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.ends[1], F_SETFL, O_NONBLOCK), 0);
  const std::string text(1 << 20, 'x');  // More than a pipe holds.
  std::string got;
  std::thread reader([&] { got = pipe.read(text.size()); });
  Output out(pipe.ends[1]);
  EXPECT_TRUE(out.write(text));
  EXPECT_TRUE(out.finish());
  reader.join();
  EXPECT_EQ(got, text);
}

TEST_F(OutputTest, ProgressThatCannotBeShownIsSaidOnce) {
  const int full = ::open("/dev/full", O_WRONLY);
  Output out(full);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) out.show("Flushing\n");
  const std::string said = testing::internal::GetCapturedStderr();
  const size_t first = said.find(
      "cannot write to standard output: No space left on device; the work goes on, its progress is "
      "not shown");
  EXPECT_NE(first, std::string::npos) << said;
  EXPECT_EQ(said.find("cannot write", first + 1), std::string::npos) << said;
  ::close(full);
}

TEST_F(OutputTest, WhatTheWorkCameToIsMissedWhereItCannotBeShown) {
  const int full = ::open("/dev/full", O_WRONLY);
  const auto said_by = [](Output& out) {
    testing::internal::CaptureStderr();
    out.show_last("Done\n");
    return testing::internal::GetCapturedStderr();
  };
  Output out(full);
  EXPECT_NE(said_by(out).find("cannot write to standard output: No space left on device; what the "
                              "work came to is not shown"),
            std::string::npos);
  Output said(full);
  testing::internal::CaptureStderr();
  said.show("Flushing\n");
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(said_by(said), "") << "it has been said";
  ::close(full);
  Pipe pipe;
  Output right(pipe.ends[1]);
  EXPECT_EQ(said_by(right), "");
  EXPECT_EQ(pipe.read(5), "Done\n");
}

// An eventfd whose counter has room for less than what it is given: poll() finds room, write()
// none.
TEST_F(OutputTest, ProgressDoesNotSpinWhereThereIsRoomThatTakesNothing) {
  const int counter = ::eventfd(0, EFD_NONBLOCK);
  ASSERT_EQ(::eventfd_write(counter, 0xf000'0000'0000'0000), 0);
  ASSERT_TRUE(await_room(counter, Millis(0)));
  std::atomic<bool> ended = false;
  std::thread reader([&] {  // So that the test ends in any case.
    for (int i = 0; i < 300 && !ended; ++i) std::this_thread::sleep_for(Millis(10));
    eventfd_t count = 0;
    EXPECT_EQ(::eventfd_read(counter, &count), 0);
  });
  const auto busy = [] {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    const auto of = [](const timeval& time) { return time.tv_sec * 1'000 + time.tv_usec / 1'000; };
    return of(usage.ru_utime) + of(usage.ru_stime);
  };
  Output out(counter);
  const auto begun = std::chrono::steady_clock::now();
  const auto busy_before = busy();
  out.show("eight ch");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
  EXPECT_LT(busy() - busy_before, 150) << "milliseconds";
  ended = true;
  reader.join();
  ::close(counter);
}

TEST_F(OutputTest, LinesOfSeveralThreadsStayWhole) {
  Pipe pipe;
  Output out(pipe.ends[1]);
  constexpr size_t kLines = 500;
  constexpr size_t kLength = 5'000;  // More than a pipe takes in one piece.
  std::string got;
  std::thread reader([&] { got = pipe.read(3 * kLines * kLength); });
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b', 'c'})
    writers.emplace_back([&out, letter] {
      for (size_t i = 0; i < kLines; ++i) out.show(std::string(kLength - 1, letter) + "\n");
    });
  for (std::thread& writer : writers) writer.join();
  reader.join();
  ASSERT_EQ(got.size(), 3 * kLines * kLength);
  for (size_t line = 0; line < 3 * kLines; ++line)
    EXPECT_EQ(got.find_first_not_of(got[line * kLength], line * kLength), (line + 1) * kLength - 1);
}

// What a pipe holds, and what is kept for a reader that may go on.
constexpr size_t kRoom = size_t{256} << 10;

TEST_F(OutputTest, ProgressDoesNotWaitForAReaderThatStopsReading) {
  Pipe pipe;
  Output out(pipe.ends[1]);
  testing::internal::CaptureStderr();
  const std::string line(999, 'x');
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < 2 * kRoom / 1000; ++i) out.show(line + "\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(
      said.find("cannot write to standard output: its reader does not read; the work goes on, "
                "its progress is not shown"),
      std::string::npos)
      << said;
  EXPECT_EQ(said.find("cannot write"), said.rfind("cannot write")) << said;
  // It goes on: whole lines, in their order, and behind them what has been missed and a new one.
  std::string got;
  std::thread reader([&] {
    while (!got.ends_with("last\n")) {
      const std::string piece = pipe.read(1);
      if (piece.empty()) break;
      got += piece;
    }
  });
  std::this_thread::sleep_for(Millis(300));
  out.show("last\n");
  EXPECT_TRUE(out.finish());
  reader.join();
  const size_t mark = got.find('[');
  ASSERT_NE(mark, std::string::npos);
  const size_t shown = mark / 1000;
  EXPECT_EQ(got.substr(mark), fmt::format("[{} pieces are not shown here: nobody read]\nlast\n",
                                          2 * kRoom / 1000 - shown));
  got.resize(mark);
  ASSERT_EQ(got.size() % 1000, 0);
  for (size_t at = 0; at < got.size(); at += 1000) ASSERT_EQ(got.substr(at, 1000), line + "\n");
}

// As the verdict of a run: it is no progress, whatever was passed over before it.
TEST_F(OutputTest, WhatIsWrittenBehindProgressThatWasPassedOverIsThere) {
  Pipe pipe;
  Output out(pipe.ends[1]);
  const std::string line(999, 'x');
  testing::internal::CaptureStderr();
  for (size_t i = 0; i < 2 * kRoom / 1000; ++i) out.show(line + "\n");
  testing::internal::GetCapturedStderr();
  std::thread writer([&] {
    out.write("Done\n");
    EXPECT_TRUE(out.finish());
    ::close(std::exchange(pipe.ends[1], -1));
  });
  const std::string got = pipe.read(4 * kRoom);
  writer.join();
  EXPECT_TRUE(got.ends_with("nobody read]\nDone\n")) << got.substr(got.size() - 100);
}

TEST_F(OutputTest, HandsOverAsMuchAsIsTakenInTime) {
  Pipe pipe;
  Output out(pipe.ends[1]);
  StopToken stop;
  out.give_up_after(stop);
  EXPECT_TRUE(out.add(std::string(kRoom, 'x')));
  EXPECT_FALSE(out.hand_over(Millis(0)).value());
  EXPECT_FALSE(out.hand_over(Millis(20)).value());
  std::thread reader([&] { EXPECT_EQ(pipe.read(kRoom).size(), kRoom); });
  EXPECT_TRUE(out.hand_over(Millis(10'000)).value());
  reader.join();
  EXPECT_TRUE(out.hand_over(Millis(0)).value()) << "there is nothing";
  // A reader that does not read any more is not waited for for ever after the wish to stop.
  out.add(std::string(kRoom, 'x'));
  stop.request();
  Result<bool> last = false;
  for (int i = 0; i < 1'000 && last && !*last; ++i) last = out.hand_over(Millis(10));
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().message, "cannot write to standard output: its reader does not read");
}

// A process that dies is not to stay because nobody reads why.
TEST_F(OutputTest, LastWordsAreNotWaitedFor) {
  const auto die_unread = [] {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) std::_Exit(9);
    int error = 0;
    (void)write_now(ends[1], std::string(kRoom, 'x'), error);
    ::dup2(ends[1], STDERR_FILENO);
    CHECK(1 + 1 == 3);
  };
  EXPECT_EXIT(die_unread(), testing::KilledBySignal(SIGABRT), "");
}

TEST_F(OutputTest, ResultsWaitForAReaderUntilTheWishToStop) {
  Pipe pipe;
  Output out(pipe.ends[1]);
  StopToken stop;
  out.give_up_after(stop);
  std::atomic<bool> ended{false};
  std::thread writer([&] {
    out.write(std::string(2 * kRoom, 'x'));
    ended = true;
  });
  std::this_thread::sleep_for(Millis(1'500));
  EXPECT_FALSE(ended);
  stop.request();
  writer.join();
  EXPECT_EQ(out.written().error().message,
            "cannot write to standard output: its reader does not read");
}

// Anything that write() could wait for: a pipe, a socket and a terminal.
TEST_F(OutputTest, NothingThatHasAReaderIsWaitedFor) {
  std::array<int, 2> sockets{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()), 0);
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(::grantpt(terminal), 0);
  ASSERT_EQ(::unlockpt(terminal), 0);
  const int screen = ::open(::ptsname(terminal), O_WRONLY | O_NOCTTY);
  ASSERT_GE(screen, 0);
  Pipe pipe;
  for (const int fd : {sockets[0], screen, pipe.ends[1]}) {
    const std::string text(kRoom, 'x');
    size_t taken = 0;
    int error = 0;
    // A terminal's buffer moves on a little while after it was full.
    for (int i = 0; i < 1'000 && await_room(fd, Millis(20)); ++i)
      taken += write_now(fd, text, error);
    EXPECT_EQ(error, 0);
    EXPECT_GT(taken, 1'000);
    EXPECT_FALSE(await_room(fd, Millis(20))) << fd;
    EXPECT_EQ(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0) << "others may write there too";
  }
  for (const int fd : {sockets[0], sockets[1], screen, terminal}) ::close(fd);
}

TEST_F(OutputTest, AStoppedTerminalIsNotWaitedFor) {  // Ctrl-S.
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(::grantpt(terminal), 0);
  ASSERT_EQ(::unlockpt(terminal), 0);
  const int screen = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
  ASSERT_GE(screen, 0);
  ASSERT_EQ(::tcflow(screen, TCOOFF), 0);
  int error = 0;
  EXPECT_EQ(write_now(screen, "hidden", error), 0);
  EXPECT_EQ(error, 0);
  ASSERT_EQ(::tcflow(screen, TCOON), 0);
  EXPECT_EQ(write_now(screen, "shown", error), 5);
  for (const int fd : {screen, terminal}) ::close(fd);
}

// A file that is opened where standard output is closed must not get its number.
TEST_F(OutputTest, ClosedStandardDescriptorsAreReservedAndStayUseless) {
  const auto in_child = [] {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) ::close(fd);
    reserve_standard_descriptors();
    const int file = ::open("/dev/null", O_WRONLY);
    Output out;
    out.write("lost");
    char byte = 0;
    const bool right =
        file > STDERR_FILENO && !out.written() &&
        out.written().error().message == "cannot write to standard output: it is closed" &&
        ::read(STDIN_FILENO, &byte, 1) == -1;
    std::_Exit(right ? 0 : 1);
  };
  EXPECT_EXIT(in_child(), testing::ExitedWithCode(0), "");
}

TEST(CheckDeathTest, SaysWhatToReportAndThatStartingAgainIsSafe) {
  const auto broken = [] { CHECK(1 + 1 == 3); };
  EXPECT_DEATH(
      broken(),
      "turntable: bug: CHECK\\(1 \\+ 1 == 3\\) failed at .*output_test\\.cc:[0-9]+ \\(version "
      "[0-9]+\\.[0-9]+\\.[0-9]+\\)\\. Please report this line, the command and its pipeline; "
      "nothing that was not acknowledged has been committed, so it is safe to start again\\.");
}

}  // namespace
}  // namespace turntable
