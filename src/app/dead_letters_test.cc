// How `turntable dead-letters replay` ends. What it writes: tests/test_dead_letters.py.
#include "app/dead_letters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "delivery/dead_letters.h"

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
  Result<ExitCode> replay() {
    return run_dead_letters(
        {.action = DeadLettersAction::replay, .pipeline = folder_ + "/plays.sql"}, stop_);
  }

  const std::string folder_ =
      (std::filesystem::temp_directory_path() / ("replay_test_" + std::to_string(::getpid())))
          .string();
  StopToken stop_;
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
