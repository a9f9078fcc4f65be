// The frame of a run: what is made and said before the first record, and at the end. Lanes:
// lanes_test.cc; what goes through them: matrix_test.cc.
#include "app/run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "kafka/mock_cluster.h"
#include "sqlite/database.h"

namespace turntable {
namespace {

using testing::HasSubstr;

class RunTest : public testing::Test {
 protected:
  RunTest() { std::filesystem::create_directories(dir_); }
  ~RunTest() override { std::filesystem::remove_all(dir_); }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }

  // A pipeline from a source with these options into one with those.
  void write_pipeline(const std::string& source, const std::string& sink) const {
    std::ofstream(path("p.sql")) << "CREATE TABLE plays (id int NOT NULL) WITH (" << source
                                 << ", dead_letters = 'drop');\n"
                                    "CREATE TABLE history (id int) WITH ("
                                 << sink << ");\nINSERT INTO history SELECT id FROM plays;\n";
  }
  void write_pipeline_to_sqlite(const kafka::MockCluster& cluster) const {
    write_pipeline(
        fmt::format("connector = 'kafka', topic = 'typo', \"bootstrap.servers\" = '{}', "
                    "\"group.id\" = 'g'",
                    cluster.bootstrap()),
        fmt::format("connector = 'sqlite', path = '{}', primary_key = 'id'", path("history.db")));
  }

  Result<ExitCode> run(Output& out, bool until_end = false) {
    return run_pipeline({.pipeline = path("p.sql"), .until_end = until_end}, stop_, out);
  }

  // The names of all files beside the pipeline.
  std::vector<std::string> made() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir_))
      if (entry.path().filename() != "p.sql") names.push_back(entry.path().filename().string());
    return names;
  }

  const std::filesystem::path dir_ =
      std::filesystem::temp_directory_path() / ("turntable_run_" + std::to_string(::getpid()));
  StopToken stop_;
};

TEST_F(RunTest, MakesNothingForATopicThatIsNotThere) {
  const auto cluster = kafka::MockCluster::open({}).value();
  write_pipeline_to_sqlite(*cluster);
  const int null = ::open("/dev/null", O_WRONLY);
  Output out(null);
  const auto ended = run(out, true);
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("Topic typo does not exist"));
  EXPECT_THAT(made(), testing::IsEmpty());
  // Nor while it waits.
  std::thread stopper([this] {
    std::this_thread::sleep_for(Millis(1'500));
    EXPECT_THAT(made(), testing::IsEmpty());
    stop_.request();
  });
  EXPECT_EQ(run(out), ExitCode::done);
  stopper.join();
  EXPECT_THAT(made(), testing::IsEmpty());
  ::close(null);
}

TEST_F(RunTest, ComparesTheTableBeforeItWaitsForATopic) {
  const auto cluster = kafka::MockCluster::open({}).value();
  write_pipeline_to_sqlite(*cluster);
  ASSERT_TRUE(sqlite::Database::open(path("history.db"), sqlite::Database::Mode::write)
                  ->execute("CREATE TABLE history (id text PRIMARY KEY)"));
  const int null = ::open("/dev/null", O_WRONLY);
  Output out(null);
  const auto refused = run(out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::schema);
  EXPECT_THAT(refused.error().message, HasSubstr("column id is text, expected int"));
  std::filesystem::remove(path("history.db"));
  std::ofstream(path("history.db")) << std::string(1'000, 'x');
  EXPECT_THAT(run(out).error().message, HasSubstr("it is not an SQLite database"));
  ::close(null);
}

// Files that another program has left, or holds, when a run begins.
class RunIntoAFileInUseTest : public RunTest {
 protected:
  RunIntoAFileInUseTest() {
    std::ofstream(path("plays.ndjson")) << "{\"id\": 1}\n";
    write_pipeline(
        fmt::format("connector = 'ndjson', path = '{}'", path("plays.ndjson")),
        fmt::format("connector = 'sqlite', path = '{}', primary_key = 'id'", path("history.db")));
    EXPECT_EQ(run(out_), ExitCode::done);  // Makes the table.
  }
  ~RunIntoAFileInUseTest() override { ::close(null_); }

  // The file as a program that knows nothing of write-ahead logs keeps it.
  sqlite::Database open_in_rollback_mode() const {
    auto db = sqlite::Database::open(path("history.db"), sqlite::Database::Mode::write).value();
    EXPECT_TRUE(db.execute("PRAGMA journal_mode = DELETE"));
    return db;
  }
  int64_t rows() const {
    auto db = sqlite::Database::open(path("history.db"), sqlite::Database::Mode::write).value();
    auto select = db.prepare("SELECT count(*) FROM history").value();
    EXPECT_TRUE(*select.step());
    return select.int64(0);
  }

  const int null_ = ::open("/dev/null", O_WRONLY);
  Output out_{null_};
};

TEST_F(RunIntoAFileInUseTest, RollsBackWhatAProgramThatWasKilledHasLeft) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto db = open_in_rollback_mode();
    // A cache of few pages: those that are changed go to the file before the transaction ends.
    const Status done = db.execute(
        "PRAGMA cache_size = 5; BEGIN; WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL "
        "SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO history (id) SELECT i FROM n");
    if (!done) fmt::print(stderr, "{}\n", done.error().message);
    ::_exit(done ? 0 : 1);
  }
  int ended = -1;
  ASSERT_EQ(::waitpid(child, &ended, 0), child);
  ASSERT_EQ(ended, 0);
  ASSERT_GT(std::filesystem::file_size(path("history.db-journal")), 0U);
  const auto again = run(out_);
  EXPECT_EQ(again, ExitCode::done) << (again ? "" : again.error().message);
  EXPECT_EQ(rows(), 1);
}

TEST_F(RunIntoAFileInUseTest, WaitsForAShortLockWithoutAWord) {
  auto db = open_in_rollback_mode();
  ASSERT_TRUE(db.execute("BEGIN EXCLUSIVE"));
  std::thread holder([&db] {
    std::this_thread::sleep_for(Millis(700));
    db.rollback();
  });
  testing::internal::CaptureStderr();
  const auto ended = run(out_);
  holder.join();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::Not(HasSubstr("locked")));
  EXPECT_EQ(ended, ExitCode::done) << (ended ? "" : ended.error().message);
}

TEST_F(RunIntoAFileInUseTest, SaysOfALongLockThatTheFileCannotBeOpened) {
  auto db = open_in_rollback_mode();
  ASSERT_TRUE(db.execute("BEGIN EXCLUSIVE"));
  std::thread holder([&db] {
    std::this_thread::sleep_for(Millis(6'000));
    db.rollback();
  });
  testing::internal::CaptureStderr();
  const auto ended = run(out_);
  holder.join();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("it is locked by another program; trying again until it can be "
                              "opened"));
  EXPECT_THAT(said, testing::Not(HasSubstr("connected")));
  EXPECT_EQ(ended, ExitCode::done) << (ended ? "" : ended.error().message);
}

// A disk that is full, whose last bytes go to what comes before the verdict.
TEST_F(RunTest, AVerdictThatIsLostIsSaid) {
  std::ofstream(path("plays.ndjson")) << "{\"id\": 1}\n";
  write_pipeline(fmt::format("connector = 'ndjson', path = '{}'", path("plays.ndjson")),
                 "connector = 'null'");
  const auto said_with = [this](int fd) {
    Output out(fd);
    testing::internal::CaptureStderr();
    EXPECT_EQ(run(out), ExitCode::done);
    return testing::internal::GetCapturedStderr();
  };
  const auto shown_by = [](int fd) {
    std::string text(100'000, '\0');
    const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
    text.resize(count < 0 ? 0 : static_cast<size_t>(count));
    return text;
  };
  const int large = ::memfd_create("large", MFD_CLOEXEC);
  EXPECT_THAT(said_with(large), testing::Not(HasSubstr("cannot write")));
  const std::string all = shown_by(large);
  const size_t verdict = all.find("Done: ");
  ASSERT_NE(verdict, std::string::npos) << all;

  const int small = ::memfd_create("small", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(::ftruncate(small, static_cast<off_t>(verdict)), 0);
  ASSERT_EQ(::fcntl(small, F_ADD_SEALS, F_SEAL_GROW), 0);
  EXPECT_THAT(said_with(small), HasSubstr("cannot write to standard output"));
  EXPECT_EQ(shown_by(small), all.substr(0, verdict));
  for (const int fd : {large, small}) ::close(fd);
}

}  // namespace
}  // namespace turntable
