#include "sqlite/log_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace turntable::sqlite {
namespace {

namespace fs = std::filesystem;

class LogWatchTest : public testing::Test {
 protected:
  LogWatchTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = fs::temp_directory_path() /
           (std::string("turntable_log_watch_") + info->name() + "_" + std::to_string(::getpid()));
    fs::create_directories(dir_);
    path_ = (dir_ / "file.db").string();
    db_ = open();
    run("PRAGMA wal_autocheckpoint = 0");
    run("CREATE TABLE t (x)");
    run("INSERT INTO t VALUES (randomblob(20000))");
  }
  ~LogWatchTest() override {
    db_.reset();
    fs::remove_all(dir_);
  }

  std::unique_ptr<Database> open() const {
    return std::make_unique<Database>(
        std::move(Database::open(path_, Database::Mode::write).value()));
  }
  void run(const std::string& sql) {
    const Status done = db_->execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }
  fs::path log() const { return path_ + "-wal"; }

  fs::path dir_;
  std::string path_;
  std::unique_ptr<Database> db_;
  LogWatch watch_;
};

TEST_F(LogWatchTest, TakesALogThatGrowsIsCarriedOverAndBeginsAnew) {
  EXPECT_EQ(watch_.whole(*db_), true);
  run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(watch_.whole(*db_), true);
  for (const char* how : {"PASSIVE", "FULL", "RESTART", "TRUNCATE"}) {
    run(std::string("PRAGMA wal_checkpoint(") + how + ")");
    EXPECT_EQ(watch_.whole(*db_), true) << how;
    run("INSERT INTO t VALUES (1)");
    EXPECT_EQ(watch_.whole(*db_), true) << how;
    auto other = open();
    ASSERT_TRUE(other->execute(std::string("PRAGMA wal_checkpoint(") + how + ")"));
    ASSERT_TRUE(other->execute("INSERT INTO t VALUES (zeroblob(20000))"));
    EXPECT_EQ(watch_.whole(*db_), true) << how;
  }
  run("VACUUM");
  EXPECT_EQ(watch_.whole(*db_), true);
}

TEST_F(LogWatchTest, TellsALogThatIsTooShort) {
  EXPECT_EQ(watch_.whole(*db_), true);
  for (const size_t cut : {size_t{1}, size_t{4'096}, size_t{10'000}}) {
    fs::resize_file(log(), fs::file_size(log()) - cut);
    EXPECT_EQ(watch_.whole(*db_), false) << cut;
  }
  fs::resize_file(log(), 0);
  EXPECT_EQ(watch_.whole(*db_), false);
}

// A disk that fails is no log that was cut.
TEST_F(LogWatchTest, TellsALogThatCannotBeReadFromOneThatIsTooShort) {
  EXPECT_EQ(watch_.whole(*db_), true);
  const int folder = ::open(dir_.c_str(), O_RDONLY | O_DIRECTORY);
  // Reading a directory fails, as reading a bad sector does.
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    if (fs::read_symlink(entry.path(), ignored) == log()) {
      ASSERT_GE(::dup2(folder, std::stoi(entry.path().filename())), 0);
    }
  }
  ::close(folder);
  const auto whole = watch_.whole(*db_);
  db_->leave_log_on_close();
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().kind, ErrorKind::failed);
}

// The transaction that runs while the log is cut makes it as long as it was.
TEST_F(LogWatchTest, TellsALogThatWasCutAndHasGrownSince) {
  const size_t whole = fs::file_size(log());
  for (const size_t left : {size_t{0}, size_t{40}, size_t{5'000}, whole - 5'000, whole - 4'000}) {
    ASSERT_TRUE(db_->execute("BEGIN IMMEDIATE"));
    ASSERT_EQ(watch_.whole(*db_), true);
    const fs::path saved = dir_ / "saved";
    fs::copy_file(log(), saved, fs::copy_options::overwrite_existing);
    ASSERT_TRUE(db_->execute("CREATE TABLE a" + std::to_string(left) + " (x)"));
    fs::resize_file(log(), left);
    // What SQLite had read before is in its memory.
    ASSERT_TRUE(db_->execute("COMMIT"));
    EXPECT_GT(fs::file_size(log()), fs::file_size(saved));
    EXPECT_EQ(watch_.whole(*db_), false) << left;
    db_->leave_log_on_close();
    db_.reset();
    for (const char* end : {"", "-wal", "-shm"}) fs::remove(path_ + end);
    db_ = open();
    run("PRAGMA wal_autocheckpoint = 0");
    run("CREATE TABLE t (x)");
    run("INSERT INTO t VALUES (randomblob(20000))");
    watch_ = {};
  }
}

}  // namespace
}  // namespace turntable::sqlite
