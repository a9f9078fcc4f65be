// A sink for several tables of one cluster: one window, one question, outcomes by table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "row/cell.h"
#include "sink/cassandra_sink.h"
#include "sink/fake_writer.h"
#include "sink/keyspace_testing.h"
#include "sink/rows_testing.h"

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

SinkTable by_person() {
  return {.keyspace = "turntable_tables_test",
          .name = "by_person",
          .columns = {{"name", Type::text}, {"off", Type::int64}},
          .key = {.partition = {"name"}, .clustering = {{"off"}}}};
}

// Its partition key is not its first column.
SinkTable by_song() {
  return {.keyspace = "turntable_tables_test",
          .name = "by_song",
          .columns = {{"off", Type::int64}, {"song", Type::text}},
          .key = {.partition = {"song"}, .clustering = {{"off"}}}};
}

void end_row(RowBatch& batch, int64_t off) {
  batch.ends.push_back(batch.cells.size());
  batch.origins.push_back({.partition = 0, .epoch = 1, .ticket = static_cast<uint64_t>(off)});
}
void add_person(RowBatches& rows, std::string_view name, int64_t off) {
  RowBatch& batch = rows.tables[0];
  append_view_cell(batch.cells, name);
  append_int64_cell(batch.cells, off);
  end_row(batch, off);
}
void add_song(RowBatches& rows, std::string_view song, int64_t off) {
  RowBatch& batch = rows.tables[1];
  append_int64_cell(batch.cells, off);
  append_view_cell(batch.cells, song);
  end_row(batch, off);
}
RowBatches no_rows() {
  RowBatches rows;
  rows.tables.resize(2);
  return rows;
}

std::string rows_of(const FakeWriter::Sent& sent) {
  std::string out;
  CellReader cells(sent.cells);
  while (!cells.done()) {
    if (sent.table == 0) out += std::string(cells.next().bytes()) + ":";
    out += std::to_string(cells.next().int64());
    if (sent.table == 1) out += ":" + std::string(cells.next().bytes());
    out += " ";
  }
  return out;
}

class CassandraTablesTest : public testing::Test {
 protected:
  CassandraTablesTest() {
    auto writer = std::make_unique<FakeWriter>();
    cluster_ = writer.get();
    sink_ = std::make_unique<CassandraSink>(
        std::move(writer),
        CassandraSinkOptions{.tables = {by_person(), by_song()},
                             .backoff = {.first = Millis(100), .limit = Millis(1'000), .seed = 1},
                             .clock = clock_});
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  FakeWriter* cluster_ = nullptr;
  std::unique_ptr<CassandraSink> sink_;
};

TEST_F(CassandraTablesTest, EachTablesRowsGoToItPartitionByPartition) {
  RowBatches rows = no_rows();
  add_person(rows, "ann", 1);
  add_person(rows, "bob", 2);
  add_person(rows, "ann", 3);
  add_song(rows, "hey", 1);
  add_song(rows, "jude", 2);
  add_song(rows, "hey", 3);
  ASSERT_TRUE(sink_->submit(rows));
  EXPECT_TRUE(rows.empty());
  EXPECT_THAT(rows.tables, SizeIs(2));
  std::multiset<std::pair<uint32_t, std::string>> sent;
  for (const auto& request : cluster_->waiting()) sent.emplace(request.table, rows_of(request));
  EXPECT_THAT(sent, ElementsAre(std::pair(0U, "ann:1 ann:3 "), std::pair(0U, "bob:2 "),
                                std::pair(1U, "1:hey 3:hey "), std::pair(1U, "2:jude ")));
  EXPECT_EQ(sink_->in_flight(), 6U);
  EXPECT_FALSE(sink_->full());
}

TEST_F(CassandraTablesTest, OutcomesAreReportedByTable) {
  cluster_->answer_with([](const FakeWriter::Sent& sent) -> std::optional<Error> {
    if (sent.table == 1 && sent.cells.find("evil") != std::string::npos)
      return Error{ErrorKind::row, "too large"};
    return std::nullopt;
  });
  RowBatches rows = no_rows();
  for (int64_t off = 1; off < 4; ++off) {
    add_person(rows, "evil", off);
    add_song(rows, off == 2 ? "evil" : "hey", off);
  }
  ASSERT_TRUE(sink_->submit(rows));
  const auto acks = sink_->reap(Millis(0));
  ASSERT_TRUE(acks);
  ASSERT_THAT(acks->written, SizeIs(2));
  EXPECT_THAT(tickets(acks->written.subspan(0, 1)), ElementsAre(1, 2, 3));
  EXPECT_THAT(tickets(acks->written.subspan(1, 1)), ElementsAre(1, 3));
  ASSERT_THAT(acks->refused, SizeIs(1));
  EXPECT_EQ(acks->refused[0].table, 1U);
  EXPECT_EQ(acks->refused[0].origin.ticket, 2U);
  EXPECT_EQ(sink_->in_flight(), 0U);
}

// A flush is one submit(), however many tables it has rows of.
TEST_F(CassandraTablesTest, OneFlushMayWaitBehindTheOneThatIsSent) {
  RowBatches rows = no_rows();
  const auto fill = [&rows](int64_t from) {
    for (int64_t off = from; off < from + 100; ++off) {
      add_person(rows, "name " + std::to_string(off), off);
      add_song(rows, "song " + std::to_string(off), off);
    }
  };
  fill(0);
  ASSERT_TRUE(sink_->submit(rows));
  EXPECT_THAT(cluster_->waiting(), SizeIs(CassandraSink::kRequestsLimit));
  EXPECT_FALSE(sink_->full());
  fill(100);
  ASSERT_TRUE(sink_->submit(rows));
  EXPECT_TRUE(sink_->full());
  const auto succeed = [this](int requests) {
    for (int i = 0; i < requests; ++i) {
      cluster_->succeed();
      ASSERT_TRUE(sink_->reap(Millis(0)));
    }
  };
  // The first flush has 200 requests, of which the window's were sent at once.
  succeed(200 - static_cast<int>(CassandraSink::kRequestsLimit) - 1);
  EXPECT_TRUE(sink_->full());
  succeed(1);
  EXPECT_FALSE(sink_->full());
  EXPECT_THAT(cluster_->waiting(), SizeIs(CassandraSink::kRequestsLimit));
}

TEST_F(CassandraTablesTest, OneQuestionIsAboutAllTablesAndAFailureNamesItsOwn) {
  cluster_->hold_confirmations();
  RowBatches rows = no_rows();
  add_person(rows, "ann", 1);
  add_song(rows, "hey", 1);
  ASSERT_TRUE(sink_->submit(rows));
  cluster_->succeed();
  cluster_->succeed();
  EXPECT_EQ(written_rows(*sink_->reap(Millis(0))), 0U);
  EXPECT_EQ(cluster_->confirmations(), 1U);
  cluster_->confirm_with(Error{ErrorKind::schema, "the table was dropped and made anew"}, 1);
  cluster_->confirm_now();
  // The row of the other table is not acknowledged either: nobody knows of it by this answer.
  const auto acks = sink_->reap(Millis(0));
  ASSERT_FALSE(acks);
  EXPECT_EQ(acks.error().message,
            "cannot write to turntable_tables_test.by_song: the table was dropped and made anew");
}

TEST_F(CassandraTablesTest, MessagesNameTheTableThatTheyAreAbout) {
  RowBatches rows = no_rows();
  add_person(rows, "ann", 1);
  ASSERT_TRUE(sink_->submit(rows));
  add_song(rows, "hey", 1);
  ASSERT_TRUE(sink_->submit(rows));
  testing::internal::CaptureStderr();
  cluster_->succeed();
  cluster_->fail(ErrorKind::transient, "the node is away");
  ASSERT_TRUE(sink_->reap(Millis(0)));
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("turntable_tables_test.by_song cannot be written to, which is tried again "
                        "until it works: the node is away"));
  clock_->advance(Millis(1'000));
  ASSERT_TRUE(sink_->reap(Millis(0)));
  cluster_->fail(ErrorKind::failed, "nobody knows why");
  const auto acks = sink_->reap(Millis(0));
  ASSERT_FALSE(acks);
  EXPECT_EQ(acks.error().message,
            "cannot write to turntable_tables_test.by_song: nobody knows why");
}

// Every row would be refused alike. A row that brings its own is the only one at fault.
TEST_F(CassandraTablesTest, ATtlBehindWhatTheClusterCanKeepIsNamed) {
  const std::string reason =
      "Request on table k.by_song with ttl of 630720000 seconds exceeds maximum supported expiration "
      "date of 2038-01-19T03:14:06+00:00. In order to avoid this use a lower TTL, change the "
      "expiration date overflow policy or upgrade to a version where this limitation is fixed.";
  const auto outcome = [&](int64_t ttl_seconds, const std::string& ttl_column) {
    auto writer = std::make_unique<FakeWriter>();
    FakeWriter* const cluster = writer.get();
    SinkTable table = by_song();
    table.ttl_seconds = ttl_seconds;
    table.ttl_column = ttl_column;
    CassandraSink sink(std::move(writer), {.tables = {by_person(), table}});
    RowBatches rows = no_rows();
    add_song(rows, "hey", 1);
    EXPECT_TRUE(sink.submit(rows));
    cluster->fail(ErrorKind::row, reason);
    const auto acks = sink.reap(Millis(0));
    return acks ? "refused: " + acks->refused.front().reason : acks.error().message;
  };
  EXPECT_EQ(outcome(630'720'000, ""),
            "cannot write to turntable_tables_test.by_song: with ttl = '630720000s' its rows would "
            "expire after 2038-01-19T03:14:06+00:00, which is the last time that this Cassandra can "
            "keep: use a lower ttl, or, from Cassandra 5 on, storage_compatibility_mode: NONE in "
            "its cassandra.yaml, with which it keeps times until 2106");
  EXPECT_EQ(outcome(0, "expires_in"), "refused: " + reason);
}

TEST_F(CassandraTablesTest, IsNamedByItsTables) {
  EXPECT_EQ(sink_->name(), "turntable_tables_test (2 tables)");
  SinkTable elsewhere = by_song();
  elsewhere.keyspace = "another";
  const CassandraSink two(std::make_unique<FakeWriter>(),
                          {.tables = {by_person(), by_song(), elsewhere}});
  EXPECT_EQ(two.name(), "the cluster's 3 tables");
}

// Every row that was taken is reported exactly once, by its table.
TEST_F(CassandraTablesTest, ReportsEveryRowOnceUnderRandomTrouble) {
  testing::internal::CaptureStderr();  // A line for every trouble.
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::map<std::pair<uint32_t, uint64_t>, int> reported;
    size_t submitted = 0;
    int64_t next = 0;
    while (next < 2'000 || sink_->in_flight() > 0) {
      if (next < 2'000 && !sink_->full()) {
        RowBatches rows = no_rows();
        for (uint32_t i = 0; i < random() % 200; ++i, ++next) {
          if (random() % 3 != 0) add_person(rows, "p" + std::to_string(random() % 9), next);
          if (random() % 3 != 0) add_song(rows, "s" + std::to_string(random() % 9), next);
        }
        submitted += rows.size();
        ASSERT_TRUE(sink_->submit(rows));
      }
      while (!cluster_->waiting().empty() && random() % 8 != 0) {
        if (random() % 3 == 0) {
          cluster_->fail(ErrorKind::transient);
        } else if (cluster_->waiting().front().rows == 1 && random() % 10 == 0) {
          cluster_->fail(ErrorKind::row);
        } else {
          cluster_->succeed();
        }
      }
      clock_->advance(Millis(random() % 400));
      const auto acks = sink_->reap(Millis(0));
      ASSERT_TRUE(acks);
      for (uint32_t table = 0; table < 2; ++table)
        for (const Origin& origin : acks->written[table]) ++reported[{table, origin.ticket}];
      for (const Acks::Refused& row : acks->refused) ++reported[{row.table, row.origin.ticket}];
    }
    EXPECT_EQ(reported.size(), submitted);
    for (const auto& [row, times] : reported) EXPECT_EQ(times, 1) << "row " << row.second;
  }
  testing::internal::GetCapturedStderr();
}

// ---- Against a real server ----

class CassandraTablesServerTest : public KeyspaceTest {
 protected:
  CassandraTablesServerTest()
      : KeyspaceTest(std::getenv("TURNTABLE_CASSANDRA"), {by_person(), by_song()}) {}
  void SetUp() override {
    KeyspaceTest::SetUp();
    if (!session_) return;
    create();
    auto sink = CassandraSink::open(options_);
    ASSERT_TRUE(sink) << sink.error().message;
    sink_ = std::move(*sink);
  }
  // Rows of both tables. The error that stops the sink.
  std::string write() {
    RowBatches rows = no_rows();
    for (int i = 0; i < 50; ++i, ++next_) {
      add_person(rows, "name " + std::to_string(next_ % 7), next_);
      add_song(rows, "song " + std::to_string(next_ % 5), next_);
    }
    EXPECT_TRUE(sink_->submit(rows));
    std::vector<size_t> written(2);
    while (sink_->in_flight() > 0) {
      const auto acks = sink_->reap(Millis(1'000));
      if (!acks) return acks.error().message;
      EXPECT_THAT(acks->refused, IsEmpty());
      for (size_t table = 0; table < 2; ++table) written[table] += acks->written[table].size();
    }
    EXPECT_THAT(written, ElementsAre(50, 50));
    return "";
  }
  int64_t count(const std::string& table) {
    auto cursor = session_->query("SELECT count(*) FROM turntable_tables_test." + table);
    EXPECT_TRUE(cursor) << cursor.error().message;
    return CellReader((*cursor->next_page())->cells).next().int64();
  }

  std::unique_ptr<CassandraSink> sink_;
  int64_t next_ = 0;
};

TEST_F(CassandraTablesServerTest, WritesRowsOfAllTables) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(write(), "");
  EXPECT_EQ(count("by_person"), 200);
  EXPECT_EQ(count("by_song"), 200);
}

TEST_F(CassandraTablesServerTest, OneOfTheTablesThatIsMadeAnewIsTold) {
  EXPECT_EQ(write(), "");
  execute("DROP TABLE turntable_tables_test.by_song");
  execute(
      "CREATE TABLE turntable_tables_test.by_song (off bigint, song text, PRIMARY KEY (song, "
      "off))");
  EXPECT_EQ(write(),
            "cannot write to turntable_tables_test.by_song: the table was dropped and made anew "
            "while the run wrote to it, and what was written before is gone: start again to write "
            "to the new one");
}

TEST_F(CassandraTablesServerTest, NamesTheTableThatIsMissing) {
  execute("DROP TABLE turntable_tables_test.by_song");
  const auto sink = CassandraSink::open(options_);
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().kind, ErrorKind::schema);
  EXPECT_THAT(sink.error().message,
              HasSubstr("cannot write to turntable_tables_test.by_song: there is no table"));
}

}  // namespace
}  // namespace turntable
