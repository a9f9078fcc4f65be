#include "sink/sqlite_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "row/cell.h"
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
    auto sink =
        SqliteSink::open({.path = path(), .table = table, .lock_wait = Millis(1), .clock = clock_});
    EXPECT_TRUE(sink) << sink.error().message;
    return sink ? std::move(*sink) : nullptr;
  }

  // Keeps the positions of a group that reads the topic.
  std::unique_ptr<SqliteSink> reading(const std::string& group, Millis lock_wait = Millis(50)) {
    return std::move(SqliteSink::open({.path = path(),
                                       .table = plays(),
                                       .group = group,
                                       .topic = "plays",
                                       .lock_wait = lock_wait})
                         .value());
  }

  void add(RowBatch& rows, std::optional<std::string_view> name, int64_t offset) {
    name ? append_view_cell(rows.cells, *name) : append_null_cell(rows.cells);
    append_int64_cell(rows.cells, offset);
    append_float32_cell(rows.cells, 0.5F);
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back({.partition = 0, .epoch = 0, .ticket = ++ticket_});
  }

  int64_t count() {
    auto db = sqlite::Database::open("", sqlite::Database::Mode::memory);
    EXPECT_TRUE(db->attach_read_only(path(), "ks"));
    auto select = db->prepare("SELECT count(*) FROM ks.plays");
    EXPECT_TRUE(select->step().value());
    return select->int64(0);
  }

  std::filesystem::path dir_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  uint64_t ticket_ = 0;
};

TEST_F(SqliteSinkTest, KeepsPositionsInTheTransactionOfTheirRows) {
  {
    auto sink = reading("g");
    ASSERT_TRUE(sink->keeps_positions());
    EXPECT_EQ(sink->kept_position(0), std::nullopt);
    RowBatch rows;
    add(rows, "a", 0);
    sink->accompany({{0, 1}, {3, 40}});
    ASSERT_TRUE(sink->submit(rows));
    ASSERT_TRUE(sink->reap(kEnough));
    EXPECT_EQ(sink->kept_position(3), 40);
    // A row that is refused has no outcome yet, so nothing may stand behind it.
    add(rows, std::nullopt, 1);
    add(rows, "b", 2);
    sink->accompany({{0, 3}});
    ASSERT_TRUE(sink->submit(rows));
    EXPECT_EQ(sink->reap(kEnough)->refused.size(), 1U);
    EXPECT_EQ(sink->kept_position(0), 1);
    // Its dead letter is durable now.
    const std::vector<Position> later{{0, 3}};
    EXPECT_TRUE(sink->keep_positions(later));
  }
  EXPECT_EQ(reading("g")->kept_position(0), 3);
  EXPECT_EQ(reading("g")->kept_position(3), 40);
  EXPECT_EQ(reading("another")->kept_position(0), std::nullopt);
  EXPECT_FALSE(open()->keeps_positions());
}

TEST_F(SqliteSinkTest, ABatchThatIsUndoneKeepsNoPositions) {
  auto sink = std::move(SqliteSink::open({.path = path(),
                                          .table = plays(),
                                          .group = "g",
                                          .topic = "plays",
                                          .lock_wait = Millis(1),
                                          .clock = clock_})
                            .value());
  auto other = sqlite::Database::open(path(), sqlite::Database::Mode::write);
  ASSERT_TRUE(other->begin());
  RowBatch rows;
  add(rows, "a", 0);
  sink->accompany({{0, 1}});
  ASSERT_TRUE(sink->submit(rows));
  ASSERT_TRUE(sink->reap(kEnough));
  EXPECT_TRUE(sink->full());
  EXPECT_EQ(sink->kept_position(0), std::nullopt);
  ASSERT_TRUE(other->commit());
  clock_->advance(std::chrono::seconds(60));
  ASSERT_TRUE(sink->reap(kEnough));
  EXPECT_EQ(sink->kept_position(0), 1);
  ASSERT_TRUE(other->begin());
  const std::vector<Position> positions{{1, 7}};
  const Status locked = sink->keep_positions(positions);
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error().kind, ErrorKind::transient);
  EXPECT_EQ(sink->kept_position(1), std::nullopt);
}

TEST_F(SqliteSinkTest, NoPositionMovesBack) {
  auto sink = reading("g");
  RowBatch rows;
  add(rows, "a", 0);
  sink->accompany({{0, 10}, {1, 5}});
  ASSERT_TRUE(sink->submit(rows));
  ASSERT_TRUE(sink->reap(kEnough));
  // What the lane settles afterwards lies behind, but for one partition.
  const std::vector<Position> settled{{0, 8}, {1, 5}, {2, 3}};
  ASSERT_TRUE(sink->keep_positions(settled));
  sink.reset();
  sink = reading("g");
  EXPECT_EQ(sink->kept_position(0), 10);
  EXPECT_EQ(sink->kept_position(1), 5);
  EXPECT_EQ(sink->kept_position(2), 3);
}

TEST_F(SqliteSinkTest, KeepsABatchWhileTheFileIsLockedAndWritesItLater) {
  auto sink = open();
  auto other = sqlite::Database::open(path(), sqlite::Database::Mode::write);
  ASSERT_TRUE(other->begin());

  RowBatch rows;
  add(rows, "a", 1);
  add(rows, "a", 2);
  ASSERT_TRUE(sink->submit(rows));
  EXPECT_TRUE(rows.empty());
  EXPECT_TRUE(sink->full());
  EXPECT_EQ(sink->in_flight(), 2U);
  EXPECT_THAT(sink->reap(kEnough)->written, IsEmpty());
  for (int i = 0; i < 5; ++i) {
    clock_->advance(Millis(10'000));
    EXPECT_THAT(sink->reap(kEnough)->written, IsEmpty());
  }
  other->rollback();
  EXPECT_THAT(sink->reap(Millis(0))->written, IsEmpty()) << "not before the backoff is over";
  clock_->advance(Millis(10'000));
  EXPECT_EQ(sink->reap(kEnough)->written.size(), 2U);
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
    sink_->accompany({{0, 3}});
    EXPECT_TRUE(sink_->submit(rows));
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
  EXPECT_THAT(sink_->reap(Millis(1))->written, IsEmpty());
  EXPECT_FALSE(readable());
  ASSERT_TRUE(other_.commit());
  ASSERT_TRUE(readable(kEnough));
  EXPECT_TRUE(sink_->full()) << "until the lane knows of the rows";
  EXPECT_EQ(sink_->reap(Millis(0))->written.size(), 2U);
  EXPECT_FALSE(sink_->full());
  EXPECT_EQ(sink_->kept_position(0), 3);
  EXPECT_FALSE(readable());
}

TEST_F(SlowSqliteSinkTest, SaysWithTheNextReapThatATransactionCannotBe) {
  ASSERT_TRUE(other_.execute("DROP TABLE plays"));
  ASSERT_TRUE(other_.commit());
  const auto acks = sink_->reap(kEnough);
  ASSERT_FALSE(acks);
  EXPECT_THAT(acks.error().message, HasSubstr("writing rows failed"));
  EXPECT_EQ(sink_->kept_position(0), std::nullopt);
}

TEST_F(SlowSqliteSinkTest, ClosesWithTheTransactionWholeOrNotBegun) {
  ASSERT_TRUE(other_.commit());
  sink_.reset();
  sink_ = reading("g");
  const int64_t rows = count();
  EXPECT_THAT(rows, testing::AnyOf(0, 2));
  EXPECT_EQ(sink_->kept_position(0), rows == 0 ? std::nullopt : std::optional<Offset>(3));
}

TEST_F(SqliteSinkTest, RefusesOneRowAndTakesItsNeighbours) {
  auto sink = open();
  RowBatch rows;
  add(rows, "a", 1);
  add(rows, std::nullopt, 2);
  add(rows, "a", 3);
  add(rows, std::nullopt, 4);
  ASSERT_TRUE(sink->submit(rows));
  const auto acks = sink->reap(kEnough);
  ASSERT_EQ(acks->written.size(), 2U);
  EXPECT_EQ(acks->written[1].ticket, 3U);
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
    ASSERT_TRUE(sink->submit(first));
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
  ASSERT_TRUE(sink->submit(rows));
  const auto acks = sink->reap(kEnough);
  EXPECT_EQ(acks->written.size(), 1U);
  ASSERT_EQ(acks->refused.size(), 1U);
  EXPECT_THAT(acks->refused[0].reason, HasSubstr("UNIQUE constraint failed"));
  EXPECT_EQ(count(), 1);
}

TEST_F(SqliteSinkTest, ASecondRunOnTheSameFileIsRefused) {
  auto sink = open();
  auto second = SqliteSink::open({.path = path(), .table = plays()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::failed);
  EXPECT_THAT(second.error().message, HasSubstr("is writing it already"));
  sink.reset();
  EXPECT_TRUE(SqliteSink::open({.path = path(), .table = plays()}));
}

TEST_F(SqliteSinkTest, LanesOfOneRunShareTheLock) {
  auto lock = sqlite::WriterLock::take(path());
  auto one = SqliteSink::open({.path = path(), .table = plays(), .lock = *lock});
  auto two = SqliteSink::open({.path = path(), .table = plays(), .lock = *lock});
  ASSERT_TRUE(one);
  ASSERT_TRUE(two) << two.error().message;
  RowBatch rows;
  add(rows, "a", 1);
  ASSERT_TRUE((*one)->submit(rows));
  add(rows, "b", 1);
  ASSERT_TRUE((*two)->submit(rows));
  for (const auto& sink : {one->get(), two->get()})
    while (sink->in_flight() > 0) ASSERT_TRUE(sink->reap(kEnough));
  EXPECT_EQ(count(), 2);
}

TEST_F(SqliteSinkTest, NamesEachColumnOfATableThatIsNotAsWanted) {
  open();
  SinkTable other = plays();
  other.columns[2].type = Type::text;
  other.columns.push_back({"mood", Type::int32});
  other.key.clustering[0].descending = false;
  const auto sink = SqliteSink::open({.path = path(), .table = other});
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().kind, ErrorKind::schema);
  EXPECT_EQ(sink.error().message,
            path() +
                ": the table plays is not as the pipeline says: column tempo is real, expected "
                "text; column mood is missing, expected int; column kafka_offset is ordered DESC, "
                "expected ASC");
}

TEST_F(SqliteSinkTest, RemembersTheKeyspaceAndRefusesAnother) {
  open();
  SinkTable other = plays();
  other.keyspace = "deezer";
  EXPECT_THAT(SqliteSink::open({.path = path(), .table = other}).error().message,
              HasSubstr("the file keeps the keyspace 'spotify', expected 'deezer'"));
}

TEST_F(SqliteSinkTest, ChecksTheTableBeforeItTouchesTheFile) {
  SinkTable table = plays();
  table.key = {};
  const auto sink = SqliteSink::open({.path = path(), .table = table});
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
