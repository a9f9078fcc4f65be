#include "sink/sqlite_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "row/cell.h"
#include "sink/rows_testing.h"
#include "sink/sqlite_schema.h"

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SinkTable plays() {
  return {
      .keyspace = "spotify",
      .name = "plays",
      .columns = {{"name", Type::text}, {"kafka_offset", Type::int64}, {"tempo", Type::float32}},
      .key = {.partition = {"name"}, .clustering = {{"kafka_offset", true}}}};
}

// The last play of each person: its key repeats, so its rows have write times.
SinkTable latest_play() {
  SinkTable table = plays();
  table.key = {.partition = {"name"}};
  table.write_times = WriteTimeRule::delivery;
  return table;
}

std::optional<Offset> next_kept(const Sink& sink, PartitionId partition) {
  const auto kept = sink.kept_position(partition);
  return kept ? std::optional(kept->next) : std::nullopt;
}

class SqliteSinkTest : public testing::Test {
 protected:
  // A reap() that waits so long returns when the transaction that runs has ended.
  static constexpr Millis kEnough{60'000};

  SqliteSinkTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    dir_ =
        std::filesystem::temp_directory_path() /
        (std::string("turntable_sqlite_sink_") + info->name() + "_" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir_);
  }
  ~SqliteSinkTest() override { std::filesystem::remove_all(dir_); }
  std::string path() const { return (dir_ / "plays.db").string(); }

  std::unique_ptr<SqliteSink> open(const SinkTable& table = plays()) {
    auto sink = SqliteSink::open(
        {.path = path(), .tables = {table}, .lock_wait = Millis(1), .clock = clock_});
    EXPECT_TRUE(sink) << sink.error().message;
    return sink ? std::move(*sink) : nullptr;
  }

  // Keeps the positions of a group that reads the topic.
  std::unique_ptr<SqliteSink> reading(const std::string& group, Millis lock_wait = Millis(50)) {
    return std::move(SqliteSink::open({.path = path(),
                                       .tables = {plays()},
                                       .group = group,
                                       .topic = "plays",
                                       .lock_wait = lock_wait})
                         .value());
  }

  // The same for the group g, with retries by the test's clock.
  std::unique_ptr<SqliteSink> reading_by_the_clock() {
    return std::move(SqliteSink::open({.path = path(),
                                       .tables = {plays()},
                                       .group = "g",
                                       .topic = "plays",
                                       .lock_wait = Millis(1),
                                       .clock = clock_})
                         .value());
  }

  void add(RowBatch& rows, std::optional<std::string_view> name, int64_t offset) {
    name ? append_view_cell(rows.cells, *name) : append_null_cell(rows.cells);
    append_int64_cell(rows.cells, offset);
    append_float32_cell(rows.cells, 0.5F);
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back({.partition = 0, .epoch = 0, .ticket = ++ticket_});
  }

  // A row of latest_play().
  void add_at(RowBatch& rows, std::string_view name, int64_t offset, int64_t write_time_us) {
    append_view_cell(rows.cells, name);
    append_int64_cell(rows.cells, offset);
    append_float32_cell(rows.cells, 0.5F);
    append_int64_cell(rows.cells, write_time_us);
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back({.partition = 0, .epoch = 0, .ticket = ++ticket_});
  }

  // What the query gives in its one column; the file is attached as ks.
  std::vector<std::string> texts(const std::string& query) {
    auto db = sqlite::Database::open("", sqlite::Database::Mode::memory);
    EXPECT_TRUE(db->attach_read_only(path(), "ks"));
    auto select = db->prepare(query);
    EXPECT_TRUE(select) << query;
    std::vector<std::string> texts;
    while (select && select->step().value()) texts.emplace_back(select->text(0));
    return texts;
  }

  int64_t count() {
    auto db = sqlite::Database::open("", sqlite::Database::Mode::memory);
    EXPECT_TRUE(db->attach_read_only(path(), "ks"));
    auto select = db->prepare("SELECT count(*) FROM ks.plays");
    EXPECT_TRUE(select->step().value());
    return select->int64(0);
  }

  // A table whose key ends with a time.
  static SinkTable heard() {
    return {.keyspace = "",
            .name = "heard",
            .columns = {{"id", Type::int32}, {"at", Type::timestamptz}},
            .key = {.partition = {"id"}, .clustering = {{"at", false}}},
            .microsecond_keys = {"at"}};
  }
  void write_heard(SqliteSink& sink, int64_t micros) {
    RowBatch rows;
    append_int32_cell(rows.cells, 1);
    append_int64_cell(rows.cells, micros);
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back({.partition = 0, .epoch = 0, .ticket = ++ticket_});
    ASSERT_TRUE(submit_to(sink, rows));
    EXPECT_EQ(written_rows(*sink.reap(kEnough)), 1U);
  }
  std::vector<std::string> times_heard() {
    auto db = sqlite::Database::open("", sqlite::Database::Mode::memory);
    EXPECT_TRUE(db->attach_read_only(path(), "there"));
    auto select = db->prepare("SELECT at FROM there.heard ORDER BY at");
    std::vector<std::string> times;
    while (select->step().value()) times.emplace_back(select->text(0));
    return times;
  }

  std::filesystem::path dir_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  uint64_t ticket_ = 0;
};

TEST_F(SqliteSinkTest, KnowsTheTopicOfItsPositionsByItsId) {
  // As of a version before, or of brokers without ids.
  ASSERT_TRUE(reading("g")->keep_positions({{{0, 5}}}));
  {
    auto sink = reading("g");
    EXPECT_TRUE(sink->keep_positions_of("a")) << "rows without an id go on";
    ASSERT_TRUE(sink->keep_positions({{{0, 6}}}));
  }
  EXPECT_THAT(texts("SELECT topic_id FROM ks.turntable_positions"), testing::ElementsAre("a"));
  {
    auto sink = reading("g");
    EXPECT_TRUE(sink->keep_positions_of("a"));
    EXPECT_TRUE(sink->keep_positions_of("")) << "one that is not known is no other";
    const Status refused = sink->keep_positions_of("b");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::failed);
    EXPECT_THAT(refused.error().message,
                testing::HasSubstr("has positions of another topic plays (id a, and now b)"));
  }
  EXPECT_TRUE(reading("another")->keep_positions_of("b"));
}

TEST_F(SqliteSinkTest, KeepsTimesLessThanAMillisecondApart) {
  auto sink = open(heard());
  ASSERT_NE(sink, nullptr);
  for (const int64_t micros : {900, 100, 100, 1000}) write_heard(*sink, micros);
  EXPECT_THAT(times_heard(),
              ElementsAre("1970-01-01T00:00:00.000100Z", "1970-01-01T00:00:00.000900Z",
                          "1970-01-01T00:00:00.001000Z"));
}

// Made before microseconds were kept: a row that is written again must meet the one that is there.
TEST_F(SqliteSinkTest, ATableThatKeepsMillisecondsGoesOn) {
  {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(
        db->execute("CREATE TABLE heard (id int NOT NULL, at timestamp NOT NULL, PRIMARY "
                    "KEY (id, at))"));
    ASSERT_TRUE(db->execute("INSERT INTO heard VALUES (1, '1970-01-01T00:00:00.001Z')"));
  }
  auto sink = open(heard());
  ASSERT_NE(sink, nullptr);
  for (const int64_t micros : {1000, 1900, 2000}) write_heard(*sink, micros);
  EXPECT_THAT(times_heard(), ElementsAre("1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.002Z"));
  const auto difference = check_sqlite_table(path(), heard());
  ASSERT_TRUE(difference && difference->ok());
  EXPECT_THAT(difference->warnings,
              ElementsAre(HasSubstr("column at is part of the key of heard and keeps milliseconds, "
                                    "since it was made as timestamp")));
}

TEST_F(SqliteSinkTest, KeepsPositionsInTheTransactionOfTheirRows) {
  {
    auto sink = reading("g");
    ASSERT_TRUE(sink->keeps_positions());
    EXPECT_EQ(next_kept(*sink, 0), std::nullopt);
    RowBatch rows;
    add(rows, "a", 0);
    sink->accompany({.if_all_written = {{0, 1}, {3, 40}}});
    ASSERT_TRUE(submit_to(*sink, rows));
    ASSERT_TRUE(sink->reap(kEnough));
    EXPECT_EQ(next_kept(*sink, 3), 40);
    // A row that is refused has no outcome yet, so nothing may stand behind it.
    add(rows, std::nullopt, 1);
    add(rows, "b", 2);
    sink->accompany({.if_all_written = {{0, 3}}});
    ASSERT_TRUE(submit_to(*sink, rows));
    EXPECT_EQ(sink->reap(kEnough)->refused.size(), 1U);
    EXPECT_EQ(next_kept(*sink, 0), 1);
    // Its dead letter is durable now.
    const std::vector<Position> later{{0, 3}};
    EXPECT_TRUE(sink->keep_positions(later));
  }
  EXPECT_EQ(next_kept(*reading("g"), 0), 3);
  EXPECT_EQ(next_kept(*reading("g"), 3), 40);
  EXPECT_EQ(next_kept(*reading("another"), 0), std::nullopt);
  EXPECT_FALSE(open()->keeps_positions());
}

TEST_F(SqliteSinkTest, ABatchThatIsUndoneKeepsNoPositions) {
  auto sink = reading_by_the_clock();
  auto other = sqlite::Database::open(path(), sqlite::Database::Mode::write);
  ASSERT_TRUE(other->begin());
  RowBatch rows;
  add(rows, "a", 0);
  sink->accompany({.if_all_written = {{0, 1}}});
  ASSERT_TRUE(submit_to(*sink, rows));
  ASSERT_TRUE(sink->reap(kEnough));
  EXPECT_TRUE(sink->full());
  EXPECT_EQ(next_kept(*sink, 0), std::nullopt);
  ASSERT_TRUE(other->commit());
  clock_->advance(std::chrono::seconds(60));
  ASSERT_TRUE(sink->reap(kEnough));
  EXPECT_EQ(next_kept(*sink, 0), 1);
  ASSERT_TRUE(other->begin());
  const std::vector<Position> positions{{1, 7}};
  const Status locked = sink->keep_positions(positions);
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().kind, ErrorKind::transient);
  EXPECT_EQ(next_kept(*sink, 1), std::nullopt);
}

TEST_F(SqliteSinkTest, NoPositionMovesBack) {
  auto sink = reading("g");
  RowBatch rows;
  add(rows, "a", 0);
  sink->accompany({.if_all_written = {{0, 10}, {1, 5}}});
  ASSERT_TRUE(submit_to(*sink, rows));
  ASSERT_TRUE(sink->reap(kEnough));
  // What the lane settles afterwards lies behind, but for one partition.
  const std::vector<Position> settled{{0, 8}, {1, 5}, {2, 3}};
  ASSERT_TRUE(sink->keep_positions(settled));
  sink.reset();
  sink = reading("g");
  EXPECT_EQ(next_kept(*sink, 0), 10);
  EXPECT_EQ(next_kept(*sink, 1), 5);
  EXPECT_EQ(next_kept(*sink, 2), 3);
}

// A new owner whose clock is behind starts above what stands in the file.
TEST_F(SqliteSinkTest, WriteTimesGoWithTheirRowsEvenWherePositionsCannot) {
  auto sink = reading("g");
  RowBatch rows;
  add(rows, "a", 0);
  sink->accompany({.if_all_written = {{0, 1, 100}}});
  ASSERT_TRUE(submit_to(*sink, rows));
  ASSERT_TRUE(sink->reap(kEnough));
  add(rows, std::nullopt, 1);
  add(rows, "b", 2);
  sink->accompany({.in_any_case = {{0, 1, 300}}, .if_all_written = {{0, 3, 300}, {1, 9, 50}}});
  ASSERT_TRUE(submit_to(*sink, rows));
  EXPECT_EQ(sink->reap(kEnough)->refused.size(), 1U);
  sink.reset();
  EXPECT_EQ(reading("g")->kept_position(0), (Position{0, 1, 300}));
  EXPECT_EQ(reading("g")->kept_position(1), std::nullopt);
}

// Which knows five types only, and bigint is none of them.
TEST_F(SqliteSinkTest, GoesOnWithAStrictTableOfTheVersionBefore) {
  {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(
        db->execute("CREATE TABLE plays (name text NOT NULL, kafka_offset int, tempo real, "
                    "PRIMARY KEY (name)) STRICT"));
    ASSERT_TRUE(db->execute("INSERT INTO plays VALUES ('ann', 1, 0.5)"));
  }
  SinkTable latest = latest_play();
  latest.columns[1].type = Type::int32;
  for (int64_t time = 1'000'000'001; time < 1'000'000'003; ++time) {
    auto sink = SqliteSink::open({.path = path(), .tables = {latest}, .clock = clock_});
    ASSERT_TRUE(sink) << sink.error().message;
    EXPECT_EQ((*sink)->highest_write_time(), time - 1);
    RowBatch rows;
    append_view_cell(rows.cells, "ann");
    append_int32_cell(rows.cells, static_cast<int32_t>(time - 1'000'000'000));
    append_float32_cell(rows.cells, 0.5F);
    append_int64_cell(rows.cells, time);
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back({});
    ASSERT_TRUE(submit_to(**sink, rows));
    ASSERT_EQ(written_rows(*(*sink)->reap(kEnough)), 1U);
  }
  EXPECT_EQ(texts("SELECT kafka_offset || ' ' || _write_time FROM ks.plays"),
            (std::vector<std::string>{"2 1000000002"}));
}

// The later of two positions stands, in whichever order they are handed over.
TEST_F(SqliteSinkTest, NoPositionMovesBackInsideATransaction) {
  auto sink = reading("g");
  ASSERT_TRUE(sink->keep_positions(std::vector<Position>{{0, 5, 100}}));
  RowBatch rows;
  add(rows, "ann", 1);
  sink->accompany({.in_any_case = {{0, 9, 200}, {0, 5, 200}}});
  ASSERT_TRUE(submit_to(*sink, rows));
  ASSERT_EQ(written_rows(*sink->reap(kEnough)), 1U);
  EXPECT_EQ(sink->kept_position(0), (Position{0, 9, 200}));
  sink.reset();
  EXPECT_EQ(reading("g")->kept_position(0), (Position{0, 9, 200}));
}

TEST_F(SqliteSinkTest, GoesOnWithAFileOfTheVersionBefore) {
  {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(db->execute(
        "CREATE TABLE turntable_meta (key text PRIMARY KEY NOT NULL, value text) WITHOUT ROWID"));
    ASSERT_TRUE(db->execute("INSERT INTO turntable_meta VALUES ('keyspace', 'spotify')"));
    ASSERT_TRUE(
        db->execute("CREATE TABLE turntable_positions (target text NOT NULL, reader text NOT NULL, "
                    "topic text NOT NULL, partition int NOT NULL, next int NOT NULL, "
                    "PRIMARY KEY (target, reader, topic, partition)) WITHOUT ROWID"));
    ASSERT_TRUE(db->execute("INSERT INTO turntable_positions VALUES ('plays','g','plays',0,7)"));
    ASSERT_TRUE(
        db->execute("CREATE TABLE plays (name text NOT NULL, kafka_offset bigint, tempo real, "
                    "PRIMARY KEY (name))"));
    ASSERT_TRUE(db->execute("INSERT INTO plays VALUES ('ann', 1, 0.5), ('bob', 1, 0.5)"));
  }
  SinkTable latest = latest_play();
  auto sink = std::move(
      SqliteSink::open(
          {.path = path(), .tables = {latest}, .group = "g", .topic = "plays", .clock = clock_})
          .value());
  EXPECT_EQ(sink->kept_position(0), (Position{0, 7}));
  // Rows of before have the time at which the file was opened: 1,000 seconds, by this clock.
  EXPECT_EQ(sink->highest_write_time(), 1'000'000'000);
  RowBatch rows;
  add_at(rows, "ann", 2, 1'000'000'001);
  add_at(rows, "bob", 0, 5'000);  // A dead letter of before, replayed: its record's own time.
  sink->accompany({.if_all_written = {{0, 8, 1'000'000'001}}});
  ASSERT_TRUE(submit_to(*sink, rows));
  ASSERT_EQ(written_rows(*sink->reap(kEnough)), 2U);
  EXPECT_EQ(sink->kept_position(0), (Position{0, 8, 1'000'000'001}));
  const std::string select =
      "SELECT name || ' ' || kafka_offset || ' ' || ifnull(_write_time, 'NULL') FROM ks.plays "
      "ORDER BY name";
  EXPECT_EQ(texts(select), (std::vector<std::string>{"ann 2 1000000001", "bob 1 1000000000"}));
  // The file opens as any other from here on, and what others insert is as old as the rows of then.
  sink.reset();
  {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(db->execute("INSERT INTO plays (name, kafka_offset) VALUES ('cid', 1)"));
  }
  sink = open(latest);
  EXPECT_THAT(check_sqlite_table(path(), latest)->faults, IsEmpty());
  add_at(rows, "cid", 2, 1'000'000'002);
  ASSERT_TRUE(submit_to(*sink, rows));
  ASSERT_EQ(written_rows(*sink->reap(kEnough)), 1U);
  EXPECT_THAT(texts(select),
              ElementsAre("ann 2 1000000001", "bob 1 1000000000", "cid 2 1000000002"));
}

TEST_F(SqliteSinkTest, KnowsTheHighestWriteTimeOfItsRows) {
  const auto highest = [this] { return open(latest_play())->highest_write_time(); };
  EXPECT_EQ(highest(), kNoWriteTime);
  {
    auto sink = open(latest_play());
    RowBatch rows;
    add_at(rows, "ann", 1, 3'000);
    add_at(rows, "bob", 2, 2'000);
    ASSERT_TRUE(submit_to(*sink, rows));
    ASSERT_TRUE(sink->reap(kEnough));
    EXPECT_EQ(sink->highest_write_time(), 3'000);
    add_at(rows, "bob", 3, 2'500);
    ASSERT_TRUE(submit_to(*sink, rows));
    ASSERT_TRUE(sink->reap(kEnough));
    EXPECT_EQ(sink->highest_write_time(), 3'000);
  }
  // Of the table, whichever run wrote it.
  EXPECT_EQ(highest(), 3'000);
  {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(db->execute("DELETE FROM plays WHERE name = 'ann'"));
  }
  EXPECT_EQ(highest(), 3'000) << "it is kept, and no row is looked at";
  {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(db->execute("DROP TABLE turntable_transactions"));
  }
  EXPECT_EQ(highest(), 2'500) << "it was not kept";
}

TEST_F(SqliteSinkTest, CountsTheTransactionsOfTheLastRunOnly) {
  for (int run = 0; run < 3; ++run) {
    auto sink = open();
    for (int i = 0; i < 2; ++i) {
      RowBatch rows;
      add(rows, "a", run);
      ASSERT_TRUE(submit_to(*sink, rows));
      ASSERT_TRUE(sink->reap(kEnough));
    }
  }
  EXPECT_THAT(texts("SELECT number FROM ks.turntable_transactions"), ElementsAre("2"));
}

TEST_F(SqliteSinkTest, OfTwoRowsWithOneKeyTheOneWithTheHigherWriteTimeStands) {
  auto sink = open(latest_play());
  RowBatch rows;
  add_at(rows, "ann", 1, 1'000);
  add_at(rows, "ann", 2, 2'000);
  add_at(rows, "bob", 3, 3'000);
  ASSERT_TRUE(submit_to(*sink, rows));
  ASSERT_EQ(written_rows(*sink->reap(kEnough)), 3U);
  add_at(rows, "bob", 4, 2'999);  // A dead letter, replayed after days.
  add_at(rows, "ann", 2, 2'000);  // The same record once more.
  ASSERT_TRUE(submit_to(*sink, rows));
  // A row that does not stand is written all the same: nothing more is to be done about it.
  ASSERT_EQ(written_rows(*sink->reap(kEnough)), 2U);
  EXPECT_EQ(texts("SELECT name || ' ' || kafka_offset FROM ks.plays ORDER BY name"),
            (std::vector<std::string>{"ann 2", "bob 3"}));
}

TEST_F(SqliteSinkTest, AValueThatIsNullIsNullOrLeavesTheColumnAsItIs) {
  for (const Nulls nulls : {Nulls::null, Nulls::unset}) {
    std::filesystem::remove(path());
    SinkTable table = latest_play();
    table.nulls = nulls;
    auto sink = open(table);
    RowBatch rows;
    add_at(rows, "ann", 1, 1'000);
    append_view_cell(rows.cells, "ann");
    append_null_cell(rows.cells);
    append_float32_cell(rows.cells, 2);
    append_int64_cell(rows.cells, 2'000);
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back({.partition = 0, .epoch = 0, .ticket = ++ticket_});
    ASSERT_TRUE(submit_to(*sink, rows));
    ASSERT_EQ(written_rows(*sink->reap(kEnough)), 2U);
    EXPECT_EQ(texts("SELECT ifnull(kafka_offset, 'NULL') || ' ' || tempo FROM ks.plays"),
              std::vector<std::string>{nulls == Nulls::null ? "NULL 2.0" : "1 2.0"});
  }
}

TEST_F(SqliteSinkTest, NeverWritesColumnsThatTheInsertDoesNotList) {
  SinkTable table = latest_play();
  table.unwritten = {"kafka_offset"};
  auto sink = open(table);
  {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(db->execute("INSERT INTO plays (name, kafka_offset) VALUES ('ann', 42)"));
  }
  RowBatch rows;
  append_view_cell(rows.cells, "ann");
  append_float32_cell(rows.cells, 2);
  append_int64_cell(rows.cells, 2'000);
  rows.ends.push_back(rows.cells.size());
  rows.origins.push_back({.partition = 0, .epoch = 0, .ticket = ++ticket_});
  ASSERT_TRUE(submit_to(*sink, rows));
  ASSERT_EQ(written_rows(*sink->reap(kEnough)), 1U);
  EXPECT_EQ(texts("SELECT kafka_offset || ' ' || tempo FROM ks.plays"),
            std::vector<std::string>{"42 2.0"});
}

TEST_F(SqliteSinkTest, KeepsABatchWhileTheFileIsLockedAndWritesItLater) {
  auto sink = open();
  auto other = sqlite::Database::open(path(), sqlite::Database::Mode::write);
  ASSERT_TRUE(other->begin());

  RowBatch rows;
  add(rows, "a", 1);
  add(rows, "a", 2);
  ASSERT_TRUE(submit_to(*sink, rows));
  EXPECT_TRUE(rows.empty());
  EXPECT_TRUE(sink->full());
  EXPECT_EQ(sink->in_flight(), 2U);
  EXPECT_EQ(written_rows(*sink->reap(kEnough)), 0U);
  for (int i = 0; i < 5; ++i) {
    clock_->advance(Millis(10'000));
    EXPECT_EQ(written_rows(*sink->reap(kEnough)), 0U);
  }
  other->rollback();
  EXPECT_EQ(written_rows(*sink->reap(Millis(0))), 0U) << "not before the backoff is over";
  clock_->advance(Millis(10'000));
  EXPECT_EQ(written_rows(*sink->reap(kEnough)), 2U);
  EXPECT_FALSE(sink->full());
  EXPECT_EQ(sink->in_flight(), 0U);
  EXPECT_EQ(count(), 2);
}

// Another program has the file for as long as the transaction would wait for it.
class SlowSqliteSinkTest : public SqliteSinkTest {
 protected:
  SlowSqliteSinkTest()
      : sink_(reading("g", kEnough)),
        other_(std::move(sqlite::Database::open(path(), sqlite::Database::Mode::write).value())) {
    EXPECT_TRUE(other_.begin());
    RowBatch rows;
    add(rows, "a", 1);
    add(rows, "a", 2);
    sink_->accompany({.if_all_written = {{0, 3}}});
    EXPECT_TRUE(submit_to(*sink_, rows));
  }

  bool readable(Millis wait = Millis(0)) const {
    pollfd event{sink_->wait_fd(), POLLIN, 0};
    return ::poll(&event, 1, static_cast<int>(wait.count())) == 1;
  }

  std::unique_ptr<SqliteSink> sink_;
  sqlite::Database other_;
};

TEST_F(SlowSqliteSinkTest, LeavesTheLaneAloneWhileATransactionRuns) {
  EXPECT_TRUE(sink_->full());
  EXPECT_EQ(sink_->in_flight(), 2U);
  EXPECT_EQ(written_rows(*sink_->reap(Millis(1))), 0U);
  EXPECT_FALSE(readable());
  ASSERT_TRUE(other_.commit());
  ASSERT_TRUE(readable(kEnough));
  EXPECT_TRUE(sink_->full()) << "until the lane knows of the rows";
  EXPECT_EQ(written_rows(*sink_->reap(Millis(0))), 2U);
  EXPECT_FALSE(sink_->full());
  EXPECT_EQ(next_kept(*sink_, 0), 3);
  EXPECT_FALSE(readable());
}

TEST_F(SlowSqliteSinkTest, SaysWithTheNextReapThatATransactionCannotBe) {
  ASSERT_TRUE(other_.execute("DROP TABLE plays"));
  ASSERT_TRUE(other_.commit());
  const auto acks = sink_->reap(kEnough);
  ASSERT_FALSE(acks);
  EXPECT_THAT(acks.error().message, HasSubstr("writing rows failed"));
  EXPECT_EQ(next_kept(*sink_, 0), std::nullopt);
}

// What the next assignment reads again must not be passed over.
TEST_F(SqliteSinkTest, KeepsNoPositionOfAPartitionThatWasGivenBackBeforeItsTransaction) {
  auto sink = reading_by_the_clock();
  auto other = sqlite::Database::open(path(), sqlite::Database::Mode::write);
  ASSERT_TRUE(other->begin());
  RowBatch rows;
  add(rows, "a", 0);
  sink->accompany({.in_any_case = {{0, 1}}, .if_all_written = {{0, 3}, {1, 5}}});
  ASSERT_TRUE(submit_to(*sink, rows));
  const std::vector<PartitionId> given_back{0};
  ASSERT_TRUE(sink->give_back(given_back));
  ASSERT_TRUE(other->commit());
  clock_->advance(std::chrono::seconds(60));
  EXPECT_EQ(written_rows(*sink->reap(kEnough)), 1U);
  EXPECT_EQ(next_kept(*sink, 0), std::nullopt);
  EXPECT_EQ(next_kept(*sink, 1), 5);
}

TEST_F(SlowSqliteSinkTest, GivesBackWithTheOutcomeOfTheTransactionThatRuns) {
  ASSERT_TRUE(other_.commit());
  const std::vector<PartitionId> given_back{0};
  ASSERT_TRUE(sink_->give_back(given_back));
  EXPECT_EQ(next_kept(*sink_, 0), 3);
  EXPECT_EQ(written_rows(*sink_->reap(Millis(0))), 2U);
}

TEST_F(SlowSqliteSinkTest, ClosesWithTheTransactionWholeOrNotBegun) {
  ASSERT_TRUE(other_.commit());
  sink_.reset();
  sink_ = reading("g");
  const int64_t rows = count();
  EXPECT_THAT(rows, testing::AnyOf(0, 2));
  EXPECT_EQ(next_kept(*sink_, 0), rows == 0 ? std::nullopt : std::optional<Offset>(3));
}

TEST_F(SqliteSinkTest, RefusesOneRowAndTakesItsNeighbours) {
  auto sink = open();
  RowBatch rows;
  add(rows, "a", 1);
  add(rows, std::nullopt, 2);
  add(rows, "a", 3);
  add(rows, std::nullopt, 4);
  ASSERT_TRUE(submit_to(*sink, rows));
  const auto acks = sink->reap(kEnough);
  ASSERT_EQ(written_rows(*acks), 2U);
  EXPECT_EQ(acks->written[0][1].ticket, 3U);
  ASSERT_EQ(acks->refused.size(), 2U);
  EXPECT_EQ(acks->refused[0].origin.ticket, 2U);
  EXPECT_EQ(acks->refused[1].origin.ticket, 4U);
  EXPECT_THAT(acks->refused[0].reason, HasSubstr("NOT NULL constraint failed: plays.name"));
  EXPECT_EQ(count(), 2);
}

// A row of another event must not make way.
TEST_F(SqliteSinkTest, RefusesARowThatAnotherUniqueIndexDoesNotTake) {
  auto sink = open();
  {
    RowBatch first;
    add(first, "a", 1);
    ASSERT_TRUE(submit_to(*sink, first));
    ASSERT_TRUE(sink->reap(kEnough));
  }
  sink.reset();
  {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(db->execute("CREATE UNIQUE INDEX one_tempo ON plays (tempo)"));
  }
  sink = open();
  RowBatch rows;
  add(rows, "a", 1);  // The same row once more.
  add(rows, "b", 2);  // Another with its tempo.
  ASSERT_TRUE(submit_to(*sink, rows));
  const auto acks = sink->reap(kEnough);
  EXPECT_EQ(written_rows(*acks), 1U);
  ASSERT_EQ(acks->refused.size(), 1U);
  EXPECT_THAT(acks->refused[0].reason, HasSubstr("UNIQUE constraint failed"));
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteSinkTest, ASecondRunOnTheSameFileIsRefused) {
  auto sink = open();
  auto second = SqliteSink::open({.path = path(), .tables = {plays()}});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::failed);
  EXPECT_THAT(second.error().message, HasSubstr("is writing it already"));
  sink.reset();
  EXPECT_TRUE(SqliteSink::open({.path = path(), .tables = {plays()}}));
}

TEST_F(SqliteSinkTest, NamesEachColumnOfATableThatIsNotAsWanted) {
  open();
  SinkTable other = plays();
  other.columns[2].type = Type::text;
  other.columns.push_back({"mood", Type::int32});
  other.key.clustering[0].descending = false;
  const auto sink = SqliteSink::open({.path = path(), .tables = {other}});
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().kind, ErrorKind::schema);
  EXPECT_EQ(sink.error().message,
            path() +
                ": the table plays is not as the pipeline says: column tempo is real, expected "
                "text; column mood is missing, expected int; column kafka_offset is ordered DESC, "
                "expected ASC\n"
                "the type of a column that is there cannot be changed: declare tempo as real in "
                "the pipeline, or write to another table\n"
                "to add it:\n"
                "  ALTER TABLE \"plays\" ADD COLUMN \"mood\" int;");
}

// It is another program's.
TEST_F(SqliteSinkTest, LeavesATableThatItRefusesAsItIs) {
  {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(db->execute("CREATE TABLE plays (name text PRIMARY KEY, tempo blob)"));
    ASSERT_TRUE(db->execute("INSERT INTO plays VALUES ('ann', NULL)"));
  }
  const auto sink = SqliteSink::open({.path = path(), .tables = {latest_play()}});
  ASSERT_FALSE(sink);
  EXPECT_THAT(sink.error().message, HasSubstr("column tempo is blob, expected real"));
  EXPECT_THAT(texts("SELECT sql FROM ks.sqlite_master WHERE sql IS NOT NULL"),
              ElementsAre("CREATE TABLE plays (name text PRIMARY KEY, tempo blob)"));
}

TEST_F(SqliteSinkTest, RemembersTheKeyspaceAndRefusesAnother) {
  open();
  SinkTable other = plays();
  other.keyspace = "deezer";
  EXPECT_THAT(SqliteSink::open({.path = path(), .tables = {other}}).error().message,
              HasSubstr("the file keeps the keyspace 'spotify', expected 'deezer'"));
}

TEST_F(SqliteSinkTest, ChecksTheTableBeforeItTouchesTheFile) {
  SinkTable table = plays();
  table.key = {};
  const auto sink = SqliteSink::open({.path = path(), .tables = {table}});
  EXPECT_EQ(sink.error().kind, ErrorKind::usage);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(SqliteSinkTest, SchemaCheckChangesNothingAndSchemaApplyCreates) {
  EXPECT_THAT(check_sqlite_table(path(), plays()).error().message,
              HasSubstr("there is no such file"));
  EXPECT_FALSE(std::filesystem::exists(path()));

  ASSERT_TRUE(create_sqlite_table(path(), plays()));
  EXPECT_THAT(check_sqlite_table(path(), plays())->faults, IsEmpty());
  SinkTable missing = plays();
  missing.name = "others";
  EXPECT_THAT(check_sqlite_table(path(), missing)->faults,
              ElementsAre(HasSubstr("there is no table others in")));
  EXPECT_TRUE(create_sqlite_table(path(), missing)) << "one file may have several tables";
  EXPECT_TRUE(create_sqlite_table(path(), plays())) << "nothing to do";
}

}  // namespace
}  // namespace turntable
