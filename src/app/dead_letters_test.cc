// How `turntable dead-letters replay` ends. What it writes: tests/test_dead_letters.py.
#include "app/dead_letters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "delivery/dead_letters.h"
#include "sqlite/database.h"

namespace turntable {
namespace {

constexpr const char* kPipeline = R"(
CREATE TABLE plays (id int NOT NULL)
WITH (connector = 'ndjson', path = 'plays.ndjson', dead_letters = 'file:{0}/dead.jsonl');
CREATE TABLE history (id int) WITH (connector = 'null');
INSERT INTO history SELECT p.id FROM plays p;
)";

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() {
    std::filesystem::create_directory(folder_);
    std::ofstream(folder_ + "/plays.sql") << fmt::format(kPipeline, folder_);
  }
  ~ReplayTest() override { std::filesystem::remove_all(folder_); }

  void keep(const std::string& line) {
    std::ofstream(folder_ + "/dead.jsonl", std::ios::app) << line << '\n';
  }
  void keep_letter(const std::string& topic, const std::string& value) {
    std::string line = dead_letter_line({.topic = topic, .value = value, .reason = "wrong_type"});
    line.pop_back();
    keep(line);
  }
  Result<ExitCode> replay(bool dry_run = false) {
    return run_dead_letters({.action = DeadLettersAction::replay,
                             .pipeline = folder_ + "/plays.sql",
                             .sets = {},
                             .reason = "",
                             .dry_run = dry_run},
                            stop_, out_);
  }

  const std::string folder_ =
      (std::filesystem::temp_directory_path() / ("replay_test_" + std::to_string(::getpid())))
          .string();
  StopToken stop_;
  Output out_;
};

TEST_F(ReplayTest, IsDoneWhereAllLettersOfItsOwnTopicBecomeRows) {
  keep_letter("plays.ndjson", R"({"id": 1})");
  keep_letter("other", "no JSON");
  const auto code = replay();
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, ExitCode::done);
}

TEST_F(ReplayTest, SaysThatALetterCouldNotBeRead) {
  keep_letter("plays.ndjson", R"({"id": 1})");
  keep("no letter");
  const auto code = replay();
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, ExitCode::dead_letters);
}

// What a replay would say of the table, a dry run says too, and makes nothing.
TEST_F(ReplayTest, ADryRunComparesTheTable) {
  constexpr const char* kIntoSqlite = R"(
CREATE TABLE plays (id int NOT NULL)
WITH (connector = 'ndjson', path = 'plays.ndjson', dead_letters = 'file:{0}/dead.jsonl');
CREATE TABLE history (id int)
WITH (connector = 'sqlite', path = '{0}/history.db', primary_key = 'id');
INSERT INTO history SELECT p.id FROM plays p;
)";
  std::ofstream(folder_ + "/plays.sql") << fmt::format(kIntoSqlite, folder_);
  keep_letter("plays.ndjson", R"({"id": 1})");
  const std::string file = folder_ + "/history.db";
  const auto missing = replay(true);
  ASSERT_TRUE(missing) << missing.error().message;
  EXPECT_EQ(*missing, ExitCode::done) << "a replay would make it";
  EXPECT_FALSE(std::filesystem::exists(file));
  {
    auto db = sqlite::Database::open(file, sqlite::Database::Mode::write).value();
    ASSERT_TRUE(db.execute("CREATE TABLE other (a int)"));
    EXPECT_TRUE(replay(true)) << "the table is missing, and a replay would make it";
    ASSERT_TRUE(db.execute("CREATE TABLE history (id text PRIMARY KEY)"));
  }
  const auto dry = replay(true);
  const auto wet = replay(false);
  ASSERT_FALSE(wet);
  ASSERT_FALSE(dry);
  EXPECT_EQ(dry.error().kind, wet.error().kind);
  EXPECT_NE(dry.error().message.find("column id"), std::string::npos) << dry.error().message;
  std::filesystem::remove(file);
  ASSERT_TRUE(replay(false));
  const auto same = replay(true);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(*same, ExitCode::done);
}

TEST_F(ReplayTest, FailsWhereItIsStoppedBeforeTheEnd) {
  keep_letter("plays.ndjson", R"({"id": 1})");
  stop_.request();
  const auto code = replay();
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().kind, ErrorKind::interrupted);
  EXPECT_EQ(exit_code_of(code.error()), ExitCode::failed);
}

}  // namespace
}  // namespace turntable
