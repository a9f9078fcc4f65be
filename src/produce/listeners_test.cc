#include "produce/listeners.h"

#include <gtest/gtest.h>

#include <set>

namespace turntable {
namespace {

Listeners listeners(uint64_t seed, std::optional<int64_t> start = {},
                    const std::string& format = "%Y-%m-%d %H:%M") {
  static const SystemClock clock;
  SeededRandom random(seed);
  std::vector<std::string> people = people_names(5, "Dimitris Tsirmpas", random);
  return {{std::move(people), {"Hey \"Jude\"", "Ångström \\ λ"}, format, start}, random, clock};
}

TEST(Listeners, GiveTheSamePlaysForTheSameSeedOnEveryMachine) {
  Listeners plays = listeners(7, parse_civil_time("2024-03-03 09:59").value());
  // Written down, so that another standard library or processor has to give the same.
  EXPECT_EQ(
      plays.next().json,
      R"({"id": 25715, "name": "Simon Roberts", "song": "Ångström \\ λ", "time": "2024-03-03 09:59"})");
}

TEST(Listeners, DifferForDifferentSeeds) {
  EXPECT_NE(listeners(1, 0).next().json, listeners(2, 0).next().json);
}

TEST(Listeners, QuoteTitlesAsJsonAndKeepTheirLetters) {
  Listeners plays = listeners(3, 0);
  std::set<std::string> songs;
  for (int i = 0; i < 100; ++i) {
    const std::string json(plays.next().json);
    const size_t from = json.find("\"song\": ") + 8;
    songs.insert(json.substr(from, json.find(", \"time\"") - from));
  }
  EXPECT_EQ(songs, (std::set<std::string>{R"("Hey \"Jude\"")", R"("Ångström \\ λ")"}));
}

TEST(Listeners, PlayOneSongASecondOnTheirOwnClock) {
  Listeners plays = listeners(3, parse_civil_time("2024-03-03 09:59:58").value(), "%H:%M:%S");
  for (const char* time : {"09:59:58", "09:59:59", "10:00:00", "10:00:01"}) {
    const std::string json(plays.next().json);
    EXPECT_NE(json.find(std::string("\"time\": \"") + time + "\"}"), std::string::npos) << json;
  }
}

TEST(People, AreAsManyAsAskedAllDifferentAndEndWithTheNamedOne) {
  for (const size_t count : {size_t{1}, size_t{2}, size_t{50}, size_t{5000}}) {
    SeededRandom random(1);
    const auto names = people_names(count, "Dimitris Tsirmpas", random);
    EXPECT_EQ(names.size(), count);
    EXPECT_EQ(names.back(), "Dimitris Tsirmpas");
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), count);
  }
}

TEST(CivilTime, TakesWhatThereIsAndNothingElse) {
  EXPECT_EQ(parse_civil_time("1970-01-01 00:01").value(), 60);
  EXPECT_EQ(parse_civil_time("2024-02-29 23:59:59").value(), 1709251199);
  EXPECT_EQ(parse_civil_time("2024-03-03T10:00").value(), 1709460000);
  for (const char* text :
       {"", "2024", "2024-03-03", "2024-03-03 10", "2024-13-01 10:00", "2023-02-29 10:00",
        "2024-03-03 24:00", "2024-03-03 10:60", "2024-3-3 10:00", "2024-03-03 10:00:00 ",
        "2024-03-03 10:00:0", "24-03-03 10:00", "2024/03/03 10:00", "2024-03--3 10:00"}) {
    const auto time = parse_civil_time(text);
    EXPECT_FALSE(time) << text;
    if (!time) {
      EXPECT_EQ(time.error().kind, ErrorKind::usage);
    }
  }
}

TEST(SeededRandom, StaysBelowItsBoundAndReachesIt) {
  SeededRandom random(1);
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(10));
  EXPECT_EQ(seen.size(), 10U);
  EXPECT_EQ(*seen.rbegin(), 9U);
}

}  // namespace
}  // namespace turntable
