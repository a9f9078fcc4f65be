// What was looked at when a SQLite file was opened changes while a sink writes to it: every change
// behind which rows may be gone or wrong is told before they are reported as written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "row/cell.h"
#include "sink/rows_testing.h"
#include "sink/sqlite_sink.h"

namespace turntable {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class ChangedFileTest : public testing::Test {
 protected:
  static constexpr Millis kEnough{60'000};

  ChangedFileTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = fs::temp_directory_path() / (std::string("turntable_changed_file_") + info->name() +
                                        "_" + std::to_string(::getpid()));
    fs::create_directories(dir_ / "in");
    path_ = (dir_ / "in" / "plays.db").string();
  }
  ~ChangedFileTest() override {
    sink_.reset();
    fs::remove_all(dir_);
  }

  void open() {
    auto sink =
        SqliteSink::open({.path = path_, .tables = {table_}, .group = "g", .topic = topic_});
    ASSERT_TRUE(sink) << sink.error().message;
    sink_ = std::move(*sink);
  }

  // One transaction of one row with the position behind it. The error of the one that stops it.
  std::string write() {
    RowBatch rows;
    append_int64_cell(rows.cells, next_);
    if (table_.columns[1].type == Type::timestamptz) {
      append_int64_cell(rows.cells, 1'709'460'900'123'456);
    } else {
      append_float32_cell(rows.cells, 0.5F);
    }
    if (table_.has_write_times()) append_int64_cell(rows.cells, 1'000 + next_);
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back({.partition = 0, .epoch = 0, .ticket = static_cast<uint64_t>(next_)});
    ++next_;
    if (!topic_.empty()) sink_->accompany({.if_all_written = {{.partition = 0, .next = next_}}});
    EXPECT_TRUE(submit_to(*sink_, rows));
    const auto acks = sink_->reap(kEnough);
    if (!acks) {
      EXPECT_FALSE(sink_->reap(Millis(0)) && sink_->in_flight() == 0);
      return acks.error().message;
    }
    EXPECT_EQ(written_rows(*acks), 1U);
    return "";
  }
  // The same for a position that no row goes with.
  std::string keep() {
    const std::vector<Position> positions{{.partition = 0, .next = ++next_}};
    const Status kept = sink_->keep_positions(positions);
    return kept ? "" : kept.error().message;
  }

  void begin() {
    open();
    ASSERT_EQ(write(), "");
    ASSERT_EQ(write(), "");
  }
  // What another program does with the file.
  void other(const std::string& sql) const {
    auto db = sqlite::Database::open(path_, sqlite::Database::Mode::write);
    ASSERT_TRUE(db) << db.error().message;
    db->set_busy_timeout(Millis(5'000));
    const Status done = db->execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }

  fs::path dir_;
  std::string path_;
  SinkTable table_{.keyspace = "spotify",
                   .name = "plays",
                   .columns = {{"kafka_offset", Type::int64}, {"tempo", Type::float32}},
                   .key = {.partition = {"kafka_offset"}}};
  std::string topic_ = "plays";  // Empty: the source has no positions that a file keeps.
  std::unique_ptr<SqliteSink> sink_;
  Offset next_ = 0;
};

const auto kGone = HasSubstr("was removed, renamed or replaced while the run wrote to it");

TEST_F(ChangedFileTest, AFileThatWasRemovedTakesNoMoreRows) {
  begin();
  fs::remove(path_);
  EXPECT_THAT(write(), AllOf(HasSubstr(path_ + ": the file "), kGone));
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(ChangedFileTest, AFileThatWasRemovedTakesNoMorePositions) {
  begin();
  fs::remove(path_);
  EXPECT_THAT(keep(), kGone);
  EXPECT_EQ(sink_->kept_position(0)->next, 2);
}

TEST_F(ChangedFileTest, AFileThatWasReplacedByAnotherTakesNoMoreRowsAndTheOtherStaysAsItIs) {
  begin();
  // As an operator brings back what he has saved.
  const std::string backup = (dir_ / "backup.db").string();
  other("VACUUM INTO '" + backup + "'");
  fs::rename(backup, path_);
  std::ofstream(path_ + "-wal.theirs") << "stays";
  EXPECT_THAT(write(), kGone);
  const auto size = fs::file_size(path_);
  sink_.reset();
  EXPECT_EQ(fs::file_size(path_), size);
}

TEST_F(ChangedFileTest, AFileThatWasRenamedTakesNoMoreRows) {
  begin();
  fs::rename(path_, path_ + ".old");
  EXPECT_THAT(write(), kGone);
}

TEST_F(ChangedFileTest, AFolderThatWasReplacedTakesNoMoreRows) {
  begin();
  fs::rename(dir_ / "in", dir_ / "out");
  fs::create_directories(dir_ / "in");
  EXPECT_THAT(write(), kGone);
}

TEST_F(ChangedFileTest, ALinkThatLeadsElsewhereTakesNoMoreRows) {
  const std::string file = path_;
  path_ = (dir_ / "link.db").string();
  fs::create_symlink(file, path_);
  begin();
  std::ofstream(dir_ / "other.db") << "";
  fs::remove(path_);
  fs::create_symlink(dir_ / "other.db", path_);
  EXPECT_THAT(write(), kGone);
}

TEST_F(ChangedFileTest, ALinkThatLeadsElsewhereSinceTheFileWasOpenedIsNotTaken) {
  const std::string file = path_;
  path_ = (dir_ / "link.db").string();
  fs::create_symlink(file, path_);
  begin();
  sink_.reset();
  fs::copy_file(file, dir_ / "other.db");
  auto lock = sqlite::WriterLock::take(path_);
  ASSERT_TRUE(lock);
  auto db = sqlite::Database::open(path_, sqlite::Database::Mode::write);
  ASSERT_TRUE(db);
  ASSERT_TRUE(sqlite::FileWatch::begin(*db, path_, *lock));
  fs::remove(path_);
  fs::create_symlink(dir_ / "other.db", path_);
  const auto watch = sqlite::FileWatch::begin(*db, path_, *lock);
  ASSERT_FALSE(watch);
  EXPECT_THAT(watch.error().message, kGone);
}

TEST_F(ChangedFileTest, ALogThatWasRemovedTakesNoMoreRows) {
  for (const std::string end : {"-wal", "-shm"}) {
    begin();
    fs::remove(path_ + end);
    EXPECT_THAT(write(), AllOf(HasSubstr(path_ + end + " was removed"), kGone));
    sink_.reset();
  }
}

// What was acknowledged is in it alone, and a reader keeps it from being carried over at the end.
TEST_F(ChangedFileTest, ALogThatWasRemovedIsCarriedOverIntoTheFile) {
  begin();
  auto reader = sqlite::Database::open("", sqlite::Database::Mode::memory);
  ASSERT_TRUE(reader->attach_read_only(path_, "there"));
  fs::remove(path_ + "-wal");
  EXPECT_THAT(write(), kGone);
  sink_.reset();
  auto again = sqlite::Database::open(path_, sqlite::Database::Mode::write);
  ASSERT_TRUE(again) << again.error().message;
  auto count = again->prepare("SELECT count(*) FROM plays");
  ASSERT_TRUE(count && *count->step());
  EXPECT_GE(count->int64(0), 2);
}

TEST_F(ChangedFileTest, ALogThatWasCutShortTakesNoMoreRows) {
  const std::string log = path_ + "-wal";
  for (const size_t missing : {size_t{1}, size_t{5'000}, SIZE_MAX}) {
    begin();
    const size_t size = fs::file_size(log);
    fs::resize_file(log, missing > size ? 0 : size - missing);
    EXPECT_THAT(write(), HasSubstr(log + " was cut short while the run wrote to it"));
    sink_.reset();
    // The end has not carried over what was missing, and the next run goes on with what is left.
    auto file = sqlite::Database::open(path_, sqlite::Database::Mode::write);
    ASSERT_TRUE(file) << file.error().message;
    auto check = file->prepare("PRAGMA integrity_check");
    ASSERT_TRUE(check && *check->step());
    EXPECT_EQ(check->text(0), "ok");
  }
}

TEST_F(ChangedFileTest, LongLogsAreCarriedOverAsTheyWouldBe) {
  begin();
  const auto rows = [&](int count) {
    return "CREATE TABLE IF NOT EXISTS more (x); INSERT INTO more SELECT zeroblob(4000) FROM "
           "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT " +
           std::to_string(count) + ") SELECT i FROM n)";
  };
  // Another program's transaction is left in the log.
  other("PRAGMA wal_autocheckpoint = 0; " + rows(4'100));
  const auto size = fs::file_size(path_);
  EXPECT_EQ(write(), "");
  EXPECT_GT(fs::file_size(path_), size + 4'000 * 4'000);
  EXPECT_EQ(write(), "");
  EXPECT_LT(fs::file_size(path_ + "-wal"), 4'400 * 4'200);
}

TEST_F(ChangedFileTest, ALockThatWasRemovedTakesNoMoreRowsAndAnothersLockStays) {
  begin();
  fs::remove(path_ + "-lock");
  auto lock = sqlite::WriterLock::take(path_);
  ASSERT_TRUE(lock);
  EXPECT_THAT(write(), HasSubstr("another process may be writing it too"));
  sink_.reset();
  EXPECT_TRUE((*lock)->held());
}

TEST_F(ChangedFileTest, AFileThatWasOverwrittenByAShorterOneTakesNoMoreRows) {
  begin();
  const std::string backup = (dir_ / "backup.db").string();
  other("VACUUM INTO '" + backup + "'");
  other(
      "CREATE TABLE more (x); INSERT INTO more VALUES (zeroblob(100000)); "
      "PRAGMA wal_checkpoint(TRUNCATE)");
  ASSERT_EQ(write(), "");
  fs::copy_file(backup, path_, fs::copy_options::overwrite_existing);
  EXPECT_THAT(write(), HasSubstr("overwritten while the run wrote to it"));
}

TEST_F(ChangedFileTest, ATableOfOtherTypesIsToldAsAtTheStart) {
  begin();
  other(
      "DROP TABLE plays; CREATE TABLE plays (kafka_offset int, tempo text, "
      "PRIMARY KEY (kafka_offset))");
  const std::string said = write();
  EXPECT_THAT(said, HasSubstr("column tempo is text, expected real"));
  sink_.reset();
  // The start says the same, and below it what to do.
  auto again = SqliteSink::open({.path = path_, .tables = {table_}});
  ASSERT_FALSE(again);
  const std::string& message = again.error().message;
  EXPECT_THAT(said, HasSubstr(message.substr(0, message.find('\n'))));
  EXPECT_THAT(message, HasSubstr("the type of a column that is there cannot be changed"));
}

// The start takes both forms, and a row that is made for the one is another row in the other.
TEST_F(ChangedFileTest, ATableThatKeepsOtherPartsOfTimesIsTold) {
  table_.columns = {{"kafka_offset", Type::int64}, {"at", Type::timestamptz}};
  table_.key = {.partition = {"kafka_offset"}, .clustering = {{"at"}}};
  const std::string made = "DROP TABLE plays; CREATE TABLE plays (kafka_offset bigint, at ";
  begin();
  other(made + "timestamp, PRIMARY KEY (kafka_offset, at))");
  EXPECT_THAT(write(),
              HasSubstr("the table plays is not as the pipeline says: column at keeps "
                        "milliseconds of times, and kept microseconds when the run began"));
  sink_.reset();
  begin();  // A start takes it as it is.
  other(made + "timestamp(6), PRIMARY KEY (kafka_offset, at))");
  EXPECT_THAT(write(), HasSubstr("column at keeps microseconds of times, and kept milliseconds"));
  sink_.reset();
  auto file = sqlite::Database::open(path_, sqlite::Database::Mode::write);
  ASSERT_TRUE(file);
  auto count = file->prepare("SELECT count(*) FROM plays");
  ASSERT_TRUE(count && *count->step());
  EXPECT_EQ(count->int64(0), 0);
}

TEST_F(ChangedFileTest, ATableThatIsMadeAnewWithoutWriteTimesIsTold) {
  table_.write_times = WriteTimeRule::delivery;
  begin();
  other(
      "DROP TABLE plays; CREATE TABLE plays (kafka_offset bigint, tempo real, "
      "PRIMARY KEY (kafka_offset))");
  EXPECT_THAT(write(), HasSubstr("the table plays is not as the pipeline says: column _write_time "
                                 "is missing, expected bigint"));
  sink_.reset();
  begin();  // A start adds it.
  other(
      "DROP TABLE plays; CREATE TABLE plays (kafka_offset bigint, tempo real, _write_time text, "
      "PRIMARY KEY (kafka_offset))");
  EXPECT_THAT(write(), HasSubstr("column _write_time is text, expected bigint"));
}

TEST_F(ChangedFileTest, ATableWithoutItsKeyOrThatIsGoneIsTold) {
  begin();
  other("DROP TABLE plays; CREATE TABLE plays (kafka_offset int, tempo real)");
  EXPECT_THAT(write(), HasSubstr("the table plays is not as the pipeline says"));
  sink_.reset();
  other("DROP TABLE plays");
  begin();
  other("DROP TABLE plays");
  EXPECT_THAT(write(), HasSubstr("there is no table plays"));
}

TEST_F(ChangedFileTest, PositionsThatHaveGoneBackAreTold) {
  begin();
  other("UPDATE turntable_positions SET next = 1");
  EXPECT_THAT(write(), HasSubstr("the position of partition 0 is 1 in the file, and was 2"));
  sink_.reset();
  begin();
  other("DELETE FROM turntable_positions");
  EXPECT_THAT(keep(), HasSubstr("the position of partition 0 is missing in the file"));
}

// A source without positions, as a file is, has nothing that goes back.
TEST_F(ChangedFileTest, TransactionsThatAreMissingAreTold) {
  topic_ = "";
  const std::pair<std::string, std::string> copies[] = {
      {"UPDATE turntable_transactions SET number = 2", "2"},  // Of a moment before, …
      {"DELETE FROM turntable_transactions", "0"},            // … of before the run,
      {"DROP TABLE turntable_transactions", "0"},             // … of a version before.
  };
  for (const auto& [change, left] : copies) {
    begin();
    ASSERT_EQ(write(), "");
    other(change);
    EXPECT_THAT(write(), HasSubstr("the file has " + left +
                                   " of the 3 transactions that this run has written: an older "
                                   "copy was put in its place while the run wrote to it"));
    sink_.reset();
  }
}

TEST_F(ChangedFileTest, ATableThatIsMadeAnewInTheSameFormIsTold) {
  const std::string columns = "plays (kafka_offset bigint, tempo real, PRIMARY KEY (kafka_offset))";
  for (const std::string& topic : {std::string(), topic_}) {
    topic_ = topic;
    for (const std::string drop :
         {"DROP TABLE plays", "ALTER TABLE plays RENAME TO plays_before"}) {
      begin();
      other(drop + "; CREATE TABLE " + columns);
      EXPECT_THAT(write(),
                  HasSubstr("the table plays was dropped and made anew while the run wrote "
                            "to it, and what was written before is gone"));
      sink_.reset();
    }
    other("DROP TABLE plays_before");
  }
}

// Whatever becomes of one table, the other gets no rows either.
TEST_F(ChangedFileTest, OneOfTwoTablesThatIsMadeAnewOrChangedIsTold) {
  SinkTable second = table_;
  second.name = "plays_too";
  const auto begin_both = [&] {
    auto sink = SqliteSink::open({.path = path_, .tables = {table_, second}});
    ASSERT_TRUE(sink) << sink.error().message;
    sink_ = std::move(*sink);
  };
  // A row for each table.
  const auto write_both = [&]() -> std::string {
    RowBatches rows;
    rows.tables.resize(2);
    for (RowBatch& batch : rows.tables) {
      append_int64_cell(batch.cells, next_);
      append_float32_cell(batch.cells, 0.5F);
      batch.ends.push_back(batch.cells.size());
      batch.origins.push_back({});
    }
    ++next_;
    EXPECT_TRUE(sink_->submit(rows));
    const auto acks = sink_->reap(kEnough);
    return acks ? "" : acks.error().message;
  };
  const std::string made =
      "DROP TABLE plays_too; CREATE TABLE plays_too (kafka_offset bigint, tempo ";
  const std::pair<std::string, std::string> changes[] = {
      {made + "text, PRIMARY KEY (kafka_offset))",
       "the table plays_too is not as the pipeline says: column tempo is text, expected real"},
      {made + "real, PRIMARY KEY (kafka_offset))",
       "the table plays_too was dropped and made anew while the run wrote to it"},
      {"DROP TABLE plays_too", "there is no table plays_too"},
      {"DELETE FROM turntable_transactions WHERE target = 'plays_too'",
       "the file has 0 of the 2 transactions that this run has written"},
  };
  for (const auto& [change, said] : changes) {
    begin_both();
    ASSERT_EQ(write_both(), "");
    ASSERT_EQ(write_both(), "");
    other(change);
    EXPECT_THAT(write_both(), HasSubstr(said));
    sink_.reset();
    auto file = sqlite::Database::open(path_, sqlite::Database::Mode::write);
    auto count = file->prepare("SELECT count(*) FROM plays WHERE kafka_offset >= " +
                               std::to_string(next_ - 1));
    ASSERT_TRUE(count && *count->step());
    EXPECT_EQ(count->int64(0), 0);
    other("DROP TABLE IF EXISTS plays_too");
  }
}

// As SQLite's own page on ALTER TABLE has it for changes that the statement cannot make.
TEST_F(ChangedFileTest, ATableThatIsMadeAnewWithItsRowsStopsNothing) {
  begin();
  other(
      "CREATE TABLE made (kafka_offset bigint PRIMARY KEY, tempo real, note text); "
      "INSERT INTO made SELECT *, '' FROM plays; DROP TABLE plays; ALTER TABLE made RENAME TO "
      "plays");
  EXPECT_EQ(write(), "");
  EXPECT_EQ(write(), "");
}

TEST_F(ChangedFileTest, ChangesThatTakeNothingAwayStopNothing) {
  begin();
  other("CREATE INDEX by_tempo ON plays (tempo)");
  EXPECT_EQ(write(), "");
  other("ALTER TABLE plays ADD COLUMN note text");
  EXPECT_EQ(write(), "");
  other(
      "CREATE TABLE more (x); INSERT INTO more VALUES (zeroblob(100000)); "
      "PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_EQ(write(), "");
  other("DROP TABLE more; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
  EXPECT_EQ(write(), "");
  other("DELETE FROM plays");
  EXPECT_EQ(write(), "");
  other(
      "INSERT INTO turntable_positions (target, reader, topic, partition, next) VALUES ('plays', "
      "'g', 'plays', 7, 70)");
  EXPECT_EQ(write(), "");
  EXPECT_EQ(keep(), "");
}

}  // namespace
}  // namespace turntable
