#include "sqlite/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace turntable::sqlite {
namespace {

using testing::HasSubstr;

class Sqlite : public testing::Test {
 protected:
  Sqlite() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = std::filesystem::temp_directory_path() /
           (std::string("turntable_sqlite_") + info->name() + "_" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir_);
  }
  ~Sqlite() override { std::filesystem::remove_all(dir_); }
  std::string path(const std::string& name = "x.db") const { return (dir_ / name).string(); }

  Database open() {
    auto db = Database::open(path(), Database::Mode::write);
    EXPECT_TRUE(db) << db.error().message;
    return std::move(*db);
  }
  std::filesystem::path dir_;
};

TEST_F(Sqlite, KeepsValuesOfEveryStorage) {
  Database db = open();
  ASSERT_TRUE(db.execute("CREATE TABLE t (a, b, c, d, e)"));
  auto insert = db.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?)");
  ASSERT_TRUE(insert);
  insert->bind(1, int64_t{INT64_MIN});
  insert->bind(2, 0.25);
  insert->bind_text(3, std::string_view("nul \0 inside", 12));
  insert->bind_blob(4, "");
  insert->bind_null(5);
  ASSERT_EQ(insert->step().value(), false);

  auto select = db.prepare("SELECT * FROM t");
  ASSERT_TRUE(select);
  ASSERT_EQ(select->step().value(), true);
  EXPECT_EQ(select->int64(0), INT64_MIN);
  EXPECT_EQ(select->real(1), 0.25);
  EXPECT_EQ(select->text(2), std::string_view("nul \0 inside", 12));
  EXPECT_EQ(select->storage(3), Storage::blob);
  EXPECT_EQ(select->text(3), "");
  EXPECT_EQ(select->storage(4), Storage::null);
  EXPECT_EQ(select->step().value(), false);
}

TEST_F(Sqlite, BindsTheEmptyTextAsTextAndNotAsNull) {
  Database db = open();
  auto select = db.prepare("SELECT ?");
  select->bind_text(1, std::string_view());
  ASSERT_TRUE(select->step().value());
  EXPECT_EQ(select->storage(0), Storage::text);
}

// What the guarantee for a power cut rests on (docs/DELIVERY.md).
TEST_F(Sqlite, WritesAheadAndSyncsEveryCommit) {
  Database db = open();
  const auto pragma = [&db](const char* sql) {
    Statement statement = db.prepare(sql).value();
    EXPECT_TRUE(statement.step().value());
    return std::string(statement.text(0));
  };
  EXPECT_EQ(pragma("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(pragma("PRAGMA synchronous"), "2");  // FULL
}

TEST_F(Sqlite, NamesTheMissingDirectory) {
  auto db = Database::open(path("nowhere/x.db"), Database::Mode::write);
  ASSERT_FALSE(db);
  EXPECT_EQ(db.error().kind, ErrorKind::failed);
  EXPECT_THAT(db.error().message, HasSubstr("nowhere does not exist"));
  EXPECT_THAT(WriterLock::take(path("nowhere/x.db")).error().message,
              HasSubstr("nowhere does not exist"));
}

TEST_F(Sqlite, RefusesADirectoryAndAFileThatIsNoDatabase) {
  EXPECT_THAT(Database::open(dir_.string(), Database::Mode::write).error().message,
              HasSubstr("is a directory"));
  std::ofstream(path()) << "This is a text, and longer than the hundred bytes of a header, so that "
                           "it is read as one. "
                           "It goes on for a while.";
  EXPECT_THAT(Database::open(path(), Database::Mode::write).error().message,
              HasSubstr("is not an SQLite database"));
}

TEST_F(Sqlite, CallsALockOfAnotherConnectionTransient) {
  Database one = open();
  Database two = open();
  ASSERT_TRUE(one.execute("CREATE TABLE t (a)"));
  ASSERT_TRUE(one.begin());
  auto status = two.begin();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::transient);
  EXPECT_THAT(status.error().message, HasSubstr("locked by another program"));
  one.rollback();
  EXPECT_TRUE(two.begin());
}

TEST_F(Sqlite, CallsAFullDiskTransient) {
  Database db = open();
  ASSERT_TRUE(db.execute("CREATE TABLE t (a); PRAGMA max_page_count = 3"));
  auto status = db.execute("INSERT INTO t VALUES (zeroblob(100000))");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::transient);
  EXPECT_THAT(status.error().message, HasSubstr("disk is full"));
}

TEST_F(Sqlite, CallsABrokenConstraintAFaultOfTheRow) {
  Database db = open();
  ASSERT_TRUE(db.execute("CREATE TABLE t (a NOT NULL)"));
  auto insert = db.prepare("INSERT INTO t VALUES (?)");
  insert->bind_null(1);
  EXPECT_EQ(insert->step().error().kind, ErrorKind::row);
  insert->bind(1, int64_t{1});
  EXPECT_TRUE(insert->step()) << "usable after a refused row";
}

TEST_F(Sqlite, SaysWhereAStatementIsWrong) {
  Database db = open();
  auto statement = db.prepare_at("SELECT 1 FORM t");
  ASSERT_FALSE(statement);
  EXPECT_EQ(statement.error().byte, 14U);
}

TEST_F(Sqlite, LetsReadersReadWhileAWriterWrites) {
  Database writer = open();
  ASSERT_TRUE(writer.execute("CREATE TABLE t (a); INSERT INTO t VALUES (7)"));
  ASSERT_TRUE(writer.begin());
  ASSERT_TRUE(writer.execute("INSERT INTO t VALUES (8)"));

  auto reader = Database::open("", Database::Mode::memory);
  ASSERT_TRUE(reader);
  ASSERT_TRUE(reader->attach_read_only(path(), "music"));
  auto count = reader->prepare("SELECT count(*) FROM music.t");
  ASSERT_TRUE(count->step().value());
  EXPECT_EQ(count->int64(0), 1);
  EXPECT_FALSE(reader->execute("INSERT INTO music.t VALUES (9)"));
}

TEST_F(Sqlite, AttachesFilesWithSpecialCharactersInTheirNames) {
  const std::string odd = path("100% odd?#'.db");
  ASSERT_TRUE(Database::open(odd, Database::Mode::write)->execute("CREATE TABLE t (a)"));
  auto reader = Database::open("", Database::Mode::memory);
  auto attached = reader->attach_read_only(odd, "a \"b\"");
  EXPECT_TRUE(attached) << attached.error().message;
  EXPECT_TRUE(reader->prepare("SELECT a FROM \"a \"\"b\"\"\".t"));
}

TEST_F(Sqlite, AttachingNamesAMissingFileAndCreatesNone) {
  auto reader = Database::open("", Database::Mode::memory);
  EXPECT_THAT(reader->attach_read_only(path(), "ks").error().message, HasSubstr("no such file"));
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(Sqlite, DefinesAggregates) {
  struct Last final : Database::Aggregate {
    void add(Database::Number value) override { last = value; }
    std::optional<Database::Number> result() const override { return last; }
    std::optional<Database::Number> last;
  };
  Database db = open();
  ASSERT_TRUE(db.define(
      "avg", []() -> std::unique_ptr<Database::Aggregate> { return std::make_unique<Last>(); }));
  auto select = db.prepare("SELECT avg(column1), avg(column2) FROM (VALUES (1, 2.5), (4, NULL))");
  ASSERT_TRUE(select->step().value());
  EXPECT_EQ(select->int64(0), 4);
  EXPECT_EQ(select->real(1), 2.5);
  auto none = db.prepare("SELECT avg(1) WHERE 0");
  ASSERT_TRUE(none->step().value());
  EXPECT_EQ(none->storage(0), Storage::null);
}

TEST_F(Sqlite, OneWriterLocksOutTheNextUntilItIsGone) {
  auto first = WriterLock::take(path());
  ASSERT_TRUE(first) << first.error().message;
  auto second = WriterLock::take((dir_ / "." / "x.db").string());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message,
              HasSubstr("process " + std::to_string(::getpid()) + " is writing it"));
  first->reset();
  EXPECT_TRUE(WriterLock::take(path()));
  EXPECT_FALSE(std::filesystem::exists(path("x.db-lock"))) << "nothing is left behind";
}

TEST_F(Sqlite, AWriterLockThatACrashLeftBehindIsTaken) {
  std::ofstream(path("x.db-lock")) << "12345\n";
  EXPECT_TRUE(WriterLock::take(path()));
}

}  // namespace
}  // namespace turntable::sqlite
