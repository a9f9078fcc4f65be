// What several lanes say together about fields that are declared and not there.
#include "decode/run_census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>

#include "decode/testing.h"

namespace turntable {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A decoder that knows what it is told to know.
class Knowing final : public Decoder {
 public:
  explicit Knowing(FieldCensus census) : census_(std::move(census)) {}
  void decode(const RecordBatch&, std::span<Column>, Selection&, Rejects&) override {}
  [[nodiscard]] FieldCensus census() const override { return census_; }
  void knows(FieldCensus census) { census_ = std::move(census); }

 private:
  FieldCensus census_;
};

TEST(RunCensus, IsSaidOnceForAllLanesTogether) {
  RunCensus run("plays");
  Knowing first({.records = 600, .absent = {"a", "b"}, .others = {}});
  Knowing second({.records = 300, .absent = {"b"}, .others = {}});
  const Knowing idle({.records = 0, .absent = {"a", "b"}, .others = {}});
  EXPECT_THAT(run.update(first), IsEmpty());
  EXPECT_THAT(run.update(idle), IsEmpty());
  EXPECT_THAT(run.update(second), IsEmpty());
  EXPECT_FALSE(run.told());
  // What a lane knew before is part of what it knows now.
  first.knows({.records = 800, .absent = {"a", "b"}, .others = {"B"}});
  EXPECT_THAT(run.update(first),
              ElementsAre("no record of plays had the field \"b\" in 1,100 records, but they have "
                          "\"B\": write \"B\" in double quotes in CREATE TABLE plays"));
  EXPECT_TRUE(run.told());
  EXPECT_THAT(run.update(second), IsEmpty());
}

TEST(RunCensus, WaitsForObjects) {
  RunCensus run("plays");
  const Knowing nothing({.records = 0, .absent = {"a"}, .others = {}});
  for (int i = 0; i < 2'000; ++i) EXPECT_THAT(run.update(nothing), IsEmpty());
  EXPECT_FALSE(run.told());
}

TEST(RunCensus, SaysOnceOfEachFieldThatItsTimesAreCut) {
  RunCensus run("plays");
  EXPECT_EQ(run.cut("at"),
            "times of plays in the field 'at' have digits beyond microseconds, which are cut");
  EXPECT_EQ(run.cut("at"), std::nullopt);
  EXPECT_NE(run.cut("until"), std::nullopt);
}

TEST(RunCensus, IsSaidOnceByThreads) {
  RunCensus run("plays");
  std::atomic<size_t> said{0};
  std::array<std::thread, 4> lanes;
  for (std::thread& lane : lanes)
    lane = std::thread([&run, &said] {
      Knowing decoder({.records = 0, .absent = {"a"}, .others = {}});
      for (uint64_t records = 1; records <= 500; ++records) {
        decoder.knows({.records = records, .absent = {"a"}, .others = {}});
        said += run.update(decoder).size();
      }
    });
  for (std::thread& lane : lanes) lane.join();
  EXPECT_EQ(said, 1U);
  EXPECT_TRUE(run.told());
}

}  // namespace
}  // namespace turntable
