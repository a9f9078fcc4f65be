#include "enrich/nearest_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "enrich/testing.h"

namespace turntable {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// What is said of keys that a lookup with that text does not have.
std::string said(const std::string& csv, const std::vector<std::string>& missed,
                 const std::string& on = "s.name = p.song", const std::string& columns = "") {
  const TestPipeline pipeline(
      "CREATE TABLE p (id int, song text, year int) WITH (connector = 'x');"
      "CREATE TABLE songs (" +
          columns +
          ") WITH (connector = 'csv');"
          "CREATE TABLE o (); INSERT INTO o SELECT p.id FROM p JOIN songs s ON " +
          on + ";",
      {{"songs", {.csv = csv}}});
  MissedKeys keys;
  for (const std::string& key : missed) keys.add(key);
  return nearest_keys(pipeline.plan(), "songs", keys);
}

TEST(NearestKeysTest, TheOnesThatDifferLeastAreShown) {
  EXPECT_EQ(said("name\nAlpha\nAlphas\nBeta\nAlpen\nAlphonse\n", {"name = 'Alpho'"}),
            "name = 'Alpho' was missed; the nearest: name = 'Alpha', name = 'Alpen', name = "
            "'Alphas'");
  EXPECT_EQ(said("name\nBeta\nGamma\n", {"name = 'Betas'"}),
            "name = 'Betas' was missed; the nearest: name = 'Beta'");
}

TEST(NearestKeysTest, CaseAndWhiteSpaceAreNamed) {
  for (const char* key : {"ALPHA BETA", " Alpha Beta", "Alpha  Beta ",
                          "Alpha\xC2\xA0"
                          "Beta",
                          "alpha beta"})
    EXPECT_EQ(said(std::string("name\nAlpha Betty\n\"") + key + "\"\n", {"name = 'Alpha Beta'"}),
              std::string("name = 'Alpha Beta' was missed; name = '") + key +
                  "' differs from it in case or white space only");
}

TEST(NearestKeysTest, KeysOfAllKindsAreCompared) {
  EXPECT_EQ(said("name\n1234\n9999\n", {"name = '1235'"}, "s.name = p.year"),
            "name = '1235' was missed; the nearest: name = '1234'");
  EXPECT_EQ(said("name,year\nAlpha,1999\nBeta,2001\n", {"name = 'Alpha' and year = '1998'"},
                 "s.name = p.song AND s.year = p.year"),
            "name = 'Alpha' and year = '1998' was missed; the nearest: name = 'Alpha' and year = "
            "'1999'");
  EXPECT_EQ(said("name\nthe Alpha\nthe Beta\n", {"substr(s.name, 5) = 'Alphe'"},
                 "substr(s.name, 5) = p.song"),
            "substr(s.name, 5) = 'Alphe' was missed; the nearest: substr(s.name, 5) = 'Alpha'");
}

TEST(NearestKeysTest, WhereNoneIsLikeItSomeAreShown) {
  EXPECT_EQ(said("name\nspotify:1\nspotify:2\nspotify:3\nspotify:4\n", {"name = 'Alpha'"}),
            "name = 'Alpha' was missed, and no key is like it; there are such as name = "
            "'spotify:1', name = 'spotify:2', name = 'spotify:3'");
}

TEST(NearestKeysTest, TheMostMissedKeyThatIsAValueIsShown) {
  EXPECT_THAT(said("name\nAlpha\n", {"name = NULL", "name = NULL", "name = 'x'", "name = 'Alphb'",
                                     "name = 'Alphb'"}),
              StartsWith("name = 'Alphb' was missed"));
  EXPECT_EQ(said("name\nAlpha\n", {"name = NULL"}), "");
  EXPECT_EQ(said("name\n", {"name = 'x'"}), "");
  EXPECT_EQ(said("name\nAlpha\n", {}), "");
}

// A key beyond those that are compared is found where only its case differs.
TEST(NearestKeysTest, AllKeysAreLookedAtForOneThatDiffersInCase) {
  std::string csv = "name\n";
  for (size_t i = 0; i < 3 * kKeysCompared; ++i) csv += "key number " + std::to_string(i) + "\n";
  EXPECT_EQ(said(csv, {"name = 'KEY NUMBER 149999'"}),
            "name = 'KEY NUMBER 149999' was missed; name = 'key number 149999' differs from it in "
            "case or white space only");
}

size_t naive_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

TEST(NearestKeysTest, DistancesAreThoseOfTheWholeTable) {
  std::mt19937 random(1);
  size_t within = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto text = [&] {
      std::string made(random() % 9, ' ');
      for (char& c : made) c = static_cast<char>('a' + random() % 3);
      return made;
    };
    const std::string a = text();
    const std::string b = text();
    const size_t limit = random() % 6;
    const size_t distance = naive_distance(a, b);
    ASSERT_EQ(edit_distance(a, b, limit), std::min(distance, limit + 1)) << a << " " << b << limit;
    within += distance <= limit ? 1 : 0;
  }
  EXPECT_GT(within, 2'000U);
}

}  // namespace
}  // namespace turntable
