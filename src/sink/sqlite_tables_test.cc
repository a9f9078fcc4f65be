// An SQLite file with several tables: one transaction has the rows of all of them and the
// positions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "row/cell.h"
#include "sink/rows_testing.h"
#include "sink/sqlite_sink.h"

namespace turntable {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SinkTable by_person() {
  return {.keyspace = "spotify",
          .name = "by_person",
          .columns = {{"name", Type::text}, {"off", Type::int64}},
          .key = {.partition = {"name"}, .clustering = {{"off"}}}};
}

// Rows have write times.
SinkTable by_song() {
  return {.keyspace = "spotify",
          .name = "by_song",
          .columns = {{"song", Type::text}, {"off", Type::int64}},
          .key = {.partition = {"song"}},
          .write_times = WriteTimeRule::delivery};
}

class SqliteTablesTest : public testing::Test {
 protected:
  static constexpr Millis kEnough{60'000};

  SqliteTablesTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = fs::temp_directory_path() / (std::string("turntable_sqlite_tables_") + info->name() +
                                        "_" + std::to_string(::getpid()));
    fs::create_directories(dir_);
  }
  ~SqliteTablesTest() override { fs::remove_all(dir_); }
  [[nodiscard]] std::string path() const { return (dir_ / "plays.db").string(); }

  SqliteSinkOptions options() {
    return {.path = path(),
            .tables = {by_person(), by_song()},
            .group = "g",
            .topic = "plays",
            .lock_wait = Millis(1),
            .clock = clock_};
  }
  std::unique_ptr<SqliteSink> open() { return open(options()); }
  static std::unique_ptr<SqliteSink> open(const SqliteSinkOptions& options) {
    auto sink = SqliteSink::open(options);
    EXPECT_TRUE(sink) << sink.error().message;
    return sink ? std::move(*sink) : nullptr;
  }

  static RowBatches no_rows() {
    RowBatches rows;
    rows.tables.resize(2);
    return rows;
  }
  static void end_row(RowBatch& batch, int64_t off) {
    batch.ends.push_back(batch.cells.size());
    batch.origins.push_back({.partition = 0, .epoch = 0, .ticket = static_cast<uint64_t>(off)});
  }
  static void add_person(RowBatches& rows, std::optional<std::string_view> name, int64_t off) {
    RowBatch& batch = rows.tables[0];
    name ? append_view_cell(batch.cells, *name) : append_null_cell(batch.cells);
    append_int64_cell(batch.cells, off);
    end_row(batch, off);
  }
  static void add_song(RowBatches& rows, std::optional<std::string_view> song, int64_t off) {
    RowBatch& batch = rows.tables[1];
    song ? append_view_cell(batch.cells, *song) : append_null_cell(batch.cells);
    append_int64_cell(batch.cells, off);
    append_int64_cell(batch.cells, 1'000 + off);
    end_row(batch, off);
  }

  // What the query gives in its one column; the file is attached as ks.
  std::vector<std::string> texts(const std::string& query) const {
    auto db = sqlite::Database::open("", sqlite::Database::Mode::memory);
    EXPECT_TRUE(db->attach_read_only(path(), "ks"));
    auto select = db->prepare(query);
    EXPECT_TRUE(select) << query;
    std::vector<std::string> texts;
    while (select && select->step().value()) texts.emplace_back(select->text(0));
    return texts;
  }
  void execute(const std::string& sql) const {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(db) << db.error().message;
    const Status done = db->execute(sql);
    ASSERT_TRUE(done) << done.error().message;
  }

  fs::path dir_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
};

const std::string kPersons = "SELECT name || ' ' || off FROM ks.by_person ORDER BY off";
const std::string kSongs = "SELECT song || ' ' || off FROM ks.by_song ORDER BY song";

TEST_F(SqliteTablesTest, RowsOfAllTablesAndThePositionsAreInTheFileTogetherOrNotAtAll) {
  auto sink = open();
  auto other = sqlite::Database::open(path(), sqlite::Database::Mode::write);
  ASSERT_TRUE(other->begin());
  RowBatches rows = no_rows();
  add_person(rows, "ann", 1);
  add_person(rows, "bob", 2);
  add_song(rows, "hey", 2);
  sink->accompany({.if_all_written = {{0, 3}}});
  ASSERT_TRUE(sink->submit(rows));
  EXPECT_TRUE(rows.empty());
  EXPECT_EQ(rows.tables.size(), 2U);
  EXPECT_EQ(written_rows(*sink->reap(kEnough)), 0U);
  EXPECT_EQ(sink->in_flight(), 3U);
  EXPECT_THAT(texts(kPersons), IsEmpty());
  EXPECT_THAT(texts(kSongs), IsEmpty());
  EXPECT_EQ(sink->kept_position(0), std::nullopt);
  other->rollback();
  clock_->advance(Millis(10'000));
  const auto acks = sink->reap(kEnough);
  ASSERT_TRUE(acks);
  ASSERT_EQ(acks->written.size(), 2U);
  EXPECT_EQ(acks->written[0].size(), 2U);
  EXPECT_EQ(acks->written[1].size(), 1U);
  EXPECT_EQ(sink->in_flight(), 0U);
  EXPECT_THAT(texts(kPersons), ElementsAre("ann 1", "bob 2"));
  EXPECT_THAT(texts(kSongs), ElementsAre("hey 2"));
  EXPECT_EQ(sink->kept_position(0)->next, 3);
  EXPECT_THAT(texts("SELECT target || '/' || reader || '/' || topic || '/' || next FROM "
                    "ks.turntable_positions"),
              ElementsAre("/g/plays/3"));
}

TEST_F(SqliteTablesTest, ARowThatOneTableRefusesLeavesTheOthersAndHoldsThePositionsBack) {
  auto sink = open();
  RowBatches rows = no_rows();
  add_person(rows, "ann", 1);
  add_person(rows, "bob", 2);
  add_song(rows, "hey", 1);
  add_song(rows, std::nullopt, 2);
  add_song(rows, "jude", 3);
  sink->accompany({.in_any_case = {{0, 1, 1'003}}, .if_all_written = {{0, 4}}});
  ASSERT_TRUE(sink->submit(rows));
  const auto acks = sink->reap(kEnough);
  ASSERT_TRUE(acks);
  EXPECT_EQ(acks->written[0].size(), 2U);
  EXPECT_EQ(acks->written[1].size(), 2U);
  ASSERT_EQ(acks->refused.size(), 1U);
  EXPECT_EQ(acks->refused[0].table, 1U);
  EXPECT_EQ(acks->refused[0].origin.ticket, 2U);
  EXPECT_THAT(acks->refused[0].reason, HasSubstr("NOT NULL constraint failed: by_song.song"));
  EXPECT_EQ(sink->kept_position(0), (Position{0, 1, 1'003}));
  EXPECT_THAT(texts(kPersons), ElementsAre("ann 1", "bob 2"));
  EXPECT_THAT(texts(kSongs), ElementsAre("hey 1", "jude 3"));
  // Each table may refuse rows of one transaction.
  add_person(rows, std::nullopt, 5);
  add_person(rows, "cid", 6);
  add_song(rows, "let", 5);
  add_song(rows, std::nullopt, 6);
  ASSERT_TRUE(sink->submit(rows));
  const auto more = sink->reap(kEnough);
  ASSERT_TRUE(more);
  ASSERT_EQ(more->refused.size(), 2U);
  EXPECT_EQ(more->refused[0].table, 0U);
  EXPECT_EQ(more->refused[0].origin.ticket, 5U);
  EXPECT_EQ(more->refused[1].table, 1U);
  EXPECT_EQ(more->refused[1].origin.ticket, 6U);
  EXPECT_EQ(more->written[0][0].ticket, 6U);
  EXPECT_EQ(more->written[1][0].ticket, 5U);
}

TEST_F(SqliteTablesTest, KnowsTheHighestWriteTimeOfAllTables) {
  {
    auto sink = open();
    EXPECT_EQ(sink->highest_write_time(), kNoWriteTime);
    RowBatches rows = no_rows();
    add_person(rows, "ann", 1);
    add_song(rows, "hey", 7);
    ASSERT_TRUE(sink->submit(rows));
    ASSERT_TRUE(sink->reap(kEnough));
    EXPECT_EQ(sink->highest_write_time(), 1'007);
    add_person(rows, "ann", 2);  // The other table's stays.
    ASSERT_TRUE(sink->submit(rows));
    ASSERT_TRUE(sink->reap(kEnough));
    EXPECT_EQ(sink->highest_write_time(), 1'007);
  }
  EXPECT_EQ(open()->highest_write_time(), 1'007);
}

TEST_F(SqliteTablesTest, ATableThatIsNotAsWantedLeavesTheFileAsItIs) {
  execute("CREATE TABLE by_song (song text PRIMARY KEY, off text)");
  const auto sink = SqliteSink::open(options());
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().kind, ErrorKind::schema);
  EXPECT_THAT(sink.error().message, HasSubstr("the table by_song is not as the pipeline says"));
  EXPECT_THAT(texts("SELECT name FROM ks.sqlite_master WHERE type = 'table'"),
              ElementsAre("by_song"));
}

TEST_F(SqliteTablesTest, OneTableCannotStandTwice) {
  SqliteSinkOptions twice = options();
  twice.tables.push_back(by_person());
  twice.tables.back().name = "BY_PERSON";
  const auto sink = SqliteSink::open(twice);
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().kind, ErrorKind::usage);
  EXPECT_EQ(sink.error().message, "the table BY_PERSON stands twice");
  EXPECT_FALSE(fs::exists(path()));
}

// One that reads the file never sees a record in one table and not in the other, and the position
// leads exactly behind the last one.
TEST_F(SqliteTablesTest, AProcessThatIsKilledLeavesTransactionsWhole) {
  std::mt19937 random(7);
  int64_t reported = 0;
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto sink = SqliteSink::open(options());
      int64_t next = sink && (*sink)->kept_position(0) ? (*sink)->kept_position(0)->next : 0;
      while (sink) {
        RowBatches rows = no_rows();
        for (int i = 0; i < 40; ++i, ++next) {
          add_person(rows, "name " + std::to_string(next), next);
          add_song(rows, "song " + std::to_string(next), next);
        }
        (*sink)->accompany({.if_all_written = {{0, next}}});
        if (!(*sink)->submit(rows)) break;
        const auto acks = (*sink)->reap(kEnough);
        if (!acks || written_rows(*acks) != 80) break;
        if (::write(ends[1], &next, sizeof next) != sizeof next) break;
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    for (auto i = random() % 20; i > 0 || reported == 0; --i)
      if (::read(ends[0], &reported, sizeof reported) != sizeof reported) break;
    ::usleep(static_cast<uint32_t>(random() % 3'000));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it stopped by itself";
    while (::read(ends[0], &reported, sizeof reported) == sizeof reported) {
    }
    ::close(ends[0]);
    const int64_t persons = std::stoll(texts("SELECT count(*) FROM ks.by_person").at(0));
    const int64_t songs = std::stoll(texts("SELECT count(*) FROM ks.by_song").at(0));
    const int64_t next = std::stoll(texts("SELECT next FROM ks.turntable_positions").at(0));
    EXPECT_EQ(persons, next);
    EXPECT_EQ(songs, next);
    EXPECT_GE(next, reported);
  }
  EXPECT_GT(reported, 0);
}

// ---- Positions of the version before, which had one for each table ----

class PositionsByTableTest : public SqliteTablesTest {
 protected:
  PositionsByTableTest() {
    open();
    execute("DELETE FROM turntable_positions");
  }
  void keep(const std::string& target, const std::string& rest) const {
    execute(
        "INSERT INTO turntable_positions (target, reader, topic, partition, next, write_time, "
        "topic_id) VALUES ('" +
        target + "', " + rest + ")");
  }
  [[nodiscard]] std::vector<std::string> rows() const {
    return texts(
        "SELECT target || '/' || reader || '/' || topic || '/' || partition || '/' || next || '/' "
        "|| coalesce(write_time, 'NULL') || '/' || coalesce(topic_id, 'NULL') FROM "
        "ks.turntable_positions ORDER BY 1");
  }
  [[nodiscard]] Result<std::map<PartitionId, Position>> in_file() const {
    const std::vector<SinkTable> tables{by_person(), by_song()};
    return positions_in_file(path(), {"g", "plays"}, tables);
  }
};

TEST_F(PositionsByTableTest, TheLowestOfThePipelinesTablesCount) {
  keep("by_person", "'g', 'plays', 0, 10, 500, 'a'");
  keep("by_song", "'g', 'plays', 0, 7, 900, NULL");
  keep("by_song", "'g', 'plays', 1, 30, NULL, 'a'");
  keep("by_hour", "'g', 'plays', 0, 2, NULL, 'a'");      // Of another pipeline,
  keep("by_song", "'other', 'plays', 0, 1, NULL, 'a'");  // … another group
  keep("by_song", "'g', 'others', 0, 3, NULL, 'c'");     // … and another topic.
  const auto before = in_file();
  ASSERT_TRUE(before);
  EXPECT_EQ(before->at(0), (Position{0, 7, 900}));
  EXPECT_EQ(before->at(1), (Position{1, 30}));
  auto sink = open();
  EXPECT_EQ(sink->kept_position(0), (Position{0, 7, 900}));
  EXPECT_EQ(sink->kept_position(1), (Position{1, 30}));
  EXPECT_THAT(rows(), ElementsAre("/g/plays/0/7/900/a", "/g/plays/1/30/NULL/a",
                                  "by_hour/g/plays/0/2/NULL/a", "by_song/g/others/0/3/NULL/c",
                                  "by_song/other/plays/0/1/NULL/a"));
  EXPECT_EQ(*in_file(), *before);
  EXPECT_TRUE(sink->keep_positions_of("a"));
  EXPECT_FALSE(sink->keep_positions_of("b"));
  ASSERT_TRUE(sink->keep_positions(std::vector<Position>{{0, 8, 900}}));
  sink.reset();
  EXPECT_EQ(open()->kept_position(0), (Position{0, 8, 900}));
}

TEST_F(PositionsByTableTest, WhatATableDoesNotHaveIsReadAgainHoweverFarItsGroupHasCome) {
  keep("", "'g', 'plays', 0, 10, NULL, NULL");
  keep("by_song", "'g', 'plays', 0, 7, NULL, NULL");
  keep("by_song", "'g', 'plays', 1, 7, NULL, NULL");
  auto sink = open();
  EXPECT_EQ(sink->kept_position(0), (Position{0, 7}));
  EXPECT_EQ(sink->kept_position(1), (Position{1, 7}));
  EXPECT_EQ(in_file()->size(), 2U);
}

TEST_F(PositionsByTableTest, ThoseOfTwoTopicsOfOneNameAreNotMixed) {
  keep("by_person", "'g', 'plays', 0, 10, NULL, 'a'");
  keep("by_song", "'g', 'plays', 0, 7, NULL, 'b'");
  const auto sink = SqliteSink::open(options());
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().kind, ErrorKind::failed);
  EXPECT_THAT(sink.error().message, HasSubstr("has positions of 2 topics plays (ids a, b)"));
  EXPECT_FALSE(in_file());
}

// A file of a version that had neither write times nor ids.
TEST_F(PositionsByTableTest, AnOldFileIsReadWithoutBeingChanged) {
  execute(
      "DROP TABLE turntable_positions; CREATE TABLE turntable_positions (target text NOT NULL, "
      "reader text NOT NULL, topic text NOT NULL, partition int NOT NULL, next int NOT NULL, "
      "PRIMARY KEY (target, reader, topic, partition)) WITHOUT ROWID; "
      "INSERT INTO turntable_positions VALUES ('by_song', 'g', 'plays', 0, 7)");
  const auto positions = in_file();
  ASSERT_TRUE(positions) << positions.error().message;
  EXPECT_EQ(positions->at(0), (Position{0, 7}));
  EXPECT_EQ(open()->kept_position(0), (Position{0, 7}));
}

// ---- A pipeline whose positions are kept elsewhere, since it writes to two stores ----

TEST_F(PositionsByTableTest, AreForgottenWhereTheyAreKeptElsewhere) {
  keep("by_hour", "'g', 'plays', 0, 2, NULL, 'a'");
  keep("", "'other', 'plays', 0, 1, NULL, 'a'");
  for (const std::string target : {"by_song", ""}) {
    keep(target, "'g', 'plays', 0, 7, NULL, NULL");
    EXPECT_TRUE(forget_positions(path(), {"g", "plays"}, options().tables));
    EXPECT_THAT(rows(), ElementsAre("/other/plays/0/1/NULL/a", "by_hour/g/plays/0/2/NULL/a"));
    EXPECT_THAT(*in_file(), IsEmpty());
  }
}

TEST_F(PositionsByTableTest, AreForgottenWhileASinkThatKeepsNoneHasTheFileOpen) {
  keep("", "'g', 'plays', 0, 7, NULL, NULL");
  SqliteSinkOptions elsewhere = options();
  elsewhere.group = elsewhere.topic = "";
  auto sink = open(elsewhere);
  EXPECT_EQ(in_file()->size(), 1U);
  EXPECT_TRUE(forget_positions(path(), {"g", "plays"}, elsewhere.tables));
  EXPECT_THAT(*in_file(), IsEmpty());
  RowBatches rows = no_rows();
  add_person(rows, "ann", 1);
  ASSERT_TRUE(sink->submit(rows));
  EXPECT_EQ(written_rows(*sink->reap(kEnough)), 1U);
}

// Another program's transaction is waited for, and after that it is the caller's to try again.
TEST_F(PositionsByTableTest, OfALockedFileAreForgottenWhenTheLockIsGone) {
  keep("", "'g', 'plays', 0, 7, NULL, NULL");
  auto other = sqlite::Database::open(path(), sqlite::Database::Mode::write);
  ASSERT_TRUE(other && other->begin());
  const Status locked = forget_positions(path(), {"g", "plays"}, options().tables);
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().kind, ErrorKind::transient) << locked.error().message;
  EXPECT_THAT(locked.error().message, HasSubstr(path()));
  EXPECT_EQ(in_file()->at(0), (Position{0, 7})) << "nothing is forgotten meanwhile";

  std::thread lets_go([&other] {
    std::this_thread::sleep_for(Millis(300));
    EXPECT_TRUE(other->commit());
  });
  EXPECT_TRUE(forget_positions(path(), {"g", "plays"}, options().tables)) << "it is waited for";
  lets_go.join();
  EXPECT_THAT(*in_file(), IsEmpty());
}

TEST_F(SqliteTablesTest, AFileThatIsNotThereOrHasNoPositionsHasNone) {
  const std::vector<SinkTable> tables{by_person()};
  const PositionsOwner owner{"g", "plays"};
  EXPECT_THAT(*positions_in_file(path(), owner, tables), IsEmpty());
  EXPECT_TRUE(forget_positions(path(), owner, tables));
  EXPECT_FALSE(fs::exists(path()));
  execute("CREATE TABLE more (x)");
  EXPECT_THAT(*positions_in_file(path(), owner, tables), IsEmpty());
  EXPECT_TRUE(forget_positions(path(), owner, tables));
}

}  // namespace
}  // namespace turntable
