#include "app/statistics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace turntable {
namespace {

Statistics two_tables() {
  Statistics statistics;
  statistics.counts = {.consumed = 4, .written = 2, .unmatched = 1, .rejected = 1};
  statistics.counts.dead_lettered = 2;
  statistics.tables.push_back(
      {.name = "history", .counts = {.consumed = 4, .written = 2, .unmatched = 1, .rejected = 1}});
  statistics.tables.push_back(
      {.name = "by_song", .counts = {.consumed = 4, .written = 1, .filtered = 2, .rejected = 1}});
  statistics.missed_keys["songs"].add("name = 'x'");
  statistics.missed_keys["people"];
  return statistics;
}

std::string json_of(const Statistics& statistics) {
  const std::string path = std::filesystem::temp_directory_path() /
                           ("turntable_statistics_" + std::to_string(::getpid()));
  EXPECT_TRUE(write_statistics(statistics, path));
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(path);
  return text;
}

TEST(StatisticsTest, AddUpInTheRecordsAndInEachTable) {
  Statistics statistics = two_tables();
  EXPECT_TRUE(statistics.adds_up());
  statistics.tables[1].counts.filtered = 1;
  EXPECT_FALSE(statistics.adds_up());
  statistics.tables[1].in_flight = 1;
  EXPECT_TRUE(statistics.adds_up());
  statistics.counts.written = 1;
  EXPECT_FALSE(statistics.adds_up());
}

TEST(StatisticsTest, TheVerdictTellsRecordsAndTablesApart) {
  EXPECT_EQ(verdict(two_tables(), "dead.jsonl", "Done"),
            "  history: 4 = 2 written + 0 filtered + 1 unmatched + 1 rejected + 0 returned\n"
            "  by_song: 4 = 1 written + 2 filtered + 0 unmatched + 1 rejected + 0 returned\n"
            "  songs has no row for 1 record: name = 'x' (1)\n"
            "Done: 4 consumed = 2 written + 0 filtered + 1 unmatched + 1 rejected + 0 returned; 2 "
            "dead letters in dead.jsonl; 0.0 s, 0 records/s");
}

// Only topics that have some are worth a word.
TEST(StatisticsTest, TombstonesThatWerePassedOverAreCountedByThemselves) {
  Statistics statistics = two_tables();
  statistics.counts.consumed = 1'204;
  statistics.counts.tombstones = 1'200;
  for (TableStatistics& table : statistics.tables) {
    table.counts.consumed = 1'204;
    table.counts.tombstones = 1'200;
  }
  EXPECT_TRUE(statistics.adds_up());
  const std::string said = verdict(statistics, "dead.jsonl", "Done");
  EXPECT_NE(
      said.find("  by_song: 1,204 = 1 written + 2 filtered + 1,200 tombstones + 0 unmatched + "
                "1 rejected + 0 returned\n"),
      std::string::npos)
      << said;
  EXPECT_NE(said.find("Done: 1,204 consumed = 2 written + 0 filtered + 1,200 tombstones + 1 "
                      "unmatched + 1 rejected + 0 returned; "),
            std::string::npos)
      << said;
  EXPECT_NE(json_of(statistics).find("\"filtered\": 0, \"tombstones\": 1200, \"unmatched\": 1, "),
            std::string::npos);
}

TEST(StatisticsTest, DeletionsAreAnOutcomeOfTheirOwn) {
  Statistics statistics = two_tables();
  statistics.counts.consumed += 1'200;
  EXPECT_FALSE(statistics.adds_up());
  statistics.counts.deleted = 1'200;
  for (TableStatistics& table : statistics.tables) {
    table.counts.consumed += 1'200;
    table.counts.deleted = 1'200;
  }
  EXPECT_TRUE(statistics.adds_up());
  const std::string said = verdict(statistics, "dead.jsonl", "Done");
  EXPECT_NE(said.find("Done: 1,204 consumed = 2 written + 1,200 deleted + 0 filtered + 1 "),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("  by_song: 1,204 = 1 written + 1,200 deleted + 2 filtered + "),
            std::string::npos)
      << said;
  EXPECT_NE(json_of(statistics).find("\"written\": 2, \"deleted\": 1200, \"filtered\": 0, "),
            std::string::npos);
}

TEST(StatisticsTest, TheNearestKeysStandBelowTheMissedOnes) {
  Statistics statistics = two_tables();
  statistics.tables.clear();
  statistics.nearest_keys["songs"] = "name = 'x' was missed; the nearest: name = 'y'";
  EXPECT_TRUE(verdict(statistics, "dead.jsonl", "Done")
                  .starts_with("  songs has no row for 1 record: name = 'x' (1)\n"
                               "    name = 'x' was missed; the nearest: name = 'y'\nDone: "));
}

TEST(StatisticsTest, TheVerdictOnOneTableIsOneLine) {
  Statistics statistics = two_tables();
  statistics.tables.pop_back();
  statistics.missed_keys.clear();
  EXPECT_EQ(verdict(statistics, "dead.jsonl", "Done").find('\n'), std::string::npos);
}

TEST(StatisticsTest, ProgramsReadThemAsJson) {
  const std::string json = json_of(two_tables());
  EXPECT_TRUE(json.starts_with("{\"consumed\": 4, \"written\": 2, ")) << json;
  EXPECT_NE(
      json.find("\"by_song\": {\"consumed\": 4, \"written\": 1, \"deleted\": 0, \"filtered\": 2, "),
      std::string::npos)
      << json;
  EXPECT_NE(json.find("\"songs\": {\"missed\": 1, \"most_missed\": [{\"key\": \"name = 'x'\", "
                      "\"count\": 1}]}"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find("\"people\": {\"missed\": 0, \"most_missed\": []}"), std::string::npos)
      << json;
}

}  // namespace
}  // namespace turntable
