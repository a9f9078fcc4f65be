#include "sink/cassandra_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "row/cell.h"
#include "sink/cassandra_schema.h"
#include "sink/fake_writer.h"
#include "sink/keyspace_testing.h"
#include "sink/rows_testing.h"

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

SinkTable plays() {
  return {
      .keyspace = "turntable_sink_test",
      .name = "plays",
      .columns = {{"name", Type::text}, {"kafka_offset", Type::int64}, {"Tempo", Type::float32}},
      .key = {.partition = {"name"}, .clustering = {{"kafka_offset", true}}}};
}

void add(RowBatch& rows, std::string_view name, int64_t number) {
  append_view_cell(rows.cells, name);
  append_int64_cell(rows.cells, number);
  append_float32_cell(rows.cells, 0.5F);
  rows.ends.push_back(rows.cells.size());
  rows.origins.push_back({.partition = 0, .epoch = 1, .ticket = static_cast<uint64_t>(number)});
}

// The rows of a request as "name:number".
std::vector<std::string> rows_of(const FakeWriter::Sent& sent) {
  std::vector<std::string> out;
  CellReader cells(sent.cells);
  while (!cells.done()) {
    std::string row(cells.next().bytes());
    row += ":" + std::to_string(cells.next().int64());
    EXPECT_EQ(cells.next().float32(), 0.5F);
    out.push_back(std::move(row));
  }
  EXPECT_EQ(out.size(), sent.rows);
  return out;
}

class CassandraSinkTest : public testing::Test {
 protected:
  CassandraSinkTest() {
    auto writer = std::make_unique<FakeWriter>();
    cluster_ = writer.get();
    sink_ = std::make_unique<CassandraSink>(
        std::move(writer),
        CassandraSinkOptions{.tables = {plays()},
                             .backoff = {.first = Millis(100), .limit = Millis(1'000), .seed = 1},
                             .clock = clock_});
  }

  void submit(std::initializer_list<std::pair<std::string_view, int64_t>> rows) {
    RowBatch batch;
    for (const auto& [name, number] : rows) add(batch, name, number);
    ASSERT_TRUE(submit_to(*sink_, batch));
    EXPECT_TRUE(batch.empty());
  }
  std::vector<uint64_t> written(Millis wait = Millis(0)) {
    const auto acks = sink_->reap(wait);
    EXPECT_TRUE(acks) << acks.error().message;
    return acks ? tickets(acks->written) : std::vector<uint64_t>{};
  }

  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  FakeWriter* cluster_ = nullptr;
  std::unique_ptr<CassandraSink> sink_;
};

// The last song of each person on a shelf. Write times settle which of a row and a deletion stands,
// so that they may go apart.
TEST_F(CassandraSinkTest, SendsDeletionsByThemselvesWithTheirWriteTimes) {
  auto writer = std::make_unique<FakeWriter>();
  FakeWriter& cluster = *writer;
  CassandraSink sink(
      std::move(writer),
      CassandraSinkOptions{.tables = {{.keyspace = "turntable_sink_test",
                                       .name = "latest",
                                       .columns = {{"song", Type::text},
                                                   {"name", Type::text},
                                                   {"shelf", Type::int32}},
                                       .key = {.partition = {"shelf"}, .clustering = {{"name"}}},
                                       .write_times = WriteTimeRule::delivery,
                                       .deletes = true}},
                           .clock = clock_});
  RowBatch rows;
  const auto add = [&rows](std::string_view song, std::string_view name, int64_t time_us) {
    song.empty() ? append_null_cell(rows.cells) : append_view_cell(rows.cells, song);
    append_view_cell(rows.cells, name);
    append_int32_cell(rows.cells, 5);
    append_int64_cell(rows.cells, time_us);
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back({.partition = 0, .epoch = 1, .ticket = static_cast<uint64_t>(time_us)});
    rows.kinds.push_back(song.empty() ? RowKind::deletion : RowKind::write);
  };
  add("Alpha", "ann", 1);
  add("", "ann", 2);
  add("Beta", "ann", 3);
  add("", "bob", 4);
  ASSERT_TRUE(submit_to(sink, rows));
  ASSERT_THAT(cluster.waiting(), SizeIs(2));
  EXPECT_EQ(cluster.waiting()[0].kind, RowKind::write);
  EXPECT_EQ(cluster.waiting()[0].rows, 2U);
  const FakeWriter::Sent& deletions = cluster.waiting()[1];
  EXPECT_EQ(deletions.kind, RowKind::deletion);
  EXPECT_EQ(deletions.rows, 2U);
  CellReader cells(deletions.cells);
  for (const auto& [name, time_us] : {std::pair<std::string, int64_t>{"ann", 2}, {"bob", 4}}) {
    EXPECT_EQ(cells.next().int64(), time_us);
    EXPECT_EQ(cells.next().bytes(), name);
    EXPECT_EQ(cells.next().int32(), 5);
  }
  EXPECT_TRUE(cells.done());
  cluster.succeed();
  cluster.succeed();
  const auto acks = sink.reap(Millis(0));
  ASSERT_TRUE(acks) << acks.error().message;
  EXPECT_THAT(tickets(acks->written), ElementsAre(1, 3));
  EXPECT_THAT(tickets(acks->deleted), ElementsAre(2, 4));
}

TEST_F(CassandraSinkTest, SendsEachPartitionAsOneRequest) {
  submit({{"ann", 1}, {"bob", 2}, {"ann", 3}, {"ann", 4}, {"bob", 5}});
  ASSERT_THAT(cluster_->waiting(), SizeIs(2));
  std::set<std::vector<std::string>> requests{rows_of(cluster_->waiting()[0]),
                                              rows_of(cluster_->waiting()[1])};
  EXPECT_THAT(requests,
              ElementsAre(ElementsAre("ann:1", "ann:3", "ann:4"), ElementsAre("bob:2", "bob:5")));
  EXPECT_EQ(sink_->in_flight(), 5U);
  EXPECT_THAT(written(), IsEmpty());
  cluster_->succeed();
  cluster_->succeed();
  EXPECT_THAT(written(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(sink_->in_flight(), 0U);
  EXPECT_EQ(sink_->name(), "turntable_sink_test.plays");
}

TEST_F(CassandraSinkTest, BoundsRequestsByRowsAndBytes) {
  RowBatch many;
  for (int64_t i = 0; i < 70; ++i) add(many, "ann", i);
  const std::string long_name(CassandraSink::kRequestBytes / 2, 'n');
  for (int64_t i = 70; i < 73; ++i) add(many, long_name, i);
  add(many, std::string(3 * CassandraSink::kRequestBytes, 'm'), 73);
  ASSERT_TRUE(submit_to(*sink_, many));
  std::multiset<size_t> sizes;
  for (const auto& sent : cluster_->waiting()) {
    sizes.insert(sent.rows);
    EXPECT_TRUE(sent.rows == 1 || sent.cells.size() <= CassandraSink::kRequestBytes);
  }
  EXPECT_THAT(sizes, ElementsAre(1, 1, 1, 1, 10, 30, 30));
}

TEST_F(CassandraSinkTest, KeepsAWindowAndIsFullBehindIt) {
  RowBatch rows;
  const auto fill = [&rows](int64_t from) {
    for (int64_t i = from; i < from + 100; ++i) add(rows, "name" + std::to_string(i), i);
  };
  fill(0);
  ASSERT_TRUE(submit_to(*sink_, rows));
  EXPECT_THAT(cluster_->waiting(), SizeIs(CassandraSink::kRequestsLimit));
  EXPECT_FALSE(sink_->full());
  fill(100);
  ASSERT_TRUE(submit_to(*sink_, rows));
  EXPECT_TRUE(sink_->full());
  for (int i = 0; i < 40; ++i) cluster_->succeed();
  EXPECT_THAT(written(), SizeIs(40));
  EXPECT_FALSE(sink_->full());
  EXPECT_THAT(cluster_->waiting(), SizeIs(CassandraSink::kRequestsLimit));
  EXPECT_EQ(sink_->in_flight(), 160U);
}

TEST_F(CassandraSinkTest, IsBusyWhileSeveralRequestsAreOut) {
  submit({{"ann", 1}, {"bob", 2}, {"cid", 3}});
  EXPECT_FALSE(sink_->busy());
  submit({{"dan", 4}});
  EXPECT_TRUE(sink_->busy());
  cluster_->succeed();
  EXPECT_THAT(written(), SizeIs(1));
  EXPECT_FALSE(sink_->busy());
  submit({{"eve", 5}});
  cluster_->fail(ErrorKind::transient);
  EXPECT_THAT(written(), IsEmpty());
  EXPECT_FALSE(sink_->busy()) << "what waits for its retry is not out";
}

TEST_F(CassandraSinkTest, IsBusyWithASingleRequestWhereTheClusterTakesNoMore) {
  submit({{"ann", 1}});
  for (int i = 0; i < 8; ++i) {
    cluster_->overload();
    EXPECT_THAT(written(), IsEmpty());
    clock_->advance(Millis(1'000));
    EXPECT_THAT(written(), IsEmpty()) << "sent again";
  }
  ASSERT_THAT(cluster_->waiting(), SizeIs(1));
  EXPECT_TRUE(sink_->busy());
}

TEST_F(CassandraSinkTest, IsFullWhenItHoldsTooManyBytes) {
  RowBatch rows;
  const std::string name(CassandraSink::kHeldBytesLimit / 2, 'n');
  add(rows, name, 1);
  add(rows, name, 2);
  ASSERT_TRUE(submit_to(*sink_, rows));
  EXPECT_TRUE(sink_->full());
  while (!cluster_->waiting().empty()) cluster_->succeed();
  EXPECT_THAT(written(), ElementsAre(1, 2));
  EXPECT_FALSE(sink_->full());
}

TEST_F(CassandraSinkTest, RetriesWhatIsTransientWithBackoffAndWithoutEnd) {
  submit({{"ann", 1}, {"bob", 2}});
  testing::internal::CaptureStderr();
  for (int attempt = 0; attempt < 50; ++attempt) {
    while (!cluster_->waiting().empty())
      cluster_->fail(ErrorKind::transient, "the node 127.0.0.1:9042 is down");
    EXPECT_THAT(written(Millis(60'000)), IsEmpty());
    // Not sent again at once, and the lane is not kept waiting past the moment when it is.
    EXPECT_THAT(cluster_->waiting(), IsEmpty());
    EXPECT_THAT(written(Millis(60'000)), IsEmpty());
    EXPECT_GT(cluster_->last_wait(), Millis(0));
    EXPECT_LE(cluster_->last_wait(), Millis(1'000));
    clock_->advance(Millis(1'000));
    EXPECT_THAT(written(), IsEmpty());
    ASSERT_THAT(cluster_->waiting(), SizeIs(2));
  }
  cluster_->succeed();
  EXPECT_THAT(written(), SizeIs(1));
  cluster_->succeed();
  EXPECT_THAT(written(), SizeIs(1));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(sink_->in_flight(), 0U);
  EXPECT_THAT(log, HasSubstr("127.0.0.1:9042"));
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2) << log;
  EXPECT_THAT(log, HasSubstr("is written to again, after 50.0 s"));
}

TEST_F(CassandraSinkTest, SpacesRetriesFurtherAndFurtherApart) {
  submit({{"ann", 1}});
  std::vector<int64_t> waits;
  for (int attempt = 0; attempt < 8; ++attempt) {
    cluster_->fail(ErrorKind::transient);
    EXPECT_THAT(written(), IsEmpty());
    EXPECT_THAT(written(Millis(60'000)), IsEmpty());
    waits.push_back(cluster_->last_wait().count());
    clock_->advance(cluster_->last_wait());
    EXPECT_THAT(written(), IsEmpty());
    ASSERT_THAT(cluster_->waiting(), SizeIs(1));
  }
  EXPECT_LE(waits.front(), 101);
  EXPECT_GE(waits.back(), 500);
}

TEST_F(CassandraSinkTest, LetsOtherPartitionsPassWhileOneFails) {
  submit({{"ann", 1}});
  cluster_->fail(ErrorKind::transient);
  EXPECT_THAT(written(), IsEmpty());
  for (int64_t i = 2; i < 50; ++i) {
    submit({{"bob", i}});
    cluster_->succeed();
    EXPECT_THAT(written(), ElementsAre(i));
  }
  EXPECT_EQ(sink_->in_flight(), 1U);
}

TEST_F(CassandraSinkTest, SendsLessAtOnceWhileTheClusterIsOverloadedAndLosesNothing) {
  testing::internal::CaptureStderr();
  RowBatch rows;
  for (int64_t i = 0; i < 200; ++i) add(rows, "name" + std::to_string(i), i);
  ASSERT_TRUE(submit_to(*sink_, rows));
  ASSERT_THAT(cluster_->waiting(), SizeIs(CassandraSink::kRequestsLimit));
  for (size_t i = 0; i < CassandraSink::kRequestsLimit; ++i) cluster_->overload();
  EXPECT_THAT(written(), IsEmpty());
  clock_->advance(Millis(1'000));
  EXPECT_THAT(written(), IsEmpty());
  EXPECT_THAT(cluster_->waiting(), SizeIs(CassandraSink::kRequestsLimit / 2));

  // Retries that are due wait for the window, and nobody polls for them without pause meanwhile.
  clock_->advance(Millis(1'000));
  EXPECT_THAT(written(Millis(70)), IsEmpty());
  EXPECT_EQ(cluster_->last_wait(), Millis(70));

  std::set<uint64_t> seen;
  size_t most = 0;
  for (int round = 0; round < 3'000 && sink_->in_flight() > 0; ++round) {
    most = std::max(most, cluster_->waiting().size());
    if (!cluster_->waiting().empty()) cluster_->succeed();
    clock_->advance(Millis(10));
    for (const uint64_t ticket : written()) EXPECT_TRUE(seen.insert(ticket).second);
  }
  EXPECT_THAT(seen, SizeIs(200));
  EXPECT_LT(most, CassandraSink::kRequestsLimit);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("is written to again"));
}

TEST_F(CassandraSinkTest, SendsAsMuchAsEverWhileANodeIsAway) {
  testing::internal::CaptureStderr();
  RowBatch rows;
  for (int64_t i = 0; i < 64; ++i) add(rows, "name" + std::to_string(i), i);
  ASSERT_TRUE(submit_to(*sink_, rows));
  for (int i = 0; i < 64; ++i) cluster_->fail(ErrorKind::transient, "the node is away");
  EXPECT_THAT(written(), IsEmpty());
  clock_->advance(Millis(1'000));
  EXPECT_THAT(written(), IsEmpty());
  EXPECT_THAT(cluster_->waiting(), SizeIs(64));
  testing::internal::GetCapturedStderr();
}

TEST_F(CassandraSinkTest, RefusesOnlyTheRowThatCannotBeTaken) {
  cluster_->answer_with([](const FakeWriter::Sent& sent) -> std::optional<Error> {
    if (sent.cells.find("evil") != std::string::npos && sent.rows > 1)
      return Error{ErrorKind::row, "one of these"};
    if (rows_of(sent).front() == "evil:7") return Error{ErrorKind::row, "this one"};
    return std::nullopt;
  });
  RowBatch rows;
  for (int64_t i = 0; i < 20; ++i) add(rows, "evil", i);
  ASSERT_TRUE(submit_to(*sink_, rows));
  std::vector<uint64_t> good;
  std::vector<std::pair<uint64_t, std::string>> bad;
  while (sink_->in_flight() > 0) {
    const auto acks = sink_->reap(Millis(0));
    ASSERT_TRUE(acks);
    for (const Origin& origin : acks->written[0]) good.push_back(origin.ticket);
    for (const Acks::Refused& row : acks->refused) bad.emplace_back(row.origin.ticket, row.reason);
  }
  EXPECT_THAT(good, SizeIs(19));
  EXPECT_THAT(bad, ElementsAre(std::pair<uint64_t, std::string>(7, "this one")));
}

TEST_F(CassandraSinkTest, FailsForGoodButReportsWhatWasWrittenFirst) {
  submit({{"ann", 1}, {"bob", 2}, {"cid", 3}});
  cluster_->succeed();
  cluster_->fail(ErrorKind::schema, "table plays does not exist");
  EXPECT_THAT(written(), SizeIs(1));
  cluster_->succeed();
  const auto failed = sink_->reap(Millis(0));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::schema);
  EXPECT_EQ(failed.error().message,
            "cannot write to turntable_sink_test.plays: table plays does not exist");
  EXPECT_EQ(cluster_->sent(), 3U);
  EXPECT_FALSE(sink_->reap(Millis(0)));
}

TEST_F(CassandraSinkTest, WaitsOnlyWhenSomethingIsInFlight) {
  EXPECT_THAT(written(Millis(500)), IsEmpty());
  EXPECT_EQ(cluster_->last_wait(), Millis(0));
  submit({{"ann", 1}});
  EXPECT_THAT(written(Millis(500)), IsEmpty());
  EXPECT_EQ(cluster_->last_wait(), Millis(500));
}

// Every row that was taken is reported exactly once, whatever the cluster does short of failing for
// good.
TEST_F(CassandraSinkTest, ReportsEveryRowOnceUnderRandomTrouble) {
  testing::internal::CaptureStderr();  // A line for every trouble.
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::map<uint64_t, int> reported;
    int64_t next = 0;
    const auto collect = [&] {
      const auto acks = sink_->reap(Millis(0));
      ASSERT_TRUE(acks);
      for (const Origin& origin : acks->written[0]) ++reported[origin.ticket];
      for (const Acks::Refused& row : acks->refused) {
        EXPECT_EQ(row.origin.ticket % 97, 0U);
        ++reported[row.origin.ticket];
      }
    };
    while (next < 3'000 || sink_->in_flight() > 0) {
      if (next < 3'000 && !sink_->full()) {
        RowBatch rows;
        for (uint32_t i = 0; i < random() % 300; ++i)
          add(rows, "p" + std::to_string(random() % 9), next++);
        ASSERT_TRUE(submit_to(*sink_, rows));
      }
      while (!cluster_->waiting().empty() && random() % 8 != 0) {
        const auto rows = rows_of(cluster_->waiting().front());
        const bool evil = std::any_of(rows.begin(), rows.end(), [](const std::string& row) {
          return std::stoll(row.substr(row.find(':') + 1)) % 97 == 0;
        });
        if (random() % 3 == 0) {
          cluster_->fail(ErrorKind::transient);
        } else if (evil) {
          cluster_->fail(ErrorKind::row);
        } else {
          cluster_->succeed();
        }
      }
      clock_->advance(Millis(random() % 400));
      collect();
    }
    EXPECT_EQ(reported.size(), static_cast<size_t>(next));
    for (const auto& [ticket, times] : reported) EXPECT_EQ(times, 1) << "row " << ticket;
  }
  testing::internal::GetCapturedStderr();
}

// ---- Against a real server ----

class CassandraSinkServerTest : public KeyspaceTest {
 protected:
  CassandraSinkServerTest() : KeyspaceTest(std::getenv("TURNTABLE_CASSANDRA"), {plays()}) {}
  // Until all rows are acknowledged.
  static void write(CassandraSink& sink, RowBatch& rows) {
    ASSERT_TRUE(submit_to(sink, rows));
    while (sink.in_flight() > 0) {
      const auto acks = sink.reap(Millis(1'000));
      ASSERT_TRUE(acks) << acks.error().message;
      ASSERT_THAT(acks->refused, IsEmpty());
    }
  }
  int64_t count() {
    auto cursor = session_->query("SELECT count(*) FROM turntable_sink_test.plays");
    EXPECT_TRUE(cursor) << cursor.error().message;
    const auto page = cursor->next_page();
    return CellReader((*page)->cells).next().int64();
  }
};

TEST_F(CassandraSinkServerTest, WritesEveryRowAndAcknowledgesIt) {
  create();
  auto sink = CassandraSink::open(options_);
  ASSERT_TRUE(sink) << sink.error().message;
  std::set<uint64_t> acknowledged;
  int64_t next = 0;
  while (next < 5'000 || (*sink)->in_flight() > 0) {
    if (next < 5'000 && !(*sink)->full()) {
      RowBatch rows;
      for (int i = 0; i < 1'000; ++i, ++next) add(rows, "name" + std::to_string(next % 37), next);
      ASSERT_TRUE(submit_to(**sink, rows));
    }
    const auto acks = (*sink)->reap(Millis(1'000));
    ASSERT_TRUE(acks) << acks.error().message;
    for (const Origin& origin : acks->written[0])
      EXPECT_TRUE(acknowledged.insert(origin.ticket).second);
  }
  EXPECT_THAT(acknowledged, SizeIs(5'000));
  EXPECT_EQ(count(), 5'000);
}

TEST_F(CassandraSinkServerTest, RefusesOneRowThatIsTooLarge) {
  create();
  auto sink = CassandraSink::open(options_);
  ASSERT_TRUE(sink) << sink.error().message;
  RowBatch rows;
  add(rows, "ann", 1);
  add(rows, std::string(70'000, 'n'), 2);  // A partition key may have 65,535 bytes.
  add(rows, "ann", 3);
  ASSERT_TRUE(submit_to(**sink, rows));
  std::vector<uint64_t> good;
  std::vector<uint64_t> bad;
  while ((*sink)->in_flight() > 0) {
    const auto acks = (*sink)->reap(Millis(1'000));
    ASSERT_TRUE(acks) << acks.error().message;
    for (const Origin& origin : acks->written[0]) good.push_back(origin.ticket);
    for (const Acks::Refused& row : acks->refused) bad.push_back(row.origin.ticket);
  }
  EXPECT_THAT(good, testing::UnorderedElementsAre(1, 3));
  EXPECT_THAT(bad, ElementsAre(2));
  EXPECT_EQ(count(), 2);
}

TEST_F(CassandraSinkServerTest, LeavesAColumnWithoutAValueAsItIs) {
  create();
  execute(
      "INSERT INTO turntable_sink_test.plays (name, kafka_offset, \"Tempo\") VALUES ('ann', 1, "
      "120)");
  auto sink = CassandraSink::open(options_);
  ASSERT_TRUE(sink) << sink.error().message;
  RowBatch rows;
  for (const int64_t number : {1, 2}) {
    append_view_cell(rows.cells, "ann");
    append_int64_cell(rows.cells, number);
    append_null_cell(rows.cells, kUnsetCell);
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back({.partition = 0, .epoch = 1, .ticket = static_cast<uint64_t>(number)});
  }
  write(**sink, rows);
  auto cursor = session_->query(
      "SELECT kafka_offset, \"Tempo\" FROM turntable_sink_test.plays WHERE name = 'ann'");
  ASSERT_TRUE(cursor) << cursor.error().message;
  const auto page = cursor->next_page();
  CellReader cells((*page)->cells);
  EXPECT_EQ(cells.next().int64(), 2);
  EXPECT_TRUE(cells.next().is_null());
  EXPECT_EQ(cells.next().int64(), 1);
  EXPECT_EQ(cells.next().float32(), 120);
}

TEST_F(CassandraSinkServerTest, OfTwoRowsWithOneKeyTheOneWithTheHigherWriteTimeStands) {
  create();
  options_.tables[0].write_times = WriteTimeRule::delivery;
  auto sink = CassandraSink::open(options_);
  ASSERT_TRUE(sink) << sink.error().message;
  RowBatch rows;
  const auto add_at = [&rows](int64_t number, float tempo, int64_t time_us) {
    append_view_cell(rows.cells, "ann");
    append_int64_cell(rows.cells, number);
    append_float32_cell(rows.cells, tempo);
    append_int64_cell(rows.cells, time_us);
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back({.partition = 0, .epoch = 1, .ticket = rows.ends.size()});
  };
  add_at(1, 1, 2'000'000);
  write(**sink, rows);
  add_at(1, 3, 1'000'000);  // An older record that is read again changes nothing.
  write(**sink, rows);
  auto cursor = session_->query(
      "SELECT \"Tempo\", writetime(\"Tempo\") FROM turntable_sink_test.plays WHERE name = 'ann'");
  ASSERT_TRUE(cursor) << cursor.error().message;
  const auto page = cursor->next_page();
  CellReader cells((*page)->cells);
  EXPECT_EQ(cells.next().float32(), 1);
  EXPECT_EQ(cells.next().int64(), 2'000'000);
}

TEST_F(CassandraSinkServerTest, NamesWhatIsWrongWithTheTable) {
  auto sink = CassandraSink::open(options_);
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().kind, ErrorKind::schema);
  EXPECT_THAT(sink.error().message, HasSubstr("turntable_sink_test"));
  EXPECT_THAT(check_cassandra_table(*session_, plays())->faults,
              ElementsAre("there is no keyspace turntable_sink_test; `turntable schema apply` "
                          "makes it and the table"));

  create();
  EXPECT_THAT(check_cassandra_table(*session_, plays())->faults, IsEmpty());
  execute("DROP TABLE turntable_sink_test.plays");
  EXPECT_THAT(check_cassandra_table(*session_, plays())->faults,
              ElementsAre("there is no table plays in keyspace turntable_sink_test; `turntable "
                          "schema apply` makes it"));

  execute(
      "CREATE TABLE turntable_sink_test.plays (name text, kafka_offset bigint, \"Tempo\" int, "
      "extra text, "
      "PRIMARY KEY (name, kafka_offset))");
  const auto difference = check_cassandra_table(*session_, plays());
  ASSERT_TRUE(difference) << difference.error().message;
  EXPECT_THAT(difference->faults, ElementsAre("column Tempo is int, expected float",
                                              "column kafka_offset is ordered ASC, expected DESC"));
  EXPECT_THAT(difference->notes, ElementsAre(HasSubstr("extra")));
  sink = CassandraSink::open(options_);
  ASSERT_FALSE(sink);
  EXPECT_EQ(
      sink.error().message,
      "cannot write to turntable_sink_test.plays: column Tempo is int, expected float; column "
      "kafka_offset is ordered ASC, expected DESC");
}

TEST_F(CassandraSinkServerTest, FailsWhenTheTableGoesAway) {
  create();
  auto sink = CassandraSink::open(options_);
  ASSERT_TRUE(sink) << sink.error().message;
  execute("DROP TABLE turntable_sink_test.plays");
  RowBatch rows;
  add(rows, "ann", 1);
  add(rows, "ann", 2);
  ASSERT_TRUE(submit_to(**sink, rows));
  auto acks = (*sink)->reap(Millis(20'000));
  for (int i = 0; i < 10 && acks; ++i) acks = (*sink)->reap(Millis(20'000));
  ASSERT_FALSE(acks);
  EXPECT_EQ(acks.error().kind, ErrorKind::schema);
  EXPECT_THAT(acks.error().message, HasSubstr("there is no table plays"));
}

}  // namespace
}  // namespace turntable
