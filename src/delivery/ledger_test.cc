#include "delivery/ledger.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace turntable {
namespace {

TEST(Ledger, StoresNothingPastAHole) {
  Ledger ledger;
  ledger.assign(0);
  const Origin first = ledger.deliver(0, 10);
  const Origin second = ledger.deliver(0, 11);
  const Origin third = ledger.deliver(0, 12);
  EXPECT_TRUE(ledger.finish(third));
  EXPECT_TRUE(ledger.finish(second));
  EXPECT_EQ(ledger.advance(0), std::nullopt);
  EXPECT_TRUE(ledger.finish(first));
  EXPECT_EQ(ledger.advance(0), 13);
  EXPECT_EQ(ledger.advance(0), std::nullopt);
  EXPECT_EQ(ledger.in_flight(), 0U);
}

TEST(Ledger, TakesGapsBetweenOffsetsAsTheyCome) {
  Ledger ledger;
  ledger.assign(3);
  const Origin first = ledger.deliver(3, 100);
  const Origin second = ledger.deliver(3, 5000);
  EXPECT_TRUE(ledger.finish(first));
  EXPECT_EQ(ledger.advance(3), 101);
  EXPECT_TRUE(ledger.finish(second));
  EXPECT_EQ(ledger.advance(3), 5001);
}

TEST(Ledger, MovesOverWhatIsPassedOnlyAfterAllRecordsBeforeIt) {
  Ledger ledger;
  ledger.assign(0);
  ledger.pass(0, 100);
  EXPECT_EQ(ledger.advance(0), 100);
  const Origin before = ledger.deliver(0, 100);
  ledger.pass(0, 500);
  EXPECT_EQ(ledger.in_flight(), 1U);
  EXPECT_EQ(ledger.advance(0), std::nullopt);
  EXPECT_EQ(ledger.delivered_to(0), 500);
  EXPECT_TRUE(ledger.finish(before));
  EXPECT_EQ(ledger.advance(0), 500);
  EXPECT_EQ(ledger.in_flight(), 0U);
}

TEST(Ledger, DropsLateAcknowledgementsAfterARevoke) {
  Ledger ledger;
  ledger.assign(0);
  const Origin old = ledger.deliver(0, 7);
  EXPECT_EQ(ledger.revoke(0), 1U);
  EXPECT_FALSE(ledger.owns(0));
  EXPECT_FALSE(ledger.finish(old));
  EXPECT_EQ(ledger.in_flight(), 0U);
}

TEST(Ledger, DropsLateAcknowledgementsWhenTheSamePartitionComesBack) {
  Ledger ledger;
  ledger.assign(0);
  const Origin old = ledger.deliver(0, 7);
  ledger.revoke(0);
  ledger.assign(0);
  const Origin fresh = ledger.deliver(0, 7);
  EXPECT_FALSE(ledger.finish(old));
  EXPECT_EQ(ledger.advance(0), std::nullopt);
  EXPECT_TRUE(ledger.finish(fresh));
  EXPECT_EQ(ledger.advance(0), 8);
}

TEST(Ledger, FinishesARecordOnce) {
  Ledger ledger;
  ledger.assign(0);
  const Origin origin = ledger.deliver(0, 1);
  EXPECT_FALSE(ledger.settled(origin));
  EXPECT_TRUE(ledger.finish(origin));
  EXPECT_TRUE(ledger.settled(origin));
  EXPECT_FALSE(ledger.finish(origin));
  EXPECT_EQ(ledger.in_flight(), 0U);
}

// So many that what is finished is dropped many times, with records in flight all the while.
TEST(Ledger, FindsItsRecordsAfterDroppingFinishedOnes) {
  constexpr size_t kInFlight = 300;
  std::mt19937 random(1);
  Ledger ledger;
  ledger.assign(0);
  std::map<Offset, Origin> open;
  Offset stored = 0;
  for (Offset offset = 0; offset < 50'000; ++offset) {
    open.emplace(offset, ledger.deliver(0, offset));
    if (open.size() < kInFlight) continue;
    const auto one = std::next(open.begin(), static_cast<ptrdiff_t>(random() % kInFlight));
    ASSERT_FALSE(ledger.settled(one->second));
    ASSERT_TRUE(ledger.finish(one->second));
    ASSERT_TRUE(ledger.settled(one->second));
    open.erase(one);
    stored = ledger.advance(0).value_or(stored);
    ASSERT_EQ(stored, open.begin()->first);
    ASSERT_EQ(ledger.in_flight(), open.size());
  }
}

// A model that keeps everything and looks at all of it each time.
struct Model {
  std::vector<std::pair<Offset, bool>> records;
  [[nodiscard]] Offset position() const {
    Offset next = -1;
    for (const auto& [offset, finished] : records) {
      if (!finished) break;
      next = offset + 1;
    }
    return next;
  }
};

TEST(Ledger, AgreesWithANaiveModelOverRandomHistories) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    Ledger ledger;
    std::map<PartitionId, Model> models;
    std::vector<std::pair<Origin, size_t>> open;  // With the index into the model.
    std::map<PartitionId, Offset> stored;
    std::map<PartitionId, Offset> offsets;
    for (int step = 0; step < 20'000; ++step) {
      const auto partition = static_cast<PartitionId>(random() % 3);
      const auto action = random() % 1000;
      if (action < 3) {
        ledger.revoke(partition);
        models.erase(partition);
      } else if (action < 6 || !ledger.owns(partition)) {
        ledger.assign(partition);
        models[partition] = Model{};
        stored.erase(partition);
      } else if (action < 500) {
        Offset& offset = offsets[partition];
        offset += 1 + static_cast<Offset>(random() % 3);
        open.emplace_back(ledger.deliver(partition, offset), models[partition].records.size());
        models[partition].records.emplace_back(offset, false);
      } else if (!open.empty()) {
        const size_t pick = random() % open.size();
        const auto [origin, index] = open[pick];
        open[pick] = open.back();
        open.pop_back();
        if (ledger.finish(origin)) models[origin.partition].records[index].second = true;
      }
      if (const auto next = ledger.advance(partition)) {
        ASSERT_TRUE(!stored.contains(partition) || *next > stored[partition]);
        stored[partition] = *next;
      }
      if (step % 100 == 0 && models.contains(partition)) {
        const Offset expected = models[partition].position();
        ASSERT_EQ(stored.contains(partition) ? stored[partition] : -1, expected);
      }
    }
  }
}

}  // namespace
}  // namespace turntable
