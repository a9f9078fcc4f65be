// What was looked at when a Cassandra table was opened changes while a sink writes to it: no row is
// reported before the nodes were asked again which table they have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "row/cell.h"
#include "sink/cassandra_schema.h"
#include "sink/cassandra_sink.h"
#include "sink/fake_writer.h"
#include "sink/keyspace_testing.h"
#include "sink/rows_testing.h"

namespace turntable {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

SinkTable plays() {
  return {.keyspace = "turntable_changed_table",
          .name = "plays",
          .columns = {{"name", Type::text}, {"off", Type::int64}, {"x", Type::int32}},
          .key = {.partition = {"name"}, .clustering = {{"off", true}}}};
}

RowBatch rows(std::initializer_list<std::pair<std::string_view, int64_t>> all) {
  RowBatch batch;
  for (const auto& [name, off] : all) {
    append_view_cell(batch.cells, name);
    append_int64_cell(batch.cells, off);
    append_int32_cell(batch.cells, 1);
    batch.ends.push_back(batch.cells.size());
    batch.origins.push_back({.partition = 0, .epoch = 1, .ticket = static_cast<uint64_t>(off)});
  }
  return batch;
}

MATCHER(IsOneLine, "") {
  return std::count(arg.begin(), arg.end(), '\n') == 1;
}

class ChangedTableTest : public testing::Test {
 protected:
  ChangedTableTest() {
    auto writer = std::make_unique<FakeWriter>();
    cluster_ = writer.get();
    cluster_->hold_confirmations();
    sink_ = std::make_unique<CassandraSink>(
        std::move(writer),
        CassandraSinkOptions{.tables = {plays()},
                             .backoff = {.first = Millis(100), .limit = Millis(1'000), .seed = 1},
                             .clock = clock_});
  }

  void submit(std::initializer_list<std::pair<std::string_view, int64_t>> all) {
    RowBatch batch = rows(all);
    ASSERT_TRUE(submit_to(*sink_, batch));
  }
  std::vector<uint64_t> written() {
    const auto acks = sink_->reap(Millis(0));
    EXPECT_TRUE(acks) << acks.error().message;
    return acks ? tickets(acks->written) : std::vector<uint64_t>{};
  }
  static Error remade() { return {ErrorKind::schema, "the table was dropped and made anew"}; }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  FakeWriter* cluster_ = nullptr;
  std::unique_ptr<CassandraSink> sink_;
};

TEST_F(ChangedTableTest, ReportsNoRowBeforeTheTableIsKnownToBeTheSame) {
  submit({{"ann", 1}});
  EXPECT_FALSE(cluster_->asked());
  cluster_->succeed();
  EXPECT_THAT(written(), IsEmpty());
  EXPECT_TRUE(cluster_->asked());
  EXPECT_EQ(sink_->in_flight(), 1U);
  EXPECT_FALSE(sink_->full());
  cluster_->confirm_now();
  EXPECT_THAT(written(), ElementsAre(1));
  EXPECT_EQ(sink_->in_flight(), 0U);
  EXPECT_THAT(written(), IsEmpty());
  EXPECT_EQ(cluster_->confirmations(), 1U);
}

TEST_F(ChangedTableTest, AQuestionCoversOnlyWhatWasSettledBeforeIt) {
  submit({{"ann", 1}});
  cluster_->succeed();
  EXPECT_THAT(written(), IsEmpty());
  submit({{"ann", 2}});
  cluster_->succeed();
  EXPECT_THAT(written(), IsEmpty());
  cluster_->confirm_now();
  EXPECT_THAT(written(), ElementsAre(1));
  EXPECT_TRUE(cluster_->asked());
  cluster_->confirm_now();
  EXPECT_THAT(written(), ElementsAre(2));
}

TEST_F(ChangedTableTest, AsksNowAndThenWhileRequestsAreOnTheirWay) {
  for (int64_t round = 0; round < 100; ++round) {
    // There is always one that has no answer yet.
    if (round == 0) submit({{"ann", 0}});
    submit({{"ann", round + 1}});
    cluster_->succeed();
    (void)written();
    if (cluster_->asked()) cluster_->confirm_now();
    clock_->advance(Millis(10));
  }
  EXPECT_GE(cluster_->confirmations(), 8U);
  EXPECT_LE(cluster_->confirmations(), 12U);
}

TEST_F(ChangedTableTest, ReportsNothingOfATableThatIsAnotherOne) {
  submit({{"ann", 1}, {"bob", 2}});
  cluster_->succeed();
  cluster_->fail(ErrorKind::row, "Expected 8 or 0 byte long (4)");
  EXPECT_THAT(written(), IsEmpty());
  cluster_->confirm_with(remade());
  cluster_->confirm_now();
  for (int i = 0; i < 2; ++i) {
    const auto acks = sink_->reap(Millis(0));
    ASSERT_FALSE(acks);
    EXPECT_EQ(acks.error().kind, ErrorKind::schema);
    EXPECT_EQ(acks.error().message,
              "cannot write to turntable_changed_table.plays: the table was dropped and made anew");
  }
  submit({{"ann", 3}});
  EXPECT_EQ(cluster_->sent(), 2U);
}

TEST_F(ChangedTableTest, ARowIsRefusedOnlyByTheTableThatWasChecked) {
  submit({{"ann", 1}});
  cluster_->fail(ErrorKind::row, "too large");
  auto acks = sink_->reap(Millis(0));
  ASSERT_TRUE(acks);
  EXPECT_THAT(acks->refused, IsEmpty());
  cluster_->confirm_now();
  acks = sink_->reap(Millis(0));
  ASSERT_TRUE(acks);
  EXPECT_THAT(acks->refused, SizeIs(1));
}

TEST_F(ChangedTableTest, AQuestionWithoutAnAnswerIsPutAgainAndKeepsItsRows) {
  submit({{"ann", 1}});
  cluster_->succeed();
  EXPECT_THAT(written(), IsEmpty());
  submit({{"ann", 2}});
  cluster_->succeed();
  EXPECT_THAT(written(), IsEmpty());
  cluster_->confirm_with(Error{ErrorKind::transient, "the node is away"});
  cluster_->confirm_now();
  EXPECT_THAT(written(), IsEmpty());
  EXPECT_FALSE(cluster_->asked());
  EXPECT_EQ(sink_->in_flight(), 2U);
  cluster_->confirm_with(std::nullopt);
  clock_->advance(Millis(5'000));
  EXPECT_THAT(written(), IsEmpty());
  cluster_->confirm_now();
  EXPECT_THAT(written(), ElementsAre(1, 2));
}

// Positions stand still meanwhile, and requests succeed.
TEST_F(ChangedTableTest, SaysOnceThatTheTableIsNotConfirmedAndOnceThatItIsAgain) {
  submit({{"ann", 1}});
  cluster_->succeed();
  cluster_->confirm_with(Error{ErrorKind::transient, "the node is away"});
  testing::internal::CaptureStderr();
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_THAT(written(), IsEmpty());
    cluster_->confirm_now();
    EXPECT_THAT(written(), IsEmpty());
    clock_->advance(Millis(5'000));
  }
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("are not acknowledged before: the node is away"), IsOneLine()));
  cluster_->confirm_with(std::nullopt);
  testing::internal::CaptureStderr();
  EXPECT_THAT(written(), IsEmpty());
  cluster_->confirm_now();
  EXPECT_THAT(written(), ElementsAre(1));
  submit({{"ann", 2}});
  cluster_->succeed();
  EXPECT_THAT(written(), IsEmpty());
  cluster_->confirm_now();
  EXPECT_THAT(written(), ElementsAre(2));
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("say again which table they have, after 15.0 s"), IsOneLine()));
}

TEST_F(ChangedTableTest, AStatementThatFailsIsExplainedByTheTable) {
  submit({{"ann", 1}});
  cluster_->fail(ErrorKind::schema, "Undefined column name x");
  EXPECT_THAT(written(), IsEmpty());
  cluster_->confirm_with(remade());
  cluster_->confirm_now();
  EXPECT_THAT(sink_->reap(Millis(0)).error().message, HasSubstr("dropped and made anew"));
}

TEST_F(ChangedTableTest, AStatementThatFailsFailsByItselfWhereTheTableSaysNothing) {
  submit({{"ann", 1}});
  cluster_->fail(ErrorKind::schema, "Undefined column name x");
  EXPECT_THAT(written(), IsEmpty());
  cluster_->confirm_with(Error{ErrorKind::transient, "the node is away"});
  cluster_->confirm_now();
  EXPECT_THAT(sink_->reap(Millis(0)).error().message, HasSubstr("Undefined column name x"));
}

// ---- Against a real server ----

class ChangedTableServerTest : public KeyspaceTest {
 protected:
  ChangedTableServerTest() : KeyspaceTest(std::getenv("TURNTABLE_CASSANDRA"), {plays()}) {}
  void SetUp() override {
    KeyspaceTest::SetUp();
    if (session_) begin();
  }

  // A table that is as the pipeline wants it, and a sink that has written to it.
  void begin() {
    create();
    auto sink = CassandraSink::open(options_);
    ASSERT_TRUE(sink) << sink.error().message;
    sink_ = std::move(*sink);
    ASSERT_EQ(write(), "");
  }
  // Two requests, one of them with several rows. The error that stops the sink.
  std::string write() {
    RowBatch batch = rows({{"ann", next_}, {"ann", next_ + 1}, {"bob", next_ + 2}});
    next_ += 3;
    EXPECT_TRUE(submit_to(*sink_, batch));
    size_t written = 0;
    while (sink_->in_flight() > 0) {
      const auto acks = sink_->reap(Millis(1'000));
      if (!acks) {
        EXPECT_EQ(written, 0U);
        return acks.error().message;
      }
      EXPECT_THAT(acks->refused, IsEmpty());
      written += written_rows(*acks);
    }
    EXPECT_EQ(written, 3U);
    return "";
  }
  void make_anew(const std::string& columns) {
    execute("DROP TABLE turntable_changed_table.plays");
    execute("CREATE TABLE turntable_changed_table.plays (" + columns + ")");
  }

  std::unique_ptr<CassandraSink> sink_;
  int64_t next_ = 0;
};

TEST_F(ChangedTableServerTest, OtherTypesOfTheSameWidthAreToldAsAtTheStart) {
  make_anew(
      "name blob, off timestamp, x float, PRIMARY KEY (name, off)) "
      "WITH CLUSTERING ORDER BY (off DESC");
  EXPECT_EQ(write(),
            "cannot write to turntable_changed_table.plays: the table was dropped and made anew "
            "while the run wrote to it: column name is blob, expected text; column off is "
            "timestamp, expected bigint; column x is float, expected int");
}

TEST_F(ChangedTableServerTest, OtherTypesOfAnotherWidthMakeNoDeadLetters) {
  make_anew(
      "name text, off bigint, x bigint, PRIMARY KEY (name, off)) "
      "WITH CLUSTERING ORDER BY (off DESC");
  EXPECT_THAT(write(), HasSubstr("column x is bigint, expected int"));
}

TEST_F(ChangedTableServerTest, AnotherKeyIsTold) {
  make_anew("name text, off bigint, x int, PRIMARY KEY (name)");
  EXPECT_THAT(write(), AllOf(HasSubstr("dropped and made anew"), HasSubstr("key")));
}

TEST_F(ChangedTableServerTest, TheSameTableMadeAnewIsTold) {
  make_anew(
      "name text, off bigint, x int, PRIMARY KEY (name, off)) "
      "WITH CLUSTERING ORDER BY (off DESC");
  EXPECT_THAT(write(), HasSubstr("dropped and made anew while the run wrote to it, and what was "
                                 "written before is gone"));
}

TEST_F(ChangedTableServerTest, ATableOrKeyspaceThatIsGoneIsTold) {
  execute("DROP TABLE turntable_changed_table.plays");
  EXPECT_THAT(write(), HasSubstr("there is no table plays in keyspace turntable_changed_table"));
  begin();
  execute("DROP KEYSPACE turntable_changed_table");
  EXPECT_THAT(write(), HasSubstr("there is no table plays in keyspace turntable_changed_table"));
}

TEST_F(ChangedTableServerTest, AColumnThatWasRenamedOrDroppedIsTold) {
  execute("ALTER TABLE turntable_changed_table.plays RENAME off TO position");
  EXPECT_THAT(write(), AllOf(HasSubstr("the table was changed while the run wrote to it"),
                             HasSubstr("column off is missing, expected bigint")));
  execute("DROP TABLE turntable_changed_table.plays");
  begin();
  execute("ALTER TABLE turntable_changed_table.plays DROP x");
  EXPECT_THAT(write(), HasSubstr("column x is missing, expected int"));
}

TEST_F(ChangedTableServerTest, ChangesThatTakeNothingAwayStopNothing) {
  execute("ALTER TABLE turntable_changed_table.plays ADD note text");
  EXPECT_EQ(write(), "");
  execute("ALTER TABLE turntable_changed_table.plays WITH comment = 'plays'");
  EXPECT_EQ(write(), "");
  execute("TRUNCATE turntable_changed_table.plays");
  EXPECT_EQ(write(), "");
  execute("CREATE TABLE turntable_changed_table.more (k int PRIMARY KEY)");
  EXPECT_EQ(write(), "");
}

}  // namespace
}  // namespace turntable
