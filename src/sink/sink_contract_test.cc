// What every sink must do, asked of all of them. Cassandra is asked where
// TURNTABLE_CASSANDRA=host:port names one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>

#include "cassandra/session.h"
#include "row/cell.h"
#include "sink/cassandra_sink.h"
#include "sink/console_sink.h"
#include "sink/ddl.h"
#include "sink/fake_sink.h"
#include "sink/null_sink.h"
#include "sink/sqlite_sink.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// A row of each type, and a key of two columns.
SinkTable contract_table() {
  return {.keyspace = "turntable_contract",
          .name = "rows",
          .columns = {{"k", Type::text},
                      {"n", Type::int32},
                      {"b", Type::boolean},
                      {"l", Type::int64},
                      {"f", Type::float32},
                      {"d", Type::float64},
                      {"t", Type::text},
                      {"y", Type::bytes},
                      {"ts", Type::timestamp},
                      {"j", Type::jsonb}},
          .key = {.partition = {"k"}, .clustering = {{"n", true}}}};
}

struct Row {
  std::string k;
  int32_t n = 0;
  std::optional<bool> b;
  std::optional<int64_t> l;
  std::optional<float> f;
  std::optional<double> d;
  std::optional<std::string> t;
  std::optional<std::string> y;
  std::optional<int64_t> ts;
  std::optional<std::string> j;

  [[nodiscard]] std::string cells() const {
    std::string out;
    const auto put = [&out](auto append, const auto& value) {
      value ? append(out, *value) : append_null_cell(out);
    };
    append_view_cell(out, k);
    append_int32_cell(out, n);
    put(append_bool_cell, b);
    put(append_int64_cell, l);
    put(append_float32_cell, f);
    put(append_float64_cell, d);
    put(append_view_cell, t);
    put(append_view_cell, y);
    put(append_int64_cell, ts);
    put(append_view_cell, j);
    return out;
  }
};

// One kind of sink, with a place of its own to write to.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual std::unique_ptr<Sink> open() = 0;
  // The rows that are there, as cells, read past the sink; nothing where nothing can be read.
  virtual std::optional<std::vector<std::string>> stored() { return std::nullopt; }
};

class NullSubject final : public Subject {
 public:
  std::unique_ptr<Sink> open() override { return std::make_unique<NullSink>(); }
};

class FakeSubject final : public Subject {
 public:
  std::unique_ptr<Sink> open() override { return std::make_unique<FakeSink>(); }
};

class ConsoleSubject final : public Subject {
 public:
  ~ConsoleSubject() override { std::fclose(file_); }
  std::unique_ptr<Sink> open() override {
    return std::make_unique<ConsoleSink>(contract_table().columns, out_);
  }

 private:
  std::FILE* file_ = std::tmpfile();
  Output out_{fileno(file_)};
};

class SqliteSubject final : public Subject {
 public:
  SqliteSubject() { std::filesystem::create_directories(dir_); }
  ~SqliteSubject() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<Sink> open() override {
    auto sink = SqliteSink::open({.path = path_, .table = contract_table()});
    EXPECT_TRUE(sink) << sink.error().message;
    return std::move(*sink);
  }

  std::optional<std::vector<std::string>> stored() override {
    auto db = sqlite::Database::open("", sqlite::Database::Mode::memory);
    EXPECT_TRUE(db->attach_read_only(path_, "there"));
    auto select = db->prepare("SELECT k, n, b, l, f, d, t, y, ts, j FROM there.rows");
    EXPECT_TRUE(select) << select.error().message;
    const Schema columns = contract_table().columns;
    std::vector<std::string> rows;
    while (select->step().value()) {
      std::string& row = rows.emplace_back();
      for (size_t i = 0; i < columns.size(); ++i)
        EXPECT_TRUE(sqlite::append_value_cell(row, *select, static_cast<int>(i), columns[i].type))
            << columns[i].name;
    }
    return rows;
  }

 private:
  std::filesystem::path dir_ =
      std::filesystem::temp_directory_path() / ("turntable_contract_" + std::to_string(::getpid()));
  std::string path_ = (dir_ / "rows.db").string();
};

// A table of its own in a keyspace of the tests, empty at first.
class CassandraSubject final : public Subject {
 public:
  CassandraSubject() {
    auto session = cassandra::Session::connect(options_);
    EXPECT_TRUE(session) << session.error().message;
    if (!session) return;
    session_.emplace(std::move(*session));
    for (const std::string& ddl :
         {keyspace_ddl(table_.keyspace, {}).value(), "DROP TABLE IF EXISTS " + table_.full_name(),
          table_ddl(table_, Dialect::cql)}) {
      const Status status = session_->execute(ddl);
      EXPECT_TRUE(status) << status.error().message;
    }
  }

  std::unique_ptr<Sink> open() override {
    auto sink = CassandraSink::open({.connection = options_, .table = table_});
    EXPECT_TRUE(sink) << sink.error().message;
    return sink ? std::move(*sink) : nullptr;
  }

  std::optional<std::vector<std::string>> stored() override {
    auto cursor =
        session_->query("SELECT k, n, b, l, f, d, t, y, ts, j FROM " + table_.full_name());
    EXPECT_TRUE(cursor) << cursor.error().message;
    std::vector<std::string> rows;
    for (auto page = cursor->next_page(); page && *page; page = cursor->next_page()) {
      std::string_view rest = (*page)->cells;
      for (size_t row = 0; row < (*page)->rows; ++row) {
        size_t size = 0;
        for (size_t i = 0; i < table_.columns.size(); ++i) {
          const auto length = static_cast<int32_t>(read_be32(rest.data() + size));
          size += 4 + static_cast<size_t>(std::max(length, 0));
        }
        rows.emplace_back(rest.substr(0, size));
        rest.remove_prefix(size);
      }
    }
    return rows;
  }

 private:
  SinkTable table_ = contract_table();
  cassandra::Options options_{.contact_points = std::getenv("TURNTABLE_CASSANDRA")};
  std::optional<cassandra::Session> session_;
};

struct Kind {
  const char* name;
  std::unique_ptr<Subject> (*make)();
  const char* needs = nullptr;  // An environment variable without which the kind is skipped.
};

template <class T>
std::unique_ptr<Subject> make() {
  return std::make_unique<T>();
}

const Kind kKinds[] = {
    {"Null", make<NullSubject>},
    {"Console", make<ConsoleSubject>},
    {"Sqlite", make<SqliteSubject>},
    {"Fake", make<FakeSubject>},
    {"Cassandra", make<CassandraSubject>, "TURNTABLE_CASSANDRA"},
};

class SinkContract : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    const char* needed = GetParam().needs == nullptr ? "nothing" : std::getenv(GetParam().needs);
    if (needed == nullptr || *needed == '\0') {
      GTEST_SKIP() << "SKIPPED, NOT PASSED: " << GetParam().name << " needs " << GetParam().needs
                   << "=host:port";
    }
    subject_ = GetParam().make();
    sink_ = subject_->open();
    ASSERT_NE(sink_, nullptr);
  }

  // Adds a row with an origin of its own, and remembers the origin.
  void add(RowBatch& rows, const Row& row) {
    rows.cells += row.cells();
    rows.ends.push_back(rows.cells.size());
    rows.origins.push_back(
        {.partition = static_cast<PartitionId>(ticket_ % 3), .epoch = 7, .ticket = ticket_});
    ++expected_[ticket_++];
  }

  // Submits as a lane does: waits for room first.
  void submit(RowBatch& rows) {
    for (int i = 0; sink_->full() && i < kPatience; ++i) reap();
    ASSERT_FALSE(sink_->full()) << "full() never became false";
    const Status status = sink_->submit(rows);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_TRUE(rows.empty());
    EXPECT_TRUE(rows.cells.empty());
    EXPECT_TRUE(rows.origins.empty());
  }

  void reap() {
    const auto acks = sink_->reap(kWait);
    ASSERT_TRUE(acks) << acks.error().message;
    for (const Origin& origin : acks->written) {
      EXPECT_EQ(origin.partition, static_cast<PartitionId>(origin.ticket % 3));
      EXPECT_EQ(origin.epoch, 7U);
      ++written_[origin.ticket];
    }
    for (const auto& refused : acks->refused) refused_[refused.origin.ticket] = refused.reason;
  }

  void reap_all() {
    for (int i = 0; sink_->in_flight() > 0 && i < kPatience; ++i) reap();
    EXPECT_EQ(sink_->in_flight(), 0U);
  }

  // Submits the rows and checks that a store has exactly them.
  void expect_kept(const std::vector<Row>& rows) {
    RowBatch batch;
    std::vector<std::string> cells;
    for (const Row& row : rows) {
      add(batch, row);
      cells.push_back(row.cells());
    }
    submit(batch);
    reap_all();
    EXPECT_EQ(written_, expected_);
    EXPECT_THAT(refused_, IsEmpty());
    if (const auto stored = subject_->stored()) {
      EXPECT_THAT(*stored, testing::UnorderedElementsAreArray(cells));
    }
  }

  static constexpr Millis kWait{100};
  static constexpr int kPatience = 300;

  std::unique_ptr<Subject> subject_;
  std::unique_ptr<Sink> sink_;
  uint64_t ticket_ = 0;
  std::map<uint64_t, int> expected_;  // By ticket, how often it must be acknowledged: once.
  std::map<uint64_t, int> written_;
  std::map<uint64_t, std::string> refused_;
};

TEST_P(SinkContract, AcknowledgesEveryRowOnceWithItsOrigin) {
  RowBatch batch;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i <= round * 7; ++i)
      add(batch, {.k = "person " + std::to_string(i % 5), .n = round * 1000 + i});
    submit(batch);
    if (round % 3 == 0) reap();
  }
  reap_all();
  EXPECT_EQ(written_, expected_);
  EXPECT_THAT(refused_, IsEmpty());
  if (const auto stored = subject_->stored()) {
    EXPECT_THAT(*stored, SizeIs(expected_.size()));
  }
}

TEST_P(SinkContract, AnEmptyBatchIsNothing) {
  RowBatch batch;
  submit(batch);
  EXPECT_EQ(sink_->in_flight(), 0U);
  reap();
  EXPECT_THAT(written_, IsEmpty());
  EXPECT_THAT(refused_, IsEmpty());
}

TEST_P(SinkContract, ReportsNothingTwice) {
  RowBatch batch;
  add(batch, {.k = "a"});
  submit(batch);
  reap_all();
  for (int i = 0; i < 3; ++i) ASSERT_THAT(sink_->reap(Millis(0))->written, IsEmpty());
  EXPECT_EQ(written_, expected_);
}

// A key that shows its number in its length and its letters.
std::string key_of(int i) {
  return std::string(static_cast<size_t>(i) * 10 + 1, static_cast<char>('a' + i % 26));
}

TEST_P(SinkContract, TheBatchMayBeFilledAgainAtOnce) {
  // What was submitted must not change under the sink when the lane reuses the batch's memory.
  RowBatch batch;
  for (int i = 0; i < 50; ++i) {
    add(batch, {.k = key_of(i), .n = i, .t = std::to_string(i)});
    submit(batch);
  }
  reap_all();
  EXPECT_EQ(written_, expected_);
  if (const auto stored = subject_->stored()) {
    for (const std::string& row : *stored) {
      CellReader cells(row);
      const std::string k(cells.next().bytes());
      const int32_t n = cells.next().int32();
      EXPECT_EQ(k, key_of(n));
    }
  }
}

TEST_P(SinkContract, KeepsNullOfEveryType) {
  expect_kept({{.k = "nulls"}});
}

TEST_P(SinkContract, KeepsTheLimitsOfNumbers) {
  using Float = std::numeric_limits<float>;
  using Double = std::numeric_limits<double>;
  expect_kept({
      {.k = "min",
       .n = INT32_MIN,
       .b = false,
       .l = INT64_MIN,
       .f = Float::lowest(),
       .d = Double::lowest(),
       .ts = 0},
      {.k = "max",
       .n = INT32_MAX,
       .b = true,
       .l = INT64_MAX,
       .f = Float::max(),
       .d = Double::max(),
       .ts = 253'402'300'799'999},
      {.k = "tiny", .f = Float::denorm_min(), .d = Double::denorm_min(), .ts = -1},
      {.k = "inf", .f = Float::infinity(), .d = -Double::infinity()},
      {.k = "nan", .f = Float::quiet_NaN(), .d = Double::quiet_NaN()},
  });
}

TEST_P(SinkContract, KeepsTextsAndBytesAsTheyAre) {
  using namespace std::string_literals;
  expect_kept({
      {.k = "empty", .t = "", .y = "", .j = "{}"},
      {.k = "日本 – é – 🎵", .t = "e\u0301 \u200d \U0010ffff", .y = "\xff\xfe\x00\x01"s, .j = "12"},
      {.k = "controls\t\n\x1b", .t = "nul \0 inside"s, .y = "\0"s, .j = "1e5"},
      {.k = "'; DROP TABLE rows; --", .t = "\"quoted\" \\ back", .y = "text", .j = "\"\""},
      {.k = "number-like", .t = "007", .y = "12", .j = "null"},
  });
}

TEST_P(SinkContract, TakesARowOfAMegabyte) {
  expect_kept({{.k = "long", .t = std::string(1 << 20, 'x')}, {.k = "short", .t = "y"}});
}

TEST_P(SinkContract, ARowThatIsWrittenAgainStaysOneRowAndTheLastWins) {
  RowBatch batch;
  add(batch, {.k = "a", .n = 1, .f = 1.0F, .t = "first"});
  submit(batch);
  reap_all();
  add(batch, {.k = "a", .n = 1, .f = 2.0F, .t = std::nullopt});
  submit(batch);
  reap_all();
  EXPECT_EQ(written_, expected_);
  if (const auto stored = subject_->stored()) {
    EXPECT_THAT(*stored, testing::ElementsAre(Row{.k = "a", .n = 1, .f = 2.0F}.cells()));
  }
}

TEST_P(SinkContract, ASinkThatIsOpenedAgainGoesOnWithTheSameRows) {
  expect_kept({{.k = "a", .n = 1, .t = "kept"}});
  sink_.reset();
  sink_ = subject_->open();
  ASSERT_NE(sink_, nullptr);
  expect_kept({{.k = "a", .n = 1, .t = "kept"}});
}

TEST_P(SinkContract, WaitFdIsReadableWhenThereIsSomethingToReap) {
  RowBatch batch;
  for (int i = 0; i < 10; ++i) add(batch, {.k = "a", .n = i});
  submit(batch);
  for (int i = 0; sink_->in_flight() > 0 && i < kPatience; ++i) {
    // Without a descriptor everything is complete already.
    const bool waits = sink_->wait_fd() >= 0;
    pollfd fd = {sink_->wait_fd(), POLLIN, 0};
    if (waits) {
      ASSERT_EQ(::poll(&fd, 1, 10'000), 1);
    }
    const size_t before = written_.size();
    reap();
    if (!waits) {
      EXPECT_GT(written_.size(), before);
    }
  }
  EXPECT_EQ(written_, expected_);
}

TEST_P(SinkContract, AnIdleReapIsShortAndHarmless) {
  for (int i = 0; i < 3; ++i) ASSERT_THAT(sink_->reap(Millis(1))->written, IsEmpty());
  EXPECT_FALSE(sink_->full());
  EXPECT_FALSE(sink_->name().empty());
}

INSTANTIATE_TEST_SUITE_P(All, SinkContract, testing::ValuesIn(kKinds),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace turntable
