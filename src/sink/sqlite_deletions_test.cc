// Deletions in a SQLite file: which of a row and a deletion of its key stands, in whichever order
// they come.
#include "sink/sqlite_deletions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "row/cell.h"
#include "sink/rows_testing.h"
#include "sink/sqlite_sink.h"

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Cells of the key and of others take turns.
SinkTable latest() {
  return {.keyspace = "spotify",
          .name = "latest",
          .columns = {{"song", Type::text},
                      {"name", Type::text},
                      {"n", Type::int64},
                      {"shelf", Type::int32}},
          .key = {.partition = {"shelf"}, .clustering = {{"name"}}},
          .write_times = WriteTimeRule::delivery,
          .deletes = true};
}

class SqliteDeletionsTest : public testing::Test {
 protected:
  static constexpr Millis kEnough{60'000};

  SqliteDeletionsTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    dir_ = std::filesystem::temp_directory_path() /
           (std::string("turntable_deletions_") + info->name() + "_" + std::to_string(::getpid()));
    std::filesystem::create_directories(dir_);
  }
  ~SqliteDeletionsTest() override { std::filesystem::remove_all(dir_); }
  std::string path() const { return (dir_ / "latest.db").string(); }

  std::unique_ptr<SqliteSink> open(const SinkTable& table = latest()) {
    auto sink = SqliteSink::open({.path = path(), .tables = {table}});
    EXPECT_TRUE(sink) << sink.error().message;
    return sink ? std::move(*sink) : nullptr;
  }

  void add(std::string_view name, std::string_view song, int64_t write_time_us) {
    const bool deletion = song.empty();
    deletion ? append_null_cell(rows_.cells) : append_view_cell(rows_.cells, song);
    append_view_cell(rows_.cells, name);
    deletion ? append_null_cell(rows_.cells) : append_int64_cell(rows_.cells, 1);
    append_int32_cell(rows_.cells, 5);
    append_int64_cell(rows_.cells, write_time_us);
    rows_.ends.push_back(rows_.cells.size());
    rows_.origins.push_back({.partition = 0, .epoch = 0, .ticket = rows_.origins.size()});
    rows_.kinds.push_back(deletion ? RowKind::deletion : RowKind::write);
  }
  void remove(std::string_view name, int64_t write_time_us) { add(name, "", write_time_us); }

  // One transaction with what was added.
  void write(SqliteSink& sink) {
    ASSERT_TRUE(submit_to(sink, rows_));
    const auto acks = sink.reap(kEnough);
    ASSERT_TRUE(acks) << acks.error().message;
    written_ = acks->written_in(0).size();
    deleted_ = acks->deleted_in(0).size();
    rows_.clear();
  }

  std::vector<std::string> texts(const std::string& query) {
    auto db = sqlite::Database::open("", sqlite::Database::Mode::memory);
    EXPECT_TRUE(db->attach_read_only(path(), "ks"));
    auto select = db->prepare(query);
    EXPECT_TRUE(select) << query;
    std::vector<std::string> out;
    while (select->step().value()) out.emplace_back(select->text(0));
    return out;
  }
  std::vector<std::string> standing() {
    return texts("SELECT name || ' ' || song FROM ks.latest ORDER BY name");
  }
  std::vector<std::string> remembered() {
    return texts(
        "SELECT shelf || ' ' || name || ' ' || _write_time FROM ks.turntable_deletions_latest "
        "ORDER BY name");
  }

  std::filesystem::path dir_;
  RowBatch rows_;
  size_t written_ = 0;
  size_t deleted_ = 0;
};

TEST_F(SqliteDeletionsTest, AnOlderRowDoesNotComeBackAndANewerOneDoes) {
  const auto sink = open();
  add("a", "first", 10);
  add("b", "other", 11);
  remove("a", 20);
  write(*sink);
  EXPECT_EQ(written_, 2U);
  EXPECT_EQ(deleted_, 1U);
  EXPECT_THAT(standing(), ElementsAre("b other"));
  EXPECT_THAT(remembered(), ElementsAre("5 a 20"));

  // A dead letter that is replayed, also where it has the deletion's own time.
  add("a", "late", 15);
  add("a", "late", 20);
  write(*sink);
  EXPECT_EQ(written_, 2U);
  EXPECT_THAT(standing(), ElementsAre("b other"));
  add("a", "newer", 21);
  write(*sink);
  EXPECT_THAT(standing(), ElementsAre("a newer", "b other"));
}

TEST_F(SqliteDeletionsTest, AnOlderDeletionLeavesANewerRow) {
  const auto sink = open();
  add("a", "newer", 30);
  remove("a", 20);
  remove("none", 20);
  write(*sink);
  EXPECT_EQ(deleted_, 2U);
  EXPECT_THAT(standing(), ElementsAre("a newer"));
  EXPECT_THAT(remembered(), ElementsAre("5 none 20"));
}

TEST_F(SqliteDeletionsTest, AreForgottenWhenTheirKeyIsWrittenAgain) {
  const auto sink = open();
  remove("a", 20);
  remove("a", 25);
  remove("a", 22);
  write(*sink);
  EXPECT_THAT(remembered(), ElementsAre("5 a 25"));
  add("a", "newer", 26);
  write(*sink);
  EXPECT_THAT(remembered(), IsEmpty());
  add("a", "late", 24);
  write(*sink);
  EXPECT_THAT(standing(), ElementsAre("a newer"));
}

TEST_F(SqliteDeletionsTest, AreRememberedByTheNextRunAlsoWhereItDeletesNoMore) {
  remove("a", 20);
  write(*open());
  SinkTable table = latest();
  table.deletes = false;
  const auto sink = open(table);
  EXPECT_EQ(sink->highest_write_time(), 20);
  add("a", "late", 10);
  add("b", "new", 30);
  write(*sink);
  EXPECT_THAT(standing(), ElementsAre("b new"));
  add("a", "newer", 31);
  write(*sink);
  EXPECT_THAT(standing(), ElementsAre("a newer", "b new"));
  EXPECT_THAT(remembered(), IsEmpty());
}

TEST_F(SqliteDeletionsTest, GoWithTheirTable) {
  remove("a", 20);
  write(*open());
  {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(db->execute("DROP TABLE latest"));
  }
  const auto sink = open();
  add("a", "first", 10);
  write(*sink);
  EXPECT_THAT(standing(), ElementsAre("a first"));
}

// Where the schema has changed, the last row is looked for, and may have been deleted since.
TEST_F(SqliteDeletionsTest, ARowThatWasDeletedIsNotTakenForOneOfATableThatIsNoMore) {
  const auto sink = open();
  const auto change = [this] {
    auto db = sqlite::Database::open(path(), sqlite::Database::Mode::write);
    ASSERT_TRUE(db->execute("CREATE TABLE x (a int)"));
    ASSERT_TRUE(db->execute("DROP TABLE x"));
  };
  add("a", "first", 10);
  remove("a", 20);
  write(*sink);
  change();
  add("a", "late", 15);
  write(*sink);
  change();
  add("b", "new", 30);
  write(*sink);
  EXPECT_THAT(standing(), ElementsAre("b new"));
}

}  // namespace
}  // namespace turntable
