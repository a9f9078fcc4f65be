#include "cassandra/session.h"

#include <bridge.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>

#include "cassandra/schema.h"
#include "row/cell.h"

namespace turntable::cassandra {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST(Session, SaysWhichNodeIsNotThere) {
  const auto session = Session::connect({.contact_points = "127.0.0.1:1"});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::transient);
  EXPECT_EQ(session.error().message,
            "the Cassandra node 127.0.0.1:1 cannot be reached: Connection refused");
}

TEST(Session, SaysThatNoneOfSeveralNodesIsThere) {
  const auto session = Session::connect({.contact_points = "127.0.0.1:1,localhost:2"});
  ASSERT_FALSE(session);
  EXPECT_EQ(
      session.error().message,
      "none of the Cassandra nodes 127.0.0.1:1, localhost:2 can be reached: Connection refused");
}

// In the words of a CHECK (CheckDeathTest), and in none of Rust's own.
TEST(SessionDeathTest, AFaultOfTheBridgeSaysWhatToReportAndThatStartingAgainIsSafe) {
  const auto broken = [] {
    (void)Session::connect({.contact_points = "localhost:9042", .consistency = "MOST"});
    bridge_panic();
  };
  EXPECT_DEATH(
      broken(),
      "^turntable: bug: a panic that was asked for at .*lib\\.rs:[0-9]+ \\(version "
      "[0-9]+\\.[0-9]+\\.[0-9]+\\)\\. Please report this line, the command and its pipeline; "
      "nothing that was not acknowledged has been committed, so it is safe to start again\\.\n$");
}

TEST(Session, RefusesOptionsWithoutMeaning) {
  const auto session =
      Session::connect({.contact_points = "localhost:9042", .consistency = "MOST"});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::usage);
  EXPECT_THAT(session.error().message, AllOf(HasSubstr("'MOST'"), HasSubstr("LOCAL_QUORUM")));
}

TEST(QuoteText, DoublesQuotes) {
  EXPECT_EQ(quote_text("it's"), "'it''s'");
}

class SessionServerTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* server = std::getenv("TURNTABLE_CASSANDRA");
    if (server == nullptr || *server == '\0') GTEST_SKIP() << "TURNTABLE_CASSANDRA names no server";
    auto session = Session::connect({.contact_points = server});
    ASSERT_TRUE(session) << session.error().message;
    session_.emplace(std::move(*session));
    execute("DROP KEYSPACE IF EXISTS turntable_session_test");
    execute(
        "CREATE KEYSPACE turntable_session_test WITH replication = "
        "{'class': 'SimpleStrategy', 'replication_factor': 1}");
    execute(
        "CREATE TABLE turntable_session_test.t (name text, hour int, at int, note text, \"Mixed\" "
        "frozen<list<int>>, "
        "shared text static, PRIMARY KEY ((name, hour), at)) WITH CLUSTERING ORDER BY (at DESC)");
  }
  void TearDown() override {
    if (session_) execute("DROP KEYSPACE turntable_session_test");
  }
  void execute(const std::string& cql) {
    const Status done = session_->execute(cql);
    ASSERT_TRUE(done) << done.error().message;
  }

  std::optional<Session> session_;
};

TEST_F(SessionServerTest, WritesRowsAndReadsThemPageByPage) {
  const auto statement = session_->prepare(
      "INSERT INTO turntable_session_test.t (name, hour, at, note) VALUES (?, ?, ?, ?)");
  ASSERT_TRUE(statement) << statement.error().message;
  ASSERT_THAT(statement->columns, SizeIs(4));
  EXPECT_EQ(statement->columns[2].name, "at");
  EXPECT_EQ(statement->columns[2].type, "int");

  std::string cells;
  for (int32_t i = 0; i < 25; ++i) {
    append_view_cell(cells, "ann");
    append_int32_cell(cells, 10);
    append_int32_cell(cells, i);
    i % 2 == 0 ? append_null_cell(cells) : append_view_cell(cells, "odd");
  }
  session_->submit(*statement, cells, 25, 77);
  pollfd interest{session_->wait_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&interest, 1, 20'000), 1);
  const auto completions = session_->poll(Millis(0));
  ASSERT_THAT(completions, SizeIs(1));
  EXPECT_EQ(completions[0].token, 77U);
  EXPECT_TRUE(completions[0].outcome) << completions[0].outcome.error().message;
  EXPECT_EQ(::poll(&interest, 1, 0), 0);

  auto cursor = session_->query("SELECT at, note FROM turntable_session_test.t", 10);
  ASSERT_TRUE(cursor) << cursor.error().message;
  ASSERT_THAT(cursor->columns(), SizeIs(2));
  EXPECT_EQ(cursor->columns()[1].type, "text");
  int32_t expected = 24;
  int pages = 0;
  for (;; ++pages) {
    const auto page = cursor->next_page();
    ASSERT_TRUE(page) << page.error().message;
    if (!*page) break;
    CellReader reader((*page)->cells);
    for (size_t row = 0; row < (*page)->rows; ++row, --expected) {
      EXPECT_EQ(reader.next().int32(), expected);
      EXPECT_EQ(reader.next().is_null(), expected % 2 == 0);
    }
  }
  EXPECT_EQ(expected, -1);
  EXPECT_GE(pages, 3);
}

TEST_F(SessionServerTest, ReadsTheSchemaOfATable) {
  const auto columns = read_table(*session_, "turntable_session_test", "t");
  ASSERT_TRUE(columns) << columns.error().message;
  using Kind = TableColumn::Kind;
  std::vector<std::string> names;
  for (const TableColumn& column : *columns) names.push_back(column.name + " " + column.type);
  EXPECT_THAT(names, ElementsAre("name text", "hour int", "at int", "shared text",
                                 "Mixed frozen<list<int>>", "note text"));
  EXPECT_EQ((*columns)[1].kind, Kind::partition_key);
  EXPECT_EQ((*columns)[1].position, 1);
  EXPECT_FALSE((*columns)[1].descending);
  EXPECT_EQ((*columns)[2].kind, Kind::clustering);
  EXPECT_TRUE((*columns)[2].descending);
  EXPECT_EQ((*columns)[3].kind, Kind::fixed);
  EXPECT_TRUE(read_table(*session_, "turntable_session_test", "it's not there")->empty());
  EXPECT_TRUE(*has_keyspace(*session_, "turntable_session_test"));
  EXPECT_FALSE(*has_keyspace(*session_, "nowhere"));
}

TEST_F(SessionServerTest, TellsFaultsOfTheSchemaFromOthers) {
  const auto statement =
      session_->prepare("INSERT INTO turntable_session_test.t (nothing) VALUES (?)");
  ASSERT_FALSE(statement);
  EXPECT_EQ(statement.error().kind, ErrorKind::schema);
  EXPECT_THAT(statement.error().message, HasSubstr("nothing"));
  const auto query = session_->query("SELECT * FROM turntable_session_test.absent");
  ASSERT_FALSE(query);
  EXPECT_EQ(query.error().kind, ErrorKind::schema);
}

}  // namespace
}  // namespace turntable::cassandra
