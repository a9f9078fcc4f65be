// Whole pipelines, damaged in thousands of ways: never a crash, and always a program or faults that
// have a place. Deterministic: a failure names its seed.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "base/source_dir.h"
#include "sql/keys.h"
#include "sql/testing.h"
#include "sql/time_format.h"

namespace turntable::sql {
namespace {

std::string pipeline_text() {
  std::ifstream file(source_path("pipelines/listening_history.sql"));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::map<std::string, BoundLookup> songs() {
  Schema schema = {{"name", Type::text, false},
                   {"artists", Type::text, false},
                   {"duration_ms", Type::int32, false},
                   {"album_name", Type::text, false},
                   {"album_release_date", Type::text, false},
                   {"key", Type::int32, false}};
  for (const char* feature : {"danceability", "energy", "loudness", "mode", "speechiness",
                              "acousticness", "instrumentalness", "liveness", "valence", "tempo"})
    schema.push_back({feature, Type::float64, false});
  return {{"songs", {.schema = std::move(schema)}},
          {"artists",
           {.schema = Schema{{"name", Type::text, false}, {"rating", Type::float32, false}}}}};
}

// What the seed's pipeline does not use.
constexpr const char* kSecondPipeline = R"(
CREATE TABLE plays (id int NOT NULL, song text, tempo real, time text) WITH (connector = 'ndjson');
CREATE TABLE songs () WITH (connector = 'csv', missing_key = 'drop');
CREATE TABLE artists () WITH (connector = 'csv');
CREATE TABLE slow (id int, song text, kind text);
CREATE TABLE rated (id int, rating real, loud boolean);
CREATE VIEW known (id, song, artist, tempo) AS
SELECT p.id, p.song, s.artists, coalesce(p.tempo, s.tempo)
FROM plays p JOIN songs s ON s.name = p.song AND s.mode >= 0.5 WHERE p.id IS NOT NULL;
INSERT INTO slow (id, song, kind)
SELECT k.id, k.song, CASE k.song WHEN 'a' THEN 'first' WHEN 'b' THEN 'second' ELSE 'other' END
FROM known k WHERE k.tempo BETWEEN 20 AND 80.5 AND k.id NOT IN (1, 2, -2147483648);
INSERT INTO rated
SELECT k.id, nullif(a.rating, 0) AS rating, (a.rating < 3 OR NOT k.id > 5) IS NOT TRUE AS loud
FROM known k LEFT JOIN artists a ON a.name = k.artist WHERE k.artist IS DISTINCT FROM 'nobody';
)";

void expect_program_or_placed_faults(const std::string& text) {
  const BoundScript bound = bind_text(text, songs());
  EXPECT_NE(bound.program.has_value(), !bound.faults.empty()) << bound.faults.text();
  for (const Fault& fault : bound.faults.list) {
    EXPECT_GT(fault.at.line, 0) << fault.message;
    EXPECT_GT(fault.at.column, 0) << fault.message;
    EXPECT_FALSE(fault.message.empty());
  }
}

TEST(Robustness, BothPipelinesAreWhole) {
  const BoundScript bound = bind_text(pipeline_text(), songs());
  EXPECT_EQ(bound.faults.text(), "");
  ASSERT_TRUE(bound.program);
  EXPECT_EQ(bound.program->inserts[0].outputs.size(), 23U);
  const BoundScript second = bind_text(kSecondPipeline, songs());
  EXPECT_EQ(second.faults.text(), "");
  ASSERT_TRUE(second.program);
  EXPECT_EQ(second.program->inserts.size(), 2U);
}

TEST(Robustness, TruncatedPipelinesAreFaultsOrPrograms) {
  for (const std::string& text : {pipeline_text(), std::string(kSecondPipeline)})
    for (size_t size = 0; size < text.size(); size += 3)
      expect_program_or_placed_faults(text.substr(0, size));
}

void damage_in_many_ways(const std::string& text) {
  // Bytes that mean something to the lexer are likelier to lead somewhere new.
  constexpr std::string_view kSigns = "()[]'\"`;:,.*$-/\\=|@ \n{}eE0x\xC3\xFF";
  for (uint32_t seed = 0; seed < 3'000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](size_t limit) { return static_cast<size_t>(random()) % limit; };
    std::string damaged = text;
    for (size_t edits = 1 + below(3); edits > 0; --edits) {
      const size_t at = below(damaged.size());
      switch (below(5)) {
        case 0:
          damaged[at] = static_cast<char>(damaged[at] ^ (1 << below(8)));
          break;
        case 1:
          damaged[at] = kSigns[below(kSigns.size())];
          break;
        case 2:
          damaged.insert(at, 1, kSigns[below(kSigns.size())]);
          break;
        case 3:
          damaged.erase(at, 1 + below(12));
          break;
        default:
          damaged.insert(at, damaged.substr(below(damaged.size()), below(40)));
          break;
      }
    }
    expect_program_or_placed_faults(damaged);
    if (testing::Test::HasFailure()) break;
  }
}

TEST(Robustness, DamagedPipelinesAreFaultsOrPrograms) {
  damage_in_many_ways(pipeline_text());
}

TEST(Robustness, DamagedPipelinesWithAllSyntaxAreFaultsOrPrograms) {
  damage_in_many_ways(kSecondPipeline);
}

TEST(Robustness, PatternsAndKeysTakeAnyBytes) {
  constexpr std::string_view kSigns = "YMDHIS24FM\"\\- :\xC3(),abAPdonth";
  std::mt19937 random(7);
  Arena arena;
  for (int i = 0; i < 50'000; ++i) {
    std::string text;
    for (size_t size = random() % 20; size > 0; --size) text += kSigns[random() % kSigns.size()];
    (void)parse_primary_key(text);
    (void)parse_clustering_order(text);
    if (const auto format = TimeFormat::compile(text, TimeFormat::Use::print))
      (void)format->print(static_cast<int64_t>((uint64_t{random()} << 32) | random()), arena);
    if (const auto format = TimeFormat::compile(text, TimeFormat::Use::parse))
      (void)format->parse(text);
    arena.reset();
  }
}

}  // namespace
}  // namespace turntable::sql
