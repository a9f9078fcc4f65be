// What every sink must do, asked of all of them with one table and with several. Cassandra is asked
// where TURNTABLE_CASSANDRA=host:port names one.
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
#include <set>
#include <tuple>
#include <utility>

#include "cassandra/session.h"
#include "row/cell.h"
#include "sink/cassandra_sink.h"
#include "sink/console_sink.h"
#include "sink/ddl.h"
#include "sink/fake_sink.h"
#include "sink/null_sink.h"
#include "sink/rows_testing.h"
#include "sink/sqlite_sink.h"
#include "sqlite/values.h"

namespace turntable {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// A row of each type, and a key of two columns.
SinkTable contract_table(size_t number) {
  return {.keyspace = "turntable_contract",
          .name = "rows_" + std::to_string(number),
          .columns = {{"k", Type::text},
                      {"n", Type::int32},
                      {"b", Type::boolean},
                      {"l", Type::int64},
                      {"f", Type::float32},
                      {"d", Type::float64},
                      {"t", Type::text},
                      {"y", Type::bytes},
                      {"ts", Type::timestamptz},
                      {"j", Type::jsonb}},
          .key = {.partition = {"k"}, .clustering = {{"n", true}}}};
}

std::vector<SinkTable> contract_tables(size_t count) {
  std::vector<SinkTable> tables;
  for (size_t number = 0; number < count; ++number) tables.push_back(contract_table(number));
  return tables;
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
  // The rows that are in a table, as cells, read past the sink; nothing where nothing can be read.
  virtual std::optional<std::vector<std::string>> stored(size_t) { return std::nullopt; }
  // The cells of a row that is refused, whatever its neighbours are; nothing where all are taken.
  virtual std::optional<std::string> refused() { return std::nullopt; }
};

class NullSubject final : public Subject {
 public:
  explicit NullSubject(size_t) {}
  std::unique_ptr<Sink> open() override { return std::make_unique<NullSink>(); }
};

class FakeSubject final : public Subject {
 public:
  explicit FakeSubject(size_t) {}
  std::unique_ptr<Sink> open() override {
    auto sink = std::make_unique<FakeSink>();
    sink->refuse_if([this](std::string_view row) { return row == *refused(); });
    return sink;
  }
  std::optional<std::string> refused() override { return Row{.k = "refused"}.cells(); }
};

class ConsoleSubject final : public Subject {
 public:
  explicit ConsoleSubject(size_t tables) : tables_(tables) {}
  ~ConsoleSubject() override { std::fclose(file_); }
  std::unique_ptr<Sink> open() override {
    std::vector<ConsoleSink::Table> tables;
    for (const SinkTable& table : contract_tables(tables_))
      tables.push_back({table.name, table.columns});
    return std::make_unique<ConsoleSink>(std::move(tables), out_);
  }

 private:
  size_t tables_;
  std::FILE* file_ = std::tmpfile();
  Output out_{fileno(file_)};
};

class SqliteSubject final : public Subject {
 public:
  explicit SqliteSubject(size_t tables) : tables_(tables) {
    std::filesystem::create_directories(dir_);
  }
  ~SqliteSubject() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<Sink> open() override {
    auto sink = SqliteSink::open(
        {.path = path_, .tables = contract_tables(tables_), .group = "group", .topic = "topic"});
    EXPECT_TRUE(sink) << sink.error().message;
    return std::move(*sink);
  }

  // A key must not be NULL.
  std::optional<std::string> refused() override {
    std::string cells;
    append_null_cell(cells);
    return cells + Row{}.cells().substr(4);
  }

  std::optional<std::vector<std::string>> stored(size_t table) override {
    auto db = sqlite::Database::open("", sqlite::Database::Mode::memory);
    EXPECT_TRUE(db->attach_read_only(path_, "there"));
    auto select = db->prepare("SELECT k, n, b, l, f, d, t, y, ts, j FROM there." +
                              contract_table(table).name);
    EXPECT_TRUE(select) << select.error().message;
    const Schema columns = contract_table(table).columns;
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
  size_t tables_;
  std::filesystem::path dir_ =
      std::filesystem::temp_directory_path() / ("turntable_contract_" + std::to_string(::getpid()));
  std::string path_ = (dir_ / "rows.db").string();
};

// Tables of its own in a keyspace of the tests, empty at first.
class CassandraSubject final : public Subject {
 public:
  explicit CassandraSubject(size_t tables) : tables_(contract_tables(tables)) {
    auto session = cassandra::Session::connect(options_);
    EXPECT_TRUE(session) << session.error().message;
    if (!session) return;
    session_.emplace(std::move(*session));
    execute(keyspace_ddl(tables_.front().keyspace, {}).value());
    for (const SinkTable& table : tables_) {
      execute("DROP TABLE IF EXISTS " + table.full_name());
      execute(table_ddl(table, Dialect::cql));
    }
  }

  std::unique_ptr<Sink> open() override {
    auto sink = CassandraSink::open({.connection = options_, .tables = tables_});
    EXPECT_TRUE(sink) << sink.error().message;
    return sink ? std::move(*sink) : nullptr;
  }

  // A partition key may have 65,535 bytes.
  std::optional<std::string> refused() override {
    return Row{.k = std::string(70'000, 'k')}.cells();
  }

  std::optional<std::vector<std::string>> stored(size_t table) override {
    auto cursor =
        session_->query("SELECT k, n, b, l, f, d, t, y, ts, j FROM " + tables_[table].full_name());
    EXPECT_TRUE(cursor) << cursor.error().message;
    std::vector<std::string> rows;
    for (auto page = cursor->next_page(); page && *page; page = cursor->next_page()) {
      std::string_view rest = (*page)->cells;
      for (size_t row = 0; row < (*page)->rows; ++row) {
        size_t size = 0;
        for (size_t i = 0; i < tables_[table].columns.size(); ++i) {
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
  void execute(const std::string& ddl) {
    const Status status = session_->execute(ddl);
    EXPECT_TRUE(status) << status.error().message;
  }

  std::vector<SinkTable> tables_;
  cassandra::Options options_{.contact_points = std::getenv("TURNTABLE_CASSANDRA")};
  std::optional<cassandra::Session> session_;
};

struct Kind {
  const char* name;
  std::unique_ptr<Subject> (*make)(size_t tables);
  const char* needs = nullptr;  // An environment variable without which the kind is skipped.
};

template <class T>
std::unique_ptr<Subject> make(size_t tables) {
  return std::make_unique<T>(tables);
}

const Kind kKinds[] = {
    {"Null", make<NullSubject>},
    {"Console", make<ConsoleSubject>},
    {"Sqlite", make<SqliteSubject>},
    {"Fake", make<FakeSubject>},
    {"Cassandra", make<CassandraSubject>, "TURNTABLE_CASSANDRA"},
};

// The rows of each record go to every table, as those of several INSERTs do.
class SinkContract : public testing::TestWithParam<std::tuple<Kind, size_t>> {
 protected:
  void SetUp() override {
    const Kind& kind = std::get<0>(GetParam());
    const char* needed = kind.needs == nullptr ? "nothing" : std::getenv(kind.needs);
    if (needed == nullptr || *needed == '\0') {
      GTEST_SKIP() << "SKIPPED, NOT PASSED: " << kind.name << " needs " << kind.needs
                   << "=host:port";
    }
    subject_ = kind.make(tables_);
    sink_ = subject_->open();
    ASSERT_NE(sink_, nullptr);
  }

  [[nodiscard]] RowBatches no_rows() const {
    RowBatches rows;
    rows.tables.resize(tables_);
    return rows;
  }

  // Adds a row with this origin to one table, and remembers the origin.
  void add_to(RowBatches& rows, uint32_t table, const std::string& cells) {
    RowBatch& batch = rows.tables[table];
    batch.cells += cells;
    batch.ends.push_back(batch.cells.size());
    batch.origins.push_back(
        {.partition = static_cast<PartitionId>(ticket_ % 3), .epoch = 7, .ticket = ticket_});
    ++expected_[{table, ticket_}];
  }
  // The same to all tables, with an origin of its own.
  void add(RowBatches& rows, const Row& row) {
    for (uint32_t table = 0; table < tables_; ++table) add_to(rows, table, row.cells());
    ++ticket_;
  }

  // Submits as a lane does: waits for room first.
  void submit(RowBatches& rows) {
    for (int i = 0; sink_->full() && i < kPatience; ++i) reap();
    ASSERT_FALSE(sink_->full()) << "full() never became false";
    const Status status = sink_->submit(rows);
    ASSERT_TRUE(status) << status.error().message;
    ASSERT_THAT(rows.tables, SizeIs(tables_));
    for (const RowBatch& batch : rows.tables) {
      EXPECT_TRUE(batch.empty());
      EXPECT_TRUE(batch.cells.empty());
      EXPECT_TRUE(batch.origins.empty());
    }
  }

  void reap() {
    const auto acks = sink_->reap(kWait);
    ASSERT_TRUE(acks) << acks.error().message;
    ASSERT_LE(acks->written.size(), tables_);
    for (uint32_t table = 0; table < acks->written.size(); ++table) {
      for (const Origin& origin : acks->written[table]) {
        EXPECT_EQ(origin.partition, static_cast<PartitionId>(origin.ticket % 3));
        EXPECT_EQ(origin.epoch, 7U);
        ++written_[{table, origin.ticket}];
      }
    }
    for (const auto& refused : acks->refused)
      refused_[{refused.table, refused.origin.ticket}] = refused.reason;
  }

  void reap_all() {
    for (int i = 0; sink_->in_flight() > 0 && i < kPatience; ++i) reap();
    EXPECT_EQ(sink_->in_flight(), 0U);
  }

  // What a store must have in each table.
  template <class Matcher>
  void expect_stored(const Matcher& matcher) {
    for (size_t table = 0; table < tables_; ++table) {
      if (const auto stored = subject_->stored(table)) {
        EXPECT_THAT(*stored, matcher) << "table " << table;
      }
    }
  }

  // Submits the rows and checks that a store has exactly them.
  void expect_kept(const std::vector<Row>& rows) {
    RowBatches batch = no_rows();
    std::vector<std::string> cells;
    for (const Row& row : rows) {
      add(batch, row);
      cells.push_back(row.cells());
    }
    submit(batch);
    reap_all();
    EXPECT_EQ(written_, expected_);
    EXPECT_THAT(refused_, IsEmpty());
    expect_stored(testing::UnorderedElementsAreArray(cells));
  }

  static constexpr Millis kWait{100};
  static constexpr int kPatience = 300;

  const size_t tables_ = std::get<1>(GetParam());
  std::unique_ptr<Subject> subject_;
  std::unique_ptr<Sink> sink_;
  uint64_t ticket_ = 0;
  using TableRow = std::pair<uint32_t, uint64_t>;  // Table and ticket.
  std::map<TableRow, int> expected_;               // How often it must be acknowledged: once.
  std::map<TableRow, int> written_;
  std::map<TableRow, std::string> refused_;
};

TEST_P(SinkContract, AcknowledgesEveryRowOnceWithItsOrigin) {
  RowBatches batch = no_rows();
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i <= round * 7; ++i)
      add(batch, {.k = "person " + std::to_string(i % 5), .n = round * 1000 + i});
    submit(batch);
    if (round % 3 == 0) reap();
  }
  reap_all();
  EXPECT_EQ(written_, expected_);
  EXPECT_THAT(refused_, IsEmpty());
  expect_stored(SizeIs(ticket_));
}

TEST_P(SinkContract, AnEmptyBatchIsNothing) {
  RowBatches batch = no_rows();
  submit(batch);
  EXPECT_EQ(sink_->in_flight(), 0U);
  reap();
  EXPECT_THAT(written_, IsEmpty());
  EXPECT_THAT(refused_, IsEmpty());
}

TEST_P(SinkContract, ReportsNothingTwice) {
  RowBatches batch = no_rows();
  add(batch, {.k = "a"});
  submit(batch);
  reap_all();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(written_rows(*sink_->reap(Millis(0))), 0U);
  EXPECT_EQ(written_, expected_);
}

// A key that shows its number in its length and its letters.
std::string key_of(int i) {
  return std::string(static_cast<size_t>(i) * 10 + 1, static_cast<char>('a' + i % 26));
}

TEST_P(SinkContract, TheBatchMayBeFilledAgainAtOnce) {
  // What was submitted must not change under the sink when the lane reuses the batch's memory.
  RowBatches batch = no_rows();
  for (int i = 0; i < 50; ++i) {
    add(batch, {.k = key_of(i), .n = i, .t = std::to_string(i)});
    submit(batch);
  }
  reap_all();
  EXPECT_EQ(written_, expected_);
  for (size_t table = 0; table < tables_; ++table) {
    const auto stored = subject_->stored(table);
    if (!stored) continue;
    EXPECT_THAT(*stored, SizeIs(50));
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
  RowBatches batch = no_rows();
  add(batch, {.k = "a", .n = 1, .f = 1.0F, .t = "first"});
  submit(batch);
  reap_all();
  add(batch, {.k = "a", .n = 1, .f = 2.0F, .t = std::nullopt});
  submit(batch);
  reap_all();
  EXPECT_EQ(written_, expected_);
  expect_stored(testing::ElementsAre(Row{.k = "a", .n = 1, .f = 2.0F}.cells()));
}

TEST_P(SinkContract, ASinkThatIsOpenedAgainGoesOnWithTheSameRows) {
  expect_kept({{.k = "a", .n = 1, .t = "kept"}});
  sink_.reset();
  sink_ = subject_->open();
  ASSERT_NE(sink_, nullptr);
  expect_kept({{.k = "a", .n = 1, .t = "kept"}});
}

TEST_P(SinkContract, WaitFdIsReadableWhenThereIsSomethingToReap) {
  RowBatches batch = no_rows();
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
  for (int i = 0; i < 3; ++i) ASSERT_EQ(written_rows(*sink_->reap(Millis(1))), 0U);
  EXPECT_FALSE(sink_->full());
  EXPECT_FALSE(sink_->name().empty());
}

// Each table gets rows of its own, and some none: as where WHERE leaves records out.
TEST_P(SinkContract, RowsOfEachTableAreItsOwn) {
  RowBatches batch = no_rows();
  std::vector<std::vector<std::string>> cells(tables_);
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 20; ++i, ++ticket_) {
      const auto table = static_cast<uint32_t>((ticket_ * 7 + ticket_ / 3) % tables_);
      if (round % 4 == 1 && table > 0) continue;
      const Row row{.k = "person " + std::to_string(i % 5), .n = static_cast<int32_t>(ticket_)};
      add_to(batch, table, row.cells());
      cells[table].push_back(row.cells());
    }
    submit(batch);
    if (round % 3 == 0) reap();
  }
  reap_all();
  EXPECT_EQ(written_, expected_);
  EXPECT_THAT(refused_, IsEmpty());
  for (size_t table = 0; table < tables_; ++table) {
    if (const auto stored = subject_->stored(table)) {
      EXPECT_THAT(*stored, testing::UnorderedElementsAreArray(cells[table])) << "table " << table;
    }
  }
}

// A row that the last table refuses leaves its neighbours and those of the other tables, and
// positions that hold only if all rows are written are not kept.
TEST_P(SinkContract, ARefusedRowConcernsNoOther) {
  const std::optional<std::string> refused = subject_->refused();
  if (!refused) return;
  const auto last = static_cast<uint32_t>(tables_ - 1);
  RowBatches batch = no_rows();
  add(batch, {.k = "before"});
  ++ticket_;
  add_to(batch, last, *refused);
  expected_.erase({last, ticket_});
  const TableRow bad{last, ticket_++};
  add(batch, {.k = "behind"});
  sink_->accompany({.in_any_case = {{0, 1}}, .if_all_written = {{0, 3}}});
  submit(batch);
  reap_all();
  EXPECT_EQ(written_, expected_);
  ASSERT_THAT(refused_, SizeIs(1));
  EXPECT_EQ(refused_.begin()->first, bad);
  EXPECT_FALSE(refused_.begin()->second.empty());
  expect_stored(
      testing::UnorderedElementsAre(Row{.k = "before"}.cells(), Row{.k = "behind"}.cells()));
  if (sink_->keeps_positions()) {
    EXPECT_EQ(sink_->kept_position(0), (Position{0, 1}));
  }
  add(batch, {.k = "more"});
  sink_->accompany({.if_all_written = {{0, 4}}});
  submit(batch);
  reap_all();
  if (sink_->keeps_positions()) {
    EXPECT_EQ(sink_->kept_position(0), (Position{0, 4}));
  }
}

// Whatever had been reported by then is there.
TEST_P(SinkContract, ASinkThatIsClosedWhileItWritesHasWhatItReported) {
  for (int round = 0; round < 5; ++round) {
    RowBatches batch = no_rows();
    for (int i = 0; i < 100; ++i) add(batch, {.k = "person", .n = round * 100 + i});
    submit(batch);
    if (round % 2 == 0) reap();
  }
  sink_.reset();
  for (uint32_t table = 0; table < tables_; ++table) {
    const auto stored = subject_->stored(table);
    if (!stored) continue;
    std::set<uint64_t> there;
    for (const std::string& row : *stored) {
      CellReader cells(row);
      static_cast<void>(cells.next());
      there.insert(static_cast<uint64_t>(cells.next().int32()));
    }
    for (const auto& [row, times] : written_) {
      EXPECT_EQ(times, 1);
      if (row.first != table) continue;
      EXPECT_TRUE(there.contains(row.second)) << row.second;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, SinkContract,
                         testing::Combine(testing::ValuesIn(kKinds), testing::Values(1, 3)),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).name) +
                                  (std::get<1>(test.param) == 1 ? "" : "WithThreeTables");
                         });

}  // namespace
}  // namespace turntable
