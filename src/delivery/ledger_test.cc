#include "delivery/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace turntable {
namespace {

constexpr InsertSet kOnly = InsertSet::of(0);

// In a ledger of one INSERT: whether this finished the record.
bool finish(Ledger& ledger, const Origin& origin) {
  return ledger.settle(origin, kOnly, Outcome::written).record.has_value();
}

TEST(Ledger, StoresNothingPastAHole) {
  Ledger ledger(1);
  ledger.assign(0);
  const Origin first = ledger.deliver(0, 10);
  const Origin second = ledger.deliver(0, 11);
  const Origin third = ledger.deliver(0, 12);
  EXPECT_TRUE(finish(ledger, third));
  EXPECT_TRUE(finish(ledger, second));
  EXPECT_EQ(ledger.advance(0), std::nullopt);
  EXPECT_TRUE(finish(ledger, first));
  EXPECT_EQ(ledger.advance(0), 13);
  EXPECT_EQ(ledger.advance(0), std::nullopt);
  EXPECT_EQ(ledger.in_flight(), 0U);
}

TEST(Ledger, TakesGapsBetweenOffsetsAsTheyCome) {
  Ledger ledger(1);
  ledger.assign(3);
  const Origin first = ledger.deliver(3, 100);
  const Origin second = ledger.deliver(3, 5000);
  EXPECT_TRUE(finish(ledger, first));
  EXPECT_EQ(ledger.advance(3), 101);
  EXPECT_TRUE(finish(ledger, second));
  EXPECT_EQ(ledger.advance(3), 5001);
}

TEST(Ledger, MovesOverWhatIsPassedOnlyAfterAllRecordsBeforeIt) {
  Ledger ledger(1);
  ledger.assign(0);
  ledger.pass(0, 100);
  EXPECT_EQ(ledger.advance(0), 100);
  const Origin before = ledger.deliver(0, 100);
  ledger.pass(0, 500);
  EXPECT_EQ(ledger.in_flight(), 1U);
  EXPECT_EQ(ledger.advance(0), std::nullopt);
  EXPECT_EQ(ledger.delivered_to(0), 500);
  EXPECT_TRUE(finish(ledger, before));
  EXPECT_EQ(ledger.advance(0), 500);
  EXPECT_EQ(ledger.in_flight(), 0U);
}

TEST(Ledger, DropsLateAcknowledgementsAfterARevoke) {
  Ledger ledger(1);
  ledger.assign(0);
  const Origin old = ledger.deliver(0, 7);
  EXPECT_EQ(ledger.revoke(0).records, 1U);
  EXPECT_FALSE(ledger.owns(0));
  EXPECT_FALSE(finish(ledger, old));
  EXPECT_EQ(ledger.in_flight(), 0U);
}

TEST(Ledger, DropsLateAcknowledgementsWhenTheSamePartitionComesBack) {
  Ledger ledger(1);
  ledger.assign(0);
  const Origin old = ledger.deliver(0, 7);
  ledger.revoke(0);
  ledger.assign(0);
  const Origin fresh = ledger.deliver(0, 7);
  EXPECT_FALSE(finish(ledger, old));
  EXPECT_EQ(ledger.advance(0), std::nullopt);
  EXPECT_TRUE(finish(ledger, fresh));
  EXPECT_EQ(ledger.advance(0), 8);
}

TEST(Ledger, FinishesARecordOnce) {
  Ledger ledger(1);
  ledger.assign(0);
  const Origin origin = ledger.deliver(0, 1);
  EXPECT_EQ(ledger.awaited(origin), kOnly);
  EXPECT_TRUE(finish(ledger, origin));
  EXPECT_TRUE(ledger.awaited(origin).empty());
  EXPECT_FALSE(finish(ledger, origin));
  EXPECT_EQ(ledger.in_flight(), 0U);
}

// So many that what is finished is dropped many times, with records in flight all the while.
TEST(Ledger, FindsItsRecordsAfterDroppingFinishedOnes) {
  constexpr size_t kInFlight = 300;
  std::mt19937 random(1);
  Ledger ledger(1);
  ledger.assign(0);
  std::map<Offset, Origin> open;
  Offset stored = 0;
  for (Offset offset = 0; offset < 50'000; ++offset) {
    open.emplace(offset, ledger.deliver(0, offset));
    if (open.size() < kInFlight) continue;
    const auto one = std::next(open.begin(), static_cast<ptrdiff_t>(random() % kInFlight));
    ASSERT_FALSE(ledger.awaited(one->second).empty());
    ASSERT_TRUE(finish(ledger, one->second));
    ASSERT_TRUE(ledger.awaited(one->second).empty());
    open.erase(one);
    stored = ledger.advance(0).value_or(stored);
    ASSERT_EQ(stored, open.begin()->first);
    ASSERT_EQ(ledger.in_flight(), open.size());
  }
}

TEST(Ledger, FinishesARecordWhenEveryInsertHasHadItsOutcome) {
  Ledger ledger(3);
  ledger.assign(0);
  const Origin origin = ledger.deliver(0, 7);
  EXPECT_EQ(ledger.awaited(origin), InsertSet::first(3));
  const auto first = ledger.settle(origin, InsertSet::of(1), Outcome::written);
  EXPECT_EQ(first.inserts, InsertSet::of(1));
  EXPECT_EQ(first.left, InsertSet::of(0) | InsertSet::of(2));
  EXPECT_FALSE(first.record);
  EXPECT_EQ(ledger.advance(0), std::nullopt) << "one of three rows is written";
  EXPECT_EQ(ledger.in_flight(), 1U);
  EXPECT_EQ(ledger.in_flight(1), 0U);
  EXPECT_EQ(ledger.in_flight(2), 1U);
  const auto last = ledger.settle(origin, InsertSet::first(3), Outcome::filtered);
  EXPECT_EQ(last.inserts, InsertSet::of(0) | InsertSet::of(2)) << "one has had its outcome";
  EXPECT_EQ(last.record, Outcome::written);
  EXPECT_EQ(ledger.advance(0), 8);
  EXPECT_EQ(ledger.in_flight(2), 0U);
}

TEST(Ledger, CountsAnInsertsOutcomeOnce) {
  Ledger ledger(2);
  ledger.assign(0);
  const Origin origin = ledger.deliver(0, 7);
  EXPECT_EQ(ledger.settle(origin, InsertSet::of(0), Outcome::written).inserts, InsertSet::of(0));
  const auto again = ledger.settle(origin, InsertSet::of(0), Outcome::rejected);
  EXPECT_TRUE(again.inserts.empty());
  EXPECT_FALSE(again.record);
  EXPECT_EQ(ledger.settle(origin, InsertSet::of(1), Outcome::filtered).record, Outcome::written)
      << "what came twice has not made it worse";
}

TEST(Ledger, TakesTheWorstOutcomeForTheRecords) {
  const std::vector<Outcome> ascending{Outcome::filtered, Outcome::written, Outcome::unmatched,
                                       Outcome::rejected};
  Ledger ledger(2);
  ledger.assign(0);
  for (const Outcome one : ascending) {
    for (const Outcome other : ascending) {
      const Origin origin = ledger.deliver(0, 1);
      (void)ledger.settle(origin, InsertSet::of(0), one);
      EXPECT_EQ(ledger.settle(origin, InsertSet::of(1), other).record, std::max(one, other));
    }
  }
}

TEST(Ledger, AwaitsOnlyTheInsertsThatARecordIsDeliveredFor) {
  Ledger ledger(3);
  ledger.assign(0);
  const Origin origin = ledger.deliver(0, 7, InsertSet::of(1) | InsertSet::of(20));
  EXPECT_EQ(ledger.awaited(origin), InsertSet::of(1));
  EXPECT_EQ(ledger.in_flight(), 1U);
  EXPECT_EQ(ledger.in_flight(0), 0U);
  EXPECT_EQ(ledger.in_flight(1), 1U);
  EXPECT_EQ(ledger.settle(origin, InsertSet::of(1), Outcome::written).record, Outcome::written);
  EXPECT_EQ(ledger.advance(0), 8);
}

TEST(Ledger, SaysWhatARevokedPartitionOwed) {
  Ledger ledger(2);
  ledger.assign(0);
  ledger.assign(1);
  const Origin half = ledger.deliver(0, 1);
  const Origin done = ledger.deliver(0, 2);
  ledger.deliver(0, 3);
  ledger.deliver(1, 1);
  (void)ledger.settle(half, InsertSet::of(0), Outcome::written);
  (void)ledger.settle(done, InsertSet::first(2), Outcome::written);
  const Ledger::Returned returned = ledger.revoke(0);
  EXPECT_EQ(returned.records, 2U);
  EXPECT_EQ(returned.inserts[0], 1U);
  EXPECT_EQ(returned.inserts[1], 2U);
  EXPECT_TRUE(ledger.settle(half, InsertSet::of(1), Outcome::written).inserts.empty());
  EXPECT_EQ(ledger.in_flight(), 1U);
  EXPECT_EQ(ledger.in_flight(0), 1U);
  EXPECT_EQ(ledger.in_flight(1), 1U);
}

// A model that keeps everything and looks at all of it each time: by record, the outcome of each
// INSERT that it was delivered for, once it has come.
struct Model {
  struct Record {
    Offset offset = 0;
    std::map<size_t, std::optional<Outcome>> outcomes;

    [[nodiscard]] bool finished() const {
      return std::all_of(outcomes.begin(), outcomes.end(),
                         [](const auto& entry) { return entry.second.has_value(); });
    }
    [[nodiscard]] Outcome worst() const {
      Outcome worst = Outcome::filtered;
      for (const auto& [insert, outcome] : outcomes) worst = std::max(worst, *outcome);
      return worst;
    }
  };
  std::vector<Record> records;

  [[nodiscard]] Offset position() const {
    Offset next = -1;
    for (const Record& record : records) {
      if (!record.finished()) break;
      next = record.offset + 1;
    }
    return next;
  }
  [[nodiscard]] uint64_t unfinished() const {
    return static_cast<uint64_t>(std::count_if(
        records.begin(), records.end(), [](const Record& record) { return !record.finished(); }));
  }
  [[nodiscard]] uint64_t awaited(size_t insert) const {
    return static_cast<uint64_t>(
        std::count_if(records.begin(), records.end(), [insert](const Record& record) {
          const auto found = record.outcomes.find(insert);
          return found != record.outcomes.end() && !found->second;
        }));
  }
};

class LedgerModel {
 public:
  LedgerModel(uint32_t seed, size_t inserts) : random_(seed), inserts_(inserts), ledger_(inserts) {}

  void step() {
    const auto partition = static_cast<PartitionId>(below(3));
    const size_t action = below(1000);
    if (action < 3) {
      revoke(partition);
    } else if (action < 6 || !ledger_.owns(partition)) {
      revoke(partition);
      ledger_.assign(partition);
      models_[partition] = Model{};
      stored_.erase(partition);
    } else if (action < 10) {
      ledger_.pass(partition, next_offset(partition) + 1);
      models_[partition].records.push_back({offsets_[partition], {}});
    } else if (action < 250 + 250 / inserts_) {
      deliver(partition);
    } else if (!open_.empty()) {
      settle(below(open_.size()));
    }
    if (const auto next = ledger_.advance(partition)) {
      ASSERT_TRUE(!stored_.contains(partition) || *next > stored_[partition]);
      stored_[partition] = *next;
    }
  }

  void check() {
    uint64_t unfinished = 0;
    for (auto& [partition, model] : models_) {
      if (const auto next = ledger_.advance(partition)) stored_[partition] = *next;
      ASSERT_EQ(stored_.contains(partition) ? stored_[partition] : -1, model.position());
      unfinished += model.unfinished();
    }
    ASSERT_EQ(ledger_.in_flight(), unfinished);
    for (size_t insert = 0; insert < inserts_; ++insert) {
      uint64_t awaited = 0;
      for (const auto& [partition, model] : models_) awaited += model.awaited(insert);
      ASSERT_EQ(ledger_.in_flight(insert), awaited);
    }
  }

 private:
  struct Open {
    Origin origin;
    size_t index = 0;      // Into the model's records.
    uint64_t revokes = 0;  // Of the partition, when it was delivered.
  };

  [[nodiscard]] size_t below(size_t n) { return random_() % n; }
  [[nodiscard]] InsertSet some_inserts() {
    InsertSet some;
    for (size_t insert = 0; insert < inserts_; ++insert)
      if (below(3) != 0) some |= InsertSet::of(insert);
    return some.empty() ? InsertSet::of(below(inserts_)) : some;
  }
  [[nodiscard]] Offset next_offset(PartitionId partition) {
    return offsets_[partition] += 1 + static_cast<Offset>(below(3));
  }

  void deliver(PartitionId partition) {
    const Offset offset = next_offset(partition);
    const InsertSet inserts = below(4) == 0 ? some_inserts() : InsertSet::all();
    auto& records = models_[partition].records;
    open_.push_back(
        {ledger_.deliver(partition, offset, inserts), records.size(), revokes_[partition]});
    Model::Record& record = records.emplace_back();
    record.offset = offset;
    (inserts & InsertSet::first(inserts_)).for_each([&](size_t insert) {
      record.outcomes[insert] = std::nullopt;
    });
  }

  // Some INSERTs of a record, whether an outcome is awaited from them or not.
  void settle(size_t pick) {
    const Open open = open_[pick];
    const InsertSet inserts = some_inserts();
    const auto outcome = static_cast<Outcome>(below(kOutcomes));
    const Ledger::Settled settled = ledger_.settle(open.origin, inserts, outcome);
    InsertSet expected, left;
    std::optional<Outcome> finished;
    if (open.revokes == revokes_[open.origin.partition]) {
      Model::Record& record = models_[open.origin.partition].records[open.index];
      for (auto& [insert, had] : record.outcomes) {
        if (!had && inserts.has(insert)) {
          had = outcome;
          expected |= InsertSet::of(insert);
        } else if (!had) {
          left |= InsertSet::of(insert);
        }
      }
      if (!expected.empty() && record.finished()) finished = record.worst();
      if (expected.empty()) left = {};
    }
    ASSERT_EQ(settled.inserts, expected);
    ASSERT_EQ(settled.left, left);
    ASSERT_EQ(settled.record, finished);
    if (finished || below(8) == 0) {  // What is late or comes twice is tried too.
      open_[pick] = open_.back();
      open_.pop_back();
    }
  }

  void revoke(PartitionId partition) {
    const Ledger::Returned returned = ledger_.revoke(partition);
    const Model& model = models_[partition];
    ASSERT_EQ(returned.records, model.unfinished());
    for (size_t insert = 0; insert < inserts_; ++insert)
      ASSERT_EQ(returned.inserts[insert], model.awaited(insert));
    models_.erase(partition);
    ++revokes_[partition];
  }

  std::mt19937 random_;
  const size_t inserts_;
  Ledger ledger_;
  std::map<PartitionId, Model> models_;
  std::vector<Open> open_;
  std::map<PartitionId, Offset> stored_;
  std::map<PartitionId, Offset> offsets_;
  std::map<PartitionId, uint64_t> revokes_;
};

TEST(Ledger, AgreesWithANaiveModelOverRandomHistories) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    constexpr std::array<size_t, 5> kInserts{1, 2, 3, 7, kInsertsLimit};
    LedgerModel model(seed, kInserts[seed % kInserts.size()]);
    for (int step = 0; step < 20'000; ++step) {
      model.step();
      if (step % 500 == 0) model.check();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace turntable
